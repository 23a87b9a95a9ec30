"""One function over many workbooks, in processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgetinator.controllers.base import WorkerController
from budgetinator.controllers.inputs import result_of
from budgetinator.controllers.progress import Progress
from budgetinator.controllers.workers import TaskWorker
from budgetinator.errors import WorkbookNotFound
from budgetinator.result import Result

if TYPE_CHECKING:
    from budgetinator.workbooks import MappedWorkbook

__all__ = ["BatchController"]


class BatchController(WorkerController):
    """Runs a function over many files; a file that fails is a value among the others."""

    @result_of
    def start_batch(
        self,
        function: Callable[[Any], Any],
        paths: Iterable[Any],
        *,
        executor: Executor | None = None,
        workers: int | None = None,
    ) -> Result[TaskWorker]:
        """Call `function(path)` for each file, in `workers` processes or by the executor.

        Each MappedWorkbook is a partial value as it comes; the result are all of them in
        the order of the paths. TaskNotPicklable for a function that cannot be handed to a
        process. The executor stays its owner's.
        """
        from budgetinator.workbooks.host.portable import portable

        files = tuple(paths)
        if not files:
            raise WorkbookNotFound("There are no files to work on; name one at least.")
        if executor is None:
            portable(function)
        task = _Batch(function, files, executor, workers, self._surroundings)
        return self.start_worker(task, "batch")


@dataclass(frozen=True, slots=True)
class _Batch:
    function: Callable[[Any], Any]
    files: tuple[Any, ...]
    executor: Executor | None
    workers: int | None
    service: Any

    def __call__(self, progress: Progress) -> tuple[MappedWorkbook[Any, Any], ...]:
        from budgetinator.workbooks import map_workbooks

        outcomes: dict[Any, list[MappedWorkbook[Any, Any]]] = {}
        with map_workbooks(
            self.function,
            self.files,
            executor=self.executor,
            workers=self.workers,
            service=self.service,
        ) as mapped:
            undo = progress.on_cancel(mapped.cancel)
            try:
                for done, outcome in enumerate(mapped, 1):
                    outcomes.setdefault(outcome.path, []).append(outcome)
                    progress.partial(outcome)
                    progress.report(100 * done // len(self.files), str(outcome.path))
            finally:
                undo()
        progress.check()
        return tuple(outcomes[path].pop(0) for path in self.files)
