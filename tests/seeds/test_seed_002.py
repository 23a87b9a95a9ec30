"""Seed 002: the review, its options A and B, its coordinators and its test."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from budgetinator.controllers import BaseController
from budgetinator.resources import (
    BaseResourceCoordinator,
    IResourceManagementService,
    ResourceManagementService,
    ResourceType,
    WorkerResourceCoordinator,
    get_service,
    register_service,
)
from budgetinator.result import Result
from tests.seeds.printed import run_printed
from tests.seeds.workers import MILLISECONDS, MediaAnalysisWorker

Service = ResourceManagementService


class QThread:
    """The methods of Qt's class that coordinators use or must not use."""

    finished: Any

    def isRunning(self) -> bool: ...  # type: ignore[empty-body]  # noqa: N802
    def requestInterruption(self) -> None: ...  # noqa: N802
    def quit(self) -> None: ...
    def wait(self, msecs: int) -> bool: ...  # type: ignore[empty-body]
    def terminate(self) -> None: ...


class Widget:
    """A QObject without a parent: Qt deletes it later."""

    def __init__(self) -> None:
        self.deleted = 0

    def parent(self) -> None: ...

    def deleteLater(self) -> None:  # noqa: N802 - QObject's name
        self.deleted += 1


def test_worker_cleanup(service: Service) -> None:
    """Section 5.2, as printed: a tracked QThread is asked to quit, once."""
    coordinator = WorkerResourceCoordinator("test")
    mock_worker = Mock(spec=QThread)

    resource_id = coordinator.track_worker(mock_worker)
    coordinator.cleanup_all()

    mock_worker.quit.assert_called_once()
    assert resource_id
    mock_worker.terminate.assert_not_called()


def test_option_a_a_coordinator_is_initialized_with_its_component(service: Service) -> None:
    """`initialize` is an alias of `bind_to_component`; the third argument is the type."""

    class MediaAnalysis: ...

    component = MediaAnalysis()
    coordinator = BaseResourceCoordinator("MediaAnalysis_1", component_type="analysis")

    coordinator.initialize(component)

    info = service.snapshot().components[0]
    assert (info.component_id, info.component_type) == ("MediaAnalysis_1", "analysis")


def test_option_a_metadata_carry_name_and_cleanup(service: Service) -> None:
    """`metadata={'name': ..., 'cleanup_func': ...}`: the name is shown, the function is used."""

    class Coordinator:
        def __init__(self, component: Any) -> None:
            self._service: Service = get_service(
                IResourceManagementService  # type: ignore[type-abstract, assignment]
            )
            self._component = component
            self._tracked_resources: dict[str, str] = {}

        def track_worker(self, worker: MediaAnalysisWorker, name: str) -> str:
            """Track a worker thread with automatic cleanup"""
            resource_id = self._service.track_resource(
                self._component,
                ResourceType.WORKER,
                worker,
                metadata={"name": name, "cleanup_func": self._cleanup_worker},
            )
            self._tracked_resources[name] = resource_id
            return resource_id

        def _cleanup_worker(self, worker: MediaAnalysisWorker) -> None:
            """Properly cleanup worker thread"""
            if worker.isRunning():
                worker.cancel()
                worker.quit()
                worker.wait(MILLISECONDS)

    worker = MediaAnalysisWorker(until_cancelled=True)
    service.register_component(worker, "MediaAnalysis_1", "controller")
    coordinator = Coordinator(worker)
    resource_id = coordinator.track_worker(worker, "analysis")
    worker.start()
    tracked = service.get_resource(resource_id)

    service.release_resource(worker, resource_id)

    assert tracked is not None
    assert tracked.name == "analysis"
    assert not worker.isRunning()


def test_option_b_a_dedicated_manager_registers_its_tab(service: Service) -> None:
    """MediaAnalysisResourceManager, as printed: the tab's clean-up is the manager's."""
    cleaned: list[Any] = []

    class MediaAnalysisResourceManager:
        """Dedicated resource manager for MediaAnalysisTab"""

        def __init__(self, tab: MediaAnalysisTab) -> None:
            self.tab = tab
            self._service = get_service(
                IResourceManagementService  # type: ignore[type-abstract]
            )
            self._initialize()

        def _initialize(self) -> None:
            """Initialize resource tracking"""
            self._service.register_component(self.tab, "MediaAnalysisTab", "tab")
            self._service.register_cleanup(self.tab, self.cleanup_all, priority=10)

        def cleanup_all(self) -> None:
            cleaned.append(self.tab)

    class MediaAnalysisTab:
        def __init__(self) -> None:
            self.resources = MediaAnalysisResourceManager(self)

    tab = MediaAnalysisTab()

    service.cleanup_component(tab)

    assert cleaned == [tab]


def test_type_and_resource_come_in_either_order(service: Service) -> None:
    """The coordinator takes resource and type in either order; two of a kind are refused."""
    coordinator = BaseResourceCoordinator("Tab_1")
    first, second = Widget(), Widget()

    ids = [
        coordinator.track_resource(ResourceType.QOBJECT, first),
        coordinator.track_resource(second, ResourceType.QOBJECT),
    ]

    found = [service.get_resource(resource_id) for resource_id in ids]
    assert [one.resource() for one in found if one is not None] == [first, second]
    with pytest.raises(TypeError, match="one resource and one resource type"):
        coordinator.track_resource(ResourceType.QOBJECT, ResourceType.MAP)


