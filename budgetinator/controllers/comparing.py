"""Two versions of a workbook compared: files in a process of their own, or an open workbook."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgetinator.controllers.base import FilesController
from budgetinator.controllers.inputs import checked_host, checked_path, is_host, result_of
from budgetinator.controllers.processes import InProcess
from budgetinator.controllers.progress import Progress
from budgetinator.controllers.workers import TaskWorker
from budgetinator.errors import BudgetError
from budgetinator.result import Result

if TYPE_CHECKING:
    from budgetinator.budgets import VersionComparison
    from budgetinator.budgets.rules import RuleSet
    from budgetinator.config import OpeningBounds
    from budgetinator.workbooks import ExcelManager, WorkbookHost

__all__ = ["CompareController"]

LIMIT = 50_000


class CompareController(FilesController):
    """Compares two versions, cell by cell and partner by partner.

    A side is a file, or an open workbook as it stands. Of two open ones at most one
    may hold unsaved cells, because each has a process of its own.
    """

    @result_of
    def start_compare(
        self,
        before: str | os.PathLike[str] | WorkbookHost,
        after: str | os.PathLike[str] | WorkbookHost,
        *,
        rules: RuleSet | None = None,
        limit: int = LIMIT,
    ) -> Result[TaskWorker]:
        """Compare two versions; the result is a VersionComparison of at most `limit` cells."""
        sides = _side(before), _side(after)
        options = _Options(rules, self._bounds, limit)
        hosts = [side for side in sides if not isinstance(side, str)]
        if len(hosts) == 2:
            raise BudgetError(
                f"{hosts[0].path} and {hosts[1].path} both hold changes that are not saved; save "
                "one of them, and compare them then."
            )
        if hosts:
            return self.start_worker(_OpenComparison(sides[0], sides[1], options), "compare")
        task = InProcess(_FileComparison(str(sides[0]), str(sides[1]), options), "compare")
        return self.start_worker(task, "compare")


def _side(source: Any) -> Any:
    """A path, also of a host whose file holds all that it does; or the host."""
    if not is_host(source):
        return checked_path(source)
    host = checked_host(source)
    return host if host.is_modified else checked_path(host.path)


@dataclass(frozen=True, slots=True)
class _Options:
    rules: RuleSet | None
    bounds: OpeningBounds | None
    limit: int


@dataclass(frozen=True, slots=True)
class _FileComparison:
    before: str
    after: str
    options: _Options

    def __call__(self, progress: Progress) -> VersionComparison:
        def tick(percent: int, text: str) -> None:
            progress.check()
            progress.report(percent, text)

        return _compared(self.before, self.after, self.options, tick)


@dataclass(frozen=True, slots=True)
class _OpenComparison:
    """One side is a host, and the comparison is made in its process."""

    before: Any
    after: Any
    options: _Options

    def __call__(self, progress: Progress) -> VersionComparison:
        host_first = not isinstance(self.before, str)
        host, path = (self.before, self.after) if host_first else (self.after, self.before)
        path = os.path.abspath(path)
        comparison: VersionComparison = host.inspect(
            compare_manager, path, host_first, self.options, cancelled=lambda: progress.cancelled
        )
        return comparison


def compare_manager(
    manager: ExcelManager, path: str, manager_first: bool, options: _Options
) -> VersionComparison:
    """A manager compared with a file; called in the process of the workbook."""
    before, after = (manager, path) if manager_first else (path, manager)
    return _compared(before, after, options, None)


def _compared(before: Any, after: Any, options: _Options, tick: Any) -> VersionComparison:
    from budgetinator.budgets import compare_workbooks

    return compare_workbooks(
        before,
        after,
        rules=options.rules,
        bounds=options.bounds,
        limit=options.limit,
        tick=tick,
    )
