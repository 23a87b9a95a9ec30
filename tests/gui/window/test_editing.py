"""Cells changed by keys and mouse, undone and redone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from budgetinator.workbooks import ExcelManager
from tests.gui.window.driving import (
    CTRL,
    PATIENCE,
    SHIFT,
    click,
    editor_of,
    enter,
    go_to,
    type_into_cell,
    wait_until_idle,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

Opened = Callable[[Path], "WorkbookTab"]


def held(tab: WorkbookTab, address: str) -> object:
    assert tab.host is not None
    return tab.host.contents([address])[address]


def test_what_is_typed_is_entered(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """A number typed into a cell is in the workbook, and the cell below is the current one."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6543,5")
    assert held(tab, "'P1-Coord'!D7") == 6543.5
    assert tab.grid.cell == (8, 4)
    qtbot.waitUntil(lambda: tab.model.value(7, 4) == 6543.5, timeout=PATIENCE)


def test_twelve_and_a_half_is_never_one_hundred_and_twenty_five(
    opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """A comma is a decimal sign wherever it fits no other reading."""
    tab = opened(sample)
    enter(qtbot, tab, "C18", "12,5")
    assert held(tab, "'P1-Coord'!C18") == 12.5


@pytest.mark.parametrize("text", ["1.234", "1,234", "12,5,3", "nan"])
def test_what_is_ambiguous_is_refused(
    opened: Opened, sample: Path, qtbot: QtBot, text: str
) -> None:
    """The reason stands beside the cell, the editor keeps what was typed, nothing is changed."""
    tab = opened(sample)
    go_to(qtbot, tab, "C18")
    type_into_cell(tab, text)
    assert tab.hint.isVisible()
    assert text in tab.hint.text
    assert editor_of(tab).text() == text
    QTest.keyClick(editor_of(tab), Qt.Key.Key_Escape)
    assert tab.undo_stack.count() == 0
    assert held(tab, "'P1-Coord'!C18") == 6
    assert not tab.is_modified


def test_f2_edits_what_the_cell_holds(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """The editor begins with the formula, and leaving it as it was changes nothing."""
    tab = opened(sample)
    go_to(qtbot, tab, "N13")
    QTest.keyClick(tab.grid, Qt.Key.Key_F2)
    assert editor_of(tab).text() == "=0.25*(G13+I13+J13+K13)"
    QTest.keyClick(editor_of(tab), Qt.Key.Key_Return)
    assert tab.undo_stack.count() == 0
    go_to(qtbot, tab, "D3")
    QTest.keyClick(tab.grid, Qt.Key.Key_F2)
    QTest.keyClick(editor_of(tab), Qt.Key.Key_End)
    QTest.keyClicks(editor_of(tab), "2")
    QTest.keyClick(editor_of(tab), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 1, timeout=PATIENCE)
    assert held(tab, "'P1-Coord'!D3") == "Coord2"


def test_a_double_click_edits(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """So does the mouse."""
    tab = opened(sample)
    rect = tab.grid.visualRect(tab.model.index(4, 3))
    click(tab.grid.viewport(), rect.center())
    qtbot.waitUntil(lambda: tab.grid.contents is not None, timeout=PATIENCE)
    QTest.mouseDClick(tab.grid.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert editor_of(tab).text() == "DE"


def test_the_formula_bar_edits(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """What is typed above the sheet is entered, and a refused text stays there."""
    tab = opened(sample)
    go_to(qtbot, tab, "D7")
    line = tab.formula_bar.contents
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "1,234")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert tab.hint.isVisible()
    assert held(tab, "'P1-Coord'!D7") == 6000
    line.selectAll()
    QTest.keyClicks(line, "=2*3000")
    QTest.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 1, timeout=PATIENCE)
    qtbot.waitUntil(lambda: tab.formula_bar.contents.text() == "=2*3000", timeout=PATIENCE)


def test_undo_and_redo(opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow) -> None:
    """Each entry is a step; undone to the beginning the workbook is unchanged again."""
    tab = opened(sample)
    enter(qtbot, tab, "D5", "AT")
    enter(qtbot, tab, "D7", "7000")
    assert window.tabs.tabText(0) == "• budget.xlsx"
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: held(tab, "'P1-Coord'!D7") == 6000, timeout=PATIENCE)
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: held(tab, "'P1-Coord'!D5") == "DE", timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert not tab.is_modified
    assert window.tabs.tabText(0) == "budget.xlsx"
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL | SHIFT)
    qtbot.waitUntil(lambda: held(tab, "'P1-Coord'!D5") == "AT", timeout=PATIENCE)
    QTest.keyClick(window, Qt.Key.Key_Y, CTRL)
    qtbot.waitUntil(lambda: held(tab, "'P1-Coord'!D7") == 7000, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert tab.is_modified


def test_delete_empties_cells_in_one_step(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """Empty is not zero; one undo brings all of them back."""
    tab = opened(sample)
    go_to(qtbot, tab, "C18:F18")
    QTest.keyClick(tab.grid, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 1, timeout=PATIENCE)
    assert held(tab, "'P1-Coord'!D18") is None
    tab.undo_stack.undo()
    qtbot.waitUntil(lambda: held(tab, "'P1-Coord'!D18") == 2, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)


def test_digits_that_are_a_text_stay_one(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """A PIC typed over another one is no number."""
    tab = opened(sample)
    enter(qtbot, tab, "D4", "999000111")
    assert held(tab, "'P1-Coord'!D4") == "999000111"


def test_a_share_needs_its_sign(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """In a cell of per cents 70 could be 70 % or 7000 %; 70% is taken."""
    tab = opened(sample)
    qtbot.waitUntil(lambda: "%" in tab.model.code(3, 7), timeout=PATIENCE)
    go_to(qtbot, tab, "G3")
    type_into_cell(tab, "70")
    assert "7000%" in tab.hint.text
    QTest.keyClick(editor_of(tab), Qt.Key.Key_Escape)
    enter(qtbot, tab, "G3", "70%")
    assert held(tab, "'P1-Coord'!G3") == 0.7


def test_a_cell_below_a_merged_one_is_refused(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """What only the workbook can tell is told beside the cell too, and nothing is changed."""
    tab = opened(sample)
    tab.set_cells({"'P1-Coord'!E3": "hidden"}, "entry")
    qtbot.waitUntil(tab.hint.isVisible, timeout=PATIENCE)
    assert "merged" in tab.hint.text
    assert tab.undo_stack.count() == 0
    wait_until_idle(qtbot, tab)


def test_stale_results_appear_with_an_edit(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """What a change makes old is marked as soon as the change is made."""
    with ExcelManager(sample) as manager:
        manager.recalculate()
    tab = opened(sample)
    qtbot.waitUntil(lambda: tab.model.value(13, 15) is not None, timeout=PATIENCE)
    assert not tab.model.shown(13, 15).is_stale
    enter(qtbot, tab, "D7", "7000")
    qtbot.waitUntil(lambda: tab.model.shown(13, 15).is_stale, timeout=PATIENCE)
