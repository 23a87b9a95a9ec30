"""Two versions compared: what was typed told from what follows, partners by who they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.formula import ArrayFormula

from budgetinator.budgets import (
    Budget,
    Partner,
    VersionComparison,
    WorkPackage,
    compare_workbooks,
    iter_differences,
    write_sample,
)
from budgetinator.budgets.comparing import CellPlace
from budgetinator.errors import WorkbookNotFound
from budgetinator.workbooks import ExcelManager, Formula
from tests.budgets.consortia import months, partner, three_partners, written
from tests.budgets.workbooks import with_results

Compare = Callable[[Budget], VersionComparison]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Compares the three partners with another budget."""

    def compared(other: Budget) -> VersionComparison:
        before = written(tmp_path / "before.xlsx")
        return compare_workbooks(before, written(tmp_path / "after.xlsx", other))

    return compared


def with_partner(budget: Budget, number: int, **changes: object) -> Budget:
    """The budget with a partner that has other inputs."""
    partners = tuple(
        replace(each, **changes) if each.number == number else each  # type: ignore[arg-type]
        for each in budget.partners
    )
    return replace(budget, partners=partners)


def plain(path: Path, *changes: tuple[str, Any], titles: tuple[str, ...] = ("Data",)) -> Path:
    """A workbook that is no budget."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for title in titles:
        sheet = workbook.create_sheet(title)
        sheet["A1"], sheet["B1"], sheet["C1"] = 10, "text", "=A1*2"
    for cell, value in changes:
        workbook[titles[0]][cell] = value
    workbook.save(path)
    workbook.close()
    return path


def test_a_budget_does_not_differ_from_itself(compare: Compare) -> None:
    """Written twice it is the same, whatever the bytes of the two files."""
    found = compare(three_partners())
    assert (found.is_same, found.is_budget, found.cells) == (True, True, ())


def test_an_input_is_told_from_what_follows(compare: Compare) -> None:
    """Another rate is one input; the personnel cost that it gives is a result."""
    found = compare(with_partner(three_partners(), 2, rate=Decimal(5000)))
    assert [(str(each.after_at), each.label, each.difference) for each in found.inputs] == [
        ("'P2-L''ORE'!D7", "Rate in EUR per person-month", Decimal(-1000))
    ]
    (changed,) = found.partners
    personnel = next(each for each in changed.results if each.name == "personnel")
    assert (personnel.before, personnel.after) == (Decimal(246_000), Decimal(205_000))
    assert {each.kind for each in found.results} == {"result"}
    assert found.counts == {"input": 1, "result": len(found.results)}


def test_the_consortium_and_work_packages_follow(compare: Compare) -> None:
    """What a partner changes shows in the totals and in the cost of each work package."""
    found = compare(with_partner(three_partners(), 2, rate=Decimal(5000)))
    totals = {each.name: each.difference for each in found.consortium}
    assert totals["personnel"] == Decimal(-41_000)
    assert [each.name for each in found.work_packages] == ["WP1 Management", "WP2 Data", "WP3"]


@pytest.mark.parametrize(("before", "after"), [(None, Decimal(0)), (Decimal(0), None)])
def test_empty_and_zero_differ(tmp_path: Path, before: Decimal | None, after: object) -> None:
    """Not determined yet is not the same as no budget."""
    paths = []
    for name, travel in (("before", before), ("after", after)):
        budget = with_partner(three_partners(), 2, travel=travel)
        paths.append(written(tmp_path / f"{name}.xlsx", budget))
    (found,) = compare_workbooks(*paths).inputs
    assert (found.before, found.after) == (before, after)


def test_an_inserted_partner_is_one_difference(compare: Compare) -> None:
    """Those behind it have other numbers, sheets and rows, and no cell but the totals differs."""
    budget = three_partners()
    first, second, third = budget.partners
    new = partner(2, "NEW", pic="111111111")
    moved = (first, new, replace(second, number=3), replace(third, number=4))
    found = compare(replace(budget, partners=moved))
    assert found.inputs == ()
    assert {each.label.partition(", ")[2] for each in found.results} == {"Consortium"}
    assert [(each.change, each.name) for each in found.partners] == [
        ("changed", "P3-L'ORE"),
        ("changed", "P4-Ünï Ko"),
        ("added", "P2-NEW"),
    ]
    assert [each.is_renumbered for each in found.partners] == [True, True, False]


def test_a_removed_partner_is_one_difference(compare: Compare) -> None:
    """Its cells are not listed, and its figures are."""
    budget = three_partners()
    found = compare(replace(budget, partners=budget.partners[:2]))
    (gone,) = found.partners
    assert (gone.change, gone.name, found.inputs) == ("removed", "P3-Ünï Ko", ())
    assert {"total_eligible", "person_months"} < {each.name for each in gone.results}


def test_swapped_partners_are_found_by_what_they_are(compare: Compare) -> None:
    """P2 and P3 with their numbers exchanged are the same two partners."""
    budget = three_partners()
    first, second, third = budget.partners
    swapped = (first, replace(third, number=2), replace(second, number=3))
    found = compare(replace(budget, partners=swapped))
    assert found.cells == ()
    assert [each.change for each in found.partners] == ["changed", "changed"]


def test_a_new_acronym_is_recognised_by_the_pic(compare: Compare) -> None:
    """The partner is renamed: its sheet, the links to it and the lead follow from that."""
    budget = with_partner(three_partners(), 2, acronym="L'ORÉAL")
    packages = (budget.work_packages[0], replace(budget.work_packages[1], lead="L'ORÉAL"))
    found = compare(replace(budget, work_packages=packages))
    (renamed,) = found.partners
    assert (renamed.is_renamed, renamed.name) == (True, "P2-L'ORÉAL")
    assert [(each.label, each.before, each.after) for each in found.inputs] == [
        ("Acronym", "L'ORE", "L'ORÉAL")
    ]


def test_a_pic_outweighs_acronym_and_number(compare: Compare) -> None:
    """Under another name and another number it is the same partner, for its PIC is its own."""
    budget = three_partners()
    first, second, third = budget.partners
    moved = (first, replace(third, number=2, acronym="ÖKO"), replace(second, number=3))
    found = compare(replace(budget, partners=moved))
    assert [(str(each.before), str(each.after)) for each in found.partners] == [
        ("P2-L'ORE", "P3-L'ORE"),
        ("P3-Ünï Ko", "P2-ÖKO"),
    ]


def test_a_new_pic_and_number_leave_the_acronym(compare: Compare) -> None:
    """A corrected PIC does not make another partner."""
    found = compare(with_partner(three_partners(), 3, pic="123456789"))
    assert [(each.change, each.name) for each in found.partners] == [("changed", "P3-Ünï Ko")]
    assert [each.label for each in found.inputs] == ["PIC"]


def test_an_unnamed_partner_is_found_by_its_number(tmp_path: Path) -> None:
    """`Partner2` without figures becomes a real one: the same partner, named."""
    before = Budget((partner(1, "Coord"), Partner(2, "Partner2")))
    after = Budget((partner(1, "Coord"), partner(2, "ACME")))
    paths = [written(tmp_path / "a.xlsx", before), written(tmp_path / "b.xlsx", after)]
    (found,) = compare_workbooks(*paths).partners
    assert (found.change, found.is_renamed) == ("changed", True)


def test_a_number_given_away_again_is_another_partner(compare: Compare) -> None:
    """Another acronym, another PIC and other figures under the same number."""
    other = partner(3, "OTHER", pic="555555555", rate=Decimal(1), travel=Decimal(2),
                    person_months=months(1, 2, 3))  # fmt: skip
    budget = three_partners()
    found = compare(replace(budget, partners=(*budget.partners[:2], other)))
    assert [(each.change, each.name) for each in found.partners] == [
        ("removed", "P3-Ünï Ko"),
        ("added", "P3-OTHER"),
    ]


def test_an_inserted_work_package_moves_no_months(tmp_path: Path) -> None:
    """Person-months are compared by work package, wherever their column is."""

    def planned(*given: int | None) -> tuple[Partner, ...]:
        return tuple(partner(n, f"P{n}", person_months=months(*given)) for n in (1, 2))

    old = (WorkPackage(1, "Management"), WorkPackage(2, "Data"), WorkPackage(3, "Pilots"))
    new = (old[0], WorkPackage(2, "New"), replace(old[1], number=3), replace(old[2], number=4))
    before = written(tmp_path / "a.xlsx", Budget(planned(20, 12, 9), old))
    after = written(tmp_path / "b.xlsx", Budget(planned(20, 1, 12, 9), new))
    found = compare_workbooks(before, after)
    assert [(each.name, each.change, each.is_renumbered) for each in found.work_packages] == [
        ("WP3 Data", "changed", True),
        ("WP4 Pilots", "changed", True),
        ("WP2 New", "added", False),
    ]
    assert [each.label for each in found.inputs if each.partner is not None] == ["WP2", "WP2"]


def test_a_renamed_work_package_keeps_its_number(compare: Compare) -> None:
    """Another title under the same number is the same work package."""
    budget = three_partners()
    packages = (budget.work_packages[0], replace(budget.work_packages[1], title="Daten"))
    found = compare(replace(budget, work_packages=packages))
    (renamed,) = found.work_packages
    assert (renamed.is_renamed, renamed.name) == (True, "WP2 Daten")


def test_a_formula_typed_over_is_a_formula_that_differs(tmp_path: Path) -> None:
    """A number where the layout has a formula is neither an input nor a mere result."""
    before, after = written(tmp_path / "a.xlsx"), written(tmp_path / "b.xlsx")
    with ExcelManager(after) as manager:
        manager.set_cells({"'P1-Coord'!N13": 82_250})
        manager.save()
    (found,) = compare_workbooks(before, after).cells
    assert (found.kind, str(found.after_at), found.after) == ("formula", "'P1-Coord'!N13", 82_250)
    assert isinstance(found.before, Formula)


def test_a_request_typed_over_its_formula_is_an_input(compare: Compare) -> None:
    """The one input that may be a formula."""
    found = compare(with_partner(three_partners(), 2, requested=Decimal(5)))
    assert [(each.kind, each.label) for each in found.inputs] == [
        ("input", "Requested EU contribution")
    ]


def test_new_rows_of_the_history_are_versions(tmp_path: Path) -> None:
    """They are told as versions, and not as cells."""
    before, after = written(tmp_path / "a.xlsx"), written(tmp_path / "b.xlsx")
    with ExcelManager(after) as manager:
        moment = datetime(2026, 5, 1, 12)
        sheet = "'Version History'"
        manager.set_cells({f"{sheet}!A3": moment, f"{sheet}!B3": "0.2", f"{sheet}!C3": "Rates"})
        manager.save()
    found = compare_workbooks(before, after)
    assert [(each.change, each.version.info) for each in found.versions] == [("added", "0.2")]
    assert found.cells == ()


def test_cells_beyond_the_tables_are_compared_too(tmp_path: Path) -> None:
    """What people keep far below and beside a partner's tables is not passed over."""
    before, after = written(tmp_path / "a.xlsx"), written(tmp_path / "b.xlsx")
    with ExcelManager(after) as manager:
        manager.set_cells({"'P1-Coord'!B200": "a note", "'P1-Coord'!AZ3": 7})
        manager.save()
    found = compare_workbooks(before, after)
    assert {str(each.after_at): each.after for each in found.cells} == {
        "'P1-Coord'!B200": "a note",
        "'P1-Coord'!AZ3": 7,
    }


