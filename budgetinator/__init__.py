"""Budget workbooks as tracked resources: opened, held, edited, saved and let go.

Importing this package costs next to nothing: each name is imported from the
module that defines it when it is first asked for. The names below are the
public interface; the modules behind them may move.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.config import Settings as Settings
    from budgetinator.config import load_settings as load_settings
    from budgetinator.controllers import BaseController as BaseController
    from budgetinator.controllers import BatchController as BatchController
    from budgetinator.controllers import CheckController as CheckController
    from budgetinator.controllers import CompareController as CompareController
    from budgetinator.controllers import EditController as EditController
    from budgetinator.controllers import MemoryController as MemoryController
    from budgetinator.controllers import OpenController as OpenController
    from budgetinator.controllers import RecalculationController as RecalculationController
    from budgetinator.controllers import SaveController as SaveController
    from budgetinator.errors import BudgetError as BudgetError
    from budgetinator.errors import BudgetinatorError as BudgetinatorError
    from budgetinator.errors import Cancelled as Cancelled
    from budgetinator.errors import ChangedOnDisk as ChangedOnDisk
    from budgetinator.errors import CleanupTimeout as CleanupTimeout
    from budgetinator.errors import ComponentDestroyed as ComponentDestroyed
    from budgetinator.errors import ComponentNotRegistered as ComponentNotRegistered
    from budgetinator.errors import ConfigError as ConfigError
    from budgetinator.errors import FSAError as FSAError
    from budgetinator.errors import HostDied as HostDied
    from budgetinator.errors import InvalidCellReference as InvalidCellReference
    from budgetinator.errors import InvalidCellValue as InvalidCellValue
    from budgetinator.errors import InvalidNumber as InvalidNumber
    from budgetinator.errors import JournalError as JournalError
    from budgetinator.errors import LimitExceeded as LimitExceeded
    from budgetinator.errors import MonitorError as MonitorError
    from budgetinator.errors import NotAWorkbook as NotAWorkbook
    from budgetinator.errors import NotGuiThread as NotGuiThread
    from budgetinator.errors import OperationRunning as OperationRunning
    from budgetinator.errors import PluginChanged as PluginChanged
    from budgetinator.errors import PluginError as PluginError
    from budgetinator.errors import PluginFailed as PluginFailed
    from budgetinator.errors import PluginHeld as PluginHeld
    from budgetinator.errors import PluginHung as PluginHung
    from budgetinator.errors import PluginNotFound as PluginNotFound
    from budgetinator.errors import PluginNotTrusted as PluginNotTrusted
    from budgetinator.errors import PluginOff as PluginOff
    from budgetinator.errors import PluginRefused as PluginRefused
    from budgetinator.errors import PluginRequired as PluginRequired
    from budgetinator.errors import PoolClosed as PoolClosed
    from budgetinator.errors import PoolExhausted as PoolExhausted
    from budgetinator.errors import RecalculationFailed as RecalculationFailed
    from budgetinator.errors import ResourceError as ResourceError
    from budgetinator.errors import SaveError as SaveError
    from budgetinator.errors import ServiceNotRegistered as ServiceNotRegistered
    from budgetinator.errors import TakeOverConflict as TakeOverConflict
    from budgetinator.errors import TargetReadOnly as TargetReadOnly
    from budgetinator.errors import TaskError as TaskError
    from budgetinator.errors import TaskExited as TaskExited
    from budgetinator.errors import TaskFailed as TaskFailed
    from budgetinator.errors import TaskNotPicklable as TaskNotPicklable
    from budgetinator.errors import TaskProcessDied as TaskProcessDied
    from budgetinator.errors import UnknownOperation as UnknownOperation
    from budgetinator.errors import UnknownResource as UnknownResource
    from budgetinator.errors import UnknownResourceType as UnknownResourceType
    from budgetinator.errors import UnknownState as UnknownState
    from budgetinator.errors import UnsavedChangesWarning as UnsavedChangesWarning
    from budgetinator.errors import ValuesOnly as ValuesOnly
    from budgetinator.errors import WindowUnavailable as WindowUnavailable
    from budgetinator.errors import WorkbookBusy as WorkbookBusy
    from budgetinator.errors import WorkbookClosed as WorkbookClosed
    from budgetinator.errors import WorkbookDamaged as WorkbookDamaged
    from budgetinator.errors import WorkbookEncrypted as WorkbookEncrypted
    from budgetinator.errors import WorkbookError as WorkbookError
    from budgetinator.errors import WorkbookNotFound as WorkbookNotFound
    from budgetinator.errors import WorkbookRefused as WorkbookRefused
    from budgetinator.errors import WorkbookUnreadable as WorkbookUnreadable
    from budgetinator.errors import WorkerStuck as WorkerStuck
    from budgetinator.errors import WorksheetNotFound as WorksheetNotFound
    from budgetinator.errors import WouldLose as WouldLose
    from budgetinator.errors import WouldLoseFigures as WouldLoseFigures
    from budgetinator.errors import WrongThread as WrongThread
    from budgetinator.memory import MemoryMonitor as MemoryMonitor
    from budgetinator.memory import get_system_memory_info as get_system_memory_info
    from budgetinator.plugins import Plugin as Plugin
    from budgetinator.plugins import PluginInfo as PluginInfo
    from budgetinator.plugins import PluginManager as PluginManager
    from budgetinator.plugins import PluginResourceAdapter as PluginResourceAdapter
    from budgetinator.plugins import ResourceMigrationHelper as ResourceMigrationHelper
    from budgetinator.plugins import cleanup_on_error as cleanup_on_error
    from budgetinator.plugins import track_resource as track_resource
    from budgetinator.plugins import with_managed_resource as with_managed_resource
    from budgetinator.resources import BaseResourceCoordinator as BaseResourceCoordinator
    from budgetinator.resources import ComponentInfo as ComponentInfo
    from budgetinator.resources import ComponentState as ComponentState
    from budgetinator.resources import DatabaseCoordinator as DatabaseCoordinator
    from budgetinator.resources import IResourceManagementService as IResourceManagementService
    from budgetinator.resources import Journal as Journal
    from budgetinator.resources import MockResourceCoordinator as MockResourceCoordinator
    from budgetinator.resources import ReleaseOutcome as ReleaseOutcome
    from budgetinator.resources import ResourceCleanupManager as ResourceCleanupManager
    from budgetinator.resources import ResourceManagementService as ResourceManagementService
    from budgetinator.resources import ResourcePool as ResourcePool
    from budgetinator.resources import ResourceType as ResourceType
    from budgetinator.resources import TrackedResource as TrackedResource
    from budgetinator.resources import Worker as Worker
    from budgetinator.resources import WorkerResourceCoordinator as WorkerResourceCoordinator
    from budgetinator.resources import clear_services as clear_services
    from budgetinator.resources import get_service as get_service
    from budgetinator.resources import register_service as register_service
    from budgetinator.result import Result as Result
    from budgetinator.runtime import Runtime as Runtime
    from budgetinator.runtime import cleanup_manager as cleanup_manager
    from budgetinator.runtime import cleanup_on_exception as cleanup_on_exception
    from budgetinator.runtime import default_runtime as default_runtime
    from budgetinator.runtime import excel_tracker as excel_tracker
    from budgetinator.runtime import force_memory_cleanup as force_memory_cleanup
    from budgetinator.runtime import force_system_cleanup as force_system_cleanup
    from budgetinator.runtime import get_memory_usage as get_memory_usage
    from budgetinator.runtime import make_runtime as make_runtime
    from budgetinator.runtime import memory_monitor as memory_monitor
    from budgetinator.runtime import resource_manager as resource_manager
    from budgetinator.workbooks import CellError as CellError
    from budgetinator.workbooks import ExcelManager as ExcelManager
    from budgetinator.workbooks import ExcelResourceTracker as ExcelResourceTracker
    from budgetinator.workbooks import Formula as Formula
    from budgetinator.workbooks import HostSpare as HostSpare
    from budgetinator.workbooks import Loss as Loss
    from budgetinator.workbooks import MappedWorkbook as MappedWorkbook
    from budgetinator.workbooks import RecalculationReport as RecalculationReport
    from budgetinator.workbooks import ResourceManager as ResourceManager
    from budgetinator.workbooks import SaveReport as SaveReport
    from budgetinator.workbooks import StaleResult as StaleResult
    from budgetinator.workbooks import WorkbookHost as WorkbookHost
    from budgetinator.workbooks import describe as describe
    from budgetinator.workbooks import excel_context as excel_context
    from budgetinator.workbooks import excel_safe_context as excel_safe_context
    from budgetinator.workbooks import map_workbooks as map_workbooks
    from budgetinator.workbooks import memory_monitored_context as memory_monitored_context
    from budgetinator.workbooks import memory_safe_bulk_context as memory_safe_bulk_context
    from budgetinator.workbooks import memory_safe_bulk_operation as memory_safe_bulk_operation
    from budgetinator.workbooks import read_only_excel_context as read_only_excel_context
    from budgetinator.workbooks import recalculate as recalculate
    from budgetinator.workbooks import safe_excel_context as safe_excel_context
    from budgetinator.workbooks import write_excel_context as write_excel_context

__version__ = "0.1.0"

_NAMES = {
    "budgetinator.config": ("Settings", "load_settings"),
    "budgetinator.controllers": (
        "BaseController",
        "BatchController",
        "CheckController",
        "CompareController",
        "EditController",
        "MemoryController",
        "OpenController",
        "RecalculationController",
        "SaveController",
    ),
    "budgetinator.errors": (
        "BudgetError",
        "BudgetinatorError",
        "Cancelled",
        "ChangedOnDisk",
        "CleanupTimeout",
        "ComponentDestroyed",
        "ComponentNotRegistered",
        "ConfigError",
        "FSAError",
        "HostDied",
        "InvalidCellReference",
        "InvalidCellValue",
        "InvalidNumber",
        "JournalError",
        "LimitExceeded",
        "MonitorError",
        "NotAWorkbook",
        "NotGuiThread",
        "OperationRunning",
        "PluginChanged",
        "PluginError",
        "PluginFailed",
        "PluginHeld",
        "PluginHung",
        "PluginNotFound",
        "PluginNotTrusted",
        "PluginOff",
        "PluginRefused",
        "PluginRequired",
        "PoolClosed",
        "PoolExhausted",
        "RecalculationFailed",
        "ResourceError",
        "SaveError",
        "ServiceNotRegistered",
        "TakeOverConflict",
        "TargetReadOnly",
        "TaskError",
        "TaskExited",
        "TaskFailed",
        "TaskNotPicklable",
        "TaskProcessDied",
        "UnknownOperation",
        "UnknownResource",
        "UnknownResourceType",
        "UnknownState",
        "UnsavedChangesWarning",
        "ValuesOnly",
        "WindowUnavailable",
        "WorkbookBusy",
        "WorkbookClosed",
        "WorkbookDamaged",
        "WorkbookEncrypted",
        "WorkbookError",
        "WorkbookNotFound",
        "WorkbookRefused",
        "WorkbookUnreadable",
        "WorkerStuck",
        "WorksheetNotFound",
        "WouldLose",
        "WouldLoseFigures",
        "WrongThread",
    ),
    "budgetinator.memory": ("MemoryMonitor", "get_system_memory_info"),
    "budgetinator.plugins": (
        "Plugin",
        "PluginInfo",
        "PluginManager",
        "PluginResourceAdapter",
        "ResourceMigrationHelper",
        "cleanup_on_error",
        "track_resource",
        "with_managed_resource",
    ),
    "budgetinator.resources": (
        "BaseResourceCoordinator",
        "ComponentInfo",
        "ComponentState",
        "DatabaseCoordinator",
        "IResourceManagementService",
        "Journal",
        "MockResourceCoordinator",
        "ReleaseOutcome",
        "ResourceCleanupManager",
        "ResourceManagementService",
        "ResourcePool",
        "ResourceType",
        "TrackedResource",
        "Worker",
        "WorkerResourceCoordinator",
        "clear_services",
        "get_service",
        "register_service",
    ),
    "budgetinator.result": ("Result",),
    "budgetinator.runtime": (
        "Runtime",
        "cleanup_manager",
        "cleanup_on_exception",
        "default_runtime",
        "excel_tracker",
        "force_memory_cleanup",
        "force_system_cleanup",
        "get_memory_usage",
        "make_runtime",
        "memory_monitor",
        "resource_manager",
    ),
    "budgetinator.workbooks": (
        "CellError",
        "ExcelManager",
        "ExcelResourceTracker",
        "Formula",
        "HostSpare",
        "Loss",
        "MappedWorkbook",
        "RecalculationReport",
        "ResourceManager",
        "SaveReport",
        "StaleResult",
        "WorkbookHost",
        "describe",
        "excel_context",
        "excel_safe_context",
        "map_workbooks",
        "memory_monitored_context",
        "memory_safe_bulk_context",
        "memory_safe_bulk_operation",
        "read_only_excel_context",
        "recalculate",
        "safe_excel_context",
        "write_excel_context",
    ),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}

# Parts of the default runtime, which can be closed and made anew: asked for each time.
_OF_THE_DEFAULT_RUNTIME = frozenset(
    {"cleanup_manager", "excel_tracker", "memory_monitor", "resource_manager"}
)

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604  the names are strings, made above


def __getattr__(name: str) -> object:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value: object = getattr(import_module(home), name)
    if name not in _OF_THE_DEFAULT_RUNTIME:
        globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
