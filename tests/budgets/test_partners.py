"""Partners added, edited and deleted in an open workbook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl.workbook.defined_name import DefinedName

from budgetinator.budgets import Budget
from budgetinator.budgets.deleting import delete_partner, lost_with_partner
from budgetinator.budgets.layout import input_cell
from budgetinator.budgets.partners import (
    add_partner,
    edit_partner,
    free_number,
    update_overviews,
)
from budgetinator.budgets.reading import read_budget
from budgetinator.budgets.workpackages import work_packages
from budgetinator.errors import BudgetError
from budgetinator.workbooks import ExcelManager
from tests.budgets.consortia import partner, three_partners, written

ACRONYM, RATE = input_cell("acronym"), input_cell("rate")
AT = datetime(2026, 4, 1, 12)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[ExcelManager]:
    """An open budget of three partners; what a test leaves unsaved is dropped."""
    with ExcelManager(written(tmp_path / "budget.xlsx")) as opened:
        yield opened
        opened.force_close()


def saved(manager: ExcelManager) -> Budget:
    manager.save()
    return read_budget(manager.file_path).budget


def test_an_added_partner_is_read_back(manager: ExcelManager) -> None:
    """With its sheet in its place, its rows, and a version after the last."""
    new = partner(4, "X'Y Ж", rate=Decimal("5300.55"), funding_rate=None, travel=Decimal(0))
    outcome = add_partner(manager.workbook, new, at=AT)
    assert manager.sheet_names[3] == "P4-X'Y Ж"
    budget = saved(manager)
    assert budget.partners == (*three_partners().partners, new)
    assert budget.versions[-1] == outcome.version
    assert (budget.versions[-1].timestamp, budget.versions[-1].info) == (AT, "0.2")
    overview = manager.workbook["Budget Overview"]
    assert (overview["F11"].value, overview["F12"].value) == ("='P4-X''Y Ж'!G13", "=SUM(F8:F11)")
    assert (overview["B12"].value, overview["B11"].value) == ("Consortium", "='P4-X''Y Ж'!D4")
    assert overview["F11"].number_format == overview["F9"].number_format
    assert overview.parent.active.title == "Budget Overview"


def test_a_gap_in_the_numbers_is_filled(manager: ExcelManager) -> None:
    """Rows go by number; the total stands under the last."""
    book = manager.workbook
    add_partner(book, partner(6, "SIX"))
    assert free_number(book) == 4
    add_partner(book, partner(4, "FOUR"))
    assert manager.sheet_names[2:5] == ["P3-Ünï Ko", "P4-FOUR", "P6-SIX"]
    assert book["Budget Overview"]["F14"].value == "=SUM(F8:F13)"
    assert [each.number for each in saved(manager).partners] == [1, 2, 3, 4, 6]


@pytest.mark.parametrize(
    ("number", "acronym", "reason"),
    [
        (2, "NEW", "take 4"),
        (4, "l'ore", "has the acronym"),
        (4, "A:B", "Excel refuses"),
        (21, "NEW", "no room"),
        (0, "NEW", "no room"),
        (4, "", "1 to 16"),
    ],
)
def test_what_cannot_be_added_changes_nothing(
    manager: ExcelManager, number: int, acronym: str, reason: str
) -> None:
    """The workbook is as it was."""
    with pytest.raises(BudgetError, match=reason):
        add_partner(manager.workbook, partner(number, acronym))
    assert not manager.is_modified


def test_edited_inputs_are_read_back(manager: ExcelManager) -> None:
    """None empties, zero is zero, and an emptied request is the formula again."""
    changes = {
        RATE: None,
        input_cell("travel"): Decimal(0),
        input_cell("requested"): Decimal("99.5"),
        input_cell("person_months", 4): Decimal("2.5"),
        input_cell("subcontracts", 1, "name"): "Press",
    }
    edit_partner(manager.workbook, 3, changes)
    found = saved(manager).partner(3)
    assert found is not None
    assert (found.rate, found.travel, found.requested) == (None, 0, Decimal("99.5"))
    assert (found.person_months[4], found.subcontracts[1].name) == (Decimal("2.5"), "Press")
    edit_partner(manager.workbook, 3, {input_cell("requested"): None})
    assert manager.workbook["P3-Ünï Ko"]["R13"].value == "=Q13"


def test_another_acronym_is_followed_by_all_that_refers_to_the_sheet(
    manager: ExcelManager,
) -> None:
    """Overviews, formulas of others, names, links, and who leads a work package."""
    book = manager.workbook
    notes = book.create_sheet("Notes")
    notes["A1"] = "='P2-L''ORE'!G13*2+SUM('P1-Coord:P3-Ünï Ko'!G13)"
    notes["A2"] = "L'ORE"
    notes["A2"].hyperlink = "#'P2-L''ORE'!A1"
    book.defined_names["ore"] = DefinedName("ore", attr_text="'P2-L''ORE'!$G$13")
    edit_partner(book, 2, {ACRONYM: "N'EU Ж"})
    assert manager.sheet_names[1] == "P2-N'EU Ж"
    assert notes["A2"].hyperlink.target == "#'P2-N''EU Ж'!A1"
    assert notes["A1"].value == "='P2-N''EU Ж'!G13*2+SUM('P1-Coord:P3-Ünï Ko'!G13)"
    assert book.defined_names["ore"].attr_text == "'P2-N''EU Ж'!$G$13"
    assert book["Budget Overview"]["F9"].value == "='P2-N''EU Ж'!G13"
    assert book["PM Overview"]["A6"].value == "P2-N'EU Ж"
    budget = saved(manager)
    assert budget.partners[1] == replace(three_partners().partners[1], acronym="N'EU Ж")
    assert budget.work_packages[1].lead == "N'EU Ж"
    assert budget.versions[-1].summary == "Partner P2-L'ORE changed: Acronym"


def test_the_coordinators_sheet_keeps_its_name(manager: ExcelManager) -> None:
    """Its acronym stands in its cell."""
    edit_partner(manager.workbook, 1, {ACRONYM: "LEAD"})
    assert manager.sheet_names[0] == "P1-Coord"
    budget = saved(manager)
    assert (budget.partners[0].acronym, budget.work_packages[0].lead) == ("LEAD", "LEAD")


def test_a_moved_label_is_not_written_past(manager: ExcelManager) -> None:
    """Where the rate's label stands somewhere else, nothing is written."""
    sheet = manager.workbook["P2-L'ORE"]
    sheet["B7"], sheet["B9"] = None, "Rate in EUR per person-month"
    with pytest.raises(BudgetError, match="B9"):
        edit_partner(manager.workbook, 2, {RATE: Decimal(1)})
    assert sheet["D7"].value == 6000


