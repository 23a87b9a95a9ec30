"""Waiting in the event loop: for programs that drive a window."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEventLoop, QTimer

__all__ = ["settle", "wait_until"]

_PATIENCE = 30.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Run the event loop until it holds; TimeoutError after half a minute."""
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("The window did not come to that state.")
        settle(20)


def settle(milliseconds: int) -> None:
    """Run the event loop for so long."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
