"""The thread that watches a shut-down: names what is stuck, and ends it if it must.

The GUI thread may be stuck in a clean-up in C code and run no line of Python,
so that no timer and no signal handler of its own can say anything. This thread
can: it sleeps on the socket of the signals until the deadline.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from gui.unixsignals import SAME_BURST_SECONDS, SignalSocket

__all__ = ["Watchdog"]

log = logging.getLogger("budgetinator.gui")


class Watchdog:
    """Watches from `start` to `stop`.

    After `deadline` seconds it says on stderr and in the log what `stuck`
    names; after `patience` more seconds it ends the process with `status`.
    A signal that comes more than 0.3 s after the start ends it at once.
    """

    def __init__(
        self,
        stuck: Callable[[], list[str]],
        *,
        deadline: float,
        patience: float,
        status: int,
        signals: SignalSocket | None,
    ) -> None:
        self._stuck = stuck
        self._deadline = deadline
        self._patience = patience
        self._status = status
        self._signals = signals
        self._began = 0.0
        self._done, self._quit = socket.socketpair()
        self._thread = threading.Thread(target=self._watch, name="shutdown-watchdog", daemon=True)
        self.named: list[str] = []
        """What it has named."""

    def start(self) -> None:
        self._began = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """The shut-down is over; called once."""
        self._quit.send(b".")
        self._thread.join()
        self._done.close()
        self._quit.close()

    def _watch(self) -> None:
        if not self._wait(self._began + self._deadline):
            self._name_what_is_stuck()
            if not self._wait(self._began + self._deadline + self._patience):
                self._end(self._status, "the shut-down does not come to its end")

    def _wait(self, until: float) -> bool:
        """Whether the shut-down was over before then."""
        sources: list[Any] = [self._done, *([self._signals] if self._signals else [])]
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select(sources, [], [], left)
            if self._done in ready:
                return True
            if ready:
                self._heed()
        return False

    def _heed(self) -> None:
        numbers = self._signals.take() if self._signals is not None else []
        if numbers and time.monotonic() - self._began > SAME_BURST_SECONDS:
            self._end(128 + numbers[-1], f"signal {numbers[-1]} came while shutting down")

    def _name_what_is_stuck(self) -> None:
        self.named = self._stuck() or ["the GUI thread"]
        for line in self.named:
            _say(f"Still held {self._deadline:g} s after the shut-down began: {line}")

    def _end(self, status: int, why: str) -> None:
        _say(f"Ended at once: {why}.")
        os._exit(status)


def _say(line: str) -> None:
    """To the log and, whatever has become of Python's streams, to stderr."""
    log.error("%s", line)
    if sys.stderr is None or not logging.getLogger("budgetinator").hasHandlers():
        return  # without a handler logging's last resort has written the same line to stderr
    os.write(2, f"budgetinator: {line}\n".encode(errors="replace"))
