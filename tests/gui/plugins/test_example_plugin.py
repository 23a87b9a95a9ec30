"""The seed's example plugin, by its buttons."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from budgetinator.plugins import PluginManager
from budgetinator.resources import ResourceManagementService


@pytest.fixture
def shown(qtbot: QtBot, manager: PluginManager) -> Any:
    """The plugin's widget, on the screen; pytest keeps no plugin alive by a proxy."""
    manager.load_plugin("example_plugin")
    widget: Any = manager.get_plugin("example_plugin")
    widget.show()
    qtbot.waitExposed(widget)
    return weakref.proxy(widget)


def test_it_takes_a_megabyte_and_gives_it_back(qtbot: QtBot, shown: Any) -> None:
    """The labels say what the service counts."""
    before = shown.info_label.text(), shown.memory_label.text()
    qtbot.mouseClick(shown.allocate_button, Qt.MouseButton.LeftButton)
    held = shown.get_memory_usage()
    during = shown.info_label.text(), shown.memory_label.text()
    shown.release_button.setFocus()
    qtbot.keyClick(shown.release_button, Qt.Key.Key_Space)

    assert before == ("Plugin loaded successfully", "Memory: 0 bytes")
    assert (held, during) == (1048576, ("Test resource allocated", "Memory: 1,048,576 bytes"))
    assert (shown.info_label.text(), shown.memory_label.text()) == (
        "Test resource released",
        "Memory: 0 bytes",
    )
    assert shown.get_memory_usage() == 0


def test_allocating_twice_holds_one(qtbot: QtBot, shown: Any) -> None:
    """The old buffer is released first."""
    for _ in range(2):
        qtbot.mouseClick(shown.allocate_button, Qt.MouseButton.LeftButton)
    assert shown.get_memory_usage() == 1048576


def test_unloading_releases_what_it_holds(
    qtbot: QtBot, manager: PluginManager, service: ResourceManagementService
) -> None:
    """And the manager counts it among the plugin's memory before."""
    manager.load_plugin("example_plugin")
    widget: Any = manager.get_plugin("example_plugin")
    qtbot.mouseClick(widget.allocate_button, Qt.MouseButton.LeftButton)
    info = manager.find("example_plugin")
    assert info is not None
    used = info.memory_bytes
    del widget

    result = manager.unload_plugin("example_plugin")

    assert used >= 1048576
    assert result.error is None
    assert service.get_statistics()["active_resources"] == 0
