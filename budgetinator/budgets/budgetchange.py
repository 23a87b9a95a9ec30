"""What an operation on an open budget workbook has changed."""

from __future__ import annotations

from dataclasses import dataclass

from budgetinator.budgets.amending import Amendment, CellAmended
from budgetinator.budgets.model import Version

__all__ = ["BudgetChange", "change_of"]


@dataclass(frozen=True, slots=True)
class BudgetChange:
    """`version` is the row of the history, None where nothing was changed; `lost` is what went.

    `cells` are those of sheets that stood before; cells of new sheets are not listed.
    """

    version: Version | None
    cells: tuple[CellAmended, ...] = ()
    created: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def change_of(
    amendment: Amendment, version: Version | None, lost: tuple[str, ...] = ()
) -> BudgetChange:
    """What the amendment comes to; asked at the end of its block."""
    return BudgetChange(
        version,
        tuple(amendment.cells),
        tuple(sheet.title for sheet in amendment.created),
        tuple(sheet.title for sheet in amendment.going),
        lost,
    )
