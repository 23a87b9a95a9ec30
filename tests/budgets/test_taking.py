"""Chosen differences taken over: the earlier version gets what the later one has, or nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from budgetinator.budgets import (
    Budget,
    compare_workbooks,
    contents_to_take,
    read_budget,
    select,
    take_over,
    undo,
)
from budgetinator.errors import BudgetError, TakeOverConflict, WouldLoseFigures
from budgetinator.workbooks import ExcelManager, Formula
from tests.budgets.consortia import partner, three_partners, written
from tests.budgets.test_comparing import plain, with_partner


def taken(before: Path, after: Path, *words: str, lose: bool = False) -> Path:
    """Take over what the words name, and save."""
    with ExcelManager(before) as manager:
        comparison = compare_workbooks(manager, after)
        take_over(manager, comparison, select(comparison, words), lose=lose)
        manager.save()
    return before


def changed() -> Budget:
    """Two partners with other figures."""
    budget = with_partner(three_partners(), 2, rate=Decimal(5000), travel=None)
    return with_partner(budget, 3, rate=Decimal(4000))


def test_all_inputs_taken_over_leave_no_difference(tmp_path: Path) -> None:
    """What was typed in the later version is what the earlier one has then."""
    before, after = written(tmp_path / "a.xlsx"), written(tmp_path / "b.xlsx", changed())
    taken(before, after, "inputs")
    found = compare_workbooks(before, after)
    assert (found.cells, found.partners) == ((), ())
    assert [each.change for each in found.versions] == ["removed"]


def test_one_partner_is_taken_over_alone(tmp_path: Path) -> None:
    """The other one stays as it was."""
    before, after = written(tmp_path / "a.xlsx"), written(tmp_path / "b.xlsx", changed())
    taken(before, after, "l'ore")
    partners = read_budget(before).budget.partners
    assert [each.rate for each in partners] == [6000, 5000, 6000]
    assert partners[1].travel is None


@pytest.mark.parametrize("word", ["P2", "'P2-L''ORE'!D7", "'P2-L''ORE'!D1:D9", "P2-L'ORE"])
def test_differences_are_named_in_several_ways(tmp_path: Path, word: str) -> None:
    """By partner, by sheet, by cell and by range."""
    before, after = written(tmp_path / "a.xlsx"), written(tmp_path / "b.xlsx", changed())
    taken(before, after, word)
    assert [each.rate for each in read_budget(before).budget.partners] == [6000, 5000, 6000]


def test_a_word_that_names_nothing_is_refused(tmp_path: Path) -> None:
    """It is told which words there are."""
    before, after = written(tmp_path / "a.xlsx"), written(tmp_path / "b.xlsx", changed())
    with pytest.raises(BudgetError, match="'P9'"):
        select(compare_workbooks(before, after), ["P9"])


def test_a_cell_that_changed_since_is_a_conflict(tmp_path: Path) -> None:
    """Nothing is set, also not what is still as it was."""
    before, after = written(tmp_path / "a.xlsx"), written(tmp_path / "b.xlsx", changed())
    comparison = compare_workbooks(before, after)
    with ExcelManager(before) as manager:
        manager.workbook["P3-Ünï Ko"]["D7"] = 1
        with pytest.raises(TakeOverConflict) as refused:
            take_over(manager, comparison, select(comparison, ["all"]))
        assert refused.value.conflicts == ("'P3-Ünï Ko'!D7",)
        assert manager.workbook["P2-L'ORE"]["D7"].value == 6000
        manager.force_close()


def test_a_conflict_in_a_plain_workbook_sets_nothing(tmp_path: Path) -> None:
    """The file is looked at again before it is changed."""
    before = plain(tmp_path / "a.xlsx")
    comparison = compare_workbooks(before, plain(tmp_path / "b.xlsx", ("A1", 5), ("D1", 6)))
    plain(before, ("A1", 99))
    with ExcelManager(before) as manager:
        with pytest.raises(TakeOverConflict):
            take_over(manager, comparison, comparison.cells)
        assert not manager.is_modified


def test_cells_of_any_workbook_are_taken_over(tmp_path: Path) -> None:
    """Values, formulas and emptied cells, written into the sheet's own XML."""
    before = plain(tmp_path / "a.xlsx")
    after = plain(
        tmp_path / "b.xlsx",
        ("A1", 5),
        ("B1", None),
        ("C1", "=A1*7"),
        (
            "D4",
            "=no",
        ),
    )
    taken(before, after, "all")
    assert compare_workbooks(before, after).is_same


def test_a_new_partner_is_taken_over_whole(tmp_path: Path) -> None:
    """It gets a sheet, rows in the overviews, and the lowest number that is free."""
    budget = three_partners()
    first, second, third = budget.partners
    moved = (first, partner(2, "NEW", pic="111111111"), replace(second, number=3),
             replace(third, number=4))  # fmt: skip
    before = written(tmp_path / "a.xlsx")
    after = written(tmp_path / "b.xlsx", replace(budget, partners=moved))
    taken(before, after, "NEW")
    assert [(each.number, each.acronym) for each in read_budget(before).budget.partners] == [
        (1, "Coord"),
        (2, "L'ORE"),
        (3, "Ünï Ko"),
        (4, "NEW"),
    ]


