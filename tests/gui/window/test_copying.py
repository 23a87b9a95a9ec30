"""Copy and paste, sums of a selection, and finding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from tests.gui.window.driving import CTRL, PATIENCE, go_to, wait_until_idle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

Opened = Callable[[Path], "WorkbookTab"]


def test_cells_are_copied_as_tab_separated_text(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """Lines of fields, numbers with all their digits and no signs of their format."""
    tab = opened(sample)
    go_to(qtbot, tab, "B2:D4")
    QTest.keyClick(tab.grid, Qt.Key.Key_C, CTRL)
    text = QGuiApplication.clipboard().text()
    assert text == "Number\t\t1\nAcronym\t\tCoord\nPIC\t\t999007919\n"


def test_a_paste_is_one_step(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """Fields become cells from the current one on; texts of digits stay texts."""
    tab = opened(sample)
    go_to(qtbot, tab, "D4")
    QTest.keyClick(tab.grid, Qt.Key.Key_C, CTRL)
    go_to(qtbot, tab, "H50")
    QTest.keyClick(tab.grid, Qt.Key.Key_V, CTRL)
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 1, timeout=PATIENCE)
    qtbot.waitUntil(lambda: tab.model.value(50, 8) == "999007919", timeout=PATIENCE)
    QGuiApplication.clipboard().setText("1,5\t2,5\nx\t")
    QTest.keyClick(tab.grid, Qt.Key.Key_V, CTRL)
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 2, timeout=PATIENCE)
    qtbot.waitUntil(lambda: tab.model.value(51, 8) == "x", timeout=PATIENCE)
    assert (tab.model.value(50, 8), tab.model.value(50, 9)) == (1.5, 2.5)
    tab.undo_stack.undo()
    qtbot.waitUntil(lambda: tab.model.value(50, 8) == "999007919", timeout=PATIENCE)
    wait_until_idle(qtbot, tab)


def test_a_paste_that_is_refused_changes_nothing(
    opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """One ambiguous field refuses all, and says which."""
    tab = opened(sample)
    go_to(qtbot, tab, "H50")
    QGuiApplication.clipboard().setText("1,5\t1,234")
    QTest.keyClick(tab.grid, Qt.Key.Key_V, CTRL)
    assert "Nothing was pasted" in tab.messages.text
    assert "1,234" in tab.messages.text
    assert tab.undo_stack.count() == 0


def test_a_selection_is_summed_up(
    opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow
) -> None:
    """Sum, average and count stand in the status bar."""
    tab = opened(sample)
    go_to(qtbot, tab, "C18:F18")
    qtbot.waitUntil(lambda: window.sums.text() != "", timeout=PATIENCE)
    assert window.sums.text() == "Sum 13     Average 3.25     Count 4"


def test_a_text_is_found(opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow) -> None:
    """Ctrl and F, a text, and Enter go from place to place, around the end."""
    tab = opened(sample)
    QTest.keyClick(window, Qt.Key.Key_F, CTRL)
    assert tab.find_bar.text.hasFocus() or tab.find_bar.isVisible()
    QTest.keyClicks(tab.find_bar.text, "table")
    QTest.keyClick(tab.find_bar.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.grid.cell == (10, 2), timeout=PATIENCE)
    QTest.keyClick(tab.find_bar.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.grid.cell == (16, 2), timeout=PATIENCE)
    QTest.keyClick(tab.find_bar.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: tab.grid.cell == (10, 2), timeout=PATIENCE)
    tab.find_bar.text.setText("nowhere at all")
    QTest.keyClick(tab.find_bar.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.find_bar.status.text() == "Nothing found", timeout=PATIENCE)
