"""`budgetinator history`: the versions of a budget workbook."""

from __future__ import annotations

import datetime as dt

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.failures import naming
from budgetinator.cli.options import Command
from budgetinator.cli.output import print_json, print_table, waiting

__all__ = ["command"]


@click.command("history", cls=Command)
@click.argument("file")
def command(file: str, as_json: bool) -> int:
    """List the version history of a budget workbook, in the order of its rows.

    JSON: file, versions (a list of timestamp, info, summary).
    """
    from budgetinator.budgets.reading import read_budget

    with waiting(f"reading {file}"), naming(file):
        versions = read_budget(file).budget.versions
    rows = [(_moment(each.timestamp), each.info, each.summary) for each in versions]
    if as_json:
        keys = ("timestamp", "info", "summary")
        print_json({"file": file, "versions": [dict(zip(keys, r, strict=True)) for r in rows]})
    else:
        print_table(("time", "version", "summary"), rows)
    return Exit.DONE


def _moment(moment: dt.datetime | str) -> str:
    return moment.isoformat(sep=" ") if isinstance(moment, dt.datetime) else moment
