"""Budgets checked: files in a process of their own, an open workbook as it stands."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgetinator.controllers.base import FilesController
from budgetinator.controllers.inputs import checked_host, checked_path, is_host, result_of
from budgetinator.controllers.processes import InProcess
from budgetinator.controllers.progress import Progress
from budgetinator.controllers.workers import TaskWorker
from budgetinator.errors import BudgetError, BudgetinatorError
from budgetinator.result import Result

if TYPE_CHECKING:
    from budgetinator.budgets.findings import Finding
    from budgetinator.budgets.rules import RuleSet
    from budgetinator.config import OpeningBounds
    from budgetinator.workbooks import ExcelManager, WorkbookHost

__all__ = ["CheckController", "CheckedFile"]


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """One file of several: what was found in it, or why it could not be checked."""

    path: str
    findings: tuple[Finding, ...] = ()
    error: Exception | None = None


class CheckController(FilesController):
    """Looks for what is wrong with budgets; Findings are values, not errors.

    Files are checked in a process, so that a cancel ends it at once. `bounds` are
    those of opening, from the settings of who makes this.
    """

    @result_of
    def start_check(
        self,
        source: str | os.PathLike[str] | WorkbookHost | Iterable[str | os.PathLike[str]],
        *,
        rules: RuleSet | None = None,
    ) -> Result[TaskWorker]:
        """Check an open workbook with its unsaved cells, a file, or several.

        The result of one are its Findings, errors first; of several a CheckedFile each,
        in their order. Each file is a CheckedFile as partial value too.
        """
        if is_host(source):
            return self.start_worker(_HostCheck(checked_host(source), rules), "check")
        if isinstance(source, str | os.PathLike):
            return self._check_files((checked_path(source),), True, rules)
        if isinstance(source, Iterable):
            return self._check_files(tuple(map(checked_path, source)), False, rules)
        raise BudgetError(
            f"{type(source).__name__} cannot be checked; give a workbook host or paths."
        )

    def _check_files(
        self, files: tuple[str, ...], single: bool, rules: RuleSet | None
    ) -> Result[TaskWorker]:
        task = InProcess(_FileCheck(files, single, rules, self._bounds), "check")
        return self.start_worker(task, "check")


@dataclass(frozen=True, slots=True)
class _HostCheck:
    host: WorkbookHost
    rules: RuleSet | None

    def __call__(self, progress: Progress) -> tuple[Finding, ...]:
        found: tuple[Finding, ...] = self.host.inspect(
            check_manager, self.rules, cancelled=lambda: progress.cancelled
        )
        return found


@dataclass(frozen=True, slots=True)
class _FileCheck:
    files: tuple[str, ...]
    single: bool
    rules: RuleSet | None
    bounds: OpeningBounds | None

    def __call__(self, progress: Progress) -> Any:
        checked = []
        for number, path in enumerate(self.files):
            progress.check()
            progress.report(100 * number // len(self.files), path)
            checked.append(self._checked(path))
            progress.partial(checked[-1])
        progress.report(100, self.files[-1] if self.files else "")
        return checked[0].findings if self.single else tuple(checked)

    def _checked(self, path: str) -> CheckedFile:
        from budgetinator.budgets import check_budget

        try:
            return CheckedFile(path, check_budget(path, rules=self.rules, bounds=self.bounds))
        except (BudgetinatorError, OSError) as error:
            if self.single:
                raise
            return CheckedFile(path, error=error)


def check_manager(manager: ExcelManager, rules: RuleSet | None) -> tuple[Finding, ...]:
    """The Findings of a manager as it stands; called in the process of the workbook."""
    from budgetinator.budgets import check_budget

    bounds = manager.custody.surroundings.settings.opening
    return check_budget(manager, rules=rules, bounds=bounds)
