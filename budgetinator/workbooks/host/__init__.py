"""A workbook in a process of its own: the program holds a handle, and plain values.

The door of the package. Each name is imported when it is first asked for: the process
itself needs none of the program's side.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.workbooks.host.handle import WorkbookHost as WorkbookHost
    from budgetinator.workbooks.host.rows import RowChunk as RowChunk
    from budgetinator.workbooks.host.rowstream import RowStream as RowStream
    from budgetinator.workbooks.host.sheets import SheetInfo as SheetInfo
    from budgetinator.workbooks.host.spare import HostSpare as HostSpare

_HOMES = {
    "HostSpare": "spare",
    "RowChunk": "rows",
    "RowStream": "rowstream",
    "SheetInfo": "sheets",
    "WorkbookHost": "handle",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
