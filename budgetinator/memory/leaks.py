"""Whether a function leaks: the leak rule, run on it in three rounds.

Five calls warm up. A round is 12 readings with a number of calls and a
collection before each. A metric that rises by the rule in the first round must
go on rising through two more, each with 1.5 times the calls: a cache that
fills up fades. A slow function gets more rounds, until it was called as often
as a cache of usual size (functools.lru_cache: 128) needs to fill up.
Only then a last pass says what it is: the lines, with tracemalloc, and what
holds the new objects, from two censuses of the heap.

The readings go into arrays made beforehand, because a list that grows while
it is filled is itself a leak to the counters. The objects that there were
before a round are frozen (gc.freeze) so that the collections cost what the
function made in it, not what the program and earlier rounds hold; a program
that froze its own is left as it is.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
import tracemalloc
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from budgetinator.memory.counting import Counters, heap_bytes
from budgetinator.memory.readings import descriptor_count, resident_bytes
from budgetinator.memory.states import compare, dump
from budgetinator.memory.tracing import LineTrace, TracedProcess
from budgetinator.memory.trends import Trend, fades, rises, sen_interval, trend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from budgetinator.memory.types import AllocatingLine, StateComparison

__all__ = ["LeakFinding", "LeakReport", "find_leaks"]

log = logging.getLogger("budgetinator.memory")

WARM_UP = 5
READINGS = 12
ROUNDS = 3
GROWTH = 1.5
MOST_CALLS = 100
EXPLAINED_CALLS = 120
KEPT = 24
CACHE_CALLS = 300
PATIENCE = 20
THREADS = 200
BYTES = 256 * 1024 * 1024
WINDOWS_HANDLES = 10_000


@dataclass(frozen=True, slots=True)
class LeakFinding:
    """A metric that keeps growing: growth a call in each round, and the first round's trend.

    `interval` is where the first round's growth a call lies with a confidence of 95 %.
    """

    metric: str
    trend: Trend
    growth_per_call: tuple[float, ...]
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class LeakReport:
    """The verdict on one function; no `findings`, no leak.

    `unmeasured` are the metrics that this system does not tell. `rounds` are the calls
    in each round, `calls` those of all rounds and the warm-up.

    The rest is known if there are findings, from `explained_calls` further calls for each:
    `lines` where what was kept was allocated, with `bytes_per_call` what Python's allocators
    gave out for it, and `kept` the objects, descriptors and threads, with what holds them.
    """

    findings: tuple[LeakFinding, ...]
    unmeasured: tuple[str, ...]
    lines: tuple[AllocatingLine, ...]
    calls: int
    seconds: float
    rounds: tuple[int, ...] = ()
    explained_calls: int = 0
    bytes_per_call: float = 0.0
    kept: StateComparison | None = None


class _FrozenHeap:
    """The objects made so far, out of the collector's sight for a while."""

    def __enter__(self) -> _FrozenHeap:
        self._ours = gc.get_freeze_count() == 0
        self.freeze()
        return self

    def freeze(self) -> None:
        """Collect, and put out of sight what has come since."""
        gc.collect()
        if self._ours:
            gc.freeze()

    def __exit__(self, *exc_info: object) -> None:
        if self._ours:
            gc.unfreeze()


