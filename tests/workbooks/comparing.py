"""What an openpyxl workbook holds, as plain values that can be compared."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["book_contents", "cell_contents", "compressed_parts", "plain", "sheet_contents"]


# What openpyxl numbers anew as it is asked, in whatever order that happens.
_INDICES = {"customFormat", "s", "style"}


def plain(value: Any) -> Any:
    """A cell's value; formula objects as what they hold."""
    if isinstance(value, ArrayFormula | DataTableFormula):
        return {**vars(value), "kind": type(value).__name__}
    return list(value) if isinstance(value, CellRichText) else value


def cell_contents(sheet: Worksheet, *, styles: bool = True) -> dict[tuple[int, int], Any]:
    """By row and column, what each cell holds; those that hold nothing are left out."""
    contents = {}
    _ = sheet.dimensions  # vars alone would not have it read
    for place, cell in vars(sheet)["_cells"].items():
        link = cell.hyperlink
        held = (
            plain(cell._value),
            cell.data_type if cell._value is not None else None,
            cell.number_format,
            link and (link.ref, link.target, link.location, link.tooltip),
            cell.comment and (cell.comment.text, cell.comment.author),
            look(cell) if styles and cell.has_style else None,
        )
        if held != (None, None, "General", None, None, None):
            contents[place] = held
    return contents


def look(cell: Any) -> tuple[Any, ...]:
    """The style, as what its indices stand for."""
    parts = (cell.font, cell.fill, cell.border, cell.alignment, cell.protection, cell._style.xfId)
    return tuple(map(repr, parts))


def sheet_contents(sheet: Worksheet, *, styles: bool = True) -> dict[str, Any]:
    """The cells and what stands around them."""
    return {
        "title": sheet.title,
        "state": sheet.sheet_state,
        "cells": cell_contents(sheet, styles=styles),
        "merges": sorted(map(str, sheet.merged_cells.ranges)),
        "columns": _dimensions(sheet.column_dimensions),
        "rows": _dimensions(sheet.row_dimensions),
        "freeze": sheet.freeze_panes,
        "views": [_view(view) for view in sheet.views.sheetView],
        "print": (sheet.print_title_rows, sheet.print_title_cols, str(sheet.print_area)),
        "page": (repr(sheet.page_setup), repr(sheet.page_margins), repr(sheet.print_options)),
        "header": _headers(sheet.HeaderFooter),
        "filter": repr(sheet.auto_filter),
        "validations": repr(sheet.data_validations),
        "formats": [
            (str(formats.sqref), [repr(rule) for rule in formats.rules])
            for formats in sheet.conditional_formatting
        ],
        "tables": {name: repr(table) for name, table in vars(sheet)["_tables"].items()},
        "names": {name: repr(entry) for name, entry in sheet.defined_names.items()},
        "protection": repr(sheet.protection),
        "properties": repr(sheet.sheet_properties),
        "format": repr(sheet.sheet_format),
        "breaks": (repr(sheet.row_breaks), repr(sheet.col_breaks)),
        "scenarios": repr(sheet.scenarios),
        "charts": [type(chart).__name__ for chart in vars(sheet)["_charts"]],
        "images": [image.ref.getvalue() for image in vars(sheet)["_images"]],
        "pivots": [pivot.name for pivot in vars(sheet)["_pivots"]],
        "legacy": sheet.legacy_drawing,
        "next row": vars(sheet)["_current_row"],
    }


def book_contents(workbook: Workbook) -> dict[str, Any]:
    """All worksheets, the names and the active sheet."""
    return {
        "sheets": [sheet_contents(sheet) for sheet in workbook.worksheets],
        "names": {name: repr(entry) for name, entry in workbook.defined_names.items()},
        "active": workbook.active and workbook.active.title,
    }


def _view(view: Any) -> tuple[Any, ...]:
    """A view of the sheet; openpyxl adds what is selected in a pane again with each freezing."""
    rest = {name: repr(value) for name, value in vars(view).items() if name != "selection"}
    return rest, sorted(map(repr, view.selection))


def _headers(headers: Any) -> dict[str, Any]:
    """The headers and footers, by which pages and where; openpyxl's own repr shows addresses."""
    texts = {name: item and str(item) for name, item in vars(headers).items()}
    return {name: text for name, text in texts.items() if text}


def _dimensions(dimensions: Any) -> dict[Any, Any]:
    """Rows or columns that say anything; asking for one makes one that does not."""
    held = {}
    for key, dimension in dimensions.items():
        said = {name: text for name, text in dict(dimension).items() if name not in _INDICES}
        style = dimension.number_format, repr(dimension.font) if dimension.has_style else None
        if set(said) - {"r", "index", "min", "max", "width"} or "customWidth" in said or style[1]:
            held[key] = (said, style)
    return held


def compressed_parts(path: Path) -> dict[str, bytes]:
    """Each member's bytes as they stand in the file, by name."""
    parts = {}
    with zipfile.ZipFile(path) as archive, path.open("rb") as stream:
        for member in archive.infolist():
            stream.seek(member.header_offset + 26)
            lengths = stream.read(4)
            skipped = int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
            stream.seek(skipped, 1)
            parts[member.filename] = stream.read(member.compress_size)
    return parts
