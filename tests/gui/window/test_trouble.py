"""Workbooks that cannot be opened, and what happens to them from outside."""

from __future__ import annotations

import os
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from budgetinator.workbooks import ExcelManager
from tests.gui.window.driving import PATIENCE, click, enter, wait_until_idle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

Opened = Callable[[Path], "WorkbookTab"]


def failure(window: MainWindow, qtbot: QtBot, path: Path) -> str:
    """The text that stands in place of this workbook."""
    window.open_files([path])
    tab = window.workbooks()[-1]
    qtbot.waitUntil(tab.failure_page.isVisible, timeout=PATIENCE)
    return tab.failure_page.text


def test_a_missing_file(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """The tab says what is wrong, and opens the file once it is there."""
    path = tmp_path / "later.xlsx"
    assert "later.xlsx" in failure(window, qtbot, path)
    from openpyxl import Workbook

    Workbook().save(path)
    tab = window.workbooks()[0]
    click(tab.failure_page.retry_button)
    qtbot.waitUntil(lambda: tab.is_open, timeout=PATIENCE)


def test_what_is_no_workbook(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """A text file under the name of a workbook is told, and its tab can be closed."""
    path = tmp_path / "notes.xlsx"
    path.write_text("no zip")
    assert "notes.xlsx" in failure(window, qtbot, path)
    click(window.workbooks()[0].failure_page.close_button)
    assert window.workbooks() == ()


def test_a_hostile_file_is_refused(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """A workbook that would unpack to gigabytes is refused before it is read."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b" " * 300_000_000)
    text = failure(window, qtbot, path)
    assert "refused" in text or "limit" in text or "max" in text


@pytest.mark.parametrize(
    "name",
    [
        "poi/protected_passtika.xlsx",
        "poi/clusterfuzz-testcase-minimized-POIXSSFFuzzer-5265527465181184.xlsx",
    ],
)
def test_odd_workbooks_of_the_corpus(
    window: MainWindow, qtbot: QtBot, corpus: Callable[[str], Path], name: str
) -> None:
    """Encrypted, damaged or hostile: the tab says why, or shows the sheets; never neither."""
    window.open_files([corpus(name)])
    tab = window.workbooks()[0]
    qtbot.waitUntil(lambda: tab.is_open or tab.failure_page.isVisible(), timeout=PATIENCE)


def test_the_process_of_a_workbook_is_killed(
    opened: Opened, sample: Path, window: MainWindow, qtbot: QtBot
) -> None:
    """The tab says so, and the changes that were not saved can be put back."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    assert tab.host is not None
    os.kill(tab.host.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: tab.messages.topic == "process died", timeout=PATIENCE)
    assert "One unsaved change is kept" in tab.messages.text
    assert tab.is_modified
    tab.messages.press("Reopen and put them back")
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 1, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    assert tab.host is not None
    assert tab.host.contents(["'P1-Coord'!D7"])["'P1-Coord'!D7"] == 6100


def test_a_workbook_that_is_open_in_excel_is_told(opened: Opened, sample: Path) -> None:
    """The owner file that Excel puts beside it names who has it."""
    name = b"Ada Lovelace"
    beside = sample.with_name(f"~${sample.name}")
    beside.write_bytes(bytes([len(name)]) + name.ljust(54) + b"\0" * 110)
    tab = opened(sample)
    assert tab.messages.text.startswith("Ada Lovelace has this workbook open")


def test_a_deleted_file_is_told(opened: Opened, sample: Path, qtbot: QtBot) -> None:
    """The tab keeps what it has, and offers to save it."""
    tab = opened(sample)
    sample.unlink()
    qtbot.waitUntil(lambda: "no longer there" in tab.messages.text, timeout=PATIENCE)
    assert tab.messages.actions_offered == ("Save a copy…",)


def test_checks_find_the_planted_errors(
    opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow
) -> None:
    """The findings stand beside the sheet, go to their cells, and are mended in one step."""
    with ExcelManager(sample) as manager:
        manager.recalculate()
    tab = opened(sample)
    window.menus.actions["check"].trigger()
    qtbot.waitUntil(tab.findings.isVisible, timeout=PATIENCE)
    places = {tab.findings.list.item(i).text().split("\n")[0] for i in range(3)}
    assert {"P2-L'ORE!N13", "Budget Overview!F10"} <= places
    row = next(i for i in range(3) if tab.findings.list.item(i).text().startswith("P2-L'ORE!N13"))
    tab.findings.list.setCurrentRow(row)
    click(
        tab.findings.list.viewport(),
        tab.findings.list.visualItemRect(tab.findings.list.item(row)).center(),
    )
    qtbot.waitUntil(lambda: tab.selected_cell() == ("P2-L'ORE", 13, 14), timeout=PATIENCE)
    click(tab.findings.fix_button)
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 1, timeout=PATIENCE)
    qtbot.waitUntil(lambda: tab.findings.list.count() == 2, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)


def test_a_check_keeps_the_last_results(
    opened: Opened, sample: Path, qtbot: QtBot, window: MainWindow
) -> None:
    """With unsaved changes too: old results stay to be seen, with their mark, in every sheet."""
    with ExcelManager(sample) as manager:
        manager.recalculate()
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    window.menus.actions["check"].trigger()
    qtbot.waitUntil(tab.findings.isVisible, timeout=PATIENCE)
    tab.sheet_bar.choose("P2-L'ORE")
    qtbot.waitUntil(lambda: tab.model.shown(13, 7).is_stale, timeout=PATIENCE)
    assert tab.model.shown(13, 7).text.startswith("106")
    assert tab.is_modified
