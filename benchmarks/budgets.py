"""Budgets read and checked: one of 20 partners, and many with the memory of one.

`python -m benchmarks.budgets FILE ...` checks files in this process and prints the most
bytes that it had.
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
        yield from _many(path, Path(folder))


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
    command = [sys.executable, "-m", "benchmarks.budgets", *paths]
    folder = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=folder)
    return int(done.stdout)


def main() -> None:
    """Check the files and print the peak."""
    for path in sys.argv[1:]:
        _findings(path)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(int(status.partition("VmHWM:")[2].split()[0]) * 1024)


if __name__ == "__main__":
    main()
