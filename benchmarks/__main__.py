"""`python -m benchmarks [NAME ...] [--write]`."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import re
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import (
    budgets,
    contention,
    cycles,
    editing,
    hosts,
    importing,
    large,
    leakrules,
    mapping,
    monitoring,
    reading,
    tracking,
    window,
)
from benchmarks.timing import Figure

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
COMMAND = "make bench"
# Takes half an hour, and is measured when it is named.
LONG = frozenset({"leakrules"})

BENCHMARKS: dict[str, Callable[[], Iterator[Figure]]] = {
    "cost": tracking.cost,
    "memory": tracking.memory,
    "counts": tracking.counts,
    "contention": contention.contention,
    "importing": importing.importing,
    "editing": editing.editing,
    "large": large.large,
    "second": large.second,
    "reading": reading.reading,
    "cycles": cycles.cycles,
    "hosts": hosts.hosts,
    "mapping": mapping.mapping,
    "budgets": budgets.budgets,
    "leakrules": leakrules.leakrules,
    "monitoring": monitoring.monitoring,
    "window": window.window,
}

HEAD = """# Benchmarks

Ratios within one run: the candidates take turns, and medians are compared. Times by themselves
say little on a shared machine. `{command}` measures all of it anew but {long}, and prints it;
`.venv/bin/python -m benchmarks [NAME ...] --write` puts it, or what is named, here.
"""
SECTION = """
## {name}

Measured on {date} with Python {python} on {cores} cores ({machine}); {versions}.

| what | measured | to reach | reached |
|---|---|---|---|
{rows}
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
    names = arguments.names or [name for name in BENCHMARKS if name not in LONG]
    measured = dict(measure(names))
    show([figure for figures in measured.values() for figure in figures])
    if arguments.write:
        known = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        PAGE.write_text(page(measured, known), encoding="utf-8")
    return 0


def measure(names: list[str]) -> Iterator[tuple[str, list[Figure]]]:
    """The figures by benchmark, with a line of progress for each on a terminal."""
    console = Console(stderr=True)
    for name in names:
        if sys.stderr.isatty():
            console.print(f"measuring {name} …", style="dim")
        yield name, list(BENCHMARKS[name]())


def show(figures: list[Figure]) -> None:
    table = Table("what", "measured", "to reach", "reached")
    for figure in figures:
        table.add_row(figure.what, figure.measured, figure.reach, verdict(figure))
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def page(measured: dict[str, list[Figure]], known: str) -> str:
    """The page with these sections; the other ones as they stand in the known page."""
    sections = {
        name: f"\n## {name}\n{text}"
        for name, text in re.findall(r"\n## (\w+)\n(.*?)(?=\n## |\Z)", known, re.DOTALL)
    }
    sections |= {name: section(name, figures) for name, figures in measured.items()}
    long = ", ".join(f"`{name}`" for name in sorted(LONG))
    head = HEAD.format(command=COMMAND, long=long)
    return head + "".join(sections[name] for name in BENCHMARKS if name in sections)


def section(name: str, figures: list[Figure]) -> str:
    """One benchmark's part of the page."""
    rows = (
        f"| {figure.what} | {figure.measured} | {figure.reach} | {verdict(figure)} |"
        for figure in figures
    )
    return SECTION.format(
        name=name,
        date=dt.datetime.now(tz=dt.UTC).date().isoformat(),
        python=platform.python_version(),
        cores=os.cpu_count(),
        machine=platform.machine(),
        versions=", ".join(versions()),
        rows="\n".join(rows),
    )


def versions() -> Iterator[str]:
    """The libraries that are compared or used, with their versions, and those that are missing."""
    for name in ("openpyxl", "wolfxl", "python-calamine", "isal"):
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            yield f"without {name}"


def verdict(figure: Figure) -> str:
    if not figure.reach:
        return ""
    return "yes" if figure.reached else "no"


if __name__ == "__main__":
    sys.exit(main())
