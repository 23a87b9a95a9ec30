"""Unsaved changes survive the end of the program, however it came."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from budgetinator.workbooks import CellInput
from tests.gui.window.driving import PATIENCE, enter, wait_until_idle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

Opened = Callable[[Path], "WorkbookTab"]

# A window in a process of its own, in which a cell is changed and then nothing happens.
PROGRAM = """
import sys
from pathlib import Path
from budgetinator.config import load_settings
from budgetinator.runtime import make_runtime
from gui.application import make_application
from gui.main_window import MainWindow
from gui.waiting import settle, wait_until

path, state = sys.argv[1:]
with make_runtime(load_settings(overrides={"resources.state_dir": state})) as runtime:
    with make_application(runtime=runtime) as application:
        window = MainWindow(runtime, bridge=application.bridge)
        application.shutdown.register(window.cleanup)
        window.show()
        window.open_files([path])
        tab = window.workbooks()[0]
        wait_until(lambda: tab.is_open and tab.model.is_here(1))
        tab.set_cells({"P1-Coord!D7": 6100.5, "P1-Coord!D5": "007"}, "entry")
        wait_until(lambda: tab.undo_stack.count() == 1 and not tab.edits.is_busy)
        settle(600)
        print("changed", flush=True)
        sys.exit(application.exec())
"""


def end_by(number: int, sample: Path, state: Path) -> None:
    """Run that program, and end it by a signal while its changes are unsaved."""
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(sample), str(state)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "changed\n"
    started.send_signal(number)
    started.communicate(timeout=30)


def put_back(window: MainWindow, tab: WorkbookTab, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: tab.messages.topic == "recovery", timeout=PATIENCE)
    assert tab.messages.text.startswith("2 changes to this workbook had not been saved")
    assert tab.host is not None
    assert tab.host.contents(["P1-Coord!D7"])["P1-Coord!D7"] == 6000
    tab.messages.press("Put back")
    qtbot.waitUntil(lambda: tab.undo_stack.count() == 1, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)
    held = tab.host.contents(["P1-Coord!D7", "P1-Coord!D5"])
    assert held == {"P1-Coord!D7": 6100.5, "P1-Coord!D5": "007"}
    assert tab.is_modified


def test_after_kill_9_the_changes_are_offered(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """The next opening says how many there are, and puts them back as one step."""
    end_by(signal.SIGKILL, sample, window.runtime.state_dir)
    put_back(window, opened(sample), qtbot)


def test_after_sigterm_the_changes_are_offered(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """A signal asks no question, and loses nothing either."""
    end_by(signal.SIGTERM, sample, window.runtime.state_dir)
    put_back(window, opened(sample), qtbot)


def test_what_is_saved_or_undone_is_not_kept(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """Something is kept exactly as long as something is unsaved."""
    folder = window.runtime.state_dir / "unsaved"
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    qtbot.waitUntil(lambda: len(list(folder.glob("*"))) == 1, timeout=PATIENCE)
    tab.undo_stack.undo()
    qtbot.waitUntil(lambda: not list(folder.glob("*")), timeout=PATIENCE)
    enter(qtbot, tab, "D7", "6200")
    qtbot.waitUntil(lambda: len(list(folder.glob("*"))) == 1, timeout=PATIENCE)
    with qtbot.waitSignal(tab.saved, timeout=PATIENCE):
        tab.save()
    qtbot.waitUntil(lambda: not list(folder.glob("*")), timeout=PATIENCE)


def test_what_was_discarded_is_not_offered(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """Discard is an answer for good."""
    tab = opened(sample)
    enter(qtbot, tab, "D7", "6100")
    tab.recovery.write()
    window.tabs._answered(tab, "discard")
    again = opened(sample)
    assert again.messages.topic != "recovery"
    assert not again.is_modified


def test_what_a_running_window_holds_is_not_offered(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """A second window leaves it to the first; a broken file is passed over."""
    from gui.unsaved import UnsavedChanges

    kept = UnsavedChanges(window.runtime.state_dir / "unsaved", str(sample))
    kept.keep({"P1-Coord!D7": 1})
    assert kept.left() == {}
    file = next((window.runtime.state_dir / "unsaved").iterdir())
    content = json.loads(file.read_text())
    content["process"] = [4_000_000, time.time()]
    file.write_text(json.dumps(content))
    assert kept.left() == {"P1-Coord!D7": 1}
    file.write_text("{")
    assert kept.left() == {}


@pytest.mark.parametrize(
    "contents",
    [
        0.1 + 0.2,
        1 / 3,
        10**15 + 1,
        True,
        "007",
        "1.5",
        dt.timedelta(hours=-9.5),
        dt.date(2026, 1, 2),
    ],
)
def test_what_is_kept_is_what_was_held(tmp_path: Path, contents: CellInput) -> None:
    """All digits, and the kind of value."""
    from gui.unsaved import UnsavedChanges

    kept = UnsavedChanges(tmp_path, "a.xlsx")
    kept.keep({"S!A1": contents}, is_left=True)
    left = kept.left()["S!A1"]
    assert (type(left), left) == (type(contents), contents)


def leave(window: MainWindow, path: Path, changes: dict[str, CellInput]) -> Path:
    """What an ended program left of this workbook."""
    from gui.unsaved import UnsavedChanges

    folder = window.runtime.state_dir / "unsaved"
    UnsavedChanges(folder, str(path)).keep(changes, is_left=True)
    return folder


def test_what_cannot_be_put_back_stays_kept(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """A sheet that is gone since then does not take the changes with it."""
    folder = leave(window, sample, {"Gone!A1": 5, "'P1-Coord'!D7": 6100})
    tab = opened(sample)
    tab.messages.press("Put back")
    qtbot.waitUntil(lambda: "stay kept" in tab.messages.text, timeout=PATIENCE)
    enter(qtbot, tab, "D5", "AT")
    tab.recovery.write()
    content = json.loads(next(folder.iterdir()).read_text())
    assert content["cells"] == {"Gone!A1": 5, "'P1-Coord'!D7": 6100, "'P1-Coord'!D5": "AT"}


def test_an_unanswered_offer_is_made_again(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """Neither a save, nor a reload, nor closing the tab is an answer."""
    leave(window, sample, {"'P1-Coord'!D7": 6100})
    tab = opened(sample)
    enter(qtbot, tab, "D5", "AT")
    with qtbot.waitSignal(tab.saved, timeout=PATIENCE):
        tab.save()
    tab.recovery.write()
    tab.reload()
    qtbot.waitUntil(lambda: tab.messages.topic == "recovery", timeout=PATIENCE)
    window.tabs.close_current()
    assert window.workbooks() == ()
    assert opened(sample).messages.topic == "recovery"


def test_more_than_is_kept_is_told(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part would pass for all: nothing is kept, and the tab says so."""
    monkeypatch.setattr("gui.unsaved.MOST_CELLS", 1)
    tab = opened(sample)
    enter(qtbot, tab, "D5", "AT")
    enter(qtbot, tab, "D7", "6100")
    qtbot.waitUntil(lambda: "2 changes are unsaved" in tab.messages.text, timeout=PATIENCE)
    assert list(window.runtime.state_dir.glob("unsaved/*")) == []
