"""`budgetinator diff`: what differs, in several forms, and chosen parts of it taken over."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from budgetinator.budgets import Budget, read_budget
from budgetinator.workbooks import ExcelManager
from tests.budgets.consortia import partner, three_partners, written
from tests.budgets.test_comparing import plain, with_partner
from tests.cli.running import call

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return written(tmp_path / "before.xlsx")


@pytest.fixture
def after(tmp_path: Path) -> Path:
    return written(tmp_path / "after.xlsx", changed())


def changed() -> Budget:
    """Another rate of P2, and no travel."""
    return with_partner(three_partners(), 2, rate=Decimal(5000), travel=None)


def test_the_exit_code_says_whether_something_differs(
    capsys: Capture, before: Path, after: Path
) -> None:
    """0 for the same, 1 for differences, 2 for a file that is not there."""
    assert call(capsys, "diff", before, before).code == 0
    assert call(capsys, "diff", before, after).code == 1
    assert call(capsys, "diff", before, before.with_name("nothing.xlsx")).code == 2


def test_inputs_come_before_what_follows(capsys: Capture, before: Path, after: Path) -> None:
    """What was typed with its label, then the sums that follow from it."""
    lines = call(capsys, "diff", before, after).out.splitlines()
    (rate,) = [line for line in lines if line.startswith("'P2-L''ORE'!D7")]
    assert rate.split() == [
        *("'P2-L''ORE'!D7", "Rate", "in", "EUR", "per", "person-month"),
        *("6,000", "5,000", "-1,000"),
    ]
    typed, follows = lines.index("Typed:"), lines.index("What follows:")
    assert typed < lines.index(rate) < follows


def test_amounts_are_written_by_the_locale(capsys: Capture, before: Path, after: Path) -> None:
    """In German with a comma, and groups parted by dots."""
    out = call(capsys, "diff", before, after, "--locale", "de").out
    assert "246.000,00  205.000,00  -41.000,00" in out


def test_an_inserted_partner_is_one_line(capsys: Capture, before: Path, tmp_path: Path) -> None:
    """And those behind it are one more."""
    budget = three_partners()
    first, second, third = budget.partners
    new = partner(2, "NEW", pic="111111111")
    moved = (first, new, replace(second, number=3), replace(third, number=4))
    after = written(tmp_path / "after.xlsx", replace(budget, partners=moved))
    out = call(capsys, "diff", before, after).out
    assert out.count("Added: ") == 1
    assert "Other numbers of partners: P2-L'ORE -> P3-L'ORE, P3-Ünï Ko -> P4-Ünï Ko" in out
    assert "Typed:" not in out


def test_the_document_has_everything(capsys: Capture, before: Path, after: Path) -> None:
    """Under a schema that is named."""
    document = call(capsys, "diff", before, after, "--json").document
    assert (document["schema"], document["is_same"]) == ("budgetinator-comparison/1", False)
    assert [each["label"] for each in document["partners"][0]["inputs"]] == [
        "Rate in EUR per person-month",
        "Travel and subsistence",
    ]
    assert document["counts"]["input"] == 2
    travel = document["partners"][0]["inputs"][1]
    assert (travel["before"], travel["after"], travel["difference"]) == (12000, None, None)


def test_csv_has_a_row_for_each_difference(capsys: Capture, before: Path, after: Path) -> None:
    """With texts that are no formulas for the program that opens it."""
    with ExcelManager(after) as manager:
        manager.set_cells({"'P1-Coord'!D60": "=HYPERLINK(1)"})
        manager.save()
    rows = list(csv.DictReader(io.StringIO(call(capsys, "diff", before, after, "--csv").out)))
    cells = {row["after_cell"]: row for row in rows if row["level"] == "cell"}
    assert (cells["D7"]["before"], cells["D7"]["after"]) == ("6000", "5000")
    assert cells["D60"]["after"] == "'=HYPERLINK(1)"
    assert {row["level"] for row in rows} >= {"partner", "consortium", "cell"}


def test_a_workbook_of_differences_has_no_formula(
    capsys: Capture, tmp_path: Path, after: Path, before: Path
) -> None:
    """Formulas and texts that look like some are text in it."""
    out = tmp_path / "differences.xlsx"
    with ExcelManager(after) as manager:
        manager.set_cells({"'P1-Coord'!D60": "=1+1", "'P1-Coord'!N13": 5})
        manager.save()
    assert call(capsys, "diff", before, after, "--workbook", out).code == 1
    workbook = load_workbook(out)
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert workbook.sheetnames == ["Changes", "Figures", "Cells"]
    assert "f" not in {cell.data_type for cell in cells}
    (guarded,) = [cell for cell in cells if cell.value == "=1+1"]
    assert guarded.quotePrefix
    workbook.close()


def test_a_workbook_that_is_there_is_not_replaced(
    capsys: Capture, before: Path, after: Path
) -> None:
    """Unless that is said."""
    content = after.read_bytes()
    assert call(capsys, "diff", before, after, "--workbook", after).code == 2
    assert after.read_bytes() == content


def test_a_choice_is_taken_over_and_saved(capsys: Capture, before: Path, after: Path) -> None:
    """The rate of one partner, and no more; the history has a row for it."""
    ended = call(capsys, "diff", before, after, "--take", "'P2-L''ORE'!D7", "--backup")
    assert (ended.code, ended.out.splitlines()[0]) == (0, "'P2-L''ORE'!D7: 6,000 -> 5,000")
    read = read_budget(before).budget
    assert read.partners[1].rate == 5000
    assert read.partners[1].travel == 12000
    assert read.versions[-1].summary == "Taken over from after.xlsx: 1 cell"
    assert before.with_name("before.backup.xlsx").exists()


def test_a_dry_run_saves_nothing(capsys: Capture, before: Path, after: Path) -> None:
    """It says what would change."""
    content = before.read_bytes()
    document = call(capsys, "diff", before, after, "--take", "all", "--dry-run", "--json").document
    assert (document["saved"], len(document["changes"])) == (None, 2)
    assert before.read_bytes() == content


def test_an_output_leaves_the_file(
    capsys: Capture, before: Path, after: Path, tmp_path: Path
) -> None:
    """The result goes to another file."""
    content, out = before.read_bytes(), tmp_path / "out.xlsx"
    assert call(capsys, "diff", before, after, "--take", "inputs", "--output", out).code == 0
    assert before.read_bytes() == content
    assert read_budget(out).budget.partners == read_budget(after).budget.partners


def test_a_partner_that_has_gone_needs_consent(
    capsys: Capture, before: Path, tmp_path: Path
) -> None:
    """What would be lost is named, and the file is as it was."""
    budget = three_partners()
    after = written(tmp_path / "after.xlsx", replace(budget, partners=budget.partners[:2]))
    content = before.read_bytes()
    refused = call(capsys, "diff", before, after, "--take", "P3", "--json")
    assert (refused.code, refused.document["error"]["type"]) == (4, "WouldLoseFigures")
    assert "WP1 20" in refused.document["error"]["losses"]
    assert before.read_bytes() == content
    assert call(capsys, "diff", before, after, "--take", "P3", "--yes").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--csv", "--json"),
        ("--csv", "--take", "all"),
        ("--backup",),
        ("--output", "x.xlsx"),
        ("--workbook", "x.xlsx", "--take", "all"),
    ],
)
def test_forms_that_exclude_each_other_are_refused(
    capsys: Capture, before: Path, after: Path, words: tuple[str, ...]
) -> None:
    """A wrong call, and nothing is written."""
    assert call(capsys, "diff", before, after, *words).code == 2


def test_any_two_workbooks_are_compared(capsys: Capture, tmp_path: Path) -> None:
    """Cell by cell, where they are no budgets."""
    before = plain(tmp_path / "a.xlsx")
    after = plain(tmp_path / "b.xlsx", ("A1", 11), ("C1", "=A1*3"))
    ended = call(capsys, "diff", before, after)
    assert ended.code == 1
    assert "Data!C1" in ended.out
    assert call(capsys, "diff", before, after, "--take", "all").code == 0
    assert call(capsys, "diff", before, after).code == 0


def test_the_differences_take_no_version_s_place(
    capsys: Capture, before: Path, after: Path
) -> None:
    """Not even with --overwrite."""
    for version in (before, after):
        content = version.read_bytes()
        ended = call(capsys, "diff", before, after, "--workbook", version, "--overwrite")
        assert (ended.code, "is one of the files that are read" in ended.line) == (2, True)
        assert version.read_bytes() == content


def test_a_number_beyond_all_is_json_too(capsys: Capture, tmp_path: Path) -> None:
    """No cell can show it, and JSON has no such number."""
    before = plain(tmp_path / "a.xlsx")
    after = tmp_path / "b.xlsx"
    with ZipFile(before) as source, ZipFile(after, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"<v>10</v>", b"<v>1e999</v>"))
    ended = call(capsys, "diff", before, after, "--json")
    assert [each["after"] for each in ended.document["cells"]] == [{"error": "#NUM!"}]
