"""Seeds 000 to 003: tabs and windows as printed, with real widgets and QThreads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QTabWidget, QTextEdit, QVBoxLayout, QWidget

from budgetinator.controllers import BaseController, Progress, TaskWorker
from budgetinator.resources import (
    BaseResourceCoordinator,
    ComponentState,
    ResourceManagementService,
    ResourceType,
)
from budgetinator.result import Result
from gui.application import Application
from gui.coordinators import UIResourceCoordinator
from gui.workers import QThreadTask

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

Service = ResourceManagementService
Collect = Callable[[], None]


class SomeController(BaseController):
    """The controller pattern; the worker is a QThread."""

    def __init__(self) -> None:
        super().__init__("SomeController", make_worker=QThreadTask.factory)

    def _create_resource_coordinator(self, component_id: str) -> BaseResourceCoordinator:
        return UIResourceCoordinator(component_id)

    def start_operation(self, params: list[Path]) -> Result[TaskWorker]:
        def add_up(progress: Progress) -> int:
            total = 0
            for number, path in enumerate(params, 1):
                total += path.stat().st_size
                progress.report(100 * number // len(params), path.name)
            if not params:
                progress.wait(10)
            progress.check()
            return total

        return self.start_worker(add_up, "operation")


class SomeTab(QWidget):
    """The tab pattern, as printed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)

        # NO ResourceManagementService code here!
        # Just create controller
        self.controller: Any = SomeController()

        self.current_worker: Any = None  # UI reference only
        self._create_ui()

    def _create_ui(self) -> None:
        layout = QVBoxLayout(self)
        self.progress = QLabel()
        self.outcome = QLabel()
        layout.addWidget(self.progress)
        layout.addWidget(self.outcome)

    def start_operation(self, params: list[Path]) -> None:
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

    # Solution: Ensure cleanup is called
    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        self.cleanup()  # Clean up before close
        super().closeEvent(event)

    def _on_progress(self, percent: int, text: str) -> None:
        self.progress.setText(f"{percent} % {text}")

    def _on_complete(self, result: Result[int]) -> None:
        self.outcome.setText(str(result.value) if result.success else str(result.error))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_text("Travel")
    return path


def test_an_operation_is_shown_while_it_runs_and_when_it_is_done(
    application: Application, qtbot: QtBot, service: Service, file: Path
) -> None:
    """Progress and result arrive in the tab, and the worker is released."""
    tab = SomeTab()
    qtbot.addWidget(tab)

    tab.start_operation([file])
    tracked = service.get_resource_count(tab.controller)
    qtbot.waitUntil(lambda: tab.outcome.text() != "")
    qtbot.waitUntil(lambda: service.get_resource_count(tab.controller) == {})

    assert tracked == {"worker": 1}
    assert (tab.progress.text(), tab.outcome.text()) == ("100 % file.txt", "6")
    tab.cleanup()


def test_closing_a_tab_ends_what_runs_without_a_warning(
    application: Application, qtbot: QtBot, service: Service
) -> None:
    """`closeEvent` calls `cleanup`: no "Controller being deleted with X active resources"."""
    tab = SomeTab()
    qtbot.addWidget(tab)
    tab.start_operation([])
    worker = tab.current_worker

    tab.close()

    assert worker.isFinished()
    assert tab.current_worker is None
    assert service.get_statistics()["active_resources"] == 0


def test_a_tab_is_registered_with_its_controllers_coordinator(
    application: Application, service: Service, collect_qt: Collect
) -> None:
    """Seed 002, step 3.1: `self.controller.resources.register_ui_component(self)`."""

    class MediaAnalysisTab(QWidget):
        def __init__(self, form_data: Any = None, parent: QWidget | None = None) -> None:
            super().__init__(parent)
            self.form_data = form_data

            # Simple controller initialization
            self.controller = SomeController()

            # Register tab with controller's resource coordinator
            self.controller.resources.register_ui_component(self)

            # Create UI (no resource tracking here)
            self._create_ui()

        def _create_ui(self) -> None:
            """Pure UI creation - no resource management"""
            self.log_console = QTextEdit(self)
            self.files_panel = QLabel(self)

        def start_analysis(self, paths: list[Path]) -> Result[TaskWorker]:
            """Delegate to controller - no resource tracking"""
            return self.controller.start_operation(paths)

    tab = MediaAnalysisTab()
    controller = tab.controller
    state = service.get_component_state(tab)
    started = tab.start_analysis([])

    tab.deleteLater()
    collect_qt()

    assert state is ComponentState.LOADED
    assert started.success
    assert service.get_resource_count(controller) == {"worker": 1}
    controller.cleanup()
    assert service.get_statistics()["active_resources"] == 0


def test_a_window_leaves_the_cleanup_to_the_service(
    application: Application, qtbot: QtBot, service: Service
) -> None:
    """Seed 003, step 3.2: `closeEvent` saves its state and cleans up what is no component."""
    done: list[str] = []

    class LogConsole(QTextEdit):
        def cleanup(self) -> None:
            done.append("log console")

    class MainWindow(QMainWindow):
        def __init__(self) -> None:
            super().__init__()
            self.tabs = QTabWidget()
            self.log_console = LogConsole()
            self.tabs.addTab(self.log_console, "Log")
            self.setCentralWidget(self.tabs)

        def _save_window_state(self) -> None:
            done.append("state")

        def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
            """Handle application close event"""
            # Save window state
            self._save_window_state()

            # The ResourceManagementService handles all cleanup now
            # Components registered with it will be cleaned up automatically

            # Just handle non-plugin cleanup
            if hasattr(self, "log_console"):
                self.log_console.cleanup()

            event.accept()

    window, component = MainWindow(), SomeController()
    qtbot.addWidget(window)
    component.resources.track_resource(bytearray(1), ResourceType.MEMORY)

    window.close()
    application.shutdown.run()

    assert done == ["state", "log console"]
    assert service.get_statistics()["active_resources"] == 0


def test_standard_tab_resources_are_tracked_by_one_call(
    application: Application, service: Service, collect_qt: Collect
) -> None:
    """Seed 002's `StandardTabCoordinator`: `log_console` and `files_panel`, as QOBJECT."""

    class Tab(QWidget):
        def __init__(self) -> None:
            super().__init__()
            self.log_console = QTextEdit(self)
            self.files_panel = QLabel(self)

    class StandardTabCoordinator(UIResourceCoordinator):
        """Reusable coordinator for standard tab patterns"""

    tab, owner = Tab(), SomeController()
    coordinator = StandardTabCoordinator("Tab_1", service)
    coordinator.bind_to_component(tab)

    ids = coordinator.setup_standard_tab_resources(tab)
    counted = service.get_resource_count(tab)

    assert len(ids) == 2
    assert counted == {"qobject": 2}
    coordinator.cleanup_all()
    owner.cleanup()
    service.unregister_component(tab)
    tab.deleteLater()
    del tab
    collect_qt()
