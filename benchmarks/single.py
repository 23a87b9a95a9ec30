"""One thing done in a process of its own: `python -m benchmarks.single WAY FILE [--zlib]`.

Prints as JSON how many seconds it took, and how many megabytes the process had at most
before it and with it. Only so can the peak of one way be told from that of another.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Single", "run"]

CELL = "D7"
VALUE = 5_432.1
SECOND_SAVES = 9


@dataclass(frozen=True, slots=True)
class Single:
    """What a process has measured; `peak` and `before` in megabytes."""

    seconds: float
    before: float
    peak: float
    more: dict[str, list[float]]

    @property
    def grown(self) -> float:
        """Megabytes above those that the imports took."""
        return self.peak - self.before


def run(way: str, path: Path, *, isal: bool = True) -> Single:
    """Have another interpreter do it; a failure there is one here."""
    command = [sys.executable, "-m", "benchmarks.single", way, str(path)]
    done = subprocess.run(
        command if isal else [*command, "--zlib"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parent.parent,
    )
    return Single(**json.loads(done.stdout))


# Each way imports what it needs, and gives what is then measured.

Ready = Callable[[], object]


def _set_cells(path: Path) -> Ready:
    from budgetinator import ExcelManager

    def edit() -> None:
        with ExcelManager(path) as manager:
            manager.set_cells({f"Data!{CELL}": VALUE})
            manager.save()

    return edit


def _wolfxl(path: Path) -> Ready:
    import wolfxl

    def edit() -> None:
        workbook = wolfxl.load_workbook(str(path), modify=True)
        workbook["Data"][CELL] = VALUE
        workbook.save(str(path))

    return edit


def _openpyxl(path: Path) -> Ready:
    import openpyxl

    def edit() -> None:
        workbook = openpyxl.load_workbook(path)
        workbook["Data"][CELL] = VALUE
        workbook.save(path)

    return edit


def _values(path: Path) -> Ready:
    from budgetinator.workbooks.reading.values import iter_values

    return lambda: sum(len(row) for row in iter_values(path, "Data"))


def _calamine(path: Path) -> Ready:
    from python_calamine import CalamineWorkbook

    def read() -> int:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            return sum(len(row) for row in workbook.get_sheet_by_name("Data").to_python())

    return read


def _second(path: Path) -> Ready:
    """The first save and then second ones; each in turn with a copy, and one that is synced."""
    import os

    from budgetinator import ExcelManager

    copied = path.with_suffix(".copied")

    def synced() -> None:
        shutil.copyfile(path, copied)
        descriptor = os.open(copied, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    def saves() -> None:
        with ExcelManager(path) as manager:
            manager.set_cells({f"Data!{CELL}": VALUE})
            manager.save()
            for number in range(SECOND_SAVES):
                _timed("copy", lambda: shutil.copyfile(path, copied))
                _timed("synced", synced)
                manager.set_cells({f"Data!D{1 + 1_000 * number}": VALUE + number})
                _timed("save", manager.save)

    return saves


_TIMES: dict[str, list[float]] = {}
_WAYS = {
    "set_cells": _set_cells,
    "wolfxl": _wolfxl,
    "openpyxl": _openpyxl,
    "values": _values,
    "calamine": _calamine,
    "second": _second,
}


def _timed(name: str, call: Ready) -> None:
    start = time.perf_counter()
    call()
    _TIMES.setdefault(name, []).append(time.perf_counter() - start)


def _peak() -> float:
    """Megabytes that the process had at most so far, of its own memory and of files."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    way, path = sys.argv[1], Path(sys.argv[2])
    if "--zlib" in sys.argv:
        sys.modules["isal"] = None  # type: ignore[assignment]  # as if it were not installed
    do = _WAYS[way](path)
    before, start = _peak(), time.perf_counter()
    do()
    measured = {"seconds": time.perf_counter() - start, "before": before, "peak": _peak()}
    print(json.dumps({**measured, "more": _TIMES}))


if __name__ == "__main__":
    main()
