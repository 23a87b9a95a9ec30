"""All that is kept of one operation, in the same memory after any number of calls."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from budgetinator.memory.trends import FLOORS, STEADY, Trend, fades, rises, trend

if TYPE_CHECKING:
    from collections.abc import Callable

    from budgetinator.memory.spans import Span, SpanReading
    from budgetinator.memory.types import AllocatingLine, Figures, OperationProfile

__all__ = ["MIN_CALLS", "Growth", "OperationRecord"]

MEBIBYTE = 1024 * 1024
LATEST = 64
MIN_CALLS = 12
TREND_POINTS = 48
METRICS = ("blocks", "descriptors", "heap")


class Statistic:
    """Least, greatest and the median of the latest values of one figure."""

    __slots__ = ("_added", "_latest", "greatest", "least")

    def __init__(self) -> None:
        self._latest = array("d", bytes(8 * LATEST))
        self._added = 0
        self.least = float("inf")
        self.greatest = float("-inf")

    def add(self, value: float) -> None:
        self._latest[self._added % LATEST] = value
        self._added += 1
        self.least = min(self.least, value)
        self.greatest = max(self.greatest, value)

    def median(self) -> float:
        return median(self._latest[: min(self._added, LATEST)])


class GrowthSeries:
    """What calls have left behind, added up, at up to 48 points over the whole history.

    When it is full every second point goes and the distance between points
    doubles, so that it spans a million calls in the memory of 48.
    """

    __slots__ = (
        "_points",
        "_stride",
        "_values",
        "anchor_calls",
        "anchor_level",
        "anchor_total",
        "calls",
        "total",
    )

    def __init__(self) -> None:
        self._values = array("q", bytes(8 * TREND_POINTS))
        self._points = 0
        self._stride = 1
        self.total = 0
        self.calls = 0
        self.anchor_calls = self.anchor_total = self.anchor_level = 0

    def add(self, growth: int, level: int) -> None:
        """Add a call: what it left behind, and what the process held as it began."""
        if self.calls == 0 and self.anchor_level == 0:
            self.anchor_level = level
        self.total += growth
        if self.calls % self._stride == 0:
            if self._points == TREND_POINTS:
                self._thin_out()
            if self.calls % self._stride == 0:
                self._values[self._points] = self.total
                self._points += 1
        self.calls += 1

    def anchor(self, level: int) -> None:
        """Compare with this level of the process, and this call, from now on."""
        self.anchor_calls, self.anchor_total, self.anchor_level = self.calls, self.total, level

    def _thin_out(self) -> None:
        kept = self._values[::2]
        self._values[: len(kept)] = kept
        self._points = len(kept)
        self._stride *= 2

    def rise(self) -> Trend:
        """Slope a call and probability; the first call warms up and is left out."""
        values = self._values[1 : self._points]
        return trend([n * self._stride for n in range(1, len(values) + 1)], values)

    def fading(self) -> bool:
        """Whether the last third of the calls grew much less than the middle third."""
        third = max(1, self._points // 3)
        last = self._values[self._points - 1]
        middle = self._values[self._points - 1 - third]
        first = self._values[max(0, self._points - 1 - 2 * third)]
        return fades((middle - first, last - middle))


@dataclass(frozen=True, slots=True)
class Growth:
    """A metric of an operation that rises by the rule, not yet checked against the process.

    `calls` and `total` are since the process stood at `level`.
    """

    metric: str
    trend: Trend
    calls: int
    total: int
    level: int

    def kept(self, level: int) -> float:
        """What is kept a call, for certain, if the process now stands at `level`; or 0.0.

        Growth that the process does not show was garbage, or was freed by the caller.
        Less than 60 % of it left is taken for chance.
        """
        kept = min(self.total, level - self.level)
        if kept < STEADY * self.total:
            return 0.0
        # The first call may have filled caches: the slope knows nothing of that.
        per_call = min(kept / max(1, self.calls), self.trend.slope)
        return per_call if per_call > FLOORS[self.metric] else 0.0


class OperationRecord:
    """The figures of one operation by name. Not locked: its monitor does that."""

    __slots__ = (
        "_delta",
        "_duration",
        "_left_blocks",
        "_peak",
        "_retained",
        "_series",
        "calls",
        "collected",
        "failures",
        "file",
        "latest",
        "lines",
        "name",
        "peak_increase",
        "shared",
        "total_seconds",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = 0
        self.failures = 0
        self.total_seconds = 0.0
        self.peak_increase = 0
        self.shared = False
        self._left_blocks = False
        self.collected = False
        self.latest: SpanReading | None = None
        self.lines: tuple[AllocatingLine, ...] = ()
        self.file: str | None = None
        self._peak, self._delta = Statistic(), Statistic()
        self._retained, self._duration = Statistic(), Statistic()
        self._series = {metric: GrowthSeries() for metric in METRICS}

    def add(self, span: Span, reading: SpanReading) -> None:
        """Add a finished call."""
        self.calls += 1
        self.failures += reading.failed
        self.total_seconds += reading.seconds
        self.peak_increase = max(self.peak_increase, reading.peak - reading.before)
        self.shared = self.shared or reading.shared
        self.collected = reading.collected
        self.latest = reading
        self._left_blocks = self._left_blocks or bool(reading.blocks)
        self._peak.add(reading.peak)
        self._delta.add(reading.delta)
        self._retained.add(reading.retained)
        self._duration.add(reading.seconds)
        # What a call left behind can be told only while no other one runs.
        if not reading.shared:
            self._add_growth(span, reading)

    def _add_growth(self, span: Span, reading: SpanReading) -> None:
        if reading.blocks is not None:
            self._series["blocks"].add(reading.blocks, span.blocks_before)
        self._series["descriptors"].add(reading.descriptors, span.descriptors_before)
        if reading.heap is not None:
            self._series["heap"].add(reading.heap, span.heap_before)

    @property
    def left_something(self) -> bool:
        """Whether any call has left blocks behind."""
        return self._left_blocks

    def growth(self) -> Growth | None:
        """The first metric that rises by the leak rule over at least 12 calls."""
        for metric, series in self._series.items():
            if series.calls < MIN_CALLS or series.total <= FLOORS[metric] * series.calls:
                continue
            found = series.rise()
            if rises(found, metric) and not series.fading():
                return Growth(
                    metric,
                    found,
                    series.calls - series.anchor_calls,
                    series.total - series.anchor_total,
                    series.anchor_level,
                )
        return None

    def anchor(self, metric: str, level: int) -> None:
        """Judge growth of this metric by what follows: until now it was not kept."""
        self._series[metric].anchor(level)

    def profile(self) -> OperationProfile:
        """The figures under the names of seed 004; at least one call was added."""
        latest = self.latest
        assert latest is not None  # a record is made for a finished call
        return {
            "operation": self.name,
            "calls": self.calls,
            "failures": self.failures,
            "peak_memory_mb": self._peak.greatest / MEBIBYTE,
            "peak_increase_mb": self.peak_increase / MEBIBYTE,
            "memory_delta_mb": latest.delta / MEBIBYTE,
            "retained_mb": latest.retained / MEBIBYTE,
            "duration_seconds": latest.seconds,
            "total_seconds": self.total_seconds,
            "min": self._figures(lambda each: each.least),
            "median": self._figures(lambda each: each.median()),
            "max": self._figures(lambda each: each.greatest),
            "method": latest.method,
            "shared": self.shared,
            "collected": self.collected,
            "lines": list(self.lines),
            "file": self.file,
        }

    def _figures(self, of: Callable[[Statistic], float]) -> Figures:
        return {
            "peak_memory_mb": of(self._peak) / MEBIBYTE,
            "memory_delta_mb": of(self._delta) / MEBIBYTE,
            "retained_mb": of(self._retained) / MEBIBYTE,
            "duration_seconds": of(self._duration),
        }
