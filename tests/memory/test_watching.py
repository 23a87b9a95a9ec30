from __future__ import annotations

import gc
import logging
import threading
import time
import weakref

import pytest

from budgetinator.config import MemoryManagement
from budgetinator.errors import ConfigError
from budgetinator.memory import MemoryMonitor, PressureEvent, Watermarks
from budgetinator.memory.pressure import Pressure
from budgetinator.memory.readings import resident_bytes
from budgetinator.memory.sampling import SampleRing
from tests.memory.touching import MEBIBYTE, touched
from tests.support.logs import ExpectLog

FAST = 0.005


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def marks_above_now() -> Watermarks:
    rss = resident_bytes()
    return Watermarks(high=rss + 48 * MEBIBYTE, low=rss + 32 * MEBIBYTE)


def test_monitoring_samples_and_its_thread_ends() -> None:
    """Monitoring starts one thread, samples real sizes, and stops twice without harm."""
    monitor = MemoryMonitor()

    monitor.start_monitoring(interval=FAST)
    monitor.start_monitoring(interval=FAST)
    assert names().count("budgetinator-memory") == 1
    deadline = time.monotonic() + 5
    while len(monitor.samples()) < 3 and time.monotonic() < deadline:
        threading.Event().wait(FAST)
    monitor.stop_monitoring()
    monitor.stop_monitoring()

    samples = monitor.samples()
    assert len(samples) >= 3
    assert [each.at for each in samples] == sorted(each.at for each in samples)
    assert abs(samples[-1].rss - resident_bytes()) < 32 * MEBIBYTE
    assert not monitor.monitoring
    assert "budgetinator-memory" not in names()


def test_context_forms_leave_no_thread() -> None:
    """Leaving `with monitor` or `with monitor.start_monitoring()` ends the thread."""
    with MemoryMonitor() as monitor:
        assert monitor.monitoring
    assert not monitor.monitoring
    with monitor.start_monitoring(interval=FAST):
        assert monitor.monitoring
    assert "budgetinator-memory" not in names()


def test_interval_must_be_above_zero() -> None:
    """An interval of nothing is refused before a thread is started."""
    with pytest.raises(ConfigError, match="interval"):
        MemoryMonitor().start_monitoring(interval=0)
    assert "budgetinator-memory" not in names()


def test_forgotten_monitor_is_let_go_by_its_thread() -> None:
    """The sampling thread does not keep the monitor alive, and ends without it."""
    monitor = MemoryMonitor()
    monitor.start_monitoring(interval=FAST)
    thread = next(each for each in threading.enumerate() if each.name == "budgetinator-memory")
    gone = weakref.ref(monitor)

    del monitor
    gc.collect()
    thread.join(5)
    gc.collect()

    assert gone() is None
    assert not thread.is_alive()


def test_one_event_an_excursion_with_a_real_buffer() -> None:
    """A buffer over the high watermark gives one high event, its end one low event."""
    events: list[PressureEvent] = []
    high, low = threading.Event(), threading.Event()

    def told(event: PressureEvent) -> None:
        events.append(event)
        (high if event.level == "high" else low).set()

    monitor = MemoryMonitor(pressure=marks_above_now())
    undo = monitor.on_pressure(told)
    with monitor.start_monitoring(interval=FAST):
        buffer = touched(64)
        assert high.wait(5)
        more = touched(40)
        seen = len(monitor.samples())
        while len(monitor.samples()) < seen + 5:
            threading.Event().wait(FAST)
        del buffer, more
        assert low.wait(5)
        undo()
        undo()

    assert [event.level for event in events] == ["high", "low"]
    assert events[0].rss >= events[0].watermark


