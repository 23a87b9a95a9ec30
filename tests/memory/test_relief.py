"""Memory pressure and real workbooks: what is closed, by which thread, and what never is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from budgetinator import ExcelManager
from budgetinator.config import MemoryManagement, ResourceOptions, Settings
from budgetinator.memory import MemoryMonitor
from budgetinator.runtime import Runtime, make_runtime
from tests.support.logs import ExpectLog
from tests.workbooks.builders import make_workbook

FAST = 0.01


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    """A runtime whose process is over its threshold from the start."""
    settings = Settings(
        memory_management=MemoryManagement(memory_threshold_mb=1, cleanup_interval_seconds=3600),
        resources=ResourceOptions(journal=False),
    )
    with make_runtime(settings) as runtime:
        runtime.service.set_global_memory_limit(None)  # only the process's size counts here
        yield runtime


def open_in(runtime: Runtime, path: Path) -> ExcelManager:
    manager = ExcelManager(make_workbook(path), service=runtime.surroundings)
    assert manager.workbook.sheetnames == ["Budget"]
    return manager


def watched(monitor: MemoryMonitor, *, until: Callable[[], bool]) -> None:
    with monitor.start_monitoring(FAST):
        while not until():
            threading.Event().wait(FAST)


def test_idle_workbooks_are_closed_in_their_own_thread_as_it_comes_by(
    runtime: Runtime, tmp_path: Path
) -> None:
    """Oldest first, without the changed, the held and the protected one; they open again."""
    monitor = runtime.memory_monitor
    names = ("oldest", "changed", "protected", "held", "youngest")
    managers = {name: open_in(runtime, tmp_path / f"{name}.xlsx") for name in names}
    managers["changed"].workbook["Budget"]["A1"] = "new"
    sheet = managers["held"].workbook["Budget"]
    (protected,) = [
        resource.resource_id
        for component in runtime.service.snapshot().components
        for resource in component.resources.values()
        if resource.name is not None and "protected" in resource.name
    ]
    runtime.service.protect(protected)
    closed: list[str] = []
    runtime.service.resource_released.connect(lambda component, _: closed.append(component))

    with monitor.start_monitoring(FAST):
        while len(monitor.samples()) < 3:
            threading.Event().wait(FAST)
        assert [manager.is_open for manager in managers.values()] == [True] * 5
        with monitor.monitor_operation("the next thing that the program does"):
            still_open = [name for name, manager in managers.items() if manager.is_open]

    assert still_open == ["changed", "protected", "held"]
    assert closed == sorted(closed)
    assert len(closed) == 2
    assert managers["oldest"].workbook["Budget"]["A1"].value is not None
    assert sheet["A1"].value is not None
    for manager in managers.values():
        if manager.is_modified:
            manager.force_close()
        manager.close()


def test_workbook_of_a_thread_that_ended_is_closed_by_the_sampling_thread(
    runtime: Runtime, tmp_path: Path
) -> None:
    """What belongs to nobody needs nobody to come by."""
    opened: list[ExcelManager] = []
    thread = threading.Thread(
        target=lambda: opened.append(open_in(runtime, tmp_path / "plan.xlsx"))
    )
    thread.start()
    thread.join()

    watched(runtime.memory_monitor, until=lambda: not opened[0].is_open)

    assert not opened[0].is_closed
    opened[0].close()


def test_each_thread_cleans_up_once_an_interval_and_none_below_the_threshold() -> None:
    """The clean-up is not run again by a thread that has, nor when memory is free again."""
    ran: list[int] = []

    def clean_up() -> int:
        ran.append(threading.get_ident())
        return 1

    now = [1_000.0]
    size = MemoryManagement(memory_threshold_mb=1, cleanup_interval_seconds=60)
    monitor = MemoryMonitor(cleanup=clean_up, settings=size, clock=lambda: now[0])
    assert monitor.relieve() == 0

    sampler = threading.Thread(target=monitor._sample)
    sampler.start()
    sampler.join()
    assert [monitor.relieve(), monitor.relieve()] == [1, 0]
    assert len(set(ran)) == len(ran) == 2

    now[0] = 1_061.0
    sampler = threading.Thread(target=monitor._sample)
    sampler.start()
    sampler.join()
    monitor.stop_monitoring()
    assert monitor.relieve() == 0
    assert len(ran) == 3


def test_clean_up_that_fails_leaves_the_operation_alone(
    caplog: pytest.LogCaptureFixture, expect_log: ExpectLog
) -> None:
    """An operation that begins under pressure runs although the clean-up raises."""
    expect_log("the clean-up for memory pressure failed")

    def clean_up() -> int:
        if threading.current_thread() is threading.main_thread():
            raise OSError("disk")
        return 0

    monitor = MemoryMonitor(cleanup=clean_up, settings=MemoryManagement(memory_threshold_mb=1))
    sampler = threading.Thread(target=monitor._sample)
    sampler.start()
    sampler.join()

    with monitor.monitor_operation("work"):
        pass

    assert monitor.get_profile("work")["failures"] == 0
    assert "OSError: disk" in caplog.text