def test_an_open_workbook_is_compared_as_it_stands(tmp_path: Path) -> None:
    """Changes that were not saved yet count."""
    path, other = written(tmp_path / "a.xlsx"), written(tmp_path / "b.xlsx")
    with ExcelManager(path) as manager:
        manager.workbook["P2-L'ORE"]["D7"] = 5000
        manager.workbook["P2-L'ORE"]["B200"] = "far below"
        found = compare_workbooks(other, manager)
        manager.force_close()
    assert [(each.before, each.after) for each in found.inputs] == [
        (6000, 5000),
        (None, "far below"),
    ]


# Workbooks that are no budgets


def test_any_workbooks_are_compared_cell_by_cell(tmp_path: Path) -> None:
    """Values, texts and formulas, each at its address."""
    before = plain(tmp_path / "a.xlsx")
    after = plain(tmp_path / "b.xlsx", ("A1", 11), ("B1", None), ("C1", "=A1*3"), ("F9", "new"))
    with ExcelManager(after) as manager:
        manager.set_cells({"Data!G12": Formula("=A1+1")})
        manager.save()
    found = compare_workbooks(before, after)
    assert not found.is_budget
    assert [(each.kind, str(each.after_at), each.before, each.after) for each in found.cells] == [
        ("input", "Data!A1", 10, 11),
        ("input", "Data!B1", "text", None),
        ("formula", "Data!C1", Formula("=A1*2"), Formula("=A1*3")),
        ("input", "Data!F9", None, "new"),
        ("formula", "Data!G12", None, Formula("=A1+1")),
    ]


