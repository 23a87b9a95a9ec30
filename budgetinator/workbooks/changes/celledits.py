"""What was changed on an openpyxl worksheet, as an edit of the sheet's own rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from openpyxl.utils.datetime import MAC_EPOCH

from budgetinator.errors import InvalidCellValue
from budgetinator.workbooks.addresses import Area, parse_range
from budgetinator.workbooks.changes.cellstate import same
from budgetinator.workbooks.changes.cellvalues import content_of
from budgetinator.workbooks.changes.comparison import CellChange, RowLook, SheetChange
from budgetinator.workbooks.changes.writable import check_cell
from budgetinator.workbooks.patch.cells import CellContent
from budgetinator.workbooks.patch.sheetedit import CellEdit, Index, SheetEdit, TableForm

__all__ = ["Styles", "sheet_edit"]

_REMOVED = CellEdit(removed=True)
_UNCOVERED = CellEdit(removed=True, unseen=True)
# What openpyxl shows of a number that is beyond all dates, in a cell for dates.
_NO_DATE = ("#VALUE!", "e")
_FLAGS = {
    "hidden": b"hidden",
    "collapsed": b"collapsed",
    "thick_bottom": b"thickBot",
    "thick_top": b"thickTop",
}


class Styles(Protocol):
    """Where openpyxl's styles stand in the file."""

    def index(self, style: bytes, base: int | None = None) -> int:
        """The place of a style, the bytes of a StyleArray; `base` is what a cell had."""
        ...


def sheet_edit(
    change: SheetChange, styles: Styles, path: str, full_before: frozenset[tuple[str, str]]
) -> SheetEdit:
    """What makes the sheet's rows what openpyxl would write of them.

    Raises InvalidCellValue, naming the cell, for what no file can hold.
    """
    return SheetEdit(
        cells=_Cells(change, path, full_before).edits(),
        rows={number: _attributes(*looks, styles.index) for number, looks in change.rows.items()},
        looks=styles.index,
        respects_areas=False,
        tables=_tables(change.sheet),
    )


class _Cells:
    def __init__(
        self, change: SheetChange, path: str, full_before: frozenset[tuple[str, str]]
    ) -> None:
        self._change = change
        self._path = path
        self._full_before = full_before
        held = vars(change.sheet)
        self._cells: Mapping[tuple[int, int], Any] = held.get("_cells", {})
        self._since_1904 = change.sheet.parent.epoch == MAC_EPOCH

    def edits(self) -> dict[int, dict[int, CellEdit]]:
        """The edits by row and column."""
        edits: dict[int, dict[int, CellEdit]] = {}
        # Where such an error appears it has been moved there, and the number is gone.
        moved = any(_shows(each.now) and not _shows(each.before) for each in self._change.cells)
        for cell in self._change.cells:
            edit = self._edit(cell)
            if moved and _shows(cell.before) and not _shows(cell.now):
                edit = replace(edit, unseen=True)
            edits.setdefault(cell.row, {})[cell.column] = edit
        before, now = self._change.merges
        for area in before - now:
            self._uncover(parse_range(area), edits)
        return edits

    def _edit(self, change: CellChange) -> CellEdit:
        cell = self._cells.get((change.row, change.column))
        if cell is None or change.now is None:
            return _REMOVED
        style = change.now[2] or b""
        if change.before is None:
            return CellEdit(self._content(cell), style)
        had = change.before[2] or b""
        has_style = had == style or not (any(had) or any(style))
        content = self._content(cell) if _values_differ(change) else None
        return CellEdit(content, style, has_style)

    def _content(self, cell: Any) -> CellContent:
        check_cell(cell, self._path, self._full_before)
        try:
            return content_of(cell, since_1904=self._since_1904)
        except ValueError as error:
            sheet = cell.parent.title
            raise InvalidCellValue(
                f"{self._path} cannot be saved: {cell.coordinate} of the sheet {sheet!r} cannot "
                f"be written: {error}. The file is as it was.",
                path=self._path,
                sheet=sheet,
                cell=cell.coordinate,
            ) from error

    def _uncover(self, area: Area, edits: dict[int, dict[int, CellEdit]]) -> None:
        """Take out what the file has under a merged area that is none any more.

        openpyxl has dropped it when it read the file, and shows nothing there; the borders
        around the area it has given to the first cell.
        """
        for row in range(area.min_row, area.max_row + 1):
            for column in range(area.min_col, area.max_col + 1):
                place = (row, column)
                cell = self._cells.get(place)
                style = cell._style if cell is not None else None  # noqa: SLF001
                looks = style.tobytes() if style is not None and any(style) else b""
                if place == (area.min_row, area.min_col):
                    known = edits.get(row, {}).get(column, CellEdit(None))
                    if cell is not None:
                        edits.setdefault(row, {})[column] = replace(
                            known, style=looks, has_style=False
                        )
                elif column not in edits.get(row, ()):
                    edit = CellEdit(CellContent(), looks, unseen=True) if looks else _UNCOVERED
                    edits.setdefault(row, {})[column] = edit


def _shows(row: tuple[Any, ...] | None) -> bool:
    return row is not None and row[:2] == _NO_DATE


def _values_differ(change: CellChange) -> bool:
    before, now = change.before, change.now
    if before is None or now is None:
        return True
    return before[:2] != now[:2] or not same(before[0], now[0])


def _attributes(before: RowLook, now: RowLook, index: Index) -> dict[bytes, bytes | None]:
    """The attributes of a row that differ; None for those to be taken away."""
    found: dict[bytes, bytes | None] = {}
    if before.height != now.height:
        found[b"ht"] = None if now.height is None else repr(float(now.height)).encode()
        found[b"customHeight"] = None if now.height is None else b"1"
    for name, attribute in _FLAGS.items():
        if getattr(before, name) != (flag := getattr(now, name)):
            found[attribute] = b"1" if flag else None
    if before.outline_level != now.outline_level:
        found[b"outlineLevel"] = b"%d" % now.outline_level if now.outline_level else None
    if before.style != now.style:
        place = index(now.style, None) if now.style is not None else None
        found[b"s"] = None if place is None else b"%d" % place
        found[b"customFormat"] = None if place is None else b"1"
    return found


def _tables(sheet: Any) -> dict[str, TableForm]:
    tables: dict[str, TableForm] = {}
    for table in vars(sheet).get("_tables", {}).values():
        form = TableForm(table.ref, tuple(column.name for column in table.tableColumns))
        tables.update({name: form for name in (table.name, table.displayName) if name})
    return tables