def find_leaks(
    function: Callable[[], object],
    *,
    seconds: float = 2.0,
    runs: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> LeakReport:
    """Call `function` again and again, and say which counters it makes rise for good.

    Takes about `seconds` if there is no suspicion: they decide how many calls go into a
    reading, one at least and 100 at most; up to twenty times as long if there is. `runs`
    decides instead how many calls there are in the first round, 12 at least.
    What the function raises ends the check. Other threads that allocate
    meanwhile disturb it.
    """
    started = clock()
    counters = Counters(READINGS)
    with _FrozenHeap() as heap:
        plan = _calibrate(function, counters, seconds, runs, clock)
        rounds, suspicions = _run_rounds(function, plan, counters, heap, clock)
    findings = tuple(suspicions.values())
    lines: tuple[AllocatingLine, ...] = ()
    kept, bytes_per_call, explained = None, 0.0, 0
    if findings:
        explained = _calls_to_explain(findings, READINGS * plan.calls_a_reading)
        try:
            lines, kept, bytes_per_call = _explain(function, explained)
        # Foreign code, which may have used up what it leaks by now: the verdict stands without.
        except Exception:
            log.exception("What leaks could not be found out, because a further call failed")
    return LeakReport(
        findings,
        counters.unmeasured,
        lines,
        WARM_UP + sum(rounds),
        clock() - started,
        rounds,
        explained,
        bytes_per_call,
        kept,
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """How often to call in the first round, and where further rounds end."""

    calls_a_reading: int
    most_calls: int
    deadline: float


def _calibrate(
    function: Callable[[], object],
    counters: Counters,
    seconds: float,
    runs: int | None,
    clock: Callable[[], float],
) -> _Plan:
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
    counters.take(0)
    overhead = ROUNDS * READINGS * (clock() - began)
    calls = READINGS * (1 + sum(GROWTH**n for n in range(ROUNDS)))
    if runs is None:
        wanted = min(MOST_CALLS, int((seconds - overhead) / (calls * max(fastest, 1e-7))))
    else:
        wanted = -(-runs // READINGS)
    wanted = min(wanted, int(most_calls / calls))
    return _Plan(max(1, wanted), most_calls, started + PATIENCE * seconds)


def _scarce() -> tuple[int, int, int]:
    """What a leak may use up before it is proven: descriptors, threads, bytes."""
    return _descriptors(), threading.active_count(), heap_bytes() or resident_bytes()


def _descriptors() -> int:
    try:
        return descriptor_count()
    except (OSError, psutil.Error):  # a system that does not list them
        return 0


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
    function: Callable[[], object],
    plan: _Plan,
    counters: Counters,
    heap: _FrozenHeap,
    clock: Callable[[], float],
) -> tuple[tuple[int, ...], dict[str, LeakFinding]]:
    """The calls of each round, and the metrics that rose in all of them."""
    calls = plan.calls_a_reading
    rounds = [_run_round(function, calls, counters)]
    suspicions = _suspicions(counters, calls)
    while suspicions:
        calls = max(calls + 1, int(calls * GROWTH))
        total = sum(rounds)
        room = total + READINGS * calls <= plan.most_calls and clock() < plan.deadline
        if len(rounds) >= ROUNDS and (total >= CACHE_CALLS or not room):
            break
        heap.freeze()
        rounds.append(_run_round(function, calls, counters))
        suspicions = _confirmed(suspicions, counters, calls)
    return tuple(rounds), suspicions


def _run_round(function: Callable[[], object], calls: int, counters: Counters) -> int:
    for place in range(READINGS):
        for _ in range(calls):
            function()
        counters.take(place)
    return READINGS * calls


def _suspicions(counters: Counters, calls: int) -> dict[str, LeakFinding]:
    """The metrics that rose in the first round."""
    found = {}
    for metric, values in counters.series.items():
        rise = _trend(values, calls)
        if rises(rise, metric):
            interval = sen_interval(_calls_made(calls), values)
            found[metric] = LeakFinding(metric, rise, (rise.slope,), interval)
    return found


def _confirmed(
    suspicions: dict[str, LeakFinding], counters: Counters, calls: int
) -> dict[str, LeakFinding]:
    """Those of the suspicions that rose in a further round as well, by about as much a call."""
    left = {}
    for metric, known in suspicions.items():
        rise = _trend(counters.series[metric], calls)
        growth = (*known.growth_per_call, rise.slope)
        if rises(rise, metric) and not fades(growth):
            left[metric] = LeakFinding(metric, known.trend, growth, known.interval)
    return left


def _trend(values: Sequence[int], calls: int) -> Trend:
    return trend(_calls_made(calls), values)


def _calls_made(calls: int) -> list[int]:
    return [calls * n for n in range(READINGS)]


def _calls_to_explain(findings: Sequence[LeakFinding], most: int) -> int:
    """So many that what is kept is kept some two dozen times."""
    slowest = min(1.0, *(f.trend.slope for f in findings))
    return min(most, EXPLAINED_CALLS, int(KEPT / slowest))


def _explain(
    function: Callable[[], object], calls: int
) -> tuple[tuple[AllocatingLine, ...], StateComparison, float]:
    """The lines that allocated what is kept, what that is, and how many bytes a call."""
    lines, bytes_per_call = _traced(function, calls)
    before = dump("before", {})
    _call(function, calls)
    return lines, compare(before, dump("after", {}, earlier=(before,))), bytes_per_call


def _traced(function: Callable[[], object], calls: int) -> tuple[tuple[AllocatingLine, ...], float]:
    trace = LineTrace(TracedProcess())
    trace.start()
    try:
        was = tracemalloc.get_traced_memory()[0]
        _call(function, calls)
        grown = tracemalloc.get_traced_memory()[0] - was
    finally:
        trace.stop()
    return trace.lines, max(0, grown) / calls


def _call(function: Callable[[], object], calls: int) -> None:
    for _ in range(calls):
        function()
    gc.collect()