def test_deleting_names_what_would_be_lost(manager: ExcelManager) -> None:
    """Figures, what others wrote there, whoever shows them, and its lead."""
    book = manager.workbook
    book["P2-L'ORE"]["Z5"] = "call them"
    book.create_sheet("Notes")["A1"] = "='P2-L''ORE'!G13"
    lost = " / ".join(lost_with_partner(book, 2))
    for text in ("Rate in EUR per person-month 6000", "WP1 20", "Subcontract 1 5000", "Z5 call"):
        assert text in lost
    assert "Notes!A1" in lost
    assert "the lead at PM Summary!D5" in lost
    with pytest.raises(BudgetError, match="would lose"):
        delete_partner(book, 2)
    assert "P2-L'ORE" in manager.sheet_names


def test_an_empty_partner_goes_without_a_question(manager: ExcelManager) -> None:
    """Nothing would be lost."""
    bare = partner(4, "BARE", rate=None, travel=None, person_months=(None,) * 15)
    add_partner(manager.workbook, bare)
    assert delete_partner(manager.workbook, 4).lost == ()
    assert saved(manager).partners == three_partners().partners


def test_after_deleting_no_reference_is_broken(manager: ExcelManager) -> None:
    """Rows, names and links go, sums go on, and what can say nothing is emptied."""
    book = manager.workbook
    notes = book.create_sheet("Notes")
    notes["A1"] = "='P3-Ünï Ko'!G13+'P1-Coord'!G13"
    notes["A2"] = "='P3-Ünï Ko'!G13*2"
    notes["A3"] = "=third+1"
    notes["A4"] = "go"
    notes["A4"].hyperlink = "#'P3-Ünï Ko'!A1"
    notes["A5"] = "='Budget Overview'!F11/1000"
    book.defined_names["third"] = DefinedName("third", attr_text="'P3-Ünï Ko'!$G$13")
    manager.save()
    outcome = delete_partner(book, 3, lose=True)
    assert outcome.removed == ("P3-Ünï Ko",)
    assert [notes[f"A{row}"].value for row in (1, 2, 3, 4, 5)] == [
        "=0+'P1-Coord'!G13",
        None,
        None,
        "go",
        "='Budget Overview'!F10/1000",
    ]
    assert "third" not in book.defined_names
    assert notes["A4"].hyperlink is None
    overview = book["Budget Overview"]
    assert (overview["B10"].value, overview["F10"].value) == ("Consortium", "=SUM(F8:F9)")
    assert (overview["B11"].value, overview["F11"].value) == (None, None)
    assert saved(manager).partners == three_partners().partners[:2]


