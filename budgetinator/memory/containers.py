"""The memory limit of the control group that this process is in: cgroup v1 and v2.

A container's kernel files name the host's memory; what may be used is the
tightest limit on the way from the process's group up to the root. Sources:
Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst of Linux.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ContainerLimit", "container_limit"]

# v1 says "no limit" with the largest page-aligned number; nothing real comes near 2**60.
UNLIMITED = 1 << 60


@dataclass(frozen=True, slots=True)
class GroupFiles:
    """The names that one version of the interface gives its files."""

    limit: str
    usage: str
    cache: str
    swap_limit: str
    swap_usage: str
    swap_includes_memory: bool


V1 = GroupFiles(
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "total_inactive_file",
    "memory.memsw.limit_in_bytes",
    "memory.memsw.usage_in_bytes",
    swap_includes_memory=True,
)
V2 = GroupFiles(
    "memory.max",
    "memory.current",
    "inactive_file",
    "memory.swap.max",
    "memory.swap.current",
    swap_includes_memory=False,
)


@dataclass(frozen=True, slots=True)
class ContainerLimit:
    """What the tightest group allows; bytes. Page cache that can be dropped counts as free."""

    limit: int
    used: int
    swap_limit: int | None
    swap_used: int

    @property
    def available(self) -> int:
        """How much more may be used before the group's own limit is reached."""
        return max(0, self.limit - self.used)


def container_limit(root: Path = Path("/")) -> ContainerLimit | None:
    """The tightest limit above this process; None where there is none.

    `root` is where /proc and /sys are found.
    """
    found = [
        limit
        for folder, files in _groups(root)
        if (limit := _read_group(folder, files)) is not None
    ]
    return min(found, key=lambda each: (each.available, each.limit), default=None)


def _groups(root: Path) -> Iterator[tuple[Path, GroupFiles]]:
    """The memory groups of this process, innermost first, each with its parents."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if controllers == "":
            mounts, files = ("sys/fs/cgroup", "sys/fs/cgroup/unified"), V2
        elif "memory" in controllers.split(","):
            mounts, files = ("sys/fs/cgroup/memory", f"sys/fs/cgroup/{controllers}"), V1
        else:
            continue
        for mount in mounts:
            yield from ((root / mount / part, files) for part in _upwards(group))


def _upwards(group: str) -> Iterator[PurePosixPath]:
    """A group's path and its parents' below the mount.

    Inside a container the path may be the host's and not exist below the
    mount; the parents then lead to the mount itself, which is the container's.
    """
    path = PurePosixPath(group.lstrip("/"))
    if ".." in path.parts:
        path = PurePosixPath()
    yield path
    yield from path.parents


def _read_group(folder: Path, files: GroupFiles) -> ContainerLimit | None:
    limit = _number(folder / files.limit)
    usage = _number(folder / files.usage)
    if limit is None or usage is None:
        return None
    used = max(0, usage - _statistic(folder / "memory.stat", files.cache))
    swap_limit = _number(folder / files.swap_limit)
    swap_used = _number(folder / files.swap_usage) or 0
    if files.swap_includes_memory:
        swap_limit = None if swap_limit is None else max(0, swap_limit - limit)
        swap_used = max(0, swap_used - usage)
    return ContainerLimit(limit, used, swap_limit, swap_used)


def _number(path: Path) -> int | None:
    """A byte count; None if there is no such file or it says "no limit"."""
    text = _text(path).strip()
    if not text.isdecimal() or int(text) >= UNLIMITED:
        return None
    return int(text)


def _statistic(path: Path, name: str) -> int:
    for line in _text(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
