"""LibreOffice computes every workbook that is written, and comes to the same results.

Ten consortia in the suite; BUDGETINATOR_CONSORTIA=200 takes as many.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest

from budgetinator.budgets import (
    Amount,
    Budget,
    BudgetFigures,
    consortium_figures,
    figures,
    rule_set,
    work_package_figures,
)
from budgetinator.budgets.deleting import delete_partner
from budgetinator.budgets.layout import (
    BUDGET_OVERVIEW,
    COLUMNS,
    PM_OVERVIEW,
    input_cell,
    partner_sheet_name,
)
from budgetinator.budgets.partners import add_partner, edit_partner
from budgetinator.budgets.partnersheets import partner_sheets
from budgetinator.budgets.results import save_with_results
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.addresses import parse_cell
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.calculation import is_marked
from budgetinator.workbooks.patch.results import Result
from budgetinator.workbooks.reading.values import Value, iter_contents
from budgetinator.workbooks.recalculation.computed import Computed, read_computed
from budgetinator.workbooks.recalculation.libreoffice import computed_files, find_libreoffice
from tests.budgets.consortia import partner, random_budget, written

COUNT = int(os.environ.get("BUDGETINATOR_CONSORTIA", "10"))
# Sums of doubles differ from those of decimals far behind the cent.
NEAR = Decimal("0.0001")
ACRONYM, TRAVEL = input_cell("acronym"), input_cell("travel")

needs_libreoffice = pytest.mark.skipif(
    find_libreoffice() is None, reason="LibreOffice is not installed"
)


@needs_libreoffice
@pytest.mark.timeout(60 + 4 * COUNT)
def test_its_results_are_ours_to_the_cent(tmp_path: Path) -> None:
    """New workbooks, and those in which a partner was deleted, one renamed and one added."""
    made = [_made(tmp_path / f"{seed}.xlsx", seed) for seed in range(COUNT)]
    contents = [[path.read_bytes()] for path, _ in made]
    timeout = 60 + 3 * COUNT
    with computed_files(contents, path="the consortia", timeout=timeout) as files:
        results = [read_computed(file) for file in files]
    wrong = [
        (seed, each)
        for seed, ((path, budget), found) in enumerate(zip(made, results, strict=True))
        for each in (*_differences(budget, found), *_unlike(path, found))
    ]
    assert wrong == []


def _made(path: Path, seed: int) -> tuple[Path, Budget]:
    """A workbook, every other one after operations, and the budget that it holds."""
    budget = random_budget(seed)
    written(path, budget)
    if seed % 2 == 0:
        return path, budget
    with ExcelManager(path) as manager:
        book = manager.workbook
        last = budget.partners[-1]
        delete_partner(book, last.number, lose=True)
        kept = list(budget.partners[:-1])
        new = partner(last.number, "N'EU 1", rate=Decimal("5300.55"), travel=None)
        add_partner(book, new)
        second = next(iter(list(partner_sheets(book))[1:]))
        edit_partner(book, second, {ACRONYM: "Größe", TRAVEL: Decimal("0.10")})
        save_with_results(manager)
    partners = [
        replace(each, acronym="Größe", travel=Decimal("0.10")) if each.number == second else each
        for each in [*kept, new]
    ]
    return path, replace(budget, partners=tuple(partners))


def _differences(budget: Budget, found: dict[str, Computed] | None) -> list[str]:
    """Every error, and every figure that is not the expected one."""
    assert found is not None, "LibreOffice could not open it"
    wrong = [
        f"{sheet} {cell} {result}"
        for sheet, cells in found.items()
        for cell, result in cells.items()
        if not isinstance(result, Result) or result.kind == "e"
    ]
    for sheet, cell, expected in _expected(budget):
        result = found[sheet].get(parse_cell(cell))
        shown = result.value if isinstance(result, Result) else None
        if not isinstance(shown, float) or abs(Decimal(shown) - (expected or 0)) > NEAR:
            wrong.append(f"{sheet}!{cell}: {shown} for {expected}")
    return wrong


def _unlike(path: Path, found: dict[str, Computed] | None) -> Iterator[str]:
    """Every formula whose result in the file is another one than LibreOffice's, or none."""
    assert found is not None
    with Package.open(path) as package:
        if is_marked(package):
            yield "it is to be recalculated"
        sheets = [entry.name for entry in package.sheets]
    for sheet in sheets:
        for row, cells in iter_contents(path, sheet):
            for column, content in enumerate(cells, 1):
                theirs = found[sheet].get((row, column))
                if content.formula is not None and not _is_like(content.value, theirs):
                    yield f"{sheet} {row},{column}: {content.value} is written, {theirs} computed"


def _is_like(ours: Value, theirs: object) -> bool:
    if not isinstance(theirs, Result):
        return False
    if isinstance(ours, int | float) and isinstance(theirs.value, int | float):
        return math.isclose(ours, theirs.value, rel_tol=1e-12, abs_tol=1e-9)
    return ours == theirs.value


def _expected(budget: Budget) -> list[tuple[str, str, Amount]]:
    rules = rule_set(budget.rule_set)
    cells: list[tuple[str, str, Amount]] = []
    for each in budget.partners:
        sheet, ours = partner_sheet_name(each.number, each.acronym), figures(each, rules)
        cells += [(sheet, cell, amount) for cell, amount in _row(ours, 0, 13)]
        cells.append((sheet, "B18", ours.person_months))
        row = BUDGET_OVERVIEW.row(each.number)
        cells += [(BUDGET_OVERVIEW.sheet, cell, amount) for cell, amount in _row(ours, 1, row)]
        row = PM_OVERVIEW.row(each.number)
        cells.append((PM_OVERVIEW.sheet, f"B{row}", ours.person_months))
    numbers = [each.number for each in budget.partners]
    sums, total = consortium_figures(budget, rules), BUDGET_OVERVIEW.total_row(numbers)
    cells += [(BUDGET_OVERVIEW.sheet, cell, amount) for cell, amount in _row(sums, 1, total)]
    total = PM_OVERVIEW.total_row(numbers)
    cells.append((PM_OVERVIEW.sheet, f"B{total}", sums.person_months))
    for package in work_package_figures(budget, rules):
        letter = PM_OVERVIEW.columns[package.number - 1].letter
        cells.append((PM_OVERVIEW.sheet, f"{letter}{total}", package.person_months))
    return cells


def _row(found: BudgetFigures, left: int, row: int) -> list[tuple[str, Amount]]:
    """The cells of table 1 in this row, so many columns to the left of the partner's sheet.

    Left out are what is typed in, and the rate of a sum, which has none.
    """
    known = {field.name for field in fields(BudgetFigures)}
    return [
        (f"{chr(ord(column.letter) - left)}{row}", getattr(found, column.figure))
        for column in COLUMNS
        if column.figure in known
        and not (column.figure == "in_kind" and left == 0)
        and not (column.figure == "requested_contribution" and left == 0)
        and not (column.figure == "funding_rate" and found.funding_rate is None)
    ]
