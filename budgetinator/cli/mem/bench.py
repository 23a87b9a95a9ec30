"""`budgetinator mem bench`: one workbook, opened and closed many times."""

from __future__ import annotations

import gc
import sys
import time
from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.failures import naming
from budgetinator.cli.mem.charts import Chart, Line, Panel, plot_option, write_chart
from budgetinator.cli.options import Command
from budgetinator.cli.output import (
    bytes_text,
    print_json,
    print_lines,
    print_table,
    visible,
    waiting,
)

if TYPE_CHECKING:
    from budgetinator.runtime import Runtime
    from budgetinator.workbooks import ExcelManager

__all__ = ["command"]

MB = 1024 * 1024
WARM_UP = 3
ROUNDS = 3
LEAST_CYCLES = 36
CACHE_CYCLES = 300
"""So many calls a cache of usual size needs to fill up, as in `budgetinator.memory.leaks`."""
JUDGED = ("blocks", "objects", "descriptors")


class _Readings:
    """What each cycle cost and left, in arrays made beforehand: a list would grow by itself.

    Bytes, seconds, and counts after the closing.
    """

    def __init__(self, cycles: int) -> None:
        def room(kind: str) -> array[Any]:
            return array(kind, bytes(8 * cycles))

        self.open_seconds, self.close_seconds = room("d"), room("d")
        self.before, self.during, self.after = room("q"), room("q"), room("q")
        self.counts = {metric: room("q") for metric in JUDGED}


@click.command("bench", cls=Command)
@click.option(
    "-n", "cycles", type=click.IntRange(1, 100_000), default=100, show_default=True, help="Cycles."
)
@click.option("--read-only", is_flag=True, help="Open it to be read only.")
@click.option("--plot", callback=plot_option, metavar="PATH", help="Draw an .svg or .png.")
@click.argument("file")
def command(file: str, cycles: int, read_only: bool, plot: Path | None, as_json: bool) -> int:
    """Open FILE, touch every sheet and close it, again and again; show what comes back.

    Nothing is written. What an opening costs is the growth of the process while the workbook
    is open; what is given back is how much of that is gone after the closing. Three cycles
    warm up and are not counted. The counts after each closing must not keep rising: from 36
    cycles on they are judged by the leak rule, and from 300 on, when caches are full, exit
    code 1 says that one does.

    JSON: file, cycles, read_only, open_seconds and close_seconds (median, least, most),
    rss (first, cost: of one opening, given_back: the share of it, last, growth),
    growing (a list of metric, growth_per_cycle, p; null for fewer than 36 cycles), decided
    (whether there were enough to tell a leak from a cache), readings (before, open, after,
    blocks, objects, descriptors: a number for each cycle). Sizes are bytes.
    """
    from budgetinator.runtime import default_runtime

    runtime = default_runtime()
    readings = _Readings(cycles)
    with naming(file), waiting(f"opening and closing {file}"):
        for number in range(-WARM_UP, cycles):
            _cycle(runtime, file, max(0, number), readings, read_only=read_only)
    document = _document(file, read_only, readings)
    if plot is not None:
        write_chart(_chart(visible(file), readings), plot)
    if as_json:
        print_json(document)
    else:
        _print(document)
    return Exit.FINDINGS if document["growing"] and document["decided"] else Exit.DONE


def _cycle(
    runtime: Runtime, file: str, place: int, readings: _Readings, *, read_only: bool
) -> None:
    from budgetinator.memory.readings import descriptor_count, resident_bytes
    from budgetinator.workbooks import ExcelManager

    readings.before[place] = resident_bytes()
    began = time.perf_counter()
    with ExcelManager(file, read_only=read_only, service=runtime.surroundings) as manager:
        _touch(manager)
        readings.open_seconds[place] = time.perf_counter() - began
        readings.during[place] = resident_bytes()
        began = time.perf_counter()
    readings.close_seconds[place] = time.perf_counter() - began
    del manager
    readings.after[place] = resident_bytes()
    gc.collect()
    readings.counts["blocks"][place] = sys.getallocatedblocks()
    readings.counts["descriptors"][place] = descriptor_count()
    readings.counts["objects"][place] = len(gc.get_objects())


def _touch(manager: ExcelManager) -> None:
    for sheet in manager.workbook.worksheets:
        for _row in sheet.iter_rows(values_only=True):
            pass