@pytest.mark.parametrize(("one", "other"), [(1, True), ("1", 1), (0, None), ("#REF!", 1), (0, "")])
def test_what_python_takes_for_equal_may_differ(tmp_path: Path, one: object, other: object) -> None:
    """TRUE is no 1, text is no number, and nothing is no zero."""
    before, after = plain(tmp_path / "a.xlsx"), plain(tmp_path / "b.xlsx")
    for path, value in ((before, one), (after, other)):
        with ExcelManager(path) as manager:
            manager.set_cells({"Data!A1": value})  # type: ignore[dict-item]
            manager.save()
    assert len(compare_workbooks(before, after).inputs) == 1


def test_a_formula_in_other_words_is_the_same(tmp_path: Path) -> None:
    """What computes the same over the same cells is no difference."""
    before = plain(tmp_path / "a.xlsx", ("C1", "=A1+A2"))
    after = plain(tmp_path / "b.xlsx", ("C1", "=SUM($A$1:A2)"))
    assert compare_workbooks(before, after).is_same


def test_sheets_come_go_and_are_renamed(tmp_path: Path) -> None:
    """A sheet under another name is recognised by what it holds."""
    before = plain(tmp_path / "a.xlsx", titles=("One", "Two", "Three"))
    workbook = load_workbook(before)
    for row in range(2, 9):
        workbook["Two"][f"A{row}"] = row
    workbook["Three"]["A1"], workbook["Three"]["B1"] = 11, "other"
    workbook.save(before)
    workbook["Two"].title = "Zwei"
    workbook.remove(workbook["Three"])
    workbook.create_sheet("Four", 0)
    workbook.save(tmp_path / "b.xlsx")
    workbook.close()
    found = compare_workbooks(before, tmp_path / "b.xlsx").sheets
    assert [(each.change, each.sheet, each.other) for each in found] == [
        ("renamed", "Zwei", "Two"),
        ("removed", "Three", None),
        ("added", "Four", None),
    ]


