"""Every error that the library raises.

::

    BudgetinatorError                      (FSAError is the same class)
    ├── ConfigError                        ValueError          a setting is wrong
    ├── ResourceError
    │   ├── ComponentNotRegistered         LookupError
    │   ├── ComponentDestroyed             RuntimeError        used after its clean-up
    │   ├── ServiceNotRegistered           ValueError          nothing stands for the interface
    │   ├── UnknownResourceType            ValueError
    │   ├── UnknownResource                LookupError
    │   ├── LimitExceeded                  RuntimeError        a limit with the policy "refuse"
    │   ├── CleanupTimeout                 TimeoutError        another thread's clean-up did not end
    │   ├── WorkerStuck                    TimeoutError        a worker outlived its deadline
    │   ├── PoolClosed                     RuntimeError
    │   ├── PoolExhausted                  TimeoutError
    │   ├── JournalError                   OSError             the record of open workbooks
    │   └── NotGuiThread                   RuntimeError        a widget's owner is the GUI thread
    ├── WindowUnavailable                  RuntimeError        no window library, or no display
    ├── BudgetError
    │   ├── InvalidNumber              ValueError          text that is no number, or two
    │   ├── TakeOverConflict                               cells hold something else by now
    │   └── WouldLoseFigures                               figures would go, and nobody said yes
    ├── MonitorError
    │   ├── UnknownOperation               LookupError
    │   └── UnknownState                   LookupError
    ├── TaskError
    │   ├── Cancelled                      RuntimeError        somebody asked for that
    │   ├── OperationRunning               RuntimeError        the controller is busy
    │   ├── TaskExited                     RuntimeError        the task called sys.exit
    │   ├── TaskFailed                     RuntimeError        an exception that cannot be handed on
    │   ├── TaskNotPicklable               TypeError           cannot cross into a process
    │   └── TaskProcessDied                ChildProcessError   its process was killed
    ├── PluginError
    │   ├── PluginNotFound                 LookupError         no plugin of this id
    │   ├── PluginRefused                  ValueError          its manifest or files cannot be used
    │   ├── PluginNotTrusted               PermissionError     nobody said that it may run
    │   │   └── PluginChanged                                  not the files that were trusted
    │   ├── PluginOff                      RuntimeError        switched off, and why
    │   ├── PluginFailed                   RuntimeError        it raised or exited
    │   ├── PluginHung                     TimeoutError        it did not end in time
    │   ├── PluginRequired                 RuntimeError        plugins need each other
    │   └── PluginHeld                     RuntimeError        unloaded, and still alive
    └── WorkbookError
        ├── WorkbookNotFound               FileNotFoundError
        ├── WorkbookUnreadable             OSError             the system refuses to read it
        ├── NotAWorkbook                   ValueError          it is something else, and what
        ├── WorkbookEncrypted              ValueError
        ├── WorkbookDamaged                ValueError          broken by the world
        ├── WorkbookRefused                ValueError          over a bound, or unsafe
        ├── WorkbookClosed                 ValueError          closed by you
        ├── WrongThread                    RuntimeError
        ├── HostDied                       ChildProcessError   the process that held it is gone
        ├── WorksheetNotFound              LookupError
        ├── InvalidCellReference           ValueError
        ├── InvalidCellValue               ValueError
        ├── RecalculationFailed            RuntimeError        no LibreOffice, or no result of it
        └── SaveError                      OSError
            ├── TargetReadOnly             PermissionError
            ├── ValuesOnly                 PermissionError     opened without its formulas
            ├── ChangedOnDisk                                  changed since it was opened
            ├── WorkbookBusy               TimeoutError        another program of ours saves it
            └── WouldLose                                      the file holds what it cannot keep

Each says in one sentence what, where and what to do; the parts of that
sentence are attributes, so that a program need not parse it. All of them
survive pickling, because they cross process borders with results.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = [
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
]


class BudgetinatorError(Exception):
    """The root of all errors of this library.

    `message` is the whole sentence. Details are keyword arguments, one for
    each attribute that the class declares; any other name is a TypeError.
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        for name, value in details.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no detail {name!r}")
            setattr(self, name, value)

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, dict(self.__dict__))


