"""Everything can be done and heard without a mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollBar, QWidget

from gui.menus import MENUS
from tests.gui.window.driving import PATIENCE, go_to, wait_until_idle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

Opened = Callable[[Path], "WorkbookTab"]


def nameless(window: QWidget) -> list[str]:
    """Widgets that can have the keyboard, and have no name that a screen reader could say."""
    return [
        f"{type(widget).__name__} {widget.objectName()}"
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not isinstance(widget, QScrollBar)
        and widget.objectName() not in {"qt_scrollarea_viewport", "qt_spinbox_lineedit"}
        and not _spoken(widget)
    ]


def _spoken(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    if interface is None:
        return widget.accessibleName()
    return widget.accessibleName() or interface.text(QAccessible.Text.Name)


def test_everything_that_takes_the_keyboard_has_a_name(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """On the start page, in a workbook with its search and findings, and where it failed."""
    assert nameless(window) == []
    tab = opened(sample)
    tab.find_bar.begin()
    tab.check()
    qtbot.waitUntil(tab.findings.isVisible, timeout=PATIENCE)
    tab.messages.show_message("text", "warning")
    assert nameless(window) == []


def test_every_action_has_a_function(window: MainWindow) -> None:
    """What a menu names does something."""
    menus = {"recent", "plugin_menu", ""}
    named = {entry.name for entries in MENUS.values() for entry in entries} - menus
    assert named == set(window._functions())
    assert named == set(window.menus.actions)


def test_no_keys_have_two_meanings(window: MainWindow) -> None:
    """Each shortcut is that of one action."""
    keys = [
        shortcut.toString()
        for action in window.menus.actions.values()
        for shortcut in action.shortcuts()
    ]
    assert sorted(keys) == sorted(set(keys))


def test_arrows_and_tab_move_the_cell(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """As in any spreadsheet program."""
    tab = opened(sample)
    go_to(qtbot, tab, "B2")
    for key, cell in (
        (Qt.Key.Key_Down, (3, 2)),
        (Qt.Key.Key_Tab, (3, 3)),
        (Qt.Key.Key_Return, (4, 3)),
        (Qt.Key.Key_Up, (3, 3)),
    ):
        QTest.keyClick(tab.grid, key)
        assert tab.grid.cell[0] == cell[0]
    QTest.keyClick(tab.grid, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert tab.grid.cell[0] == 2


def test_a_cell_says_what_it_holds_and_what_is_wrong(opened: Opened, sample: Path) -> None:
    """A screen reader hears the reference, the value and the mark."""
    tab = opened(sample)
    index = tab.model.index(2, 3)
    assert tab.model.data(index, Qt.ItemDataRole.AccessibleTextRole) == "D3: Coord"


def test_a_reference_that_is_none_is_refused(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """The name box says why, and the cell stays."""
    tab = opened(sample)
    tab.formula_bar.begin_go_to()
    QTest.keyClicks(tab.formula_bar.name_box, "A0")
    QTest.keyClick(tab.formula_bar.name_box, Qt.Key.Key_Return)
    assert tab.hint.isVisible()
    assert "A0" in tab.hint.text
    assert tab.grid.cell == (1, 1)
    wait_until_idle(qtbot, tab)


def test_light_and_dark_follow_the_platform(window: MainWindow) -> None:
    """Each look has its own palette, and every colour is readable on its ground."""
    from gui.theme import DARK, LIGHT, apply_theme

    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before, sheet = app.palette(), app.styleSheet()
    try:
        for look in (LIGHT, DARK):
            assert apply_theme(app, look) is look
            for ground in (look.base, look.panel, look.window):
                assert _contrast(look.text, ground) > 7
                assert _contrast(look.muted, ground) > 4.5
                assert _contrast(look.error, ground) > 4.5
                assert _contrast(look.stale, ground) > 4.5
            assert _contrast(look.on_accent, look.accent) > 4.5
    finally:
        app.setStyleSheet(sheet)
        app.setPalette(before)


def _contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.1."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
