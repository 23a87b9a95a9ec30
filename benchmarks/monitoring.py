"""What watching the memory ten times a second costs a program that loads a workbook.

Wall time says little here: between two loads of the same file it varies by more
than the two hundredths that are asked about. Processor time of the process does
not count the waiting for other programs. Each round loads with, without, without
and with the monitor, or the other way round, so that a machine that becomes slower
within a round weighs on both; and the collector runs before each load.
"""

from __future__ import annotations

import gc
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import openpyxl

from benchmarks.timing import Figure
from benchmarks.workbooks import make_sheet
from budgetinator.memory import MemoryMonitor

ROUNDS = 16
HERTZ = 10
ROWS, COLUMNS = 4_000, 20
RESAMPLINGS = 2_000
SAMPLES = 5_000
REACH = 1.02


def monitoring() -> Iterator[Figure]:
    """The processor time of a load with the monitor, as a ratio; and of one sample."""
    with tempfile.TemporaryDirectory() as folder:
        path = make_sheet(Path(folder) / "plan.xlsx", rows=ROWS, columns=COLUMNS)
        ratios = _ratios(lambda: openpyxl.load_workbook(path))
    ratio, (least, most) = statistics.median(ratios), _confidence(ratios)
    yield Figure(
        f"processor time of an openpyxl load with {HERTZ} Hz monitoring",
        f"{ratio:.3f} × without (95 %: {least:.3f} to {most:.3f})",
        f"≤ {REACH}",
        ratio <= REACH,
    )
    each = _seconds_a_sample()
    yield Figure(
        "one sample of the monitor, called in a loop",
        f"{1e6 * each:.1f} µs, {100 * HERTZ * each:.3f} % of a processor at {HERTZ} Hz",
        f"≤ {100 * (REACH - 1):.0f} %",
        HERTZ * each <= REACH - 1,
    )


def _ratios(load: Callable[[], object]) -> list[float]:
    """With the monitor by without, a ratio for each round."""
    _seconds(load, watched=True)
    ratios = []
    for number in range(ROUNDS):
        with_first = number % 2 == 0
        spent = {True: 0.0, False: 0.0}
        for watched in (with_first, not with_first, not with_first, with_first):
            spent[watched] += _seconds(load, watched=watched)
        ratios.append(spent[True] / spent[False])
    return ratios


def _seconds(load: Callable[[], object], *, watched: bool) -> float:
    """Processor time of the whole process, the sampling thread included."""
    monitor = MemoryMonitor()
    gc.collect()
    if watched:
        monitor.start_monitoring(1 / HERTZ)
    began = time.process_time()
    load()
    spent = time.process_time() - began
    monitor.close()
    return spent


def _confidence(ratios: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the median, by drawing anew from the rounds."""
    draw = random.Random(1)
    medians = sorted(
        statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(RESAMPLINGS)
    )
    return medians[RESAMPLINGS // 40], medians[-RESAMPLINGS // 40 - 1]


def _seconds_a_sample() -> float:
    monitor = MemoryMonitor()
    began = time.process_time()
    for _ in range(SAMPLES):
        monitor._sample()
    return (time.process_time() - began) / SAMPLES
