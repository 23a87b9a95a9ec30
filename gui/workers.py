"""Tasks on threads of Qt: what reports, results and ends on the GUI thread.

A worker is its QThread. What a task reports goes out through the worker's own
signals, so that every slot - a method, a partial, a lambda - runs on the thread
that the worker belongs to, and that is the GUI thread wherever it was made.

Qt aborts the program when a QThread is destroyed while it runs. `PARK` holds
each worker from its start until its thread is over, whoever else lets go of it;
it is kept by the module because a stuck thread outlives every window and the
application. A stuck thread is named and left alone. Ending it by force, seed
000's third stage, would stop the whole program if the thread held the
interpreter's lock at that moment.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QThread, QTimer, Signal

from budgetinator.controllers import TaskRun
from budgetinator.resources.sites import creation_site
from gui.mailbox import on_gui_thread

if TYPE_CHECKING:
    from budgetinator.controllers import Task

__all__ = ["PARK", "Park", "QThreadTask"]

log = logging.getLogger("budgetinator.gui")


class Park:
    """Every worker that was started and whose thread is not over yet."""

    def __init__(self) -> None:
        self._held: dict[int, QThreadTask] = {}
        self._watches_exit = False
        self.exit_status = 1
        """What the process ends with if a thread still runs at its exit."""

    def hold(self, worker: QThreadTask) -> None:
        self.watch_exit()
        self._held[id(worker)] = worker

    def leave(self, key: int) -> None:
        """Let go soon of one that says it has finished; on the GUI thread.

        Not at once: Qt is still telling the others on the worker's thread, and what
        is queued for a worker goes with it.
        """
        worker = self._held.get(key)
        if worker is not None:
            QThread.wait(worker)  # some microseconds; now all is queued, and this comes after it
        QTimer.singleShot(0, partial(self._let_go, key))

    def _let_go(self, key: int) -> None:
        worker = self._held.pop(key, None)
        if worker is not None:
            worker.task = None

    def running(self) -> tuple[QThreadTask, ...]:
        """Those whose thread runs, in the order of their start."""
        return tuple(worker for worker in tuple(self._held.values()) if worker.isRunning())

    def stop(self, seconds: float) -> tuple[QThreadTask, ...]:
        """Cancel all, wait for all until one deadline; those that still run stay parked."""
        deadline = time.monotonic() + seconds
        running = self.running()
        for worker in running:
            worker.cancel()
        for worker in running:
            worker.wait(max(0, round((deadline - time.monotonic()) * 1000)))
        return tuple(worker for worker in running if worker.isRunning())

    def watch_exit(self) -> None:
        """See to it that no thread is destroyed running when the process ends."""
        if not self._watches_exit:
            self._watches_exit = True
            atexit.register(self._at_exit)

    def _at_exit(self) -> None:
        """The last exit hook but those of before: ends the process there and then if it must."""
        stuck = self.running()
        if not stuck:
            return
        for worker in stuck:
            log.error("Worker %s still runs at the end of the process", described(worker))
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(self.exit_status)


PARK = Park()


class QThreadTask(QThread):
    """Runs one task once on a thread of its own: the worker of the window.

    It has no parent, because a parent would delete it while it runs. It may be
    made, started and cancelled on any thread.
    """

    progress_update = Signal(int, str)
    """Percent and text."""
    partial_ready = Signal(object)
    result_ready = Signal(object)
    """A Result, exactly once, before `finished`."""

    def __init__(self, task: Task[Any], name: str = "task") -> None:
        super().__init__()
        self.setObjectName(name)
        self.created_at = creation_site(2)
        self._started = False
        self._given_up = False
        ref = weakref.ref(self)  # the task's run refers to its worker, and must not keep it
        self.task: Task[Any] | None = task
        """Kept until its thread is over: a task may hold a widget, which must die on this side."""
        self._task_run = TaskRun(
            task, name, partial(_emit, ref, "progress_update"), partial(_emit, ref, "partial_ready")
        )
        _move_home(self)
        self.finished.connect(partial(PARK.leave, id(self)))

    @classmethod
    def factory(cls, task: Task[Any], name: str) -> QThreadTask:
        """A WorkerFactory; the class itself is one as well."""
        worker = cls(task, name)
        worker.created_at = creation_site(2)
        return worker

    @property
    def name(self) -> str:
        return self.objectName()

    def start(self, priority: QThread.Priority = QThread.Priority.InheritPriority) -> None:
        """Begin; a second call does nothing."""
        if self._started:
            return
        self._started = True
        PARK.hold(self)
        super().start(priority)

    def cancel(self) -> None:
        """Ask the task to stop; its result will be Cancelled if it is not decided yet."""
        self._task_run.cancel()
        self.requestInterruption()

    def quit(self) -> None:
        """Asks like `cancel`: there is no event loop to leave."""
        self.cancel()

    def wait(self, msecs: Any = -1, /) -> bool:
        """Whether its thread is over within `msecs` milliseconds; negative waits without end."""
        if self._given_up:
            return super().wait(0)
        endless = isinstance(msecs, int) and msecs < 0
        is_over = super().wait() if endless else super().wait(msecs)
        if is_over and on_gui_thread():
            # Not first when the event loop runs again: whoever waits wants to be rid of it, as
            # the owner of a plugin that is about to look who still holds its code.
            self.task = None
        return is_over

    def give_up(self) -> None:
        """Nobody waits for it from now on: it had its time, and the program is to end."""
        self._given_up = True

    def run(self) -> None:
        """On the worker's own thread; Qt calls it."""
        try:
            self.result_ready.emit(self._task_run.run())
        finally:
            _forget_this_thread()


def described(worker: QThreadTask) -> str:
    """What a report calls a worker: its name and the place where it was made."""
    return f"{worker.name}, made at {worker.created_at}"


def _emit(ref: weakref.ref[QThreadTask], name: str, *arguments: Any) -> None:
    worker = ref()
    if worker is not None:
        getattr(worker, name).emit(*arguments)


def _move_home(worker: QThread) -> None:
    application = QCoreApplication.instance()
    if application is not None and application.thread() is not QThread.currentThread():
        worker.moveToThread(application.thread())


def _forget_this_thread() -> None:
    """Take out the entry that `threading.current_thread` made for this foreign thread.

    Python 3.11 keeps it for ever; it makes one for the first log record of each thread.
    """
    active: dict[int, threading.Thread] = getattr(threading, "_active", {})
    entry = active.get(threading.get_ident())
    if type(entry).__name__ == "_DummyThread":
        active.pop(threading.get_ident(), None)
