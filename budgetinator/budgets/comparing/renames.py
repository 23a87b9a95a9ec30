"""Formulas of two versions in which the same sheets have other names."""

from __future__ import annotations

from collections.abc import Iterable

from budgetinator.budgets.comparing.equality import same_formula
from budgetinator.budgets.sheetnames import renamed_sheet

__all__ = ["Renames"]


class Renames:
    """Sheets that are called otherwise in the later version."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = [pair for pair in pairs if pair[0].casefold() != pair[1].casefold()]

    def same(self, one: str, other: str) -> bool:
        """Whether a formula of either version computes the same over the same sheets."""
        if same_formula(one, other):
            return True
        if not self._pairs or "!" not in one or "!" not in other:
            return False
        return same_formula(self._neutral(one, 0), self._neutral(other, 1))

    def _neutral(self, formula: str, side: int) -> str:
        """With each of the sheets under a name that no workbook has, so that names may swap."""
        for number, pair in enumerate(self._pairs):
            formula = renamed_sheet(formula, pair[side], f"\x02{number}")
        return formula
