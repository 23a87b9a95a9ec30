"""What is counted between cycles, and the leak rule over it.

The rule is that of `budgetinator.memory`: twelve readings in the first round, and what rises
in it must go on rising through two more, each half as long again. What it is run on differs:
cycles that were drawn, and the things of Qt and of the service beside the process's counters.
"""

from __future__ import annotations

import functools
import gc
import re
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QObject, QThread, QTimer
from PySide6.QtGui import QPixmapCache
from PySide6.QtWidgets import QApplication

from budgetinator.memory.counting import Counters
from budgetinator.memory.readings import resident_bytes
from budgetinator.memory.trends import FLOORS, SIGNIFICANCE, fades, trend
from gui.workers import PARK
from tests.gui.cycles.desk import Desk
from tests.support.probes import children

__all__ = ["EXACT", "READINGS", "Finding", "Series", "exact_counts", "rounds_of"]

READINGS = 12
ROUNDS = 3
GROWTH = 1.5
FLOOR = 0.02
"""For what is counted exactly: one that is left by one cycle in fifty."""
KEPT_BY_QT = 4096
"""Bytes of the C allocator. Qt 6.11 keeps 0.8 to 1.3 kB of each QTableView with headers that was
shown and deleted, in a program of nothing else as well; a cycle has up to two tabs, and they are
opened several times."""
KEPT_OF_A_CLASS = {"objects": 2, "blocks": 5}
"""Shiboken 6.11 keeps a weak reference and a tuple of each class that was derived from one of Qt's,
in a program of nothing else as well: each loading of a plugin makes its classes anew."""
KEPT_OF_CONNECTIONS = 12
"""Blocks. PySide 6.11 keeps a text of 53 bytes with each connection to a slot of Qt's own, as to
`widget.hide`; a tab has four of them, and a cycle has up to two tabs."""
_FLOORS = {**FLOORS, "heap": KEPT_BY_QT, "blocks": KEPT_OF_CONNECTIONS}
EXACT = ("widgets", "Qt threads", "timers", "workers", "resources", "components", "children")


class Series:
    """Twelve readings of every counter, in memory that is there already."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counters = Counters(READINGS)
        self._exact = {name: array("q", bytes(8 * READINGS)) for name in (*EXACT, "objects of Qt")}
        self.resident = array("q", bytes(8 * READINGS))

    def take(self, place: int) -> None:
        """Count everything but what caches hold, which take hundreds of cycles to fill."""
        _empty_caches()
        self._counters.take(place)
        for name, kept in KEPT_OF_A_CLASS.items():
            self._counters.series[name][place] -= kept * sum(self._desk.classes)
        for name, count in (*exact_counts(self._desk), ("objects of Qt", _objects(self._desk))):
            self._exact[name][place] = count
        self.resident[place] = resident_bytes()

    @property
    def all(self) -> dict[str, array[int]]:
        return {**self._counters.series, **self._exact}


def exact_counts(desk: Desk) -> Iterator[tuple[str, int]]:
    """What must be as many after each cycle as before it."""
    service = desk.runtime.service
    yield "widgets", len(QApplication.allWidgets())
    yield "Qt threads", len(_wrapped(QThread))
    yield "timers", _timers(desk)
    yield "workers", len(PARK._held)
    yield "resources", int(service.get_statistics()["active_resources"])
    yield "components", len(service.snapshot().components)
    yield "children", len(children())


def _empty_caches() -> None:
    """Texts and their widths, pixmaps that Qt has painted, and the last 4,096 attributes' names."""
    QPixmapCache.clear()
    re.purge()
    for name, module in tuple(sys.modules.items()):
        if name.partition(".")[0] in ("gui", "budgetinator"):
            for each in tuple(vars(module).values()):
                if isinstance(each, functools._lru_cache_wrapper):
                    each.cache_clear()
    clear = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
    clear()


def _wrapped(kind: type[QObject]) -> list[QObject]:
    """Those that Python has seen; `isinstance` would ask proxies, and wake what they stand for."""
    found = [each for each in gc.get_objects() if issubclass(type(each), kind)]
    return [each for each in found if shiboken6.isValid(each)]


def _timers(desk: Desk) -> int:
    """Those of the window, and those of nobody: of Qt's own timers Python sees some at times."""
    free = [each for each in _wrapped(QTimer) if each.parent() is None]
    return len(desk.window.findChildren(QTimer)) + len(free)


def _objects(desk: Desk) -> int:
    return len(desk.window.findChildren(QObject))


@dataclass(frozen=True, slots=True)
class Finding:
    """A counter that rose in every round: growth a cycle in each, and chance in the first."""

    counter: str
    growth: tuple[float, ...]
    p: float


def rounds_of(
    cycle: Callable[[], object], series: Series, cycles: int, tell: Callable[[str], object]
) -> tuple[list[dict[str, list[int]]], list[Finding]]:
    """Run about so many cycles, and further rounds if there is a suspicion; all readings."""
    calls = -(-cycles // READINGS)
    taken = [_round(cycle, series, calls)]
    suspected = _risen(taken[0], calls, {})
    tell(f"first round: {taken[0]}, risen: {suspected}")
    while suspected and len(taken) < ROUNDS:
        calls = max(calls + 1, int(calls * GROWTH))
        taken.append(_round(cycle, series, calls))
        tell(f"a round: {taken[-1]}, risen: {suspected}")
        suspected = _risen(taken[-1], calls, suspected)
    return taken, list(suspected.values())


def _round(cycle: Callable[[], object], series: Series, calls: int) -> dict[str, list[int]]:
    for place in range(READINGS):
        for _ in range(calls):
            cycle()
        series.take(place)
    return {name: list(values) for name, values in series.all.items()}


def _risen(
    taken: dict[str, list[int]], calls: int, before: dict[str, Finding]
) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    made = [calls * place for place in range(READINGS)]
    for counter, values in taken.items():
        known = before.get(counter)
        if before and known is None:
            continue
        rise = trend(made, values)
        growth = (*(known.growth if known else ()), rise.slope)
        if rise.slope > _FLOORS.get(counter, FLOOR) and rise.p < SIGNIFICANCE and not fades(growth):
            found[counter] = Finding(counter, growth, known.p if known else rise.p)
    return found
