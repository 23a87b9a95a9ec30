"""The two costly modes of `profile_operation`: allocating lines, and a memray file.

tracemalloc made an openpyxl load 3.7 times slower and is therefore on only
while an operation asks for it; memray is an extra.
"""

from __future__ import annotations

import importlib
import tempfile
import threading
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from budgetinator.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from budgetinator.memory.types import AllocatingLine

__all__ = ["DeepTrace", "LineTrace", "ProfileMode", "Trace", "TracedProcess", "trace_factory"]

ProfileMode = Literal["memory", "python", "deep"]
MEBIBYTE = 1024 * 1024
LINES = 10


class Trace(Protocol):
    """What runs along with a profiled call."""

    lines: tuple[AllocatingLine, ...]
    file: str | None

    def start(self) -> None: ...

    def stop(self) -> None: ...


class TracedProcess:
    """Whether tracemalloc runs: the last user stops it, and only if the first one began it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._ours = False

    def begin(self) -> None:
        """Have tracemalloc run, with one frame an allocation."""
        with self._lock:
            self._users += 1
            if not tracemalloc.is_tracing():
                tracemalloc.start(1)
                self._ours = True

    def end(self) -> None:
        """Say that one user has ended."""
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._ours:
                self._ours = False
                tracemalloc.stop()


class LineTrace:
    """The lines whose allocations were still held at the end, most bytes first."""

    def __init__(self, process: TracedProcess) -> None:
        self._process = process
        self._before: tracemalloc.Snapshot | None = None
        self.lines: tuple[AllocatingLine, ...] = ()
        self.file: str | None = None

    def start(self) -> None:
        self._process.begin()
        self._before = tracemalloc.take_snapshot()

    def stop(self) -> None:
        try:
            if self._before is not None and tracemalloc.is_tracing():
                after = tracemalloc.take_snapshot()
                self.lines = _grown_lines(self._before, after)
        finally:
            self._before = None
            self._process.end()


def _grown_lines(
    before: tracemalloc.Snapshot, after: tracemalloc.Snapshot
) -> tuple[AllocatingLine, ...]:
    ours = tracemalloc.Filter(False, str(Path(__file__).parent / "*"))
    tracing = tracemalloc.Filter(False, tracemalloc.__file__)
    filters = (ours, tracing)
    grown = after.filter_traces(filters).compare_to(before.filter_traces(filters), "lineno")
    return tuple(
        {
            "file": each.traceback[0].filename,
            "line": each.traceback[0].lineno,
            "size_mb": each.size_diff / MEBIBYTE,
            "count": each.count_diff,
        }
        for each in grown[:LINES]
        if each.size_diff > 0
    )


class DeepTrace:
    """A memray recording in a new file of the temp folder; the file is the caller's to delete."""

    def __init__(self, memray: Any) -> None:
        self._memray = memray
        self._tracker: Any = None
        self.lines: tuple[AllocatingLine, ...] = ()
        self.file: str | None = None

    def start(self) -> None:
        folder = tempfile.mkdtemp(prefix="budgetinator-memray-")
        self.file = str(Path(folder, "operation.bin"))
        tracker = self._memray.Tracker(self.file)
        try:
            tracker.__enter__()
        except RuntimeError as error:
            Path(self.file).unlink(missing_ok=True)
            Path(folder).rmdir()
            self.file = None
            raise MonitorError(
                "memray records one operation at a time, and another one is being recorded;"
                " profile them one after the other"
            ) from error
        self._tracker = tracker

    def stop(self) -> None:
        if self._tracker is not None:
            self._tracker.__exit__(None, None, None)
            self._tracker = None


def trace_factory(mode: ProfileMode, process: TracedProcess) -> Callable[[], Trace] | None:
    """What makes a trace for each call in this mode; None for "memory", which needs none.

    Raises MonitorError for an unknown mode, and for "deep" without memray.
    """
    if mode == "memory":
        return None
    if mode == "python":
        return lambda: LineTrace(process)
    if mode != "deep":
        raise MonitorError(f'the profile mode {mode!r} is none of "memory", "python" and "deep"')
    try:
        memray = importlib.import_module("memray")
    except ImportError as error:
        raise MonitorError(
            'the profile mode "deep" needs memray, which is not installed;'
            ' install it with: pip install "budgetinator[deep]"'
        ) from error
    return lambda: DeepTrace(memray)
