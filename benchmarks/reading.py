"""All values of a sheet of 200,000 cells, against python-calamine, which is written in Rust."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.single import run
from benchmarks.timing import Figure, interleaved, median_ratio
from benchmarks.workbooks import make_mixed, make_sheet
from budgetinator.workbooks.reading.values import iter_values

__all__ = ["reading"]

ROUNDS = 15
ROWS = 10_000


def reading() -> Iterator[Figure]:
    """Time in one process, in turns; memory in a process each."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = make_sheet(Path(folder) / "numbers.xlsx", rows=ROWS, columns=20)
        mixed = make_mixed(Path(folder) / "mixed.xlsx", rows=ROWS)
        yield from _compared(numbers, "numbers and inline texts")
        yield from _compared(mixed, "all kinds of cells and shared strings")


def _compared(path: Path, what: str) -> Iterator[Figure]:
    what = f"all values of 200,000 cells, {what}"
    if importlib.util.find_spec("python_calamine") is None:
        yield Figure(what, "python-calamine is not installed", "", True)
        return
    candidates: dict[str, Callable[[], object]] = {
        "ours": lambda: _values(path),
        "calamine": lambda: _by_calamine(path),
    }
    seconds = interleaved(candidates, ROUNDS)
    ratio = median_ratio(seconds, "ours", "calamine")
    yield Figure(what, f"{ratio:.2f} × calamine's time", "≤ 1", ratio <= 1)
    ours, theirs = run("values", path), run("calamine", path)
    yield Figure(
        f"{what}: memory above the imported libraries",
        f"{ours.grown:.1f} MB, calamine {theirs.grown:.1f} MB "
        f"(whole process {ours.peak:.1f} and {theirs.peak:.1f} MB)",
        "≤ half",
        ours.grown <= theirs.grown / 2,
    )


def _values(path: Path) -> None:
    for _row in iter_values(path, "Data"):
        pass


def _by_calamine(path: Path) -> None:
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(str(path)) as workbook:
        for _row in workbook.get_sheet_by_name("Data").to_python():
            pass
