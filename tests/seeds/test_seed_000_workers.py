"""Seed 000: workers, tracked until they have finished, cancelled, and never terminated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from budgetinator.errors import WorkerStuck
from budgetinator.resources import (
    BaseResourceCoordinator,
    ReleaseOutcome,
    ResourceManagementService,
    Worker,
    WorkerResourceCoordinator,
)
from tests.seeds.workers import MILLISECONDS, DeafWorker, MediaAnalysisWorker
from tests.support.logs import ExpectLog

Service = ResourceManagementService


class Component:
    """Anything that starts workers."""


@pytest.fixture
def component() -> Component:
    return Component()


@pytest.fixture
def resources(service: Service, component: Component) -> WorkerResourceCoordinator:
    coordinator = WorkerResourceCoordinator("MediaAnalysisController_1")
    coordinator.bind_to_component(component)
    return coordinator


def test_a_worker_hands_its_result_across_by_signals(folder: Path) -> None:
    """`result_ready` and `progress_update` come from the worker's thread, then `finished`."""
    paths = [folder / "file1.xlsx", folder / "file2.xlsx"]
    worker = MediaAnalysisWorker(paths)
    events: list[Any] = []
    worker.progress_update.connect(lambda percent, name: events.append((percent, name)))
    worker.result_ready.connect(lambda result: events.append(result.value))
    worker.finished.connect(lambda: events.append(threading.current_thread().name))

    worker.start()
    ended = worker.wait(MILLISECONDS)

    total = sum(path.stat().st_size for path in paths)
    assert ended
    assert isinstance(worker, Worker)
    assert events == [(50, "file1.xlsx"), (100, "file2.xlsx"), total, "media_analysis"]


def test_a_finished_worker_is_released_without_being_asked(
    service: Service, component: Component, resources: WorkerResourceCoordinator
) -> None:
    """The coordinator listens to `finished`: `auto_release=True` is the default."""
    worker = MediaAnalysisWorker()
    resource_id = resources.track_worker(worker, name="exiftool_084001")
    while_tracked = service.get_resource_count(component)

    worker.start()
    worker.wait(MILLISECONDS)

    assert while_tracked == {"worker": 1}
    assert service.get_resource(resource_id) is None
    assert resources.get_active_workers() == {}


def test_without_auto_release_a_finished_worker_stays_until_it_is_released(
    service: Service, resources: WorkerResourceCoordinator
) -> None:
    """`auto_release=False` leaves the release to the caller, and nobody cancels it then."""
    worker = MediaAnalysisWorker()
    resource_id = resources.track_worker(worker, auto_release=False)

    worker.start()
    worker.wait(MILLISECONDS)
    tracked = service.get_resource(resource_id)
    outcome = resources.release(resource_id)

    assert tracked is not None
    assert tracked.resource() is worker
    assert outcome is ReleaseOutcome.RELEASED
    assert not worker.cancelled.is_set()


def test_cleanup_cancels_a_running_worker_and_waits_for_it(
    resources: WorkerResourceCoordinator,
) -> None:
    """Graceful first: `cancel()`, `quit()`, then a wait until the deadline."""
    worker = MediaAnalysisWorker(until_cancelled=True)
    resources.track_worker(worker, name="analysis", cancel_on_cleanup=True)
    worker.start()

    resources.cleanup_all()

    assert worker.cancelled.is_set()
    assert not worker.isRunning()
    assert resources.get_resource_count() == 0


def test_the_printed_handler_works_as_a_cleanup_handler(
    service: Service, resources: WorkerResourceCoordinator
) -> None:
    """`lambda w: w.cancel() if w and w.isRunning() else None`, given for a custom resource."""
    worker = MediaAnalysisWorker(until_cancelled=True)
    cleanup_handler = lambda w: w.cancel() if w and w.isRunning() else None  # noqa: E731
    resource_id = resources.track_resource(worker, cleanup_handler=cleanup_handler)
    worker.start()

    resources.release(resource_id)

    assert worker.cancelled.is_set()
    assert worker.wait(MILLISECONDS)


def test_all_workers_are_cancelled_under_one_deadline(
    resources: WorkerResourceCoordinator,
) -> None:
    """`cancel_all_workers(timeout_ms)` is true when all of them have ended in time."""
    workers = [MediaAnalysisWorker(until_cancelled=True) for _ in range(3)]
    for number, worker in enumerate(workers):
        resources.track_worker(worker, name=f"batch_{number}")
        worker.start()

    ended = resources.cancel_all_workers(timeout_ms=MILLISECONDS)

    assert ended is True
    assert [worker.isRunning() for worker in workers] == [False] * 3
    assert resources.get_active_workers() == {}


def test_a_stuck_worker_is_parked_and_named_and_never_terminated(
    service: Service, resources: WorkerResourceCoordinator, expect_log: ExpectLog
) -> None:
    """Not `cleanup_worker`'s third stage, "Force terminating worker": it is named and kept."""
    expect_log("Worker deaf of MediaAnalysisController_1 still runs 0.01 s")
    worker = DeafWorker("deaf")
    resource_id = resources.track_worker(worker, name="deaf")
    worker.start()

    ended = resources.cancel_all_workers(timeout_ms=10)
    parked = service.get_resource(resource_id)
    worker.let_end.set()
    worker.wait(MILLISECONDS)

    assert ended is False
    assert parked is not None
    assert parked.resource() is worker
    assert not worker.terminated
    assert service.get_resource(resource_id) is None


def test_a_cleanup_names_the_worker_that_did_not_end(
    service: Service,
    component: Component,
    resources: WorkerResourceCoordinator,
    expect_log: ExpectLog,
) -> None:
    """One that outlives its deadline is a WorkerStuck in the group, and can be tried again."""
    expect_log("could not be closed: Worker deaf still runs")
    worker = DeafWorker("deaf")
    resource_id = resources.track_worker(worker, deadline=0.01)
    worker.start()

    with pytest.raises(ExceptionGroup) as raised:
        resources.cleanup_all()

    tracked = service.get_resource(resource_id)
    worker.let_end.set()
    worker.wait(MILLISECONDS)
    stuck = raised.value.exceptions[0]
    assert isinstance(stuck, WorkerStuck)
    assert stuck.workers == ("deaf",)
    assert tracked is not None
    assert "still runs" in str(tracked.failure)


def test_active_workers_are_told_with_name_and_run_time(
    resources: WorkerResourceCoordinator,
) -> None:
    """`get_active_workers()` and the keys of `get_statistics()`."""
    worker = MediaAnalysisWorker(until_cancelled=True)
    resource_id = resources.track_worker(worker, name="analysis")
    worker.start()

    told = resources.get_active_workers()[resource_id]
    statistics = resources.get_statistics()
    resources.cleanup_all()

    assert (told["name"], told["is_running"], told["auto_release"]) == ("analysis", True, True)
    assert told["runtime_seconds"] >= 0
    assert (statistics["total_tracked"], statistics["active_workers"]) == (1, 1)
    assert list(statistics["workers"]) == [resource_id]


@pytest.mark.parametrize("kind", [BaseResourceCoordinator, WorkerResourceCoordinator])
def test_both_coordinators_track_workers(
    service: Service, kind: Callable[[str], BaseResourceCoordinator]
) -> None:
    """The base coordinator releases a finished worker too; the other one lists and cancels."""
    component = Component()
    resources = kind("SomeController_1").bind_to_component(component)
    worker = MediaAnalysisWorker()

    resource_id = resources.track_worker(worker, name="operation")
    worker.start()
    worker.wait(MILLISECONDS)

    assert isinstance(resource_id, str)
    assert resources.get_resource_count() == 0
