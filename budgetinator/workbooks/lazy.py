"""Worksheets that are read when they are touched.

A workbook is opened without reading a sheet. Each of its worksheets is an ordinary
openpyxl Worksheet of another class, which knows its title, position and visibility.
The first use of anything else reads the sheet from the file into that same object and
gives it openpyxl's own class back; from then on nothing of this module is in the way.

A sheet that could not be read stays unread and raises the same error at each touch:
it must never pass for an empty one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["defer", "forget", "is_unread"]

Read = Callable[[Worksheet], None]

_READ = "_budgetinator_read"

# What openpyxl, and a script that only lists sheets, may ask without reading one. None of it
# is set again when the sheet is read.
_KNOWN = frozenset(
    {
        "title",
        "_WorkbookChild__title",
        "sheet_state",
        "parent",
        "_parent",
        "path",
        "_path",
        "_id",
        "_default_title",
        "_rel_type",
        "mime_type",
        "encoding",
        "SHEETSTATE_VISIBLE",
        "SHEETSTATE_HIDDEN",
        "SHEETSTATE_VERYHIDDEN",
    }
)
# openpyxl compares the name of a table that it reads with those of all other sheets. Within one
# file they differ, and reading one sheet must not read all the others.
_ASKED_WHILE_READING = frozenset({"tables", "_tables"})
_reading = threading.local()

_KEPT = _KNOWN | {"defined_names", "_print_rows", "_print_cols", "_print_area"}


class _Unread(Worksheet):
    """A worksheet before its first touch."""

    def __getattribute__(self, name: str) -> Any:
        if name in _KNOWN or (name.startswith("__") and name.endswith("__")):
            return object.__getattribute__(self, name)
        if name in _ASKED_WHILE_READING and _depth():
            return object.__getattribute__(self, name)
        _read_now(self)
        return getattr(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _KNOWN and not name.startswith("__"):
            _read_now(self)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        _read_now(self)
        delattr(self, name)


# A script that prints a worksheet or its class sees what it would see with openpyxl.
_Unread.__name__ = Worksheet.__name__
_Unread.__qualname__ = Worksheet.__qualname__
_Unread.__module__ = Worksheet.__module__


def defer(sheet: Worksheet, read: Read) -> None:
    """Have `read(sheet)` called at the first touch of an empty worksheet."""
    vars(sheet)[_READ] = read
    sheet.__class__ = _Unread


def is_unread(sheet: object) -> bool:
    """Whether nobody has touched the worksheet yet."""
    return type(sheet) is _Unread


def forget(sheet: Worksheet) -> None:
    """Make an unread worksheet an empty one: its workbook is being closed."""
    if is_unread(sheet):
        vars(sheet).pop(_READ, None)
        object.__setattr__(sheet, "__class__", Worksheet)


def _depth() -> int:
    """How many sheets this thread is reading at the moment, one within the other."""
    depth: int = getattr(_reading, "depth", 0)
    return depth


def _read_now(sheet: _Unread) -> None:
    held = vars(sheet)
    read: Read = held[_READ]
    empty = {name: value for name, value in held.items() if name in _KEPT}
    del held[_READ]
    object.__setattr__(sheet, "__class__", Worksheet)
    _reading.depth = _depth() + 1
    try:
        read(sheet)
    except BaseException as error:
        Worksheet.__init__(sheet, sheet.parent, None)
        vars(sheet).update(empty)
        defer(sheet, _raiser(error) if isinstance(error, Exception) else read)
        raise
    finally:
        _reading.depth -= 1


def _raiser(error: Exception) -> Read:
    """Raises a new error of the same kind: one that is raised twice would keep its frames."""

    def raise_again(_sheet: Worksheet) -> None:
        again = error.__reduce__()
        raise again[0](*again[1]) from None  # type: ignore[operator]

    return raise_again
