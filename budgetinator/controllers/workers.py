"""Workers: a task with a thread or a process of its own, and signals that say how it goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from budgetinator.controllers.processes import InProcess
from budgetinator.controllers.tasks import Task, TaskRun
from budgetinator.errors import TaskFailed
from budgetinator.resources import Signal, Worker
from budgetinator.resources.sites import creation_site
from budgetinator.result import Result

__all__ = ["ProcessTask", "TaskWorker", "ThreadTask", "WorkerFactory"]

T = TypeVar("T")


class _Connectable(Protocol):
    def connect(self, slot: Any, /) -> Any: ...


class TaskWorker(Worker, Protocol):
    """A worker that runs one task, once; made unstarted, so that its signals can be connected.

    `progress_update(int, str)` and `partial_ready(object)` come while it runs,
    then `result_ready(Result)` exactly once, and `finished()` once and last.
    After a cancel the result is `Result.error(Cancelled)`; one that is cancelled
    before it is started says so when it is started, and never runs its task.
    """

    progress_update: _Connectable
    partial_ready: _Connectable
    result_ready: _Connectable

    @property
    def name(self) -> str: ...
    @property
    def created_at(self) -> str: ...
    def start(self) -> None: ...
    def cancel(self) -> Any: ...
    def isFinished(self) -> bool: ...  # noqa: N802 - QThread's name


WorkerFactory: TypeAlias = Callable[[Task[Any], str], Any]
"""Makes a TaskWorker for a task and a name; a class of workers is one."""


class ThreadTask(Generic[T]):
    """A task in a thread of its own, in which its signals are emitted.

    The thread is a daemon: a task that hears no cancel cannot keep the process
    from ending. When it has finished it forgets its task and its listeners.
    """

    def __init__(self, task: Task[T], name: str = "task") -> None:
        self.name = name
        self.created_at = creation_site()
        self.progress_update: Signal[int, str] = Signal("progress_update")
        self.partial_ready: Signal[object] = Signal("partial_ready")
        self.result_ready: Signal[Result[T]] = Signal("result_ready")
        self.finished: Signal[()] = Signal("finished")
        self._run: TaskRun[T] = TaskRun(
            task, name, self.progress_update.emit, self.partial_ready.emit
        )
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._unstarted = [True]
        self._over = threading.Event()

    def start(self) -> None:
        """Begin; a second start does nothing."""
        try:
            self._unstarted.pop()
        except IndexError:
            return
        try:
            self._thread.start()
        except RuntimeError as error:  # the system has no thread left
            failure = TaskFailed(f"{self.name} could not be started: {error}.", task=self.name)
            self._end(Result.error(failure))

    def cancel(self) -> bool:
        """Ask the task to stop; whether that came before its result. Never blocks."""
        return self._run.cancel()

    @property
    def is_cancelled(self) -> bool:
        """Whether a cancel came in time."""
        return self._run.cancelled

    def quit(self) -> None:
        """A thread has no event loop to leave."""

    def isRunning(self) -> bool:  # noqa: N802 - QThread's name
        return self._thread.is_alive()

    def isFinished(self) -> bool:  # noqa: N802 - QThread's name
        return self._over.is_set() and not self._thread.is_alive()

    def wait(self, msecs: int = -1, /) -> bool:
        """Whether it has ended within `msecs` milliseconds; negative waits without end.

        Called by a listener, in its own thread, it does not wait, and says whether the
        result is decided: then the thread ends as soon as the listener returns.
        """
        if self._thread is threading.current_thread():
            return self._run.is_decided
        if self._thread.ident is not None:
            self._thread.join(None if msecs < 0 else msecs / 1000)
        return not self._thread.is_alive()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}, created at {self.created_at}>"

    def _work(self) -> None:
        self._end(self._run.run())

    def _end(self, result: Result[T]) -> None:
        try:
            self.result_ready.emit(result)
        finally:
            self._over.set()
            self.finished.emit()
            for signal in (
                self.progress_update,
                self.partial_ready,
                self.result_ready,
                self.finished,
            ):
                signal.disconnect()


class ProcessTask(ThreadTask[T]):
    """A task in a spawned process, watched by a thread, in which the signals are emitted.

    The task and its result must be picklable: TaskNotPicklable is raised here,
    before anything starts, for a task that is not.
    """

    def __init__(self, task: Task[T], name: str = "task") -> None:
        super().__init__(InProcess(task, name), name)
