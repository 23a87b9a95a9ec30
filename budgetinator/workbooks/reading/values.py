"""What the cells of a sheet show: values, not formulas, streamed row by row.

A file is read by `sheetrows`, without openpyxl: three times as fast as openpyxl's
parser of rows, and what a cell shows is what it holds. openpyxl's own read-only sheets
trust the dimension that a file declares, fill every gap with empty rows of full width,
show errors as text, and replace a number by an error where its format says date and no
calendar has that day.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from budgetinator.config import OpeningBounds
from budgetinator.errors import WorkbookDamaged, WorksheetNotFound
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.opc.partguard import check_part
from budgetinator.workbooks.reading.celltexts import CellError, CellTexts, Value
from budgetinator.workbooks.reading.exactcells import Content
from budgetinator.workbooks.reading.numberformats import Calendar
from budgetinator.workbooks.reading.sharedstrings import SharedStrings
from budgetinator.workbooks.reading.sheetrows import read_contents, read_rows

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = [
    "CELL_ERRORS",
    "CellError",
    "CellValue",
    "Content",
    "Value",
    "iter_cells",
    "iter_contents",
    "iter_values",
]

# ECMA-376 part 1, 18.17.3 lists the first seven; the others came with later versions of Excel.
CELL_ERRORS = (
    "#NULL!",
    "#DIV/0!",
    "#VALUE!",
    "#REF!",
    "#NAME?",
    "#NUM!",
    "#N/A",
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#CONNECT!",
    "#UNKNOWN!",
    "#BUSY!",
    "#PYTHON!",
    "#EXTERNAL!",
)


class CellValue(NamedTuple):
    """One cell that holds something; row and column count from 1."""

    row: int
    column: int
    value: Value


Source: TypeAlias = "Workbook | str | os.PathLike[str]"


def iter_values(
    source: Source, sheet: str, *, bounds: OpeningBounds | None = None
) -> Iterator[tuple[Value, ...]]:
    """The rows of a sheet from row 1 to the last that holds a value, as tuples from column A.

    A tuple ends with the row's last value, so its length differs from row to row and
    an empty row is `()`: what is yielded follows what the sheet holds and not what it
    claims to, and a single cell at XFD1048576 costs a million empty tuples and no more.
    Formats without a value do not count. A formula is its cached value, None where there
    is none; in a workbook that was opened with its formulas it is the formula's text.

    A workbook is one that was loaded whole, and not `read_only`, which has no cells.
    A path is opened at the first row and closed at the last, or when the iterator is
    closed. Raises WorksheetNotFound, WorkbookDamaged with the sheet and cell, and for a
    path all that opening raises.
    """
    expected = 1
    for number, row in _rows(source, sheet, bounds):
        while row and row[-1] is None:
            row.pop()
        if not row:
            continue
        if number < expected:
            raise _out_of_place(number, sheet)
        for _ in range(expected, number):
            yield ()
        yield tuple(row)
        expected = number + 1


def iter_cells(
    source: Source, sheet: str, *, bounds: OpeningBounds | None = None
) -> Iterator[CellValue]:
    """The cells of a sheet that hold a value, in the order in which the file has them.

    Opens, closes and raises as `iter_values` does.
    """
    for number, row in _rows(source, sheet, bounds):
        for column, value in enumerate(row, 1):
            if value is not None:
                yield CellValue(number, column, value)


def iter_contents(
    path: str | os.PathLike[str], sheet: str, *, bounds: OpeningBounds | None = None
) -> Generator[tuple[int, list[Content]], None, None]:
    """The rows of a file's sheet that hold something: the row's number, and its cells from A on.

    With each value comes its formula as Excel shows it, so this takes several times as
    long as `iter_values`. Opens, closes and raises as that does.
    """
    last = 0
    with Package.open(path, bounds) as package:
        for number, cells in read_contents(package, *_begin(package, sheet)):
            if number <= last:
                raise _out_of_place(number, sheet)
            yield number, cells
            last = number


Row: TypeAlias = tuple[int, list[Value]]


def _rows(source: Source, sheet: str, bounds: OpeningBounds | None) -> Iterator[Row]:
    if not isinstance(source, str | os.PathLike):
        yield from _held(_find(source, sheet))
        return
    with Package.open(source, bounds) as package:
        yield from read_rows(package, *_begin(package, sheet))


def _out_of_place(number: int, sheet: str) -> WorkbookDamaged:
    return WorkbookDamaged(
        f"The row {number} of the sheet {sheet!r} is out of place; let Excel repair the file.",
        sheet=sheet,
        cell=f"A{number}",
    )


def _begin(package: Package, sheet: str) -> tuple[SheetEntry, CellTexts]:
    check_part(package, package.workbook_part)
    worksheets = {entry.name: entry for entry in package.sheets if entry.kind == "worksheet"}
    entry = worksheets[_found(sheet, list(worksheets))]
    return entry, CellTexts(Calendar.of(package), SharedStrings(package))


def _find(workbook: Workbook, name: str) -> Worksheet:
    by_name = {sheet.title: sheet for sheet in workbook.worksheets}
    return by_name[_found(name, list(by_name))]


def _found(name: str, titles: list[str]) -> str:
    if name in titles:
        return name
    by_lower = {title.casefold(): title for title in titles}
    if name.casefold() not in by_lower:
        raise WorksheetNotFound(
            f"There is no worksheet {name!r}; there are {', '.join(map(repr, titles))}.",
            sheet=name,
            available=tuple(titles),
        )
    return by_lower[name.casefold()]


def _held(worksheet: Worksheet) -> Iterator[Row]:
    cells: dict[tuple[int, int], Any] = cast(Any, worksheet)._cells  # noqa: SLF001  only the filled
    number, row = 0, list[Value]()
    for cell_row, column in sorted(cells):
        if cell_row != number:
            if number:
                yield number, row
            number, row = cell_row, []
        cell = cells[cell_row, column]
        row.extend([None] * (column - 1 - len(row)))
        row.append(_held_value(cell.value, cell.data_type))
    if number:
        yield number, row


def _held_value(value: Any, data_type: str) -> Value:
    from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

    if isinstance(value, ArrayFormula):
        return cast(str, value.text)
    if isinstance(value, DataTableFormula):
        return "="
    if data_type == "e" and isinstance(value, str):
        return CellError(value)
    return cast(Value, value)
