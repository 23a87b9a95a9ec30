"""Worksheets that are read when they are touched.

A workbook is opened without reading a sheet. Each of its worksheets is an ordinary
openpyxl Worksheet of another class, which knows its title, position and visibility.
The first use of anything else reads the sheet from the file into that same object and
gives it openpyxl's own class back; from then on nothing of this module is in the way.

A sheet that could not be read stays unread and raises the same error at each touch:
it must never pass for an empty one. Nor may it for a thread that comes while another
one is reading it: that thread waits. To ask who is asking costs a few hundredths of
the time that openpyxl takes to read a sheet.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from budgetinator.errors import BudgetinatorError

__all__ = ["DEFERRED", "defer", "forget", "is_unread"]

Read = Callable[[Worksheet], None]

_get = object.__getattribute__
_this_thread = threading.get_ident

# The attribute of a worksheet that is not read yet, or being read.
DEFERRED = "_budgetinator_deferred"

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
_KEPT = _KNOWN | {"defined_names", "_print_rows", "_print_cols", "_print_area"}


class _Deferred:
    """How to read a sheet, and which thread is at it; the lock is held while it is."""

    __slots__ = ("lock", "read", "thread")

    def __init__(self, read: Read) -> None:
        self.read = read
        self.lock = threading.RLock()
        self.thread: int | None = None


class _Unread(Worksheet):
    """A worksheet before its first touch."""

    def __getattribute__(self, name: str) -> Any:
        if name in _KNOWN or (name.startswith("__") and name.endswith("__")):
            return object.__getattribute__(self, name)
        _read_now(self)
        return getattr(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _KNOWN or name.startswith("__"):
            object.__setattr__(self, name, value)
        else:
            _read_now(self)
            setattr(self, name, value)

    def __delattr__(self, name: str) -> None:
        _read_now(self)
        delattr(self, name)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """For copies and pickles, which hold what the sheet holds."""
        _read_now(self)
        return self.__reduce_ex__(protocol)


class _BeingRead(Worksheet):
    """A worksheet during its first touch: whole for nobody but the thread that reads it."""

    def __getattribute__(self, name: str) -> Any:
        deferred = _get(self, "__dict__").get(DEFERRED)
        # Asked twice for each cell that is read, so the usual answer stands here.
        if deferred is not None and deferred.thread == _this_thread():
            return _get(self, name)
        if _passes(deferred, name):
            return _get(self, name)
        _wait(deferred)
        return getattr(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        deferred = self.__dict__.get(DEFERRED)
        if _passes(deferred, name):
            object.__setattr__(self, name, value)
        else:
            _wait(deferred)
            setattr(self, name, value)


# A script that prints a worksheet or its class sees what it would see with openpyxl.
for _kind in (_Unread, _BeingRead):
    _kind.__name__ = Worksheet.__name__
    _kind.__qualname__ = Worksheet.__qualname__
    _kind.__module__ = Worksheet.__module__


def defer(sheet: Worksheet, read: Read) -> None:
    """Have `read(sheet)` called at the first touch of an empty worksheet, from any thread."""
    vars(sheet)[DEFERRED] = _Deferred(read)
    object.__setattr__(sheet, "__class__", _Unread)


def is_unread(sheet: object) -> bool:
    """Whether the worksheet is as it is in its file, because it was not read yet."""
    return type(sheet) in (_Unread, _BeingRead)


def forget(sheet: Worksheet) -> None:
    """Make an unread worksheet an empty one: its workbook is being closed."""
    if is_unread(sheet):
        vars(sheet).pop(DEFERRED, None)
        object.__setattr__(sheet, "__class__", Worksheet)


def _passes(deferred: _Deferred | None, name: str) -> bool:
    """Whether the calling thread may have it while the sheet is being read."""
    if deferred is None:  # it has just been read
        return True
    return deferred.thread == _this_thread() or name in _KNOWN or name.startswith("__")


def _wait(deferred: _Deferred | None) -> None:
    """Until the thread that reads the sheet has done it, or has failed to."""
    if deferred is not None:
        with deferred.lock:
            pass


def _read_now(sheet: Worksheet) -> None:
    deferred: _Deferred | None = vars(sheet).get(DEFERRED)
    if deferred is None:
        return
    with deferred.lock:
        now: object = vars(sheet).get(DEFERRED)
        if now is deferred:  # or another thread has read it meanwhile
            _read_with(deferred, sheet)


def _read_with(deferred: _Deferred, sheet: Worksheet) -> None:
    held = vars(sheet)
    empty = {name: value for name, value in held.items() if name in _KEPT}
    deferred.thread = _this_thread()
    object.__setattr__(sheet, "__class__", _BeingRead)
    try:
        deferred.read(sheet)
    except AttributeError as error:  # hasattr would take it for its answer
        _begin_again(deferred, sheet, empty, error)
        raise RuntimeError(f"the sheet {sheet.title!r} could not be read: {error}") from error
    except BaseException as error:
        _begin_again(deferred, sheet, empty, error)
        raise
    object.__setattr__(sheet, "__class__", Worksheet)
    del held[DEFERRED]


def _begin_again(
    deferred: _Deferred, sheet: Worksheet, empty: dict[str, Any], error: BaseException
) -> None:
    """Leave the sheet as it was before; what its file is to blame for will not change."""
    Worksheet.__init__(sheet, sheet.parent, None)
    vars(sheet).update(empty)
    defer(sheet, _raiser(error) if isinstance(error, BudgetinatorError) else deferred.read)


def _raiser(error: BudgetinatorError) -> Read:
    """Raises the error anew; the error itself would keep the frames that it was raised in."""
    rebuild, arguments = error.__reduce__()

    def raise_again(_sheet: Worksheet) -> None:
        raise rebuild(*arguments) from None

    return raise_again
