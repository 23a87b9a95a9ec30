"""`from utils.excel_manager import ...`: workbooks, as seed 004 imports them.

Each name is the library's own object, fetched when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator import (
        ExcelManager,
        ResourceManager,
        excel_context,
        excel_safe_context,
        force_memory_cleanup,
        get_memory_usage,
        memory_monitored_context,
        memory_safe_bulk_context,
        memory_safe_bulk_operation,
        read_only_excel_context,
        resource_manager,
        safe_excel_context,
        write_excel_context,
    )

__all__ = [
    "ExcelManager",
    "ResourceManager",
    "excel_context",
    "excel_safe_context",
    "force_memory_cleanup",
    "get_memory_usage",
    "memory_monitored_context",
    "memory_safe_bulk_context",
    "memory_safe_bulk_operation",
    "read_only_excel_context",
    "resource_manager",
    "safe_excel_context",
    "write_excel_context",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        import budgetinator

        return getattr(budgetinator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
