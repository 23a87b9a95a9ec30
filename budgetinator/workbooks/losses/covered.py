"""Cells that a merge or a hyperlink covers, and what openpyxl makes of them.

It empties all cells of a merge but the first, draws the merge's border anew from the
first and last cell, and writes a hyperlink's address into a cell that is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from budgetinator.workbooks.addresses import format_cell

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["covered_losses", "watched_cells"]

Placed = Mapping[bytes, tuple[int, bool]]
_SIDES = ("top", "left", "right", "bottom")


def watched_cells(sheet: Worksheet) -> frozenset[bytes]:
    """The references of all cells that the sheet's merges and hyperlinks cover."""
    covered = {
        format_cell(row, column).encode()
        for merge in sheet.merged_cells.ranges
        for row, column in merge.cells
    }
    return frozenset(covered | {link.ref.encode() for link in _links(sheet)})


def covered_losses(
    workbook: Workbook, sheet: Worksheet, placed: Placed
) -> Iterator[tuple[str, str]]:
    """Kind and phrase of what is lost, given the cells' formats and whether they hold anything."""
    for merge in sheet.merged_cells.ranges:
        cells = [(row, column) for row, column in merge.cells]
        _, *others = (format_cell(row, column).encode() for row, column in cells)
        if any(placed.get(cell, (0, False))[1] for cell in others):
            yield "covered_value", f"values that the merge {merge.coord} covers"
        if not _borders_survive(workbook, merge, placed):
            yield "merged_border", f"borders around the merge {merge.coord}"
    for link in _links(sheet):
        if not placed.get(link.ref.encode(), (0, False))[1]:
            yield "empty_link", f"the empty cell {link.ref} gets its hyperlink's address as text"


def _links(sheet: Worksheet) -> list[Any]:
    return list(vars(sheet)["_hyperlinks"])


def _borders_survive(workbook: Workbook, merge: Any, placed: Placed) -> bool:
    def border(row: int, column: int) -> Any:
        found = placed.get(format_cell(row, column).encode())
        if found is None:
            return None
        held = vars(workbook)
        return held["_borders"][held["_cell_styles"][found[0]].borderId]

    first = border(merge.min_row, merge.min_col)
    last = border(merge.max_row, merge.max_col)
    for side in _SIDES:
        drawn = _side(first, side)
        if drawn is None and side in {"right", "bottom"}:
            drawn = _side(last, side)
        if any(_side(border(*cell), side) != drawn for cell in getattr(merge, side)):
            return False
    return True


def _side(border: Any, name: str) -> tuple[str, str] | None:
    side = getattr(border, name, None)
    if side is None or side.style is None:
        return None
    return side.style, repr(side.color)
