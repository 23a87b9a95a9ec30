"""Runs cycles in a window offscreen, and prints what they left as JSON.

`python -m tests.gui.cycles.program FOLDER CYCLES SEED [CORPUS FILE]`
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"  # before Qt is imported

from budgetinator.budgets import write_sample
from budgetinator.memory.states import compare, dump
from budgetinator.runtime import close_default_runtime
from tests.gui.cycles.counting import Series, exact_counts, rounds_of
from tests.gui.cycles.cycle import Bags, draw, run, tour
from tests.gui.cycles.desk import Desk, desk_in

BUDGET, OTHER, BROKEN = "budget.xlsx", "other.xlsx", "broken.xlsx"
TO_EXPLAIN = 12
SHOWN = 12


class Heard(logging.Handler):
    """The warnings of a run, each once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: dict[str, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.levelname} {record.name}: {record.msg}"
        self.said[text] = self.said.get(text, 0) + 1


class Cycles:
    """Draws cycles and runs them; `left` tells which of them left what is counted exactly."""

    def __init__(self, desk: Desk, trace: Callable[[str], object]) -> None:
        self._desk = desk
        self._trace = trace
        others = tuple(name for name in desk.masters if name != BROKEN)
        self._bags = Bags(others, BROKEN, desk.dice)
        self.left: list[str] = []
        self.count = 0
        for each in tour(others, BROKEN):
            self._trace(f"tour: {each}")
            run(desk, each)
            self.count += 1
        self._known: dict[str, int] = {}

    def begin(self) -> None:
        """What there is now is what there must be after each cycle."""
        self._known = dict(exact_counts(self._desk))

    def next(self) -> None:
        """One more."""
        cycle = draw(self._bags)
        self.count += 1
        self._trace(f"{self.count}: {cycle}")
        run(self._desk, cycle)
        now = dict(exact_counts(self._desk))
        more = {k: (was, now[k]) for k, was in self._known.items() if now[k] > was}
        if more:
            self.left.append(f"cycle {self.count} ({cycle}): {more}")
            self._known = {k: max(was, now[k]) for k, was in self._known.items()}


def main(folder: Path, cycles: int, seed: int, corpus_file: Path | None) -> dict[str, Any]:
    """Make the workbooks and the window, run the cycles, take all down; the report."""
    heard = Heard()
    logging.getLogger().addHandler(heard)
    masters = make_masters(folder, corpus_file)
    trace = tracer(folder / "trace.txt")
    with desk_in(folder, masters, seed) as desk:
        began = time.perf_counter()
        running = Cycles(desk, trace)
        toured = time.perf_counter() - began
        series = Series(desk)
        series.take(0)  # once for nothing: looking at a thing of Qt makes its other half in Python
        running.begin()
        taken, findings = rounds_of(running.next, series, cycles, trace)
        explained = explain(running) if findings else []
        held = desk.runtime.service.get_statistics()["active_resources"]
        seconds = time.perf_counter() - began
    return {
        "cycles": running.count,
        "seconds": round(seconds, 1),
        "tour seconds": round(toured, 1),
        "findings": [
            f"{each.counter}: {', '.join(f'{g:+.3g}' for g in each.growth)} a cycle in each round,"
            f" p {each.p:.1g}"
            for each in findings
        ],
        "explained": explained,
        "left": running.left,
        "readings": taken,
        "resident": [each // 1024 for each in series.resident],
        "resources at the end": held,
        "held after the end": desk.runtime.leftovers(),
        "warnings": heard.said,
    }


def make_masters(folder: Path, corpus_file: Path | None) -> dict[str, Path]:
    """The sample consortium, somebody's real workbook, and half of the sample."""
    sample = folder / "sample.xlsx"
    write_sample(sample)
    close_default_runtime()
    broken = folder / "broken.xlsx"
    broken.write_bytes(sample.read_bytes()[: sample.stat().st_size // 2])
    other = OTHER if corpus_file is None else f"other{corpus_file.suffix}"
    return {BUDGET: sample, other: corpus_file or sample, BROKEN: broken}


def tracer(file: Path) -> Callable[[str], object]:
    """Writes what is about to be done, for whoever finds that it was not done."""

    def write(line: str) -> None:
        with file.open("a") as out:
            out.write(f"{time.strftime('%X')} {line}\n")

    return write


def explain(running: Cycles) -> list[str]:
    """What is kept by some cycles more, and what holds it."""
    gc.unfreeze()  # nobody would be seen to hold anything: what the window consists of is frozen
    before = dump("before", {})
    for _ in range(TO_EXPLAIN):
        running.next()
    kept = compare(before, dump("after", {}, earlier=(before,)))
    lines = [
        f"{grown['count_delta']} {grown['type']}: {held}"
        for grown in kept["types"][:SHOWN]
        for held in (grown["held_by"] or ["?"])[:2]
    ]
    lines += [f"open: {each['path']}" for each in kept["descriptors"]]
    return [*lines, *(f"runs: {name}" for name in kept["threads"])]


if __name__ == "__main__":
    given = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), given)))  # noqa: T201
