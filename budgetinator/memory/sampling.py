"""A thread that calls a function at a steady interval, and a ring for what it finds."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Sample", "SampleRing", "Ticker"]

log = logging.getLogger("budgetinator.memory")


class Ticker:
    """A daemon thread that calls the bound method `tick` every `interval` seconds.

    The method's object is held weakly: when nothing else holds it, the thread
    ends. A tick that is late does not make the next one early. An error in a
    tick is logged with its traceback and does not end the thread.
    """

    def __init__(self, interval: float, tick: Callable[[], None], *, name: str) -> None:
        self._tick = weakref.WeakMethod(tick)
        self._stopped = threading.Event()
        self._interval = interval
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def running(self) -> bool:
        """Whether the thread lives; False in a forked child."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread; once only."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it, unless the caller is that thread."""
        self._stopped.set()
        if self._thread is not threading.current_thread() and self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        due = time.monotonic() + self._interval
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            if not self._call():
                return
            due = max(due + self._interval, time.monotonic())

    def _call(self) -> bool:
        tick = self._tick()
        if tick is None:
            return False
        try:
            tick()
        except Exception:  # the top of a worker: one bad tick must not end the watch
            log.exception("a sample of the memory monitor failed")
        return True


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of the sampler: seconds of its clock, bytes."""

    at: float
    rss: int


class SampleRing:
    """The latest `capacity` samples in arrays made once, so that it never grows.

    Not locked: one thread adds. A reader in another thread may see the oldest
    sample already replaced by the newest.
    """

    def __init__(self, capacity: int) -> None:
        self._at = array("d", bytes(8 * capacity))
        self._rss = array("q", bytes(8 * capacity))
        self._added = 0

    def __len__(self) -> int:
        return min(self._added, len(self._at))

    def add(self, at: float, rss: int) -> None:
        """Add a sample; the oldest goes when the ring is full."""
        place = self._added % len(self._at)
        self._at[place] = at
        self._rss[place] = rss
        self._added += 1

    def samples(self) -> tuple[Sample, ...]:
        """All that it holds, oldest first."""
        added, capacity = self._added, len(self._at)
        places = (n % capacity for n in range(max(0, added - capacity), added))
        return tuple(Sample(self._at[place], self._rss[place]) for place in places)
