"""What is half done when something else begins: nothing of it is lost, nothing goes elsewhere."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from budgetinator.workbooks import ExcelManager
from tests.gui.window.driving import (
    CTRL,
    PATIENCE,
    answer,
    click,
    editor_of,
    enter,
    focus,
    go_to,
    type_into_cell,
    wait_until_idle,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

Opened = Callable[[Path], "WorkbookTab"]
Button = QMessageBox.StandardButton


def held(tab: WorkbookTab, address: str) -> object:
    assert tab.host is not None
    return tab.host.contents([address])[address]


def on_disk(path: Path, cell: str) -> object:
    with ExcelManager(path) as manager:
        return manager.get_sheet_by_name("P1-Coord")[cell].value


def begin_typing(qtbot: QtBot, tab: WorkbookTab, reference: str, text: str) -> None:
    """Type into a cell, and do not end it."""
    focus(tab.grid)
    go_to(qtbot, tab, reference)
    QTest.keyClicks(tab.grid, text[0])
    QTest.keyClicks(editor_of(tab), text[1:])


def test_a_save_holds_what_is_being_typed(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """Ctrl+S in the middle of an entry enters it first."""
    tab = opened(sample)
    begin_typing(qtbot, tab, "D7", "6100")
    with qtbot.waitSignal(tab.saved, timeout=PATIENCE):
        QTest.keyClick(window, Qt.Key.Key_S, CTRL)
    wait_until_idle(qtbot, tab)
    assert on_disk(sample, "D7") == 6100
    assert not tab.is_modified


def test_closing_right_after_an_entry_asks(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """The workbook's process may not have taken it yet."""
    tab = opened(sample)
    go_to(qtbot, tab, "D7")
    type_into_cell(tab, "6100")
    assert tab.edits.is_busy
    QTest.keyClick(window, Qt.Key.Key_W, CTRL)
    answer(window, Button.Save)
    qtbot.waitUntil(lambda: window.workbooks() == (), timeout=PATIENCE)
    assert on_disk(sample, "D7") == 6100


