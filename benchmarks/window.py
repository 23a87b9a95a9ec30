"""The window: first values on the screen, how long its event loop is held, memory, leftovers.

Each measurement has a process of its own (`gui.measuring`), offscreen. "Warm" is with the spare
process that the window starts ahead, "cold" without.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.timing import Figure
from benchmarks.workbooks import make_budget, make_sheet, make_sheets

ROOT = Path(__file__).resolve().parent.parent
MB = 2**20
FIRST_VALUES = 0.3  # s
HELD = 0.15
GROWTH = 10 * MB
IDLE = 0.01


def window() -> Iterator[Figure]:
    """Figures of workbooks of 240,000 cells, and of a hundred openings of a budget."""
    if importlib.util.find_spec("PySide6") is None:
        yield Figure("the window", "PySide6 is not installed", "", True)
        return
    with tempfile.TemporaryDirectory() as folder:
        many = make_sheets(Path(folder) / "many.xlsx", sheets=20, rows=600, columns=20)
        one = make_sheet(Path(folder) / "one.xlsx", rows=12_000, columns=20)
        budget = make_budget(Path(folder) / "budget.xlsx", partners=20)
        for path, what in ((many, "240,000 cells in 20 sheets"), (one, "240,000 cells in one")):
            yield from _opening(path, what)
            yield from _memory(path, what)
        yield from _cycles(budget)
        yield from _idle(budget)


def _opening(path: Path, what: str) -> Iterator[Figure]:
    found = measured("opening", path)
    for way in ("warm", "cold"):
        first, held = found[way]["first"], found[way]["held"]
        yield Figure(
            f"{what}, {way}: first values painted after the request",
            f"{first * 1000:.0f} ms",
            "≤ 300 ms",
            first <= FIRST_VALUES,
        )
        yield Figure(
            f"{what}, {way}: event loop held while it opens, at the longest",
            f"{held * 1000:.0f} ms",
            "≤ 150 ms",
            held <= HELD,
        )
    held = found["scrolling"]
    yield Figure(
        f"{what}: event loop held while it is scrolled through, at the longest",
        f"{held * 1000:.0f} ms",
        "≤ 150 ms",
        held <= HELD,
    )


def _memory(path: Path, what: str) -> Iterator[Figure]:
    found = measured("memory", path)
    before, with_it, after = found["before"], found["with"], found["after"]
    yield Figure(
        f"{what}: memory of the window before, with and after; of the workbook's process",
        f"{before / MB:.1f}, {with_it / MB:.1f}, {after / MB:.1f} MB; {found['host'] / MB:.1f} MB",
        "after ≤ before + 2 MB",
        after - before <= 2 * MB,
    )


def _cycles(path: Path) -> Iterator[Figure]:
    found = measured("cycles", path)
    grown = found.pop("bytes")
    left = ", ".join(f"{count:+d} {name}" for name, count in found.items())
    yield Figure(
        "a budget opened and closed a hundred times",
        f"{left}; {grown / MB:+.1f} MB",
        "0 of each; ≤ 10 MB",
        all(count <= 0 for count in found.values()) and grown <= GROWTH,
    )


def _idle(path: Path) -> Iterator[Figure]:
    share = measured("idle", path)["share"]
    yield Figure("an open budget, nothing done", f"{share:.1%} of a core", "≤ 1 %", share <= IDLE)


def measured(what: str, path: Path) -> dict[str, Any]:
    """What `gui.measuring` measures in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "gui.measuring", what, str(path)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
