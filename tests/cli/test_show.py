"""`budgetinator show`."""

from __future__ import annotations

import os
import pty
import subprocess
import zipfile
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.cli.running import COMMAND, call, environment
from tests.workbooks.builders import change_part, make_workbook, minimal_parts, write_zip

Show = Callable[..., Any]


@pytest.fixture
def kinds(tmp_path: Path) -> Path:
    """One sheet with cached values, errors, and text that looks like an error or a formula."""
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Travel</t></is></c><c r="B1"><v>0.1</v></c>'
        '<c r="C1" t="b"><v>1</v></c></row>'
        '<row r="3"><c r="A3"><f>B1*3</f><v>0.30000000000000004</v></c>'
        '<c r="B3" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
        '<c r="C3" t="inlineStr"><is><t>#DIV/0!</t></is></c>'
        '<c r="D3" t="inlineStr"><is><t>=1+1</t></is></c></row>'
    )
    return write_zip(tmp_path / "kinds.xlsx", minimal_parts(rows))


def test_values_stand_in_columns(capsys: pytest.CaptureFixture[str], kinds: Path) -> None:
    """Numbers stand at the right with fifteen digits, errors are marked, empty rows left out."""
    ended = call(capsys, "show", kinds)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "    A       B         C        D",
        " 1  Travel       0.1  TRUE",
        "",
        " 3     0.3  !#DIV/0!  #DIV/0!  =1+1",
    ]


def test_json_has_values_without_rounding(capsys: pytest.CaptureFixture[str], kinds: Path) -> None:
    """What JSON has no form for is an object with one key."""
    assert call(capsys, "show", kinds, "--json").document == {
        "file": str(kinds),
        "sheet": "Budget",
        "area": None,
        "formulas": False,
        "first_column": 1,
        "rows": [
            {"row": 1, "cells": ["Travel", 0.1, True]},
            {"row": 3, "cells": [0.30000000000000004, {"error": "#DIV/0!"}, "#DIV/0!", "=1+1"]},
        ],
        "complete": True,
        "to_be_recalculated": 0,
    }


def test_formulas_are_told_from_text_that_looks_like_one(
    capsys: pytest.CaptureFixture[str], kinds: Path
) -> None:
    """`--formulas` shows them where there are any, and values elsewhere."""
    rows = call(capsys, "show", kinds, "--formulas", "--json").document["rows"]
    assert rows[1]["cells"] == [{"formula": "=B1*3"}, {"formula": "=1/0"}, "#DIV/0!", "=1+1"]