def test_a_deleted_partner_in_the_middle_leaves_its_row_empty(manager: ExcelManager) -> None:
    """Others keep their rows, because these go by number."""
    book = manager.workbook
    delete_partner(book, 2, lose=True)
    overview = book["Budget Overview"]
    assert [overview[f"F{row}"].value for row in (9, 10, 11)] == [
        None,
        "='P3-Ünï Ko'!G13",
        "=SUM(F8:F10)",
    ]
    assert [each.lead for each in work_packages(book)] == ["Coord", None]


def test_what_cannot_lose_its_source_keeps_the_partner(manager: ExcelManager) -> None:
    """A chart on another sheet would have nothing to show."""
    from openpyxl.chart import BarChart, Reference

    book = manager.workbook
    chart = BarChart()
    chart.add_data(Reference(book["P3-Ünï Ko"], min_col=3, max_col=17, min_row=18))
    book.create_sheet("Notes").add_chart(chart, "B2")
    manager.save()
    with pytest.raises(BudgetError, match="a chart on Notes"):
        delete_partner(book, 3, lose=True)
    assert not manager.is_modified


def test_the_coordinator_cannot_be_deleted(manager: ExcelManager) -> None:
    """Nor a partner that is not there."""
    with pytest.raises(BudgetError, match="coordinator"):
        delete_partner(manager.workbook, 1, lose=True)
    with pytest.raises(BudgetError, match="There is no partner 9"):
        delete_partner(manager.workbook, 9)
    assert not manager.is_modified


def test_overviews_are_brought_to_the_sheets(manager: ExcelManager) -> None:
    """Typed figures become links, missing sheets are made; up to date, nothing changes."""
    book = manager.workbook
    assert update_overviews(book).version is None
    assert not manager.is_modified
    book["Budget Overview"]["F9"] = 1
    book["PM Overview"]["D6"] = None
    book.remove(book["Version History"])
    outcome = update_overviews(book)
    assert [(each.cell, each.before) for each in outcome.cells] == [("F9", 1), ("D6", None)]
    assert book["Budget Overview"]["F9"].value == "='P2-L''ORE'!G13"
    book.remove(book["PM Overview"])
    update_overviews(book)
    assert saved(manager).partners == three_partners().partners


def test_a_row_that_holds_something_else_is_not_overwritten(manager: ExcelManager) -> None:
    """Where the new partner's row should be, somebody has written."""
    manager.workbook["Budget Overview"]["H12"] = "per diem rates:"
    manager.save()
    with pytest.raises(BudgetError, match="H12"):
        add_partner(manager.workbook, partner(4, "NEW"))
    assert not manager.is_modified
