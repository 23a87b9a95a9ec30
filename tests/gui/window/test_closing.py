"""Closing tabs and the window: what is unsaved is asked about, and nothing is left."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from budgetinator.workbooks import ExcelManager
from tests.gui.window.driving import CTRL, PATIENCE, answer, enter, question

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

Opened = Callable[[Path], "WorkbookTab"]
Button = QMessageBox.StandardButton


def rate(path: Path) -> object:
    with ExcelManager(path) as manager:
        return manager.get_sheet_by_name("P1-Coord")["D7"].value


def test_closing_a_tab_ends_its_process(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """The process of the workbook is gone with the tab."""
    tab = opened(sample)
    assert tab.host is not None
    pid = tab.host.pid
    QTest.keyClick(window, Qt.Key.Key_W, CTRL)
    assert window.workbooks() == ()
    qtbot.waitUntil(lambda: not psutil.pid_exists(pid), timeout=PATIENCE)
    assert window.welcome.isVisible()


def test_cancel_keeps_the_tab(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """Escape at the question is Cancel."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    window.tabs.close_current()
    QTest.keyClick(question(window), Qt.Key.Key_Escape)
    assert window.workbooks() == (tab,)
    assert tab.is_open


def test_discard_closes_without_saving(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """The file is as it was."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    window.tabs.close_current()
    answer(window, Button.Discard)
    assert window.workbooks() == ()
    assert rate(sample) == 6000


def test_save_closes_when_it_is_saved(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """The file holds the change."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    window.tabs.close_current()
    answer(window, Button.Save)
    qtbot.waitUntil(lambda: window.workbooks() == (), timeout=PATIENCE)
    assert rate(sample) == 6100


def test_closing_the_window_asks_once_for_all(
    opened: Opened, sample: Path, tmp_path: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """Save All saves each workbook and then ends the window."""
    other = tmp_path / "other.xlsx"
    other.write_bytes(sample.read_bytes())
    for path in (sample, other):
        enter(qtbot, opened(path), "D7", "6100")
    window.close()
    assert window.isVisible()
    assert "budget.xlsx" in question(window).text()
    assert "other.xlsx" in question(window).text()
    answer(window, Button.SaveAll)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE)
    assert (rate(sample), rate(other)) == (6100, 6100)


def test_a_save_that_fails_keeps_the_window(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """Nothing is closed, and the reason is there."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    with ExcelManager(sample) as manager:
        manager.set_cells({"P1-Coord!D5": "FR"})
        manager.save()
    window.close()
    answer(window, Button.Save)
    qtbot.waitUntil(lambda: tab.messages.topic == "saving", timeout=PATIENCE)
    assert window.isVisible()
    assert tab.is_open


def test_the_window_ends_while_files_are_opened(
    window: MainWindow, sample: Path, qtbot: QtBot
) -> None:
    """Processes that are just being started end too."""
    before = set(psutil.Process().children())
    window.open_files([sample])
    window.close()
    assert not window.isVisible()
    ours = set(psutil.Process().children()) - before
    qtbot.waitUntil(lambda: not [child for child in ours if _is_workbook(child)], timeout=PATIENCE)


def _is_workbook(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_openings_leave_nothing(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """No process, descriptor or widget is left after opening and closing again and again."""
    opened(sample)
    window.tabs.close_current()
    qtbot.wait(100)
    before = _state(window)
    for _ in range(8):
        opened(sample)
        window.tabs.close_current()
    qtbot.waitUntil(
        lambda: all(now <= then for now, then in zip(_state(window), before, strict=True)),
        timeout=PATIENCE,
    )


def _state(window: MainWindow) -> tuple[int, int, int]:
    from tests.gui.qtleftovers import collect_qt

    collect_qt()
    process = psutil.Process(os.getpid())
    children = len([child for child in process.children() if _is_workbook(child)])
    return children, process.num_fds(), len(window.findChildren(QObject))
