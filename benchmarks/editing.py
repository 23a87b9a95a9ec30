"""One cell of a budget of 22 sheets is changed and saved: ours against plain openpyxl."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl

from benchmarks.timing import Figure, interleaved, median_ratio
from benchmarks.workbooks import make_budget, make_sheet
from budgetinator import ExcelManager, excel_context

ROUNDS = 9


def editing() -> Iterator[Figure]:
    """Whole saves, each with its lock, verification, fsync and journal row."""
    with tempfile.TemporaryDirectory() as folder:
        budget = make_budget(Path(folder) / "budget.xlsx", partners=20)
        yield from _compare(budget, "P7-ACRO07", "22-sheet budget", (20.0, 60.0))
        large = make_sheet(Path(folder) / "large.xlsx", rows=10_000, columns=20)
        yield from _compare(large, "Data", "200,000 cells in one sheet", (None, 50.0), rounds=3)


def _compare(
    path: Path,
    sheet: str,
    what: str,
    reach: tuple[float | None, float],
    rounds: int = ROUNDS,
) -> Iterator[Figure]:
    size = path.stat().st_size // 1024
    candidates: dict[str, Callable[[], object]] = {
        "openpyxl": lambda: _by_openpyxl(path, sheet),
        "set_cells": lambda: _by_set_cells(path, sheet),
    }
    by_api, by_cells = reach
    if by_api is not None:
        candidates["workbook"] = lambda: _by_workbook(path, sheet)
    seconds = interleaved(candidates, rounds)
    if by_api is not None:
        ratio = median_ratio(seconds, "openpyxl", "workbook")
        yield Figure(
            f"{what} ({size} KB): open, change one cell, save, by openpyxl's API",
            f"{ratio:.2f} × as fast as openpyxl",
            f"≥ {by_api:g}",
            ratio >= by_api,
        )
    ratio = median_ratio(seconds, "openpyxl", "set_cells")
    yield Figure(
        f"{what} ({size} KB): the same by `set_cells`",
        f"{ratio:.1f} × as fast as openpyxl",
        f"≥ {by_cells:g}",
        ratio >= by_cells,
    )


def _by_openpyxl(path: Path, sheet: str) -> None:
    workbook = openpyxl.load_workbook(path)
    workbook[sheet]["D7"] = 5_432.1
    workbook.save(path)


def _by_workbook(path: Path, sheet: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with excel_context(str(path), save=True) as workbook:
            workbook[sheet]["D7"] = 5_432.1


def _by_set_cells(path: Path, sheet: str) -> None:
    with ExcelManager(str(path)) as manager:
        manager.set_cells({f"'{sheet}'!D7": 5_432.1})
        manager.save()
