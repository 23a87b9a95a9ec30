"""What a killed save left behind: whether it is worth keeping, and how it is put in its place.

A temp is deleted only where our own saves make them: in the target's folder, under our suffix, a
regular file. It is kept when it is a complete workbook that the target does not supersede.
A save in place (a hard link, a folder that may not be written) can leave a broken target
whose modification is newer than the temp's; then the temp is kept all the same, and
failing that the backup. Backups are never deleted here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import struct
import sys
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from budgetinator.errors import ChangedOnDisk, JournalError, SaveError
from budgetinator.resources.journal_rows import JournalRow, Stamp, stamp_of

__all__ = ["TEMP_SUFFIX", "Recoverable", "is_complete", "is_ours", "recoverable_in", "restore"]

TEMP_SUFFIX = ".budgetinator-tmp"

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Recoverable:
    """A complete workbook that a killed save did not get to put in the place of `target`.

    `source` is the save's temp, or its backup where the target was broken and no temp is complete.
    `target_changed` compares with the time when the save began; `target_stamp` is the one of then.
    """

    key: int
    target: Path
    source: Path
    temp: Path | None
    backup: Path | None
    size_bytes: int
    written_at: datetime
    target_changed: bool
    target_stamp: Stamp | None


def recoverable_in(row: JournalRow) -> Recoverable | None:
    """What is worth keeping of a dead process's save; reads its temp and may read the target."""
    for source in (row.temp, row.backup):
        if source is None or not is_complete(source):
            continue
        if source == row.temp and _not_older(source, row.path):
            return _recoverable(row, source)
        if not is_complete(row.path):
            return _recoverable(row, source)
    return None


def _recoverable(row: JournalRow, source: Path) -> Recoverable:
    status = os.stat(source)
    return Recoverable(
        key=row.key,
        target=row.path,
        source=source,
        temp=row.temp,
        backup=row.backup,
        size_bytes=status.st_size,
        written_at=datetime.fromtimestamp(status.st_mtime, UTC),
        target_changed=stamp_of(row.path) != row.stamp,
        target_stamp=row.stamp,
    )


def _not_older(source: Path, target: Path) -> bool:
    """Equal times count as newer: file systems keep them as coarsely as two seconds."""
    written, replaced = stamp_of(source), stamp_of(target)
    return written is not None and (replaced is None or written[1] >= replaced[1])


def is_complete(path: Path) -> bool:
    """Whether the file is a zip with at least one member, all of whose CRCs are right.

    Only stored and deflated members pass: a package has no others (ECMA-376 part 2, annex B).
    """
    # Imported here: only the clean-up after a kill needs it.
    from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return False
        with ZipFile(path) as archive:
            members = archive.infolist()
            if not members or {m.compress_type for m in members} - {ZIP_STORED, ZIP_DEFLATED}:
                return False
            return archive.testzip() is None
    except (BadZipFile, OSError, EOFError, ValueError, RuntimeError, struct.error, zlib.error):
        return False


def is_ours(temp: Path, target: Path) -> bool:
    """Whether the temp is one that may be deleted."""
    if temp.parent != target.parent or not temp.name.endswith(TEMP_SUFFIX):
        return False
    try:
        return stat.S_ISREG(os.lstat(temp).st_mode)
    except OSError:
        return False


def restore(found: Recoverable, destination: Path, temp: Path, *, overwrite: bool) -> None:
    """Put the recovered workbook at `destination`, durably; the source stays until that is done.

    `temp` is a free name in the destination's folder that the caller has recorded, and deletes if
    it is there afterwards. Raises ChangedOnDisk, SaveError or JournalError as `Journal.recover`.
    """
    _refuse_overwriting(found, destination, overwrite)
    if not is_complete(found.source):
        raise JournalError(
            f"{found.source} is no longer the complete workbook that was found: "
            "it was recovered or discarded meanwhile, or changed.",
            path=str(found.source),
        )
    try:
        if _only_in_place(destination):
            _copy_into(found.source, destination)
        else:
            _replace(found, destination, temp)
    except OSError as error:
        raise SaveError(
            f"{found.source} could not be recovered to {destination}: {error}.",
            path=str(destination),
            errno=error.errno,
        ) from error


def _refuse_overwriting(found: Recoverable, destination: Path, overwrite: bool) -> None:
    if overwrite:
        return
    if destination != found.target:
        if os.path.lexists(destination):
            raise SaveError(
                f"{destination} exists; recover to another name or allow overwriting.",
                path=str(destination),
                errno=errno.EEXIST,
            )
    elif stamp_of(destination) != found.target_stamp:
        raise ChangedOnDisk(
            f"{destination} was changed after the interrupted save began; "
            "recover to another name or allow overwriting.",
            path=str(destination),
        )


def _only_in_place(destination: Path) -> bool:
    """A hard link would be cut by a replace, and a closed folder does not allow one."""
    try:
        links = os.stat(destination).st_nlink
    except FileNotFoundError:
        return False
    return links > 1 or not os.access(destination.parent, os.W_OK)


def _copy_into(source: Path, destination: Path) -> None:
    """Not atomic: a kill midway leaves the source and its row, to be recovered again."""
    with open(source, "rb") as read, open(destination, "r+b") as written:
        shutil.copyfileobj(read, written, _BLOCK)
        written.truncate()
        written.flush()
        os.fsync(written.fileno())


def _replace(found: Recoverable, destination: Path, temp: Path) -> None:
    """By renaming where the source is a temp of this folder, else through a copy of it."""
    ready = found.source
    if is_ours(ready, destination):
        _sync(ready, os.O_RDWR)
    else:
        ready = temp
        _copy_new(found.source, temp)
    _inherit(destination if destination.exists() else found.target, ready)
    os.replace(ready, destination)
    if hasattr(os, "O_DIRECTORY"):
        _sync(destination.parent, os.O_RDONLY)


def _copy_new(source: Path, temp: Path) -> None:
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(source, "rb") as read, open(descriptor, "wb") as written:
        shutil.copyfileobj(read, written, _BLOCK)
        written.flush()
        os.fsync(descriptor)


def _inherit(model: Path, heir: Path) -> None:
    """Give the heir the model's owner, mode and extended attributes, as far as the system lets us.

    Without a model the heir stays readable by its owner alone.
    """
    try:
        status = os.stat(model)
    except FileNotFoundError:
        return
    if sys.platform != "win32":
        with contextlib.suppress(PermissionError):
            os.chown(heir, status.st_uid, status.st_gid)
    os.chmod(heir, stat.S_IMODE(status.st_mode))
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            for name in os.listxattr(model):
                os.setxattr(heir, name, os.getxattr(model, name))


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
