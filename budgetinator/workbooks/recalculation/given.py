"""Results of formulas that somebody else has computed, put into a workbook's own file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.formulas import formula_cells
from budgetinator.workbooks.patch.parts import PartSource, damaged_part
from budgetinator.workbooks.patch.results import Result
from budgetinator.workbooks.recalculation.outcome import Cell, Outcome

if TYPE_CHECKING:
    from budgetinator.workbooks.manager import ExcelManager
    from budgetinator.workbooks.recalculation.saving import RecalculationReport

__all__ = ["Given", "given_outcome", "put_results"]

Given: TypeAlias = Mapping[str, Mapping[Cell, Result]]
"""By the names of the sheets, then by row and column."""

_NOT_COMPUTED = "it was not computed"


def put_results(manager: ExcelManager, given: Given) -> RecalculationReport:
    """Write these results into the manager's file, where formulas stand; all else stays.

    The file is marked no longer as one to be recalculated if every formula has got one. In
    the manager's thread. Raises SaveError while there are unsaved changes, and what
    `ExcelManager.recalculate` raises; then the file is as it was.
    """
    from budgetinator.workbooks.recalculation.saving import store_recalculated

    opened = manager._to_be_written()  # noqa: SLF001  as `ExcelManager.recalculate` does
    target = manager._target(None, backup=False)  # noqa: SLF001
    custody = manager.custody
    report = store_recalculated(opened, target, custody.surroundings, 0.0, given)
    custody.fingerprint = opened.fingerprint
    return report


def given_outcome(package: Package, given: Given) -> Outcome:
    """The results for cells with formulas, and all other formulas as left without one.

    A formula that fills several cells, and one whose result is none of its own, is left.
    """
    outcome = Outcome()
    by_name = {name.casefold(): results for name, results in given.items()}
    for entry in package.sheets:
        if entry.kind not in {"worksheet", "macrosheet"}:
            continue
        results = by_name.get(entry.name.casefold(), {})
        source = PartSource(package, entry.part)
        try:
            for cell in formula_cells(source.text):
                place = cell.row, cell.column
                if place in results and cell.area is None:
                    row = outcome.results.setdefault(entry.part, {}).setdefault(cell.row, {})
                    row[cell.column] = results[place]
                else:
                    outcome.left[entry.part][place] = _NOT_COMPUTED
        except MarkupError as error:
            raise damaged_part(package, entry.part, str(error)) from error
    return outcome
