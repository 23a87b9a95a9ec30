"""What the cells of a sheet show: values, not formulas, streamed row by row.

Read by openpyxl's sheet parser and not by its read-only worksheets, because
those trust the dimension that a file declares, fill every gap with empty rows
of full width, show errors as text, and replace a number by an error where its
format says date and no calendar has that day.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Generator, Iterator
from typing import Any, BinaryIO, NamedTuple, TypeAlias, cast

from openpyxl import Workbook
from openpyxl.utils.datetime import from_excel
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import DATA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.functions import iterparse

from budgetinator.config import OpeningBounds
from budgetinator.errors import BudgetinatorError, WorkbookDamaged, WorksheetNotFound
from budgetinator.workbooks.addresses import MAX_COLUMN, MAX_ROW
from budgetinator.workbooks.opc.guard import refused
from budgetinator.workbooks.reading.loading import damaged_by, load_workbook_guarded

__all__ = ["CELL_ERRORS", "CellError", "CellValue", "Value", "iter_cells", "iter_values"]

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


class CellError(str):
    """The error that a cell shows in place of a value: equal to its text, but no text.

    `CellError("#DIV/0!") == "#DIV/0!"`, and isinstance tells it from a cell in
    which somebody typed that.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"CellError({str.__repr__(self)})"


Value: TypeAlias = (
    str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | CellError | None
)


class CellValue(NamedTuple):
    """One cell that holds something; row and column count from 1."""

    row: int
    column: int
    value: Value


Source: TypeAlias = Workbook | str | os.PathLike[str]


def iter_values(
    source: Source, sheet: str, *, bounds: OpeningBounds | None = None
) -> Iterator[tuple[Value, ...]]:
    """The rows of a sheet from row 1 to the last that holds a value, as tuples from column A.

    A tuple ends with the row's last value, so its length differs from row to row and
    an empty row is `()`: what is yielded follows what the sheet holds and not what it
    claims to, and a single cell at XFD1048576 costs a million empty tuples and no more.
    Formats without a value do not count. A formula is its cached value, None where there
    is none; in a workbook that was opened with its formulas it is the formula's text.

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
            raise WorkbookDamaged(
                f"The row {number} of the sheet {sheet!r} is out of place; "
                "let Excel repair the file.",
                sheet=sheet,
                cell=f"A{number}",
            )
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


Row: TypeAlias = tuple[int, list[Value]]


def _rows(source: Source, sheet: str, bounds: OpeningBounds | None) -> Iterator[Row]:
    if isinstance(source, Workbook):
        yield from _rows_of(source, sheet)
        return
    workbook = load_workbook_guarded(source, read_only=True, data_only=True, bounds=bounds).workbook
    try:
        yield from _rows_of(workbook, sheet)
    finally:
        workbook.close()


def _rows_of(workbook: Workbook, sheet: str) -> Iterator[Row]:
    worksheet = _find(workbook, sheet)
    if isinstance(worksheet, ReadOnlyWorksheet):
        return _streamed(workbook, worksheet)
    return _held(worksheet)


def _find(workbook: Workbook, name: str) -> Worksheet | ReadOnlyWorksheet:
    sheets: list[Worksheet | ReadOnlyWorksheet] = list(workbook.worksheets)
    by_name = {sheet.title: sheet for sheet in sheets}
    by_lower = {title.casefold(): sheet for title, sheet in by_name.items()}
    found = by_name.get(name) or by_lower.get(name.casefold())
    if found is None:
        raise WorksheetNotFound(
            f"There is no worksheet {name!r}; there are {', '.join(map(repr, by_name))}.",
            sheet=name,
            available=tuple(by_name),
        )
    return found


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
    if isinstance(value, ArrayFormula):
        return cast(str, value.text)
    if isinstance(value, DataTableFormula):
        return "="
    if data_type == "e" and isinstance(value, str):
        return CellError(value)
    return cast(Value, value)


def _streamed(workbook: Workbook, worksheet: ReadOnlyWorksheet) -> Iterator[Row]:
    inner: Any = worksheet  # where openpyxl keeps what its own iteration is made from
    part: str = inner._worksheet_path  # noqa: SLF001
    with inner._get_source() as stream:  # noqa: SLF001
        parser = _RowParser(
            cast(BinaryIO, stream),
            inner._shared_strings,  # noqa: SLF001
            data_only=workbook.data_only,
            epoch=workbook.epoch,
        )
        rows = parser.parse()
        calendar = _Calendar(workbook)
        while True:
            try:
                parsed = next(rows, None)
                if parsed is None:
                    return
                row = _placed(parsed[0], parsed[1], calendar)
            except BudgetinatorError:
                raise
            except Exception as error:  # openpyxl raises whatever a cell leads it to
                damaged = damaged_by(error, _path_of(workbook), part)
                damaged.sheet = worksheet.title
                raise damaged from error
            yield parsed[0], row


def _path_of(workbook: Workbook) -> str:
    return str(getattr(getattr(workbook, "_archive", None), "filename", "the workbook"))


class _RowParser(WorkSheetParser):
    """openpyxl's parser of rows, which stops where the rows do and warns of nothing else."""

    def parse(self) -> Generator[Any, None, None]:
        for _, element in iterparse(self.source):
            if element.tag == ROW_TAG:
                yield self.parse_row(element)
                element.clear()
            elif element.tag == DATA_TAG:
                return


class _Calendar:
    """Which of a workbook's cell formats mean a date, and what day it counts from."""

    def __init__(self, workbook: Workbook) -> None:
        formats: Any = workbook
        self._epoch = workbook.epoch
        self._dates: set[int] = formats._date_formats  # noqa: SLF001
        self._durations: set[int] = formats._timedelta_formats  # noqa: SLF001

    def read(self, number: Any, style: int) -> Value:
        """The date that a number means in this format, or the number."""
        if style not in self._dates or isinstance(number, bool):
            return cast(Value, number)
        try:
            moment = from_excel(number, self._epoch, timedelta=style in self._durations)
        except (OverflowError, ValueError):
            return cast(Value, number)  # Excel shows ###; the figure is still the cell's value
        return cast(Value, moment)


def _placed(number: int, cells: list[dict[str, Any]], calendar: _Calendar) -> list[Value]:
    row: list[Value] = []
    width = 0
    for cell in cells:
        value, column = cell["value"], cell["column"]
        if value is None:
            continue
        if number > MAX_ROW or column > MAX_COLUMN:
            why = f"row {number}, column {column} of a sheet lies outside A1:XFD1048576"
            raise refused("the workbook", why, reason="outside the grid")
        if cell["data_type"] == "n":
            value = calendar.read(value, cell["style_id"])
        elif cell["data_type"] == "e":
            value = CellError(value)
        if column > width:
            row.extend([None] * (column - width))
            width = column
        row[column - 1] = value
    return row
