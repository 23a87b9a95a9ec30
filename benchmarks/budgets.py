"""Budgets read, checked, compared and consolidated: one of 20 partners, and many with the
memory of one.

`python -m benchmarks.budgets FILE ...` checks files in this process and prints the most
bytes that it had; with `--compare` as the first word it compares two.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from shutil import copyfile

from benchmarks.timing import Figure, interleaved

__all__ = ["budgets"]

ROUNDS = 15
MANY = 500
IN_TURN = 100
PROCESSES = 2
PARTNERS = 20
ROWS, COLUMNS = 8_000, 30
MB = 1024 * 1024


def budgets() -> Iterator[Figure]:
    """Time in this process; memory in processes of their own."""
    from budgetinator.budgets import check_budget, read_budget

    with tempfile.TemporaryDirectory() as folder:
        path = _consortium(Path(folder) / "budget.xlsx")
        seconds = interleaved(
            {"read": lambda: read_budget(path), "check": lambda: check_budget(path)}, ROUNDS
        )
        read, check = (statistics.median(seconds[name]) * 1000 for name in ("read", "check"))
        what = f"a budget of {PARTNERS} partners read"
        yield Figure(what, f"{read:.0f} ms", "at most 60 ms", read <= 60)
        yield Figure("the same looked at by every rule", f"{check:.0f} ms", "", True)
        yield _compared(path, Path(folder))
        yield from _compared_cells(Path(folder))
        yield from _many(path, Path(folder))


def _compared(path: Path, folder: Path) -> Figure:
    """Two versions of the budget, with one rate that differs and all that follows from it."""
    from budgetinator.budgets import compare_workbooks, edit_partner, save_with_results
    from budgetinator.budgets.layout import input_cell
    from budgetinator.workbooks import ExcelManager

    other = folder / "revised.xlsx"
    with ExcelManager(path) as manager:
        edit_partner(manager.workbook, 7, {input_cell("rate"): Decimal(4_000)})
        save_with_results(manager, other)
        manager.force_close()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = compare_workbooks(path, other)
        times.append(time.perf_counter() - start)
    taken = statistics.median(times) * 1000
    counts = f"{len(found.inputs)} input, {len(found.results)} results"
    return Figure("two versions of it compared", f"{taken:.0f} ms, {counts}", "", True)


def _compared_cells(folder: Path) -> Iterator[Figure]:
    """Two plain workbooks of 240,000 cells, a hundred of which differ, in a process of its own."""
    one, other = (_cells(folder / f"cells{number}.xlsx", number) for number in (0, 1))
    small, _ = _measured(["--compare", str(one), str(one)])
    most, seconds = _measured(["--compare", str(one), str(other)])
    what = f"two workbooks of {ROWS * COLUMNS:,} cells compared, with formulas"
    yield Figure(what, f"{seconds:.1f} s", "at most 5 s", seconds <= 5)
    measured = f"{(most - small) / MB:.0f} MB more than for files of the same bytes"
    yield Figure("the memory that takes", measured, "at most 40 MB", most - small <= 40 * MB)


def _cells(path: Path, version: int) -> Path:
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Cells")
    for row in range(1, ROWS + 1):
        values: list[object] = [row * column + 0.5 for column in range(1, COLUMNS)]
        if version and row % (ROWS // 100) == 0:
            values[3] = "changed"
        sheet.append([*values, f"=SUM(A{row}:C{row})"])
    workbook.save(path)
    return path


def _many(path: Path, folder: Path) -> Iterator[Figure]:
    paths = [str(copyfile(path, folder / f"{number}.xlsx")) for number in range(MANY)]
    one, most = _peak(paths[:1]), _peak(paths[:IN_TURN])
    measured = f"{most / one:.2f} times ({most / MB:.0f} MB)"
    what = f"peak memory of checking {IN_TURN} workbooks, against one"
    yield Figure(what, measured, "at most 1.2", most <= 1.2 * one)
    start = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        found = sum(pool.map(_findings, paths, chunksize=20))
    taken = time.perf_counter() - start
    what = f"{MANY} workbooks checked in {PROCESSES} processes"
    each = taken / MANY * 1000
    yield Figure(what, f"{taken:.1f} s, {each:.0f} ms each, {found} findings", "", True)
    yield _consolidated(folder)


def _consolidated(folder: Path) -> Figure:
    """The command on all of them, from its start to its end."""
    command = [sys.executable, "-m", "budgetinator", "consolidate", str(folder), "--csv"]
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    taken = time.perf_counter() - start
    rows = done.stdout.count("\n") - 1
    return Figure(f"{MANY} workbooks consolidated", f"{taken:.1f} s, {rows} rows", "", rows > 0)


def _consortium(path: Path) -> Path:
    from budgetinator.budgets import Budget, Partner, WorkPackage, write_budget

    months = tuple(Decimal(number % 5 + 1) for number in range(15))
    partners = tuple(
        Partner(
            number=number,
            acronym=f"ACRO{number}",
            pic=str(999_000_000 + number),
            country="DE",
            rate=Decimal(5_000 + 10 * number),
            funding_rate=Decimal(1),
            person_months=months,
            travel=Decimal(12_000),
            equipment=Decimal(8_000),
        )
        for number in range(1, PARTNERS + 1)
    )
    packages = tuple(
        WorkPackage(number, f"Part {number}", f"ACRO{number}", 1, 36) for number in range(1, 16)
    )
    write_budget(Budget(partners, packages), path)
    return path


def _findings(path: str) -> int:
    from budgetinator.budgets import check_budget

    return len(check_budget(path))


def _peak(paths: list[str]) -> int:
    """The bytes that a process has at most which checks these one after the other."""
    return _measured(paths)[0]


def _measured(words: list[str]) -> tuple[int, float]:
    """The most bytes that a process of this module has, and the seconds of its work."""
    command = [sys.executable, "-m", "benchmarks.budgets", *words]
    folder = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=folder)
    most, seconds = done.stdout.split()
    return int(most), float(seconds)


def _compare(before: str, after: str) -> None:
    from budgetinator.budgets import compare_workbooks

    compare_workbooks(before, after)


def main() -> None:
    """Check or compare the files, and print the peak and the seconds."""
    words = sys.argv[1:]
    start = time.perf_counter()
    if words[0] == "--compare":
        _compare(*words[1:])
    else:
        for path in words:
            _findings(path)
    taken = time.perf_counter() - start
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(int(status.partition("VmHWM:")[2].split()[0]) * 1024, f"{taken:.3f}")


if __name__ == "__main__":
    main()
