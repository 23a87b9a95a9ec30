"""What is wrong with a budget, as values: a rule, a place, a reason, and a way to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from budgetinator.workbooks import Formula, Value

__all__ = ["CellContent", "CellCorrection", "Finding", "Fix", "Severity", "euros"]

Severity = Literal["error", "warning", "note"]
"""A budget with an error is wrong; a warning wants to be looked at; a note is good to know."""

CellContent: TypeAlias = Value | Decimal | Formula


def euros(amount: Decimal) -> str:
    """An amount in EUR as findings write it: with cents, and without separators."""
    return f"{amount:.2f}"


@dataclass(frozen=True, slots=True)
class CellCorrection:
    """One cell, what it holds, and what it is to hold; None is an empty cell."""

    sheet: str
    cell: str
    before: CellContent
    after: CellContent


@dataclass(frozen=True, slots=True)
class Fix:
    """Changes that mend a finding, all together.

    `is_safe` where they restore what the layout prescribes, so that no figure that
    somebody typed in is lost.
    """

    title: str
    changes: tuple[CellCorrection, ...]
    is_safe: bool

    def undone(self) -> Fix:
        """The changes that bring back what was there before."""
        changes = tuple(
            CellCorrection(each.sheet, each.cell, each.after, each.before)
            for each in reversed(self.changes)
        )
        return Fix(f"Undo: {self.title}", changes, is_safe=self.is_safe)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule has found.

    `rule` is the rule's name in the catalogue. `what` says what is there, `why` why that
    matters, and `source` where the rule comes from. `cell` is None for a whole sheet, and
    `sheet` for the whole workbook.
    """

    rule: str
    severity: Severity
    sheet: str | None
    cell: str | None
    what: str
    why: str
    source: str
    fix: Fix | None = None

    @property
    def place(self) -> str:
        """Sheet and cell as people write them."""
        if self.sheet is None:
            return ""
        return self.sheet if self.cell is None else f"{self.sheet}!{self.cell}"
