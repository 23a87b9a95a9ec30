"""What went wrong, as one line for people and as an object for programs."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

from budgetinator.cli.exits import Exit, exit_code
from budgetinator.cli.output import print_json, visible
from budgetinator.errors import BudgetinatorError, WorkbookError

__all__ = ["describe_error", "naming", "report", "sentence", "tell"]


def tell(text: str) -> None:
    """One line on stderr, after the name of the program; never an error of its own."""
    try:
        print(f"budgetinator: {visible(text)}", file=sys.stderr, flush=True)
    except OSError:  # nobody listens: the exit code is what remains
        return


def sentence(error: BaseException) -> str:
    """The error in one sentence that says what, where and what to do."""
    if isinstance(error, BudgetinatorError):
        text = str(error) or type(error).__name__
        path = getattr(error, "path", None)
        return text if path is None or path in text else f"{path}: {text}"
    if isinstance(error, BaseExceptionGroup):
        return f"{error.message}: " + "; ".join(sentence(part) for part in error.exceptions)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"The library {error.name} is not installed; run `pip install budgetinator` again."
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; close other programs or choose a smaller part."
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if error.filename else ""
        return f"The system refuses{where}: {error.strerror}."
    return (
        f"This is a fault of the program ({type(error).__name__}: {error}); "
        "run it again with --debug to see where."
    )


def describe_error(error: BaseException) -> dict[str, Any]:
    """`type`, `message`, `exit_code`, and the details that the error carries (path, sheet …)."""
    details = {
        key: _plain(value)
        for key, value in sorted(vars(error).items())
        if isinstance(error, BudgetinatorError) and not key.startswith("_") and value is not None
    }
    return {
        "type": type(error).__name__,
        "message": sentence(error),
        "exit_code": int(exit_code(error)),
        **details,
    }


@contextmanager
def naming(file: str) -> Iterator[None]:
    """Errors about a workbook that leave the block name this file, if they name none."""
    try:
        yield
    except WorkbookError as error:
        error.path = error.path or file
        raise


def report(error: BaseException, *, as_json: bool, debug: bool) -> Exit:
    """Tell of the error that ended a command, and say what to exit with."""
    if debug:
        traceback.print_exception(error)
    tell(sentence(error))
    if as_json:
        print_json({"error": describe_error(error)})
    return exit_code(error)


def _plain(value: object) -> Any:
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool) else repr(value)
