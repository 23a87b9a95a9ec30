"""MemoryMonitor: named operations, dumped states, pressure and suspects.

It knows no workbook and no resource service: what it must know of them comes
in as callables. Its own memory is bounded: a record an operation and at most
1,000 of them, eight dumped states, an hour of samples at the usual rate.
"""

from __future__ import annotations

import gc
import logging
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from budgetinator.config import MemoryManagement
from budgetinator.errors import ConfigError, UnknownOperation, UnknownState
from budgetinator.memory.counting import BlockCensus, CollectionAllowance, IdleBlocks
from budgetinator.memory.operations import MeasuredOperation
from budgetinator.memory.peaks import ForkAwareLock, process_meter
from budgetinator.memory.pressure import Pressure, Watermarks
from budgetinator.memory.readings import (
    descriptor_count,
    get_system_memory_info,
    heap_in_use,
    resident_bytes,
)
from budgetinator.memory.records import MIN_CALLS, OperationRecord
from budgetinator.memory.relief import Relief
from budgetinator.memory.sampling import SampleRing, Ticker
from budgetinator.memory.spans import Span
from budgetinator.memory.states import compare, dump
from budgetinator.memory.suspects import Suspect
from budgetinator.memory.tracing import TracedProcess, trace_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager
    from typing import Self

    from budgetinator.memory.operations import Form
    from budgetinator.memory.peaks import PeakMeter
    from budgetinator.memory.pressure import PressureEvent
    from budgetinator.memory.records import Growth
    from budgetinator.memory.sampling import Sample
    from budgetinator.memory.states import MemoryState
    from budgetinator.memory.tracing import ProfileMode, Trace
    from budgetinator.memory.types import (
        MonitorStats,
        OperationProfile,
        StateComparison,
        SystemMemoryInfo,
    )

__all__ = ["MemoryMonitor"]

log = logging.getLogger("budgetinator.memory")

MEBIBYTE = 1024 * 1024
OPERATIONS = 1_000
STATES = 8
SAMPLES = 3_600
RELIEF = 0.9
RECHECK = 1.5


def no_resources() -> Mapping[str, int]:
    """Nothing is held: the answer where no resource service was given."""
    return {}


def no_suspects() -> Iterable[Suspect]:
    """Nobody else suspects anything."""
    return ()


