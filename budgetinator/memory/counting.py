"""When allocated blocks are counted and garbage is collected, so that spans stay cheap."""

from __future__ import annotations

import gc
import sys
import time
from array import array
from typing import TYPE_CHECKING

from budgetinator.memory.operations import MeasuredOperation
from budgetinator.memory.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from budgetinator.memory.operations import Form
    from budgetinator.memory.peaks import PeakMeter

__all__ = ["BlockCensus", "CollectionAllowance", "IdleBlocks"]

ALLOWANCE_SECONDS = 0.25
ALLOWANCE_SHARE = 0.01


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
