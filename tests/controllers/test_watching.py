"""MemoryController: readings until somebody cancels."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from budgetinator.controllers import MemoryController
from budgetinator.errors import Cancelled, ConfigError
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import WorkbookHost
from tests.controllers.tasks import MILLISECONDS, SECONDS, Heard
from tests.workbooks.builders import make_workbook

Service = ResourceManagementService


@pytest.fixture
def controller(service: Service) -> Iterator[MemoryController]:
    controller = MemoryController()
    yield controller
    controller.cleanup()


def watched(controller: MemoryController, readings: int) -> Heard:
    """What is said until so many readings have come, and a cancel."""
    worker = controller.start_watching(0.02).value
    heard, enough = Heard(worker), threading.Event()
    worker.partial_ready.connect(
        lambda _reading: enough.set() if len(heard.of("partial")) >= readings else None
    )
    worker.start()
    assert enough.wait(SECONDS)
    controller.cancel_current_operation()
    assert worker.wait(MILLISECONDS)
    return heard


def test_readings_come_until_a_cancel(controller: MemoryController, service: Service) -> None:
    """Bytes of process and system, and what is tracked; the result is Cancelled."""
    service.track_resource(controller, "memory", None, size_bytes=5_000_000_000)

    heard = watched(controller, 3)

    readings = heard.of("partial")
    assert len(readings) >= 3
    assert isinstance(heard.result.error, Cancelled)
    assert all(reading.process.rss > 1_000_000 for reading in readings)
    assert all(reading.system.total > reading.process.rss for reading in readings)
    assert readings[-1].tracked_bytes == 5_000_000_000
    assert readings[-1].resources == {"memory": 1, "worker": 1}


def test_each_open_workbook_is_read_by_its_path(service: Service, tmp_path: Path) -> None:
    """The private memory of its process, as long as it is there."""
    path = make_workbook(tmp_path / "budget.xlsx")
    with WorkbookHost.open(path, service=service) as host:
        controller = MemoryController(hosts=lambda: [host])
        heard = watched(controller, 1)
        controller.cleanup()

    (size,) = heard.of("partial")[0].hosts.values()
    assert list(heard.of("partial")[0].hosts) == [str(path)]
    assert size > 1_000_000


def test_without_a_service_nothing_is_tracked_and_all_else_is_read() -> None:
    """`resources` is None; the readings come."""
    controller = MemoryController()

    heard = watched(controller, 1)
    controller.cleanup()

    reading = heard.of("partial")[0]
    assert (reading.tracked_bytes, dict(reading.resources)) == (0, {})
    assert reading.process.rss > 1_000_000


@pytest.mark.parametrize("interval", [0, -1, 0.001, float("nan")])
def test_an_interval_that_would_be_seen_in_what_it_watches_is_refused(
    controller: MemoryController, interval: float
) -> None:
    """At least 20 ms; the error names the argument."""
    result = controller.start_watching(interval)

    assert isinstance(result.error, ConfigError)
    assert result.error.key == "interval"
