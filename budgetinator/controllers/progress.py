"""What a running task says, and how it hears that it is to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

from budgetinator.errors import Cancelled

__all__ = ["Progress"]


class Progress:
    """Given to a task: it reports, hands out partial values, and asks whether to go on.

    All methods may be called from any thread. What is said after a cancel, or
    after the task has ended, is dropped.
    """

    def __init__(
        self, report: Callable[[int, str], object], partial: Callable[[object], object]
    ) -> None:
        self._report: Callable[[int, str], object] | None = report
        self._partial: Callable[[object], object] | None = partial
        self._said: tuple[int, str] | None = None
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._to_call: list[Callable[[], object]] = []

    def report(self, percent: int, text: str = "") -> None:
        """Say how far it is, from 0 to 100; what was said last is not said again."""
        said = min(100, max(0, int(percent))), text
        report = self._report
        if report is not None and said != self._said and not self.cancelled:
            self._said = said
            report(*said)

    def partial(self, value: object) -> None:
        """Hand out a part of the result while the rest is made."""
        partial = self._partial
        if partial is not None and not self.cancelled:
            partial(value)

    @property
    def cancelled(self) -> bool:
        """Whether the task is to stop."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise Cancelled if the task is to stop."""
        if self.cancelled:
            raise Cancelled("This was cancelled.")

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until a cancel; whether there was one."""
        return self._cancelled.wait(seconds)

    def on_cancel(self, call: Callable[[], object]) -> Callable[[], None]:
        """Have `call` called at a cancel, at once if there was one; returns the undo.

        It is called in the thread that cancels, which is often that of a
        window: it may set something or send something, and must not wait. A
        call that has begun is not stopped by the undo.
        """
        with self._lock:
            waits = not self.cancelled
            if waits:
                self._to_call.append(call)
        if not waits:
            call()
        return lambda: self._forget(call)

    def cancel(self) -> None:
        """Have the task stop; cancelling twice does no more."""
        with self._lock:
            self._cancelled.set()
            to_call, self._to_call = self._to_call, []
        for call in to_call:
            call()

    def close(self) -> None:
        """Drop whatever is said from now on."""
        self._report = self._partial = None
        with self._lock:
            self._to_call.clear()

    def _forget(self, call: Callable[[], object]) -> None:
        with self._lock:
            self._to_call = [each for each in self._to_call if each is not call]
