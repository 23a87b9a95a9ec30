"""A workbook as a resource: opened safely, held, edited and saved.

The door of the package. Each name is imported when it is first asked for, and openpyxl
not before a workbook is opened.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.workbooks.bulk_context import BulkWorkbooks as BulkWorkbooks
    from budgetinator.workbooks.bulk_context import (
        memory_safe_bulk_context as memory_safe_bulk_context,
    )
    from budgetinator.workbooks.bulk_context import (
        memory_safe_bulk_operation as memory_safe_bulk_operation,
    )
    from budgetinator.workbooks.contexts import excel_context as excel_context
    from budgetinator.workbooks.contexts import excel_safe_context as excel_safe_context
    from budgetinator.workbooks.contexts import (
        memory_monitored_context as memory_monitored_context,
    )
    from budgetinator.workbooks.contexts import (
        read_only_excel_context as read_only_excel_context,
    )
    from budgetinator.workbooks.contexts import safe_excel_context as safe_excel_context
    from budgetinator.workbooks.contexts import write_excel_context as write_excel_context
    from budgetinator.workbooks.host.handle import WorkbookHost as WorkbookHost
    from budgetinator.workbooks.host.rows import RowChunk as RowChunk
    from budgetinator.workbooks.host.rowstream import RowStream as RowStream
    from budgetinator.workbooks.host.sheets import SheetInfo as SheetInfo
    from budgetinator.workbooks.host.spare import HostSpare as HostSpare
    from budgetinator.workbooks.leases import WorkbookLease as WorkbookLease
    from budgetinator.workbooks.losses.finding import Loss as Loss
    from budgetinator.workbooks.manager import ExcelManager as ExcelManager
    from budgetinator.workbooks.mapping import MappedWorkbook as MappedWorkbook
    from budgetinator.workbooks.mapping import MappedWorkbooks as MappedWorkbooks
    from budgetinator.workbooks.mapping import MapProgress as MapProgress
    from budgetinator.workbooks.mapping import map_workbooks as map_workbooks
    from budgetinator.workbooks.patch import CellInput as CellInput
    from budgetinator.workbooks.patch import Formula as Formula
    from budgetinator.workbooks.pool import ResourceManager as ResourceManager
    from budgetinator.workbooks.reading.contents import Contents as Contents
    from budgetinator.workbooks.reading.contents import SheetContents as SheetContents
    from budgetinator.workbooks.reading.contents import describe as describe
    from budgetinator.workbooks.reading.currency import ShownValue as ShownValue
    from budgetinator.workbooks.reading.currency import StaleResult as StaleResult
    from budgetinator.workbooks.reading.rowvalues import SheetValues as SheetValues
    from budgetinator.workbooks.reading.values import CellError as CellError
    from budgetinator.workbooks.reading.values import CellValue as CellValue
    from budgetinator.workbooks.reading.values import Value as Value
    from budgetinator.workbooks.recalculation.files import recalculate as recalculate
    from budgetinator.workbooks.recalculation.recalculating import LeftFormula as LeftFormula
    from budgetinator.workbooks.recalculation.saving import (
        RecalculationReport as RecalculationReport,
    )
    from budgetinator.workbooks.saving.storing import SaveReport as SaveReport
    from budgetinator.workbooks.surroundings import Surroundings as Surroundings
    from budgetinator.workbooks.tracker import ExcelResourceTracker as ExcelResourceTracker

_NAMES = {
    "bulk_context": ("BulkWorkbooks", "memory_safe_bulk_context", "memory_safe_bulk_operation"),
    "reading.contents": ("Contents", "SheetContents", "describe"),
    "contexts": (
        "excel_context",
        "excel_safe_context",
        "memory_monitored_context",
        "read_only_excel_context",
        "safe_excel_context",
        "write_excel_context",
    ),
    "host.handle": ("WorkbookHost",),
    "host.rows": ("RowChunk",),
    "host.rowstream": ("RowStream",),
    "host.sheets": ("SheetInfo",),
    "host.spare": ("HostSpare",),
    "leases": ("WorkbookLease",),
    "losses.finding": ("Loss",),
    "manager": ("ExcelManager",),
    "mapping": ("MapProgress", "MappedWorkbook", "MappedWorkbooks", "map_workbooks"),
    "patch": ("CellInput", "Formula"),
    "pool": ("ResourceManager",),
    "reading.currency": ("ShownValue", "StaleResult"),
    "reading.rowvalues": ("SheetValues",),
    "recalculation.files": ("recalculate",),
    "recalculation.recalculating": ("LeftFormula",),
    "recalculation.saving": ("RecalculationReport",),
    "saving.storing": ("SaveReport",),
    "surroundings": ("Surroundings",),
    "tracker": ("ExcelResourceTracker",),
    "reading.values": ("CellError", "CellValue", "Value"),
}
_HOMES = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