def test_callback_that_fails_does_not_keep_the_others_from_being_told(
    caplog: pytest.LogCaptureFixture, expect_log: ExpectLog
) -> None:
    """Every callback is called although the first raises, and the error is logged."""
    expect_log("a callback for memory pressure failed")
    pressure = Pressure(Watermarks(high=100, low=50))
    told: list[PressureEvent] = []

    def broken(event: PressureEvent) -> None:
        raise OSError("no more paper")

    pressure.connect(broken)
    pressure.connect(told.append)
    with caplog.at_level(logging.ERROR, logger="budgetinator.memory"):
        for size in (99, 100, 500, 60, 49, 49, 100):
            pressure.observe(size)

    assert [event.level for event in told] == ["high", "low", "high"]
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == [
        "no more paper"
    ] * 3


@pytest.mark.parametrize(("high", "low"), [(0, 0), (10, 11), (10, 0)])
def test_watermarks_must_make_sense(high: int, low: int) -> None:
    """The low watermark is above nothing and not above the high one."""
    with pytest.raises(ConfigError, match="watermark"):
        Watermarks(high=high, low=low)


def test_auto_cleanup_runs_above_the_threshold_and_not_oftener_than_its_interval() -> None:
    """Over the threshold the clean-up runs at once and then waits for its interval."""
    now = [1_000.0]
    ran = []

    def clean_up() -> int:
        ran.append(now[0])
        return 1

    monitor = MemoryMonitor(
        cleanup=clean_up,
        settings=MemoryManagement(memory_threshold_mb=1, cleanup_interval_seconds=300),
        clock=lambda: now[0],
    )
    for now[0] in (1_000.0, 1_001.0, 1_299.0, 1_300.0, 1_301.0):
        monitor._sample()

    assert ran == [1_000.0, 1_300.0]


@pytest.mark.parametrize(
    "settings",
    [
        MemoryManagement(memory_threshold_mb=1, auto_cleanup=False),
        MemoryManagement(memory_threshold_mb=1_000_000),
    ],
)
def test_no_cleanup_when_switched_off_or_below_the_threshold(settings: MemoryManagement) -> None:
    """Nothing is cleaned up without `auto_cleanup`, nor below the threshold."""
    ran: list[int] = []

    def clean_up() -> int:
        ran.append(1)
        return 1

    MemoryMonitor(cleanup=clean_up, settings=settings)._sample()

    assert ran == []


def test_cleanup_may_stop_the_monitor_that_calls_it() -> None:
    """A clean-up that stops monitoring from the sampling thread does not wait for itself."""
    stopped = threading.Event()

    def clean_up() -> int:
        monitor.stop_monitoring()
        stopped.set()
        return 0

    monitor = MemoryMonitor(cleanup=clean_up, settings=MemoryManagement(memory_threshold_mb=1))
    monitor.start_monitoring(interval=FAST)

    assert stopped.wait(5)
    assert not monitor.monitoring
    for thread in threading.enumerate():
        if thread.name == "budgetinator-memory":
            thread.join(5)


def test_cleanup_that_fails_is_logged_and_monitoring_goes_on(
    caplog: pytest.LogCaptureFixture, expect_log: ExpectLog
) -> None:
    """An error in the clean-up is logged with its traceback, and samples keep coming."""
    expect_log("a sample of the memory monitor failed")

    def clean_up() -> int:
        raise OSError("cannot close")

    monitor = MemoryMonitor(cleanup=clean_up, settings=MemoryManagement(memory_threshold_mb=1))
    with (
        caplog.at_level(logging.ERROR, logger="budgetinator.memory"),
        monitor.start_monitoring(interval=FAST),
    ):
        deadline = time.monotonic() + 5
        while len(monitor.samples()) < 3 and time.monotonic() < deadline:
            threading.Event().wait(FAST)

    assert len(monitor.samples()) >= 3
    assert "cannot close" in caplog.text


def test_ring_keeps_the_latest_and_no_more() -> None:
    """Ten samples in a ring of four leave the last four, oldest first."""
    ring = SampleRing(4)
    for number in range(10):
        ring.add(float(number), number)

    assert [each.rss for each in ring.samples()] == [6, 7, 8, 9]
    assert len(ring) == 4
