"""Calls that other threads hand to the GUI thread: in order, in slices, without a lock.

A post appends to a deque and, if nobody has rung yet, rings: one queued Qt event
for however many posts. Both steps are single C calls, so that a finalizer may
post in the midst of anything. The GUI thread empties the deque for some
milliseconds at a time and rings again for the rest, so that a burst of a hundred
thousand calls does not hold the event loop.

Rejected: one queued Qt signal a call. Each costs an event and a conversion of
every argument, and none can be put off once it is in Qt's queue.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, Signal

from budgetinator.errors import NotGuiThread

__all__ = ["Mailbox", "on_gui_thread", "require_gui_thread"]

log = logging.getLogger("budgetinator.gui")

SLICE_SECONDS = 0.005


def on_gui_thread() -> bool:
    """Whether this is the thread of the application; False where there is none."""
    application = QCoreApplication.instance()
    return application is not None and application.thread() is QThread.currentThread()


def require_gui_thread(what: str) -> None:
    """Raise NotGuiThread elsewhere than on the GUI thread; `what` begins its sentence."""
    if not on_gui_thread():
        raise NotGuiThread(
            f"{what} only on the GUI thread; hand it over with a Mailbox or a queued signal."
        )


class Mailbox(QObject):
    """Runs what any thread posts, on the thread that made it.

    A call that raises is logged and does not keep the next from running. What
    still waits at `close` is dropped.
    """

    _rung = Signal(object)
    """Carries the mailbox itself, so that one that nobody holds any more is still emptied."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._bell = [True]
        self._closed = False
        self._home = threading.get_ident()
        self._rung.connect(self._answer, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[..., object], *arguments: Any) -> None:
        """Have `call(*arguments)` run; from any thread, never blocks."""
        if self._closed:
            return
        self._waiting.append((call, arguments))
        self._ring()

    def is_at_home(self) -> bool:
        """Whether the calling thread is the one that runs what is posted."""
        return threading.get_ident() == self._home

    def deliver(self) -> int:
        """Run what waits at this moment, on the mailbox's own thread; how many calls it was."""
        count = len(self._waiting)
        for _ in range(count):
            self._run_one()
        return count

    def close(self) -> None:
        """Drop what waits; later posts are dropped too. May be called twice."""
        self._closed = True
        self._waiting.clear()

    def __len__(self) -> int:
        return len(self._waiting)

    def __bool__(self) -> bool:
        return True

    def _ring(self) -> None:
        try:
            self._bell.pop()
        except IndexError:  # somebody has rung, and is still to be answered
            return
        try:
            self._rung.emit(self)
        except RuntimeError:  # deleted by Qt, at the end of the program
            self.close()

    def _answer(self, _mailbox: object) -> None:
        self._bell.append(True)  # before looking: what comes from now on rings again
        end = time.perf_counter() + SLICE_SECONDS
        while self._waiting:
            self._run_one()
            if time.perf_counter() > end:
                break
        if self._waiting:
            self._ring()

    def _run_one(self) -> None:
        try:
            call, arguments = self._waiting.popleft()
        except IndexError:  # a call delivered the rest itself
            return
        try:
            call(*arguments)
        # What is posted is foreign code: it must not keep what was posted after it from running.
        except Exception:
            log.exception("A call handed to the GUI thread failed")
