"""`budgetinator demo`: what it tells, and what it gives back."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from budgetinator.budgets.sample import PLANTED
from tests.cli.running import COMMAND, call, environment, names_in, run

NO_SCREEN = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}


def test_it_gives_back_what_it_held(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds what was planted; one workbook is tracked while it is open, and none after."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = call(capsys, "demo", "--json")
    account = ended.document
    assert (ended.code, ended.err) == (0, "")
    assert (account["sheets"], account["kept"]) == (10, False)
    assert account["formulas"] > 500
    planted = [(rule, f"{sheet}!{cell}") for rule, sheet, cell in PLANTED]
    assert sorted((f["rule"], f["place"]) for f in account["findings"]) == sorted(planted)
    assert [each["acronym"] for each in account["partners"]] == [
        "Coord",
        "L'ORE",
        "NORDLYS",
        "TERRA",
        "KYMA",
        "VELES",
    ]
    # The file shows what its formulas give, the planted older one among them.
    assert account["partners"][1]["total_eligible"] == 220_000
    assert account["change"] == {"cell": "P2-L'ORE!D7", "before": 5300, "after": 5400}
    (tracked,) = account["tracked"]
    assert (tracked["type"], tracked["name"]) == ("workbook", account["file"])
    held = ("components", "resources", "journal_rows")
    readings = account["readings"]
    assert [tuple(readings[when][name] for name in held) for when in readings] == [
        (0, 0, 0),
        (1, 1, 1),
        (0, 0, 0),
    ]
    assert readings["after"]["descriptors"] == readings["before"]["descriptors"]
    assert readings["during"]["tracked_bytes"] == tracked["bytes"]
    assert names_in(tmp_path) == []


def test_it_tells_its_story(tmp_path: Path) -> None:
    """Made, printed, checked, shown, changed, saved, tracked, given back."""
    ended = run("demo", env={"TMPDIR": str(tmp_path), **NO_SCREEN})
    assert (ended.code, ended.err) == (0, "")
    for text in (
        "10 sheets, ",
        "L'ORE        20.00     220,000.00  154,000.00  154,000.00",
        "where 3 errors were planted",
        "P4-TERRA!R13 ",
        "=D7*B18",
        "Changed P2-L'ORE!D7: 5300 -> 5400",
        "Tracked while it was open:",
        "0 resources and 0 descriptors left over.",
        "The workbook was removed.",
    ):
        assert text in ended.out
    assert names_in(tmp_path) == []


def test_it_keeps_the_workbook_where_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`--keep` makes the folder, and replaces nothing."""
    folder = tmp_path / "new" / "folder"
    assert call(capsys, "demo", "--no-window", "--keep", folder).code == 0
    assert names_in(folder) == ["sample-consortium.xlsx"]
    again = call(capsys, "demo", "--keep", folder)
    assert again.code == 2
    assert "exists already" in again.line


@pytest.mark.skipif(not importlib.util.find_spec("PySide6"), reason="PySide6 is not installed")
def test_the_window_shows_it_and_then_it_goes(tmp_path: Path) -> None:
    """The workbook is open in a process of the window's, and nothing of it stays."""
    env = environment(QT_QPA_PLATFORM="offscreen", TMPDIR=str(tmp_path))
    command = [*COMMAND, "demo", "--window"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as shown:
        assert shown.stdout is not None
        for line in shown.stdout:
            if line.startswith("The window shows it"):
                break
        # The workbook's process, and the spare one that takes its place.
        wait_until(lambda: len(psutil.Process(shown.pid).children(recursive=True)) > 1)
        shown.terminate()
        rest = shown.stdout.read()
    assert shown.returncode == 128 + signal.SIGTERM
    assert "0 resources and 0 descriptors left over." in rest
    assert names_in(tmp_path) == []


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)
