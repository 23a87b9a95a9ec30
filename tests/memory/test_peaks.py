from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest

from budgetinator.memory import MemoryMonitor
from budgetinator.memory.peaks import HighWaterMark, PeakMeter, SampledSize, process_meter
from budgetinator.memory.spans import Span
from tests.memory.touching import MEBIBYTE, touched

exact = pytest.mark.skipif(
    process_meter().method != "vmhwm", reason="this system's high-water mark cannot be set back"
)


def increase(span: Span) -> float:
    assert span.reading is not None
    return (span.reading.peak - span.reading.before) / MEBIBYTE


@exact
def test_peak_is_seen_although_the_memory_is_gone_at_the_end() -> None:
    """A buffer of 64 MB that lives for a moment is in the peak and not in the delta."""
    monitor = MemoryMonitor()

    with monitor.monitor_operation("spike") as span:
        touched(64)

    assert span.reading is not None
    assert span.reading.method == "vmhwm"
    assert 63 <= increase(span) <= 68
    assert span.reading.delta < 4 * MEBIBYTE


@exact
def test_earlier_peak_is_not_of_a_later_span() -> None:
    """What was allocated before a span began does not count for it."""
    monitor = MemoryMonitor()
    touched(64)

    with monitor.monitor_operation("quiet") as span:
        touched(40)

    assert 39 <= increase(span) <= 44


@exact
def test_outer_peak_survives_an_inner_span() -> None:
    """An inner span sets the mark back, and the outer one keeps its own peak."""
    monitor = MemoryMonitor()

    with monitor.monitor_operation("outer") as outer:
        touched(64)
        with monitor.monitor_operation("inner") as inner:
            touched(40)

    assert 63 <= increase(outer) <= 68
    assert 39 <= increase(inner) <= 44
    assert not outer.shared
    assert not inner.shared


@exact
def test_inner_peak_belongs_to_the_outer_span_as_well() -> None:
    """An outer span that allocates nothing has at least its inner span's peak."""
    monitor = MemoryMonitor()

    with monitor.monitor_operation("outer") as outer, monitor.monitor_operation("inner") as inner:
        touched(64)

    assert increase(inner) >= 63
    assert increase(outer) >= 63


@exact
def test_two_monitors_do_not_take_each_others_peak() -> None:
    """A span of another monitor that sets the mark back leaves the first one's peak alone."""
    first, second = MemoryMonitor(), MemoryMonitor()

    with first.monitor_operation("first") as span:
        touched(64)
        with second.monitor_operation("second"):
            pass

    assert increase(span) >= 63


def test_spans_of_two_threads_are_flagged_as_shared_and_not_nested() -> None:
    """Two threads that measure at once each have their own span, and both peaks are shared."""
    monitor = MemoryMonitor()
    inside, leave = threading.Event(), threading.Event()
    spans: list[Span] = []

    def work() -> None:
        with monitor.monitor_operation("other") as span:
            spans.append(span)
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(10)
    with monitor.monitor_operation("mine") as mine:
        assert mine.parent is None
        leave.set()
        thread.join()

    assert mine.reading is not None
    assert mine.reading.shared
    assert spans[0].shared
    assert monitor.get_profile("other")["shared"]


@exact
def test_concurrent_span_keeps_the_peak_from_before_the_other_began() -> None:
    """A span of another thread that begins later does not take this one's peak away."""
    monitor = MemoryMonitor()

    def work() -> None:
        with monitor.monitor_operation("late"):
            pass

    with monitor.monitor_operation("early") as early:
        touched(64)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert increase(early) >= 63
    assert early.shared


def test_async_tasks_do_not_mix() -> None:
    """Tasks that overlap end in the wrong order, and each span has its own name and parent."""
    monitor = MemoryMonitor()
    parents: dict[str, object] = {}

    async def task(name: str, started: asyncio.Event, until: asyncio.Event) -> None:
        async with monitor.monitor_operation(name) as span:
            parents[name] = span.parent
            started.set()
            await until.wait()
            with monitor.monitor_operation(f"{name} inner") as inner:
                parents[f"{name} inner"] = inner.parent
                assert inner.parent is span

    async def main() -> Span:
        first_in, second_in = asyncio.Event(), asyncio.Event()
        with monitor.monitor_operation("outer") as outer:
            first = asyncio.create_task(task("first", first_in, second_in))
            await first_in.wait()
            second = asyncio.create_task(task("second", second_in, first_in))
            await asyncio.gather(first, second)
        return outer

    outer = asyncio.run(main())

    assert parents["first"] is outer
    assert parents["second"] is outer
    assert not outer.shared
    assert monitor.get_profile("first")["shared"]
    assert monitor.get_profile("second")["shared"]
    assert monitor.get_profile("outer")["calls"] == 1


def test_span_that_ends_in_another_context_leaves_the_right_parent() -> None:
    """Entered in a copied context and left outside of it, a span does not become a parent."""
    import contextvars

    monitor = MemoryMonitor()
    operation = monitor.monitor_operation("moved")
    context = contextvars.copy_context()

    context.run(operation.__enter__)
    operation.__exit__(None, None, None)

    with monitor.monitor_operation("next") as span:
        assert span.parent is None
    assert context.run(lambda: Span("inside", process_meter()).parent) is None
    assert monitor.get_profile("moved")["calls"] == 1


def test_sampled_peaks_say_so_and_see_what_lasts() -> None:
    """Where the mark cannot be set back, a peak is sampled, and the sampling thread ends."""
    meter = PeakMeter(SampledSize())
    monitor = MemoryMonitor(meter=meter)
    before = threading.active_count()

    with monitor.monitor_operation("long") as span:
        assert threading.active_count() == before + 1
        buffer = touched(64)
        meter.fold()
        del buffer

    assert threading.active_count() == before
    assert monitor.get_profile("long")["method"] == "sampled"
    assert increase(span) >= 63


def test_sampler_finds_a_peak_by_itself() -> None:
    """The sampling thread sees a buffer that lives longer than its interval."""
    meter = PeakMeter(SampledSize())
    span = Span("watched", meter)
    span.start()
    buffer = touched(64)
    reached = threading.Event()

    def wait_for_peak() -> None:
        while span.peak - span.before < 63 * MEBIBYTE:
            if reached.wait(0.01):
                return
        reached.set()

    watcher = threading.Thread(target=wait_for_peak)
    watcher.start()
    found = reached.wait(5)
    reached.set()
    watcher.join()
    del buffer
    span.finish()
    span.leave()

    assert found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_forked_child_measures_though_a_parents_thread_held_the_lock() -> None:
    """A child forked while another thread is inside the meter can measure, and ends well."""
    meter = PeakMeter()
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with meter._lock:  # the fault: a fork in the middle of another thread's reading
            held.set()
            release.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    child = os.fork()
    if child == 0:
        signal.alarm(10)  # a child that waits for the lock dies of it, and fails the test
        calls = 0
        try:
            monitor = MemoryMonitor(meter=meter)
            with monitor.monitor_operation("in the child"):
                pass
            calls = monitor.get_profile("in the child")["calls"]
        finally:
            os._exit(calls)
    release.set()
    thread.join()
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 1


@exact
def test_lifetime_peak_survives_the_spans() -> None:
    """The process's own peak is still told after spans have set the mark back."""
    touched(64)
    high = process_meter().lifetime_peak()

    with MemoryMonitor().monitor_operation("reset"):
        pass

    assert process_meter().lifetime_peak() >= high
    assert HighWaterMark().read()[1] < high
