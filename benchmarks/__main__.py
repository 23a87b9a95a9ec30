"""`python -m benchmarks [NAME ...] [--write]`."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import contention, cycles, editing, importing, tracking
from benchmarks.timing import Figure

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
COMMAND = "make bench"

BENCHMARKS: dict[str, Callable[[], Iterator[Figure]]] = {
    "cost": tracking.cost,
    "memory": tracking.memory,
    "counts": tracking.counts,
    "contention": contention.contention,
    "importing": importing.importing,
    "editing": editing.editing,
    "cycles": cycles.cycles,
}

HEAD = """# Benchmarks

Ratios within one run: the candidates take turns, and medians are compared. Times by themselves
say little on a shared machine. `{command}` measures all of it anew and prints this table;
`.venv/bin/python -m benchmarks --write` puts it here.

Measured on {date} with Python {python} on {cores} cores ({machine}).

| what | measured | to reach | reached |
|---|---|---|---|
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(BENCHMARKS)}")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}"
        )
    figures = list(measure(arguments.names or list(BENCHMARKS)))
    show(figures)
    if arguments.write:
        PAGE.write_text(page(figures), encoding="utf-8")
    return 0


def measure(names: list[str]) -> Iterator[Figure]:
    """All figures, with a line of progress for each benchmark on a terminal."""
    console = Console(stderr=True)
    for name in names:
        if sys.stderr.isatty():
            console.print(f"measuring {name} …", style="dim")
        yield from BENCHMARKS[name]()


def show(figures: list[Figure]) -> None:
    table = Table("what", "measured", "to reach", "reached")
    for figure in figures:
        table.add_row(figure.what, figure.measured, figure.reach, verdict(figure))
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def page(figures: list[Figure]) -> str:
    head = HEAD.format(
        command=COMMAND,
        date=dt.datetime.now(tz=dt.UTC).date().isoformat(),
        python=platform.python_version(),
        cores=os.cpu_count(),
        machine=platform.machine(),
    )
    rows = (
        f"| {figure.what} | {figure.measured} | {figure.reach} | {verdict(figure)} |"
        for figure in figures
    )
    return head + "\n".join(rows) + "\n"


def verdict(figure: Figure) -> str:
    if not figure.reach:
        return ""
    return "yes" if figure.reached else "no"


if __name__ == "__main__":
    sys.exit(main())