def test_differences_are_bounded_and_counted(tmp_path: Path) -> None:
    """Only so many are kept, all are counted, and the iterator has every one."""
    before = plain(tmp_path / "a.xlsx")
    after = plain(tmp_path / "b.xlsx", *((f"D{row}", row) for row in range(1, 301)))
    found = compare_workbooks(before, after, limit=10)
    assert (len(found.cells), found.further, found.counts) == (10, 290, {"input": 300})
    assert sum(1 for _ in iter_differences(before, after)) == 300


def test_a_comparison_can_be_ended(tmp_path: Path) -> None:
    """What the tick raises ends it, and both files are given back."""
    before = plain(tmp_path / "a.xlsx", *((f"D{row}", row) for row in range(1, 600)))
    after = plain(tmp_path / "b.xlsx", *((f"D{row}", -row) for row in range(1, 600)))
    ticks = []

    def tick(percent: int, sheet: str) -> None:
        ticks.append((percent, sheet))
        if len(ticks) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        compare_workbooks(before, after, tick=tick)
    assert ticks == [(0, "Data")] * 3


def test_a_missing_version_is_named(tmp_path: Path) -> None:
    """Whatever opening raises, for either side."""
    with pytest.raises(WorkbookNotFound):
        compare_workbooks(plain(tmp_path / "a.xlsx"), tmp_path / "nothing.xlsx")


