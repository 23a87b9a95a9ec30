"""Fixes put into a workbook, and taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from budgetinator.budgets.findings import CellContent, CellCorrection, Finding, Fix
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.addresses import quote_sheet

__all__ = ["Applied", "apply_fixes", "undo"]


@dataclass(frozen=True, slots=True)
class Applied:
    """The findings that were mended, those whose fix was left, and what undoes all of it."""

    mended: tuple[Finding, ...]
    left: tuple[Finding, ...]
    undoing: Fix


def apply_fixes(
    manager: ExcelManager, findings: Iterable[Finding], *, unsafe: bool = False
) -> Applied:
    """Set the cells of all fixes that are safe, or of all; saving is the caller's.

    Of two fixes for one cell the first counts, and the other is left, as is one that is
    not safe. The cells must be as they were when the findings were made. Raises what
    `ExcelManager.set_cells` raises, and then no cell is set.
    """
    changes: dict[tuple[str, str], CellCorrection] = {}
    mended, left = list[Finding](), list[Finding]()
    for each in findings:
        if each.fix is None:
            continue
        places = {(change.sheet.casefold(), change.cell) for change in each.fix.changes}
        if (each.fix.is_safe or unsafe) and not places & set(changes):
            changes |= {(one.sheet.casefold(), one.cell): one for one in each.fix.changes}
            mended.append(each)
        else:
            left.append(each)
    whole = Fix("Mend the workbook", tuple(changes.values()), is_safe=not unsafe)
    _set(manager, whole)
    return Applied(tuple(mended), tuple(left), whole.undone())


def undo(manager: ExcelManager, undoing: Fix) -> None:
    """Set the cells to what they held before; raises as `apply_fixes`."""
    _set(manager, undoing)


def _set(manager: ExcelManager, fix: Fix) -> None:
    if fix.changes:
        cells: dict[str, CellContent] = {
            f"{quote_sheet(change.sheet)}!{change.cell}": change.after for change in fix.changes
        }
        manager.set_cells(cells)
