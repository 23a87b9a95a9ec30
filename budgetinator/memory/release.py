"""Giving memory back: what was released, and what is still held."""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from budgetinator.memory.readings import resident_bytes, trim_heap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["CleanupReport", "release_memory"]


@dataclass(frozen=True, slots=True)
class CleanupReport:
    """What a clean-up did; `released` and `still_held` count by name.

    `released_bytes` are of resident memory, 0 when the process grew meanwhile. `collected_objects`
    are those that the garbage collector found unreachable.
    """

    released_bytes: int
    collected_objects: int
    released: Mapping[str, int] = field(default_factory=dict)
    still_held: Mapping[str, int] = field(default_factory=dict)


def release_memory(
    cleanup: Callable[[], object] | None = None,
    resources: Callable[[], Mapping[str, int]] | None = None,
) -> CleanupReport:
    """Run `cleanup`, collect garbage and hand free pages back to the system.

    `resources` names what is held and how much of it, before and after. What
    `cleanup` raises is raised, after the rest was done.
    """
    before = dict(resources()) if resources else {}
    rss = resident_bytes()
    try:
        if cleanup is not None:
            cleanup()
    finally:
        collected = gc.collect()
        trim_heap()
    after = dict(resources()) if resources else {}
    return CleanupReport(
        released_bytes=max(0, rss - resident_bytes()),
        collected_objects=collected,
        released={
            name: count - after.get(name, 0)
            for name, count in before.items()
            if count > after.get(name, 0)
        },
        still_held=after,
    )
