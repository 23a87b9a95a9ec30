"""Seed 003, phases 2 and 3: PluginBase as a widget, and the tab that is built on it.

The tab is the printed one. Mended: its decorated method returns what it is to be tracked, and its
worker is started as a task.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtWidgets import QLabel, QWidget

from budgetinator.controllers import Progress
from budgetinator.plugins import cleanup_on_error, track_resource
from budgetinator.resources import ComponentState, ResourceManagementService, ResourceType
from budgetinator.result import Result
from gui.application import Application
from gui.plugin_base import PluginBase
from gui.workers import QThreadTask

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

Service = ResourceManagementService
logger = logging.getLogger("printed")


@dataclass
class Metadata:
    """What the printed ExifTool gives for a file."""

    file_path: Path
    thumbnail_base64: bytes | None = None


class GeoVisualizationWidget(QLabel):
    def clear_map(self) -> None:
        self.setText("")


class MediaAnalysisTab(PluginBase):  # Changed from QWidget
    """Media Analysis tab with automatic resource management"""

    def __init__(self, form_data: Any = None, parent: QWidget | None = None) -> None:
        # Initialize plugin base with unique ID
        super().__init__(plugin_id="MediaAnalysisTab", plugin_type="analysis_tab", parent=parent)

        self.form_data = form_data
        self.last_exiftool_results: list[Metadata] | None = None
        self.geo_widget: GeoVisualizationWidget | None = None
        self.current_worker: Any = None
        self.shown: list[str] = []

        # Track resource IDs for cleanup
        self._thumbnail_resources: list[str] = []
        self._worker_resource_id: str | None = None

    def initialize(self) -> bool:
        """Initialize the plugin (required by PluginBase)"""
        try:
            # Any initialization that might fail
            self._load_settings()
            return True
        except Exception as e:  # noqa: BLE001 - as printed
            logger.error(f"Failed to initialize MediaAnalysisTab: {e}")  # noqa: G004, TRY400
            return False

    def _load_settings(self) -> None:
        if self.form_data == "broken":
            raise ValueError("no settings")

    @track_resource(
        ResourceType.THUMBNAIL,
        size_func=lambda data: sum(len(m.thumbnail_base64) for m in data if m.thumbnail_base64),
        metadata_func=lambda data: {"type": "results", "file_count": len(data)},
    )
    def _on_exiftool_complete(self, results: list[Metadata]) -> list[Metadata]:
        """Handle ExifTool analysis completion with automatic resource tracking"""
        # Clear old thumbnail resources
        self._clear_thumbnail_resources()

        # Store results (will be tracked by decorator)
        self.last_exiftool_results = results

        # Track individual thumbnails for fine-grained management
        for metadata in results:
            if metadata.thumbnail_base64:
                resource_id = self.track_resource(
                    ResourceType.THUMBNAIL,
                    metadata.thumbnail_base64,
                    size_bytes=len(metadata.thumbnail_base64),
                    metadata={"file": str(metadata.file_path), "type": "base64_thumbnail"},
                )
                if resource_id:
                    self._thumbnail_resources.append(resource_id)
        return results

    @cleanup_on_error(lambda self: self._cancel_current_operation())
    def _start_analysis(self, files: Iterable[Path]) -> None:
        """Start media analysis with automatic cleanup on error"""
        # Cancel any existing operation
        self._cancel_current_operation()

        # Create and track worker
        files = list(files)
        self.current_worker = QThreadTask(_read_all(files), "MediaAnalysisWorker")

        # Track the worker as a resource
        self._worker_resource_id = self.track_resource(
            ResourceType.WORKER,
            self.current_worker,
            metadata={
                "type": "MediaAnalysisWorker",
                "file_count": len(files),
                "cleanup_func": lambda w: w.cancel() if w else None,
            },
        )

        # Connect signals and start
        self.current_worker.result_ready.connect(self._on_analysis_complete)
        self.current_worker.progress_update.connect(self._on_progress_update)
        self.current_worker.start()
        if not files:
            raise ValueError("nothing to analyse")

    def _on_analysis_complete(self, result: Result[int]) -> None:
        self.shown.append(f"{result.value} bytes" if result.success else "cancelled")

    def _on_progress_update(self, percent: int, text: str) -> None:
        self.shown.append(f"{percent} {text}")

    def _show_map_view(self) -> None:
        """Show geolocation visualization with resource tracking"""
        if not self.geo_widget:
            self.geo_widget = GeoVisualizationWidget(self)

            # Track the map widget
            self.track_resource(
                ResourceType.MAP,
                self.geo_widget,
                metadata={
                    "type": "GeoVisualizationWidget",
                    "cleanup_func": lambda w: w.clear_map() if w else None,
                },
            )
        self.geo_widget.setText("Brussels")

    def _cleanup_resources(self) -> None:
        """Clean up plugin-specific resources (required by PluginBase)"""
        logger.info("Cleaning up MediaAnalysisTab resources")

        # Cancel any running operations
        self._cancel_current_operation()

        # Clear map
        if self.geo_widget:
            self.geo_widget.clear_map()
            self.geo_widget = None

        # Clear thumbnail data
        self._clear_thumbnail_resources()

        # Clear results
        self.last_exiftool_results = None

        logger.info("MediaAnalysisTab cleanup complete")

    def _clear_thumbnail_resources(self) -> None:
        """Helper to clear tracked thumbnail resources"""
        for resource_id in self._thumbnail_resources:
            self.release_resource(resource_id)
        self._thumbnail_resources.clear()

    def _cancel_current_operation(self) -> None:
        """Cancel current analysis operation"""
        if self.current_worker:
            self.current_worker.cancel()

            # Release worker resource
            if self._worker_resource_id:
                self.release_resource(self._worker_resource_id)
                self._worker_resource_id = None

            self.current_worker = None


def _read_all(files: list[Path]) -> Callable[[Progress], int]:
    def task(progress: Progress) -> int:
        total = 0
        for number, path in enumerate(files, 1):
            total += len(path.read_bytes())
            progress.report(100 * number // len(files), path.name)
        if not files:
            progress.wait(10)
        progress.check()
        return total

    return task


@pytest.fixture
def tab(application: Application, collect_qt: Callable[[], None]) -> Iterator[MediaAnalysisTab]:
    window = QWidget()
    tab = MediaAnalysisTab(parent=window)
    yield tab
    tab.cleanup()
    window.deleteLater()
    del tab, window
    collect_qt()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_text("Travel")
    return path


def test_the_tab_registers_itself_and_lives_its_life(
    tab: MediaAnalysisTab, service: Service
) -> None:
    """Loaded, active, paused: by PluginBase, with the printed id and type."""
    told: list[str] = []
    tab.plugin_activated.connect(lambda: told.append("activated"))
    tab.plugin_deactivated.connect(lambda: told.append("deactivated"))
    states = [service.get_component_state(tab)]

    tab.activate()
    states.append(service.get_component_state(tab))
    tab.deactivate()
    states.append(service.get_component_state(tab))

    (info,) = service.snapshot().components
    assert (info.component_id, info.component_type) == (tab.plugin_id, tab.plugin_type)
    assert (tab.plugin_id, tab.plugin_type) == ("MediaAnalysisTab", "analysis_tab")
    assert states == [ComponentState.LOADED, ComponentState.ACTIVE, ComponentState.PAUSED]
    assert told == ["activated", "deactivated"]


def test_thumbnails_are_tracked_one_by_one_and_together(
    tab: MediaAnalysisTab, service: Service
) -> None:
    """What the decorated method returns, and each of the thumbnails, with sizes and metadata."""
    heard: list[str] = []
    tab.resource_tracked.connect(heard.append)
    results = [Metadata(Path("a.jpg"), b"x" * 10), Metadata(Path("b.jpg")),
               Metadata(Path("c.jpg"), b"y" * 20)]  # fmt: skip

    tab._on_exiftool_complete(results)

    details = [dict(each.metadata) for each in service.snapshot().components[0].resources.values()]
    assert service.get_resource_count(tab) == {"thumbnail": 3}
    assert tab.get_memory_usage() == 60
    assert {"type": "results", "file_count": 3} in details
    assert {"file": "a.jpg", "type": "base64_thumbnail"} in details
    assert heard == tab._thumbnail_resources


def test_an_analysis_is_shown_and_its_worker_tracked(
    tab: MediaAnalysisTab, service: Service, qtbot: QtBot, file: Path
) -> None:
    """Progress and result arrive in the tab; the worker is let go by the next operation."""
    tab._start_analysis([file])
    tracked = service.get_resource_count(tab)
    qtbot.waitUntil(lambda: "6 bytes" in tab.shown)

    tab._cancel_current_operation()

    assert tracked == {"worker": 1}
    assert tab.shown == ["100 file.txt", "6 bytes"]
    assert service.get_resource_count(tab) == {}


def test_an_error_while_starting_cancels_what_was_started(
    tab: MediaAnalysisTab, service: Service, qtbot: QtBot
) -> None:
    """`@cleanup_on_error`: the error comes out, and the worker was cancelled and released."""
    with pytest.raises(ValueError, match="nothing to analyse"):
        tab._start_analysis([])
    qtbot.waitUntil(lambda: tab.shown == ["cancelled"])

    assert tab.current_worker is None
    assert service.get_resource_count(tab) == {}


def test_cleaning_up_clears_the_map_and_everything_else(
    tab: MediaAnalysisTab, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    """The plugin's own clean-up runs first, in the printed words."""
    caplog.set_level(logging.INFO, "printed")
    tab._show_map_view()
    tab._on_exiftool_complete([Metadata(Path("a.jpg"), b"x" * 10)])
    shown = tab.geo_widget
    assert shown is not None

    tab.cleanup()

    assert caplog.messages == [
        "Cleaning up MediaAnalysisTab resources",
        "MediaAnalysisTab cleanup complete",
    ]
    assert shown.text() == ""
    assert (tab.geo_widget, tab.last_exiftool_results) == (None, None)
    assert service.get_statistics()["active_resources"] == 0
    assert service.get_component_state(tab) is ComponentState.DESTROYED


def test_closing_the_widget_cleans_up(tab: MediaAnalysisTab, service: Service) -> None:
    """`closeEvent` as printed: deactivated, then cleaned up."""
    tab._show_map_view()
    tab.activate()

    tab.close()

    assert service.get_component_state(tab) is ComponentState.DESTROYED
    assert service.get_statistics()["active_resources"] == 0


def test_a_tab_that_is_not_ready_is_not_activated(
    application: Application, service: Service, caplog: pytest.LogCaptureFixture, expect_log: Any
) -> None:
    """`initialize` returns False: said by the tab, and by the base."""
    expect_log("Failed to initialize plugin MediaAnalysisTab")
    tab = MediaAnalysisTab(form_data="broken")

    tab.activate()

    assert "Failed to initialize MediaAnalysisTab: no settings" in caplog.messages
    assert service.get_component_state(tab) is ComponentState.LOADED
    tab.cleanup()
    tab.deleteLater()
