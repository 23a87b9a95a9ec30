"""Tasks of tests: functions of a module, so that they can run in a process as well."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from budgetinator.controllers import Progress
from budgetinator.result import Result

SECONDS = 20.0
MILLISECONDS = int(1000 * SECONDS)
PROMPT = 0.1
"""What a cancel may take, in seconds."""


def doubled(progress: Progress) -> int:
    """Says how far it is, hands out two parts, and comes to a number."""
    progress.report(0, "begun")
    progress.partial([1])
    progress.report(50, "half")
    progress.partial([2])
    progress.report(100, "done")
    return 42


def until_cancelled(progress: Progress) -> None:
    """Says that it runs, and waits for a cancel."""
    progress.partial("runs")
    if not progress.wait(SECONDS):
        raise AssertionError("nobody cancelled")
    progress.check()


def deaf(progress: Progress) -> None:
    """Hears no cancel."""
    progress.partial(os.getpid())
    time.sleep(SECONDS)


def divided_by_zero(progress: Progress) -> float:
    return 1 / 0


def exits(progress: Progress) -> None:
    sys.exit(3)


def is_killed(progress: Progress) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def ends_its_process(progress: Progress) -> None:
    os._exit(7)


def own_process(progress: Progress) -> int:
    return os.getpid()


def unpicklable_value(progress: Progress) -> Any:
    return lambda: None


class Peculiar(Exception):
    """Cannot be rebuilt from its arguments."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def fails_peculiarly(progress: Progress) -> None:
    raise Peculiar("not", "portable")


class Deaf:
    """A task that hears no cancel; the test's own event ends it."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.let_end = threading.Event()

    def __call__(self, progress: Progress) -> str:
        self.began.set()
        self.let_end.wait(SECONDS)
        return "late"


@contextmanager
def deaf_task() -> Iterator[Deaf]:
    """A task that is stuck until the end of the block."""
    task = Deaf()
    try:
        yield task
    finally:
        task.let_end.set()


class Heard:
    """Everything that a worker says, in its order; connected before it is started."""

    def __init__(self, worker: Any) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.began = threading.Event()
        worker.progress_update.connect(self._hear("progress"))
        worker.partial_ready.connect(self._hear("partial"))
        worker.result_ready.connect(self._hear("result"))
        worker.finished.connect(self._hear("finished"))

    def _hear(self, kind: str) -> Callable[..., None]:
        def hear(*arguments: Any) -> None:
            self.events.append((kind, *arguments))
            self.began.set()

        return hear

    def of(self, kind: str) -> list[Any]:
        return [
            event[1] if len(event) == 2 else event[1:] for event in self.events if event[0] == kind
        ]

    @property
    def result(self) -> Result[Any]:
        (result,) = self.of("result")
        return result  # type: ignore[no-any-return]


def ran(worker: Any) -> Heard:
    """What a worker says from its start to its end."""
    heard = Heard(worker)
    worker.start()
    assert worker.wait(MILLISECONDS)
    return heard


def started(worker: Any) -> Heard:
    """A worker that runs and has said so."""
    heard = Heard(worker)
    worker.start()
    assert heard.began.wait(SECONDS)
    return heard


def cancelled(make_worker: Callable[[], Any]) -> tuple[Heard, float]:
    """What a worker says that is cancelled as soon as it has begun, and the seconds to its end.

    The best of three tries, because others share the cores.
    """
    tries: list[tuple[Heard, float]] = []
    while len(tries) < 3 and not any(seconds < PROMPT for _, seconds in tries):
        worker = make_worker()
        heard = started(worker)
        began = time.perf_counter()
        worker.cancel()
        assert worker.wait(MILLISECONDS)
        tries.append((heard, time.perf_counter() - began))
    return min(tries, key=lambda each: each[1])
