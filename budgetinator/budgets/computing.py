"""Formulas of one sheet computed, as far as they are sums and products over its own cells."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from budgetinator.budgets.formulaforms import Cell, cells_of, evaluate, known_form
from budgetinator.budgets.model import Amount
from budgetinator.budgets.sheetcells import SheetCells, place_of
from budgetinator.workbooks.reading.celltexts import Value

__all__ = ["Computing", "decimal_of"]

_DEEPEST = 50


def decimal_of(value: Value | Decimal) -> Amount:
    """The finite number that a cell holds, as the shortest that gives the same double."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return number if number.is_finite() else None


class Computing:
    """The numbers of a sheet's cells: what they hold, or what their formula gives.

    A formula that leads back to itself, or to a cell whose number is not known, has none.
    """

    def __init__(self, sheet: SheetCells) -> None:
        self._sheet = sheet
        self._known: dict[str, Fraction | None] = {}
        self._open: set[str] = set()

    def result(self, cell: str) -> Amount:
        """What the formula of a cell gives; None where that is not known."""
        found = self._number(cell)
        return None if found is None else Decimal(found.numerator) / Decimal(found.denominator)

    def _number(self, cell: str) -> Fraction | None:
        """The number of a cell, zero for an empty one."""
        value, formula = self._sheet.value(cell), self._sheet.formula(cell)
        if value is not None:
            number = decimal_of(value)
            return None if number is None else Fraction(number)
        if formula is None:
            return Fraction(0) if self._sheet.is_known(place_of(cell)) else None
        if cell not in self._known:
            if cell in self._open or len(self._open) >= _DEEPEST:
                return None
            self._open.add(cell)
            self._known[cell] = self._given(formula)
            self._open.discard(cell)
        return self._known[cell]

    def _given(self, formula: str) -> Fraction | None:
        form = known_form(formula)
        if form is None:
            return None
        values: dict[Cell, Fraction] = {}
        for cell in cells_of(form):
            number = None if cell[0] else self._number(cell[1])
            if number is None:
                return None
            values[cell] = number
        return evaluate(form, values.get)
