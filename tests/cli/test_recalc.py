"""`recalc`: formulas computed by LibreOffice, and how old results are shown before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import COMMAND, call, environment
from tests.workbooks.builders import make_workbook
from tests.workbooks.recalculation.programs import needs_libreoffice, put_in_place
from tests.workbooks.recalculation.test_libreoffice import is_running


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    """Two figures, their sum and a formula that only Excel may know, all without results."""
    rows = [("Travel", 1200.5), ("Staff", 800), ("Total", "=SUM(B1:B2)", "=FOREIGN(B3)")]
    return make_workbook(tmp_path / "budget.xlsx", {"Budget": rows})


def test_old_results_are_shown_with_a_mark(
    capsys: pytest.CaptureFixture[str], budget: Path
) -> None:
    """The table marks them, a line counts them and names the command, JSON has them apart."""
    ended = call(capsys, "show", budget)
    assert ended.out.splitlines()[3].split() == ["3", "Total", "?", "?"]
    assert ended.line == (
        f"budgetinator: 2 cells, marked ?, are to be recalculated: budgetinator recalc {budget}"
    )
    document = call(capsys, "show", budget, "A3:B3", "--json").document
    assert document["rows"] == [{"row": 3, "cells": ["Total", {"stale": None}]}]
    assert document["to_be_recalculated"] == 1


def test_formulas_are_shown_without_marks(capsys: pytest.CaptureFixture[str], budget: Path) -> None:
    """What was asked for is the formulas, and those are not old."""
    ended = call(capsys, "show", budget, "B3", "--formulas")
    assert ended.out.splitlines()[1].split() == ["3", "=SUM(B1:B2)"]
    assert ended.err == ""


def test_without_libreoffice_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str],
    budget: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line, exit code 4, and the file as it was."""
    put_in_place(monkeypatch, tmp_path / "bin", None)
    before = budget.read_bytes()
    ended = call(capsys, "recalc", budget)
    assert (ended.code, ended.out) == (4, "")
    assert "libreoffice-calc" in ended.line
    assert budget.read_bytes() == before


def test_it_does_not_write_over_another_file(
    capsys: pytest.CaptureFixture[str], budget: Path, tmp_path: Path
) -> None:
    """A file that is there is replaced only if that is asked for."""
    (tmp_path / "other.xlsx").write_bytes(b"mine")
    ended = call(capsys, "recalc", budget, "-o", tmp_path / "other.xlsx")
    assert ended.code == 2
    assert (tmp_path / "other.xlsx").read_bytes() == b"mine"


@needs_libreoffice
def test_it_tells_what_changed_and_what_is_left(
    capsys: pytest.CaptureFixture[str], budget: Path, tmp_path: Path
) -> None:
    """The counts, the file, and each formula without a result; the exit code is 1 for those."""
    output = tmp_path / "computed.xlsx"
    ended = call(capsys, "recalc", budget, "-o", output, "--json")
    assert ended.code == 1
    assert ended.document == {
        "file": str(budget),
        "saved": str(output),
        "cells": 1,
        "changed": 1,
        "left": [{"sheet": "Budget", "cell": "C3", "reason": "LibreOffice cannot compute FOREIGN"}],
        "needs_recalculation": True,
        "bytes_written": output.stat().st_size,
        "backup": None,
    }
    call(capsys, "set", output, "C3=")
    ended = call(capsys, "recalc", output)
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "1 result of a formula, 0 of them changed."
    shown = call(capsys, "show", output)
    assert shown.out.splitlines()[3].split() == ["3", "Total", "2000.5"]
    assert shown.err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_an_interrupt_ends_libreoffice_too(budget: Path, tmp_path: Path) -> None:
    """Ctrl-C leaves the file whole, no process of it, and no temporary file."""
    fifo, programs, temporary = tmp_path / "fifo", tmp_path / "bin", tmp_path / "temporary"
    os.mkfifo(fifo)
    programs.mkdir()
    temporary.mkdir()
    (programs / "soffice").write_text(f'#!/bin/sh\nsleep 300 & echo "$$ $!" > {fifo}; wait\n')
    (programs / "soffice").chmod(0o755)
    before = budget.read_bytes()
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    child = subprocess.Popen(
        [*COMMAND, "recalc", os.fspath(budget)],
        env=environment(PATH=path, TMPDIR=os.fspath(temporary)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509  no thread runs here
    )
    pids = [int(pid) for pid in fifo.read_text().split()]
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=30)
    assert (child.returncode, told.decode()) == (
        130,
        "budgetinator: Interrupted; every file is whole.\n",
    )
    assert not any(map(is_running, pids))
    assert budget.read_bytes() == before
    assert list(temporary.iterdir()) == []


def _heed_interrupts() -> None:
    """A program that was started in a shell's background inherits that they are ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