def test_a_specialized_coordinator_releases_a_worker_that_finished(service: Service) -> None:
    """Step 1.2: `worker.finished` releases it, without a closure that holds both."""
    coordinator = WorkerResourceCoordinator("MediaAnalysisController_1")
    worker = MediaAnalysisWorker()

    coordinator.track_worker(worker, auto_release=True)
    worker.start()
    worker.wait(MILLISECONDS)

    assert coordinator.get_resource_count() == 0


SPECIFIC_CONTROLLER = """
# controllers/media_analysis_controller.py
class MediaAnalysisController(BaseController):
    def __init__(self):
        super().__init__("MediaAnalysisController")
        self.initialize_resources("MediaAnalysisController")

    def start_analysis_workflow(self, paths, settings):
        # Create worker
        worker = MediaAnalysisWorker(paths, settings)

        # Track with resource coordinator
        worker_id = self.resources.track_worker(worker)

        # Worker automatically cleaned up on completion
        return Result.success(worker)
"""


def test_a_specific_controller_runs_as_it_is_printed(service: Service, folder: Path) -> None:
    """Step 2.2: a worker is tracked, and released by itself when it has finished."""

    def make_worker(paths: list[Path], settings: object) -> MediaAnalysisWorker:
        return MediaAnalysisWorker(paths)

    names = run_printed(
        SPECIFIC_CONTROLLER,
        BaseController=BaseController,
        MediaAnalysisWorker=make_worker,
        Result=Result,
    )
    controller = names["MediaAnalysisController"]()
    result = controller.start_analysis_workflow([folder / "file.xlsx"], None)
    tracked = service.get_resource_count(controller)
    result.value.start()
    result.value.wait(MILLISECONDS)

    assert tracked == {"worker": 1}
    assert service.get_resource_count(controller) == {}
    assert controller.logger.name == "MediaAnalysisController"
    assert controller.resources.component_id.startswith("MediaAnalysisController_")
    controller.cleanup()


def test_resources_are_begun_late_under_the_given_id() -> None:
    """`initialize_resources(component_id)`, for a controller that is older than the service."""
    controller = BaseController()
    before = controller.resources
    own = Service()
    unregister = register_service(
        IResourceManagementService,  # type: ignore[type-abstract]
        own,
    )

    controller.initialize_resources("MediaAnalysisController")

    unregister()
    assert before is None
    assert controller.resources.component_id == "MediaAnalysisController"
    assert [c.component_id for c in own.snapshot().components] == ["MediaAnalysisController"]
    controller.cleanup()
    assert own.snapshot().components == ()
    own.close()


def test_resources_are_none_where_the_printed_controller_raises() -> None:
    """Without a service `resources` is None, "and every operation still works"."""

    class MediaAnalysisController(BaseController):
        def start_analysis_workflow(self) -> MediaAnalysisWorker:
            worker = MediaAnalysisWorker()
            if self.resources:
                self.resources.track_worker(worker)
            return worker

    controller = MediaAnalysisController()

    worker = controller.start_analysis_workflow()
    worker.start()

    assert controller.resources is None
    assert worker.wait(MILLISECONDS)


def test_a_coordinator_without_an_id_is_a_type_error(service: Service) -> None:
    """Section 4.2 prints `BaseResourceCoordinator()`: every component has an id."""
    with pytest.raises(TypeError, match="component_id"):
        BaseResourceCoordinator()  # type: ignore[call-arg]


def test_patterns_are_reused_by_subclassing(service: Service) -> None:
    """StandardTabCoordinator, as printed, with widgets that note their deletion."""

    class StandardTabCoordinator(BaseResourceCoordinator):
        """Reusable coordinator for standard tab patterns"""

        def setup_standard_tab_resources(self, tab: Any) -> None:
            """Common resource setup for all tabs"""
            self.track_resource(ResourceType.QOBJECT, tab.log_console)
            self.track_resource(ResourceType.QOBJECT, tab.files_panel)

    class Tab:
        def __init__(self) -> None:
            self.log_console, self.files_panel = Widget(), Widget()

    tab = Tab()
    coordinator = StandardTabCoordinator("Tab_1", component_type="tab")
    coordinator.bind_to_component(tab)
    coordinator.setup_standard_tab_resources(tab)
    counted = service.get_resource_count(tab)

    coordinator.cleanup_all()

    assert counted == {"qobject": 2}
    assert (tab.log_console.deleted, tab.files_panel.deleted) == (1, 1)


def test_tracking_is_centralized_in_the_coordinator(service: Service) -> None:
    """Section 6.2: `self.controller.resources.track_worker(worker)` is the one call."""

    class Controller(BaseController): ...

    class Tab:
        def __init__(self) -> None:
            self.controller = Controller()

        def some_method(self) -> MediaAnalysisWorker:
            worker = MediaAnalysisWorker()
            self.controller.resources.track_worker(worker)
            return worker

    tab = Tab()

    worker = tab.some_method()

    assert service.get_resource_count(tab.controller) == {"worker": 1}
    worker.start()
    worker.wait(MILLISECONDS)
    assert service.get_resource_count(tab.controller) == {}
