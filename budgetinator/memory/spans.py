"""One measured operation: before, peak, after.

Who encloses whom is told by a context variable, so that spans of threads and of
async tasks never mix. A span is not closed by the variable's token: a token
is bound to the context that made it, and a fixture or generator may end in
another one. A span that was left open by a context is passed over instead.
"""

from __future__ import annotations

import gc
import sys
import time
from array import array
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from budgetinator.memory.readings import descriptor_count, heap_in_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from budgetinator.memory.peaks import PeakMeter, PeakMethod

__all__ = ["Span", "SpanReading", "current_span"]

_innermost: ContextVar[Span | None] = ContextVar("budgetinator_memory_span", default=None)

# Places in Span._counts, which is made before the first counter is read: an int
# kept elsewhere would itself be an allocated block and be counted as growth.
(
    BEFORE,
    PEAK,
    UNCOLLECTED,
    AFTER,
    NANOSECONDS,
    BLOCKS_BEFORE,
    BLOCKS_AFTER,
    FILES_BEFORE,
    FILES_AFTER,
    HEAP_BEFORE,
    HEAP_AFTER,
    PLACES,
) = range(12)
NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SpanReading:
    """What one call cost; bytes and seconds.

    `peak` is the process's highest resident size during the span. `shared`
    says that an unrelated span was open meanwhile, so that the peak is of both.
    `after` is read after a collection if `collected`. The last three are what
    the call left behind: allocated blocks, descriptors, bytes of the C heap;
    None where that was not counted.
    """

    name: str
    before: int
    peak: int
    after: int
    seconds: float
    method: PeakMethod
    shared: bool
    collected: bool
    failed: bool
    uncollected: int
    blocks: int | None
    descriptors: int
    heap: int | None

    @property
    def delta(self) -> int:
        """The growth of the resident size as the call ended, before any collection."""
        return self.uncollected - self.before

    @property
    def retained(self) -> int:
        """The growth that is left at the end, after the collection if there was one."""
        return self.after - self.before


def current_span() -> Span | None:
    """The innermost open span of this thread or task."""
    span = _innermost.get()
    while span is not None and not span.open:
        span = span.parent
    return span


class Span:
    """One run of an operation, from `start` to `finish`; then `reading` is there.

    `collect` runs the garbage collector at both ends, outside the measured time;
    `collect_young` runs it for the two young generations. `count` counts allocated
    blocks, whose cost grows with the heap; `idle_blocks` is what an empty span would count.
    """

    __slots__ = (
        "_counts",
        "_meter",
        "clock",
        "collect",
        "collect_young",
        "count",
        "idle_blocks",
        "name",
        "open",
        "parent",
        "reading",
        "shared",
    )

    def __init__(
        self,
        name: str,
        meter: PeakMeter,
        *,
        collect: bool = False,
        collect_young: bool = False,
        count: bool = True,
        idle_blocks: int = 0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.name = name
        self.parent = current_span()
        self.collect = collect
        self.collect_young = collect_young
        self.count = count or collect
        self.idle_blocks = idle_blocks
        self.clock = clock
        self.open = False
        self.shared = False
        self.reading: SpanReading | None = None
        self._meter = meter
        self._counts = array("q", bytes(8 * PLACES))

    def lineage(self) -> Iterator[Span]:
        """Itself, then its parents, innermost first."""
        span: Span | None = self
        while span is not None:
            yield span
            span = span.parent

    def start(self, *, enter: bool = True) -> None:
        """Begin to measure; with `enter` as the innermost span of this context.

        Nothing that outlives the span's end may be allocated between the two
        counts of blocks. A collection empties the interpreter's free lists, and
        so each count follows a collection at once, or none does.
        """
        self.open = True
        if enter:
            self.enter()
        counts = self._counts
        counts[FILES_BEFORE] = descriptor_count()
        if self.collect:
            gc.collect()
            counts[BLOCKS_BEFORE] = sys.getallocatedblocks()
            counts[HEAP_BEFORE] = heap_in_use() or 0
        elif self.collect_young:
            gc.collect(1)
        counts[BEFORE] = self._meter.open(self)
        counts[NANOSECONDS] = int(self.clock() * NANO)
        if self.count and not self.collect:
            counts[BLOCKS_BEFORE] = sys.getallocatedblocks()

    def enter(self) -> None:
        """Make this the span that encloses what this context begins from now on."""
        _innermost.set(self)

    def leave(self) -> None:
        """Give the place of the innermost span back to the one outside."""
        if _innermost.get() is self:
            _innermost.set(self._open_outside())

    def finish(self, *, failed: bool = False) -> SpanReading:
        """End the measurement; a second call returns the first reading."""
        if self.reading is not None:
            return self.reading
        counts = self._counts
        counts[NANOSECONDS] = int(self.clock() * NANO) - counts[NANOSECONDS]
        if self.collect_young:
            gc.collect(1)
        if self.count and not self.collect:
            counts[BLOCKS_AFTER] = sys.getallocatedblocks()
        counts[AFTER] = counts[UNCOLLECTED] = self._meter.close(self)
        self.open = False
        if self.collect:
            gc.collect()
            counts[BLOCKS_AFTER] = sys.getallocatedblocks()
            counts[HEAP_AFTER] = heap_in_use() or 0
            counts[AFTER] = self._meter.resident()
        counts[FILES_AFTER] = descriptor_count()
        self.reading = self._read(failed=failed)
        # A finished span may outlive its use in a context's copy: let it hold nothing.
        self.parent = self._open_outside()
        return self.reading

    def _open_outside(self) -> Span | None:
        span = self.parent
        while span is not None and not span.open:
            span = span.parent
        return span

    def _read(self, *, failed: bool) -> SpanReading:
        counts = self._counts
        return SpanReading(
            name=self.name,
            before=counts[BEFORE],
            peak=max(counts[PEAK], counts[BEFORE], counts[UNCOLLECTED]),
            after=counts[AFTER],
            seconds=counts[NANOSECONDS] / NANO,
            method=self._meter.method,
            shared=self.shared,
            collected=self.collect,
            failed=failed,
            uncollected=counts[UNCOLLECTED],
            blocks=self._blocks() if self.count else None,
            descriptors=counts[FILES_AFTER] - counts[FILES_BEFORE],
            heap=counts[HEAP_AFTER] - counts[HEAP_BEFORE] if counts[HEAP_AFTER] else None,
        )

    def _blocks(self) -> int:
        counts = self._counts
        return counts[BLOCKS_AFTER] - counts[BLOCKS_BEFORE] - self.idle_blocks

    @property
    def before(self) -> int:
        """Resident bytes as the span began."""
        return self._counts[BEFORE]

    @property
    def peak(self) -> int:
        """The highest resident size so far, in bytes; the meter sets it."""
        return self._counts[PEAK]

    @peak.setter
    def peak(self, size: int) -> None:
        self._counts[PEAK] = size

    @property
    def blocks_before(self) -> int:
        """Allocated blocks of the process as the span began."""
        return self._counts[BLOCKS_BEFORE]

    @property
    def descriptors_before(self) -> int:
        """Open descriptors of the process as the span began."""
        return self._counts[FILES_BEFORE]

    @property
    def heap_before(self) -> int:
        """Bytes that the C allocator had given out as the span began."""
        return self._counts[HEAP_BEFORE]
