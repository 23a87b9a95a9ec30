"""Seed 003, phases 2 and 4: decorators, and tabs of before that are migrated as they are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from budgetinator.controllers import Progress
from budgetinator.plugins import (
    PluginResourceAdapter,
    ResourceMigrationHelper,
    cleanup_on_error,
    track_resource,
    with_managed_resource,
)
from budgetinator.resources import ComponentState, ResourceManagementService, ResourceType
from gui.application import Application
from gui.workers import QThreadTask

Service = ResourceManagementService


class ForensicTab(QWidget):
    """As printed: a tab of before, which migrates itself."""

    def __init__(self, form_data: Any = None) -> None:
        super().__init__()
        self.current_thread: QThreadTask | None = None

        # Migrate to resource management
        self.migrated = ResourceMigrationHelper.migrate_tab(
            self, "ForensicTab", self._cleanup_resources
        )

    def _cleanup_resources(self) -> None:
        """Cleanup callback for resource manager"""
        # Add any specific cleanup needed
        if hasattr(self, "current_thread") and self.current_thread:
            self.current_thread.cancel()


class ThumbnailTab(QWidget):
    """The examples in the docstrings of the decorators."""

    def __init__(self) -> None:
        super().__init__()
        self.cancelled = 0
        ResourceMigrationHelper.migrate_tab(self, "ThumbnailTab")

    @track_resource(
        ResourceType.THUMBNAIL, size_func=lambda img: len(img) if isinstance(img, bytes) else 0
    )
    def load_thumbnail(self, path: Path) -> bytes:
        return path.read_bytes()

    def cancel_operation(self) -> None:
        self.cancelled += 1

    @cleanup_on_error(lambda self: self.cancel_operation())
    def risky_operation(self) -> None:
        raise OSError("failed")

    @with_managed_resource(ResourceType.FILE_HANDLE)
    def process_file(self, path: Path) -> Generator[Any, None, tuple[bytes, dict[str, int]]]:
        file_handle = open(path, "rb")  # noqa: SIM115 - as printed
        yield file_handle
        return file_handle.read(), self._resource_manager.get_resource_count(self)

    _resource_manager: Any


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "image.png"
    path.write_bytes(b"12345")
    return path


def test_a_former_tab_is_migrated_as_it_is(
    application: Application, service: Service, collect_qt: Callable[[], None]
) -> None:
    """Registered as "legacy_tab", with helpers, and its clean-up runs with the component's."""
    tab = ForensicTab()
    info = service.snapshot().components[0]
    helpers: Any = tab
    resource_id = helpers.track_resource(ResourceType.MEMORY, bytearray(1), 100)
    usage = service.get_memory_usage()
    released = helpers.release_resource(resource_id)
    begun, cancelled = threading.Event(), threading.Event()

    def work(progress: Progress) -> None:
        begun.set()
        if progress.wait(10):
            cancelled.set()

    worker = tab.current_thread = QThreadTask(work, "forensic")
    worker.start()
    began = begun.wait(10)

    service.cleanup_component(tab)
    worker.wait(10_000)

    assert tab.migrated
    assert (info.component_id, info.component_type) == ("ForensicTab", "legacy_tab")
    assert usage == {"ForensicTab": 100}
    assert released
    assert (began, cancelled.is_set()) == (True, True)
    assert service.get_component_state(tab) is ComponentState.DESTROYED
    tab.deleteLater()
    del tab, helpers, worker
    collect_qt()


def test_several_tabs_are_migrated_at_once(
    application: Application, service: Service, collect_qt: Callable[[], None]
) -> None:
    """A list of (widget, id, clean-up), and the success of each by its id."""
    cleaned: list[str] = []
    tabs = [QWidget(), QWidget()]

    migrated = ResourceMigrationHelper.migrate_all_tabs(
        [
            (tabs[0], "First", lambda: cleaned.append("First")),  # widget, id, cleanup_func
            (tabs[1], "Second", None),
        ]
    )
    for tab in tabs:
        service.cleanup_component(tab)

    assert migrated == {"First": True, "Second": True}
    assert cleaned == ["First"]
    tabs.clear()
    del tab
    collect_qt()


def test_the_examples_of_the_decorators_run(
    application: Application, service: Service, file: Path, collect_qt: Callable[[], None]
) -> None:
    """`load_thumbnail`, `risky_operation` and `process_file`, as in their docstrings."""
    tab = ThumbnailTab()

    image = tab.load_thumbnail(file)
    size = service.get_memory_usage()["ThumbnailTab"]
    with pytest.raises(OSError, match="failed"):
        tab.risky_operation()
    contents, while_open = tab.process_file(file)

    assert (image, size) == (b"12345", 5)
    assert tab.cancelled == 1
    assert (contents, while_open) == (b"12345", {"thumbnail": 1, "file_handle": 1})
    assert service.get_resource_count(tab) == {"thumbnail": 1}
    service.unregister_component(tab)
    tab.deleteLater()
    del tab
    collect_qt()


def test_resources_of_a_foreign_plugin_are_adapted(
    application: Application, service: Service
) -> None:
    """Seed 000's extension point: `PluginResourceAdapter().adapt_plugin_resources(plugin)`."""
    closed: list[str] = []

    class Connection:
        def close(self) -> None:
            closed.append("connection")

    class Foreign:
        def __init__(self) -> None:
            self._connection = Connection()

        def plugin_resources(self) -> dict[str, Any]:
            return {"connection": self._connection}

    plugin = Foreign()

    ids = PluginResourceAdapter(service).adapt_plugin_resources(plugin)
    service.unregister_component(plugin)

    assert len(ids) == 1
    assert closed == ["connection"]
