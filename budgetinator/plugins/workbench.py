"""What the program lends its plugins: the workbooks that the user has open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

__all__ = ["BorrowedWorkbook", "Workbench"]


@runtime_checkable
class BorrowedWorkbook(Protocol):
    """A workbook that is open in the program; borrowed, and never kept by a plugin."""

    @property
    def path(self) -> Path | str:
        """Its file."""

    @property
    def is_modified(self) -> bool:
        """Whether it holds changes that are not saved."""

    def apply(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        """Run `operation(workbook, *arguments)` where the workbook is open; its result.

        The workbook is openpyxl's. The operation changes all or nothing, as those of
        `budgetinator.budgets` do, and saves nothing. It may be run in another process: it is
        a function of a module, and arguments and result can be pickled. Raises what it raises.
        """


@runtime_checkable
class Workbench(Protocol):
    """Asked each time: what is open may have changed."""

    def active(self) -> BorrowedWorkbook | None:
        """The workbook in front, if one is open."""

    def workbooks(self) -> Sequence[BorrowedWorkbook]:
        """All that are open."""
