"""The formulas of partners' sheets: missing, typed over, older ones, and other ones.

Formulas are compared by what they compute. The older ones differ from the layout's in two
cells: indirect cost counted 25 % of the support to third parties too (82 250 for 67 250 in
the worked example), and some totals left that support out (360 250 for 420 250).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from budgetinator.budgets.catalogue import finding
from budgetinator.budgets.computing import decimal_of
from budgetinator.budgets.findings import CellContent, CellCorrection, Finding, Fix, euros
from budgetinator.budgets.formulaforms import Form, known_form
from budgetinator.budgets.layout import COLUMNS, REQUESTED, TOTALS_ROW, partner_formulas
from budgetinator.budgets.model import Amount
from budgetinator.budgets.partnerreading import FIGURE_CELLS, ReadPartner
from budgetinator.budgets.reading import ReadBudget
from budgetinator.workbooks import Formula

__all__ = ["check"]

_CENT = Decimal("0.01")
_FIGURE_OF = {cell: figure for figure, cell in FIGURE_CELLS.items()}
_LABEL_OF = {column.cell: column.label for column in COLUMNS}
_INDIRECT, _TOTAL = FIGURE_CELLS["indirect"], FIGURE_CELLS["total_eligible"]


def check(read: ReadBudget) -> Iterator[Finding]:
    """Every formula of every partner's sheet; results only where all formulas are right."""
    expected = partner_formulas(read.rules.indirect_rate)
    for each in read.partners:
        found = list(_formulas(each, expected))
        yield from found
        if all(one.severity == "note" for one in found):
            yield from _results(each)


def _formulas(each: ReadPartner, expected: Mapping[str, str]) -> Iterator[Finding]:
    for usual, text in expected.items():
        if usual == REQUESTED and each.partner.requested is not None:
            continue
        cell, wanted = each.places.actual(usual), each.places.translated(text)
        formula = each.cells.formula(cell)
        if formula is not None:
            yield from _other(each, usual, formula, wanted)
        elif not each.cells.is_empty(cell):
            yield _typed_over(each, usual, wanted)
        elif not usual.endswith(str(TOTALS_ROW)):
            what = f"It is empty; {wanted} belongs here"
            fix = _restored(each, cell, None, wanted, is_safe=True)
            yield finding("formula-missing", each.sheet, cell, what, fix=fix)


def _typed_over(each: ReadPartner, usual: str, wanted: str) -> Finding:
    """Restoring the formula is safe where the inputs give a figure, or the same text."""
    cell = each.places.actual(usual)
    value = each.cells.value(cell)
    source = each.cells.value(wanted[1:]) if wanted[1:].isalnum() else None
    is_safe = _expected(each, usual) is not None or (value == source and source is not None)
    what = f"It holds {value!r} and no formula; {wanted} belongs here"
    if (number := _expected(each, usual)) is not None:
        what += f", which gives {euros(number)}"
    fix = _restored(each, cell, value, wanted, is_safe=is_safe)
    return finding("formula-typed-over", each.sheet, cell, what, fix=fix)


def _other(each: ReadPartner, usual: str, formula: str, wanted: str) -> Iterator[Finding]:
    if formula == wanted:
        return
    cell = each.places.actual(usual)
    fix = _restored(each, cell, Formula(formula), wanted, is_safe=True)
    if "#REF!" in formula.upper():
        yield finding("link-broken", each.sheet, cell, f"Its formula is {formula}", fix=fix)
        return
    form, right = known_form(formula), known_form(wanted)
    if form is None or right is None:
        if formula != "=":
            what = f"Its formula is {formula}; the layout has {wanted}"
            yield finding("formula-unclear", each.sheet, cell, what)
        return
    if form == right:
        return
    rule = "formula-old" if _is_old(each, usual, form) else "formula-other"
    what = f"{formula} {_difference(each, form, right)}; {wanted} is right"
    what += _shown(each, usual)
    yield finding(rule, each.sheet, cell, what, fix=fix)


def _is_old(each: ReadPartner, usual: str, form: Form) -> bool:
    """Whether it is one of the older formulas: sums over table 1 of too much, or too little."""
    if usual not in {_INDIRECT, _TOTAL}:
        return False
    costs = {
        (("", each.places.actual(column.cell)),)
        for column in COLUMNS
        if column.category and column.cell != usual
    }
    return bool(form) and set(form) <= costs and len(set(form.values())) == 1


def _difference(each: ReadPartner, form: Form, right: Form) -> str:
    added, absent = set(form) - set(right), set(right) - set(form)
    parts = []
    if added:
        parts.append(f"counts {_names(each, added)} in")
    if absent:
        parts.append(f"leaves {_names(each, absent)} out")
    return " and ".join(parts) or "weighs its cells otherwise"


def _names(each: ReadPartner, products: set[tuple[tuple[str, str], ...]]) -> str:
    usual = {each.places.actual(cell): label for cell, label in _LABEL_OF.items()}
    names = []
    for product in sorted(products):
        cells = " * ".join(f"{sheet}!{cell}" if sheet else cell for sheet, cell in product)
        label = usual.get(product[0][1]) if len(product) == 1 and not product[0][0] else None
        names.append(f"{cells or 'a constant'} ({label})" if label else cells or "a constant")
    return ", ".join(names)


def _shown(each: ReadPartner, usual: str) -> str:
    number, wanted = decimal_of(each.cells.value(each.places.actual(usual))), _expected(each, usual)
    if number is None or wanted is None or abs(number - wanted) < _CENT:
        return ""
    return f" (it shows {euros(number)} for {euros(wanted)})"


def _results(each: ReadPartner) -> Iterator[Finding]:
    for figure, usual in FIGURE_CELLS.items():
        if figure in each.computed:
            continue
        cell, wanted = each.places.actual(usual), _expected(each, usual)
        number: Amount = getattr(each.figures, figure)
        if number is None or wanted is None or abs(number - wanted) < _CENT:
            continue
        what = f"It shows {euros(number)}; its inputs give {euros(wanted)}"
        yield finding("result-differs", each.sheet, cell, what)


def _expected(each: ReadPartner, usual: str) -> Amount:
    figure = _FIGURE_OF.get(usual)
    found: Amount = getattr(each.expected, figure) if figure is not None else None
    return found


def _restored(
    each: ReadPartner, cell: str, before: CellContent, wanted: str, *, is_safe: bool
) -> Fix:
    change = CellCorrection(each.sheet, cell, before, Formula(wanted))
    return Fix(f"Put in {wanted}", (change,), is_safe=is_safe)
