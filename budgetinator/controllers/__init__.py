"""One controller for each task of a user, and the workers that do it; no widgets.

The door of the package. Each name is imported when it is first asked for, and
openpyxl not before a workbook is read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.controllers.base import BaseController as BaseController
    from budgetinator.controllers.base import WorkerController as WorkerController
    from budgetinator.controllers.batches import BatchController as BatchController
    from budgetinator.controllers.checking import CheckController as CheckController
    from budgetinator.controllers.checking import CheckedFile as CheckedFile
    from budgetinator.controllers.comparing import CompareController as CompareController
    from budgetinator.controllers.editing import EditController as EditController
    from budgetinator.controllers.opening import OpenController as OpenController
    from budgetinator.controllers.processes import InProcess as InProcess
    from budgetinator.controllers.progress import Progress as Progress
    from budgetinator.controllers.recalculating import (
        RecalculationController as RecalculationController,
    )
    from budgetinator.controllers.saving import SaveController as SaveController
    from budgetinator.controllers.tasks import Task as Task
    from budgetinator.controllers.tasks import TaskRun as TaskRun
    from budgetinator.controllers.watching import MemoryController as MemoryController
    from budgetinator.controllers.watching import MemoryReading as MemoryReading
    from budgetinator.controllers.workers import ProcessTask as ProcessTask
    from budgetinator.controllers.workers import TaskWorker as TaskWorker
    from budgetinator.controllers.workers import ThreadTask as ThreadTask
    from budgetinator.controllers.workers import WorkerFactory as WorkerFactory

_NAMES = {
    "base": ("BaseController", "WorkerController"),
    "batches": ("BatchController",),
    "checking": ("CheckController", "CheckedFile"),
    "comparing": ("CompareController",),
    "editing": ("EditController",),
    "opening": ("OpenController",),
    "processes": ("InProcess",),
    "progress": ("Progress",),
    "recalculating": ("RecalculationController",),
    "saving": ("SaveController",),
    "tasks": ("Task", "TaskRun"),
    "watching": ("MemoryController", "MemoryReading"),
    "workers": ("ProcessTask", "TaskWorker", "ThreadTask", "WorkerFactory"),
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
