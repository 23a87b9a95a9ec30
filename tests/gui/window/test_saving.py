"""Saving, saving elsewhere, and what stands in the way of a save."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from budgetinator.workbooks import ExcelManager
from tests.gui.window.driving import CTRL, PATIENCE, enter, wait_until_idle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

Opened = Callable[[Path], "WorkbookTab"]


def on_disk(path: Path, address: str) -> object:
    sheet, _, cell = address.rpartition("!")
    with ExcelManager(path) as manager:
        return manager.get_sheet_by_name(sheet)[cell].value


def save(qtbot: QtBot, window: MainWindow, tab: WorkbookTab) -> None:
    with qtbot.waitSignal(tab.saved, timeout=PATIENCE):
        QTest.keyClick(window, Qt.Key.Key_S, CTRL)
    wait_until_idle(qtbot, tab)


def test_ctrl_s_saves(opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow) -> None:
    """The file holds the change, the mark is gone, and undo still works."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    save(qtbot, window, tab)
    assert on_disk(sample, "P1-Coord!D7") == 6100
    assert window.tabs.tabText(0) == "budget.xlsx"
    assert not tab.is_modified
    tab.undo_stack.undo()
    qtbot.waitUntil(lambda: tab.is_modified and not tab.edits.is_busy, timeout=PATIENCE)
    save(qtbot, window, tab)
    assert on_disk(sample, "P1-Coord!D7") == 6000


@pytest.mark.leftovers_expected("descriptor")  # Qt's own, for the types of files
def test_save_as_goes_on_with_the_new_file(
    opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow
) -> None:
    """The old file stays as it was, the tab is that of the new one."""
    tab = opened(sample)
    before = sample.read_bytes()
    enter(qtbot, tab, "D7", "6100")
    window.menus.actions["save_as"].trigger()
    dialog = window.findChild(QFileDialog, "save")
    assert dialog is not None
    target = sample.with_name("elsewhere.xlsx")
    dialog.fileSelected.emit(str(target))
    dialog.close()
    qtbot.waitUntil(lambda: tab.path == str(target) and tab.is_open, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert sample.read_bytes() == before
    assert on_disk(target, "P1-Coord!D7") == 6100
    assert window.tabs.tabText(0) == "elsewhere.xlsx"


def test_a_copy_leaves_the_tab_with_its_file(
    opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow
) -> None:
    """A copy holds the change, and the workbook is still to be saved."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    target = sample.with_name("copy.xlsx")
    with qtbot.waitSignal(tab.saved, timeout=PATIENCE):
        tab.save_copy_to(str(target))
    wait_until_idle(qtbot, tab)
    assert on_disk(target, "P1-Coord!D7") == 6100
    assert tab.path == str(sample)
    assert tab.is_modified


def change_behind_the_window(path: Path) -> None:
    with ExcelManager(path) as manager:
        manager.set_cells({"P1-Coord!D5": "FR"})
        manager.save()


def test_a_file_changed_on_disk_is_told(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """The tab says so as soon as it happens, and shows the file as it is now if asked."""
    tab = opened(sample)
    tab.messages.clear()
    change_behind_the_window(sample)
    qtbot.waitUntil(tab.messages.isVisible, timeout=PATIENCE)
    assert tab.messages.actions_offered == ("Reload", "Save a copy…")
    tab.messages.press("Reload")
    qtbot.waitUntil(lambda: tab.model.value(5, 4) == "FR", timeout=PATIENCE)


def test_a_save_does_not_overwrite_what_others_wrote(
    opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow
) -> None:
    """It is refused, with ways out; Overwrite is one of them."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    change_behind_the_window(sample)
    QTest.keyClick(window, Qt.Key.Key_S, CTRL)
    qtbot.waitUntil(lambda: tab.messages.topic == "saving", timeout=PATIENCE)
    assert tab.messages.actions_offered == ("Reload", "Overwrite", "Save a copy…")
    assert on_disk(sample, "P1-Coord!D7") == 6000
    with qtbot.waitSignal(tab.saved, timeout=PATIENCE):
        tab.messages.press("Overwrite")
    wait_until_idle(qtbot, tab)
    assert on_disk(sample, "P1-Coord!D7") == 6100


def hold_the_lock(path: Path, folder: Path, seconds: float) -> subprocess.Popen[str]:
    """Another process of ours that is in the midst of saving this file."""
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from budgetinator.workbooks.saving.replacing import _locked\n"
        "with _locked(Path(sys.argv[1]), sys.argv[1], Path(sys.argv[2]), 5.0):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(float(sys.argv[3]))\n"
    )
    arguments = [sys.executable, "-c", code, str(path), str(folder), str(seconds)]
    started = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "held\n"
    return started


def test_a_locked_file_is_told(
    opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow
) -> None:
    """While another process saves it, this save waits, then says so, and can be tried again."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    other = hold_the_lock(sample, window.runtime.lock_dir, 60)
    try:
        QTest.keyClick(window, Qt.Key.Key_S, CTRL)
        qtbot.waitUntil(lambda: tab.messages.topic == "saving", timeout=PATIENCE)
        assert tab.messages.actions_offered == ("Try again", "Save a copy…")
        assert tab.is_modified
    finally:
        other.kill()
        other.communicate()
    with qtbot.waitSignal(tab.saved, timeout=PATIENCE):
        tab.messages.press("Try again")
    wait_until_idle(qtbot, tab)
    assert on_disk(sample, "P1-Coord!D7") == 6100


def test_what_a_save_would_lose_is_shown_first(
    opened: Opened, corpus: Callable[[str], Path], tmp_path: Path, qtbot: QtBot, window: MainWindow
) -> None:
    """A save that cannot keep everything lists it, and waits for an answer."""
    from budgetinator.errors import WouldLose

    tab = opened(corpus("xlsxwriter/chart_bar01.xlsx"))
    error = WouldLose("It would.", losses=("a picture in Sheet1", "a macro"))
    tab.saving._tell(None, error, None, allow_loss=False)
    assert "a picture in Sheet1" in tab.messages.text
    assert tab.messages.actions_offered == ("Save anyway", "Save a copy…")


def test_a_file_that_may_not_be_written_is_told(
    opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow
) -> None:
    """The message offers a copy, and the change is kept."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    folder = sample.parent / "gone"
    tab.saving.save(str(folder / "nowhere.xlsx"))
    qtbot.waitUntil(lambda: tab.messages.topic == "saving", timeout=PATIENCE)
    assert "Save a copy…" in tab.messages.actions_offered
    wait_until_idle(qtbot, tab)
    assert tab.is_modified


def test_save_as_leaves_the_file_of_another_tab(
    opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow
) -> None:
    """Two tabs with one file would overwrite each other's changes."""
    other = sample.with_name("other.xlsx")
    other.write_bytes(sample.read_bytes())
    opened(other)
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    window.tabs.save_as(tab, str(other))
    assert "open in another tab" in tab.messages.text
    assert not tab.saving.is_running
    assert other.read_bytes() == sample.read_bytes()
