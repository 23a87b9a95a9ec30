"""The exit codes, and which error leads to which.

Wrong call (2) is what another command line would have avoided: a name, a sheet,
a reference, a value, a setting. Refused or damaged (4) is what the file or the
machine stands in the way of. A file that is not there and a folder are wrong calls.
"""

from __future__ import annotations

import errno
import stat
from enum import IntEnum
from os import stat as status_of

from budgetinator import errors

__all__ = ["Exit", "exit_code"]


class Exit(IntEnum):
    """What the process ends with; after a signal it is 128 and the signal's number."""

    DONE = 0
    FINDINGS = 1
    WRONG_CALL = 2
    LOCKED = 3
    """Locked by another program, or changed on disk."""
    REFUSED = 4
    """Refused, damaged, or not possible on this machine."""
    FAULT = 70
    """A fault of the program itself; `--debug` shows where."""
    INTERRUPTED = 130


# The first that fits counts.
_CODES: tuple[tuple[type[BaseException], Exit], ...] = (
    (errors.ChangedOnDisk, Exit.LOCKED),
    (errors.WorkbookBusy, Exit.LOCKED),
    (errors.ConfigError, Exit.WRONG_CALL),
    (errors.WorkbookNotFound, Exit.WRONG_CALL),
    (errors.WorksheetNotFound, Exit.WRONG_CALL),
    (errors.InvalidCellReference, Exit.WRONG_CALL),
    (errors.InvalidCellValue, Exit.WRONG_CALL),
    (errors.BudgetinatorError, Exit.REFUSED),
    (ModuleNotFoundError, Exit.REFUSED),
    (OSError, Exit.REFUSED),
    (MemoryError, Exit.REFUSED),
)


def exit_code(error: BaseException) -> Exit:
    """The exit code for an error; FAULT for one that nobody foresaw."""
    if isinstance(error, errors.NotAWorkbook) and _is_folder(error.path):
        return Exit.WRONG_CALL
    if isinstance(error, errors.WorkbookError) and getattr(error, "errno", None) == errno.EISDIR:
        return Exit.WRONG_CALL
    return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.FAULT)


def _is_folder(path: str | None) -> bool:
    try:
        return path is not None and stat.S_ISDIR(status_of(path).st_mode)
    except (OSError, ValueError):
        return False
