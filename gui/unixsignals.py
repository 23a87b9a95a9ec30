"""SIGTERM, SIGHUP and SIGINT as something that an event loop can hear.

Python runs a signal's handler between two of its own instructions, and a Qt
event loop that waits executes none: Ctrl-C in the terminal would do nothing
until the mouse moves. `signal.set_wakeup_fd` has the interpreter's C handler
write the number into a socket, and the socket wakes the loop. A second signal
ends the process at once, also where the loop is stuck in a slot.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from types import FrameType
from typing import Any

__all__ = ["SAME_BURST_SECONDS", "SignalSocket"]

SAME_BURST_SECONDS = 0.3
"""A session that ends sends several signals at once; one that comes later is a person's."""

_NAMES = ("SIGTERM", "SIGHUP", "SIGINT")


class SignalSocket:
    """The socket that the numbers of ending signals arrive at, until it is closed.

    Made and closed on the main thread. Leaves alone what is ignored, as under nohup.
    """

    def __init__(self) -> None:
        self._first: float | None = None
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
        self._before: dict[int, Any] = {
            number: signal.signal(number, self._heard)
            for number in numbers
            if signal.getsignal(number) is not signal.SIG_IGN
        }

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        """The number is in the socket by now; this ends a loop that does not look there."""
        now = time.monotonic()
        if self._first is None:
            self._first = now
        elif now - self._first > SAME_BURST_SECONDS:
            os._exit(128 + number)

    def fileno(self) -> int:
        """What becomes readable when a signal has come."""
        return self._reader.fileno()

    def take(self) -> list[int]:
        """The ending signals that have come since the last call, in order."""
        try:
            numbers = self._reader.recv(4096)
        except (BlockingIOError, OSError):
            return []
        return [number for number in numbers if number in self._before]

    def close(self) -> None:
        """Restore every handler; may be called twice."""
        if self._reader.fileno() < 0:
            return
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._reader.close()
        self._writer.close()
