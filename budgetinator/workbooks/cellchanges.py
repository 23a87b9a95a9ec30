"""Changes made on an openpyxl workbook, as cells to be set in the file's own XML.

Only what keeps every other byte of the sheet can go that way: values and formulas, in
cells whose style, hyperlink and comment are what they were. A date that is put into a
cell without a format brings its format along, as openpyxl has it. Everything else is
left to a save by openpyxl.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from budgetinator.workbooks.addresses import format_cell, quote_sheet
from budgetinator.workbooks.patch import CellInput, Formula
from budgetinator.workbooks.state import CellChange
from budgetinator.workbooks.values import CellError
from budgetinator.workbooks.writable import check_cell

__all__ = ["as_cell_inputs"]

_NUMBER_FORMAT = 3  # where openpyxl's StyleArray has the number format, in items of its type
_DATES = (dt.datetime, dt.date, dt.time, dt.timedelta)
_NUMBERS = (bool, int, float, Decimal)


def as_cell_inputs(
    changed: Mapping[Any, Iterable[CellChange]], path: str, full_before: frozenset[tuple[str, str]]
) -> dict[str, CellInput] | None:
    """What `patch_cells` is to be given; None if a change is more than a value.

    Raises InvalidCellValue, naming the cell, for what no file can hold.
    """
    inputs: dict[str, CellInput] = {}
    for sheet, changes in changed.items():
        cells = vars(sheet)["_cells"]
        for change in changes:
            cell = cells.get((change.row, change.column))
            if not _only_value(change, cell):
                return None
            if cell is not None:
                check_cell(cell, path, full_before)
            found = _input(cell)
            if found is _NO_INPUT:
                return None
            address = f"{quote_sheet(sheet.title)}!{format_cell(change.row, change.column)}"
            inputs[address] = found
    return inputs


def _only_value(change: CellChange, cell: Any) -> bool:
    before, now = _rest(change.before), _rest(change.now)
    if change.now is None:
        # A styled cell that was deleted would keep its style if it were only cleared.
        return not any(before[0] or b"") and before[1:] == (None, None)
    if before[1:] != now[1:]:
        return False
    return before[0] == now[0] or _is_date_format(before[0], now[0], cell)


def _rest(row: tuple[Any, ...] | None) -> tuple[bytes, Any, Any]:
    """Style, hyperlink and comment; those of an empty cell where there is none."""
    if row is None:
        return b"", None, None
    _value, _kind, style, hyperlink, comment = row
    return (style if style and any(style) else b""), hyperlink, comment


def _is_date_format(before: bytes, now: bytes, cell: Any) -> bool:
    """Whether the style differs by nothing but the number format that a date has brought."""
    if not isinstance(cell.value, _DATES):
        return False
    item = cell._style.itemsize  # noqa: SLF001
    before = before or bytes(len(now))
    at = slice(_NUMBER_FORMAT * item, (_NUMBER_FORMAT + 1) * item)
    if any(before[at]):
        return False
    return before[: at.start] + before[at.stop :] == now[: at.start] + now[at.stop :]


class _NoInput:
    """Stands for a value that `patch_cells` does not take."""


_NO_INPUT: Any = _NoInput()


def _input(cell: Any) -> Any:
    if cell is None or cell.value is None:
        return None
    value, kind = cell.value, cell.data_type
    if kind == "f":
        return Formula(value) if type(value) is str else _NO_INPUT
    if kind == "e":
        return CellError(value)
    if kind == "d" and isinstance(value, _DATES):
        return value
    if type(value) in _NUMBERS or type(value) is str:
        return value
    return _NO_INPUT
