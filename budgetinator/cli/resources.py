"""`budgetinator resources`: what is held, by this process and by all others of ours."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.options import Command
from budgetinator.cli.output import bytes_text, print_json, print_lines, print_table

if TYPE_CHECKING:
    from budgetinator.resources import ComponentInfo, Journal, JournalEntry

__all__ = ["command"]


@click.command("resources", cls=Command)
@click.option("--all-processes", is_flag=True, help="List every process, the dead ones too.")
def command(all_processes: bool, as_json: bool) -> int:
    """Show what is open, in this process and in all others of this user on this machine.

    Rows of processes that have died are stale: the next `budgetinator set` sweeps them.
    Without --all-processes only their number is given.

    JSON: components (of this process: id, type, state, bytes, resources), processes (a list
    of kind, file, pid, program, alive, host, mode, size, since, component), journal (its file
    and its problem, or null where it is switched off).
    """
    from budgetinator.runtime import default_runtime

    runtime = default_runtime()
    components = [_component(info) for info in runtime.service.snapshot().components]
    journal = runtime.journal
    entries = [_entry(entry) for entry in journal.entries()] if journal else []
    if as_json:
        print_json(
            {
                "components": components,
                "processes": entries if all_processes else _of_this_process(entries),
                "journal": _journal(journal),
            }
        )
        return Exit.DONE
    _print_components(components)
    if all_processes:
        _print_processes(entries)
    else:
        _print_count(entries)
    _print_problem(journal)
    return Exit.DONE


def _component(info: ComponentInfo) -> dict[str, Any]:
    return {
        "id": info.component_id,
        "type": info.component_type,
        "state": info.state.value,
        "bytes": info.memory_usage,
        "resources": [
            {
                "id": resource.resource_id,
                "type": resource.resource_type.value,
                "name": resource.name,
                "bytes": resource.size_bytes,
                "since": _local(resource.tracked_at),
                "created_at": resource.created_at,
            }
            for resource in info.resources.values()
        ],
    }


def _entry(entry: JournalEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "file": str(entry.path),
        "pid": entry.pid,
        "program": _program(entry),
        "alive": entry.alive,
        "host": entry.host,
        "mode": entry.mode,
        "size": entry.size_bytes,
        "since": _local(entry.opened_at),
        "component": entry.component_id,
    }


def _program(entry: JournalEntry) -> str | None:
    """What the process runs, which the journal does not hold; None if it cannot be seen."""
    import socket

    import psutil

    from budgetinator.cli.programs import program_of

    if not entry.alive or entry.host != socket.gethostname():
        return None
    try:
        return program_of(psutil.Process(entry.pid))
    except psutil.Error:
        return None


def _of_this_process(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in entries if entry["alive"] and entry["pid"] == os.getpid()]


def _journal(journal: Journal | None) -> dict[str, Any] | None:
    return None if journal is None else {"path": str(journal.path), "problem": journal.problem}


def _local(moment: datetime) -> str:
    return moment.astimezone().isoformat(timespec="seconds")


def _print_components(components: list[dict[str, Any]]) -> None:
    if not components:
        print_lines("This process holds nothing.")
        return
    rows = [
        (
            component["id"],
            component["state"],
            resource["type"] if resource else "",
            (resource["name"] or resource["id"]) if resource else "",
            bytes_text(resource["bytes"]) if resource and resource["bytes"] is not None else "",
            resource["since"] if resource else "",
        )
        for component in components
        for resource in component["resources"] or [None]
    ]
    print_table(("component", "state", "type", "resource", "size", "since"), rows, right=[4])


def _print_processes(entries: list[dict[str, Any]]) -> None:
    if not entries:
        print_lines("No process of ours has a workbook open.")
        return
    rows = [
        (
            str(entry["pid"]),
            entry["program"] or ("" if entry["alive"] else "(ended)"),
            "alive" if entry["alive"] else "stale",
            entry["mode"] or entry["kind"],
            bytes_text(entry["size"]) if entry["size"] is not None else "",
            entry["since"],
            entry["file"],
        )
        for entry in entries
    ]
    styles = ["" if entry["alive"] else "dim" for entry in entries]
    columns = ("pid", "program", "process", "mode", "size", "since", "file")
    print_table(columns, rows, right=[0, 4], styles=styles)


def _print_count(entries: list[dict[str, Any]]) -> None:
    alive = [entry for entry in entries if entry["alive"]]
    stale = len(entries) - len(alive)
    processes = len({(entry["host"], entry["pid"]) for entry in alive})
    print_lines(
        f"In all processes: {len(alive)} open in {processes}, {stale} stale; "
        "--all-processes lists them."
    )


def _print_problem(journal: Journal | None) -> None:
    if journal is None:
        print_lines("The record of open workbooks is switched off (resources.journal).")
    elif journal.problem is not None:
        print_lines(f"The record of open workbooks is off: {journal.problem}")
