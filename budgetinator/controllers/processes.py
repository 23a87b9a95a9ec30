"""A task that runs another one in a process of its own.

The process is started as those of the workbooks are, without multiprocessing, whose
children import the caller's script anew (docs/decisions/0040). A task is pickled before
anything is started. A thread of the process watches its pipe and its parent, and ends it
when one of them is gone; so it does not outlive its parent, also one that is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from typing import Any, Generic, TypeVar

from budgetinator.controllers.childtask import CANCEL, Message, TaskOrder
from budgetinator.controllers.progress import Progress
from budgetinator.controllers.tasks import Task
from budgetinator.errors import TaskFailed, TaskNotPicklable, TaskProcessDied
from budgetinator.workbooks.host.frames import FrameReader, FrameWriter, decoded, encoded
from budgetinator.workbooks.host.portable import Portable, portable
from budgetinator.workbooks.host.process import boot_frame, child_command

__all__ = ["InProcess"]

GRACE = 0.05
"""Seconds between asking a process to stop and ending it; a cancel takes at most 0.1 s."""
LEAVING = 1.0
"""Seconds that a process gets to end after its result."""

_RUN = "budgetinator.controllers.childtask:run"

T = TypeVar("T")


class InProcess(Generic[T]):
    """Runs a task in a process of its own; a task itself, for any kind of worker.

    TaskNotPicklable is raised when it is made. Progress and partial values come
    back as they are said. A cancel asks the task, and ends the process if it has
    not stopped after 50 ms. The default runtime of the process loads its own settings.
    """

    def __init__(self, task: Task[T], name: str = "task") -> None:
        self.name = name
        self._portable = _portable(task, name)

    def __call__(self, progress: Progress) -> T:
        progress.check()
        with _Child(self.name) as process:
            undo = progress.on_cancel(process.stop)
            try:
                process.order(self._portable)
                value: T = process.follow(progress)
            finally:
                undo()
        return value


class _Child:
    """One process with its pipes; ended, and everything let go, at the end of `with`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._ordered = threading.Event()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._stopping: list[threading.Thread] = []
        self._popen = _started(name)
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        with self._popen.stdin as orders, self._popen.stdout as words:
            self._writer = FrameWriter(os.dup(orders.fileno()))
            self._reader = FrameReader(os.dup(words.fileno()))

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._lock:
            self._over.set()
        for thread in self._stopping:
            thread.join()
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait()
        self._writer.close()
        self._reader.close()

    def order(self, task: Portable) -> None:
        """Tell it where everything is, and what to run."""
        order = TaskOrder(task.data, task.main, list(sys.argv))
        with contextlib.suppress(BrokenPipeError):  # its end is seen by who follows it
            self._writer.write(boot_frame(_RUN, os.getpid(), looks_as_parent=True))
            self._writer.write(encoded(order))
        self._ordered.set()

    def stop(self) -> None:
        """Ask it to stop, and end it after a moment; returns at once."""
        thread = threading.Thread(target=self._stop, name=f"ending {self._name}", daemon=True)
        with self._lock:
            if not self._over.is_set():
                thread.start()
                self._stopping.append(thread)

    def _stop(self) -> None:
        if self._ordered.is_set():
            with contextlib.suppress(OSError):  # it has ended
                self._writer.write(CANCEL)
            self._over.wait(GRACE)
        self._popen.kill()  # which does nothing to one that has been waited for

    def follow(self, progress: Progress) -> Any:
        """Hand on what the task says, until its result."""
        while (data := self._reader.read()) is not None:
            message = self._message(data)
            if message.kind == "result":
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._popen.wait(LEAVING)
                return message.value.unwrap()
            if message.kind == "report":
                progress.report(*message.value)
            else:
                progress.partial(message.value)
        progress.check()
        raise self._death()

    def _message(self, data: bytes) -> Message:
        try:
            message: Message = decoded(data)
        # Unpickling runs the classes of the task's own values.
        except Exception as error:
            raise TaskNotPicklable(
                f"What {self._name} handed out cannot be read in this process: {error!r}.",
                task=self._name,
            ) from error
        return message

    def _death(self) -> TaskProcessDied:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(LEAVING)
        code = self._popen.poll()
        return TaskProcessDied(
            f"The process of {self._name} ended without a result ({_cause(code)}).",
            task=self._name,
            exit_code=code,
        )


def _started(name: str) -> subprocess.Popen[bytes]:
    """A process in a session of its own: a Ctrl-C in the terminal is the parent's to answer."""
    try:
        return subprocess.Popen(  # noqa: S603 - this interpreter, our own script
            child_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as error:
        raise TaskFailed(
            f"No process could be started for {name}: {error}.", task=name, failure="OSError"
        ) from error


def _portable(task: Any, name: str) -> Portable:
    try:
        return portable(task)
    except TaskNotPicklable as error:
        raise TaskNotPicklable(
            f"{name} cannot be handed to another process: {error}", task=name
        ) from error


def _cause(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
