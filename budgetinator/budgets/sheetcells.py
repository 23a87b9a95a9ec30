"""The cells of a workbook's sheets in memory: values that are current, and formulas.

A result that may be old, or was never computed, is left out, so that nobody takes it for
a figure. The budget's own sheets are small; each is read once, with the file opened once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from budgetinator.budgets.layout import HISTORY, is_budget_sheet
from budgetinator.config import OpeningBounds
from budgetinator.errors import BudgetError
from budgetinator.workbooks.addresses import MAX_ROW, Area, format_cell, parse_cell, parse_range
from budgetinator.workbooks.manager import ExcelManager
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.patch.calculation import is_marked
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.formulas import FormulaCell, formula_cells
from budgetinator.workbooks.patch.parts import PartSource, damaged_part
from budgetinator.workbooks.reading.celltexts import CellTexts, Value
from budgetinator.workbooks.reading.currency import ShownValue, StaleResult
from budgetinator.workbooks.reading.numberformats import Calendar
from budgetinator.workbooks.reading.sharedstrings import SharedStrings
from budgetinator.workbooks.reading.sheetrows import read_contents, read_rows

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = [
    "LAST_COLUMN",
    "LAST_ROW",
    "Place",
    "SheetCells",
    "Source",
    "cells_of",
    "place_of",
    "read_cells",
]

Place: TypeAlias = tuple[int, int]
"""Row and column, from 1."""

Rows: TypeAlias = Mapping[str, Iterable[Sequence[ShownValue]]]

Source: TypeAlias = "str | os.PathLike[str] | ExcelManager | Workbook | Rows"
"""A file, a manager, a loaded workbook, or the rows of each sheet."""

# Tables of a budget end long before; what people keep below and beside them is not read. A
# history has no end but the sheet's.
LAST_ROW = 120
LAST_COLUMN = 40

_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*?\shidden=[\"'](?:1|true)[\"'][^>]*>")
_HIDDEN_COLUMN = re.compile(rb"<(?:\w+:)?col\b[^>]*?\shidden=[\"'](?:1|true)[\"'][^>]*>")
_ATTRIBUTE = re.compile(rb"\s(r|min|max)=[\"']([0-9]{1,7})[\"']")

place_of = lru_cache(maxsize=4096)(parse_cell)


@dataclass(slots=True)
class SheetCells:
    """What the cells of one sheet hold; formulas with their equals sign.

    `values` has no result that may be old. `hidden_rows` and `hidden_columns` are known
    where the source tells them. `areas` are what formulas of single cells fill; such a
    formula stands in braces, as Excel shows it. `is_whole` says whether there is nothing
    beyond what was read.
    """

    name: str
    values: dict[Place, Value] = field(default_factory=dict)
    formulas: dict[Place, str] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    areas: tuple[Area, ...] = ()
    is_whole: bool = True

    def value(self, cell: str) -> Value:
        """The value of a cell, None for an empty one and for a result that is not current."""
        return self.values.get(place_of(cell))

    def formula(self, cell: str) -> str | None:
        """The formula of a cell, None where there is none."""
        return self.formulas.get(place_of(cell))

    def is_known(self, place: Place) -> bool:
        """Whether what was read tells what stands there: its own content, or that it is empty."""
        row, column = place
        if place in self.values or place in self.formulas:
            return True
        if row > _last_row(self.name) or column > LAST_COLUMN:
            return False
        return not any(area.contains(row, column) for area in self.areas)

    def is_empty(self, cell: str) -> bool:
        """Whether the cell holds neither value nor formula."""
        place = place_of(cell)
        return self.values.get(place) is None and place not in self.formulas

    def is_hidden(self, cell: str) -> bool:
        """Whether its row or its column is hidden."""
        row, column = place_of(cell)
        return row in self.hidden_rows or column in self.hidden_columns

    def texts(self) -> Iterator[tuple[str, str]]:
        """The cells that hold text, and the text."""
        for place, value in self.values.items():
            if isinstance(value, str) and place not in self.formulas:
                yield format_cell(*place), value


def read_cells(
    source: Source, *, bounds: OpeningBounds | None = None, hidden: bool = False
) -> list[SheetCells]:
    """The budget's own sheets in the order of their tabs, tables down to row 120 and column 40.

    `hidden` asks for hidden rows and columns too. Raises what opening a workbook raises,
    and BudgetError for a source of another kind.
    """
    if isinstance(source, ExcelManager):
        if source.is_modified or not os.path.lexists(source.file_path):
            return _of_workbook(source.workbook)
        return _of_file(source.file_path, bounds, hidden=hidden)
    if isinstance(source, str | os.PathLike):
        return _of_file(source, bounds, hidden=hidden)
    if isinstance(source, Mapping):
        return [_of_rows(name, rows) for name, rows in source.items() if is_budget_sheet(name)]
    if hasattr(source, "worksheets"):
        return _of_workbook(source)
    raise BudgetError(
        f"A budget cannot be read from {type(source).__name__}; give a path, an ExcelManager, a "
        "workbook, or the rows of each sheet by its name."
    )


def _of_file(
    path: str | os.PathLike[str], bounds: OpeningBounds | None, *, hidden: bool
) -> list[SheetCells]:
    with Package.open(path, bounds) as package:
        texts = CellTexts(Calendar.of(package), SharedStrings(package))
        is_stale = is_marked(package)
        found = []
        for entry in package.sheets:
            if entry.kind != "worksheet" or not is_budget_sheet(entry.name):
                continue
            sheet = _of_part(package, entry, texts, is_stale=is_stale)
            if hidden:
                _add_hidden(sheet, b"".join(PartSource(package, entry.part).text()))
            found.append(sheet)
        return found


def _of_part(
    package: Package, entry: SheetEntry, texts: CellTexts, *, is_stale: bool
) -> SheetCells:
    sheet = SheetCells(entry.name)
    last_row = _last_row(entry.name)
    for number, row in read_rows(package, entry, texts):
        if number > last_row:
            sheet.is_whole = False
            break
        sheet.is_whole = sheet.is_whole and len(row) <= LAST_COLUMN
        for column, value in enumerate(row[:LAST_COLUMN], 1):
            if value is not None:
                sheet.values[number, column] = value
    try:
        found = list(formula_cells(PartSource(package, entry.part).text))
    except MarkupError as error:
        raise damaged_part(package, entry.part, str(error)) from error
    cells = [cell for cell in found if cell.row <= last_row and cell.column <= LAST_COLUMN]
    sheet.is_whole = sheet.is_whole and len(cells) == len(found)
    if any(cell.index is not None and not cell.text for cell in cells):
        sheet.formulas = _shared_formulas(package, entry, texts)
    else:
        sheet.formulas = {(cell.row, cell.column): _text(cell) for cell in cells}
    sheet.areas = tuple(cell.area for cell in cells if cell.area is not None)
    if is_stale:
        _drop_results(sheet)
    return sheet


def _text(cell: FormulaCell) -> str:
    return f"={cell.text}" if cell.area is None else f"{{={cell.text}}}"


def _last_row(sheet: str) -> int:
    return MAX_ROW if sheet.casefold() == HISTORY.sheet.casefold() else LAST_ROW


def _shared_formulas(package: Package, entry: SheetEntry, texts: CellTexts) -> dict[Place, str]:
    """The formulas with those in place that the file shares between cells."""
    found = {}
    for number, cells in read_contents(package, entry, texts):
        if number > _last_row(entry.name):
            break
        for column, content in enumerate(cells[:LAST_COLUMN], 1):
            if content.formula is not None:
                found[number, column] = content.formula
    return found


def _drop_results(sheet: SheetCells) -> None:
    for place in sheet.formulas:
        sheet.values.pop(place, None)
    if not sheet.areas:
        return
    for place in list(sheet.values):
        if any(area.contains(*place) for area in sheet.areas):
            del sheet.values[place]


def _add_hidden(sheet: SheetCells, data: bytes) -> None:
    head = data.partition(b"sheetData")[0]
    columns: set[int] = set()
    for tag in _HIDDEN_COLUMN.findall(head):
        ends = dict(_ATTRIBUTE.findall(tag))
        if b"min" in ends and b"max" in ends:
            columns.update(range(int(ends[b"min"]), min(int(ends[b"max"]), LAST_COLUMN) + 1))
    rows = (dict(_ATTRIBUTE.findall(tag)).get(b"r") for tag in _HIDDEN_ROW.findall(data))
    sheet.hidden_rows = frozenset(int(row) for row in rows if row is not None)
    sheet.hidden_columns = frozenset(columns)


def _of_rows(name: str, rows: Iterable[Sequence[ShownValue]]) -> SheetCells:
    sheet = SheetCells(name, is_whole=False)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            if isinstance(value, StaleResult):
                sheet.formulas[number, column] = "="
            elif isinstance(value, str) and value.startswith("=") and len(value) > 1:
                sheet.formulas[number, column] = value
            elif value is not None:
                sheet.values[number, column] = value
    return sheet


def _of_workbook(workbook: Workbook) -> list[SheetCells]:
    return [cells_of(each) for each in workbook.worksheets if is_budget_sheet(each.title)]


def cells_of(worksheet: Worksheet) -> SheetCells:
    """The cells of a sheet of a loaded workbook, which has formulas and no results of them."""
    from budgetinator.workbooks.reading.values import iter_values

    sheet = SheetCells(worksheet.title, is_whole=False)
    workbook = cast("Workbook", worksheet.parent)
    for number, row in enumerate(iter_values(workbook, worksheet.title), 1):
        for column, value in enumerate(row, 1):
            if _is_formula(worksheet, number, column, value):
                sheet.formulas[number, column] = _shown_formula(worksheet, number, column, value)
            elif value is not None:
                sheet.values[number, column] = value
    arrays: Any = worksheet.array_formulae
    sheet.areas = tuple(map(parse_range, arrays.values()))
    dimensions: Any = worksheet.column_dimensions
    sheet.hidden_columns = frozenset(_hidden_columns(dimensions))
    rows: Any = worksheet.row_dimensions
    sheet.hidden_rows = frozenset(row for row, each in rows.items() if each.hidden)
    return sheet


def _is_formula(worksheet: Any, row: int, column: int, value: Value) -> bool:
    if not isinstance(value, str) or not value.startswith("="):
        return False
    return cast(bool, worksheet.cell(row, column).data_type == "f")


def _shown_formula(worksheet: Any, row: int, column: int, value: Value) -> str:
    is_plain = isinstance(worksheet.cell(row, column).value, str)
    return str(value) if is_plain else f"{{{value}}}"


def _hidden_columns(dimensions: Any) -> Iterator[int]:
    for letter, each in dimensions.items():
        if each.hidden:
            first = each.min or parse_cell(f"{letter}1")[1]
            yield from range(first, min(each.max or first, LAST_COLUMN) + 1)
