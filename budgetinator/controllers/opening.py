"""Opening a workbook in a process of its own, and reading its rows for a screen."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgetinator.controllers.base import WorkerController
from budgetinator.controllers.inputs import checked_host, checked_path, result_of
from budgetinator.controllers.progress import Progress
from budgetinator.controllers.workers import TaskWorker
from budgetinator.errors import (
    BudgetinatorError,
    Cancelled,
    InvalidCellReference,
    ResourceError,
)
from budgetinator.resources import ResourceType
from budgetinator.result import Result

if TYPE_CHECKING:
    from budgetinator.config import Settings
    from budgetinator.workbooks import HostSpare, WorkbookHost

__all__ = ["OpenController"]


class OpenController(WorkerController):
    """Opens workbooks, each in a process of its own, and owns those that it has opened.

    A host is tracked by the controller's coordinator and closed by `cleanup`, unless
    it was handed over. `settings` are those of the surroundings if not given. A `spare`
    has a process ready before one is asked for; it stays its owner's.
    """

    def __init__(
        self,
        logger_name: str | None = None,
        *,
        settings: Settings | None = None,
        spare: HostSpare | None = None,
        **options: Any,
    ) -> None:
        super().__init__(logger_name, **options)
        self._settings = settings
        self._spare = spare
        self._hosts: dict[int, _Owned] = {}

    @result_of
    def start_open(self, path: str | os.PathLike[str]) -> Result[TaskWorker]:
        """Open a file. The partial value are its sheets, the result is the WorkbookHost."""
        shown = checked_path(path)
        task = _Opening(shown, self._spare, self._surroundings, self._settings, weakref.ref(self))
        return self.start_worker(task, "opening")

    @result_of
    def start_reading(
        self,
        host: WorkbookHost,
        sheet: str,
        first: int = 1,
        count: int | None = None,
        *,
        chunk: int = 500,
        old_results: bool = False,
    ) -> Result[TaskWorker]:
        """Read rows from `first` on. Partial values are RowChunks, the result their rows' number.

        Any number of these may run at once. Raises nothing; WorksheetNotFound and the
        like are errors of the result.
        """
        from budgetinator.workbooks.worksheets import find_title, worksheet_not_found

        checked_host(host)
        titles = [each.title for each in host.sheets]
        title = find_title(titles, sheet)
        if title is None:
            raise worksheet_not_found(str(host.path), sheet, titles)
        if first < 1 or chunk < 1 or (count is not None and count < 0):
            raise InvalidCellReference(
                f"Rows are counted from 1: {count} rows from {first}, {chunk} at a time, are none.",
                path=str(host.path),
                sheet=title,
            )
        task = _Reading(host, title, first, count, chunk, old_results)
        return self.start_worker(task, "reading", mode="together")

    def start_rows(self, *arguments: Any, **options: Any) -> Result[TaskWorker]:
        """The same as `start_reading`."""
        return self.start_reading(*arguments, **options)

    @property
    def hosts(self) -> tuple[WorkbookHost, ...]:
        """The open ones that this controller owns."""
        return tuple(owned.host for owned in tuple(self._hosts.values()) if owned.host.is_open)

    def close_host(self, host: WorkbookHost, *, discard: bool = False) -> Result[None]:
        """Close one of them; with `discard` nothing is said of changes that were not saved."""
        owned = self._hosts.pop(id(host), None)
        if owned is None:
            return Result.error(self._not_owned(host))
        owned.discards = discard
        try:
            self._untrack(owned)
        except BudgetinatorError as error:
            return Result.error(error)
        return Result.success(None)

    def hand_over(self, host: WorkbookHost, component: Any = None) -> Result[None]:
        """Give a host away: to a registered component, which it is closed with, or to the caller.

        `cleanup` leaves it alone from then on.
        """
        owned = self._hosts.get(id(host))
        if owned is None:
            return Result.error(self._not_owned(host))
        if component is not None and owned.resource_id is not None:
            try:
                self.resources.service.migrate_resource(owned.resource_id, component)
            except ResourceError as error:
                return Result.error(error)
        else:
            owned.closes = False
            self._untrack(owned)
        self._hosts.pop(id(host), None)
        return Result.success(None)

    def own(self, host: WorkbookHost) -> None:
        """Track a host that was opened, until it is closed or handed over."""
        for each in [each for each in tuple(self._hosts.values()) if not each.host.is_open]:
            self._untrack(self._hosts.pop(id(each.host)))
        owned = _Owned(host)
        if self.resources is not None:
            owned.resource_id = self.resources.track_resource(
                host,
                ResourceType.CUSTOM,  # the host itself books the workbook and its bytes
                name=f"host of {host.path}",
                cleanup_handler=owned,
                hold="strong",
            )
        self._hosts[id(host)] = owned

    def _untrack(self, owned: _Owned) -> None:
        if self.resources is not None and owned.resource_id is not None:
            self.resources.release(owned.resource_id)
        else:
            owned(owned.host)

    def _let_go(self) -> list[Exception]:
        failures = super()._let_go()
        hosts, self._hosts = self._hosts, {}
        for owned in hosts.values() if self.resources is None else ():
            try:
                owned(owned.host)
            except (BudgetinatorError, OSError) as error:
                failures.append(error)
        return failures

    def _left_over(self) -> list[str]:
        hosts = getattr(self, "_hosts", {})
        open_hosts = [owned.host for owned in hosts.values() if owned.host.is_open]
        return super()._left_over() + [f"host of {host.path}" for host in open_hosts]

    def _not_owned(self, host: Any) -> ResourceError:
        return ResourceError(
            f"{self.component_id} does not own {getattr(host, 'path', host)!r}; whoever opened it "
            "closes it.",
            component_id=self.component_id,
        )


class _Owned:
    """A host and how it is let go; the clean-up handler of its tracking."""

    def __init__(self, host: WorkbookHost) -> None:
        self.host = host
        self.resource_id: str | None = None
        self.discards = False
        self.closes = True

    def __call__(self, host: WorkbookHost) -> None:
        if self.closes and self.discards:
            host.force_close()
        elif self.closes:
            host.close()


@dataclass(frozen=True, slots=True)
class _Opening:
    """Opens a file, and gives the host to the controller if that is still there."""

    path: str
    spare: HostSpare | None
    service: Any
    settings: Settings | None
    controller: weakref.ref[OpenController]

    def __call__(self, progress: Progress) -> WorkbookHost:
        from budgetinator.workbooks import WorkbookHost

        progress.report(0, self.path)
        host = WorkbookHost.open(
            self.path,
            spare=self.spare,
            service=self.service,
            settings=self.settings,
            cancelled=lambda: progress.cancelled,
        )
        try:
            progress.partial(host.sheets)
            controller = self.controller()
            if controller is None:
                raise Cancelled(f"Nobody waits for {self.path} any more.")
            controller.own(host)
        except BaseException:
            host.force_close()
            raise
        progress.report(100, self.path)
        return host

    def discard(self, host: WorkbookHost) -> None:
        """Close what was opened too late."""
        controller = self.controller()
        if controller is None or controller.close_host(host, discard=True).is_error:
            host.force_close()


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads rows and hands them out chunk by chunk."""

    host: WorkbookHost
    sheet: str
    first: int
    count: int | None
    chunk: int
    old_results: bool

    def __call__(self, progress: Progress) -> int:
        expected = self._expected()
        read = 0
        with self.host.rows(
            self.sheet,
            self.first,
            self.count,
            self.chunk,
            old_results=self.old_results,
            cancelled=lambda: progress.cancelled,
        ) as rows:
            for chunk in rows:
                progress.partial(chunk)
                read += len(chunk.rows)
                progress.report(100 * read // max(expected, read, 1), self.sheet)
        return read

    def _expected(self) -> int:
        """How many rows there are to come, as far as the sheet says so."""
        declared = next((s.rows for s in self.host.sheets if s.title == self.sheet), 0)
        rest = max(0, declared - self.first + 1)
        return rest if self.count is None else min(rest, self.count)
