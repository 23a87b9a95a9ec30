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
    │   └── JournalError                   OSError             the record of open workbooks
    ├── BudgetError
    │   └── InvalidNumber              ValueError          text that is no number, or two
    ├── MonitorError
    │   ├── UnknownOperation               LookupError
    │   └── UnknownState                   LookupError
    └── WorkbookError
        ├── WorkbookNotFound               FileNotFoundError
        ├── WorkbookUnreadable             OSError             the system refuses to read it
        ├── NotAWorkbook                   ValueError          it is something else, and what
        ├── WorkbookEncrypted              ValueError
        ├── WorkbookDamaged                ValueError          broken by the world
        ├── WorkbookRefused                ValueError          over a bound, or unsafe
        ├── WorkbookClosed                 ValueError          closed by you
        ├── WrongThread                    RuntimeError
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

from typing import Any

__all__ = [
    "BudgetError",
    "BudgetinatorError",
    "ChangedOnDisk",
    "CleanupTimeout",
    "ComponentDestroyed",
    "ComponentNotRegistered",
    "ConfigError",
    "FSAError",
    "InvalidCellReference",
    "InvalidCellValue",
    "InvalidNumber",
    "JournalError",
    "LimitExceeded",
    "MonitorError",
    "NotAWorkbook",
    "PoolClosed",
    "PoolExhausted",
    "RecalculationFailed",
    "ResourceError",
    "SaveError",
    "ServiceNotRegistered",
    "TargetReadOnly",
    "UnknownOperation",
    "UnknownResource",
    "UnknownResourceType",
    "UnknownState",
    "UnsavedChangesWarning",
    "ValuesOnly",
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


class PoolClosed(ResourceError, RuntimeError):
    """A lease was asked of a closed pool."""


class PoolExhausted(ResourceError, TimeoutError):
    """No pooled object became free in time."""


class JournalError(ResourceError, OSError):
    """The machine-wide record of open workbooks cannot be read or written."""

    path: str | None = None


class BudgetError(BudgetinatorError):
    """What is asked of a budget cannot be done."""


class InvalidNumber(BudgetError, ValueError):
    """The `text` is no number, or could be each of the `readings`."""

    text: str = ""
    readings: tuple[str, ...] = ()


class MonitorError(BudgetinatorError):
    """A question that the memory monitor cannot answer."""


class UnknownOperation(MonitorError, LookupError):
    """No operation of this name was measured."""


class UnknownState(MonitorError, LookupError):
    """No memory state was dumped under this label."""


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
