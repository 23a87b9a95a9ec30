"""A budget read from its workbook, as far as it goes."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.formula.translate import Translator

from budgetinator.budgets import (
    Budget,
    Partner,
    WorkPackage,
    edit_partner,
    figures,
    rule_set,
    update_overviews,
)
from budgetinator.budgets.checks import check_budget
from budgetinator.budgets.layout import BUDGET_OVERVIEW, input_cell, partner_sheet_name
from budgetinator.budgets.reading import read_budget
from budgetinator.errors import BudgetError, WorkbookNotFound
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.reading.currency import StaleResult
from tests.budgets.workbooks import SAMPLE, build, example, named, with_results, write


def rules_found(path: Path) -> set[str]:
    return {each.rule for each in read_budget(path).findings}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Partners with apostrophes, blanks and umlauts, work packages, versions and rule set."""
    read = read_budget(write(tmp_path / "budget.xlsx"))
    assert (read.budget, read.findings) == (SAMPLE, ())


def test_the_worked_example_without_results_is_computed(tmp_path: Path) -> None:
    """Every figure is named as computed."""
    read = read_budget(write(tmp_path / "budget.xlsx", named(example(1))))
    (partner,) = read.partners
    assert partner.figures == figures(example(1), rule_set())
    assert partner.figures.total_eligible == 405_250
    assert "total_eligible" in partner.computed
    assert read.consortium.indirect == 67_250


def test_current_results_are_shown_as_they_are(tmp_path: Path) -> None:
    """Only what the file has no result of is computed."""
    path = write(tmp_path / "budget.xlsx", named(example(1)))
    (partner,) = read_budget(with_results(path, {"P1-Coord!O13": 420250.5})).partners
    assert partner.figures.total_eligible == Decimal("420250.5")
    assert "total_eligible" not in partner.computed
    assert partner.figures.indirect == 67_250
    assert "indirect" in partner.computed


def test_results_of_a_file_that_is_to_be_recalculated_are_not_believed(tmp_path: Path) -> None:
    """As a save leaves it that changed an input."""
    path = write(tmp_path / "budget.xlsx", named(example(1)))
    (partner,) = read_budget(with_results(path, {"P1-Coord!O13": 7}, marked=True)).partners
    assert partner.figures.total_eligible == 405_250
    assert "total_eligible" in partner.computed


def test_results_of_a_changed_workbook_are_not_believed(tmp_path: Path) -> None:
    """A manager with a cell set since is read with that cell, and its formulas are computed."""
    path = write(tmp_path / "budget.xlsx", named(example(1)))
    with_results(path, {"P1-Coord!G13": 246000, "P1-Coord!O13": 405250})
    with ExcelManager(path) as manager:
        assert read_budget(manager).consortium.personnel == 246_000
        manager.set_cells({"'P1-Coord'!D7": 5300})
        read = read_budget(manager)
        manager.force_close()
    assert read.consortium.personnel == 41 * 5300
    assert "personnel" in read.partners[0].computed


def test_results_that_are_marked_stale_are_not_believed() -> None:
    """As `ExcelManager.values` gives them."""
    rows: list[list[Any]] = [[None] * 24 for _ in range(18)]
    rows[6][3], rows[17][2] = 5000, 2
    rows[12][6], rows[12][17] = StaleResult(99), StaleResult(99)
    (partner,) = read_budget({"P1-Coord": rows}).partners
    assert partner.figures.personnel == 10_000
    assert partner.partner.requested is None


def test_a_loaded_workbook_is_read_as_it_stands() -> None:
    """Without a file."""
    workbook = build()
    assert read_budget(workbook).budget == SAMPLE
    workbook.close()


def test_empty_and_zero_stay_apart(tmp_path: Path) -> None:
    """In inputs, and in figures whose formula shows zero for a gap."""
    partner = Partner(number=1, acronym="A", travel=Decimal(0), pic="999000001", country="DE")
    path = write(tmp_path / "budget.xlsx", Budget(partners=(partner,)))
    with_results(path, {"P1-Coord!G13": 0, "P1-Coord!I13": 0, "P1-Coord!J13": 0})
    (read,) = read_budget(path).partners
    assert read.partner == partner
    assert (read.figures.personnel, read.figures.equipment) == (None, None)
    assert read.figures.travel == 0


