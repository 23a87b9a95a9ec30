"""`budgetinator set`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import openpyxl
import pytest

from tests.cli.running import COMMAND, call, environment, names_in, run
from tests.workbooks.builders import make_workbook, minimal_parts, read_parts, write_zip


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    """A folder of its own with one workbook: B1 is 1200, B2 a formula, two sheets."""
    folder = tmp_path / "folder"
    folder.mkdir()
    sheets = {"Budget": [("Travel", 1200), ("Total", "=B1")], "P2-L'ORE": [("x",)]}
    return make_workbook(folder / "plan.xlsx", sheets)


def test_it_changes_the_cell_and_keeps_every_other_part(
    capsys: pytest.CaptureFixture[str], budget: Path
) -> None:
    """All parts but the changed sheet are the same bytes; openpyxl's file recalculates anyhow."""
    before = read_parts(budget)
    ended = call(capsys, "set", budget, "B1=1300.5")
    after = read_parts(budget)
    assert (ended.code, ended.err) == (0, "")
    assert [name for name in before if after[name] != before[name]] == ["xl/worksheets/sheet1.xml"]
    assert list(after) == list(before)
    workbook = openpyxl.load_workbook(budget)
    sheet = workbook["Budget"]
    assert (sheet["B1"].value, sheet["B2"].value) == (1300.5, "=B1")
    workbook.close()
    assert names_in(budget.parent) == ["plan.xlsx"]


def test_it_says_what_was_there_and_what_is_now(
    capsys: pytest.CaptureFixture[str], budget: Path
) -> None:
    """A line for each cell, then the save, then that formulas are to be recalculated."""
    words = ["B1=2026-03-01", "Budget!B2=", "'P2-L''ORE'!A2==A1&A1", "C9=text", "--formula"]
    lines = call(capsys, "set", budget, *words).out.splitlines()
    assert lines[:4] == [
        "Budget!B1: 1200 -> 2026-03-01",
        "Budget!B2: =B1 (not computed) -> (empty)",
        "'P2-L''ORE'!A2: (empty) -> =A1&A1",
        "Budget!C9: (empty) -> text",
    ]
    assert lines[4].startswith(f"Saved {budget}: ")
    (last,) = lines[5:]
    assert last.startswith("Its formulas are to be recalculated: ")


def test_its_json_has_the_promised_keys(capsys: pytest.CaptureFixture[str], budget: Path) -> None:
    """The formula that was there, and the value that it showed, are told apart."""
    document = call(capsys, "set", budget, "B2=7", "--backup", "--json").document
    assert document.pop("bytes_written") == budget.stat().st_size
    assert document.pop("parts_copied") > 0
    assert document == {
        "file": str(budget),
        "saved": str(budget),
        "changes": [
            {"cell": "Budget!B2", "before": None, "formula_before": "=B1", "after": 7},
        ],
        "recalculates": True,
        "backup": str(budget.with_name("plan.backup.xlsx")),
    }


def test_a_backup_is_the_old_file(capsys: pytest.CaptureFixture[str], budget: Path) -> None:
    """`--backup` keeps it beside the new one, byte for byte."""
    before = budget.read_bytes()
    assert call(capsys, "set", budget, "B1=1", "--backup").code == 0
    assert names_in(budget.parent) == ["plan.backup.xlsx", "plan.xlsx"]
    assert budget.with_name("plan.backup.xlsx").read_bytes() == before


def test_another_file_takes_the_change(capsys: pytest.CaptureFixture[str], budget: Path) -> None:
    """`--output` leaves the first file as it is, and replaces none unless that is said."""
    before, other = budget.read_bytes(), budget.with_name("other.xlsx")
    assert call(capsys, "set", budget, "B1=1", "--output", other).code == 0
    assert budget.read_bytes() == before
    written = other.read_bytes()
    refused = call(capsys, "set", budget, "B1=2", "--output", other)
    assert (refused.code, other.read_bytes()) == (2, written)
    assert f"{other} exists already" in refused.line
    assert call(capsys, "set", budget, "B1=2", "--output", other, "--overwrite").code == 0
    assert other.read_bytes() != written
    assert names_in(budget.parent) == ["other.xlsx", "plan.xlsx"]


