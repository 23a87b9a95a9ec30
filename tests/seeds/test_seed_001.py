"""Seed 001: the coordinator between controller and service, and the patterns to follow."""

from __future__ import annotations

import gc
import inspect
from datetime import datetime
from typing import Any

import pytest

from budgetinator.controllers import BaseController, Progress, WorkerController
from budgetinator.errors import Cancelled
from budgetinator.resources import (
    BaseResourceCoordinator,
    ResourceManagementService,
    ResourceType,
    WorkerResourceCoordinator,
    next_component_id,
)
from budgetinator.result import Result
from tests.seeds.workers import MILLISECONDS, MediaAnalysisWorker

Service = ResourceManagementService


class SomeWorker(MediaAnalysisWorker):
    """Works until it is cancelled."""

    def __init__(self, params: Any) -> None:
        super().__init__(params, until_cancelled=True)


class SomeController(BaseController):
    """The controller pattern, as printed."""

    def __init__(self) -> None:
        super().__init__("SomeController")  # CRITICAL: Call super().__init__
        self.current_worker: SomeWorker | None = None
        self._current_worker_id: str | None = None

    def _create_resource_coordinator(self, component_id: str) -> WorkerResourceCoordinator:
        """Use WorkerResourceCoordinator for worker management"""
        return WorkerResourceCoordinator(component_id)

    def start_operation(self, params: Any) -> Result[SomeWorker]:
        # Create worker
        worker = SomeWorker(params)
        self.current_worker = worker

        # Track with coordinator
        if self.resources:  # ALWAYS CHECK - might be None in tests
            self._current_worker_id = self.resources.track_worker(
                worker, name=f"operation_{datetime.now():%H%M%S}"
            )

        return Result.success(worker)

    def cancel_operation(self) -> Result[None]:
        if self.current_worker and self.current_worker.isRunning():
            self.current_worker.cancel()
        # Clear references - coordinator handles cleanup
        self.current_worker = None
        self._current_worker_id = None
        return Result.success(None)


class SomeTab:
    """The tab pattern, as printed, without the widget that it is."""

    def __init__(self) -> None:
        # NO ResourceManagementService code here!
        # Just create controller
        self.controller: Any = SomeController()
        self.current_worker: SomeWorker | None = None  # UI reference only
        self.shown: list[Any] = []

    def start_operation(self, params: Any) -> None:
        # Get worker from controller
        result = self.controller.start_operation(params)
        if result.success:
            self.current_worker = result.value
            # Connect signals for UI updates
            self.current_worker.progress_update.connect(self._on_progress)
            self.current_worker.result_ready.connect(self._on_complete)
            self.current_worker.start()

    def cleanup(self) -> None:
        """Simple cleanup delegating to controller"""
        if self.controller:
            self.controller.cancel_operation()
            self.controller.cleanup()
        self.current_worker = None

    def _on_progress(self, percent: int, name: str) -> None:
        self.shown.append(percent)

    def _on_complete(self, result: Result[int]) -> None:
        self.shown.append(result.success)


@pytest.mark.parametrize(
    ("kind", "method", "printed"),
    [
        (BaseResourceCoordinator, "__init__", ["self", "component_id", "service"]),
        (BaseResourceCoordinator, "bind_to_component", ["self", "component"]),
        (
            BaseResourceCoordinator,
            "track_resource",
            ["self", "resource", "resource_type", "name", "cleanup_handler"],
        ),
        (BaseResourceCoordinator, "track_worker", ["self", "worker", "name"]),
        (BaseResourceCoordinator, "release", ["self", "resource_id"]),
        (BaseResourceCoordinator, "cleanup_all", ["self"]),
        (
            WorkerResourceCoordinator,
            "track_worker",
            ["self", "worker", "name", "cancel_on_cleanup", "auto_release"],
        ),
        (WorkerResourceCoordinator, "cancel_all_workers", ["self", "timeout_ms"]),
        (WorkerResourceCoordinator, "get_active_workers", ["self"]),
    ],
)
def test_the_coordinators_have_the_printed_signatures(
    kind: type, method: str, printed: list[str]
) -> None:
    """Each method begins with the printed parameters, in the printed order."""
    parameters = list(inspect.signature(getattr(kind, method)).parameters)

    assert parameters[: len(printed)] == printed


def test_a_coordinator_takes_a_service_or_finds_the_registered_one(service: Service) -> None:
    """`service or get_service(IResourceManagementService)`."""
    own = ResourceManagementService()

    given = BaseResourceCoordinator("SomeController_1", own)
    found = BaseResourceCoordinator("SomeController_2")

    assert given.service is own
    assert found.service is service


