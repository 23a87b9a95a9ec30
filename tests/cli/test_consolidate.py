"""`budgetinator consolidate`: the budgets of a folder, a row for each workbook and partner."""

from __future__ import annotations

import csv
import inspect
import io
import shutil
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

from budgetinator.budgets.consolidating import budget_files
from tests.budgets.consortia import written
from tests.budgets.test_comparing import plain
from tests.cli.running import call

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two budgets, one of them in a folder within, and what is none."""
    folder = tmp_path / "budgets"
    (folder / "within").mkdir(parents=True)
    first = written(folder / "first.xlsx")
    shutil.copy(first, folder / "within" / "second.xlsx")
    plain(folder / "notes.xlsx")
    (folder / "broken.xlsx").write_text("no workbook")
    (folder / "readme.txt").write_text("no spreadsheet")
    shutil.copy(first, folder / "first.backup.xlsx")
    (folder / "~$first.xlsx").write_bytes(b"\x04Anna")
    (folder / ".~lock.first.xlsx#").write_text(",anna,pc,01.01.2026 10:00,;")
    return folder


def test_each_partner_has_a_row_and_each_failure(capsys: Capture, folder: Path) -> None:
    """With the reason; owner files, backups and other files are passed over."""
    ended = call(capsys, "consolidate", folder, "--json")
    rows = ended.document["rows"]
    assert [(Path(row["file"]).name, row["acronym"], row["error"]) for row in rows] == [
        ("broken.xlsx", None, "NotAWorkbook"),
        ("first.xlsx", "Coord", None),
        ("first.xlsx", "L'ORE", None),
        ("first.xlsx", "Ünï Ko", None),
        ("notes.xlsx", None, "BudgetError"),
    ]
    assert (ended.document["workbooks"], ended.document["failed"], ended.code) == (3, 2, 4)
    assert (rows[2]["personnel"], rows[2]["equipment"]) == (246_000, None)


def test_folders_within_are_read_when_asked_for(capsys: Capture, folder: Path) -> None:
    """In the order of their names."""
    document = call(capsys, "consolidate", folder, "--recursive", "--json").document
    files = dict.fromkeys(Path(row["file"]).name for row in document["rows"])
    assert list(files) == ["broken.xlsx", "first.xlsx", "notes.xlsx", "second.xlsx"]


def test_without_failures_the_exit_code_is_zero(capsys: Capture, folder: Path) -> None:
    """It says whether the table can be relied on."""
    assert call(capsys, "consolidate", folder / "within").code == 0
    assert call(capsys, "consolidate", folder).code == 4


def test_csv_has_all_columns(capsys: Capture, folder: Path) -> None:
    """Failures too, in their own."""
    rows = list(csv.DictReader(io.StringIO(call(capsys, "consolidate", folder, "--csv").out)))
    assert rows[1]["total_eligible"] == "322500.00"
    assert rows[0]["reason"].endswith("(.xlsx, .xlsm).")


def test_the_table_is_written_as_a_workbook(capsys: Capture, folder: Path, tmp_path: Path) -> None:
    """Which is not taken for a budget when it lies in the folder itself."""
    out = folder / "all.xlsx"
    for words in ((), ("--overwrite",)):
        ended = call(capsys, "consolidate", folder, "--workbook", out, *words)
        assert ended.out.splitlines()[-1] == f"3 workbooks, 2 failed; written to {out}."
    workbook = load_workbook(out)
    assert workbook["Consolidated"].max_row == 3 + 5
    workbook.close()


def test_several_processes_give_the_same_rows(
    capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same order, failures in their places."""
    one = call(capsys, "consolidate", folder, "--json")
    monkeypatch.setattr("budgetinator.cli.many._LITTLE", 0)
    several = call(capsys, "consolidate", folder, "--json")
    assert (several.code, several.document) == (one.code, one.document)


def test_what_is_no_folder_is_refused(capsys: Capture, folder: Path) -> None:
    """By name."""
    ended = call(capsys, "consolidate", folder / "first.xlsx")
    assert (ended.code, "is no folder" in ended.line) == (4, True)


def test_numbers_are_written_by_the_locale(capsys: Capture, folder: Path) -> None:
    """In the table for people."""
    out = call(capsys, "consolidate", folder / "within", "--locale", "de").out
    assert "322.500,00" in out


def test_the_table_takes_no_budget_s_place(capsys: Capture, folder: Path) -> None:
    """With --overwrite it replaces what was written before, and never a budget."""
    budget = folder / "first.xlsx"
    content = budget.read_bytes()
    ended = call(capsys, "consolidate", folder, "--workbook", budget, "--overwrite")
    assert (ended.code, "is a budget itself" in ended.line) == (2, True)
    assert budget.read_bytes() == content


def test_folders_may_lie_deeper_than_calls_do(
    tmp_path: Path,
) -> None:
    """Each folder is one more step, and no further call."""
    bottom = tmp_path.joinpath(*(300 * "d"))
    bottom.mkdir(parents=True)
    (bottom / "budget.xlsx").touch()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 200)
    try:
        found = budget_files(tmp_path, recursive=True)
    finally:
        sys.setrecursionlimit(limit)
    assert found == (str(bottom / "budget.xlsx"),)
