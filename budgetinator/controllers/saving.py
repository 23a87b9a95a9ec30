"""A workbook saved, and what a save would lose."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgetinator.controllers.base import WorkerController
from budgetinator.controllers.inputs import checked_host, result_of
from budgetinator.controllers.progress import Progress
from budgetinator.controllers.turns import line_of
from budgetinator.controllers.workers import TaskWorker
from budgetinator.errors import SaveError
from budgetinator.result import Result

if TYPE_CHECKING:
    from budgetinator.workbooks import Loss, SaveReport, WorkbookHost

__all__ = ["SaveController"]


class SaveController(WorkerController):
    """Saves one workbook at a time, after the edits of it that were started before.

    A save that has begun is never cut short. Cancelled then, its worker ends with
    Cancelled and `goes_on`, and the workbook's process completes it.
    """

    @result_of
    def start_save(
        self,
        host: WorkbookHost,
        path: str | os.PathLike[str] | None = None,
        *,
        allow_loss: bool = False,
        overwrite: bool = False,
        backup: bool | None = None,
    ) -> Result[TaskWorker]:
        """Save to the workbook's own file, or a copy to `path`; the result is a SaveReport.

        The options are those of `ExcelManager.save`, and so are the errors.
        """
        checked_host(host)
        target = _checked_target(path)
        task = _Save(host, target, allow_loss, overwrite, backup)
        return self.start_worker(task, "saving", line=line_of(host))

    @result_of
    def start_loss_check(self, host: WorkbookHost) -> Result[TaskWorker]:
        """What a save would lose as things stand; the result is a tuple of Loss."""
        return self.start_worker(_Losses(checked_host(host)), "loss_check", mode="together")

    def start_losses(self, host: WorkbookHost) -> Result[TaskWorker]:
        """The same as `start_loss_check`."""
        return self.start_loss_check(host)


@dataclass(frozen=True, slots=True)
class _Save:
    host: WorkbookHost
    path: str | None
    allow_loss: bool
    overwrite: bool
    backup: bool | None

    def __call__(self, progress: Progress) -> SaveReport:
        name = f"saving {self.path or self.host.path}"
        progress.report(0, name)
        report = self.host.save(
            self.path,
            allow_loss=self.allow_loss,
            overwrite=self.overwrite,
            backup=self.backup,
            cancelled=lambda: progress.cancelled,
        )
        progress.report(100, name)
        return report


@dataclass(frozen=True, slots=True)
class _Losses:
    host: WorkbookHost

    def __call__(self, progress: Progress) -> tuple[Loss, ...]:
        return self.host.losses(cancelled=lambda: progress.cancelled)


def _checked_target(path: Any) -> str | None:
    """The path of a copy as text; SaveError for what is none, or lies in no folder."""
    if path is None:
        return None
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        raise SaveError(f"{path!r} is no path; name the file to save to.", path=repr(path))
    target = os.fsdecode(path)
    folder = os.path.dirname(os.path.abspath(target))
    if not os.path.isdir(folder):
        raise SaveError(f"There is no folder {folder} to save {target} in.", path=target)
    return target
