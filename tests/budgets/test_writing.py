"""A whole budget as a workbook."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from budgetinator.budgets import Budget, Partner, Version, WorkPackage, rule_set
from budgetinator.budgets.layout import (
    BUDGET_OVERVIEW,
    FORMATS,
    INPUTS,
    PARTNER_TITLES,
    PM_OVERVIEW,
    partner_formulas,
)
from budgetinator.budgets.making import start_budget, write_budget
from budgetinator.budgets.reading import read_budget
from budgetinator.errors import BudgetError, ChangedOnDisk, ConfigError
from tests.budgets.consortia import partner, three_partners, written


@pytest.fixture
def book(tmp_path: Path) -> Any:
    workbook = openpyxl.load_workbook(written(tmp_path / "budget.xlsx"))
    yield workbook
    workbook.close()


def test_every_partner_has_its_sheet_and_the_consortium_its_own(book: Any) -> None:
    """In the order of the numbers; the budget overview is what one sees first."""
    assert book.sheetnames == [
        "P1-Coord",
        "P2-L'ORE",
        "P3-Ünï Ko",
        "Budget Overview",
        "PM Overview",
        "PM Summary",
        "Version History",
    ]
    assert book.active.title == "Budget Overview"


def test_all_formulas_of_a_partner_are_those_of_the_layout(book: Any) -> None:
    """Not one more, not one less."""
    cells = (cell for row in book["P2-L'ORE"].iter_rows() for cell in row)
    found = {cell.coordinate: cell.value for cell in cells if cell.data_type == "f"}
    assert found == partner_formulas(rule_set("HE-IA").indirect_rate)


def test_labels_and_formats_stand_where_the_layout_has_them(book: Any) -> None:
    """Each input has its label and the number format of its kind."""
    sheet = book["P1-Coord"]
    assert {cell: sheet[cell].value for cell in PARTNER_TITLES} == PARTNER_TITLES
    assert [each for each in INPUTS if sheet[each.cell].number_format != FORMATS[each.kind]] == []
    labels = {each.label_cell: each.label for each in INPUTS if each.label_cell}
    wrong = [c for c, text in labels.items() if sheet[c].value not in (text, PARTNER_TITLES.get(c))]
    assert wrong == []


def test_it_is_something_to_open(book: Any) -> None:
    """Merged labels, a hidden column, widths, frozen panes, a set-up for printing."""
    sheet = book["P1-Coord"]
    assert {"B7:C7", "D7:E7", "B28:E28"} <= {str(area) for area in sheet.merged_cells.ranges}
    assert sheet.column_dimensions["V"].hidden
    assert sheet.column_dimensions["G"].width == 15
    assert sheet.freeze_panes == "A8"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert book["Budget Overview"].print_title_rows == "$7:$7"


def test_the_overviews_link_and_sum(book: Any) -> None:
    """A row for each partner by its number, and the total under the last."""
    overview, months = book["Budget Overview"], book["PM Overview"]
    assert overview["F9"].value == "='P2-L''ORE'!G13"
    assert overview["W10"].value == "='P3-Ünï Ko'!X13"
    assert (overview["B11"].value, overview["N11"].value) == ("Consortium", "=SUM(N8:N10)")
    assert overview["O11"].value is None
    assert (overview["B4"].value, overview["C4"].value) == ("Rule set", "HE-IA")
    assert (months["A6"].value, months["C6"].value) == ("P2-L'ORE", "='P2-L''ORE'!C18")
    assert (months["B6"].value, months["B8"].value) == ("=SUM(C6:Q6)", "=SUM(B5:B7)")


def test_what_is_not_determined_stays_empty(book: Any) -> None:
    """An empty cell is no zero, and a request that nobody typed is the formula."""
    sheet = book["P3-Ünï Ko"]
    assert (sheet["F29"].value, sheet["F30"].value, sheet["V13"].value) == (0, None, 7)
    assert (sheet["R13"].value, sheet["D4"].value) == ("=Q13", "999900003")


def test_money_is_rounded_half_even_and_months_are_not(tmp_path: Path) -> None:
    """Cents are what a cell for money holds."""
    amounts = {"travel": Decimal("0.125"), "equipment": Decimal("0.135")}
    odd = partner(1, "Coord", person_months=(Decimal("0.125"), *(None,) * 14), **amounts)
    path = written(tmp_path / "cents.xlsx", Budget((odd,)))
    found = read_budget(path).budget.partners[0]
    assert (found.travel, found.equipment) == (Decimal("0.12"), Decimal("0.14"))
    assert found.person_months[0] == Decimal("0.125")


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    """Nothing that somebody typed as a name is computed."""
    path = written(tmp_path / "text.xlsx", Budget((partner(1, "=1+1", role="#N/A"),)))
    found = read_budget(path).budget.partners[0]
    assert (found.acronym, found.role) == ("=1+1", "#N/A")


def _many(count: int) -> tuple[Partner, ...]:
    return tuple(partner(number, f"A{number}") for number in range(1, count + 1))


def test_the_rule_set_decides_on_the_rate_of_indirect_cost(tmp_path: Path) -> None:
    """A set that nobody knows is refused, and no file is made."""
    path = tmp_path / "new.xlsx"
    with pytest.raises(ConfigError, match="FP7"):
        write_budget(Budget(rule_set="FP7"), path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        (Budget(_many(21)), "21 partners"),
        (Budget((partner(21, "X"),)), "no room for a partner 21"),
        (Budget((partner(1, "X"), partner(1, "Y"))), "Two partners"),
        (Budget(work_packages=tuple(map(WorkPackage, range(1, 17)))), "16 work packages"),
        (Budget(work_packages=(WorkPackage(16),)), "no room for a work package 16"),
        (Budget((partner(2, "A/B"),)), "Excel refuses"),
        (Budget((partner(2, "AB'"),)), "ends with an apostrophe"),
        (Budget((partner(2, ""),)), "0 characters"),
        (Budget((partner(2, "A" * 17),)), "17 characters"),
        (Budget((partner(2, " A"),)), "blank"),
        (Budget((partner(2, "A", travel=Decimal("nan")),)), "no amount"),
    ],
)
def test_what_the_layout_has_no_room_for_is_refused(
    tmp_path: Path, budget: Budget, reason: str
) -> None:
    """With the reason; no file is made."""
    with pytest.raises(BudgetError, match=reason):
        write_budget(budget, tmp_path / "new.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_twenty_partners_are_not_refused(tmp_path: Path) -> None:
    """The twentieth has row 27, and the total stands under it."""
    path = written(tmp_path / "twenty.xlsx", Budget(_many(20)))
    workbook = openpyxl.load_workbook(path)
    assert workbook["Budget Overview"]["W27"].value == "='P20-A20'!X13"
    assert workbook["Budget Overview"]["F28"].value == "=SUM(F8:F27)"
    workbook.close()


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """Unless that is asked for."""
    path = written(tmp_path / "budget.xlsx")
    before = path.read_bytes()
    with pytest.raises(ChangedOnDisk):
        write_budget(three_partners(), path)
    assert path.read_bytes() == before
    write_budget(Budget(_many(1)), path, overwrite=True)
    assert len(read_budget(path).budget.partners) == 1


def test_a_template_is_filled_and_stays_as_it_is(tmp_path: Path) -> None:
    """Its partner's sheet gets the budget's name and figures; its own sheets are kept."""
    template = tmp_path / "template.xlsx"
    written(template, Budget((partner(1, "Coord"), partner(2, "Old")), versions=_first()))
    workbook = openpyxl.load_workbook(template)
    workbook.create_sheet("Cover", 0)["A1"] = "='P2-Old'!G13"
    workbook.save(template)
    workbook.close()
    before = template.read_bytes()
    path = tmp_path / "new.xlsx"
    write_budget(three_partners(), path, template=template)
    assert template.read_bytes() == before
    assert read_budget(path).budget.partners == three_partners().partners
    made = openpyxl.load_workbook(path)
    assert (made.sheetnames[0], made["Cover"]["A1"].value) == ("Cover", "='P2-L''ORE'!G13")
    made.close()


def test_a_template_with_other_partners_is_refused(tmp_path: Path) -> None:
    """Nobody's figures are mixed with another budget's."""
    template = written(tmp_path / "template.xlsx")
    with pytest.raises(BudgetError, match="P3-Ünï Ko"):
        write_budget(Budget(_many(2)), tmp_path / "new.xlsx", template=template)
    assert not (tmp_path / "new.xlsx").exists()


def test_a_budget_to_begin_with(tmp_path: Path) -> None:
    """Partners without figures; of a template those stay that are there."""
    path, later = tmp_path / "new.xlsx", tmp_path / "later.xlsx"
    start_budget(path, partners=2, rules="HE-LUMP")
    budget = read_budget(path).budget
    assert [each.acronym for each in budget.partners] == ["Coord", "Partner2"]
    assert (budget.rule_set, len(budget.versions)) == ("HE-LUMP", 1)
    start_budget(later, partners=5, template=written(tmp_path / "template.xlsx"))
    found = read_budget(later).budget
    assert found.partners[:3] == three_partners().partners
    assert [each.number for each in found.partners] == [1, 2, 3, 4, 5]
    with pytest.raises(BudgetError, match="20"):
        start_budget(tmp_path / "no.xlsx", partners=21)


def _first() -> tuple[Version, ...]:
    return replace(three_partners()).versions


def test_offsets_are_those_of_the_page() -> None:
    """Row is number + 7 in the budget overview, and number + 4 in that of the months."""
    assert (BUDGET_OVERVIEW.row(20), PM_OVERVIEW.row(20)) == (27, 24)