@pytest.mark.parametrize(
    ("text", "offered"),
    [("12,50", "12.50"), ("1.234,50", "1234.50"), ("1.234", None), ("TBD", None)],
)
def test_text_in_a_number_cell_is_no_zero(tmp_path: Path, text: str, offered: str | None) -> None:
    """It is told, and offered as a number only if it can be just one."""

    def change(workbook: Workbook) -> None:
        workbook["P1-Coord"]["F29"] = text

    read = read_budget(write(tmp_path / "budget.xlsx", change=change))
    (found,) = read.findings
    assert (found.rule, found.cell) == ("text-for-number", "F29")
    assert read.budget.partners[0].equipment is None
    after = found.fix.changes[0].after if found.fix else None
    assert after == (None if offered is None else Decimal(offered))


def test_a_share_as_text_is_offered_as_a_fraction(tmp_path: Path) -> None:
    """`70%` is 0.7 and not 70."""

    def change(workbook: Workbook) -> None:
        workbook["P1-Coord"]["G3"] = "70%"

    (found,) = read_budget(write(tmp_path / "budget.xlsx", change=change)).findings
    assert found.fix is not None
    assert found.fix.changes[0].after == Decimal("0.7")


def test_numbers_are_those_of_the_shortest_digits(tmp_path: Path) -> None:
    """0.1 in the file is a tenth, and no binary neighbour of it."""

    def change(workbook: Workbook) -> None:
        workbook["P1-Coord"]["F29"] = 0.1

    read = read_budget(write(tmp_path / "budget.xlsx", change=change))
    assert str(read.budget.partners[0].equipment) == "0.1"


def test_a_typed_request_is_read_and_a_formula_is_not(tmp_path: Path) -> None:
    """Even if it is the maximum, and even if the formula is written in another way."""

    def change(workbook: Workbook) -> None:
        workbook["P1-Coord"]["R13"] = 44375
        workbook["P2-L'ORE"]["R13"] = "=($Q$13)"
        workbook["P3-Öko Lab"]["R13"] = "=40000+Q13*0"

    read = read_budget(write(tmp_path / "budget.xlsx", change=change))
    requested = [each.requested for each in read.budget.partners]
    assert requested == [44375, None, 40000]


def test_an_input_may_be_a_formula(tmp_path: Path) -> None:
    """It is computed as far as it is made of sums and products on its sheet."""

    def change(workbook: Workbook) -> None:
        workbook["P1-Coord"]["D7"] = "=60000/12"
        workbook["P1-Coord"]["F28"] = "=D7*2-SUM(C18:E18)"

    coordinator = read_budget(write(tmp_path / "budget.xlsx", change=change)).budget.partners[0]
    assert coordinator.rate == 5000
    assert coordinator.travel == Decimal("9993.5")


@pytest.mark.parametrize(
    "formula", ["=F29", "=F30+1", "='P2-L''ORE'!D7", "=B29*2", "=AVERAGE(C18:D18)"]
)
def test_a_formula_that_cannot_be_computed_is_no_zero(tmp_path: Path, formula: str) -> None:
    """In a circle, over text, or with what is not read here."""

    def change(workbook: Workbook) -> None:
        sheet = workbook["P1-Coord"]
        sheet["F29"], sheet["F30"] = formula, "=F29"

    read = read_budget(write(tmp_path / "budget.xlsx", change=change))
    assert read.budget.partners[0].equipment is None
    assert ("input-unknown", "F29") in {(each.rule, each.cell) for each in read.findings}


def test_old_names_of_sheets_are_read(tmp_path: Path) -> None:
    """With a space for the hyphen."""

    def change(workbook: Workbook) -> None:
        workbook["P2-L'ORE"].title = "P2 L'ORE"

    read = read_budget(write(tmp_path / "budget.xlsx", change=change))
    assert read.budget == SAMPLE
    assert [(each.sheet, each.name.is_old) for each in read.partners][1] == ("P2 L'ORE", True)