def _rebuild(
    kind: type[BudgetinatorError], args: tuple[Any, ...], details: dict[str, Any]
) -> BudgetinatorError:
    error = kind(*args)
    error.__dict__.update(details)
    return error


FSAError = BudgetinatorError


class ConfigError(BudgetinatorError, ValueError):
    """A setting has a wrong value; names its source, its key and what was expected."""

    source: str | None = None
    key: str | None = None
    expected: str | None = None


class ResourceError(BudgetinatorError):
    """Something about a component or a tracked resource."""

    component_id: str | None = None
    resource_id: str | None = None


class ComponentNotRegistered(ResourceError, LookupError):
    """The object was never registered with this service, or has been unregistered."""


class ComponentDestroyed(ResourceError, RuntimeError):
    """The component was cleaned up; `destroyed_at` says where, if debugging was on."""

    destroyed_at: str | None = None


class ServiceNotRegistered(ResourceError, ValueError):
    """Nothing was registered for the interface that was asked for."""


class UnknownResourceType(ResourceError, ValueError):
    """Neither a ResourceType nor a name given to `register_resource_type`."""


class UnknownResource(ResourceError, LookupError):
    """No live resource has this id."""


class LimitExceeded(ResourceError, RuntimeError):
    """A limit whose policy is "refuse" would be exceeded; nothing was tracked."""

    limit: int | None = None
    wanted: int | None = None


class CleanupTimeout(ResourceError, TimeoutError):
    """The clean-up that another thread runs did not end in time."""


class WorkerStuck(ResourceError, TimeoutError):
    """Workers outlived the shared deadline; they are parked, not destroyed."""

    workers: tuple[str, ...] = ()
    created_at: tuple[str, ...] = ()


class PoolClosed(ResourceError, RuntimeError):
    """A lease was asked of a closed pool."""


class PoolExhausted(ResourceError, TimeoutError):
    """No pooled object became free in time."""


class JournalError(ResourceError, OSError):
    """The machine-wide record of open workbooks cannot be read or written."""

    path: str | None = None


class NotGuiThread(ResourceError, RuntimeError):
    """Only the GUI thread may do this to a Qt object, and this is another."""


class WindowUnavailable(BudgetinatorError, RuntimeError):
    """No window can be shown: `missing` is what is not there, `remedy` how to get it."""

    missing: str | None = None
    remedy: str | None = None


class BudgetError(BudgetinatorError):
    """What is asked of a budget cannot be done."""


class InvalidNumber(BudgetError, ValueError):
    """The `text` is no number, or could be each of the `readings`."""

    text: str = ""
    readings: tuple[str, ...] = ()


class TakeOverConflict(BudgetError):
    """`conflicts` are the cells that do not hold any more what was compared; none was set."""

    conflicts: tuple[str, ...] = ()


class WouldLoseFigures(BudgetError):
    """`losses` are the figures and references that would go, and nobody has said that they may."""

    losses: tuple[str, ...] = ()


class MonitorError(BudgetinatorError):
    """A question that the memory monitor cannot answer."""


class UnknownOperation(MonitorError, LookupError):
    """No operation of this name was measured."""


class UnknownState(MonitorError, LookupError):
    """No memory state was dumped under this label."""


class TaskError(BudgetinatorError):
    """Something about a task that a worker runs; `task` is the worker's name."""

    task: str | None = None


class Cancelled(TaskError, RuntimeError):
    """It was cancelled, and has not happened; with `goes_on`, what had begun is still completed."""

    goes_on: bool = False


class OperationRunning(TaskError, RuntimeError):
    """The controller does one thing at a time, and `task` still runs."""


class TaskExited(TaskError, RuntimeError):
    """The task called sys.exit, or was interrupted; `code` is the exit code it gave."""

    code: int | str | None = None


class TaskFailed(TaskError, RuntimeError):
    """The task raised `failure` (its type's name), which cannot be handed on itself."""

    failure: str | None = None
    details: str | None = None


class TaskNotPicklable(TaskError, TypeError):
    """The task, or what it came to, cannot be handed to another process."""


class TaskProcessDied(TaskError, ChildProcessError):
    """The task's process ended without a result: killed, or out of memory."""

    exit_code: int | None = None


class PluginError(BudgetinatorError):
    """Something about one plugin; `path` is its folder or file."""

    plugin_id: str | None = None
    path: str | None = None


