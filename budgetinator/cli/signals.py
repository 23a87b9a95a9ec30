"""SIGTERM and SIGHUP as exceptions, so that `finally` and the clean-up at exit run.

Only the command line does this; importing the library leaves signals alone. A
second signal within two seconds is passed over: a session that ends sends several
at once, and they must not cut short the clean-up that the first one began. One
that comes later raises again, in case the first was swallowed somewhere.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ending_signals_raise"]

GRACE_SECONDS = 2.0
_NAMES = ("SIGTERM", "SIGHUP")


@contextmanager
def ending_signals_raise() -> Iterator[None]:
    """Within the block these signals raise SystemExit(128 + number); then all is as before.

    Does nothing outside the main thread, and leaves alone what is ignored, as under nohup.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    handler = _raising()
    before = {
        number: signal.signal(number, handler)
        for number in numbers
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old if old is not None else signal.SIG_DFL)


def _raising() -> Callable[[int, FrameType | None], None]:
    raised_at: float | None = None

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal raised_at
        now = time.monotonic()
        if raised_at is not None and now - raised_at < GRACE_SECONDS:
            return
        raised_at = now
        raise SystemExit(128 + number)

    return handle
