"""What a budget's formulas give, computed here, so that a file shows figures and no gaps.

openpyxl writes formulas without results, and a save takes away those that an edit made old.
What follows from a budget's own sheets by sums and products is computed exactly, as a
spreadsheet program would: an empty cell counts as zero, and a plain reference to a text is
that text. Everything else, and whatever depends on it, is left to such a program.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from budgetinator.budgets.computing import decimal_of
from budgetinator.budgets.formulaforms import (
    Cell,
    evaluate,
    known_form,
    named_cells,
    plain_reference,
)
from budgetinator.budgets.reading import ReadBudget
from budgetinator.budgets.sheetcells import Place, SheetCells, place_of, read_cells
from budgetinator.errors import WorkbookError
from budgetinator.workbooks.manager import ExcelManager
from budgetinator.workbooks.patch.results import Result
from budgetinator.workbooks.reading.celltexts import CellError

if TYPE_CHECKING:
    from budgetinator.workbooks import SaveReport

__all__ = ["ComputedValue", "results_of", "results_of_sheets", "save_with_results", "write_results"]

ComputedValue = float | int | str | bool

log = logging.getLogger("budgetinator.budgets")

_DEEPEST = 100


def results_of(read: ReadBudget) -> dict[str, dict[Place, ComputedValue]]:
    """What each formula of the budget's sheets gives, by sheet, row and column.

    Formulas of which that cannot be told are left out.
    """
    sheets = [*read.sheets.values(), *(each.cells for each in read.partners)]
    return results_of_sheets(sheets)


def results_of_sheets(sheets: Iterable[SheetCells]) -> dict[str, dict[Place, ComputedValue]]:
    """The same for sheets whose cells were read."""
    listed = list(sheets)
    counts = Counter(sheet.name.casefold() for sheet in listed)
    # Of names that fold to one (`Maß` and `Mass`) nobody here knows which a formula means.
    own = {name: sheet for sheet in listed if counts[name := sheet.name.casefold()] == 1}
    computing = _Computing(own)
    return {sheet.name: computing.results(sheet) for sheet in computing.sheets.values()}


def save_with_results(
    manager: ExcelManager,
    path: str | os.PathLike[str] | None = None,
    *,
    overwrite: bool = False,
    backup: bool | None = None,
) -> SaveReport:
    """Save as `ExcelManager.save` does, and then write the results of the budget's formulas.

    Raises what saving raises. The results come in a second writing: where that fails, which
    is logged, the file is saved, and its formulas are to be recalculated.
    """
    report = manager.save(path, overwrite=overwrite, backup=backup)
    try:
        if os.path.samefile(report.path, manager.file_path):
            needed = write_results(manager)
        else:
            with ExcelManager(report.path, service=manager.custody.surroundings) as copy:
                needed = write_results(copy)
    except WorkbookError as error:
        log.warning("%s was saved without the results of its formulas: %s", report.path, error)
        return replace(report, recalculates=True)
    return replace(report, recalculates=needed)


def write_results(manager: ExcelManager) -> bool:
    """Put the results into the manager's file; whether formulas are left to be recalculated.

    Only `t` and `v` of formulas' cells, and the workbook's mark, are touched. Raises what
    `put_results` raises.
    """
    from budgetinator.workbooks.recalculation.given import put_results

    sheets = read_cells(manager.file_path, bounds=manager.custody.surroundings.settings.opening)
    given = {
        name: {place: _result(value) for place, value in found.items()}
        for name, found in results_of_sheets(sheets).items()
    }
    return put_results(manager, given).needs_recalculation


def _result(value: ComputedValue) -> Result:
    if isinstance(value, bool):
        return Result("b", value)
    return Result("str", value) if isinstance(value, str) else Result("n", float(value))


class _Unknown(Exception):
    """The result of a formula cannot be told."""


class _Computing:
    """The cells of all sheets, computed as they are asked for."""

    def __init__(self, sheets: Mapping[str, SheetCells]) -> None:
        self.sheets = sheets
        self._known: dict[tuple[str, Place], Fraction | str | bool | None] = {}
        self._open: set[tuple[str, Place]] = set()

    def results(self, sheet: SheetCells) -> dict[Place, ComputedValue]:
        """What the formulas of a sheet give, as far as that is known."""
        found: dict[Place, ComputedValue] = {}
        for place in sheet.formulas:
            try:
                value = self._value(sheet.name.casefold(), place)
            except _Unknown:
                continue
            found[place] = float(value) if isinstance(value, Fraction) else value
        return found

    def _value(self, sheet: str, place: Place) -> Fraction | str | bool:
        """What a cell holds or its formula gives; zero for an empty one."""
        cells = self.sheets.get(sheet)
        if cells is None:
            raise _Unknown
        formula = cells.formulas.get(place)
        if formula is None:
            return _plain(cells, place)
        key = sheet, place
        if key not in self._known:
            if key in self._open or len(self._open) >= _DEEPEST:
                raise _Unknown
            self._open.add(key)
            try:
                self._known[key] = self._given(sheet, formula)
            except _Unknown:
                self._known[key] = None
            finally:
                self._open.discard(key)
        found = self._known[key]
        if found is None:
            raise _Unknown
        return found

    def _given(self, sheet: str, formula: str) -> Fraction | str | bool:
        form = known_form(formula)
        if form is None:
            raise _Unknown
        shown = plain_reference(formula)
        if shown is not None:
            return self._value(shown[0] or sheet, place_of(shown[1]))
        numbers: dict[Cell, Fraction] = {}
        # A text that falls out of the form (`=A1-A1`, `=A1*1`) makes an error all the same.
        for cell in named_cells(formula):
            value = self._value(cell[0] or sheet, place_of(cell[1]))
            if not isinstance(value, Fraction):
                raise _Unknown  # a sum would skip it, and a product would be an error
            numbers[cell] = value
        return _in_range(evaluate(form, numbers.get))


def _in_range(number: Fraction) -> Fraction:
    """The number, unless no cell can hold it: then the formula gives an error."""
    try:
        float(number)
    except OverflowError:
        raise _Unknown from None
    return number


def _plain(cells: SheetCells, place: Place) -> Fraction | str | bool:
    value = cells.values.get(place)
    if value is None and cells.is_known(place):
        return Fraction(0)
    if value is None or isinstance(value, CellError):
        raise _Unknown
    if isinstance(value, str | bool):
        return value
    number = decimal_of(value)
    if number is None:  # a date or a span of time, whose number depends on the file
        raise _Unknown
    return Fraction(number)