def test_one_budget_and_another_workbook_are_compared_by_cells(tmp_path: Path) -> None:
    """There is no partner to match: sheets come and go."""
    budget, other = tmp_path / "a.xlsx", plain(tmp_path / "b.xlsx")
    write_sample(budget)
    found = compare_workbooks(budget, other)
    assert (found.is_budget, {each.change for each in found.sheets}) == (
        False,
        {"added", "removed"},
    )


def with_array(path: Path, first: int, *, is_marked: bool = False) -> Path:
    """A budget with a formula that fills two cells, of which the second is no entry."""
    written(path)
    workbook = load_workbook(path)
    sheet: Any = workbook["P1-Coord"]
    sheet["AA50"], sheet["AA51"] = first, 2
    sheet["AB50"], sheet["AB51"] = ArrayFormula("AB50:AB51", "=AA50*AA50:AA51"), 2 * first
    workbook.save(path)
    return path if is_marked else with_results(path, {})


def test_what_an_array_formula_fills_is_a_result(tmp_path: Path) -> None:
    """It follows from an input, and is compared only where it is current in both files."""
    before = with_array(tmp_path / "a.xlsx", 1)
    after = with_array(tmp_path / "b.xlsx", 5)
    found = compare_workbooks(before, after)
    assert [(each.kind, str(each.before_at)) for each in found.cells] == [
        ("input", "'P1-Coord'!AA50"),
        ("result", "'P1-Coord'!AB51"),
    ]
    marked = with_array(tmp_path / "c.xlsx", 1, is_marked=True)
    assert compare_workbooks(before, marked).is_same


@pytest.mark.parametrize("titles", [("Maß", "Mass"), ("Mass", "Maß")])
def test_sheets_whose_names_fold_to_one_are_kept_apart(
    tmp_path: Path, titles: tuple[str, str]
) -> None:
    """Each is compared with the sheet of its very name."""
    before = plain(tmp_path / "a.xlsx", ("A1", 1), titles=titles)
    after = plain(tmp_path / "b.xlsx", ("A1", 2), titles=titles)
    found = compare_workbooks(before, after)
    places = [(each.before_at, each.after_at) for each in found.cells]
    assert places == [(CellPlace(titles[0], "A1"), CellPlace(titles[0], "A1"))]
    assert found.sheets == ()


def test_a_sheet_of_another_kind_is_another_sheet(tmp_path: Path) -> None:
    """A chart in the place of a worksheet of the same name: what stood there has gone."""
    before, after = plain(tmp_path / "a.xlsx", titles=("Data", "Costs")), tmp_path / "b.xlsx"
    workbook = load_workbook(before)
    workbook.remove(workbook["Costs"])
    workbook.create_chartsheet("Costs")
    workbook.save(after)
    found = compare_workbooks(before, after)
    assert [(each.change, each.sheet) for each in found.sheets] == [
        ("removed", "Costs"),
        ("added", "Costs"),
    ]
