"""What a formula refers to, told from its text."""

from __future__ import annotations

import pytest

from budgetinator.workbooks.addresses import parse_range
from budgetinator.workbooks.patch.references import TableColumn, formula_references


@pytest.mark.parametrize(
    ("formula", "areas"),
    [
        ("A1+$B$2", [(None, None, "A1"), (None, None, "B2")]),
        ("SUM(B3:A1)", [(None, None, "A1:B3")]),
        ("SUM(A:B,$2:3)", [(None, None, "A:B"), (None, None, "2:3")]),
        ("'P2-L''ORE'!G13", [("P2-L'ORE", "P2-L'ORE", "G13")]),
        ("Übersicht!A1*2", [("Übersicht", "Übersicht", "A1")]),
        ("SUM(Jan:Mar!C4)", [("Jan", "Mar", "C4")]),
        ("SUM('Jan 1:Mar 1'!C4)", [("Jan 1", "Mar 1", "C4")]),
        ("[0]!A1", [(None, None, "A1")]),
        ('IF(A1="B2",-C3%,1.5E3)', [(None, None, "A1"), (None, None, "C3")]),
        ("LOG10(A1)", [(None, None, "A1")]),
        ("A1:B2 B1:B9", [(None, None, "A1:B2"), (None, None, "B1:B9")]),
        ("A1#", [(None, None, "A1")]),
        ("{1,2;3,4}", []),
        ("TRUE", []),
        ("#REF!+Data!#REF!", []),
        ("[1]Data!A1+'[2]My data'!B2", []),
    ],
)
def test_cells_and_areas_are_found(
    formula: str, areas: list[tuple[str | None, str | None, str]]
) -> None:
    """Each area comes with the sheets that it is on; other workbooks are left out."""
    found = formula_references(formula)
    assert [each[:3] for each in found.areas] == [
        (first, last, parse_range(area)) for first, last, area in areas
    ]
    assert not found.unbounded


def test_names_tables_and_functions_are_found() -> None:
    """Names with the sheet that they are asked of, tables with what they are asked for."""
    found = formula_references("_xlfn.XLOOKUP(rate,Data!local,Costs[[#This Row],[a b]])*ROUND(1,2)")
    assert found.names == ((None, "rate"), ("Data", "local"))
    assert found.tables == (TableColumn("Costs", "[#This Row],[a b]"),)
    assert found.functions == {"_xlfn.XLOOKUP", "ROUND"}


@pytest.mark.parametrize(
    "formula", ['INDIRECT("A1")', "SUM(A1:OFFSET(A1,1,1))", "SUM(A1:INDEX(C:C,9))", "A1?B2"]
)
def test_what_is_chosen_or_not_understood_may_be_anything(formula: str) -> None:
    """A formula whose cells are known only when it is computed is unbounded."""
    assert formula_references(formula).unbounded


def test_formulas_that_change_by_themselves_are_volatile() -> None:
    """The day, the time and chance are no cells."""
    assert formula_references("TODAY()-A1").volatile
    assert not formula_references("YEAR(A1)").volatile


def test_other_workbooks_are_told() -> None:
    """A reference into another file is no cell of this one, and is not passed over."""
    assert formula_references("IFERROR([1]Data!A1,0)").external
    assert not formula_references("[0]!rate").external


@pytest.mark.parametrize(
    ("formula", "moved"),
    [("A1", "C4"), ("$A1", "A4"), ("A$1", "C1"), ("$A$1:B2", "A1:D5"), ("A:A", "C:C")],
)
def test_references_move_with_a_shared_formula(formula: str, moved: str) -> None:
    """What carries no dollar sign is moved; three rows down and two columns on here."""
    (area,) = formula_references(formula).areas
    assert area.moved(3, 2) == parse_range(moved)


def test_what_would_leave_the_grid_has_no_cells() -> None:
    """Above the first row there is nothing."""
    (area,) = formula_references("A1").areas
    assert area.moved(-1, 0) is None
