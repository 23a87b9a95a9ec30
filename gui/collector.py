"""The cyclic garbage collector, confined to the GUI thread.

The interpreter collects in whatever thread happens to allocate when a counter
runs over. A widget that is part of a cycle is then deleted in a worker thread,
and Qt crashes: 8 of 8 runs did. So the automatic collection is off while there
is a window, and a timer on the GUI thread looks at the same counters. A full
collection waits for a hundred times as long as the last one took, so that it
never costs more than one part in a hundred of the GUI thread.

`gc.collect()` called on another thread would be the same crash, and this
library calls it there, after a workbook was closed for one. While the collector
runs such a call asks the GUI thread instead and returns 0. Replacing a function
of the standard library is the price; a call that must collect at once belongs
into a process of its own, where there is no window.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from gui.mailbox import Mailbox, require_gui_thread

__all__ = ["GuiCollector"]

log = logging.getLogger("budgetinator.gui")

LOOK_EVERY_MS = 200
OLDEST = 2
FULL_SHARE = 0.01
"""Of the GUI thread's time, for full collections."""


class GuiCollector(QObject):
    """Collects garbage on the GUI thread and nowhere else, between `start` and `stop`."""

    def __init__(self, parent: QObject | None = None) -> None:
        require_gui_thread("A GuiCollector is made")
        super().__init__(parent)
        self._mailbox = Mailbox(self)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._before: tuple[bool, Callable[..., int]] | None = None
        self._asked = [True]
        self._next_full = 0.0

    @property
    def is_running(self) -> bool:
        return self._before is not None

    def start(self) -> None:
        """Take the collector over; what was set before is restored by `stop`."""
        require_gui_thread("The collector is taken over")
        if self._before is not None:
            return
        self._before = gc.isenabled(), gc.collect
        gc.disable()
        gc.collect = _collect_of(self._before[1], self._mailbox, self._asked)
        self._timer.start()

    def stop(self) -> None:
        """Give the collector back as it was; may be called twice."""
        if self._before is None:
            return
        (was_enabled, gc.collect), self._before = self._before, None
        self._timer.stop()
        self._mailbox.close()
        if was_enabled:
            gc.enable()

    def collect(self, generation: int = OLDEST) -> int:
        """Collect now, on the GUI thread; the number of objects that were unreachable."""
        require_gui_thread("Garbage is collected")
        began = time.monotonic()
        found = gc.collect(generation)
        took = time.monotonic() - began
        if generation == OLDEST:
            self._next_full = began + took + took / FULL_SHARE
            log.debug("A full collection took %.1f ms and freed %d objects", took * 1000, found)
        return found

    def _look(self) -> None:
        """What the interpreter does at an allocation, done by the clock."""
        due = [
            generation
            for generation, (count, threshold) in enumerate(
                zip(gc.get_count(), gc.get_threshold(), strict=True)
            )
            if count > threshold > 0
        ]
        if OLDEST in due and time.monotonic() < self._next_full:
            due = [generation for generation in due if generation < OLDEST]
        if due:
            self.collect(max(due))


def _collect_of(
    collect: Callable[..., int], mailbox: Mailbox, asked: list[bool]
) -> Callable[..., int]:
    """What stands for `gc.collect`: the real one on the GUI thread, a request elsewhere."""

    def answer() -> None:
        asked.append(True)
        collect()

    def collect_on_gui_thread(generation: int = OLDEST) -> int:
        if mailbox.is_at_home():
            return collect(generation)
        try:
            asked.pop()
        except IndexError:  # somebody has asked already
            return 0
        mailbox.post(answer)
        return 0

    return collect_on_gui_thread
