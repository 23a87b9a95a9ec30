"""A line of tasks that run one after the other, in the order in which they were made."""

from __future__ import annotations

import threading
import weakref
from typing import Any, Generic, TypeVar

from budgetinator.controllers.progress import Progress
from budgetinator.controllers.tasks import Task

__all__ = ["Line", "Turn", "line_of"]

LOOK_AGAIN = 0.02
"""Seconds; a worker that was cancelled before it began leaves the line without a word."""

T = TypeVar("T")


class Turn(Generic[T]):
    """A task that waits for those before it in the line, as far as they have been started."""

    def __init__(self, task: Task[T], line: Line) -> None:
        self.task = task
        self.line = line
        self.worker: weakref.ref[Any] | None = None
        """The worker that runs it; set by who made both."""

    def __call__(self, progress: Progress) -> T:
        try:
            self.line.wait_for(self, progress)
            progress.check()
            return self.task(progress)
        finally:
            self.line.leave(self)

    def discard(self, value: T) -> None:
        """Hand a value that came too late to the task."""
        discard = getattr(self.task, "discard", None)
        if discard is not None:
            discard(value)

    @property
    def is_forgotten(self) -> bool:
        """Whether its worker is gone, which may never have called it: then it would not leave."""
        return self.worker is not None and self.worker() is None

    @property
    def is_running(self) -> bool:
        """Whether its worker has been started and has not ended."""
        worker = self.worker() if self.worker is not None else None
        return worker is not None and bool(worker.isRunning())


def line_of(host: Any) -> Line:
    """The line of all that changes or saves a workbook; kept with the host.

    It is one for all controllers: a save holds the edits that were asked for before it.
    """
    line: Line = vars(host).setdefault("_line_of_turns", Line())
    return line


class Line:
    """Who stands before whom."""

    def __init__(self) -> None:
        self._turns: list[Turn[Any]] = []
        self._moved = threading.Condition()

    def enter(self, task: Task[T]) -> Turn[T]:
        """A turn for the task, behind all others."""
        turn = Turn(task, self)
        with self._moved:
            self._turns = [each for each in self._turns if not each.is_forgotten]
            self._turns.append(turn)
        return turn

    def leave(self, turn: Turn[Any]) -> None:
        """Let the next one begin; leaving twice is harmless."""
        with self._moved:
            if turn in self._turns:
                self._turns.remove(turn)
            self._moved.notify_all()

    def wait_for(self, turn: Turn[Any], progress: Progress) -> None:
        """Wait until nobody who runs stands before `turn`, or it is cancelled."""
        while not progress.cancelled and any(each.is_running for each in self._before(turn)):
            with self._moved:
                self._moved.wait(LOOK_AGAIN)

    def _before(self, turn: Turn[Any]) -> list[Turn[Any]]:
        with self._moved:
            if turn not in self._turns:
                return []
            return self._turns[: self._turns.index(turn)]
