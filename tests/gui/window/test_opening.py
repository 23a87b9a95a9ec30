"""Opening workbooks in the window, and what is seen of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest

from budgetinator.workbooks import ExcelManager
from tests.gui.window.driving import PATIENCE, click, go_to, wait_until_idle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

Opened = Callable[[Path], "WorkbookTab"]


def shown(tab: WorkbookTab, row: int, column: int) -> str | None:
    text: str | None = tab.model.data(tab.model.index(row - 1, column - 1))
    return text


def test_a_workbook_shows_its_sheets_and_values(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """The first sheet is shown with its values, in the formats that its cells have."""
    tab = opened(sample)
    titles = [tab.sheet_bar.tabs.tabText(i) for i in range(tab.sheet_bar.tabs.count())]
    assert titles[:2] == ["P1-Coord", "P2-L'ORE"]
    assert shown(tab, 3, 4) == "Coord"
    qtbot.waitUntil(lambda: shown(tab, 7, 4) == "6\u202f000.00 €", timeout=PATIENCE)
    assert shown(tab, 3, 7) == "100%"


def test_numbers_stand_at_the_right(opened: Opened, sample: Path) -> None:
    """Numbers are aligned to the right, texts to the left."""
    tab = opened(sample)
    right, left = int(Qt.AlignmentFlag.AlignRight), int(Qt.AlignmentFlag.AlignLeft)
    role = Qt.ItemDataRole.TextAlignmentRole
    assert tab.model.data(tab.model.index(6, 3), role) & right
    assert tab.model.data(tab.model.index(2, 3), role) & left


def test_headers_are_those_of_excel(opened: Opened, sample: Path) -> None:
    """Columns have letters and rows have numbers from 1."""
    tab = opened(sample)
    letters = [tab.model.headerData(column, Qt.Orientation.Horizontal) for column in (0, 25, 26)]
    assert letters == ["A", "Z", "AA"]
    assert tab.model.headerData(12, Qt.Orientation.Vertical) == "13"


def test_the_formula_bar_shows_what_a_cell_holds(
    opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """A formula is shown as it stands in the cell, a number with all its digits."""
    tab = opened(sample)
    go_to(qtbot, tab, "N13")
    assert tab.formula_bar.contents.text() == "=0.25*(G13+I13+J13+K13)"
    go_to(qtbot, tab, "D7")
    assert tab.formula_bar.contents.text() == "6000"
    go_to(qtbot, tab, "'P2-L''ORE'!D4")
    assert tab.sheet_bar.current == "P2-L'ORE"
    assert tab.formula_bar.contents.text() == "'999015838"


def test_errors_are_marked(opened: Opened, tmp_path: Path) -> None:
    """A cell that shows an error is told from one in which somebody typed that."""
    book = Workbook()
    book.active["A1"], book.active["A2"] = "#DIV/0!", "typed"
    book.active["A2"].value = "#DIV/0!"
    book.active["A2"].data_type = "s"
    book.save(tmp_path / "errors.xlsx")
    tab = opened(tmp_path / "errors.xlsx")
    assert tab.model.shown(1, 1).is_error
    assert not tab.model.shown(2, 1).is_error
    assert tab.model.data(tab.model.index(0, 0), Qt.ItemDataRole.ToolTipRole) == (
        "The formula's result is the error #DIV/0!."
    )


def test_results_to_be_recalculated_are_marked(opened: Opened, tmp_path: Path) -> None:
    """A formula that nobody has computed shows a mark and no number."""
    book = Workbook()
    book.active["A1"], book.active["A2"] = 2, "=A1*2"
    book.save(tmp_path / "new.xlsx")
    with ExcelManager(tmp_path / "new.xlsx") as manager:
        manager.set_cells({"A1": 3})
        manager.save()
    tab = opened(tmp_path / "new.xlsx")
    assert tab.model.shown(2, 1).is_stale
    assert shown(tab, 2, 1) == "?"
    assert "recalculate" in tab.messages.text
    assert tab.messages.actions_offered == ("Recalculate",)


def test_hidden_sheets_say_so(opened: Opened, tmp_path: Path) -> None:
    """A hidden sheet can be looked at, and says that it is hidden."""
    book = Workbook()
    book.active["A1"] = "seen"
    book.create_sheet("Notes")["A1"] = "secret"
    book["Notes"].sheet_state = "hidden"
    book.save(tmp_path / "hidden.xlsx")
    tab = opened(tmp_path / "hidden.xlsx")
    assert tab.sheet_bar.current == "Sheet"
    assert tab.sheet_bar.tabs.tabText(1) == "Notes  (hidden)"


def test_sheets_are_changed_by_mouse_and_keys(
    opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow
) -> None:
    """A click on a sheet's tab, and Ctrl with Page Down, show another sheet."""
    tab = opened(sample)
    click(tab.sheet_bar.tabs, tab.sheet_bar.tabs.tabRect(2).center())
    wait_until_idle(qtbot, tab)
    assert tab.sheet_bar.current == "P3-NORDLYS"
    qtbot.waitUntil(lambda: shown(tab, 3, 4) == "NORDLYS", timeout=PATIENCE)
    window.menus.actions["next_sheet"].trigger()
    qtbot.waitUntil(lambda: shown(tab, 3, 4) == "TERRA", timeout=PATIENCE)