def test_a_dry_run_checks_everything_and_saves_nothing(
    capsys: pytest.CaptureFixture[str], budget: Path
) -> None:
    """It prints what would change, and refuses what a save would refuse."""
    before = budget.read_bytes()
    ended = call(capsys, "set", budget, "B1=5", "--dry-run")
    assert (ended.code, ended.out.splitlines()) == (
        0,
        ["Budget!B1: 1200 -> 5", "Nothing was saved."],
    )
    assert call(capsys, "set", budget, "Nope!B1=5", "--dry-run").code == 2
    assert (budget.read_bytes(), names_in(budget.parent)) == (before, ["plan.xlsx"])


def test_text_stays_text(capsys: pytest.CaptureFixture[str], budget: Path) -> None:
    """`--text` puts in what looks like a number, a formula or a date as it stands."""
    assert call(capsys, "set", budget, "--text", "C1=00123", "C2==1+1", "C3=12,5").code == 0
    workbook = openpyxl.load_workbook(budget)
    cells = [workbook["Budget"][cell] for cell in ("C1", "C2", "C3")]
    assert [(cell.value, cell.data_type) for cell in cells] == [
        ("00123", "s"),
        ("=1+1", "s"),
        ("12,5", "s"),
    ]
    workbook.close()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["B1=12,5"], "'12,5' can be read as 12.5 or 125"),
        (["B1==1+1"], "say which"),
        (["B1"], "write CELL=VALUE"),
        (["B0=1"], "'B0' is not a cell reference"),
        (["XFE1=1"], "columns go from A to XFD"),
        (["Nope!B1=1"], "has no sheet 'Nope'; it has 'Budget'"),
        (["B1=1", "B1=2"], "B1 is given twice"),
        (["B1=1", "Budget!$B$1=2"], "given twice"),
        (["B1=1", "--text", "--formula"], "exclude each other"),
        (["B1=" + "x" * 32_768], "32,767 characters"),
        (["B1=0001-01-01"], "B1"),
    ],
)
def test_a_wrong_call_leaves_the_file_as_it_was(
    capsys: pytest.CaptureFixture[str], budget: Path, words: list[str], told: str
) -> None:
    """Exit code 2, one line, the same bytes, nothing beside the file."""
    before = budget.read_bytes()
    ended = call(capsys, "set", budget, *words)
    assert ended.code == 2
    assert told in ended.line
    assert (budget.read_bytes(), names_in(budget.parent)) == (before, ["plan.xlsx"])


def test_all_cells_are_set_or_none(capsys: pytest.CaptureFixture[str], budget: Path) -> None:
    """One refused value keeps the others out."""
    before = budget.read_bytes()
    assert call(capsys, "set", budget, "A1=ok", "B1=12,5").code == 2
    assert budget.read_bytes() == before


def test_a_cell_hidden_by_a_merge_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The line names the cell to set instead."""
    merges = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    path = write_zip(tmp_path / "merged.xlsx", minimal_parts(after=merges))
    before = path.read_bytes()
    ended = call(capsys, "set", path, "B1=5")
    assert (ended.code, path.read_bytes()) == (2, before)
    assert f"{path}: " in ended.line
    assert "set A1 instead" in ended.line


def test_macros_survive(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A part that nobody here understands is copied."""
    parts = minimal_parts()
    parts["xl/vbaProject.bin"] = bytes(range(256)) * 40
    path = write_zip(tmp_path / "macro.xlsx", parts)
    assert call(capsys, "set", path, "A1=5").code == 0
    assert read_parts(path)["xl/vbaProject.bin"] == parts["xl/vbaProject.bin"]


def test_calls_at_once_lose_no_change(budget: Path) -> None:
    """Each process saves what it says it saved, or says that the file changed under it."""
    children = [
        subprocess.Popen(
            [*COMMAND, "set", str(budget), f"C{number}={number}"],
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for number in range(1, 5)
    ]
    told = [child.communicate(timeout=60)[1].decode() for child in children]
    codes = [child.returncode for child in children]
    done = {number for number, code in enumerate(codes, 1) if code == 0}
    rows = run("show", budget, "C1:C4", "--json").document["rows"]
    assert {row["cells"][0] for row in rows} == done
    assert done
    assert [code for code in codes if code not in (0, 3)] == []
    assert [
        text for text, code in zip(told, codes, strict=True) if "changed" not in text and code
    ] == []
    assert names_in(budget.parent) == ["plan.xlsx"]
