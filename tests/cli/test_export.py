"""`budgetinator export`: budgets as CSV, JSON and Markdown, one or many."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from budgetinator.budgets import TABLES
from tests.budgets.consortia import three_partners, written
from tests.budgets.test_comparing import plain, with_partner
from tests.cli.running import call, names_in

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    return written(tmp_path / "budget.xlsx")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_has_numbers_for_programs(capsys: Capture, budget: Path) -> None:
    """A point, no groups, cents of money; nothing for what is not determined."""
    rows = rows_of(call(capsys, "export", "csv", budget).out)
    assert [row["acronym"] for row in rows] == ["Coord", "L'ORE", "Ünï Ko", "Consortium"]
    second = rows[1]
    assert (second["personnel"], second["funding_rate"], second["equipment"]) == (
        "246000.00",
        "0.7",
        "",
    )
    assert rows[2]["equipment"] == "0.00"


def test_csv_of_another_table(capsys: Capture, budget: Path) -> None:
    """Person-months by work package."""
    rows = rows_of(call(capsys, "export", "csv", budget, "--table", "person-months").out)
    assert [row["wp1"] for row in rows] == ["20", "20", "20", "60"]


def test_text_is_guarded_in_csv(capsys: Capture, tmp_path: Path) -> None:
    """What a spreadsheet would compute or call stays text."""
    path = written(
        tmp_path / "budget.xlsx", with_partner(three_partners(), 2, role="=cmd|' /C'!A0")
    )
    rows = rows_of(call(capsys, "export", "csv", path, "--table", "partners").out)
    assert rows[1]["role"] == "'=cmd|' /C'!A0"


def test_json_has_all_tables_under_a_schema(capsys: Capture, budget: Path) -> None:
    """Each a list of rows by the names of their columns."""
    document = call(capsys, "export", "json", budget).document
    (workbook,) = document["workbooks"]
    assert document["schema"] == "budgetinator-export/1"
    assert tuple(workbook["tables"]) == TABLES
    assert workbook["tables"]["partners"][1]["subcontract_1_amount"] == 5000
    assert workbook["tables"]["budget"][0]["equipment"] is None
    assert workbook["tables"]["work-packages"][0]["title"] == "Management"


def test_markdown_can_be_pasted(capsys: Capture, tmp_path: Path) -> None:
    """Tables with numbers as people write them, and signs that mean something written out."""
    path = written(tmp_path / "budget.xlsx", with_partner(three_partners(), 2, role="a|b <i>"))
    out = call(capsys, "export", "md", path, "--table", "partners", "--locale", "de").out
    (line,) = [line for line in out.splitlines() if line.startswith("| 2 |")]
    assert r"| a\|b &lt;i&gt; | 6.000,00 | 70 % |" in line


def test_several_are_one_table_with_failures_as_rows(
    capsys: Capture, budget: Path, tmp_path: Path
) -> None:
    """The file's column comes first, the reason last; the exit code is the failure's."""
    other = plain(tmp_path / "other.xlsx")
    ended = call(capsys, "export", "csv", budget, other, tmp_path / "gone.xlsx")
    rows = rows_of(ended.out)
    assert [Path(row["file"]).name for row in rows] == [
        *["budget.xlsx"] * 4,
        "other.xlsx",
        "gone.xlsx",
    ]
    assert rows[0]["error"] == ""
    assert "no partner's sheet" in rows[4]["error"]
    assert ended.code == 4


def test_each_file_has_outputs_of_its_own(capsys: Capture, budget: Path, tmp_path: Path) -> None:
    """In a folder, a file for each table of CSV; one failure does not stop the others."""
    folder = tmp_path / "out"
    words = ("--to", folder, "--table", "budget", "--table", "findings")
    ended = call(capsys, "export", "csv", tmp_path / "gone.xlsx", budget, *words)
    assert names_in(folder) == ["budget.budget.csv", "budget.findings.csv"]
    assert (ended.code, "gone.xlsx" in ended.err) == (2, True)


def test_files_are_not_replaced_unasked(capsys: Capture, budget: Path, tmp_path: Path) -> None:
    """With --overwrite they are, whole."""
    out = tmp_path / "out.csv"
    out.write_text("mine")
    assert call(capsys, "export", "csv", budget, "--output", out).code == 2
    assert out.read_text() == "mine"
    assert call(capsys, "export", "csv", budget, "--output", out, "--overwrite").code == 0
    assert len(rows_of(out.read_text(encoding="utf-8"))) == 4
    assert names_in(tmp_path) == ["budget.xlsx", "out.csv"]


def test_what_was_written_is_said_as_json(capsys: Capture, budget: Path, tmp_path: Path) -> None:
    """For programs that export."""
    out = tmp_path / "out.md"
    document = call(capsys, "export", "md", budget, "--output", out, "--json").document
    assert document == {"written": [str(out)], "failed": []}


@pytest.mark.parametrize(
    "words",
    [
        ("csv", "--table", "budget", "--table", "findings"),
        ("csv", "--json"),
        ("json", "--output", "a", "--to", "b"),
        ("xml",),
    ],
)
def test_wrong_calls_are_refused(capsys: Capture, budget: Path, words: tuple[str, ...]) -> None:
    """CSV is one table, and one output is not a folder of them."""
    form, *options = words
    assert call(capsys, "export", form, budget, *options).code == 2


def test_money_is_rounded_to_cents_where_it_is_shown(capsys: Capture, tmp_path: Path) -> None:
    """Half-even, and not before."""
    rate = with_partner(three_partners(), 2, rate=Decimal("0.01"), funding_rate=Decimal("0.5"))
    path = written(tmp_path / "budget.xlsx", rate)
    row = rows_of(call(capsys, "export", "csv", path).out)[1]
    assert (row["personnel"], row["indirect"]) == ("0.41", "3000.10")


def test_no_output_takes_the_place_of_a_workbook_that_is_read(
    capsys: Capture, budget: Path
) -> None:
    """Not even with --overwrite."""
    content = budget.read_bytes()
    ended = call(capsys, "export", "csv", budget, "--output", budget, "--overwrite")
    assert (ended.code, "is one of the files that are read" in ended.line) == (2, True)
    assert budget.read_bytes() == content


def test_files_of_one_name_do_not_replace_each_other(
    capsys: Capture, budget: Path, tmp_path: Path
) -> None:
    """Both are named, and nothing is written."""
    other = tmp_path / "within" / "Budget.xlsx"
    other.parent.mkdir()
    other.write_bytes(budget.read_bytes())
    ended = call(capsys, "export", "csv", budget, other, "--to", tmp_path / "out", "--overwrite")
    assert (ended.code, str(other) in ended.line) == (2, True)
    assert not (tmp_path / "out").exists()
