"""One cell is changed and saved: ours against plain openpyxl and against wolfxl.

Every save of ours has its lock, its journal row, its verification and its fsync; theirs
have none. wolfxl is compared where it is installed (the extra `bench`).
"""

from __future__ import annotations

import importlib.util
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import openpyxl

from benchmarks.timing import Figure, interleaved, median_ratio
from benchmarks.workbooks import make_budget, make_sheet, make_sheets
from budgetinator import ExcelManager, excel_context

__all__ = ["HAS_WOLFXL", "NO_WOLFXL", "editing"]

ROUNDS = 9
HAS_WOLFXL = importlib.util.find_spec("wolfxl") is not None
NO_WOLFXL = "wolfxl is not installed: pip install 'budgetinator[bench]'"

Candidates = dict[str, Callable[[], object]]
Seconds = Mapping[str, list[float]]


def editing() -> Iterator[Figure]:
    """A budget of 22 sheets, a large sheet, and one sheet of twenty large ones."""
    with tempfile.TemporaryDirectory() as folder:
        budget = make_budget(Path(folder) / "budget.xlsx", partners=20)
        yield from _budget(budget, "P7-ACRO07")
        large = make_sheet(Path(folder) / "large.xlsx", rows=10_000, columns=20)
        yield from _large(large, "Data")
        many = make_sheets(Path(folder) / "many.xlsx", sheets=20, rows=600, columns=20)
        yield from _many(many, "S7")


def _budget(path: Path, sheet: str) -> Iterator[Figure]:
    what = f"22-sheet budget ({_size(path)}): open, change one cell, save"
    seconds = _measured(path, sheet, "workbook", "set_cells", rounds=ROUNDS)
    yield _against(seconds, "workbook", "openpyxl", f"{what}, by openpyxl's API", 20)
    yield _against(seconds, "set_cells", "openpyxl", f"{what}, by `set_cells`", 60)
    yield from _wolfxl(seconds, what)


def _large(path: Path, sheet: str) -> Iterator[Figure]:
    what = f"200,000 cells in one sheet ({_size(path)}): the same"
    seconds = _measured(path, sheet, "set_cells", rounds=5)
    yield _against(seconds, "set_cells", "openpyxl", f"{what}, by `set_cells`", 50)
    yield from _wolfxl(seconds, what)


def _many(path: Path, sheet: str) -> Iterator[Figure]:
    what = f"240,000 cells in 20 sheets ({_size(path)}): edit one sheet, save, by excel_context"
    seconds = _measured(path, sheet, "workbook", rounds=5)
    yield _against(seconds, "workbook", "openpyxl", what, None)


def _measured(path: Path, sheet: str, *ours: str, rounds: int) -> Seconds:
    ways: dict[str, Callable[[Path, str], None]] = {
        "openpyxl": _by_openpyxl,
        "wolfxl": _by_wolfxl,
        "workbook": _by_workbook,
        "set_cells": _by_set_cells,
    }
    names = ["openpyxl", *(["wolfxl"] if HAS_WOLFXL else []), *ours]
    candidates: Candidates = {name: _bound(ways[name], path, sheet) for name in names}
    return interleaved(candidates, rounds)


def _bound(way: Callable[[Path, str], None], path: Path, sheet: str) -> Callable[[], object]:
    return lambda: way(path, sheet)


def _against(seconds: Seconds, ours: str, theirs: str, what: str, reach: float | None) -> Figure:
    ratio = median_ratio(seconds, theirs, ours)
    wanted = f"≥ {reach:g}" if reach is not None else ""
    return Figure(what, f"{ratio:.1f} × as fast as {theirs}", wanted, ratio >= (reach or 0))


def _wolfxl(seconds: Seconds, what: str) -> Iterator[Figure]:
    if not HAS_WOLFXL:
        yield Figure(f"{what}, against wolfxl", NO_WOLFXL, "", True)
        return
    yield _against(seconds, "set_cells", "wolfxl", f"{what}, by `set_cells`", None)
    yield _against(seconds, "wolfxl", "openpyxl", f"{what}, by wolfxl", None)


def _size(path: Path) -> str:
    return f"{path.stat().st_size // 1024} KB"


def _by_openpyxl(path: Path, sheet: str) -> None:
    workbook = openpyxl.load_workbook(path)
    workbook[sheet]["D7"] = 5_432.1
    workbook.save(path)


def _by_wolfxl(path: Path, sheet: str) -> None:
    import wolfxl

    workbook: Any = wolfxl.load_workbook(str(path), modify=True)
    workbook[sheet]["D7"] = 5_432.1
    workbook.save(str(path))


def _by_workbook(path: Path, sheet: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with excel_context(str(path), save=True) as workbook:
            workbook[sheet]["D7"] = 5_432.1


def _by_set_cells(path: Path, sheet: str) -> None:
    with ExcelManager(str(path)) as manager:
        manager.set_cells({f"'{sheet}'!D7": 5_432.1})
        manager.save()
