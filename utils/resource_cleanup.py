"""`from utils.resource_cleanup import ...`: clean-up and memory, as seed 004 imports them.

Each name is the library's own object. What needs a runtime (`cleanup_manager`,
`excel_tracker`, `memory_monitor`, `resource_manager`) is made at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator import (
        ExcelResourceTracker,
        MemoryMonitor,
        ResourceCleanupManager,
        cleanup_manager,
        cleanup_on_exception,
        excel_tracker,
        force_system_cleanup,
        get_system_memory_info,
        memory_monitor,
        memory_monitored_context,
        resource_manager,
        safe_excel_context,
    )

__all__ = [
    "ExcelResourceTracker",
    "MemoryMonitor",
    "ResourceCleanupManager",
    "cleanup_manager",
    "cleanup_on_exception",
    "excel_tracker",
    "force_system_cleanup",
    "get_system_memory_info",
    "memory_monitor",
    "memory_monitored_context",
    "resource_manager",
    "safe_excel_context",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        import budgetinator

        return getattr(budgetinator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
