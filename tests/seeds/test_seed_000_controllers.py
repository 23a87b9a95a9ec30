"""Seed 000: controllers and tabs as printed, over the library's BaseController, without Qt."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from budgetinator.controllers import (
    BaseController,
    BatchController,
    CheckController,
    CompareController,
    EditController,
    MemoryController,
    OpenController,
    RecalculationController,
    SaveController,
    ThreadTask,
    WorkerController,
)
from budgetinator.errors import ComponentDestroyed
from budgetinator.resources import (
    BaseResourceCoordinator,
    IResourceManagementService,
    MockResourceCoordinator,
    ResourceManagementService,
    ResourceType,
    Signal,
    WorkerResourceCoordinator,
    get_service,
)
from tests.seeds.workers import MILLISECONDS, MediaAnalysisController, MediaAnalysisWorker
from tests.support.logs import ExpectLog

Service = ResourceManagementService


class MediaAnalysisTab:
    """The tab of the printed "After": it starts, shows and cleans up, and tracks nothing."""

    def __init__(self) -> None:
        self.controller: Any = MediaAnalysisController()
        self.current_worker: MediaAnalysisWorker | None = None
        self.last_results: Any = None

    def start_analysis(self, files: Iterable[Path] = ()) -> None:
        result = self.controller.start_analysis_workflow(files)
        if result.success:
            self.current_worker = result.value

    def cleanup(self) -> None:
        """Simple cleanup delegating to controller"""
        if self.controller:
            self.controller.cancel_current_operation()
            self.controller.cleanup()

        # Clear UI references only
        self.current_worker = None
        self.last_results = None


def test_a_controller_creates_and_binds_its_coordinator(service: Service) -> None:
    """With a service registered, `resources` is the coordinator of the overridden factory."""
    controller = MediaAnalysisController()

    assert isinstance(controller.resources, WorkerResourceCoordinator)
    assert controller.resources.component_id.startswith("MediaAnalysisController_")
    assert [info.component_type for info in service.snapshot().components] == ["controller"]


def test_each_controller_chooses_its_kind_of_coordinator(service: Service) -> None:
    """`_create_resource_coordinator` decides: workers for one, plain resources for the other."""

    class SimpleController(BaseController):
        def _create_resource_coordinator(self, component_id: str) -> BaseResourceCoordinator:
            return BaseResourceCoordinator(component_id)

    kinds = [type(SimpleController().resources), type(MediaAnalysisController().resources)]

    assert kinds == [BaseResourceCoordinator, WorkerResourceCoordinator]


def test_a_workflow_runs_from_start_to_release(service: Service, folder: Path) -> None:
    """Worker created, tracked, finished, released; the tab only reads `result.value`."""
    files = [folder / "file.xlsx"]
    tab = MediaAnalysisTab()
    results: list[int] = []

    tab.start_analysis(files)
    worker = tab.current_worker
    assert worker is not None
    tracked = service.get_resource_count(tab.controller)
    worker.result_ready.connect(lambda result: results.append(result.value))
    worker.start()
    worker.cancel()
    worker.wait(MILLISECONDS)

    assert tracked == {"worker": 1}
    assert results == [files[0].stat().st_size]
    assert service.get_resource_count(tab.controller) == {}
    tab.cleanup()


def test_cleanup_of_a_tab_ends_the_running_worker(service: Service) -> None:
    """The tab delegates; the controller cancels, the coordinator waits and releases."""
    tab = MediaAnalysisTab()
    tab.start_analysis()
    worker = tab.current_worker
    assert worker is not None
    worker.start()

    tab.cleanup()

    assert not worker.isRunning()
    assert service.get_resource_count(tab.controller) == {}
    assert tab.current_worker is None
    assert tab.controller.current_worker is None


def test_cancelling_clears_the_references(service: Service) -> None:
    """`cancel_operation`: the worker hears `cancel`, and the controller lets go of it."""
    controller = MediaAnalysisController()
    worker = controller.start_analysis_workflow([]).value
    worker.start()

    result = controller.cancel_current_operation()
    worker.wait(MILLISECONDS)

    assert result.success
    assert worker.cancelled.is_set()
    assert controller.current_worker is None
    assert controller.resources.get_resource_count() == 0


class TestController:
    def test_controller_without_service(self, folder: Path) -> None:
        """Without a service `resources` is None, "and every operation still works"."""
        files = [folder / "file.xlsx"]
        # Service not registered
        controller = MediaAnalysisController()

        # Should work without coordinator
        assert controller.resources is None

        # Operations should still work
        result = controller.start_analysis_workflow(files)
        assert result.success
        controller.cleanup()


SHIPPED = [
    *(BatchController, CheckController, CompareController, EditController),
    *(MemoryController, OpenController, RecalculationController, SaveController),
]


@pytest.mark.parametrize("kind", SHIPPED)
def test_each_shipped_controller_has_the_coordinator_of_workers(
    service: Service, kind: type[WorkerController]
) -> None:
    """All of them are "worker-heavy", and their ids begin with their names."""
    controller = kind()

    component_id = controller.resources.component_id
    assert isinstance(controller.resources, WorkerResourceCoordinator)
    assert component_id.startswith(f"{kind.__name__}_")
    controller.cleanup()
    assert service.snapshot().components == ()


@pytest.mark.parametrize("kind", SHIPPED)
def test_each_shipped_controller_can_be_made_without_a_service(
    kind: type[WorkerController],
) -> None:
    """`resources` is None, and cleanup is harmless, also twice."""
    controller = kind()

    assert controller.resources is None
    assert controller.cancel_current_operation().success
    controller.cleanup()
    controller.cleanup()


def test_a_workbook_is_opened_without_a_service(folder: Path) -> None:
    """Operations "should still work": opened, read, and closed by cleanup."""
    controller = OpenController()
    assert controller.resources is None
    hosts: list[Any] = []
    rows: list[Any] = []

    opening = controller.start_open(folder / "file.xlsx").value
    opening.result_ready.connect(lambda result: hosts.append(result.value))
    opening.start()
    opening.wait(MILLISECONDS)
    reading = controller.start_reading(hosts[0], "Budget").value
    reading.partial_ready.connect(lambda chunk: rows.extend(chunk.rows))
    reading.start()
    reading.wait(MILLISECONDS)
    controller.cleanup()

    assert [row[0] for row in rows] == ["Travel", "Total"]
    assert not hosts[0].is_open


def test_a_controller_deleted_with_active_resources_says_so(
    service: Service, expect_log: ExpectLog
) -> None:
    """The printed complaint, with their number and the worker's name; cleanup is the solution."""
    expect_log(
        "Controller being deleted with 1 active resources|Controller .* being deleted with 1"
    )
    expect_log("was collected while it held 1 resources")
    controller = WorkerController()
    worker = controller.start_worker(lambda progress: progress.wait(60), "analysis").value
    worker.start()
    orderly = WorkerController()
    other = orderly.start_worker(lambda progress: progress.wait(60), "analysis").value
    other.start()

    orderly.cleanup()
    del orderly, controller
    service.tick()

    assert worker.wait(MILLISECONDS)
    assert not other.isRunning()
    assert service.get_statistics()["active_resources"] == 0


