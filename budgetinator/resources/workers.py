"""What a worker is, and how one is brought to an end.

A QThread fits the protocol as it is. Threads and futures are adapted, so that
"is it running", "stop, please" and "wait" mean the same for all of them.

Ending is three requests and one wait: cancel, requestInterruption, quit, then
wait until a deadline that all workers of a batch share. Whoever is still
running then is parked: it stays tracked, is named and is reported. Seed 000's
third stage, terminate(), is not built: a thread that is killed while it holds
the interpreter's lock stops the process for good.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future
from typing import Any, Protocol, runtime_checkable

from budgetinator.errors import WorkerStuck
from budgetinator.resources.signals import Signal

__all__ = ["DEADLINE", "FutureWorker", "ThreadWorker", "Worker", "as_worker", "stop_worker"]

DEADLINE = 5.0
"""Seconds that all workers of a batch are given together; a setting."""


class _Connectable(Protocol):
    def connect(self, slot: Any, /) -> Any: ...


@runtime_checkable
class Worker(Protocol):
    """What a coordinator needs of a worker; a QThread has it.

    `cancel()` and `requestInterruption()` are used where there are any.
    `finished` is emitted once, in whatever thread the worker ends in.
    """

    finished: _Connectable

    def isRunning(self) -> bool: ...  # noqa: N802 - QThread's name
    def quit(self) -> None: ...
    def wait(self, msecs: int, /) -> bool: ...


class ThreadWorker:
    """A `threading.Thread` as a worker.

    `cancel` is what asks its function to stop: an Event that is set, or a
    function that is called. A thread that has not been started is watched from
    within; one that runs already gets a watcher thread until it ends. With
    `watch=False` nobody says when it has finished.
    """

    def __init__(
        self,
        thread: threading.Thread,
        cancel: threading.Event | Callable[[], object] | None = None,
        *,
        watch: bool = True,
    ) -> None:
        self.thread = thread
        self.finished: Signal[()] = Signal("finished")
        self._cancel = cancel.set if isinstance(cancel, threading.Event) else cancel
        if watch and thread.ident is None:
            self._wrap_run()
        elif watch and thread.is_alive():
            threading.Thread(target=self._watch, name=f"watch {thread.name}", daemon=True).start()

    @property
    def name(self) -> str:
        return self.thread.name

    def start(self) -> None:
        self.thread.start()

    def isRunning(self) -> bool:  # noqa: N802 - QThread's name
        return self.thread.is_alive()

    def isFinished(self) -> bool:  # noqa: N802 - QThread's name
        return self.thread.ident is not None and not self.thread.is_alive()

    def cancel(self) -> None:
        if self._cancel is not None:
            self._cancel()

    def quit(self) -> None:
        """A thread has no event loop to leave."""

    def wait(self, msecs: int = -1, /) -> bool:
        """Whether it has ended within `msecs` milliseconds; negative waits without end."""
        if self.thread.ident is not None and self.thread is not threading.current_thread():
            self.thread.join(None if msecs < 0 else msecs / 1000)
        return not self.thread.is_alive()

    def _wrap_run(self) -> None:
        thread, run = self.thread, self.thread.run
        finished = self.finished

        def run_and_say() -> None:
            try:
                run()
            finally:
                thread.__dict__.pop("run", None)  # else the thread refers to itself for ever
                finished.emit()

        self.thread.run = run_and_say  # type: ignore[method-assign]

    def _watch(self) -> None:
        self.thread.join()
        self.finished.emit()


class FutureWorker:
    """A `concurrent.futures.Future` as a worker; one that runs cannot be cancelled by it."""

    def __init__(self, future: Future[Any], name: str = "future") -> None:
        self.future = future
        self.name = name
        self.finished: Signal[()] = Signal("finished")
        finished = self.finished
        future.add_done_callback(lambda _future: finished.emit())

    def isRunning(self) -> bool:  # noqa: N802 - QThread's name
        return not self.future.done()

    def isFinished(self) -> bool:  # noqa: N802 - QThread's name
        return self.future.done()

    def cancel(self) -> None:
        self.future.cancel()

    def quit(self) -> None:
        """A future has no event loop to leave."""

    def wait(self, msecs: int = -1, /) -> bool:
        """Whether it is done within `msecs` milliseconds; negative waits without end."""
        # Not concurrent.futures.wait: a future that was cancelled before it began is done, and
        # would be waited for until its executor comes to it.
        with contextlib.suppress(TimeoutError, CancelledError):
            self.future.exception(None if msecs < 0 else msecs / 1000)
        return self.future.done()


def as_worker(worker: Any, *, watch: bool = True) -> Any:
    """The worker itself if it fits the protocol, or its adapter."""
    if isinstance(worker, threading.Thread):
        return ThreadWorker(worker, watch=watch)
    if isinstance(worker, Future):
        return FutureWorker(worker)
    return worker


def ask_to_stop(worker: Any) -> None:
    """Ask in every way the worker knows; asking twice does no harm."""
    for name in ("cancel", "requestInterruption", "quit"):
        method = getattr(worker, name, None)
        if method is not None:
            method()


def stop_all(workers: Iterable[Any], seconds: float) -> list[Any]:
    """Ask all, then wait for all until one shared deadline; returns those that still run."""
    adapted = [as_worker(worker, watch=False) for worker in workers]
    running = [worker for worker in adapted if is_running(worker)]
    for worker in running:
        ask_to_stop(worker)
    deadline = time.monotonic() + seconds
    return [worker for worker in running if not _ended(worker, deadline)]


def stop_worker(worker: Any, seconds: float = DEADLINE) -> None:
    """Bring one worker to its end; WorkerStuck names it if it does not come to it."""
    if stuck := stop_all([worker], seconds):
        name = worker_name(stuck[0])
        raise WorkerStuck(
            f"Worker {name} still runs {seconds:g} s after it was asked to stop; it is kept "
            "and can be released again.",
            workers=(name,),
        )


def is_running(worker: Any) -> bool:
    """Whether it runs; what cannot say so is taken to run until it was waited for."""
    method = getattr(worker, "isRunning", None)
    return bool(method()) if method is not None else hasattr(worker, "wait")


def worker_name(worker: Any) -> str:
    """What to call a worker in a report."""
    for attribute in ("objectName", "name"):
        value = getattr(worker, attribute, None)
        text = value() if callable(value) else value
        if isinstance(text, str) and text:
            return text
    return type(worker).__name__


def _ended(worker: Any, deadline: float) -> bool:
    left = max(0.0, deadline - time.monotonic())
    return bool(worker.wait(round(left * 1000))) or not is_running(worker)
