"""What is looked at before a worker is made: paths, hosts, cells. The errors are typed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from budgetinator.errors import (
    BudgetinatorError,
    InvalidCellReference,
    WorkbookClosed,
    WorkbookError,
    WorkbookNotFound,
)
from budgetinator.result import Result

__all__ = ["checked_addresses", "checked_host", "checked_path", "is_host", "result_of"]

T = TypeVar("T")
P = ParamSpec("P")


def result_of(start: Callable[P, Result[T]]) -> Callable[P, Result[T]]:
    """Decorator for `start_*`: a typed error that its input raises is its result."""

    @wraps(start)
    def starting(*arguments: P.args, **options: P.kwargs) -> Result[T]:
        try:
            return start(*arguments, **options)
        except BudgetinatorError as error:
            return Result.error(error.with_traceback(None))

    return starting


def checked_path(path: Any) -> str:
    """The path as text; WorkbookNotFound for what is no path, or leads nowhere."""
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        raise WorkbookNotFound(f"{path!r} is no path; give the file's name.", path=repr(path))
    text = os.fsdecode(path)
    if not os.path.lexists(text):
        raise WorkbookNotFound(f"There is no file {text}; check its name and folder.", path=text)
    return text


def is_host(source: Any) -> bool:
    """Whether it is a workbook in a process of its own, and not a path."""
    return hasattr(source, "set_cells") and hasattr(source, "is_open")


def checked_host(host: Any) -> Any:
    """The host; WorkbookClosed if it is no longer open, WorkbookError for another object."""
    if not is_host(host):
        raise WorkbookError(f"{type(host).__name__} is no WorkbookHost; open the file first.")
    if not host.is_open:
        path = str(host.path)
        raise WorkbookClosed(f"{path} is not open any more; open it again.", path=path)
    return host


def checked_addresses(host: Any, addresses: Iterable[str]) -> tuple[str, ...]:
    """The addresses; InvalidCellReference or WorksheetNotFound for one that leads nowhere."""
    from budgetinator.workbooks.addresses import parse_cell, split_address
    from budgetinator.workbooks.worksheets import find_title, worksheet_not_found

    titles = [sheet.title for sheet in host.sheets]
    found = tuple(addresses)
    if not found:
        raise InvalidCellReference("No cell is named.", path=str(host.path))
    for address in found:
        sheet, cell = split_address(address)
        parse_cell(cell)
        if sheet is not None and find_title(titles, sheet) is None:
            raise worksheet_not_found(str(host.path), sheet, titles)
    return found
