"""Cells set in an open workbook, and what stood in them before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from budgetinator.controllers.base import WorkerController
from budgetinator.controllers.inputs import checked_addresses, checked_host, result_of
from budgetinator.controllers.progress import Progress
from budgetinator.controllers.turns import line_of
from budgetinator.controllers.workers import TaskWorker
from budgetinator.result import Result

if TYPE_CHECKING:
    from budgetinator.workbooks import CellInput, WorkbookHost

__all__ = ["EditController"]


class EditController(WorkerController):
    """Edits take their turn: none is refused, and none overtakes another.

    A cancel comes in time for an edit that still waits. One that has begun is done in a
    moment, all its cells or none.
    """

    @result_of
    def start_edit(
        self, host: WorkbookHost, changes: Mapping[str, CellInput]
    ) -> Result[TaskWorker]:
        """Set cells. The result are their old contents, which undo it when they are set."""
        checked_addresses(checked_host(host), changes)
        task = _Edit(host, dict(changes))
        return self.start_worker(task, "editing", mode="in turn", line=line_of(host))

    @result_of
    def start_contents(self, host: WorkbookHost, addresses: Iterable[str]) -> Result[TaskWorker]:
        """What a formula bar shows of these cells, after all edits before it."""
        found = checked_addresses(checked_host(host), addresses)
        task = _Contents(host, found)
        return self.start_worker(task, "contents", mode="in turn", line=line_of(host))


@dataclass(frozen=True, slots=True)
class _Edit:
    host: WorkbookHost
    changes: dict[str, CellInput]

    def __call__(self, _progress: Progress) -> dict[str, CellInput]:
        return self.host.set_cells(self.changes)


@dataclass(frozen=True, slots=True)
class _Contents:
    host: WorkbookHost
    addresses: tuple[str, ...]

    def __call__(self, progress: Progress) -> dict[str, CellInput]:
        return self.host.contents(self.addresses, cancelled=lambda: progress.cancelled)
