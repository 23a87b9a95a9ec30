"""`PluginBase(QWidget)`: seed 003's base of plugins, on the GUI thread."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from budgetinator import errors
from budgetinator.plugins import PluginManager
from budgetinator.resources import ComponentState, ResourceManagementService, ResourceType
from gui.plugin_base import PluginBase
from tests.gui.plugins.conftest import Write
from tests.support.logs import ExpectLog


class Notes(PluginBase):
    """A plugin that notes what becomes of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(plugin_id="notes", plugin_type="test", parent=parent)
        self.asked: list[str] = []

    def initialize(self) -> bool:
        self.asked.append("initialize")
        return True

    def _cleanup_resources(self) -> None:
        self.asked.append("clean up")


class Broken(Notes):
    """One whose clean-up fails."""

    def _cleanup_resources(self) -> None:
        raise OSError("busy")


def test_a_life_with_the_signals_of_the_seed(
    qtbot: QtBot, service: ResourceManagementService
) -> None:
    """Activated, paused and told of a resource, whose bytes are Python's own."""
    service.set_global_memory_limit(None)
    plugin = Notes()
    qtbot.addWidget(plugin)
    heard: list[str] = []
    plugin.plugin_activated.connect(lambda: heard.append("activated"))
    plugin.plugin_deactivated.connect(lambda: heard.append("deactivated"))
    plugin.resource_tracked.connect(heard.append)

    plugin.activate()
    resource_id = plugin.track_resource(ResourceType.MEMORY, bytearray(1), 3 * 2**30)
    plugin.deactivate()

    assert heard == ["activated", resource_id, "deactivated"]
    assert plugin.get_memory_usage() == 3 * 2**30
    assert service.get_component_state(plugin) is ComponentState.PAUSED
    plugin.cleanup()


def test_closing_the_widget_cleans_up(qtbot: QtBot, service: ResourceManagementService) -> None:
    """Paused first, once only, and its resources with it."""
    plugin = Notes()
    qtbot.addWidget(plugin)
    plugin.activate()
    plugin.track_resource(ResourceType.MEMORY, bytearray(1), 1)

    plugin.close()
    plugin.close()

    assert plugin.asked == ["initialize", "clean up"]
    assert plugin.state is ComponentState.DESTROYED
    assert service.get_resource_count(plugin) == {}


def test_a_clean_up_that_fails_does_not_keep_the_widget_open(
    qtbot: QtBot, service: ResourceManagementService, expect_log: ExpectLog
) -> None:
    """It is logged; nobody could catch it there."""
    expect_log("Plugin notes could not be cleaned up completely")
    plugin = Broken()
    qtbot.addWidget(plugin)
    plugin.show()
    assert plugin.close() is True
    assert service.get_component_state(plugin) is ComponentState.DESTROYED


def test_a_class_without_its_overrides_cannot_be_made(qtbot: QtBot) -> None:
    """`PluginBase(QWidget, ABC)` is a TypeError on import; this is one when it is made."""

    class Half(PluginBase):
        def initialize(self) -> bool:
            return True

    with pytest.raises(TypeError, match=r"Half cannot be made.*_cleanup_resources"):
        Half("half")
    assert qtbot is not None


def test_a_widget_that_qt_has_deleted_pauses_silently(
    qtbot: QtBot, service: ResourceManagementService, collect_qt: Callable[[], None]
) -> None:
    """Its parent took it along; its clean-up still runs."""
    parent = QWidget()
    plugin = Notes(parent)
    plugin.activate()
    parent.deleteLater()
    collect_qt()

    plugin.cleanup()

    assert plugin.asked == ["initialize", "clean up"]
    assert service.get_component_state(plugin) is ComponentState.DESTROYED
    assert qtbot is not None


def test_a_plugin_in_a_tab_is_unloaded_without_a_trace(
    qtbot: QtBot, manager: PluginManager, write: Write, service: ResourceManagementService
) -> None:
    """Used by mouse, then out of the tabs and gone: object, widgets and modules."""
    write("pad")
    tabs = QTabWidget()
    qtbot.addWidget(tabs)
    manager.plugin_loaded.connect(lambda name: tabs.addTab(manager.get_plugin(name), name))
    manager.load_plugin("pad")
    widget: Any = manager.get_plugin("pad")
    tabs.show()
    qtbot.mouseClick(widget.button, Qt.MouseButton.LeftButton)
    text = widget.label.text()
    del widget

    result = manager.unload_plugin("pad")

    assert text == "pressed"
    assert (result.error, tabs.count()) == (None, 0)
    assert "budgetinator_plugin_pad" not in sys.modules
    assert [each.component_id for each in service.snapshot().components] == ["PluginManager"]


def test_a_lambda_that_qt_holds_is_named_and_let_go(
    qtbot: QtBot,
    manager: PluginManager,
    write: Write,
    expect_log: ExpectLog,
    collect_qt: Callable[[], None],
) -> None:
    """The connection keeps the plugin; the error says so, and the event loop frees it."""
    expect_log("was unloaded, but its object")
    write("pad", "self.button.clicked.connect(lambda: self.press())")
    manager.load_plugin("pad")

    result = manager.unload_plugin("pad")
    collect_qt()

    assert isinstance(result.error, errors.PluginHeld)
    assert "function Widget.__init__.<locals>.<lambda>" in result.error.holders[0]
    assert qtbot is not None


def test_a_window_that_a_plugin_left_open_is_named(
    qtbot: QtBot,
    manager: PluginManager,
    write: Write,
    expect_log: ExpectLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A dialog without a parent belongs to nobody; its class tells whose it is."""
    expect_log("its Window, loaded at")
    monkeypatch.setattr(sys, "opened", [], raising=False)
    write("pad", "import sys; sys.opened.append(Window())")
    manager.load_plugin("pad")

    result = manager.unload_plugin("pad")

    assert isinstance(result.error, errors.PluginHeld)
    assert "sys['opened'][0] → Window" in result.error.holders[0]
    sys.opened.clear()  # type: ignore[attr-defined]
    assert qtbot is not None


def test_a_widget_that_is_half_made_is_gone(
    qtbot: QtBot,
    manager: PluginManager,
    write: Write,
    expect_log: ExpectLog,
    service: ResourceManagementService,
) -> None:
    """Its `__init__` raised after Qt had made it."""
    expect_log("Plugin pad failed")
    expect_log("cannot be loaded: it raised ValueError: half made")
    write("pad", "raise ValueError('half made')")
    result = manager.load_plugin("pad")
    assert isinstance(result.error, errors.PluginFailed)
    assert [each.component_id for each in service.snapshot().components] == ["PluginManager"]
    assert qtbot is not None


def test_many_loads_leave_nothing(
    qtbot: QtBot, manager: PluginManager, write: Write, service: ResourceManagementService
) -> None:
    """Each of them proves that it is gone."""
    write("pad")
    for _ in range(20):
        loaded = manager.load_plugin("pad").success
        widget = manager.get_plugin("pad")
        assert loaded
        assert widget is not None
        widget.activate()
        del widget
        assert manager.unload_plugin("pad").error is None
    assert len(service.snapshot().components) == 1
    assert qtbot is not None
