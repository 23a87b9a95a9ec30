"""One measurement in a window of its own, offscreen: `python -m gui.measuring WHAT FILE`.

Prints one JSON object. The process has measured nothing before, so its memory is that of a
window that was just started.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import psutil
from PySide6.QtCore import QEvent, QObject, Qt, QTimer

from budgetinator.config import load_settings
from budgetinator.runtime import Runtime, make_runtime
from gui.application import make_application
from gui.door import make_window
from gui.main_window import MainWindow
from gui.tabs.workbook import WorkbookTab
from gui.waiting import settle, wait_until

ROUNDS = 5
CYCLES = 100
WARM_UP = 10
TICK = 5  # ms


class Ticks(QObject):
    """The longest time, in seconds, for which the event loop did not come to a 5 ms timer."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self.gaps.clear()
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> float:
        self._tick()
        self._timer.stop()
        return max(self.gaps) - TICK / 1000

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(now - self._last)
        self._last = now


class FirstPaint(QObject):
    """When the cells of a tab were first painted with the first row at hand."""

    def __init__(self, tab: WorkbookTab) -> None:
        super().__init__()
        self._tab = tab
        self.at: float | None = None
        tab.grid.viewport().installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if event.type() == QEvent.Type.Paint and self.at is None and self._tab.model.is_here(1):
            # The filter is asked before the painting: the next turn of the loop is after it.
            QTimer.singleShot(0, self._painted)
            self._tab.grid.viewport().removeEventFilter(self)
        return False

    def _painted(self) -> None:
        self.at = time.perf_counter()


def opening(window: MainWindow, path: str) -> dict[str, Any]:
    """Seconds to the first painted values, and the longest hold while it opens and is scrolled.

    The first is a median, the second the worst of all.
    """
    spare = window.runtime.host_spare
    warm, cold = [], []
    for _ in range(ROUNDS):
        spare.warm()
        wait_until(lambda: spare.is_warm)
        settle(800)  # it is there at once, and imports for a while
        warm.append(_opened(window, path))
        window.tabs.close_current()
    spare.close()
    for _ in range(ROUNDS):
        cold.append(_opened(window, path))
        if len(cold) < ROUNDS:
            window.tabs.close_current()
    ticks = Ticks()
    ticks.start()
    tab = window.workbooks()[0]
    for row in range(1, tab.model.rowCount(), max(1, tab.model.rowCount() // 20)):
        tab.grid.go_to(row, 1)
        settle(30)
    return {"warm": _summed(warm), "cold": _summed(cold), "scrolling": ticks.stop()}


def _summed(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {
        "first": statistics.median(each["first"] for each in rounds),
        "held": max(each["held"] for each in rounds),
    }


def _opened(window: MainWindow, path: str) -> dict[str, float]:
    ticks = Ticks()
    ticks.start()
    start = time.perf_counter()
    window.open_files([path])
    tab = window.workbooks()[0]
    paint = FirstPaint(tab)
    wait_until(lambda: paint.at is not None)
    assert paint.at is not None
    settle(1_500)
    return {"first": paint.at - start, "held": ticks.stop()}


def memory(window: MainWindow, path: str) -> dict[str, Any]:
    """Bytes of the window alone before, with and after a workbook, and of its process."""
    settle(500)
    _once(window, path)
    before = _own()
    window.open_files([path])
    tab = window.workbooks()[0]
    wait_until(lambda: tab.is_open and tab.model.is_here(1))
    for title in [sheet.title for sheet in tab.host.sheets] if tab.host else ():
        tab.show_sheet(title)
        tab.grid.go_to(max(1, tab.model.rowCount() - 50), 1)
        settle(150)
    assert tab.host is not None
    held = psutil.Process(tab.host.pid).memory_full_info().uss
    with_it = _own()
    start = time.perf_counter()
    window.tabs.close_current()
    seconds = time.perf_counter() - start
    settle(1_500)
    return {
        "before": before,
        "with": with_it,
        "host": held,
        "after": _own(),
        "closing": seconds,
    }


def cycles(window: MainWindow, path: str) -> dict[str, Any]:
    """What a hundred openings and closings leave."""
    for _ in range(WARM_UP):
        _once(window, path)
    before = _state(window)
    for _ in range(CYCLES):
        _once(window, path)
    after = _state(window)
    return {name: after[name] - before[name] for name in before}


def idle(window: MainWindow, path: str) -> dict[str, Any]:
    """The share of a core that a window with an open workbook takes when nothing is done."""
    window.open_files([path])
    tab = window.workbooks()[0]
    wait_until(lambda: tab.is_open and tab.model.is_here(1))
    settle(2_000)
    process = psutil.Process()
    before = sum(process.cpu_times()[:2])
    settle(5_000)
    return {"share": (sum(process.cpu_times()[:2]) - before) / 5}


def _once(window: MainWindow, path: str) -> None:
    window.open_files([path])
    tab = window.workbooks()[0]
    wait_until(lambda: tab.is_open and tab.model.is_here(1))
    window.tabs.close_current()
    settle(5)


def _state(window: MainWindow) -> dict[str, int]:
    settle(200)
    gc.collect()
    settle(50)
    process = psutil.Process()
    return {
        "widgets and other Qt objects": len(window.findChildren(QObject)),
        "threads": process.num_threads(),
        "processes": len(process.children(recursive=True)),
        "descriptors": process.num_fds(),
        "bytes": _own(),
    }


def _own() -> int:
    gc.collect()
    settle(100)
    own: int = psutil.Process().memory_full_info().uss
    return own


MEASURES: dict[str, Callable[[MainWindow, str], dict[str, Any]]] = {
    "opening": opening,
    "memory": memory,
    "cycles": cycles,
    "idle": idle,
}


def main(what: str, path: str) -> int:
    """Measure in a new window, and print what came out."""
    overrides = {"resources.state_dir": str(Path(path).parent / "state")}
    with make_runtime(load_settings(overrides=overrides)) as runtime:
        print(json.dumps(_measured(runtime, what, path)))  # noqa: T201  a program of its own
    return 0


def _measured(runtime: Runtime, what: str, path: str) -> dict[str, Any]:
    with make_application(runtime=runtime, signals=False) as application:
        window = make_window(application)
        settle(300)
        try:
            return MEASURES[what](window, path)
        finally:
            window.cleanup()
            window.close()
            window.deleteLater()
            settle(50)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
