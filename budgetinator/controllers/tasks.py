"""A task, and one run of it, whose outcome is decided once.

A worker emits what `TaskRun.run` gives and decides nothing by itself, so that
threads, processes and QThreads behave alike. A cancel and the end of a task may
come at the same moment: whichever takes the lock first wins, and a value that
loses is handed to the task's `discard`, so that a workbook that was just opened
is closed again.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from budgetinator.controllers.progress import Progress
from budgetinator.errors import BudgetinatorError, Cancelled, TaskExited, TaskFailed
from budgetinator.result import Result

__all__ = ["Task", "TaskRun", "outcome_of"]

log = logging.getLogger("budgetinator.controllers")

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Task(Protocol[T_co]):
    """What a worker runs: called once, with its progress, in the worker's thread.

    A task that makes something which must be let go may have `discard(value)`;
    it is called in the same thread with a value that came too late.
    """

    def __call__(self, progress: Progress, /) -> T_co: ...


class TaskRun(Generic[T]):
    """One run of a task, for whoever builds a worker.

    `report(percent, text)` and `partial(value)` are called in the thread that
    the task speaks from, never after `run` has returned.
    """

    def __init__(
        self,
        task: Task[T],
        name: str,
        report: Callable[[int, str], object],
        partial: Callable[[object], object],
    ) -> None:
        self.name = name
        self.progress = Progress(report, partial)
        self._task: Task[T] | None = task
        self._lock = threading.Lock()
        self._stopped = False
        self._decided = False

    @property
    def cancelled(self) -> bool:
        """Whether a cancel came in time."""
        return self._stopped

    @property
    def is_decided(self) -> bool:
        """Whether the result stands, and a cancel comes too late."""
        return self._decided

    def cancel(self) -> bool:
        """Have it end with Cancelled; whether that came in time. Does not wait for the task."""
        with self._lock:
            if self._decided:
                return False
            self._stopped = True
        self.progress.cancel()
        return True

    def run(self) -> Result[T]:
        """Run the task in this thread, once, and say what became of it; raises nothing of it.

        After a cancel the result is Cancelled, whatever the task came to. The
        task is dropped at the end, and an error has lost its frames, which
        would keep alive all that the task had in hand.
        """
        with self._lock:
            task, self._task = self._task, None
        if task is None:
            raise RuntimeError(f"Task {self.name} has run; a task runs once.")
        result = self._cancellation() if self._stopped else outcome_of(task, self.progress)
        with self._lock:
            self._decided = True
            stopped = self._stopped
        self.progress.close()
        if stopped and result.success:
            self._discard(task, result.value)
        if stopped and not isinstance(result.error, Cancelled):
            return self._cancellation()
        if isinstance(result.error, Exception):
            self._settle(result.error)
        return result

    def _cancellation(self) -> Result[T]:
        return Result.error(Cancelled(f"{self.name} was cancelled.", task=self.name))

    def _settle(self, error: Exception) -> None:
        if isinstance(error, Cancelled):
            error.task = error.task or self.name
        elif isinstance(error, BudgetinatorError):
            log.info("Task %s ended with %s: %s", self.name, type(error).__name__, error)
        else:
            log.error("Task %s failed: %r", self.name, error, exc_info=error)
        drop_frames(error)

    def _discard(self, task: Task[T], value: T) -> None:
        discard = getattr(task, "discard", None)
        if discard is None:
            return
        try:
            discard(value)
        # A task is foreign code, and nobody waits for this value.
        except Exception:
            log.exception("Task %s could not discard its value", self.name)


def outcome_of(task: Task[T], progress: Progress) -> Result[T]:
    """What a task comes to. Everything that it raises is a result, also what ends a program."""
    try:
        return Result.success(task(progress))
    except (SystemExit, KeyboardInterrupt) as error:
        code = error.code if isinstance(error, SystemExit) else None
        return Result.error(
            TaskExited(f"The task ended with {error!r} instead of a result.", code=_plain(code))
        )
    # The top of a worker: a task is foreign code, and whoever waits for it must hear of its end.
    except Exception as error:  # noqa: BLE001 - said above
        return Result.error(error)
    except BaseException as error:  # noqa: BLE001 - said above
        return Result.error(
            TaskFailed(f"The task ended with {error!r}.", failure=type(error).__name__)
        )


def drop_frames(error: BaseException) -> None:
    """Take the frames from an error and from those that led to it.

    A note says where it arose, unless it came with one from another process.
    """
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        places = traceback.extract_tb(each.__traceback__, -1)
        if places and each is error and not getattr(each, "__notes__", None):
            each.add_note(f"raised at {places[0].filename}:{places[0].lineno} in {places[0].name}")
        each.__traceback__ = None
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def _plain(code: Any) -> int | str | None:
    return code if code is None or isinstance(code, int) else str(code)
