"""The sheets of a workbook as it declares them, told without reading one."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from budgetinator.errors import InvalidCellReference, WorkbookDamaged, WorkbookRefused
from budgetinator.workbooks.addresses import parse_cell, parse_range, split_address
from budgetinator.workbooks.opc.package import Package, SheetEntry

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["SheetInfo", "declared_sheets", "grown", "loaded_sheets"]

_DIMENSION = re.compile(rb"<(?:[\w.-]+:)?dimension\s[^<]*?ref\s*=\s*[\"']([^\"'<]*)")
# The dimension stands before the rows; in a file of Excel within the first kilobyte.
_HEAD = 256 * 1024


@dataclass(frozen=True, slots=True)
class SheetInfo:
    """A worksheet: its title, its state, and the rows and columns that it declares.

    `state` is "visible", "hidden" or "veryHidden". The size is that of the used area from A1
    on as the file says, which can be wrong; 0 and 0 where it says nothing.
    """

    title: str
    state: str
    rows: int
    columns: int


def declared_sheets(package: Package) -> tuple[SheetInfo, ...]:
    """The worksheets in the order of their tabs; of each, the start of its part is read.

    One whose part is broken is listed all the same: reading it says what is wrong.
    """
    return tuple(_info(package, entry) for entry in package.sheets if entry.kind == "worksheet")


def grown(sheets: Iterable[SheetInfo], addresses: Iterable[str]) -> tuple[SheetInfo, ...]:
    """The sheets, large enough for cells at these addresses, which name their sheets."""
    by_title = {sheet.title: sheet for sheet in sheets}
    for address in addresses:
        title, reference = split_address(address)
        row, column = parse_cell(reference)
        sheet = by_title.get(title or "")
        if sheet is not None and (row > sheet.rows or column > sheet.columns):
            rows, columns = max(row, sheet.rows), max(column, sheet.columns)
            by_title[sheet.title] = replace(sheet, rows=rows, columns=columns)
    return tuple(by_title.values())


def loaded_sheets(workbook: Workbook, known: Iterable[SheetInfo]) -> tuple[SheetInfo, ...]:
    """The worksheets of a loaded workbook; one that was not read yet is as it was known."""
    sizes = {sheet.title: (sheet.rows, sheet.columns) for sheet in known}
    found: list[SheetInfo] = []
    for sheet in workbook.worksheets:
        rows, columns = sizes.get(sheet.title, (0, 0))
        if cells := vars(sheet).get("_cells"):
            rows, columns = max(row for row, _ in cells), max(column for _, column in cells)
        found.append(SheetInfo(sheet.title, sheet.sheet_state, rows, columns))
    return tuple(found)


def _info(package: Package, entry: SheetEntry) -> SheetInfo:
    rows = columns = 0
    with contextlib.suppress(InvalidCellReference, WorkbookDamaged, WorkbookRefused):
        found = _DIMENSION.search(_start(package, entry.part))
        if found is not None:
            area = parse_range(found[1].decode("utf-8", "replace"))
            rows, columns = area.max_row, area.max_col
    return SheetInfo(entry.name, entry.state, rows, columns)


def _start(package: Package, part: str) -> bytes:
    """The part up to its rows."""
    head = b""
    for piece in package.chunks(part):
        head += piece
        if b"sheetData" in head or len(head) > _HEAD:
            break
    return head
