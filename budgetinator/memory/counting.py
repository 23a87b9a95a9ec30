"""What is counted, and when.

`Counters` are those of the leak rule. The others decide when a span counts
allocated blocks and collects garbage, so that spans stay cheap.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from array import array
from typing import TYPE_CHECKING

import psutil

from budgetinator.memory.operations import MeasuredOperation
from budgetinator.memory.readings import descriptor_count, heap_in_use
from budgetinator.memory.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from budgetinator.memory.operations import Form
    from budgetinator.memory.peaks import PeakMeter

__all__ = ["BlockCensus", "CollectionAllowance", "Counters", "IdleBlocks", "heap_bytes"]

ALLOWANCE_SECONDS = 0.25
ALLOWANCE_SHARE = 0.01


class Counters:
    """What this system counts of a process, read into memory that is there already.

    A counter that fails at the first reading, or stays at nothing where there must be something,
    is not looked at again: `unmeasured` names it. So says the system itself what it has,
    whatever its name is.
    """

    def __init__(self, readings: int) -> None:
        every: dict[str, Callable[[], int | None]] = {
            "blocks": sys.getallocatedblocks,  # first: the later ones allocate
            "heap": heap_bytes,
            "descriptors": descriptor_count,
            "threads": threading.active_count,
            "objects": _tracked_objects,
        }
        self._read = {name: read for name, read in every.items() if _works(read)}
        self.unmeasured = tuple(name for name in every if name not in self._read)
        self.series = {name: array("q", bytes(8 * readings)) for name in self._read}

    def take(self, place: int) -> None:
        """Collect garbage, and write a reading of every counter into this place."""
        gc.collect()
        for name, read in self._read.items():
            self.series[name][place] = read() or 0


def heap_bytes() -> int | None:
    """Bytes that the C allocator has given out: glibc's own figure, or what psutil knows of it."""
    known = heap_in_use()
    if known is not None:
        return known
    ask = getattr(psutil, "heap_info", None)  # of psutil 7.2, and not for every system
    if ask is None:
        return None
    heap = ask()
    return int(heap.heap_used) + int(heap.mmap_used)


def _tracked_objects() -> int:
    return len(gc.get_objects())


def _works(read: Callable[[], int | None]) -> bool:
    try:
        return bool(read())
    except (OSError, psutil.Error, NotImplementedError, AttributeError):
        return False


class BlockCensus:
    """Decides which spans count blocks: all, until a count takes 25 microseconds.

    The interpreter walks its whole heap for a count. Then one span in 7 or in 29
    counts; both have no divisor in common with the usual periods of a loop.
    """

    def __init__(self) -> None:
        self._turn = 0
        self._every = 1

    def due(self) -> bool:
        """Whether the next span counts blocks."""
        self._turn += 1
        if self._turn % 64 == 1:
            began = time.perf_counter()
            sys.getallocatedblocks()
            cost = time.perf_counter() - began
            self._every = 1 if cost < 25e-6 else 7 if cost < 200e-6 else 29
        return self._turn % self._every == 0


class CollectionAllowance:
    """Collects garbage as long as that takes 1 % of the time, and a quarter of a second at once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._made = clock()
        self._spent = 0.0

    def collect(self) -> int:
        """Collect, and count the blocks that are left; 0 when the allowance is used up."""
        began = self._clock()
        if self._spent > ALLOWANCE_SECONDS + ALLOWANCE_SHARE * (began - self._made):
            return 0
        gc.collect()
        blocks = sys.getallocatedblocks()
        self._spent += self._clock() - began
        return blocks


class IdleBlocks:
    """How many allocated blocks an empty operation seems to leave behind.

    `with` lets go of a bound method that it held as the span began; audit hooks
    and tracing functions keep frames alive. A leak of one object a call is smaller
    than that, and so it is measured, once a form, rather than assumed.
    """

    def __init__(self, meter: PeakMeter) -> None:
        self._meter = meter
        self._known: dict[tuple[Form, bool], int] = {}

    def of(self, form: Form, *, collect: bool) -> int:
        """Blocks that an empty run of this form counts, with or without collections."""
        known = self._known.get((form, collect))
        if known is None:
            known = self._known[form, collect] = self._measure(form, collect)
        return known

    def _measure(self, form: Form, collect: bool) -> int:
        counted = array("q", (0, 0))

        def finish(span: Span, failed: bool) -> None:
            counted[0] = span.finish(failed=failed).blocks or 0

        operation = MeasuredOperation("", lambda _: Span("", self._meter, collect=collect), finish)
        empty = operation(_nothing)
        for _ in range(2):  # the first run fills free lists
            if form == "call":
                empty()
            else:
                with operation:
                    pass
        return counted[0]


def _nothing() -> None:
    """What an empty operation runs."""
