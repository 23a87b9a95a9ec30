"""Memory watched, until somebody cancels it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from budgetinator.controllers.base import WorkerController
from budgetinator.controllers.inputs import result_of
from budgetinator.controllers.progress import Progress
from budgetinator.controllers.workers import TaskWorker
from budgetinator.errors import BudgetinatorError, Cancelled, ConfigError
from budgetinator.result import Result

if TYPE_CHECKING:
    from budgetinator.memory import ProcessReading, SystemReading
    from budgetinator.workbooks import WorkbookHost

__all__ = ["MemoryController", "MemoryReading"]

SHORTEST = 0.02
"""Seconds; more often than that, watching would be seen in what it watches."""

Hosts = Callable[[], "Iterable[WorkbookHost]"]


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """One moment: this process, the system, what is tracked, and each workbook's own process.

    Sizes are bytes. `resources` are counts by type, `hosts` bytes by path.
    """

    process: ProcessReading
    system: SystemReading
    tracked_bytes: int
    resources: Mapping[str, int]
    hosts: Mapping[str, int]


class MemoryController(WorkerController):
    """Takes readings until it is cancelled. `hosts` says which workbooks are open."""

    def __init__(
        self, logger_name: str | None = None, *, hosts: Hosts = tuple, **options: Any
    ) -> None:
        super().__init__(logger_name, **options)
        self._hosts = hosts

    @result_of
    def start_watching(self, interval: float = 1.0) -> Result[TaskWorker]:
        """A MemoryReading as partial value now and every `interval` seconds.

        The result is Cancelled: nothing else ends it.
        """
        if not interval >= SHORTEST:
            raise ConfigError(
                f"{interval!r} s between readings of memory is too short; at least {SHORTEST:g} "
                "are needed.",
                key="interval",
                expected=f"at least {SHORTEST:g}",
            )
        service = self.resources.service if self.resources is not None else None
        return self.start_worker(_Watching(interval, service, self._hosts), "watching")


@dataclass(frozen=True, slots=True)
class _Watching:
    interval: float
    service: Any
    hosts: Hosts

    def __call__(self, progress: Progress) -> NoReturn:
        progress.partial(self._reading())
        while not progress.wait(self.interval):
            progress.partial(self._reading())
        raise Cancelled("Watching memory was ended.")

    def _reading(self) -> MemoryReading:
        from budgetinator.memory import process_reading, system_reading

        statistics = self.service.get_statistics() if self.service is not None else {}
        return MemoryReading(
            process=process_reading(brief=True),
            system=system_reading(),
            tracked_bytes=statistics.get("memory_bytes", 0),
            resources=statistics.get("resource_counts", {}),
            hosts=dict(_sizes(self.hosts())),
        )


def _sizes(hosts: Iterable[WorkbookHost]) -> Iterable[tuple[str, int]]:
    for host in hosts:
        try:
            yield str(host.path), host.memory()
        except BudgetinatorError:  # it was closed just now
            continue