def test_closing_a_tab_in_the_middle_of_an_entry_asks(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """What was typed is a change."""
    tab = opened(sample)
    begin_typing(qtbot, tab, "D7", "6100")
    QTest.keyClick(window, Qt.Key.Key_W, CTRL)
    answer(window, Button.Save)
    qtbot.waitUntil(lambda: window.workbooks() == (), timeout=PATIENCE)
    assert on_disk(sample, "D7") == 6100


def test_closing_the_window_in_the_middle_of_an_entry_asks(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """So it is for the window."""
    tab = opened(sample)
    begin_typing(qtbot, tab, "D7", "6100")
    window.close()
    answer(window, Button.Save)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE)
    assert on_disk(sample, "D7") == 6100


def test_a_refused_entry_keeps_the_tab(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """What cannot be entered stands in its cell, with the reason, and nothing is closed."""
    tab = opened(sample)
    begin_typing(qtbot, tab, "D7", "1,234")
    QTest.keyClick(window, Qt.Key.Key_W, CTRL)
    assert window.workbooks() == (tab,)
    assert tab.hint.isVisible()
    assert editor_of(tab).text() == "1,234"
    QTest.keyClick(window, Qt.Key.Key_PageDown, CTRL)
    assert tab.sheet_bar.current == "P1-Coord"
    assert editor_of(tab).text() == "1,234"
    QTest.keyClick(editor_of(tab), Qt.Key.Key_Escape)


@pytest.mark.parametrize("way", ["keys", "mouse"])
def test_another_sheet_in_the_middle_of_an_entry(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot, way: str
) -> None:
    """It is entered in the sheet where it was typed, and in no other."""
    tab = opened(sample)
    begin_typing(qtbot, tab, "D7", "6100")
    if way == "keys":
        QTest.keyClick(window, Qt.Key.Key_PageDown, CTRL)
    else:
        click(tab.sheet_bar.tabs, tab.sheet_bar.tabs.tabRect(1).center())
    other = tab.sheet_bar.current
    assert other not in (None, "P1-Coord")
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 1, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert tab.host is not None
    assert dict(tab.host.unsaved) == {"'P1-Coord'!D7": 6100}
    assert tab.sheet_bar.current == other


def test_another_cell_in_the_middle_of_an_entry_above(
    opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """What was typed into the formula bar is entered where it was meant."""
    tab = opened(sample)
    go_to(qtbot, tab, "D7")
    line = tab.formula_bar.contents
    focus(line)
    line.selectAll()
    QTest.keyClicks(line, "6100")
    click(tab.grid.viewport(), tab.grid.visualRect(tab.model.index(8, 2)).center())
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 1, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert tab.host is not None
    assert dict(tab.host.unsaved) == {"'P1-Coord'!D7": 6100}
    assert tab.grid.cell == (9, 3)


def test_a_save_holds_what_is_typed_above(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """Ctrl+S in the formula bar too."""
    tab = opened(sample)
    go_to(qtbot, tab, "D7")
    line = tab.formula_bar.contents
    focus(line)
    line.selectAll()
    QTest.keyClicks(line, "6100")
    with qtbot.waitSignal(tab.saved, timeout=PATIENCE):
        QTest.keyClick(window, Qt.Key.Key_S, CTRL)
    wait_until_idle(qtbot, tab)
    assert on_disk(sample, "D7") == 6100


def test_undo_right_after_an_entry_undoes_that_entry(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """However fast the keys come, the latest step is the one that goes."""
    tab = opened(sample)
    enter(qtbot, tab, "D5", "AT")
    go_to(qtbot, tab, "D7")
    type_into_cell(tab, "6100")
    assert tab.edits.is_busy
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 2, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    qtbot.waitUntil(lambda: held(tab, "P1-Coord!D7") == 6000, timeout=PATIENCE)
    assert held(tab, "P1-Coord!D5") == "AT"


def test_delete_right_after_an_entry_empties_it(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """The cell is not taken for the empty one that it was."""
    tab = opened(sample)
    go_to(qtbot, tab, "H50")
    type_into_cell(tab, "6100")
    QTest.keyClick(tab.grid, Qt.Key.Key_Up)
    QTest.keyClick(tab.grid, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 2, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert held(tab, "P1-Coord!H50") is None


def test_copy_right_after_an_entry_copies_it(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """And not what stood there before."""
    tab = opened(sample)
    go_to(qtbot, tab, "D7")
    type_into_cell(tab, "6100")
    QTest.keyClick(tab.grid, Qt.Key.Key_Up)
    QGuiApplication.clipboard().clear()
    QTest.keyClick(tab.grid, Qt.Key.Key_C, CTRL)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() != "", timeout=PATIENCE)
    assert QGuiApplication.clipboard().text().strip() == "6100"
    wait_until_idle(qtbot, tab)


def test_an_entry_that_the_process_did_not_take_is_put_back(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """A process that dies before it took an entry takes nothing with it."""
    tab = opened(sample)
    enter(qtbot, tab, "D5", "AT")
    go_to(qtbot, tab, "D7")
    assert tab.host is not None
    pid = tab.host.pid
    os.kill(pid, signal.SIGSTOP)
    type_into_cell(tab, "6100")
    os.kill(pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: tab.messages.topic == "process died", timeout=PATIENCE)
    qtbot.waitUntil(lambda: not tab.edits.is_busy, timeout=PATIENCE)
    assert tab.is_modified
    tab.messages.press("Reopen and put them back")
    qtbot.waitUntil(lambda: tab.is_open and tab.undo_stack.count() == 1, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert dict(tab.host.unsaved) == {"'P1-Coord'!D5": "AT", "'P1-Coord'!D7": 6100}


def test_what_is_typed_when_the_process_dies_is_put_back(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """Also where it was not ended yet; and nothing can be typed that would go nowhere."""
    tab = opened(sample)
    begin_typing(qtbot, tab, "D7", "6100")
    assert tab.host is not None
    os.kill(tab.host.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: tab.messages.topic == "process died", timeout=PATIENCE)
    assert tab.is_modified
    assert not tab.grid.is_editing
    QTest.keyClick(tab.grid, Qt.Key.Key_5)
    assert not tab.grid.is_editing
    tab.messages.press("Reopen and put them back")
    qtbot.waitUntil(lambda: tab.is_open and tab.undo_stack.count() == 1, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert tab.host is not None
    assert dict(tab.host.unsaved) == {"'P1-Coord'!D7": 6100}
    type_into_cell(tab, "7")
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 2, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)


def test_a_program_that_ends_keeps_what_the_process_has_not_taken(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """The end by a signal asks nothing, and comes in the midst of an entry."""
    from gui.unsaved import UnsavedChanges

    tab = opened(sample)
    go_to(qtbot, tab, "D7")
    assert tab.host is not None
    type_into_cell(tab, "6100")
    assert tab.edits.is_busy
    window.cleanup()
    kept = UnsavedChanges(window.runtime.state_dir / "unsaved", str(sample))
    assert kept.left() == {"'P1-Coord'!D7": 6100}
