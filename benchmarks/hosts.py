"""A workbook in a process of its own: how soon its values come, and what the program keeps.

Measured from a program that has done nothing else, so that its memory is its own.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.timing import Figure
from benchmarks.workbooks import make_sheet

__all__ = ["hosts"]

ROWS, COLUMNS = 12_000, 20
ROUNDS = 9
# How long a spare has to import what it imports.
WARMING = 1.0
MB = 2**20


def hosts() -> Iterator[Figure]:
    """240,000 cells: the first values with and without a spare, the end, and the memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = make_sheet(Path(folder) / "large.xlsx", rows=ROWS, columns=COLUMNS)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.hosts", str(path)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parent.parent,
        )
    found: dict[str, Any] = json.loads(done.stdout)
    for way in ("cold", "warm"):
        opened, first = found[f"{way} open"], found[f"{way} first"]
        yield Figure(
            f"{ROWS * COLUMNS:,} cells, first 500 rows in the program, {_START[way]}",
            f"{1000 * first:.0f} ms, of which opening {1000 * opened:.0f} ms",
            "≤ 300 ms",
            first <= 0.3,
        )
    yield Figure(
        "ten rows from the end, once the sheet was read",
        f"{1000 * found['again']:.1f} ms",
        "≤ 10 ms",
        found["again"] <= 0.01,
    )
    yield Figure(
        "a cell set, with what it held before", f"{1000 * found['set']:.0f} ms", "", reached=True
    )
    yield Figure(
        "closing it, with all values read",
        f"{1000 * found['close']:.0f} ms, {found['host']:.0f} MB given back",
        "≤ 50 ms",
        found["close"] <= 0.05,
    )
    yield Figure(
        "the program's memory before, with all values passed through, and after the end",
        f"{found['before']:.1f}, {found['during']:.1f}, {found['after']:.1f} MB",
        "flat within 2 MB",
        max(found["during"], found["after"]) - found["before"] <= 2,
    )


_START = {"cold": "no spare", "warm": "a spare that waits"}


def _measure(path: Path) -> dict[str, float]:
    from budgetinator import HostSpare, WorkbookHost
    from budgetinator.resources import ResourceManagementService

    service = ResourceManagementService()
    times: dict[str, list[float]] = {}
    found: dict[str, float] = {}

    def note(name: str, began: float) -> None:
        times.setdefault(name, []).append(time.perf_counter() - began)

    for number in range(ROUNDS):
        for way in ("cold", "warm"):
            spare = HostSpare(service) if way == "warm" else None
            if spare is not None:
                spare.warm()
                time.sleep(WARMING)
            began = time.perf_counter()
            host = WorkbookHost.open(path, spare=spare, service=service)
            note(f"{way} open", began)
            rows = host.rows("Data")
            next(rows)
            note(f"{way} first", began)
            if spare is not None:
                spare.close()  # the one that was made for the next
            for _ in rows:
                pass
            began = time.perf_counter()
            next(host.rows("Data", ROWS - 9))
            note("again", began)
            began = time.perf_counter()
            host.set_cells({f"Data!C{ROWS // 2}": number})
            note("set", began)
            found["host"] = host.memory() / MB
            during = _resident()
            began = time.perf_counter()
            host.force_close()
            note("close", began)
            if number == 0 and way == "cold":
                found["before"] = during  # everything has been imported and done once
            found["during"] = max(found.get("during", 0), during)
    found["after"] = _resident()
    service.close()
    return found | {name: statistics.median(each) for name, each in times.items()}


def _resident() -> float:
    return float(psutil.Process().memory_info().rss) / MB


if __name__ == "__main__":
    print(json.dumps(_measure(Path(sys.argv[1]))))
