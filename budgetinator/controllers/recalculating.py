"""Formulas computed by LibreOffice, for a file or for an open workbook."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgetinator.controllers.base import WorkerController
from budgetinator.controllers.inputs import checked_host, checked_path, is_host, result_of
from budgetinator.controllers.progress import Progress
from budgetinator.controllers.workers import TaskWorker
from budgetinator.errors import RecalculationFailed
from budgetinator.result import Result

if TYPE_CHECKING:
    from budgetinator.workbooks import RecalculationReport, WorkbookHost

__all__ = ["RecalculationController"]


class RecalculationController(WorkerController):
    """Recalculates one workbook at a time; a cancel ends LibreOffice, and the file stays."""

    @result_of
    def start_recalculation(
        self,
        source: WorkbookHost | str | os.PathLike[str],
        *,
        backup: bool | None = None,
        timeout: float = 120.0,
    ) -> Result[TaskWorker]:
        """Have the formulas computed and put into the file; the result is a RecalculationReport.

        `timeout` is in seconds. The errors are those of `ExcelManager.recalculate`.
        """
        if timeout <= 0:
            raise RecalculationFailed(f"{timeout:g} s are too short for LibreOffice.")
        if is_host(source):
            task: Any = _HostRecalculation(checked_host(source), backup, timeout)
        else:
            task = _FileRecalculation(checked_path(source), self._surroundings, backup, timeout)
        return self.start_worker(task, "recalculation")


@dataclass(frozen=True, slots=True)
class _HostRecalculation:
    host: WorkbookHost
    backup: bool | None
    timeout: float

    def __call__(self, progress: Progress) -> RecalculationReport:
        progress.report(0, str(self.host.path))
        report = self.host.recalculate(
            backup=self.backup, timeout=self.timeout, cancelled=lambda: progress.cancelled
        )
        progress.report(100, str(self.host.path))
        return report


@dataclass(frozen=True, slots=True)
class _FileRecalculation:
    """Opens the file in a process for that long: what is cancelled ends with the process."""

    path: str
    service: Any
    backup: bool | None
    timeout: float

    def __call__(self, progress: Progress) -> RecalculationReport:
        from budgetinator.workbooks import WorkbookHost

        def stops() -> bool:
            return progress.cancelled

        with WorkbookHost.open(self.path, service=self.service, cancelled=stops) as host:
            return _HostRecalculation(host, self.backup, self.timeout)(progress)
