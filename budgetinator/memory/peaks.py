"""The highest resident memory between two moments, for many spans at once.

Linux keeps one high-water mark a process (VmHWM, proc(5)) and sets it back to
the present size when 5 is written to /proc/self/clear_refs. Setting it back
for a new span would take the peak away from every span that is already open,
so the mark is read first and carried on to all of them.

The mark belongs to the process, and two monitors that each set it back
without knowing of the other would spoil each other's peaks. The meter is
therefore one a process, made at first use by `process_meter`. Rejected: one
meter a monitor, which is wrong as soon as a test and a runtime both measure.

Where the mark cannot be set back, a thread reads the size 50 times a second
while a span is open; a peak shorter than that can be missed, unless it is the
highest of the process so far, which the system remembers.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from typing import TYPE_CHECKING, Literal, Protocol

import psutil

from budgetinator.memory.sampling import Ticker

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ForkAwareLock", "PeakMeter", "PeakMethod", "Watched", "process_meter"]

PeakMethod = Literal["vmhwm", "sampled"]
SAMPLING_SECONDS = 1 / 50
STATUS_BYTES = 8192


class Watched(Protocol):
    """What the meter keeps a peak for; bytes."""

    peak: int
    shared: bool

    def lineage(self) -> Iterator[Watched]:
        """Itself, then its parents, innermost first."""


class PeakSource(Protocol):
    """Where sizes come from."""

    @property
    def method(self) -> PeakMethod: ...

    def read(self) -> tuple[int, int]:
        """The resident size now, and the highest since the last `reset`; bytes."""

    def reset(self) -> None:
        """Begin a new highest at the present size."""


class ForkAwareLock:
    """A reentrant lock that a forked child finds free, whoever held it in the parent.

    Reentrant, because a collection may run a destructor that is itself measured.
    """

    def __init__(self) -> None:
        self._renew()

    def _renew(self) -> None:
        self._lock = threading.RLock()
        self._pid = os.getpid()

    def __enter__(self) -> None:
        if self._pid != os.getpid():
            self._renew()
        self._lock.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self._lock.release()


class HighWaterMark:
    """VmHWM of this process.

    The files are opened anew each time: a fork would read and reset its parent's.
    """

    method: PeakMethod = "vmhwm"

    def read(self) -> tuple[int, int]:
        descriptor = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
        try:
            status = os.read(descriptor, STATUS_BYTES)
        finally:
            os.close(descriptor)
        mark = status.index(b"VmHWM:")
        high, _, rest = status[mark + 6 :].partition(b"kB\nVmRSS:")
        rss = int(rest[: rest.index(b"kB")]) * 1024
        return rss, max(rss, int(high) * 1024)

    def reset(self) -> None:
        descriptor = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, b"5")
        finally:
            os.close(descriptor)


class SampledSize:
    """The resident size as psutil gives it, and the system's lifetime peak when it rises."""

    method: PeakMethod = "sampled"

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._lifetime = self._lifetime_peak()

    def read(self) -> tuple[int, int]:
        rss = int(self._process.memory_info().rss)
        lifetime = self._lifetime_peak()
        return rss, max(rss, lifetime) if lifetime > self._lifetime else rss

    def reset(self) -> None:
        self._lifetime = self._lifetime_peak()

    def _lifetime_peak(self) -> int:
        if sys.platform == "win32":
            return int(self._process.memory_info().peak_wset)
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def peak_source() -> HighWaterMark | SampledSize:
    """The exact source where the system lets us set its mark back, else the sampled one."""
    exact = HighWaterMark()
    try:
        exact.read()
        exact.reset()
    except (OSError, ValueError):
        return SampledSize()
    return exact


class PeakMeter:
    """Keeps the peak of every open span; safe to use from any thread and after a fork."""

    def __init__(self, source: PeakSource | None = None) -> None:
        self._source: PeakSource = source or peak_source()
        self._lock = ForkAwareLock()
        self._open: dict[int, Watched] = {}
        self._pid = os.getpid()
        self._highest = 0
        self._ticker: Ticker | None = None

    @property
    def method(self) -> PeakMethod:
        """How peaks are found: exactly by "vmhwm", or "sampled" 50 times a second."""
        return self._source.method

    def open(self, watched: Watched) -> int:
        """Begin a peak for `watched`; returns the resident size now, in bytes.

        Whatever is open already and is neither its ancestor nor its descendant
        shares memory with it from now on: both are flagged.
        """
        with self._lock:
            self._drop_parents_spans()
            rss = self._fold()
            self._flag_shared(watched)
            self._source.reset()
            watched.peak = rss
            self._open[id(watched)] = watched
            if self._source.method == "sampled" and self._ticker is None:
                self._ticker = Ticker(SAMPLING_SECONDS, self.fold, name="budgetinator-peaks")
                self._ticker.start()
        return rss

    def close(self, watched: Watched) -> int:
        """End the peak of `watched`; returns the resident size now, in bytes."""
        with self._lock:
            self._drop_parents_spans()
            rss = self._fold()
            self._open.pop(id(watched), None)
            idle = None if self._open else self._ticker
            if idle is not None:
                self._ticker = None
        if idle is not None:
            idle.stop()
        return rss

    def fold(self) -> None:
        """Carry the highest size since the last reading on to every open span."""
        with self._lock:
            self._fold()

    def resident(self) -> int:
        """The resident size now; bytes."""
        with self._lock:
            return self._fold()

    def lifetime_peak(self) -> int:
        """The highest resident size of the process, although spans set the mark back; bytes."""
        with self._lock:
            self._fold()
            return self._highest

    def _fold(self) -> int:
        rss, high = self._source.read()
        self._highest = max(self._highest, high)
        for other in tuple(self._open.values()):
            if high > other.peak:
                other.peak = high
        return rss

    def _flag_shared(self, watched: Watched) -> None:
        if not self._open:
            return
        lineage = {id(each) for each in watched.lineage()}
        for key, other in tuple(self._open.items()):
            if key not in lineage:
                other.shared = watched.shared = True

    def _drop_parents_spans(self) -> None:
        """In a forked child: what the parent has open, and its ticker, are not ours."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._open.clear()
            self._ticker = None


@functools.cache
def process_meter() -> PeakMeter:
    """The one meter of this process; see the head of this module for why there is one."""
    return PeakMeter()
