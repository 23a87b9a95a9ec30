"""All that a process holds at one moment, and what has been added between two.

The garbage collector lists containers only. Strings, bytes and numbers are
found through the containers that refer to them, each counted once.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from budgetinator.memory.holders import reference_paths
from budgetinator.memory.readings import resident_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from budgetinator.memory.types import GrownType, NewDescriptor, StateComparison

__all__ = ["MemoryState", "TypeCensus", "compare", "dump"]

MEBIBYTE = 1024 * 1024
GROWN_TYPES = 25
PATHS_A_TYPE = 3
PATH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class TypeCensus:
    """The objects of one type: bytes without what they refer to, and their sorted ids."""

    bytes: int
    ids: array[int]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.ids)


NOTHING = TypeCensus(0, array("Q"))


@dataclass(frozen=True, slots=True)
class MemoryState:
    """One dump. It refers to none of the objects that it counted.

    `rss` is before the dump, `settled_rss` after it: the difference is the dump itself.
    """

    label: str
    rss: int
    settled_rss: int
    types: Mapping[str, TypeCensus]
    descriptors: Mapping[int, str]
    threads: Mapping[int, str]
    components: Mapping[str, int]


def dump(
    label: str, components: Mapping[str, int], earlier: Iterable[MemoryState] = ()
) -> MemoryState:
    """Collect garbage, then count every object but those of `earlier` dumps.

    Takes about a second for a million objects.
    """
    gc.collect()
    rss = resident_bytes()
    types = _census({number for state in earlier for number in _own_ids(state)})
    return MemoryState(
        label=label,
        rss=rss,
        settled_rss=resident_bytes(),
        types=types,
        descriptors=open_descriptors(),
        threads={each.ident or 0: each.name for each in threading.enumerate()},
        components=dict(components),
    )


def compare(before: MemoryState, after: MemoryState) -> StateComparison:
    """What `after` has and `before` had not; reference paths are looked up now.

    That takes as long as a dump, and at most two seconds more for reference paths;
    those not found by then are missing.
    """
    return {
        "memory_delta_mb": (after.rss - before.settled_rss) / MEBIBYTE,
        "types": _grown_types(before, after),
        "descriptors": _new_descriptors(before, after),
        "threads": [name for key, name in after.threads.items() if before.threads.get(key) != name],
        "components": {
            name: count - before.components.get(name, 0)
            for name, count in after.components.items()
            if count > before.components.get(name, 0)
        },
    }


def open_descriptors() -> dict[int, str]:
    """Each open descriptor and what it is of; on other systems than Linux, the files among them."""
    if sys.platform != "linux":
        return {each.fd: each.path for each in psutil.Process().open_files()}
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # the one that listed, or closed by another thread
            continue
    return found


def type_name(kind: type) -> str:
    """The name a type is counted under: with its module, unless it is a builtin."""
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


class _Tally:
    """Bytes and ids of one type while the census runs."""

    __slots__ = ("bytes", "ids")

    def __init__(self) -> None:
        self.bytes = 0
        self.ids = array("Q")


def _own_ids(state: MemoryState) -> Iterator[int]:
    yield from (id(state), id(state.types), id(state.descriptors))
    yield from (id(state.threads), id(state.components))
    for census in state.types.values():
        yield from (id(census), id(census.ids))


def _census(hidden: set[int]) -> dict[str, TypeCensus]:
    tallies: dict[type, _Tally] = {}
    hidden.add(id(tallies))
    for each in _all_objects(hidden):
        kind = type(each)
        tally = tallies.get(kind)
        if tally is None:
            tally = tallies[kind] = _Tally()
        tally.bytes += _size(each)
        tally.ids.append(id(each))
    merged: dict[str, TypeCensus] = {}
    for kind, tally in tallies.items():
        name = type_name(kind)
        other = merged.get(name, NOTHING)
        ids = array("Q", sorted(other.ids + tally.ids))
        merged[name] = TypeCensus(other.bytes + tally.bytes, ids)
    return merged


def _all_objects(hidden: set[int]) -> Iterator[object]:
    """What the collector tracks, and below each container what it does not track, each once.

    `hidden` are the ids of containers to leave out; it gains those made here.
    """
    tracked = gc.get_objects()
    hidden |= {id(hidden), id(tracked)}
    seen: set[int] = set()
    for container in tracked:
        if id(container) in hidden:
            continue
        yield container
        waiting = gc.get_referents(container)
        while waiting:
            each = waiting.pop()
            if gc.is_tracked(each) or id(each) in seen:
                continue
            seen.add(id(each))
            yield each
            waiting.extend(gc.get_referents(each))


def _size(each: object) -> int:
    try:
        return sys.getsizeof(each, 0)
    except Exception:  # noqa: BLE001 - foreign code: a __sizeof__ that fails; the object counts
        return 0


def _grown_types(before: MemoryState, after: MemoryState) -> list[GrownType]:
    grown: list[tuple[int, int, str]] = []
    for name, census in after.types.items():
        was = before.types.get(name, NOTHING)
        if census.count > was.count or census.bytes > was.bytes:
            grown.append((census.bytes - was.bytes, census.count - was.count, name))
    grown.sort(reverse=True)
    grown = grown[:GROWN_TYPES]
    paths = _paths([name for _, count, name in grown if count > 0], before, after)
    return [
        {"type": name, "count_delta": count, "bytes_delta": size, "held_by": paths.get(name, [])}
        for size, count, name in grown
    ]


def _paths(names: list[str], before: MemoryState, after: MemoryState) -> dict[str, list[str]]:
    """A reference path for up to three of the new objects of each type that still live."""
    # Types of modules first: time may run out, and what holds a dict says less.
    names = sorted(names, key=lambda name: "." not in name)
    found: dict[str, list[object]] = {name: [] for name in names}
    new = {name: _new_ids(name, before, after) for name in names}
    wanted: dict[type, str | None] = {}
    hidden = {id(found), id(new), id(wanted), *map(id, found.values()), *map(id, new.values())}
    for each in _all_objects(hidden):
        kind = type(each)
        if kind not in wanted:
            wanted[kind] = name if (name := type_name(kind)) in found else None
        chosen = wanted[kind]
        if chosen is not None and id(each) in new[chosen] and len(found[chosen]) < PATHS_A_TYPE:
            found[chosen].append(each)
    new.clear()
    deadline = time.monotonic() + PATH_SECONDS
    return reference_paths(found, ignore=found.values(), deadline=deadline)


def _new_ids(name: str, before: MemoryState, after: MemoryState) -> set[int]:
    return set(after.types[name].ids).difference(before.types.get(name, NOTHING).ids)


def _new_descriptors(before: MemoryState, after: MemoryState) -> list[NewDescriptor]:
    return [
        {"descriptor": descriptor, "path": path}
        for descriptor, path in sorted(after.descriptors.items())
        if before.descriptors.get(descriptor) != path
    ]
