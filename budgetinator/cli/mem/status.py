"""`budgetinator mem status`: the machine or container, and our processes on it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.options import Command
from budgetinator.cli.output import bytes_text, print_json, print_lines, print_table

if TYPE_CHECKING:
    from budgetinator.resources import Journal, JournalEntry

__all__ = ["command"]


@click.command("status", cls=Command)
def command(as_json: bool) -> int:
    """Show the memory of this machine and of every process of ours that has a workbook open.

    In a container total and available are the container's. What a process holds is told
    by the record of open workbooks; its size is that of the whole process.

    JSON: machine (total, available, used, swap_total, swap_used, container_limit), this_process
    (rss, peak, descriptors, threads, components: counts by name), processes (a list of pid,
    program, rss, peak, descriptors, threads, children, children_rss, workbooks: file, mode,
    size, since, component), journal (its problem, or null where it is switched off).
    Sizes are bytes.
    """
    from budgetinator.memory import process_reading, system_reading
    from budgetinator.runtime import default_runtime

    runtime = default_runtime()
    journal = runtime.journal
    reading = process_reading()
    document = {
        "machine": asdict(system_reading()),
        "this_process": {
            "rss": reading.rss,
            "peak": reading.peak,
            "descriptors": reading.open_descriptors,
            "threads": reading.threads,
            "components": runtime.held(),
        },
        "processes": list(_processes(journal.entries() if journal else ())),
        "journal": None if journal is None else {"problem": journal.problem},
    }
    if as_json:
        print_json(document)
    else:
        _print(document, journal)
    return Exit.DONE


def _processes(entries: Iterable[JournalEntry]) -> Iterable[dict[str, Any]]:
    """Those on this machine that live, in the order of their numbers."""
    from budgetinator.cli.mem.journal import open_workbooks
    from budgetinator.cli.mem.outside import find_process, peak_of, read_process
    from budgetinator.cli.programs import program_of

    for pid, workbooks in sorted(open_workbooks(entries).items()):
        if pid == os.getpid():
            continue
        process = find_process(pid)
        reading = None if process is None else read_process(process)
        if process is not None and reading is not None:
            yield {
                "pid": pid,
                "program": program_of(process) or "(ended)",
                "rss": reading.rss,
                "peak": peak_of(process),
                "descriptors": reading.descriptors,
                "threads": reading.threads,
                "children": reading.children,
                "children_rss": reading.children_rss,
                "workbooks": [asdict(each) for each in workbooks],
            }


def _print(document: dict[str, Any], journal: Journal | None) -> None:
    machine = document["machine"]
    where = "machine" if machine["container_limit"] is None else "container"
    print_lines(
        f"This {where}: {bytes_text(machine['available'])} of "
        f"{bytes_text(machine['total'])} available, "
        f"{100 * machine['used'] / machine['total']:.1f} % used."
    )
    if machine["swap_total"]:
        used, total = bytes_text(machine["swap_used"]), bytes_text(machine["swap_total"])
        print_lines(f"Swap: {used} of {total} used.")
    this = document["this_process"]
    held = sum(this["components"].values())
    print_lines(f"This process: {bytes_text(this['rss'])} resident, {held} resources held.")
    _print_processes(document["processes"])
    if journal is None:
        print_lines("The record of open workbooks is switched off (resources.journal).")
    elif journal.problem is not None:
        print_lines(f"The record of open workbooks is off: {journal.problem}")


def _print_processes(processes: list[dict[str, Any]]) -> None:
    if not processes:
        print_lines("No other process of ours has a workbook open.")
        return
    columns = ("pid", "program", "resident", "peak", "children", "descriptors", "threads", "open")
    rows = [
        (
            str(each["pid"]),
            each["program"],
            bytes_text(each["rss"]),
            "" if each["peak"] is None else bytes_text(each["peak"]),
            f"{each['children']}, {bytes_text(each['children_rss'])}" if each["children"] else "",
            "" if each["descriptors"] is None else str(each["descriptors"]),
            str(each["threads"]),
            str(len(each["workbooks"])),
        )
        for each in processes
    ]
    print_table(columns, rows, right=[0, 2, 3, 4, 5, 6, 7])
    print_table(
        ("pid", "mode", "size", "since", "workbook"),
        [
            (
                str(each["pid"]),
                book["mode"] or "",
                "" if book["size"] is None else bytes_text(book["size"]),
                book["since"],
                book["file"],
            )
            for each in processes
            for book in each["workbooks"]
        ],
        right=[0, 2],
    )
