"""A closed workbook's memory, really given back.

openpyxl's `close()` closes the archive of a read-only workbook and nothing else.
Every sheet refers to its workbook and every cell to its sheet, so that a dropped
workbook of 200,000 cells stays until some full collection comes by. Here the
references from the top down are cut, and counting frees the cells at once: no
collection, which would have to walk everything else that the program holds too.

What the caller still holds stays harmless. A cell keeps its own value and row and
column; whatever it would ask its sheet (its style, its neighbours), and everything
that is asked of a sheet or the workbook itself, raises WorkbookClosed.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import sys
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, NoReturn, cast

from budgetinator.errors import WorkbookClosed

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["is_released", "release_workbook", "return_memory"]

# Where openpyxl keeps zip archives: the file itself in read-only mode, and the macros.
_ARCHIVES = ("_archive", "vba_archive")
_MARK = "_budgetinator_released"
_ALLOWED = {"__class__", "__dict__", "__doc__", "__module__", "__weakref__"}


def release_workbook(workbook: Workbook) -> None:
    """Close the archives of an openpyxl workbook and cut it loose from all it holds.

    The workbook and its sheets cannot be used afterwards: they raise WorkbookClosed.
    Releasing it again does nothing. Call it in the workbook's own thread.
    """
    if is_released(workbook):
        return
    held = vars(workbook)
    for name in _ARCHIVES:
        if held.get(name) is not None:
            held[name].close()
    sheets = list(held.get("_sheets", ()))
    for sheet in sheets:
        _cut(sheet)
    _empty(workbook, "workbook", "")


def is_released(workbook: object) -> bool:
    """Whether the workbook, or the sheet, was released."""
    return _MARK in vars(type(workbook))


def return_memory() -> None:
    """Collect all garbage and hand the C library's free memory back to the system.

    Costs a full collection, so it is for the end of something large. Without glibc
    only the collection is done.
    """
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _cut(sheet: Any) -> None:
    held = vars(sheet)
    title = str(held.get("_WorkbookChild__title") or held.get("title") or "")
    for cell in list(held.get("_cells", {}).values()):
        # A comment and its cell refer to each other.
        if getattr(cell, "_comment", None) is not None:
            cell.comment = None
    _empty(sheet, "worksheet", title)


def _empty(thing: Any, what: str, title: str) -> None:
    held = vars(thing)
    contents = dict(held)
    thing.__class__ = _released_kind(cast("Hashable", type(thing)))
    held.clear()
    held["_released"] = f"{what} {title!r}" if title else what
    for value in contents.values():
        _clear(value)


def _clear(value: object) -> None:
    """Empty a holder whose members refer back to it; rows do to their sheet, over the holder."""
    if isinstance(value, dict | list) and type(value) is not list:
        value.clear()


@functools.cache
def _released_kind(kind: Hashable) -> Any:
    """A kind that still passes for `kind` and refuses everything that is asked of it."""
    assert isinstance(kind, type)

    def answer(self: object, name: str) -> object:
        if name in _ALLOWED:
            return object.__getattribute__(self, name)
        if name == "close":
            return _nothing
        raise _closed(self)

    def use(self: object, *_: object) -> NoReturn:
        raise _closed(self)

    def show(self: object) -> str:
        return f"<released {object.__getattribute__(self, '__dict__')['_released']}>"

    body: dict[str, object] = {_MARK: True, "__getattribute__": answer, "__repr__": show}
    body.update(dict.fromkeys(("__setattr__", "__delattr__"), use))
    body.update(dict.fromkeys(("__getitem__", "__setitem__", "__delitem__"), use))
    body.update(dict.fromkeys(("__iter__", "__contains__", "__len__"), use))
    return type(f"Released{kind.__name__}", (kind,), body)


def _closed(thing: object) -> WorkbookClosed:
    what = object.__getattribute__(thing, "__dict__")["_released"]
    return WorkbookClosed(
        f"The {what} was closed and its memory given back; open the file again to use it."
    )


def _nothing() -> None:
    """Closing what is closed."""
