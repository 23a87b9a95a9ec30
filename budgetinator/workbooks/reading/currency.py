"""Whether the results of formulas are current, and a value for those that may not be.

Nothing here computes. After an edit the results that a file holds are those from before it,
and a workbook says so by a mark (`patch.calculation`); cells that were set since, and a
workbook that was changed since it was loaded, make results old in the same way. Then each
result is given as a `StaleResult`, which is no number, so that no script takes an old
figure for a true one: that is told by the workbook and not by the cell, because which cells
depend on a change costs more to find out than to compute.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from budgetinator.config import OpeningBounds
from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import Area, parse_cell, parse_range, split_address
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.calculation import is_marked
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.formulas import FormulaCell, formula_cells
from budgetinator.workbooks.patch.parts import PartSource, damaged_part, has_formulas
from budgetinator.workbooks.reading.celltexts import Value

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from budgetinator.workbooks.location import Location
    from budgetinator.workbooks.opened import OpenWorkbook
    from budgetinator.workbooks.patch import CellInput

__all__ = ["ShownValue", "StaleResult", "formulas_are_stale", "marked_values", "with_stale_results"]


@dataclass(frozen=True, slots=True)
class StaleResult:
    """The result of a formula that is to be recalculated; `last` is what it showed before.

    `last` is None where no result is known. Not a number and not a text, so that
    computing with it raises TypeError.
    """

    last: Value = None

    def __str__(self) -> str:
        return "to be recalculated"


ShownValue: TypeAlias = Value | StaleResult
ShownRow: TypeAlias = tuple[ShownValue, ...]


def formulas_are_stale(
    location: Location, opened: OpenWorkbook | None, bounds: OpeningBounds
) -> bool:
    """Whether the workbook has formulas whose results may be old.

    Reads the sheets up to the first formula, smallest first. In the workbook's thread.
    """
    changed = opened is not None and (bool(opened.pending) or opened.is_changed)
    if changed and opened is not None and _holds_formula(opened):
        return True
    if opened is not None and opened.fingerprint is None:
        return False
    with Package.open(location.path, bounds) as package:
        return (changed or is_marked(package)) and _has_formulas(package)


def with_stale_results(
    rows: Iterator[tuple[Value, ...]],
    location: Location,
    title: str,
    opened: OpenWorkbook | None,
    bounds: OpeningBounds,
) -> Iterator[ShownRow]:
    """The rows of a sheet, as `stream_values` gives them, with `StaleResult` where it belongs.

    The title is the sheet's own spelling. In the workbook's thread.
    """
    if opened is not None and opened.workbook is not None and opened.is_changed:
        # Its formulas stand there as their texts, and nothing is known of their results.
        return _laid_over(rows, _by_row(_cells_of(opened.workbook[title]), known=False))
    pending = opened.pending if opened is not None else {}
    return _of_file(rows, location.path, title, bounds, pending)


def marked_values(
    rows: Generator[tuple[Value, ...], None, None], path: str, title: str, bounds: OpeningBounds
) -> Generator[ShownRow, None, None]:
    """The same for a file that nothing has open; closes the rows with itself."""
    with closing(rows):
        yield from _of_file(rows, path, title, bounds, {})


def _of_file(
    rows: Iterator[tuple[Value, ...]],
    path: str,
    title: str,
    bounds: OpeningBounds,
    pending: Mapping[str, CellInput],
) -> Iterator[ShownRow]:
    with Package.open(path, bounds) as package:
        if not pending and not is_marked(package):
            yield from rows
            return
        part = next(entry.part for entry in package.sheets if entry.name == title)
        cells = formula_cells(PartSource(package, part).text)
        try:
            yield from _laid_over(rows, _by_row(cells, _set_since(pending, title)))
        except MarkupError as error:
            raise damaged_part(package, part, str(error)) from error


Marks: TypeAlias = Iterator[tuple[int, dict[int, bool]]]
"""Rows that have results of formulas, in ascending order: for each column whether it is known."""


def _laid_over(rows: Iterator[tuple[Value, ...]], marks: Marks) -> Iterator[ShownRow]:
    number, mark = 0, next(marks, None)
    for number, row in enumerate(rows, 1):
        if mark is not None and mark[0] == number:
            yield _marked(row, mark[1])
            mark = next(marks, None)
        else:
            yield row
    while mark is not None:
        for _ in range(number + 1, mark[0]):
            yield ()
        number = mark[0]
        yield _marked((), mark[1])
        mark = next(marks, None)


def _marked(row: tuple[Value, ...], columns: Mapping[int, bool]) -> ShownRow:
    values: list[ShownValue] = list(row)
    for column, is_known in columns.items():
        values.extend([None] * (column - len(values)))
        values[column - 1] = StaleResult(cast(Value, values[column - 1]) if is_known else None)
    return tuple(values)


Since: TypeAlias = Mapping[int, Mapping[int, bool]]
"""Cells that were set since, by row and column: whether each is a formula."""


def _by_row(
    cells: Iterable[FormulaCell], since: Since | None = None, *, known: bool = True
) -> Marks:
    """The rows with results, those that the formulas of other cells fill included."""
    since = since or {}
    rows = ((row, list(found)) for row, found in groupby(cells, key=attrgetter("row")))
    set_rows = iter(sorted(since))
    areas: list[Area] = []
    row, following, changed = 0, next(rows, None), next(set_rows, None)
    while True:
        filled = min((max(row + 1, area.min_row) for area in areas), default=None)
        ahead = [following[0] if following else None, changed, filled]
        row = min((each for each in ahead if each is not None), default=0)
        if not row:
            return
        columns: dict[int, bool] = {}
        if following is not None and following[0] == row:
            columns = {cell.column: known for cell in following[1]}
            areas += [cell.area for cell in following[1] if cell.area is not None]
            following = next(rows, None)
        for area in areas:
            if area.min_row <= row:
                columns.update(dict.fromkeys(range(area.min_col, area.max_col + 1), known))
        areas = [area for area in areas if area.max_row > row]
        if changed == row:
            for column, is_formula in since[row].items():
                columns.pop(column, None)
                if is_formula:
                    columns[column] = False
            changed = next(set_rows, None)
        if columns:
            yield row, columns


def _set_since(pending: Mapping[str, CellInput], title: str) -> Since:
    from budgetinator.workbooks.patch import Formula

    found: dict[int, dict[int, bool]] = {}
    for address, value in pending.items():
        sheet, reference = split_address(address)
        if sheet == title:
            row, column = parse_cell(reference)
            found.setdefault(row, {})[column] = isinstance(value, Formula)
    return found


def _cells_of(worksheet: Worksheet) -> Iterator[FormulaCell]:
    cells: dict[tuple[int, int], Any] = cast(Any, worksheet)._cells  # noqa: SLF001  only the filled
    for row, column in sorted(cells):
        cell = cells[row, column]
        if cell.data_type == "f":
            yield FormulaCell(row, column, area=_area_of(cell.value))


def _area_of(value: Any) -> Area | None:
    """What openpyxl's objects for array formulas and data tables fill."""
    try:
        return parse_range(getattr(value, "ref", None) or "")
    except InvalidCellReference:
        return None


def _holds_formula(opened: OpenWorkbook) -> bool:
    """Whether there is one among what was set or read so far."""
    from budgetinator.workbooks.patch import Formula

    if any(isinstance(value, Formula) for value in opened.pending.values()):
        return True
    sheets = opened.workbook.worksheets if opened.workbook is not None else ()
    cells = (cell for sheet in sheets for cell in vars(sheet).get("_cells", {}).values())
    return any(cell.data_type == "f" for cell in cells)


def _has_formulas(package: Package) -> bool:
    parts = {entry.part for entry in package.sheets if entry.kind in {"worksheet", "macrosheet"}}
    by_size = sorted(parts, key=lambda part: package.member(part).size)
    return any(has_formulas(PartSource(package, part).text()) for part in by_size)
