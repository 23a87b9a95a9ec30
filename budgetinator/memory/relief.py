"""Closing what is idle while memory is short, in the threads that it belongs to.

A workbook is closed by the thread that it belongs to and by no other: between
the question whether it has changes and its closing, its owner could make one.
The thread that samples therefore runs the clean-up for what belongs to nobody,
and leaves a note: every other thread that comes by runs it once for its own.
Rejected: stopping the owner, which Python cannot do, and a pending call in the
main thread, which could fall into the middle of any statement.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Relief"]

log = logging.getLogger("budgetinator.memory")


class Relief:
    """The clean-up of one monitor: due at most once an interval, then once in each thread."""

    def __init__(self, cleanup: Callable[[], int], interval: float) -> None:
        self._cleanup = cleanup
        self._interval = interval
        self._began_at = float("-inf")
        self._served: set[int] = set()
        self.owed = False
        """Whether threads that have not yet run the clean-up should."""

    def begin(self, now: float, rss: int) -> None:
        """Over the high watermark, in the thread that samples: run the clean-up if it is due.

        What the clean-up raises is raised.
        """
        if now - self._began_at < self._interval:
            return
        self._began_at = now
        self._served = {threading.get_ident()}
        self.owed = True
        released = self._cleanup()
        log.info(
            "memory at %.1f MB, over the threshold: the clean-up released %s",
            rss / 1024**2,
            released,
        )

    def end(self) -> None:
        """Below the high watermark: nobody owes anything any more."""
        self.owed = False

    def here(self) -> int:
        """Run the clean-up for the calling thread unless it has; how much was released.

        What the clean-up raises is logged: the caller is about something else.
        """
        thread = threading.get_ident()
        if not self.owed or thread in self._served:
            return 0
        self._served.add(thread)
        try:
            released = self._cleanup()
        except Exception:  # foreign code, and the caller did not ask for it
            log.exception("the clean-up for memory pressure failed")
            return 0
        log.info("over the memory threshold: the clean-up of this thread released %s", released)
        return released
