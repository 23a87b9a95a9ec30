"""Saving an openpyxl workbook's cells, rows and styles into its file, without the rest of it."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from budgetinator.config import OpeningBounds
from budgetinator.workbooks.changes.celledits import sheet_edit
from budgetinator.workbooks.changes.comparison import Comparison, SheetChange
from budgetinator.workbooks.changes.state import WorkbookState
from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.merging.styles.styles import StyleTables
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.planning import CellPlanning
from budgetinator.workbooks.patch.splices import Splice
from budgetinator.workbooks.patch.writing import write_edit
from budgetinator.workbooks.reading.deferred import Original
from budgetinator.workbooks.reading.loading import load_workbook_guarded

__all__ = ["Edited", "contents", "differences", "look"]


class Edited:
    """A workbook of a file, opened with all its sheets read, and saved by its cells alone."""

    def __init__(self, path: Path) -> None:
        loaded = load_workbook_guarded(
            path, read_only=False, data_only=False, bounds=OpeningBounds(), lazy=True
        )
        assert loaded.original is not None
        self.original: Original = loaded.original
        self.workbook: Any = loaded.workbook
        for sheet in self.workbook.worksheets:
            _ = sheet.sheet_properties  # reads it
        self.state = WorkbookState(self.workbook)
        self.losses: list[Loss] = []
        self.edit: PackageEdit | None = None

    def __enter__(self) -> Edited:
        return self

    def __exit__(self, *_: object) -> None:
        self.original.close()

    @property
    def sheet(self) -> Worksheet:
        """The first sheet."""
        found: Worksheet = self.workbook.worksheets[0]
        return found

    def compare(self) -> Comparison:
        """What was changed since it was opened."""
        return self.state.compare(self.workbook)

    def saved(self) -> bytes:
        """The file with what was changed in its cells, rows and merged areas."""
        package = self.original.package
        edit = self.edit = PackageEdit(package)
        tables, planning = StyleTables(edit, self.workbook), CellPlanning(edit)
        entries = {entry.part: entry for entry in package.sheets}
        for change in self.compare().sheets:
            part = self.original.part_of(change.sheet)
            assert part is not None
            if change.has_rows:
                planned = sheet_edit(change, tables, "a book", frozenset())
                planning.plan(entries[part], planned)
            _merge(edit, part, change)
        tables.finish()
        planning.finish()
        self.losses = [*tables.losses, *planning.losses]
        output = BytesIO()
        write_edit(edit, output, 1)
        return output.getvalue()

    def saved_by_openpyxl(self) -> bytes:
        """The file as openpyxl writes all of it."""
        output = BytesIO()
        self.workbook.save(output)
        return output.getvalue()


def _merge(edit: PackageEdit, part: str, change: SheetChange) -> None:
    """Put the merged areas into a plain sheet."""
    before, now = change.merges
    if before == now:
        return
    streamed = edit.streamed_part(part)
    data = b"".join(streamed.source.text())
    name = rb"(?:\w+:)?mergeCells"
    found = re.search(rb"<%b.*?</%b>|<%b[^>]*/>" % (name, name, name), data, re.DOTALL)
    at = re.search(rb"</(\w+:)?sheetData>|<(\w+:)?sheetData/>", data)
    assert at is not None
    prefix = (at[1] or at[2] or b"").decode()
    areas = "".join(f'<{prefix}mergeCell ref="{area}"/>' for area in sorted(now))
    xml = f"<{prefix}mergeCells>{areas}</{prefix}mergeCells>".encode() if areas else b""
    start, end = found.span() if found else (at.end(), at.end())
    streamed.splices.append(Splice(start, end, xml))


def contents(data: bytes) -> dict[str, Any]:
    """What openpyxl reads of a file's cells and rows, sheet by sheet."""
    book = openpyxl.load_workbook(BytesIO(data))
    return {
        sheet.title: {
            "cells": _cells(sheet),
            "rows": _rows(sheet),
            "merges": sorted(area.coord for area in sheet.merged_cells.ranges),
        }
        for sheet in book.worksheets
    }


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What two contents do not share, by where it is."""
    found: dict[str, Any] = {}
    for key in one.keys() | other.keys():
        left, right = one.get(key), other.get(key)
        if left == right:
            continue
        if isinstance(left, dict) and isinstance(right, dict):
            inner = differences(left, right)
            found |= {f"{key} {each}": value for each, value in inner.items()}
        else:
            found[str(key)] = (left, right)
    return found


def _cells(sheet: Any) -> dict[str, Any]:
    return {
        cell.coordinate: (_plain(cell._value), _kind(cell), look(cell))
        for _, cell in sorted(sheet._cells.items())
        if cell._value not in (None, "") or cell.has_style
    }


def _plain(value: Any) -> Any:
    if value == "":  # openpyxl writes an empty text as an empty cell
        return None
    if isinstance(value, (int, float)):
        return float(f"{value:.14g}")  # openpyxl writes 16 digits
    return (type(value).__name__, vars(value)) if hasattr(value, "ref") else value


def look(cell: Any) -> tuple[Any, ...]:
    """What a cell or a row looks like."""
    return (
        _short(cell.font),
        _short(cell.fill),
        _border(cell.border),
        cell.number_format,
        _short(cell.alignment),
        _short(cell.protection),
        bool(cell.quotePrefix),
        bool(cell.pivotButton),
        cell.parent.parent._named_styles[cell._style.xfId].name,
    )


def _kind(cell: Any) -> str:
    return "n" if cell._value in (None, "") else str(cell.data_type)


def _border(border: Any) -> tuple[Any, ...]:
    """The sides; one that is not there is the same as one without a line."""
    sides = (border.left, border.right, border.top, border.bottom, border.diagonal)
    return tuple(
        (side.style, repr(side.color)) if side is not None and side.style else "" for side in sides
    )


def _short(part: Any) -> str:
    return ET.tostring(part.to_tree(), encoding="unicode")


def _rows(sheet: Any) -> dict[int, Any]:
    looks = {
        number: (row.ht, row.hidden, row.outlineLevel, row.collapsed, look(row))
        for number, row in sorted(sheet.row_dimensions.items())
    }
    usual = {key: value for key, value in looks.items() if value[:4] != (None, False, 0, False)}
    styled = {n: v for n, v in looks.items() if sheet.row_dimensions[n].has_style}
    return {**usual, **styled}
