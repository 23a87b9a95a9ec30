"""What is done to the workbook where it is open, which is another process.

What reads and writes workbooks is imported there, and what comes back is plain, so that the
window's process need not have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from budgetinator.budgets import Partner

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["import_partners", "taken_partners"]


def taken_partners(workbook: Workbook) -> dict[int, str]:
    """The acronyms of the partners that there are, by their numbers."""
    from budgetinator.budgets import read_budget

    return {each.partner.number: each.partner.acronym for each in read_budget(workbook).partners}


def import_partners(workbook: Workbook, partners: Sequence[Partner]) -> str | None:
    """Add all of them or none, as `add_partners` does; the version that the history has now."""
    from budgetinator.budgets import add_partners

    version = add_partners(workbook, partners).version
    return version.info if version is not None else None