def test_after_cleanup_a_controller_starts_nothing(service: Service) -> None:
    """Destroyed is the last state of a component: the next tab makes its own controller."""
    controller = WorkerController()
    controller.cleanup()

    result = controller.start_worker(lambda progress: None, "analysis")

    assert isinstance(result.error, ComponentDestroyed)


def test_a_mock_coordinator_is_handed_the_workers_of_a_controller() -> None:
    """The factory method gives a double, and `start_worker` tracks with that."""

    class Controller(WorkerController):
        def _create_resource_coordinator(self, component_id: str) -> BaseResourceCoordinator:
            return MockResourceCoordinator(component_id)

    controller = Controller()

    worker = controller.start_worker(lambda progress: 1, "analysis").value

    assert isinstance(worker, ThreadTask)
    assert controller.resources.tracked_resources == [(worker, worker.name)]
    controller.cleanup()


def test_a_mock_coordinator_stands_in_for_a_service() -> None:
    """`tracked_resources` lists (worker, name), and the id begins with "mock_"."""

    class Controller(MediaAnalysisController):
        def _create_resource_coordinator(self, component_id: str) -> BaseResourceCoordinator:
            return MockResourceCoordinator()

    controller = Controller()
    worker = controller.start_analysis_workflow([]).value

    (tracked, name), *rest = controller.resources.tracked_resources
    assert tracked is worker
    assert name.startswith("analysis_")
    assert rest == []
    assert controller._current_worker_id is not None
    assert controller._current_worker_id.startswith("mock_")
    controller.cleanup()
    assert controller.resources.get_resource_count() == 0


def test_a_mock_coordinator_gives_each_worker_its_own_id() -> None:
    """Printed, `mock_{id(worker)}` comes again when a worker is gone; the serial never does."""
    coordinator = MockResourceCoordinator()

    ids = {coordinator.track_worker(object(), name="short-lived") for _ in range(100)}

    assert len(ids) == 100


def test_the_former_way_still_works(service: Service) -> None:
    """As printed before the change: a component that talks to the service by itself."""

    class FormerTab:
        def __init__(self) -> None:
            self._resource_manager: Service = get_service(
                IResourceManagementService  # type: ignore[type-abstract, assignment]
            )
            self._resource_manager.register_component(self, "MediaAnalysisTab", "tab")
            self._worker_resource_id: str | None = None

        def start_analysis(self) -> None:
            worker = MediaAnalysisWorker()
            self._worker_resource_id = self._resource_manager.track_resource(
                self, ResourceType.WORKER, worker
            )

        def _cleanup_resources(self) -> None:
            if self._worker_resource_id:
                self._resource_manager.release_resource(self, self._worker_resource_id)

    tab = FormerTab()
    tab.start_analysis()
    tracked = service.get_resource_count(tab)

    tab._cleanup_resources()

    assert tracked == {"worker": 1}
    assert service.get_resource_count(tab) == {}


def test_signals_of_a_tab_die_with_it() -> None:
    """A connected bound method does not keep its tab alive, nor is it called afterwards."""
    calls: list[int] = []
    progress: Signal[int] = Signal("progress_update")

    class Tab:
        def on_progress(self, percent: int) -> None:
            calls.append(percent)

    tab = Tab()
    progress.connect(tab.on_progress)
    progress.emit(10)

    del tab
    progress.emit(20)

    assert calls == [10]
    assert len(progress) == 0
