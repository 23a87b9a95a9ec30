"""One function over many workbooks in one and in two processes; memory for few and many files."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.timing import Figure
from benchmarks.workbooks import make_budget
from budgetinator import map_workbooks
from budgetinator.runtime import close_default_runtime

__all__ = ["mapping"]

FILES = 24
ROUNDS = 5
FEW = 8
MANY = 96
MB = 2**20


def edit(path: Path) -> int:
    """Load a budget by openpyxl, change a rate in each sheet, save it: what a script does."""
    from budgetinator import excel_context

    with excel_context(path, save=True) as workbook:
        for sheet in workbook.worksheets:
            if "-" in sheet.title:  # a partner's
                sheet["D7"] = sheet["D7"].value + 1
        return len(workbook.worksheets)


def mapping() -> Iterator[Figure]:
    """The two take turns; medians over the rounds are compared."""
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        files = _files(Path(folder), MANY)
        seconds: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(ROUNDS):
            for workers, taken in seconds.items():
                began = time.perf_counter()
                _run(files[:FILES], workers)
                taken.append(time.perf_counter() - began)
        ratios = [one / two for one, two in zip(seconds[1], seconds[2], strict=True)]
        ratio = statistics.median(ratios)
        yield Figure(
            f"{FILES} budgets edited and saved by openpyxl's API, two processes on {cores} cores",
            f"{ratio:.2f} times one process ({min(ratios):.2f} to {max(ratios):.2f}); "
            f"{statistics.median(seconds[2]):.1f} s",
            "≥ 1.8",
            ratio >= 1.8,
        )
        few, many = _peak(files[:FEW]), _peak(files)
        yield Figure(
            f"most memory at once, of the program and its processes, {MANY} files against {FEW}",
            f"{many / MB:.0f} MB against {few / MB:.0f} MB",
            "≤ 1.1 times",
            many <= 1.1 * few,
        )
    close_default_runtime()


def _files(folder: Path, count: int) -> list[Path]:
    first = make_budget(folder / "0.xlsx", partners=6)
    files = [first, *(folder / f"{number}.xlsx" for number in range(1, count))]
    for path in files[1:]:
        shutil.copyfile(first, path)
    return files


def _run(files: list[Path], workers: int) -> None:
    with map_workbooks(edit, files, workers=workers) as outcomes:
        for outcome in outcomes:
            outcome.unwrap()


def _peak(files: list[Path]) -> int:
    """The most that this process and its children had for themselves, 50 looks a second."""
    found = [0]
    is_done = threading.Event()

    def watch() -> None:
        while not is_done.wait(0.02):
            found.append(_private())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        _run(files, 2)
    finally:
        is_done.set()
        watching.join()
    return max(found)


def _private() -> int:
    own = psutil.Process()
    total = 0
    for process in [own, *own.children()]:
        try:
            memory = process.memory_info()
        except psutil.NoSuchProcess:
            continue
        total += memory.rss - memory.shared
    return total
