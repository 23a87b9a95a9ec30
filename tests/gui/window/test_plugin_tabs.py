"""Plugins as tabs of the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.gui.window.driving import PATIENCE, wait_until_idle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

Opened = Callable[[Path], "WorkbookTab"]


def test_a_plugin_is_loaded_by_its_menu_and_unloaded_with_its_tab(
    window: MainWindow, qtbot: QtBot
) -> None:
    """Nothing of a plugin runs before it is asked for, and nothing is left after it is closed."""
    window.menus.plugins.aboutToShow.emit()
    manager = window.runtime.plugin_manager
    assert manager.get_loaded_plugins() == []
    entry = next(a for a in window.menus.plugins.actions() if a.text() == "Currency")
    entry.trigger()
    assert window.tabs.count() == 1
    assert [info.plugin_id for info in manager.get_loaded_plugins()] == ["currency"]
    window.tabs.close_current()
    qtbot.waitUntil(lambda: window.tabs.count() == 0, timeout=PATIENCE)
    assert manager.get_loaded_plugins() == []


def test_the_page_of_the_plugins(window: MainWindow, qtbot: QtBot) -> None:
    """It is a tab, and is there once."""
    window.menus.actions["plugins"].trigger()
    window.menus.actions["plugins"].trigger()
    assert window.tabs.count() == 1
    assert window.tabs.tabText(0) == "Plugins"
    window.tabs.close_current()
    qtbot.waitUntil(lambda: window.tabs.count() == 0, timeout=PATIENCE)


def set_a_cell(workbook: object, text: str) -> str:
    workbook["P1-Coord"]["D5"] = text  # type: ignore[index]
    return text


def test_what_a_plugin_changes_is_seen(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """The sheet shows it, and the workbook is marked as changed."""
    tab = opened(sample)
    window.menus.plugins.aboutToShow.emit()
    lent = window.runtime.plugin_manager.workbench.active()
    assert lent.path == sample
    assert lent.apply(set_a_cell, "BE") == "BE"
    qtbot.waitUntil(lambda: tab.model.value(5, 4) == "BE", timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert tab.is_modified
    assert window.tabs.tabText(0) == "• budget.xlsx"


def test_the_monitor_is_shown_and_goes_with_the_window(window: MainWindow) -> None:
    """Ctrl and M, or the memory in the status bar, open it."""
    window.memory.click()
    assert window.pages.monitor is not None
    assert window.pages.monitor.isVisible()