def test_dates_and_times_are_iso(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A date without a time shows none; durations count hours beyond a day."""
    moments = (datetime(2026, 3, 1), datetime(2026, 3, 1, 9, 30), time(9, 30), timedelta(hours=36))
    path = make_workbook(tmp_path / "dates.xlsx", {"Dates": [moments]})
    line = call(capsys, "show", path).out.splitlines()[1]
    assert line.split() == ["1", "2026-03-01", "2026-03-01", "09:30:00", "09:30:00", "36:00:00"]
    assert call(capsys, "show", path, "--json").document["rows"][0]["cells"] == [
        {"date": "2026-03-01"},
        {"date": "2026-03-01T09:30:00"},
        {"time": "09:30:00"},
        {"seconds": 129600.0},
    ]


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    """Three sheets with awkward names; the second is active."""
    workbook = Workbook()
    for title, text in (("P2-L'ORE", "quoted"), ("Now!", "active"), ("B2", "like a cell")):
        sheet = workbook.create_sheet(title)
        sheet["B2"] = text
        sheet["C3"] = 3
    workbook.remove(workbook.worksheets[0])
    workbook.active = 1
    workbook.save(tmp_path / "sheets.xlsx")
    workbook.close()
    return tmp_path / "sheets.xlsx"


@pytest.mark.parametrize(
    ("words", "sheet", "area", "rows"),
    [
        ([], "Now!", None, [[None, "active"], [None, None, 3]]),
        (["'P2-L''ORE'!A1:C2"], "P2-L'ORE", "A1:C2", [[None, "quoted"]]),
        (["p2-l'ore!$C$3"], "P2-L'ORE", "C3", [[3]]),
        (["'P2-L''ORE'"], "P2-L'ORE", None, [[None, "quoted"], [None, None, 3]]),
        (["Now!"], "Now!", None, [[None, "active"], [None, None, 3]]),
        (["Now!!B2"], "Now!", "B2", [["active"]]),
        (["B2"], "B2", None, [[None, "like a cell"], [None, None, 3]]),
        (["B2:C3"], "Now!", "B2:C3", [["active"], [None, 3]]),
        (["B2!3:3"], "B2", "A3:XFD3", [[None, None, 3]]),
    ],
)
def test_a_place_is_a_sheet_an_area_or_both(
    capsys: pytest.CaptureFixture[str],
    sheets: Path,
    words: list[str],
    sheet: str,
    area: str | None,
    rows: list[list[Any]],
) -> None:
    """Names are compared as Excel does; a text that is a sheet's whole name is that sheet."""
    document = call(capsys, "show", sheets, *words, "--json").document
    assert (document["sheet"], document["area"]) == (sheet, area)
    assert [row["cells"] for row in document["rows"]] == rows


def test_nothing_in_the_area_is_said(capsys: pytest.CaptureFixture[str], sheets: Path) -> None:
    """An empty answer is no error."""
    ended = call(capsys, "show", sheets, "B2!X1:Z9")
    assert (ended.code, ended.out) == (0, "")
    assert ended.line == "budgetinator: There is nothing in these cells of 'B2'."


def test_one_cell_far_away_costs_no_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Only what holds something is shown."""
    rows = '<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'
    path = write_zip(tmp_path / "far.xlsx", minimal_parts(rows))
    (row,) = call(capsys, "show", path, "XFC:XFD", "--json").document["rows"]
    assert row == {"row": 1048576, "cells": [None, 7]}


def test_rows_beyond_the_limit_are_left_out_and_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`--rows` holds for a pipe as well; without it a pipe gets everything."""
    path = make_workbook(tmp_path / "long.xlsx", {"Long": [(n,) for n in range(200)]})
    assert len(call(capsys, "show", path).out.splitlines()) == 201
    ended = call(capsys, "show", path, "--rows", "3")
    assert ended.out.split() == ["A", "1", "0", "2", "1", "3", "2"]
    assert "Only the first 3 rows are shown" in ended.line
    assert call(capsys, "show", path, "--rows", "3", "--json").document["complete"] is False
    assert call(capsys, "show", path, "--rows", "200", "--json").document["complete"] is True


def test_a_later_wide_cell_pushes_its_own_line_only(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A pipe loses no character of a long text."""
    rows = [*(("ab", 1) for _ in range(250)), ("x" * 300, 2), ("ab", 3)]
    path = make_workbook(tmp_path / "wide.xlsx", {"Wide": rows})
    lines = call(capsys, "show", path).out.splitlines()
    assert lines[-2] == f" 251  {'x' * 300}  2"
    assert lines[-1] == " 252  ab  3"


def test_an_error_in_mid_sheet_is_told_within_the_document(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What was read before it is there, and the document is whole."""
    path = make_workbook(tmp_path / "torn.xlsx", {"Torn": [(n,) for n in range(9)]})
    change_part(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'r="A9"', b'r="A9x"'))
    ended = call(capsys, "show", path, "--json")
    assert (ended.code, ended.document["complete"]) == (4, False)
    assert ended.document["error"]["type"] == "WorkbookDamaged"
    assert ended.document["error"]["path"] == str(path)


def _on_a_terminal(path: Path, *words: str, **variables: str) -> str:
    """What `show` prints where stdout is a terminal of 60 columns."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "show", str(path), *words],
        env=environment(COLUMNS="60", TERM="xterm", **variables),
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
    ) as child:
        os.close(theirs)
        pieces = []
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux: the other end is closed
                break
            if not piece:
                break
            pieces.append(piece)
        os.close(ours)
        assert child.wait(60) == 0
    return b"".join(pieces).decode().replace("\r\n", "\n")


def test_a_terminal_gets_a_page_that_fits(tmp_path: Path) -> None:
    """Fifty rows, columns that fit, long cells cut, and a word on what is left out."""
    rows = [("y" * 50, *range(n, n + 30)) for n in range(90)]
    path = make_workbook(tmp_path / "big.xlsx", {"Big": rows})
    lines = _on_a_terminal(path, NO_COLOR="1").replace("\x1b[1m", "").replace("\x1b[2m", "")
    shown = lines.replace("\x1b[0m", "").splitlines()
    assert shown[0] == "Big"
    assert max(map(len, shown[:52])) <= 60
    assert shown[2].split()[:2] == ["1", "y" * 39 + "…"]
    assert shown[51].split()[0] == "50"
    assert "Only the first 50 rows are shown" in shown[52]
    assert "to AE do not fit" in shown[53]


def test_a_terminal_gets_everything_when_asked(tmp_path: Path) -> None:
    """`--all` cuts nothing."""
    rows = [("y" * 100, *range(n, n + 30)) for n in range(90)]
    path = make_workbook(tmp_path / "big.xlsx", {"Big": rows})
    text = _on_a_terminal(path, "--all")
    assert text.count("y" * 100) == 90
    assert " 118" in text.splitlines()[-1]


def test_colours_are_for_terminals_that_want_them(kinds: Path) -> None:
    """Errors are red, unless NO_COLOR is set."""
    assert "\x1b[31m" in _on_a_terminal(kinds)
    assert "\x1b[31m" not in _on_a_terminal(kinds, NO_COLOR="1")


def test_the_file_is_left_alone(capsys: pytest.CaptureFixture[str], kinds: Path) -> None:
    """Looking changes nothing and leaves nothing beside the file."""
    before = kinds.read_bytes()
    call(capsys, "show", kinds, "--formulas")
    assert (kinds.read_bytes(), os.listdir(kinds.parent)) == (before, [kinds.name])
    assert zipfile.is_zipfile(kinds)
