"""The memory limit of the control group that this process is in: cgroup v1 and v2.

A container's kernel files name the host's memory; what may be used is bounded
by every group on the way from the process's own up to the root: no more in all
than the smallest limit, and no more now than the least room left in any of
them. Those two may be different groups. Sources:
Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst of Linux, and
proc(5) for mountinfo.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ContainerLimit", "container_limit"]

# v1 says "no limit" with the largest page-aligned number; nothing real comes near 2**60.
UNLIMITED = 1 << 60


@dataclass(frozen=True, slots=True)
class GroupFiles:
    """The names that one version of the interface gives its files and statistics.

    `above` are the limits that the kernel has worked out from the groups above as well,
    those that a container cannot see among them; version 2 does not tell.
    """

    file_system: str
    mounts: tuple[str, ...]
    limit: str
    usage: str
    cache: str
    swap_limit: str
    swap_usage: str
    swap_includes_memory: bool
    above: tuple[str, str] | None = None


V1 = GroupFiles(
    "cgroup",
    ("sys/fs/cgroup/memory",),
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "total_inactive_file",
    "memory.memsw.limit_in_bytes",
    "memory.memsw.usage_in_bytes",
    swap_includes_memory=True,
    above=("hierarchical_memory_limit", "hierarchical_memsw_limit"),
)
V2 = GroupFiles(
    "cgroup2",
    ("sys/fs/cgroup", "sys/fs/cgroup/unified"),
    "memory.max",
    "memory.current",
    "inactive_file",
    "memory.swap.max",
    "memory.swap.current",
    swap_includes_memory=False,
)


@dataclass(frozen=True, slots=True)
class ContainerLimit:
    """What all groups together allow; bytes. Page cache that can be dropped counts as free.

    `limit` is the smallest limit, `available` the least room that any group has left.
    """

    limit: int
    available: int
    swap_limit: int | None
    swap_used: int


@dataclass(frozen=True, slots=True)
class _Group:
    """One group's own limits and use; bytes."""

    limit: int
    used: int
    swap_limit: int | None
    swap_used: int


def container_limit(root: Path = Path("/")) -> ContainerLimit | None:
    """What the groups of this process allow; None where no group has a limit.

    `root` is where /proc and /sys are found.
    """
    found = [group for folder, files in _groups(root) if (group := _read_group(folder, files))]
    if not found:
        return None
    with_swap = [each for each in found if each.swap_limit is not None]
    swap = min(with_swap, key=lambda each: each.swap_limit or 0, default=found[0])
    return ContainerLimit(
        limit=min(each.limit for each in found),
        available=max(0, min(each.limit - each.used for each in found)),
        swap_limit=swap.swap_limit,
        swap_used=swap.swap_used,
    )


def _groups(root: Path) -> Iterator[tuple[Path, GroupFiles]]:
    """The memory groups of this process, innermost first, each with its parents."""
    mounted = _mounts(root)
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if controllers == "":
            files = V2
        elif "memory" in controllers.split(","):
            files = V1
        else:
            continue
        mounts = mounted.get(files.file_system) or [(each, "/") for each in files.mounts]
        for mount, top in mounts:
            folder = root / mount
            yield from ((folder / part, files) for part in _upwards(_below(group, top)))


def _mounts(root: Path) -> dict[str, list[tuple[str, str]]]:
    """Where the memory groups are mounted, and which group is seen at each, by file system."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in _text(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")
        if len(fields) < 5 or len(kind) < 3 or kind[0] not in {"cgroup", "cgroup2"}:
            continue
        if kind[0] == "cgroup2" or "memory" in kind[2].split(","):
            found.setdefault(kind[0], []).append((fields[4].lstrip("/"), fields[3]))
    return found


def _below(group: str, top: str) -> PurePosixPath:
    """The way from the group that is seen at the mount to this one.

    Inside a container the path may be the host's and not exist below the
    mount; its parents then lead to the mount itself, which is the container's.
    """
    path = PurePosixPath(group)
    if ".." in path.parts:
        return PurePosixPath()
    if path.is_relative_to(top):
        return path.relative_to(top)
    return path.relative_to("/") if path.is_absolute() else path


def _upwards(path: PurePosixPath) -> Iterator[PurePosixPath]:
    yield path
    yield from path.parents


def _read_group(folder: Path, files: GroupFiles) -> _Group | None:
    usage = _number(_text(folder / files.usage))
    if usage is None:
        return None
    statistics = _statistics(folder / "memory.stat")
    limit_above, swap_above = files.above or ("", "")
    limit = _least(_text(folder / files.limit), statistics.get(limit_above, ""))
    if limit is None:
        return None
    used = max(0, usage - (_number(statistics.get(files.cache, "")) or 0))
    swap_limit = _least(_text(folder / files.swap_limit), statistics.get(swap_above, ""))
    swap_used = _number(_text(folder / files.swap_usage)) or 0
    if files.swap_includes_memory:
        swap_limit = None if swap_limit is None else max(0, swap_limit - limit)
        swap_used = max(0, swap_used - usage)
    return _Group(limit, used, swap_limit, swap_used)


def _least(*texts: str) -> int | None:
    """The smallest of the byte counts; None if none of them is one."""
    numbers = [number for text in texts if (number := _number(text)) is not None]
    return min(numbers, default=None)


def _number(text: str) -> int | None:
    """A byte count; None for no text at all, and for one that says "no limit"."""
    text = text.strip()
    if not text.isdecimal() or int(text) >= UNLIMITED:
        return None
    return int(text)


def _statistics(path: Path) -> Mapping[str, str]:
    pairs = (line.partition(" ") for line in _text(path).splitlines())
    return {key: value for key, _, value in pairs}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
