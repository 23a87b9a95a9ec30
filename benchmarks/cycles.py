"""Open, edit, close, two hundred times: descriptors and objects must not grow."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from benchmarks.timing import Figure
from benchmarks.workbooks import make_budget
from budgetinator import ExcelManager, excel_context, read_only_excel_context
from budgetinator.runtime import close_default_runtime

CYCLES = 200
WARM_UP = 20


def cycles() -> Iterator[Figure]:
    """The growth over 200 cycles after 20 for warming up, of each way to use a workbook."""
    with tempfile.TemporaryDirectory() as folder:
        path = make_budget(Path(folder) / "budget.xlsx", partners=3)
        ways: dict[str, Callable[[], None]] = {
            "excel_context, edited and saved": lambda: _edit(path),
            "read_only_excel_context, all values read": lambda: _read(path),
            "ExcelManager.set_cells, saved": lambda: _set(path),
        }
        for name, cycle in ways.items():
            descriptors, objects, megabytes = growth(cycle)
            yield Figure(
                f"{CYCLES} cycles: {name}",
                f"{descriptors:+d} descriptors, {objects:+d} objects, {megabytes:+.1f} MB resident",
                "0 descriptors, 0 objects",
                descriptors == 0 and objects <= 0,
            )
        close_default_runtime()


def growth(cycle: Callable[[], None]) -> tuple[int, int, float]:
    """How many descriptors, collector-tracked objects and megabytes more there are."""
    for _ in range(WARM_UP):
        cycle()
    before = _state()
    for _ in range(CYCLES):
        cycle()
    after = _state()
    return after[0] - before[0], after[1] - before[1], (after[2] - before[2]) / 2**20


def _state() -> tuple[int, int, int]:
    gc.collect()
    process = psutil.Process(os.getpid())
    return process.num_fds(), len(gc.get_objects()), process.memory_info().rss


def _edit(path: Path) -> None:
    with excel_context(str(path), save=True) as workbook:
        workbook["P2-ACRO02"]["D7"] = 5_100


def _read(path: Path) -> None:
    with read_only_excel_context(str(path)) as workbook:
        for sheet in workbook.worksheets:
            for _row in sheet.iter_rows(values_only=True):
                pass


def _set(path: Path) -> None:
    with ExcelManager(str(path)) as manager:
        manager.set_cells({"P2-ACRO02!D7": 5_200})
        manager.save()
