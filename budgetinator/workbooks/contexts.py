"""Workbooks for one `with` block: what is opened is closed, and nothing is saved by accident.

Each works as a decorator too. After an exception nothing is saved and nothing warned
of: the exception is the news.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from budgetinator.errors import (
    LimitExceeded,
    SaveError,
    TargetReadOnly,
    WorkbookBusy,
    WorkbookError,
    WorkbookNotFound,
    WorkbookRefused,
    WorkbookUnreadable,
)
from budgetinator.resources import resolve_runtime
from budgetinator.workbooks.manager import ExcelManager

if TYPE_CHECKING:
    from openpyxl import Workbook

    from budgetinator.memory import MemoryMonitor, Span
    from budgetinator.resources import ResourceManagementService
    from budgetinator.workbooks.surroundings import Surroundings

__all__ = [
    "excel_context",
    "excel_safe_context",
    "memory_monitored_context",
    "read_only_excel_context",
    "safe_excel_context",
    "write_excel_context",
]

Path = str | os.PathLike[str]
Result = TypeVar("Result")

# What another program's hold on a file looks like; on Windows Excel's is EACCES.
_PASSING = {errno.EACCES, errno.EAGAIN, errno.EBUSY, errno.ETXTBSY}


@contextmanager
def excel_context(
    file_path: Path,
    *,
    save: bool = False,
    allow_loss: bool = False,
    read_only: bool = False,
    data_only: bool = False,
    password: str | None = None,
    service: ResourceManagementService | Surroundings | None = None,
) -> Iterator[Workbook]:
    """The openpyxl workbook of a file, for one block.

    With `save` it is saved when the block ends without an exception. Without, changes
    that were not saved are dropped with an UnsavedChangesWarning. At the end the
    workbook is emptied, and what is still asked of it raises WorkbookClosed. Raises
    what `ExcelManager.workbook` and `ExcelManager.save` do.
    """
    manager = ExcelManager(
        file_path, read_only=read_only, data_only=data_only, password=password, service=service
    )
    with manager:
        yield manager.workbook
        if save:
            manager.save(allow_loss=allow_loss)
            manager.force_close()  # nothing can be unsaved; asking would walk the workbook again


def read_only_excel_context(
    file_path: Path,
    *,
    data_only: bool = True,
    password: str | None = None,
    service: ResourceManagementService | Surroundings | None = None,
) -> AbstractContextManager[Workbook]:
    """A workbook to read in little memory: openpyxl streams its rows and keeps the file open.

    Formulas show their results, or themselves with `data_only=False`.
    """
    return excel_context(
        file_path, read_only=True, data_only=data_only, password=password, service=service
    )


@contextmanager
def write_excel_context(
    file_path: Path,
    *,
    allow_loss: bool = False,
    password: str | None = None,
    service: ResourceManagementService | Surroundings | None = None,
) -> Iterator[Workbook]:
    """A workbook to write, made if there is no such file; saved at the end of the block.

    After an exception nothing is saved, and no new file is made. Raises ChangedOnDisk
    if a new file's name was taken meanwhile.
    """
    if os.path.lexists(file_path):
        manager = ExcelManager(file_path, password=password, service=service)
    else:
        manager = ExcelManager.create(file_path, service=service)
    with manager:
        yield manager.workbook
        manager.save(allow_loss=allow_loss)
        manager.force_close()


@contextmanager
def safe_excel_context(
    file_path: Path,
    *,
    save: bool = False,
    allow_loss: bool = False,
    backup: bool = True,
    retries: int = 3,
    delay: float = 0.2,
    read_only: bool = False,
    data_only: bool = False,
    password: str | None = None,
    service: ResourceManagementService | Surroundings | None = None,
) -> Iterator[Workbook]:
    """As `excel_context`, with every failure to open or save a WorkbookError.

    What may pass is tried again, `retries` times with a growing `delay` in seconds:
    another program of ours that saves the file, or one that has it locked. A save keeps
    the old file as `NAME.backup.xlsx`. What the block itself raises comes out as it is.
    """
    manager = ExcelManager(
        file_path, read_only=read_only, data_only=data_only, password=password, service=service
    )
    with manager:
        yield _patiently(lambda: _opened(manager), retries, delay)
        if save:
            _patiently(lambda: manager.save(allow_loss=allow_loss, backup=backup), retries, delay)
            manager.force_close()


@contextmanager
def memory_monitored_context(
    operation_name: str,
    *,
    file_path: Path | None = None,
    monitor: MemoryMonitor | None = None,
    **options: Any,
) -> Iterator[Workbook | Span]:
    """Measure a block as an operation of the monitor, or else of the default runtime's.

    With `file_path` it also opens that workbook, and the block gets it; `options` are
    those of `excel_context`. Otherwise the block gets the running measurement.
    """
    measured = (monitor or resolve_runtime().memory_monitor).monitor_operation(operation_name)
    with ExitStack() as held:
        span = held.enter_context(measured)
        if file_path is None:
            yield span
        else:
            yield held.enter_context(excel_context(file_path, **options))


excel_safe_context = safe_excel_context


def _opened(manager: ExcelManager) -> Workbook:
    try:
        return manager.workbook
    except LimitExceeded as error:
        raise WorkbookRefused(
            f"{manager.file_path} cannot be opened now: {error}",
            path=manager.file_path,
            reason="memory limit",
        ) from error


def _patiently(attempt: Callable[[], Result], retries: int, delay: float) -> Result:
    for number in range(retries):
        try:
            return attempt()
        except WorkbookError as error:
            if not _may_pass(error):
                raise
            time.sleep(delay * 2**number)
    return attempt()


def _may_pass(error: WorkbookError) -> bool:
    if isinstance(error, WorkbookBusy):
        return True
    if isinstance(error, TargetReadOnly | WorkbookNotFound):
        return False
    return isinstance(error, SaveError | WorkbookUnreadable) and error.errno in _PASSING