def _document(file: str, read_only: bool, readings: _Readings) -> dict[str, Any]:
    cycles = len(readings.before)
    costs = [during - before for before, during in _pairs(readings.before, readings.during)]
    kept = [after - before for before, after in _pairs(readings.before, readings.after)]
    cost = median(costs)
    return {
        "file": file,
        "cycles": cycles,
        "read_only": read_only,
        "open_seconds": _spread(readings.open_seconds),
        "close_seconds": _spread(readings.close_seconds),
        "rss": {
            "first": readings.before[0],
            "cost": cost,
            "given_back": min(1.0, 1 - median(kept) / cost) if cost > 0 else None,
            "last": readings.after[-1],
            "growth": readings.after[-1] - readings.before[0],
        },
        "growing": _growing(readings.counts, cycles),
        "decided": cycles >= CACHE_CYCLES,
        "readings": {
            "before": list(readings.before),
            "open": list(readings.during),
            "after": list(readings.after),
            **{metric: list(values) for metric, values in readings.counts.items()},
        },
    }


def _pairs(first: array[int], second: array[int]) -> Iterator[tuple[int, int]]:
    return zip(first, second, strict=True)


def _spread(seconds: array[float]) -> dict[str, float]:
    return {"median": median(seconds), "least": min(seconds), "most": max(seconds)}


def _growing(counts: Mapping[str, array[int]], cycles: int) -> list[dict[str, Any]] | None:
    """What rises in three rounds by the leak rule; None for too few cycles to say."""
    from budgetinator.memory.trends import fades, rises, trend

    if cycles < LEAST_CYCLES:
        return None
    size = cycles // ROUNDS
    found = []
    for metric, values in counts.items():
        rounds = [
            trend(range(size), values[size * number : size * (number + 1)])
            for number in range(ROUNDS)
        ]
        slopes = [each.slope for each in rounds]
        # What rises in each round and falls between them is a list that is cleared now and then.
        across = (median(values[-size:]) - median(values[:size])) / (cycles - size)
        if all(rises(each, metric) for each in rounds) and not fades([*slopes, across]):
            found.append({"metric": metric, "growth_per_cycle": slopes, "p": rounds[0].p})
    return found


def _print(document: dict[str, Any]) -> None:
    rss, opening, closing = (document[key] for key in ("rss", "open_seconds", "close_seconds"))
    print_table(
        ("", "median", "least", "most"),
        [
            (name, *(f"{1000 * each[key]:.1f} ms" for key in ("median", "least", "most")))
            for name, each in (("open and touch", opening), ("close", closing))
        ],
        right=[1, 2, 3],
    )
    back = "" if rss["given_back"] is None else f", {100 * rss['given_back']:.0f} % given back"
    print_lines(
        f"An opening costs {bytes_text(round(rss['cost']))} of resident memory{back}.",
        f"The process: {bytes_text(rss['first'])} before the first of {document['cycles']} cycles, "
        f"{bytes_text(rss['last'])} after the last.",
    )
    growing = document["growing"]
    if growing is None:
        print_lines(f"Too few cycles to say whether anything grows; {LEAST_CYCLES} are enough.")
    elif not growing:
        print_lines("Nothing keeps growing from cycle to cycle: blocks, objects, descriptors.")
    for each in growing or []:
        rounds = ", ".join(f"{slope:.3g}" for slope in each["growth_per_cycle"])
        print_lines(f"{each['metric']} grow with each cycle: {rounds} in each third.")
    if growing and not document["decided"]:
        print_lines(f"A cache that fills up does that too; -n {CACHE_CYCLES} tells them apart.")


def _chart(title: str, readings: _Readings) -> Chart:
    numbers = range(1, len(readings.before) + 1)

    def line(name: str, values: Iterable[float]) -> Line:
        return Line(name, list(zip(numbers, values, strict=True)))

    memory = [
        line("open", (each / MB for each in readings.during)),
        line("closed", (each / MB for each in readings.after)),
    ]
    times = [
        line("open and touch", (1000 * each for each in readings.open_seconds)),
        line("close", (1000 * each for each in readings.close_seconds)),
    ]
    return Chart(title, "cycle", [Panel("resident, MB", memory), Panel("time, ms", times)])
