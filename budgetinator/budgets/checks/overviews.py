"""The overviews against the partners' sheets: rows, links, totals, and what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from budgetinator.budgets.catalogue import finding
from budgetinator.budgets.computing import decimal_of
from budgetinator.budgets.findings import CellContent, CellCorrection, Finding, Fix
from budgetinator.budgets.formulaforms import Form, known_form
from budgetinator.budgets.layout import (
    BUDGET_OVERVIEW,
    PM_OVERVIEW,
    LinkedCell,
    Overview,
    link,
)
from budgetinator.budgets.model import MAX_PARTNERS
from budgetinator.budgets.partnerreading import ReadPartner
from budgetinator.budgets.reading import ReadBudget
from budgetinator.budgets.sheetcells import SheetCells
from budgetinator.workbooks import Formula
from budgetinator.workbooks.reading.celltexts import CellError

__all__ = ["check", "total_row"]

_CENT = Decimal("0.01")


def check(read: ReadBudget) -> Iterator[Finding]:
    """Both overviews, as far as they are there."""
    for overview in (BUDGET_OVERVIEW, PM_OVERVIEW):
        cells = read.sheets.get(overview.sheet)
        if cells is not None and read.partners:
            yield from _overview(overview, cells, read)


def _overview(overview: Overview, cells: SheetCells, read: ReadBudget) -> Iterator[Finding]:
    # By the numbers in the sheets' names: what else a partner calls itself is found elsewhere.
    partners = {
        each.name.number: each
        for each in reversed(read.partners)
        if each.name.number <= MAX_PARTNERS
    }
    for number, each in sorted(partners.items()):
        yield from _row(overview, cells, number, each)
    total = total_row(overview, cells, partners)
    for number in range(1, MAX_PARTNERS + 1):
        if number not in partners and overview.row(number) != total:
            yield from _stray(overview, cells, number)
    if total is not None:
        yield from _total(overview, cells, total, partners)
    elif overview is BUDGET_OVERVIEW and partners:
        yield _no_total(overview, cells, partners)


def _row(
    overview: Overview, cells: SheetCells, number: int, each: ReadPartner
) -> Iterator[Finding]:
    row = overview.row(number)
    wanted = {
        f"{column.letter}{row}": (column, link(each.sheet, each.places.actual(column.source)))
        for column in overview.columns
    }
    if all(cells.is_empty(cell) for cell in wanted):
        changes = tuple(
            CellCorrection(cells.name, cell, None, Formula(text))
            for cell, (_, text) in wanted.items()
        )
        fix = Fix(f"Link the row to {each.sheet}", changes, is_safe=True)
        what = f"The row of partner {number}, {each.sheet}, is empty"
        yield finding("overview-row-missing", cells.name, next(iter(wanted)), what, fix=fix)
        return
    for cell, (column, text) in wanted.items():
        yield from _link(cells, cell, column, text, each)


def _link(
    cells: SheetCells, cell: str, column: LinkedCell, wanted: str, each: ReadPartner
) -> Iterator[Finding]:
    formula = cells.formula(cell)
    if formula is None:
        value = cells.value(cell)
        rule = "link-wrong" if value is None else "link-typed-over"
        what = "It is empty" if value is None else f"It holds {value!r}"
        fix = _put(cells, cell, value, wanted)
        yield finding(rule, cells.name, cell, f"{what}; {wanted} belongs here", fix=fix)
        return
    fix = _put(cells, cell, Formula(formula), wanted)
    if "#REF!" in formula.upper():
        yield finding("link-broken", cells.name, cell, f"Its formula is {formula}", fix=fix)
        return
    if formula != wanted and formula != "=":
        form = known_form(formula)
        if form is None:
            what = f"Its formula is {formula}; the layout has {wanted}"
            yield finding("formula-unclear", cells.name, cell, what)
            return
        if not _leads_there(form, column, each):
            what = f"It shows {formula[1:]}; {wanted} belongs here"
            yield finding("link-wrong", cells.name, cell, what, fix=fix)
            return
    yield from _value(cells, cell, column, each)


def _leads_there(form: Form, column: LinkedCell, each: ReadPartner) -> bool:
    """Whether it shows the right cell, or for a text another cell that shows the same input."""
    if len(form) != 1:
        return False
    product, factor = next(iter(form.items()))
    if factor != 1 or len(product) != 1 or product[0][0] != each.sheet.casefold():
        return False
    target, wanted = product[0][1], each.places.actual(column.source)
    if target == wanted:
        return True
    return column.kind == "text" and _input(each, target) == _input(each, wanted)


def _input(each: ReadPartner, cell: str) -> str:
    """The cell that a cell of the partner's sheet shows, if it is a plain reference."""
    form = known_form(each.cells.formula(cell) or "")
    products = list(form or ())
    is_plain = len(products) == 1 and len(products[0]) == 1 and not products[0][0][0]
    return products[0][0][1] if is_plain else cell


