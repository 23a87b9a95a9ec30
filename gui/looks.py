"""How a sheet looks in its file: widths, merged areas, and the formats of its cells.

`sheet_looks` and `row_looks` run in the process of the workbook (`WorkbookHost.inspect`),
next to the file, so that this module knows nothing of Qt. What cannot be told, as in
markup that is odd, is left out, and the sheet is shown plainly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from budgetinator.errors import InvalidCellReference, WorkbookError
from budgetinator.workbooks.addresses import Area, column_number, parse_range
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.patch.parts import PartSource
from budgetinator.workbooks.patch.rowscan import NotPlain, PlainRows
from gui.stylesheets import CellStyle, cell_styles

if TYPE_CHECKING:
    from budgetinator.workbooks import ExcelManager

__all__ = ["RowLooks", "SheetLooks", "merged_areas", "row_looks", "sheet_looks"]

_COLUMN = re.compile(rb"<(?:[\w.-]+:)?col\s([^>]*)>")
_FORMAT = re.compile(rb"<(?:[\w.-]+:)?sheetFormatPr\s([^>]*)>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*[\"']([^\"'<>]*)[\"']")
_CELL = re.compile(rb"<(?:[\w.-]+:)?c\s([^>]*)>")
_SMALL, _LARGEST = 1024 * 1024, 64 * 1024 * 1024
"""Up to so many bytes a sheet is read to its end at once for its merged areas; at all."""
_MOST_MERGED = 2_000


@dataclass(frozen=True, slots=True)
class SheetLooks:
    """Of a whole sheet: widths in characters by column, hidden columns, merged areas."""

    styles: tuple[CellStyle, ...] = ()
    default_width: float | None = None
    widths: dict[int, float] = field(default_factory=dict)
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[Area, ...] = ()
    rows: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """The styles of the first rows, as in RowLooks."""
    knows_merged: bool = True
    """False where the sheet is so large that `merged_areas` is to be asked for separately."""


@dataclass(frozen=True, slots=True)
class RowLooks:
    """Of some rows: for each row that has any, the indices of its cells' styles from A on."""

    rows: dict[int, tuple[int, ...]] = field(default_factory=dict)


def sheet_looks(manager: ExcelManager, title: str, rows: int) -> SheetLooks:
    """What is the same for all rows of a sheet, and the styles of so many first rows."""
    try:
        with _package(manager) as package:
            return _sheet_looks(package, _entry(package, title), rows)
    except (WorkbookError, NotPlain, StopIteration, ValueError):
        return SheetLooks()


def row_looks(manager: ExcelManager, title: str, first: int, count: int) -> RowLooks:
    """The styles of the cells of these rows, those of empty cells too."""
    try:
        with _package(manager) as package:
            source = PartSource(package, _entry(package, title).part)
            return RowLooks(dict(_styled(PlainRows(source.text()), first, first + count - 1)))
    except (WorkbookError, NotPlain, StopIteration, ValueError):
        return RowLooks()


def merged_areas(manager: ExcelManager, title: str) -> tuple[Area, ...]:
    """The merged areas of a large sheet, for which all of it is passed over."""
    try:
        with _package(manager) as package:
            entry = _entry(package, title)
            if package.member(entry.part).size > _LARGEST:
                return ()
            rows = PlainRows(PartSource(package, entry.part).text())
            for _ in rows.blocks():
                pass
            return tuple(_areas(rows))
    except (WorkbookError, NotPlain, StopIteration, ValueError):
        return ()


def _package(manager: ExcelManager) -> Package:
    bounds = manager.custody.surroundings.settings.opening
    return Package.open(manager.custody.location.path, bounds)


def _entry(package: Package, title: str) -> SheetEntry:
    return next(
        entry for entry in package.sheets if entry.name == title and entry.kind == "worksheet"
    )


def _sheet_looks(package: Package, entry: SheetEntry, first_rows: int) -> SheetLooks:
    styles = cell_styles(package)
    rows = PlainRows(PartSource(package, entry.part).text())
    head = rows.outline.head
    widths, hidden = _columns(head)
    merged: tuple[Area, ...] = ()
    reads_on = package.member(entry.part).size <= _SMALL
    styled = dict(_styled(rows, 1, first_rows, reads_on=reads_on))
    if reads_on:
        merged = tuple(_areas(rows))
    return SheetLooks(
        styles, _default_width(head), widths, hidden, merged, styled, knows_merged=reads_on
    )


def _areas(rows: PlainRows) -> Iterator[Area]:
    for number, reference in enumerate(rows.merged_areas()):
        if number >= _MOST_MERGED:
            return
        try:
            area = parse_range(reference)
        except InvalidCellReference:
            continue
        if area.rows <= 10_000 and area.columns <= 1_000:
            yield area


def _columns(head: bytes) -> tuple[dict[int, float], frozenset[int]]:
    widths: dict[int, float] = {}
    hidden: set[int] = set()
    for found in _COLUMN.finditer(head):
        given = _attributes(found[1])
        first, last = int(given.get("min", "0")), min(int(given.get("max", "0")), 1_000)
        for column in range(max(first, 1), last + 1):
            if given.get("hidden") in {"1", "true"}:
                hidden.add(column)
            if "width" in given:
                widths[column] = float(given["width"])
    return widths, frozenset(hidden)


def _default_width(head: bytes) -> float | None:
    found = _FORMAT.search(head)
    width = _attributes(found[1]).get("defaultColWidth") if found else None
    return float(width) if width else None


def _styled(
    rows: PlainRows, first: int, last: int, *, reads_on: bool = False
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The rows from first to last; with `reads_on` all others are passed over to the end."""
    for block in rows.blocks():
        if block.numbers[0] > last and not reads_on:
            return
        if block.numbers[-1] < first or block.numbers[0] > last:
            continue
        for index, number in enumerate(block.numbers):
            if first <= number <= last:
                styles = _styles_of(block.row(index))
                if any(styles):
                    yield number, styles


def _styles_of(row: bytes) -> tuple[int, ...]:
    styles: list[int] = []
    for found in _CELL.finditer(row):
        given = _attributes(found[1])
        letters = given.get("r", "").rstrip("0123456789")
        column = column_number(letters) if letters else len(styles) + 1
        if "s" in given:
            styles.extend([0] * (column - len(styles)))
            styles[column - 1] = int(given["s"])
        elif column > len(styles):
            styles.extend([0] * (column - len(styles)))
    return tuple(styles)


def _attributes(text: bytes) -> dict[str, str]:
    return {
        name.decode(): value.decode("utf-8", "replace") for name, value in _ATTRIBUTE.findall(text)
    }
