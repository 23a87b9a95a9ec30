"""Whether a function leaks: the leak rule, run on it in three rounds.

Five calls warm up. A round is 12 readings with a number of calls and a
collection before each. A metric that rises by the rule in the first round must
go on rising through two more, each with 1.5 times the calls: a cache that
fills up fades. A slow function gets more rounds, until it was called as often
as a cache of usual size (functools.lru_cache: 128) needs to fill up.
Only then a last pass names the lines, with tracemalloc.

The readings go into arrays made beforehand, because a list that grows while
it is filled is itself a leak to the counters. The objects that there were
before are frozen (gc.freeze) so that the collections cost what the function
made, not what the program holds; a program that froze its own is left as it is.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from budgetinator.memory.readings import descriptor_count, heap_in_use, resident_bytes
from budgetinator.memory.tracing import LineTrace, TracedProcess
from budgetinator.memory.trends import Trend, fades, rises, trend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from budgetinator.memory.types import AllocatingLine

__all__ = ["LeakFinding", "LeakReport", "find_leaks"]

METRICS = ("blocks", "objects", "descriptors", "threads", "heap")
WARM_UP = 5
READINGS = 12
ROUNDS = 3
GROWTH = 1.5
MOST_CALLS = 100
CACHE_CALLS = 300
PATIENCE = 8
THREADS = 200
BYTES = 256 * 1024 * 1024
WINDOWS_HANDLES = 10_000


@dataclass(frozen=True, slots=True)
class LeakFinding:
    """A metric that keeps growing: growth a call in each round, and the first round's trend."""

    metric: str
    trend: Trend
    growth_per_call: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LeakReport:
    """The verdict on one function; no `findings`, no leak.

    `unmeasured` are the metrics that this system does not tell.
    `lines` say where what was kept was allocated.
    """

    findings: tuple[LeakFinding, ...]
    unmeasured: tuple[str, ...]
    lines: tuple[AllocatingLine, ...]
    calls: int
    seconds: float


class _Readings:
    """The counters of the process, written into memory that is there already."""

    def __init__(self) -> None:
        self.series = {metric: array("q", bytes(8 * READINGS)) for metric in METRICS}

    def take(self, place: int) -> None:
        series = self.series
        gc.collect()
        series["blocks"][place] = sys.getallocatedblocks()
        series["heap"][place] = heap_in_use() or 0
        series["descriptors"][place] = descriptor_count()
        series["threads"][place] = threading.active_count()
        series["objects"][place] = len(gc.get_objects())


class _FrozenHeap:
    """The objects made so far, out of the collector's sight for a while."""

    def __enter__(self) -> None:
        gc.collect()
        self._ours = gc.get_freeze_count() == 0
        if self._ours:
            gc.freeze()

    def __exit__(self, *exc_info: object) -> None:
        if self._ours:
            gc.unfreeze()


def find_leaks(
    function: Callable[[], object],
    *,
    seconds: float = 2.0,
    clock: Callable[[], float] = time.perf_counter,
) -> LeakReport:
    """Call `function` again and again, and say which counters it makes rise for good.

    Takes about `seconds` if there is no suspicion: they decide how many calls go into a
    reading, one at least and 100 at most; up to eight times as long if there is.
    What the function raises ends the check. Other threads that allocate
    meanwhile disturb it.
    """
    started = clock()
    with _FrozenHeap():
        plan = _calibrate(function, seconds, clock)
        growths, trends, calls = _run_rounds(function, plan, clock)
    findings = tuple(
        LeakFinding(metric, trends[metric], tuple(growth)) for metric, growth in growths.items()
    )
    lines = _lines(function, READINGS * plan.calls_a_reading) if findings else ()
    unmeasured = () if heap_in_use() is not None else ("heap",)
    return LeakReport(findings, unmeasured, lines, WARM_UP + calls, clock() - started)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How often to call in the first round, and where further rounds end."""

    calls_a_reading: int
    most_calls: int
    deadline: float


def _calibrate(function: Callable[[], object], seconds: float, clock: Callable[[], float]) -> _Plan:
    """Warm up, and find how many calls there is time, memory and room for."""
    started = clock()
    fastest = float("inf")
    function()
    used = _scarce()
    for _ in range(1, WARM_UP):
        began = clock()
        function()
        fastest = min(fastest, clock() - began)
    most_calls = _affordable(used, _scarce())
    began = clock()
    _Readings().take(0)
    overhead = ROUNDS * READINGS * (clock() - began)
    calls = READINGS * (1 + sum(GROWTH**n for n in range(ROUNDS)))
    in_time = int((seconds - overhead) / (calls * max(fastest, 1e-7)))
    wanted = min(MOST_CALLS, in_time, int(most_calls / calls))
    return _Plan(max(1, wanted), most_calls, started + PATIENCE * seconds)


def _scarce() -> tuple[int, int, int]:
    """What a leak may use up before it is proven: descriptors, threads, bytes."""
    return descriptor_count(), threading.active_count(), heap_in_use() or resident_bytes()


def _affordable(before: tuple[int, int, int], after: tuple[int, int, int]) -> int:
    """How many calls may be made if each uses as much as the last four of the warm-up."""
    room = (_descriptor_limit() - after[0]) // 2, THREADS, BYTES
    used = [max(0, now - was) for was, now in zip(before, after, strict=True)]
    return min(
        (limit * (WARM_UP - 1) // each for limit, each in zip(room, used, strict=True) if each),
        default=sys.maxsize,
    )


def _descriptor_limit() -> int:
    if sys.platform == "win32":
        return WINDOWS_HANDLES
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _run_rounds(
    function: Callable[[], object], plan: _Plan, clock: Callable[[], float]
) -> tuple[dict[str, list[float]], dict[str, Trend], int]:
    """Growth a call and round of the metrics that rose in all, the first trends, and the calls."""
    readings = _Readings()
    calls = plan.calls_a_reading
    total = _run_round(function, calls, readings)
    trends = {metric: _trend(readings.series[metric], calls) for metric in METRICS}
    growths = {m: [found.slope] for m, found in trends.items() if rises(found, m)}
    rounds = 1
    while growths:
        calls = max(calls + 1, int(calls * GROWTH))
        room = total + READINGS * calls <= plan.most_calls and clock() < plan.deadline
        if rounds >= ROUNDS and (total >= CACHE_CALLS or not room):
            break
        rounds += 1
        total += _run_round(function, calls, readings)
        for metric in tuple(growths):
            found = _trend(readings.series[metric], calls)
            growths[metric].append(found.slope)
            if not rises(found, metric) or fades(growths[metric]):
                del growths[metric]
    return growths, trends, total


def _run_round(function: Callable[[], object], calls: int, readings: _Readings) -> int:
    for place in range(READINGS):
        for _ in range(calls):
            function()
        readings.take(place)
    return READINGS * calls


def _trend(values: Sequence[int], calls: int) -> Trend:
    return trend([calls * n for n in range(READINGS)], values)


def _lines(function: Callable[[], object], calls: int) -> tuple[AllocatingLine, ...]:
    trace = LineTrace(TracedProcess())
    trace.start()
    try:
        for _ in range(calls):
            function()
        gc.collect()
    finally:
        trace.stop()
    return trace.lines