def _value(
    cells: SheetCells, cell: str, column: LinkedCell, each: ReadPartner
) -> Iterator[Finding]:
    source = each.places.actual(column.source)
    shown, there = cells.value(cell), each.cells.value(source)
    if shown is None or (there is None and each.cells.formula(source) is not None):
        return
    if isinstance(shown, CellError):
        what = f"It shows {shown}"
        yield finding("error-value", cells.name, cell, what)
        return
    number, other = decimal_of(shown), decimal_of(there) if there is not None else Decimal(0)
    if number is not None and other is not None:
        differs = abs(number - other) >= _CENT
    else:
        differs = str(shown) != str(there or "")
    if differs:
        what = f"It shows {shown!r}, and {each.sheet}!{source} {there!r}"
        yield finding("overview-old", cells.name, cell, what)


def _stray(overview: Overview, cells: SheetCells, number: int) -> Iterator[Finding]:
    row = overview.row(number)
    filled = [
        cell
        for cell in (f"{column.letter}{row}" for column in overview.columns)
        if not cells.is_empty(cell)
    ]
    if not filled:
        return
    changes = tuple(CellCorrection(cells.name, cell, _held(cells, cell), None) for cell in filled)
    only_links = all(cells.formula(cell) is not None for cell in filled)
    fix = Fix("Clear the row", changes, is_safe=only_links)
    what = f"The row of partner {number} is filled"
    yield finding("overview-row-stray", cells.name, filled[0], what, fix=fix)


def total_row(
    overview: Overview, cells: SheetCells, partners: Mapping[int, ReadPartner]
) -> int | None:
    """The first row below the first partner's in which a column is summed up."""
    taken = {overview.row(number) for number in partners}
    summed = [column.letter for column in overview.columns if column.is_summed]
    for row in range(overview.row(1), overview.row(MAX_PARTNERS) + 20):
        if row in taken:
            continue
        if any(_is_total(cells, letter, row, overview) for letter in summed):
            return row
        word = cells.value(f"{overview.total_letter}{row}")
        if isinstance(word, str) and word.casefold().startswith(("consortium", "total", "sum")):
            return row
    return None


def _is_total(cells: SheetCells, letter: str, row: int, overview: Overview) -> bool:
    formula = cells.formula(f"{letter}{row}")
    form = known_form(formula) if formula is not None else None
    first = ("", f"{letter}{overview.row(1)}")
    return (
        form is not None
        and (len(form) > 1 or (first,) in form)
        and all(
            len(product) == 1 and not product[0][0] and product[0][1].startswith(letter)
            for product in form
        )
    )


def _total(
    overview: Overview, cells: SheetCells, row: int, partners: dict[int, ReadPartner]
) -> Iterator[Finding]:
    rows = [overview.row(number) for number in partners]
    if min(rows) > row:
        return
    for column in overview.columns:
        if not column.is_summed:
            continue
        cell = f"{column.letter}{row}"
        wanted = f"=SUM({column.letter}{overview.row(1)}:{column.letter}{row - 1})"
        formula = cells.formula(cell)
        if formula is not None and known_form(formula) is None and formula != "=":
            what = f"Its formula is {formula}; the layout has {wanted}"
            yield finding("formula-unclear", cells.name, cell, what)
        elif formula != "=" and not _sums(formula, column.letter, rows):
            what = "It is empty" if cells.is_empty(cell) else f"It holds {_said(cells, cell)}"
            fix = _put(cells, cell, _held(cells, cell), wanted) if max(rows) < row else None
            what += f"; the rows of {len(rows)} partners belong into it"
            yield finding("overview-total", cells.name, cell, what, fix=fix)


def _sums(formula: str | None, letter: str, rows: list[int]) -> bool:
    form = known_form(formula) if formula is not None else None
    if form is None:
        return False
    return all(form.get((("", f"{letter}{row}"),)) == 1 for row in rows)


def _no_total(overview: Overview, cells: SheetCells, partners: dict[int, ReadPartner]) -> Finding:
    formulas = overview.total_formulas(partners)
    cell = f"{overview.total_letter}{overview.total_row(partners)}"
    wanted: dict[str, CellContent] = {cell: overview.total_label}
    wanted |= {each: Formula(text) for each, text in formulas.items()}
    fix = None
    if all(cells.is_empty(each) for each in wanted):
        changes = tuple(
            CellCorrection(cells.name, each, None, text) for each, text in wanted.items()
        )
        fix = Fix("Write the consortium's total", changes, is_safe=True)
    what = "There is no total of the consortium"
    return finding("overview-total", cells.name, cell, what, fix=fix)


def _put(cells: SheetCells, cell: str, before: CellContent, wanted: str) -> Fix:
    change = CellCorrection(cells.name, cell, before, Formula(wanted))
    return Fix(f"Put in {wanted}", (change,), is_safe=True)


def _held(cells: SheetCells, cell: str) -> CellContent:
    formula = cells.formula(cell)
    return Formula(formula) if formula is not None else cells.value(cell)


def _said(cells: SheetCells, cell: str) -> str:
    return cells.formula(cell) or repr(cells.value(cell))
