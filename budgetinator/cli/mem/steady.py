"""The leak rule, looked at from outside: does a running program keep growing?

Nobody can see from outside how often something was called; so growth is told a
minute. The first fifth of the time is for warming up. What follows is cut into
three rounds of 12 stretches, and each stretch counts by its lowest reading: what a
program needs for a moment is not kept. Its growth is steady if the whole rises by
the Mann-Kendall test (p < 0.001), and each later round grew at least 60 % of what
the first one did. The test is not made on the first round alone, as it is within a
process: one descriptor a second is too few steps for that. A program that still
fills its caches, or gathers a result, looks the same as one that leaks: only a look
from within tells them apart.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from budgetinator.cli.mem.outside import Reading
from budgetinator.memory import mann_kendall, theil_sen

__all__ = ["LEAST_READINGS", "METRICS", "Growth", "Lows", "steady_growth"]

METRICS = ("rss", "children_rss", "descriptors", "threads", "children")
ROUNDS, STRETCHES = 3, 12
WARM_UP = 5
"""One part of so many."""
LEAST_READINGS = ROUNDS * STRETCHES * WARM_UP // (WARM_UP - 1) + 1
CAPACITY = 7_200
SIGNIFICANCE = 0.001
STEADY = 0.6
# Growth over all three rounds that is worth a word: bytes for the first two, then numbers.
FLOORS: Mapping[str, float] = {
    "rss": 512 * 1024,
    "children_rss": 512 * 1024,
    "descriptors": 3,
    "threads": 3,
    "children": 3,
}


@dataclass(frozen=True, slots=True)
class Growth:
    """One metric that keeps growing, in its units a minute: in all, and in each round."""

    metric: str
    per_minute: float
    rounds: tuple[float, ...]
    p: float


class Lows:
    """Readings of any length of time in bounded memory: when full, of each pair the lower stays."""

    def __init__(self) -> None:
        self.times = array("d")
        self._values = {metric: array("q") for metric in METRICS}
        self._stride = 1
        self._added = 0

    def __len__(self) -> int:
        return len(self.times)

    def add(self, reading: Reading) -> None:
        """Take note of a reading; they come in the order of time."""
        if self._added % self._stride:
            for metric, values in self._values.items():
                values[-1] = min(values[-1], getattr(reading, metric) or 0)
        else:
            if len(self.times) == CAPACITY:
                self._halve()
            self.times.append(reading.at)
            for metric, values in self._values.items():
                values.append(getattr(reading, metric) or 0)
        self._added += 1

    def _halve(self) -> None:
        self.times = self.times[::2]
        for metric, values in self._values.items():
            self._values[metric] = array("q", map(min, values[::2], values[1::2]))
        self._stride *= 2

    def of(self, metric: str) -> array[int]:
        """The values of one metric, in the order of `times`."""
        return self._values[metric]


def steady_growth(lows: Lows) -> Iterator[Growth]:
    """The metrics that keep growing; none for fewer than LEAST_READINGS readings."""
    first = len(lows) // WARM_UP
    size = (len(lows) - first) // (ROUNDS * STRETCHES)
    if len(lows) < LEAST_READINGS or size == 0:
        return
    starts = [first + size * number for number in range(ROUNDS * STRETCHES)]
    times = [lows.times[start] / 60 for start in starts]
    for metric in METRICS:
        values = lows.of(metric)
        lowest = [min(values[start : start + size]) for start in starts]
        found = _growth(metric, times, lowest)
        if found is not None:
            yield found


def _growth(metric: str, minutes: list[float], values: list[int]) -> Growth | None:
    ends = [(STRETCHES * n, STRETCHES * (n + 1)) for n in range(ROUNDS)]
    slopes = tuple(_rise(minutes[a:b], values[a:b]) for a, b in ends)
    p = mann_kendall(values)
    if p >= SIGNIFICANCE or slopes[0] <= 0 or min(slopes) < STEADY * slopes[0]:
        return None
    per_minute = theil_sen(minutes, values)
    if per_minute * (minutes[-1] - minutes[0]) < FLOORS[metric]:
        return None
    return Growth(metric, per_minute, slopes, p)


def _rise(minutes: Sequence[float], values: Sequence[int]) -> float:
    """From the mean of the first third to that of the last, a minute."""
    third = len(values) // 3
    time = fmean(minutes[-third:]) - fmean(minutes[:third])
    return (fmean(values[-third:]) - fmean(values[:third])) / time