def test_several_workbooks_are_opened_side_by_side(
    window: MainWindow, qtbot: QtBot, sample: Path, tmp_path: Path
) -> None:
    """Each file gets a tab of its own, and a file that is open already is shown."""
    others = []
    for number in range(3):
        book = Workbook()
        book.active["A1"] = number
        book.save(tmp_path / f"{number}.xlsx")
        others.append(tmp_path / f"{number}.xlsx")
    window.open_files([sample, *others])
    qtbot.waitUntil(lambda: all(tab.is_open for tab in window.workbooks()), timeout=PATIENCE)
    assert len(window.workbooks()) == 4
    window.open_files([others[0]])
    assert len(window.workbooks()) == 4
    current = window.current_workbook()
    assert current is not None
    assert current.path == str(others[0])


def test_files_are_dropped_on_the_window(window: MainWindow, qtbot: QtBot, sample: Path) -> None:
    """What is dragged onto the window is opened."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(sample))])
    copy, left, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter = QDragEnterEvent(QPoint(20, 20), copy, data, left, none)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(20, 20), copy, data, left, none))
    tab = window.current_workbook()
    assert tab is not None
    qtbot.waitUntil(lambda: tab.is_open, timeout=PATIENCE)


def test_opened_files_are_recent(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """What was opened stands on the start page and in the menu, and can be opened from there."""
    tab = opened(sample)
    window.tabs.close_current()
    assert window.recent_files.paths == (str(sample),)
    assert [action.text() for action in window.menus.recent.actions()] == [str(sample)]
    qtbot.waitUntil(window.welcome.recent.isVisible, timeout=PATIENCE)
    window.welcome.recent.setCurrentRow(0)
    QTest.keyClick(window.welcome.recent, Qt.Key.Key_Return)
    assert len(window.workbooks()) == 1
    again = window.workbooks()[0]
    assert again is not tab
    qtbot.waitUntil(lambda: again.is_open, timeout=PATIENCE)


def test_opening_is_cancelled(window: MainWindow, qtbot: QtBot, sample: Path) -> None:
    """Cancel ends the opening, leaves no process, and the file can be opened after all."""
    window.open_files([sample])
    tab = window.current_workbook()
    assert tab is not None
    tab.job_bar.show()
    click(tab.job_bar.cancel_button)
    qtbot.waitUntil(tab.failure_page.isVisible, timeout=PATIENCE)
    assert tab.failure_page.text == "Opening was cancelled."
    assert window.host_pids() == ()
    click(tab.failure_page.retry_button)
    qtbot.waitUntil(lambda: tab.is_open, timeout=PATIENCE)


def test_every_workbook_of_a_kind_is_shown(
    opened: Opened, corpus: Callable[[str], Path], window: MainWindow
) -> None:
    """Real workbooks with charts, pictures, tables and odd markup open with their values."""
    for name in (
        "poi/58325_db.xlsx",
        "xlsxwriter/chart_bar01.xlsx",
        "xlsxwriter/table01.xlsx",
        "xlsxwriter/comment01.xlsx",
    ):
        tab = opened(corpus(name))
        assert tab.model.rowCount() >= 60
    assert len(window.workbooks()) == 4
