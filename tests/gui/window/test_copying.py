"""Copy and paste, sums of a selection, and finding."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook
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
    qtbot.waitUntil(lambda: "Nothing was pasted" in tab.messages.text, timeout=PATIENCE)
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


def test_a_whole_share_is_copied_to_another(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """100 % is 1, and copied cells have no second reading."""
    tab = opened(sample)
    qtbot.waitUntil(lambda: "%" in tab.model.code(3, 7), timeout=PATIENCE)
    tab.set_cells({"'P1-Coord'!H50": 1}, "entry")
    qtbot.waitUntil(lambda: tab.model.value(50, 8) == 1, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    go_to(qtbot, tab, "H50")
    QGuiApplication.clipboard().clear()
    QTest.keyClick(tab.grid, Qt.Key.Key_C, CTRL)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() != "", timeout=PATIENCE)
    go_to(qtbot, tab, "G3")
    QTest.keyClick(tab.grid, Qt.Key.Key_V, CTRL)
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 2, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert tab.host is not None
    assert tab.host.contents(["'P1-Coord'!G3"])["'P1-Coord'!G3"] == 1


def test_what_is_no_table_is_refused(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """A text beyond all measure changes nothing, and the reason is there."""
    tab = opened(sample)
    go_to(qtbot, tab, "H50")
    QGuiApplication.clipboard().setText("x" * 140_000)
    QTest.keyClick(tab.grid, Qt.Key.Key_V, CTRL)
    assert "Nothing was pasted" in tab.messages.text
    assert tab.undo_stack.count() == 0
    QGuiApplication.clipboard().clear()


def test_the_selection_of_a_large_sheet_does_not_hold_the_window(
    opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """The headers do not ask about each of its cells."""
    tab = opened(sample)
    tab.model.reach(100_000, 26)
    tab.grid.selectAll()
    begin = time.perf_counter()
    tab.grid.grab()
    assert time.perf_counter() - begin < 5


def test_a_long_paste_is_read_by_the_cells_it_goes_over(
    opened: Opened, tmp_path: Path, qtbot: QtBot
) -> None:
    """Also where they were never shown: digits over a PIC stay text, 70 in a share is refused."""
    path = tmp_path / "long.xlsx"
    made = Workbook()
    sheet = made.create_sheet("Long", 0)
    for row in range(1, 1_001):
        sheet.cell(row, 1, f"{row:09}")
        sheet.cell(row, 2, 0.5).number_format = "0%"
    made.save(path)
    made.close()
    tab = opened(path)
    go_to(qtbot, tab, "A1")
    QGuiApplication.clipboard().setText("000000007\t70%\n" * 900)
    QTest.keyClick(tab.grid, Qt.Key.Key_V, CTRL)
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 1, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert tab.host is not None
    assert tab.host.contents(["Long!A900"]) == {"Long!A900": "000000007"}
    QGuiApplication.clipboard().setText("000000007\t70%\n" * 899 + "000000007\t70\n")
    QTest.keyClick(tab.grid, Qt.Key.Key_V, CTRL)
    qtbot.waitUntil(lambda: "7000%" in tab.messages.text, timeout=PATIENCE)
    assert tab.undo_stack.count() == 1
    wait_until_idle(qtbot, tab)