class MemoryMonitor:
    """Measures operations and watches the process. Usable from any thread.

    `resources` gives what is held, by name; `suspects` what was held too long
    or outlived its component; `cleanup` frees what may be freed and returns how
    much. `pressure` are the watermarks in bytes; without them pressure begins at
    the settings' threshold and ends at nine tenths of it. Callbacks run in the
    thread that samples; `cleanup` too, and as long as memory stays over the high
    watermark once in each thread that begins an operation or calls `relieve`.
    No lock is held meanwhile.
    """

    def __init__(
        self,
        *,
        resources: Callable[[], Mapping[str, int]] | None = None,
        suspects: Callable[[], Iterable[Suspect]] | None = None,
        pressure: Watermarks | None = None,
        cleanup: Callable[[], int] | None = None,
        settings: MemoryManagement | None = None,
        meter: PeakMeter | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._settings = settings or MemoryManagement()
        self._resources = resources or no_resources
        self._suspects = suspects or no_suspects
        self._relief: Relief | None = None
        if cleanup is not None and self._settings.auto_cleanup:
            self._relief = Relief(cleanup, self._settings.cleanup_interval_seconds)
        self._clock = clock
        self._meter = meter or process_meter()
        self._pressure = Pressure(pressure or _watermarks(self._settings))
        self._debug = self._settings.debug_mode
        self._lock = ForkAwareLock()
        self._records: dict[str, OperationRecord] = {}
        self._states: dict[str, MemoryState] = {}
        self._verdicts: dict[str, tuple[int, Suspect | None]] = {}
        self._total_calls = 0
        self._traced = TracedProcess()
        self._census = BlockCensus()
        self._idle = IdleBlocks(self._meter)
        self._allowance = CollectionAllowance(clock)
        self._ring = SampleRing(SAMPLES)
        self._ticker: Ticker | None = None

    def __enter__(self) -> Self:
        self.start_monitoring()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # Operations

    def monitor_operation(self, operation_name: str) -> MeasuredOperation:
        """Measure what this decorates or encloses, without collecting garbage.

        There are two exceptions. Before the first call of a new name garbage is
        collected once, to have something to compare with, unless that came to over
        1 % of the run time. And as soon as a call has left something behind,
        the calls after it collect the two young generations before and after: some
        microseconds, without which short-lived cycles would look like a leak.
        """
        return MeasuredOperation(
            operation_name, lambda form: self._begin(operation_name, form), self._finish
        )

    def profile_operation(
        self, operation_name: str, *, mode: ProfileMode = "memory"
    ) -> MeasuredOperation:
        """Measure with a collection before and after, so that what is retained is exact.

        `mode="python"` adds the lines that allocated what is retained, at several
        times the run time; `mode="deep"` a memray file. Raises MonitorError
        for "deep" where memray is not installed.
        """
        factory = trace_factory(mode, self._traced)
        if factory is None:
            return MeasuredOperation(
                operation_name,
                lambda form: self._begin(operation_name, form, collect=True),
                self._finish,
            )
        return self._traced_operation(operation_name, factory)

    def _traced_operation(self, name: str, factory: Callable[[], Trace]) -> MeasuredOperation:
        traces: dict[int, Trace] = {}

        def begin(form: Form) -> Span:
            trace = factory()
            span = self._begin(name, form, collect=True)
            trace.start()
            traces[id(span)] = trace
            return span

        def finish(span: Span, failed: bool) -> None:
            trace = traces.pop(id(span))
            try:
                self._finish(span, failed)
            finally:
                trace.stop()
            self._keep_trace(name, trace)

        return MeasuredOperation(name, begin, finish)

    def _begin(self, name: str, form: Form, *, collect: bool = False) -> Span:
        self.relieve()
        idle = self._idle.of(form, collect=collect)
        record = self._records.get(name) or self._first_call(name, collect=not collect)
        return Span(
            name,
            self._meter,
            collect=collect,
            collect_young=record.left_something and not collect,
            count=collect or self._census.due(),
            idle_blocks=idle,
            clock=self._clock,
        )

    def _first_call(self, name: str, *, collect: bool) -> OperationRecord:
        """Make the record first: what it takes itself must not be counted as growth."""
        with self._lock:
            record = self._records.get(name) or self._add_record(name)
        if collect:
            record.anchor("blocks", self._allowance.collect())
        return record

    def _finish(self, span: Span, failed: bool) -> None:
        reading = span.finish(failed=failed)
        with self._lock:
            self._total_calls += 1
            record = self._records.get(span.name) or self._add_record(span.name)
            record.add(span, reading)
        if self._debug:
            log.debug(
                "%s: %.3f s, peak %.1f MB, delta %+.2f MB, retained %+.2f MB (%s%s)",
                reading.name,
                reading.seconds,
                reading.peak / MEBIBYTE,
                reading.delta / MEBIBYTE,
                reading.retained / MEBIBYTE,
                reading.method,
                ", shared" if reading.shared else "",
            )

    def _add_record(self, name: str) -> OperationRecord:
        """A new record; the oldest one goes when there are too many names."""
        if len(self._records) >= OPERATIONS:
            oldest = next(iter(self._records))
            del self._records[oldest]
            self._verdicts.pop(oldest, None)
        record = self._records[name] = OperationRecord(name)
        return record

    def _keep_trace(self, name: str, trace: Trace) -> None:
        with self._lock:
            record = self._records.get(name)
            if record is not None:
                record.lines, record.file = trace.lines, trace.file

    def get_profile(self, operation_name: str) -> OperationProfile:
        """The figures of one operation; raises UnknownOperation naming those there are."""
        with self._lock:
            record = self._records.get(operation_name)
            if record is not None and record.calls:
                return record.profile()
            known = _listed(name for name, each in self._records.items() if each.calls)
        raise UnknownOperation(
            f"no operation named {operation_name!r} was measured; measured were: {known}"
        )

    def get_stats(self) -> MonitorStats:
        """All operations and all suspects.

        An operation that seems to keep more with each call is checked against
        the process after one garbage collection, and again when it has been
        called half as often again.
        """
        leaks = [*self._operation_suspects(), *self._suspects()]
        operations = {}
        for record in self._known_records():
            with self._lock:
                operations[record.name] = record.profile()
        return {
            "operations": operations,
            "total_operations": self._total_calls,
            "potential_leaks": len(leaks),
            "leaks": leaks,
            "monitoring": self.monitoring,
            "samples": len(self._ring),
        }

    def _known_records(self) -> tuple[OperationRecord, ...]:
        with self._lock:
            return tuple(each for each in self._records.values() if each.calls)

    def _operation_suspects(self) -> list[Suspect]:
        rising = [
            (record, growth)
            for record in self._known_records()
            if (growth := self._rising(record)) is not None
        ]
        if rising:
            gc.collect()
            levels = {
                "blocks": sys.getallocatedblocks(),
                "descriptors": descriptor_count(),
                "heap": heap_in_use() or 0,
            }
            for record, growth in rising:
                self._judge(record, growth, levels[growth.metric])
        with self._lock:
            return [suspect for _, suspect in self._verdicts.values() if suspect is not None]

    def _rising(self, record: OperationRecord) -> Growth | None:
        """What rises by the rule, if the operation is due to be looked at again."""
        with self._lock:
            checked, _ = self._verdicts.get(record.name, (0, None))
            if record.calls < max(MIN_CALLS, RECHECK * checked):
                return None
            self._verdicts[record.name] = record.calls, None
            return record.growth()

    def _judge(self, record: OperationRecord, growth: Growth, level: int) -> None:
        per_call = growth.kept(level)
        with self._lock:
            if per_call == 0.0:
                record.anchor(growth.metric, level)
                return
            self._verdicts[record.name] = (
                record.calls,
                Suspect(
                    kind="operation",
                    name=record.name,
                    detail=f"keeps {per_call:.3g} {growth.metric} more with each call",
                    metric=growth.metric,
                    growth_per_call=per_call,
                    p=growth.trend.p,
                    calls=record.calls,
                ),
            )

    # States

    def dump_memory_state(self, label: str) -> MemoryState:
        """Count all objects, descriptors, threads and components under this label.

        The eight latest labels are kept; a label used again is replaced.
        """
        components = self._resources()
        with self._lock:
            earlier = tuple(self._states.values())
        state = dump(label, components, earlier)
        with self._lock:
            self._states.pop(label, None)
            self._states[label] = state
            if len(self._states) > STATES:
                del self._states[next(iter(self._states))]
        return state

    def compare_states(self, before: str, after: str) -> StateComparison:
        """What `after` has and `before` had not; raises UnknownState naming those there are."""
        return compare(self._state(before), self._state(after))

    def _state(self, label: str) -> MemoryState:
        with self._lock:
            state = self._states.get(label)
            if state is not None:
                return state
            known = _listed(self._states)
        raise UnknownState(f"no memory state was dumped as {label!r}; dumped were: {known}")

    # Watching

    @property
    def monitoring(self) -> bool:
        """Whether the sampling thread runs."""
        return self._ticker is not None and self._ticker.running

    def start_monitoring(self, interval: float = 1.0) -> AbstractContextManager[object]:
        """Sample the resident size every `interval` seconds in a thread of its own.

        A thread that samples already is replaced. What is returned stops
        monitoring when it is left: `with monitor.start_monitoring(0.1): ...`.
        """
        if not interval > 0:
            raise ConfigError(
                f"the interval between samples is {interval} s; it must be above 0",
                key="interval",
                expected="a number of seconds above 0",
            )
        ticker = Ticker(interval, self._sample, name="budgetinator-memory")
        with self._lock:
            replaced, self._ticker = self._ticker, ticker
        if replaced is not None:
            replaced.stop()
        ticker.start()
        scope = ExitStack()
        scope.callback(self.stop_monitoring)
        return scope

    def stop_monitoring(self) -> None:
        """End the sampling thread and wait for it; harmless when there is none."""
        with self._lock:
            ticker, self._ticker = self._ticker, None
        if ticker is not None:
            ticker.stop()
        if self._relief is not None:
            self._relief.end()

    def relieve(self) -> int:
        """Close what is idle and belongs to this thread, if memory is short; how much that was.

        Costs nothing else. Each thread does it once an interval of the settings; an
        operation that begins does it too.
        """
        if self._relief is None or not self._relief.owed:
            return 0
        return self._relief.here()

    def close(self) -> None:
        """Stop monitoring and forget callbacks and dumped states; what was measured stays."""
        self.stop_monitoring()
        self._pressure.clear()
        with self._lock:
            self._states.clear()

    def samples(self) -> tuple[Sample, ...]:
        """The latest 3,600 samples, oldest first."""
        return self._ring.samples()

    def on_pressure(self, callback: Callable[[PressureEvent], object]) -> Callable[[], None]:
        """Call `callback` at the high and the low watermark; returns the undo."""
        return self._pressure.connect(callback)

    def set_debug_mode(self, enabled: bool) -> None:
        """Log each finished operation to "budgetinator.memory" at DEBUG."""
        self._debug = enabled

    def get_system_memory_info(self) -> SystemMemoryInfo:
        """The memory of the system or container, in GB."""
        return get_system_memory_info()

    def _sample(self) -> None:
        now, rss = self._clock(), resident_bytes()
        self._ring.add(now, rss)
        self._pressure.observe(rss)
        if self._relief is None:
            return
        if rss >= self._pressure.watermarks.high:
            self._relief.begin(now, rss)
        else:
            self._relief.end()


def _watermarks(settings: MemoryManagement) -> Watermarks:
    high = settings.memory_threshold_mb * MEBIBYTE
    return Watermarks(high=high, low=int(high * RELIEF))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
