"""Changes made on an openpyxl workbook, as cells to be set in the file's own XML.

Only what keeps every other byte of the sheet can go that way: values and formulas, in
cells whose style, hyperlink and comment are what they were. A date that is put into a
cell without a format gets the format for dates that each country's Excel shows in its
own way, where openpyxl would write year, month and day. Everything else is left to a
save by openpyxl.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from openpyxl.styles.numbers import is_date_format
from openpyxl.utils import get_column_letter

from budgetinator.errors import InvalidCellValue
from budgetinator.workbooks.addresses import format_cell, quote_sheet
from budgetinator.workbooks.changes.state import CellChange
from budgetinator.workbooks.changes.writable import check_cell
from budgetinator.workbooks.patch import CellInput, Formula
from budgetinator.workbooks.reading.values import CellError

__all__ = ["as_cell_inputs"]

_NUMBER_FORMAT = 3  # where openpyxl's StyleArray has the number format, in items of its type
_DATES = (dt.datetime, dt.date, dt.time, dt.timedelta)
# What a value of each type of cell is, exactly: openpyxl lets the type be set by hand.
_KINDS: dict[str, tuple[type, ...]] = {"n": (int, float, Decimal), "b": (bool,), "s": (str,)}
# The formats that openpyxl gives dates by itself.
_OWN_FORMATS = frozenset({"yyyy-mm-dd", "yyyy-mm-dd h:mm:ss", "h:mm:ss", "[hh]:mm:ss", "[h]:mm:ss"})
# openpyxl shows escapes (ECMA-376 part 1, section 22.9.2.19) as they stand in the file, and
# writes them back; taken for text, they would be escaped once more.
_ESCAPE = re.compile("_x[0-9A-Fa-f]{4}_")


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
            if not _only_value(change, cell) or _would_inherit_dates(change, sheet):
                return None
            if cell is not None:
                check_cell(cell, path, full_before)
                _refuse_time_zone(cell, path)
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
    if not isinstance(cell.value, _DATES) or cell.number_format not in _OWN_FORMATS:
        return False
    item = cell._style.itemsize  # noqa: SLF001
    before = before or bytes(len(now))
    at = slice(_NUMBER_FORMAT * item, (_NUMBER_FORMAT + 1) * item)
    if any(before[at]):
        return False
    return before[: at.start] + before[at.stop :] == now[: at.start] + now[at.stop :]


def _would_inherit_dates(change: CellChange, sheet: Any) -> bool:
    """Whether a new cell would get a date format from its row or column in the file.

    In openpyxl it has none, and a number must not become a date by that. Any other look
    it may inherit, as it would in Excel.
    """
    if change.before is not None or change.now is None or change.now[1] not in ("n", "f"):
        return False
    held = vars(sheet)
    dimensions = [held["row_dimensions"].get(change.row)]
    dimensions += [
        column
        for column in held["column_dimensions"].values()
        if (column.min or 0) <= change.column <= (column.max or 0)
        or column.index == get_column_letter(change.column)
    ]
    return any(each is not None and is_date_format(each.number_format) for each in dimensions)


def _refuse_time_zone(cell: Any, path: str) -> None:
    if getattr(cell.value, "tzinfo", None) is not None:
        raise InvalidCellValue(
            f"{path} cannot be saved: {cell.coordinate} of the sheet {cell.parent.title!r} holds a "
            "time with a time zone, which cells do not know; convert it to local time without "
            "one. The file is as it was.",
            path=path,
            sheet=cell.parent.title,
            cell=cell.coordinate,
        )


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
    if kind == "d":  # in a cell that shows no dates, openpyxl writes a plain number
        shown = isinstance(value, _DATES) and is_date_format(cell.number_format)
        return value if shown else _NO_INPUT
    if type(value) not in _KINDS.get(kind, ()):
        return _NO_INPUT
    return _NO_INPUT if kind == "s" and _ESCAPE.search(value) else value