class PluginNotFound(PluginError, LookupError):
    """No plugin of this id was discovered."""


class PluginRefused(PluginError, ValueError):
    """What describes the plugin, or a file of it, cannot be used; `reason` says why."""

    reason: str | None = None


class PluginNotTrusted(PluginError, PermissionError):
    """The user has not said that it may run; `digest` is the SHA-256 of what it is now."""

    digest: str | None = None


class PluginChanged(PluginNotTrusted):
    """It was trusted, and its files are others by now; `trusted_digest` is what they were."""

    trusted_digest: str | None = None


class PluginOff(PluginError, RuntimeError):
    """Switched off: the process died, or it hung, while it was being loaded."""

    reason: str | None = None


class PluginFailed(PluginError, RuntimeError):
    """It raised, called sys.exit, or said no, while it was loaded or taken down."""


class PluginHung(PluginError, TimeoutError):
    """It did not end within its deadline; `thread` names the one that still runs."""

    thread: str | None = None


class PluginRequired(PluginError, RuntimeError):
    """`plugins` are missing, need each other in a circle, or need this one."""

    plugins: tuple[str, ...] = ()


class PluginHeld(PluginError, RuntimeError):
    """It was unloaded, and `holders` keep parts of it alive."""

    holders: tuple[str, ...] = ()


class WorkbookError(BudgetinatorError):
    """Something about one workbook; `path` names its file as the caller gave it."""

    path: str | None = None
    sheet: str | None = None
    cell: str | None = None


class WorkbookNotFound(WorkbookError, FileNotFoundError):
    """No file at this path."""


class WorkbookUnreadable(WorkbookError, OSError):
    """The system refuses to read the file; `errno` is the system's."""

    errno: int | None = None


class NotAWorkbook(WorkbookError, ValueError):
    """The file is something else; `found` says what."""

    found: str | None = None


class WorkbookEncrypted(WorkbookError, ValueError):
    """The file wants a password before it can be opened."""


class WorkbookDamaged(WorkbookError, ValueError):
    """The file claims to be a workbook, and a part of it is broken or missing."""

    part: str | None = None


class WorkbookRefused(WorkbookError, ValueError):
    """The file is over a bound, or has what no workbook needs; `limit` names the setting."""

    reason: str | None = None
    limit: str | None = None


class WorkbookClosed(WorkbookError, ValueError):
    """The workbook was closed by its owner and cannot be used any more."""


class WrongThread(WorkbookError, RuntimeError):
    """A workbook has one owner thread, and this is another."""


class HostDied(WorkbookError, ChildProcessError):
    """The process that held the workbook ended unasked; its file is as it was last saved.

    `exit_code` is negative for a signal. `unsaved` are the cells that were set and not
    saved, by their addresses, as `set_cells` takes them.
    """

    exit_code: int | None = None
    unsaved: Mapping[str, Any] = MappingProxyType({})


class WorksheetNotFound(WorkbookError, LookupError):
    """No worksheet of this name; `available` are those that there are."""

    available: tuple[str, ...] = ()


class InvalidCellReference(WorkbookError, ValueError):
    """Not a cell reference or range of the grid A1:XFD1048576."""


class InvalidCellValue(WorkbookError, ValueError):
    """A value that no cell can hold: refused before anything is written."""


class RecalculationFailed(WorkbookError, RuntimeError):
    """LibreOffice is missing, did not end in time, or gave no result; `reason` says which."""

    reason: str | None = None


class SaveError(WorkbookError, OSError):
    """The workbook could not be saved; its file is as it was. `errno` is the first failure's."""

    errno: int | None = None


class TargetReadOnly(SaveError, PermissionError):
    """The file or its folder may not be written."""


class ValuesOnly(SaveError, PermissionError):
    """Opened as values only: saving would destroy the formulas."""


class ChangedOnDisk(SaveError):
    """Another program changed the file since it was opened."""


class WorkbookBusy(SaveError, TimeoutError):
    """Another process of ours is saving this file."""


class WouldLose(SaveError):
    """Saving would lose `losses`; `allow_loss=True` accepts that."""

    losses: tuple[str, ...] = ()


class UnsavedChangesWarning(UserWarning):
    """A context was left with changes that nobody saved."""