def test_binding_registers_the_component_and_its_cleanup(service: Service) -> None:
    """`register_component(component, id, type)`, then `register_cleanup(..., priority=10)`."""
    controller = SomeController()

    info = service.snapshot().components[0]

    assert info.component_id.startswith("SomeController_")
    assert info.component_type == "controller"
    assert info.cleanup_callbacks == ((10, controller.resources.cleanup_all),)


def test_an_operation_that_completes_is_released(service: Service) -> None:
    """An operation that runs to its end is shown in the tab and released."""
    tab = SomeTab()

    tab.start_operation([])
    worker = tab.current_worker
    assert worker is not None
    worker.cancelled.set()
    worker.wait(MILLISECONDS)

    assert tab.shown == [True]
    assert service.get_resource_count(tab.controller) == {}
    tab.cleanup()


def test_closing_a_tab_cancels_what_runs(service: Service) -> None:
    """Cancelled in the middle, the worker has ended and nothing is tracked any more."""
    tab = SomeTab()
    tab.start_operation([])
    worker = tab.current_worker
    assert worker is not None

    tab.cleanup()

    assert not worker.isRunning()
    assert service.get_resource_count(tab.controller) == {}


class SumController(WorkerController):
    """The controller pattern with a task instead of a worker's class: `start_worker` does it."""

    def start_operation(self, params: list[int]) -> Result[Any]:
        def add_up(progress: Progress) -> int:
            for number, _ in enumerate(params, 1):
                progress.check()
                progress.report(100 * number // len(params), "adding")
            return sum(params)

        return self.start_worker(add_up, "operation")


class SumTab(SomeTab):
    """The tab pattern, unchanged, over the library's own workers."""

    def __init__(self) -> None:
        super().__init__()
        self.controller.cleanup()
        self.controller = SumController()
        self.results: list[Result[int]] = []

    def _on_complete(self, result: Result[int]) -> None:
        self.results.append(result)


def test_the_tab_pattern_works_with_the_workers_of_the_library(service: Service) -> None:
    """The same three connections and `start`; finished, the worker is released."""
    tab = SumTab()

    tab.start_operation([1, 2, 3, 4])
    worker: Any = tab.current_worker
    worker.wait(MILLISECONDS)

    assert tab.shown == [25, 50, 75, 100]
    assert [result.value for result in tab.results] == [10]
    assert service.get_resource_count(tab.controller) == {}
    tab.cleanup()
    assert service.get_statistics()["components_registered"] == 0


def test_an_operation_that_is_cancelled_before_it_starts_tells_the_tab(service: Service) -> None:
    """The tab hears Cancelled through the same signal as any result."""
    tab = SumTab()
    worker = tab.controller.start_operation([1, 2]).value
    worker.result_ready.connect(tab._on_complete)

    tab.controller.cancel_operation()
    worker.start()
    worker.wait(MILLISECONDS)

    assert isinstance(tab.results[0].error, Cancelled)
    assert service.get_resource_count(tab.controller) == {}
    tab.cleanup()


def test_a_controller_without_a_service_works_untracked() -> None:
    """Where `resources` is None the operation runs and ends all the same."""
    tab = SomeTab()

    tab.start_operation([])
    worker = tab.current_worker
    assert worker is not None
    tab.cleanup()

    assert tab.controller.resources is None
    assert worker.wait(MILLISECONDS)


def test_a_controllers_printed_id_comes_again_and_a_serial_does_not() -> None:
    """`ClassName_{id(self)}`: of ids of objects that are gone nearly all are taken again."""

    class Controller: ...

    printed = {f"Controller_{id(Controller())}" for _ in range(1000)}
    ours = {next_component_id("Controller") for _ in range(1000)}

    assert len(printed) < 100
    assert len(ours) == 1000


def test_a_controller_can_be_collected_with_its_coordinator(service: Service) -> None:
    """No circular reference: no warning and no registration is left behind."""
    controller: Any = SomeController()
    registered = service.get_statistics()["components_registered"]

    del controller
    gc.collect()

    assert registered == 1
    assert service.get_statistics()["components_registered"] == 0


def test_resource_types_are_those_of_the_service() -> None:
    """The eight printed members by value."""
    printed = [
        *("memory", "file_handle", "thread", "qobject"),
        *("thumbnail", "map", "worker", "custom"),
    ]

    assert [ResourceType(value).value for value in printed] == printed
