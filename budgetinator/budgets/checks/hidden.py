"""Figures that count and that nobody sees, because their row or column is hidden."""

from __future__ import annotations

from collections.abc import Iterator

from budgetinator.budgets.catalogue import finding
from budgetinator.budgets.findings import Finding
from budgetinator.budgets.layout import INPUTS, input_value
from budgetinator.budgets.reading import ReadBudget

__all__ = ["check"]


def check(read: ReadBudget) -> Iterator[Finding]:
    """Inputs other than empty and zero in hidden rows and columns, in kind included."""
    for each in read.partners:
        if not each.cells.hidden_rows and not each.cells.hidden_columns:
            continue
        for cell in INPUTS:
            value, place = input_value(each.partner, cell), each.places.actual(cell.cell)
            if value and cell.kind != "text" and each.cells.is_hidden(place):
                what = f"{cell.label}: {value} in a hidden row or column"
                yield finding("hidden-figure", each.sheet, place, what)
