"""A plugin's files as one snapshot with one hash: what is hashed is what is run.

The whole tree is read once into memory. Its digest is compared with the one that was
trusted, and its modules are compiled from these very bytes, so that nothing can be
exchanged between the check and the use. A tree holds regular files and folders alone; a
symbolic link would lead to bytes outside of it. Compiled files in `__pycache__` are left
out: they change by themselves, and are never run here.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from budgetinator.errors import PluginRefused
from budgetinator.plugins.names import is_portable

__all__ = ["Bounds", "Tree", "read_regular", "read_tree", "refuse_foreign"]

SINGLE = "__init__.py"
"""The name in the snapshot of a plugin that is one file."""

_READING = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a plugin's tree may have; sizes in bytes."""

    files: int = 2_000
    depth: int = 12
    file_bytes: int = 8 * 1024 * 1024
    total_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a plugin by their paths with slashes, and the SHA-256 of them all."""

    root: Path
    files: dict[str, bytes]
    digest: str


def read_tree(root: Path, *, own: bool = True, bounds: Bounds | None = None) -> Tree:
    """Read a folder, or a single file, as a plugin's tree.

    `own` asks that every part belongs to the user (or to root) and that nobody else may
    write it. Raises PluginRefused, with the path in question, for whatever a tree may not
    hold or the system does not let us read.
    """
    bounds = bounds or Bounds()
    try:
        status = os.lstat(root)
        if own:
            refuse_foreign(root, status)
        if stat.S_ISDIR(status.st_mode):
            files = _read_folder(root, own, bounds)
        else:
            files = {SINGLE: read_regular(root, bounds.file_bytes, own=own)}
    except OSError as error:
        raise _refused(Path(error.filename or root), error.strerror or str(error)) from error
    return Tree(root, files, _digest(files))


def read_regular(path: Path, limit: int, *, own: bool = False) -> bytes:
    """The bytes of a regular file, never those behind a link, and never waited for.

    Raises PluginRefused for anything else and for more than `limit` bytes, OSError as the
    system does.
    """
    if path.is_symlink():
        raise _refused(path, "it is a symbolic link; put the file itself there")
    descriptor = os.open(path, _READING)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, "it is not a regular file")
        if own:
            refuse_foreign(path, status)
        if status.st_size > limit:
            raise _refused(path, f"it has {status.st_size} bytes; {limit} are allowed")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise _refused(path, f"it has more than {limit} bytes")
    return data


def refuse_foreign(path: Path, status: os.stat_result) -> None:
    """Refuse what another user owns or anybody may write; no rule where there are no owners."""
    if not hasattr(os, "geteuid"):
        return
    if status.st_uid not in (os.geteuid(), 0):
        raise _refused(path, f"it belongs to another user (number {status.st_uid})")
    if status.st_mode & stat.S_IWOTH and not stat.S_ISLNK(status.st_mode):
        raise _refused(path, "every user of this machine may write it; take that right away")


def _read_folder(root: Path, own: bool, bounds: Bounds) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    folded: set[str] = set()
    total = 0
    for entry, name in _entries(root, own, bounds):
        if name.casefold() in folded:
            raise _refused(Path(entry.path), "its name differs from another one by case alone")
        folded.add(name.casefold())
        files[name] = read_regular(Path(entry.path), bounds.file_bytes, own=own)
        total += len(files[name])
        if total > bounds.total_bytes:
            raise _refused(root, f"it has more than {bounds.total_bytes} bytes")
    return files


def _entries(root: Path, own: bool, bounds: Bounds) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Every file with its name in the tree; folders are gone through and not followed."""
    waiting = [(root, "", 0)]
    seen = 0
    while waiting:
        folder, prefix, depth = waiting.pop()
        if depth > bounds.depth:
            raise _refused(folder, f"it lies more than {bounds.depth} folders deep")
        with os.scandir(folder) as entries:
            for entry in entries:
                seen += 1
                if seen > bounds.files:
                    raise _refused(root, f"it has more than {bounds.files} files and folders")
                name = prefix + _checked_name(entry)
                status = entry.stat(follow_symlinks=False)
                if not stat.S_ISDIR(status.st_mode):
                    yield entry, name
                elif entry.name != "__pycache__":
                    if own:
                        refuse_foreign(Path(entry.path), status)
                    waiting.append((Path(entry.path), f"{name}/", depth + 1))


def _checked_name(entry: os.DirEntry[str]) -> str:
    """The entry's name, if every system can have a file of that name."""
    if not is_portable(entry.name):
        raise _refused(Path(entry.path), "not every system can have a file of this name")
    return entry.name


def _digest(files: dict[str, bytes]) -> str:
    """Names and contents, each with its length before it, so that none passes for another."""
    whole = hashlib.sha256()
    for name, content in sorted(files.items()):
        for part in (name.encode(), content):
            whole.update(len(part).to_bytes(8, "big"))
            whole.update(part)
    return whole.hexdigest()


def _refused(path: Path, reason: str) -> PluginRefused:
    shown = ascii(str(path))[1:-1] if not str(path).isprintable() else str(path)
    return PluginRefused(f"{shown} cannot be used: {reason}.", path=shown, reason=reason)
