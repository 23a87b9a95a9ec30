"""What a signal leaves behind: nothing, and every file whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from budgetinator.cli.signals import ending_signals_raise
from tests.cli.running import REPOSITORY, environment, names_in, run
from tests.workbooks.builders import make_workbook

PAUSED = [sys.executable, str(REPOSITORY / "tests/cli/paused_save.py")]


@pytest.fixture(autouse=True)
def nothing_is_ignored() -> Iterator[None]:
    """A program that was started by nohup, or in a shell's background, inherits ignored signals."""
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT)}
    for number, handler in before.items():
        if handler is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _killed_while_saving(path: Path, *numbers: signal.Signals) -> tuple[int, str, list[str]]:
    """The exit code, stderr, and what lay in the folder when the signals were sent."""
    with subprocess.Popen(
        [*PAUSED, "set", str(path), "B1=7"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == "written\n"
        there = names_in(path.parent)
        for number in numbers:
            child.send_signal(number)
        return child.wait(60), child.stderr.read(), there


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)],
    ids=["SIGTERM", "SIGHUP", "SIGINT"],
)
def test_a_signal_during_a_save_leaves_the_file_whole(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """The old file stands, the new one is gone, and the exit code names the signal."""
    path = make_workbook(tmp_path / "plan.xlsx")
    before = path.read_bytes()
    ended, told, there = _killed_while_saving(path, number)
    assert len(there) == 2  # the new file lay beside the old one
    assert (ended, "Traceback" in told) == (code, False)
    assert (path.read_bytes(), names_in(tmp_path)) == (before, ["plan.xlsx"])
    assert run("resources", "--all-processes", "--json").document["processes"] == []


def test_signals_at_once_do_not_cut_the_clean_up_short(tmp_path: Path) -> None:
    """A session that ends sends SIGHUP and SIGTERM together."""
    path = make_workbook(tmp_path / "plan.xlsx")
    ended, _, _ = _killed_while_saving(path, signal.SIGHUP, signal.SIGTERM)
    assert ended in (129, 143)
    assert names_in(tmp_path) == ["plan.xlsx"]


def test_a_second_signal_does_not_interrupt_what_the_first_one_began() -> None:
    """Clean-up runs to its end, and the exit code is the first signal's."""
    cleaned = []

    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGHUP)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append("all")

    with pytest.raises(SystemExit) as caught, ending_signals_raise():
        work()
    assert (caught.value.code, cleaned) == (129, ["all"])


def test_what_a_kill_leaves_is_swept_by_the_next_change(tmp_path: Path) -> None:
    """After SIGKILL the file is whole, and the next `set` tells of the copy that was not placed."""
    path = make_workbook(tmp_path / "plan.xlsx")
    before = path.read_bytes()
    ended, _, there = _killed_while_saving(path, signal.SIGKILL)
    assert (ended, path.read_bytes()) == (-9, before)
    (left,) = (name for name in there if name != "plan.xlsx")
    entries = run("resources", "--all-processes", "--json").document["processes"]
    assert {entry["alive"] for entry in entries} == {False}
    other = make_workbook(tmp_path / "other.xlsx")
    told = run("set", other, "B1=8")
    assert told.code == 0
    assert told.line.endswith(
        f"A save of {path} was cut short; a whole copy of it is {tmp_path / left}."
    )
    assert run("set", path, "B1=9").code == 0
    run("set", other, "B1=9")
    assert names_in(tmp_path) == ["other.xlsx", "plan.xlsx"]


def test_the_handlers_are_as_before_afterwards() -> None:
    """A program that calls the command line keeps its own handlers."""

    def own(*_: object) -> None:
        """Its own."""

    before = signal.signal(signal.SIGTERM, own)
    try:
        with pytest.raises(SystemExit) as caught, ending_signals_raise():
            os.kill(os.getpid(), signal.SIGTERM)
        assert caught.value.code == 143
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_ignored_signal_stays_ignored() -> None:
    """Under nohup a hang-up is nothing."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_signals_raise():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