def test_rows_that_moved_are_found_by_their_labels(tmp_path: Path) -> None:
    """A row put in above everything moves inputs and formulas; nothing is wrong with those."""

    def change(workbook: Workbook) -> None:
        sheet = workbook["P1-Coord"]
        for area in list(sheet.merged_cells.ranges):
            sheet.unmerge_cells(str(area))
        sheet.move_range("A1:X60", rows=1, translate=True)
        for overview in ("Budget Overview", "PM Overview"):
            for row in workbook[overview].iter_rows(max_row=8):
                for cell in row:
                    if str(cell.value).startswith("='P1-Coord'!"):
                        cell.value = Translator(cell.value, "A1").translate_formula("A2")

    path = write(tmp_path / "budget.xlsx", change=change)
    assert read_budget(path).budget == SAMPLE
    assert {each.rule for each in check_budget(path)} == {"label-moved"}


def test_a_label_that_means_something_else_moves_nothing(tmp_path: Path) -> None:
    """A table's title with the words of a label, where the label itself is worded otherwise."""

    def change(workbook: Workbook) -> None:
        sheet = workbook["P1-Coord"]
        sheet["B40"], sheet["B42"], sheet["F42"] = "Income", "Revenue", 70

    read = read_budget(write(tmp_path / "budget.xlsx", change=change))
    assert read.budget.partners[0].income == 70
    assert read.findings == ()


def test_formulas_that_excel_shares_between_cells_are_read(tmp_path: Path) -> None:
    """As it writes those that were filled to the right: only the first has its text."""
    path = write(tmp_path / "budget.xlsx")
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name).decode() for name in file.namelist()}
    part = parts["xl/worksheets/sheet1.xml"]
    part = part.replace("<f>SUM(G13)</f>", '<f t="shared" ref="G14:H14" si="0">SUM(G13)</f>')
    assert "<f>SUM(H13)</f>" in part
    parts["xl/worksheets/sheet1.xml"] = part.replace("<f>SUM(H13)</f>", '<f t="shared" si="0"/>')
    with zipfile.ZipFile(path, "w") as file:
        for name, text in parts.items():
            file.writestr(name, text)
    assert check_budget(path) == ()
    assert read_budget(path).partners[0].cells.formula("H14") == "=SUM(H13)"


def test_a_half_filled_partner_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Number and acronym come from the sheet's name."""

    def change(workbook: Workbook) -> None:
        sheet = workbook.create_sheet("P4-NEW")
        sheet["B2"], sheet["D7"], sheet["C18"] = "Number", 100, 3

    read = read_budget(write(tmp_path / "budget.xlsx", change=change))
    partner = read.budget.partner(4)
    assert partner is not None
    assert (partner.acronym, partner.rate, partner.country) == ("NEW", 100, None)
    assert read.partners[3].figures.personnel == 300
    assert {each.rule for each in read.findings} == {"number-missing", "acronym-missing"}


def test_sheets_of_others_are_left_alone(tmp_path: Path) -> None:
    """Even one whose name begins like a partner's."""

    def change(workbook: Workbook) -> None:
        workbook.create_sheet("P9 notes")["A1"] = "What we said on Monday"
        workbook.create_sheet("Ideas")["D2"] = "#REF!"

    assert read_budget(write(tmp_path / "budget.xlsx", change=change)).budget == SAMPLE


def test_missing_sheets_are_told(tmp_path: Path) -> None:
    """And what is there is read."""

    def change(workbook: Workbook) -> None:
        for name in ("PM Summary", "PM Overview", "Budget Overview", "Version History"):
            workbook.remove(workbook[name])

    read = read_budget(write(tmp_path / "budget.xlsx", change=change))
    assert [each.rule for each in read.findings] == ["sheet-missing"] * 4
    assert read.budget.partners == SAMPLE.partners
    assert read.budget.work_packages == ()