def test_a_partner_that_has_gone_goes_only_when_that_is_said(tmp_path: Path) -> None:
    """What would be lost is named, and nothing is changed without consent."""
    budget = three_partners()
    before = written(tmp_path / "a.xlsx")
    after = written(tmp_path / "b.xlsx", replace(budget, partners=budget.partners[:2]))
    content = before.read_bytes()
    with pytest.raises(WouldLoseFigures) as refused:
        taken(before, after, "all")
    assert "Equipment 0" in refused.value.losses
    assert before.read_bytes() == content
    taken(before, after, "all", lose=True)
    assert [each.number for each in read_budget(before).budget.partners] == [1, 2]


def test_a_new_acronym_takes_the_sheet_along(tmp_path: Path) -> None:
    """The sheet is renamed with every link to it, and the lead follows."""
    renamed = with_partner(three_partners(), 2, acronym="D'OR")
    packages = (renamed.work_packages[0], replace(renamed.work_packages[1], lead="D'OR"))
    before = written(tmp_path / "a.xlsx")
    after = written(tmp_path / "b.xlsx", replace(renamed, work_packages=packages))
    taken(before, after, "all")
    found = compare_workbooks(before, after)
    assert (found.cells, found.partners, found.sheets) == ((), (), ())


def test_a_formula_names_sheets_as_the_earlier_version_does(tmp_path: Path) -> None:
    """A link to a renamed partner leads to the sheet that is there."""
    before = written(tmp_path / "a.xlsx")
    after = written(tmp_path / "b.xlsx", with_partner(three_partners(), 2, acronym="D'OR"))
    with ExcelManager(after) as manager:
        manager.set_cells({"'P1-Coord'!B60": Formula("='P2-D''OR'!G13")})
        manager.save()
    comparison = compare_workbooks(before, after)
    chosen = [each for each in comparison.cells if each.kind == "input" and not each.label]
    chosen += [each for each in comparison.cells if each.kind == "formula"]
    assert contents_to_take(comparison, chosen) == {"'P1-Coord'!B60": Formula("='P2-L''ORE'!G13")}


def test_a_formula_of_a_sheet_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """It would show nothing but an error."""
    before = plain(tmp_path / "a.xlsx")
    after = plain(tmp_path / "b.xlsx", ("C1", "=Extra!A1"), titles=("Data", "Extra"))
    comparison = compare_workbooks(before, after)
    with pytest.raises(BudgetError, match="Extra"):
        contents_to_take(comparison, comparison.cells)


def test_what_was_taken_over_can_be_undone(tmp_path: Path) -> None:
    """The cells hold what they held before."""
    before, after = written(tmp_path / "a.xlsx"), written(tmp_path / "b.xlsx", changed())
    with ExcelManager(before) as manager:
        comparison = compare_workbooks(manager, after)
        outcome = take_over(manager, comparison, select(comparison, ["inputs"]))
        undo(manager, outcome.undoing)
        assert manager.workbook["P2-L'ORE"]["D7"].value == 6000
        assert manager.workbook["P2-L'ORE"]["F28"].value == 12000
        manager.force_close()


def test_a_result_cannot_be_taken_over(tmp_path: Path) -> None:
    """It follows from an input, which can."""
    before, after = written(tmp_path / "a.xlsx"), written(tmp_path / "b.xlsx", changed())
    comparison = compare_workbooks(before, after)
    with pytest.raises(BudgetError, match="result"):
        contents_to_take(comparison, comparison.results[:1])


def edited(path: Path, source: Path, *changes: tuple[str, str, object]) -> Path:
    """A copy with other contents in some cells, by sheet and cell."""
    workbook = load_workbook(source)
    for sheet, cell, value in changes:
        workbook[sheet][cell] = value
    workbook.save(path)
    return path


def test_a_cell_of_an_overview_is_taken_over(tmp_path: Path) -> None:
    """What is told as taken stands there, also beside a partner that comes."""
    before = written(tmp_path / "a.xlsx")
    more = replace(three_partners(), partners=(*three_partners().partners, partner(4, "NEW")))
    later = written(tmp_path / "later.xlsx", more)
    after = edited(tmp_path / "b.xlsx", later, ("Budget Overview", "H9", 12345))
    taken(before, after, "all")
    assert load_workbook(before)["Budget Overview"]["H9"].value == 12345


@pytest.mark.parametrize("word", ["P2", "P4"])
def test_what_was_typed_in_an_overview_stays(tmp_path: Path, word: str) -> None:
    """It was not chosen; neither inputs nor a partner that comes take it away."""
    before = edited(
        tmp_path / "a.xlsx", written(tmp_path / "plain.xlsx"), ("Budget Overview", "H9", 12345)
    )
    budget = changed()
    more = replace(budget, partners=(*budget.partners, partner(4, "NEW")))
    taken(before, written(tmp_path / "b.xlsx", more), word)
    assert load_workbook(before)["Budget Overview"]["H9"].value == 12345


def test_a_formula_follows_an_acronym_that_is_taken_over_with_it(tmp_path: Path) -> None:
    """It names the sheet as that is called afterwards."""
    before = written(tmp_path / "a.xlsx")
    renamed = written(tmp_path / "renamed.xlsx", with_partner(three_partners(), 2, acronym="NEW"))
    after = edited(
        tmp_path / "b.xlsx",
        renamed,
        ("P1-Coord", "AA60", "='P2-NEW'!D7*2"),
        ("Budget Overview", "F9", "='P2-NEW'!G13*3"),
    )
    taken(before, after, "all")
    workbook = load_workbook(before)
    assert workbook["P1-Coord"]["AA60"].value == "='P2-NEW'!D7*2"
    assert workbook["Budget Overview"]["F9"].value == "='P2-NEW'!G13*3"