def test_the_rules_are_those_of_the_workbook_or_the_call(tmp_path: Path) -> None:
    """A label of another wording in their place names none."""
    path = write(tmp_path / "budget.xlsx", replace(SAMPLE, rule_set="he-ia"))
    assert read_budget(path).rules.name == "HE-IA"
    assert read_budget(path, rules=rule_set("HE-LUMP")).rules.name == "HE-LUMP"

    def change(workbook: Workbook) -> None:
        workbook[BUDGET_OVERVIEW.sheet]["B4"] = "Status"

    other = write(tmp_path / "other.xlsx", change=change)
    assert read_budget(other).budget.rule_set is None


def test_work_packages_are_found_by_row_where_their_number_is_missing(tmp_path: Path) -> None:
    """And months that are no whole numbers are told."""

    def change(workbook: Workbook) -> None:
        sheet = workbook["PM Summary"]
        sheet["A5"], sheet["F5"] = None, 2.5

    read = read_budget(write(tmp_path / "budget.xlsx", change=change))
    assert read.budget.work_packages[1] == WorkPackage(2, "Method", "L'ORE", None, 30)
    assert [each.cell for each in read.findings] == ["F5"]


def test_what_is_no_budget_is_refused(tmp_path: Path) -> None:
    """Problems of the call are errors."""
    with pytest.raises(WorkbookNotFound):
        read_budget(tmp_path / "none.xlsx")
    with pytest.raises(BudgetError, match="cannot be read from int"):
        read_budget(7)  # type: ignore[arg-type]


def test_names_of_sheets() -> None:
    """The coordinator's is fixed; what no name takes is replaced."""
    assert partner_sheet_name(1, "TUM") == "P1-Coord"
    assert partner_sheet_name(2, "A/B") == "P2-A_B"
    assert partner_sheet_name(20, "L'") == "P20-L_"


def _moved_away(workbook: Workbook) -> None:
    """The whole of a partner's sheet three rows down and two columns to the right."""
    sheet = workbook["P2-L'ORE"]
    for area in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(area))
    sheet.move_range("A1:Z50", rows=3, cols=2, translate=True)


def test_a_sheet_that_moved_in_both_ways_is_read_and_edited(tmp_path: Path) -> None:
    """Labels are looked for anywhere; the cells beside them are read, and changed there."""
    path = write(tmp_path / "budget.xlsx", change=_moved_away)
    assert read_budget(path).budget == SAMPLE
    with ExcelManager(path) as manager:
        changes = {input_cell("rate"): Decimal(5555), input_cell("equipment"): Decimal(7)}
        changed = edit_partner(manager.workbook, 2, changes)
        manager.save()
    assert {(each.cell, each.after) for each in changed.cells if each.sheet == "P2-L'ORE"} == {
        ("F10", 5555),
        ("H32", 7),
    }
    read = read_budget(path).partners[1]
    assert (read.partner.rate, read.partner.equipment) == (Decimal(5555), Decimal(7))
    assert {each.rule for each in check_budget(path)} == {"label-moved"}


def test_the_overviews_are_linked_to_where_the_cells_stand(tmp_path: Path) -> None:
    """Every link of a partner whose sheet moved is led to its cell, and nothing else is found."""
    path = write(tmp_path / "budget.xlsx", change=_moved_away)
    assert "link-wrong" in {each.rule for each in check_budget(path)}
    with ExcelManager(path) as manager:
        update_overviews(manager.workbook)
        manager.save()
    assert {each.rule for each in check_budget(path)} == {"label-moved"}


def test_a_word_elsewhere_is_no_label(tmp_path: Path) -> None:
    """A note that happens to be worded as a label, with nothing beside it, moves nothing."""

    def change(workbook: Workbook) -> None:
        sheet = workbook["P2-L'ORE"]
        sheet["B5"], sheet["J30"] = "Land", "Country"

    path = write(tmp_path / "budget.xlsx", change=change)
    assert read_budget(path).budget == SAMPLE
    assert check_budget(path) == ()
