"""`budgetinator lossy`: what cannot be kept of a file."""

from __future__ import annotations

from dataclasses import asdict

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.options import Command
from budgetinator.cli.output import print_json, print_lines, print_table, waiting
from budgetinator.config import load_settings

__all__ = ["command"]


@click.command("lossy", cls=Command)
@click.argument("file")
@click.option("--openpyxl", is_flag=True, help="Also what openpyxl by itself would lose.")
def command(file: str, openpyxl: bool, as_json: bool) -> int:
    """Show what no save can keep of FILE.

    A save writes what was changed into the file's own parts and keeps the rest. Listed is what
    any change would lose, and what only particular changes would. Nothing is written.
    Exit code 1 if any change would lose something, or openpyxl would with --openpyxl.

    JSON: file, losses (a list of kind, part, sheet, what), risks (the same and when) and,
    with --openpyxl, openpyxl (as losses).
    """
    from budgetinator.workbooks.losses.finding import losses_through_openpyxl
    from budgetinator.workbooks.losses.risks import losses_by_any_change, risks
    from budgetinator.workbooks.opc.package import Package

    bounds = load_settings().settings.opening
    with waiting(f"looking at {file}"), Package.open(file, bounds) as package:
        losses, possible = losses_by_any_change(package), risks(package)
        theirs = losses_through_openpyxl(package) if openpyxl else ()
    if as_json:
        document: dict[str, object] = {"file": file, "losses": list(map(asdict, losses))}
        document["risks"] = list(map(asdict, possible))
        if openpyxl:
            document["openpyxl"] = list(map(asdict, theirs))
        print_json(document)
        return Exit.FINDINGS if losses or theirs else Exit.DONE
    if not losses:
        but = ", but for what is named below" if possible else ""
        print_lines(f"A save loses nothing of this file{but}.")
    rows = [(_kind(each.kind), each.sheet or "", each.what, "anything changes") for each in losses]
    rows += [(_kind(each.kind), each.sheet or "", each.what, each.when) for each in possible]
    if rows:
        print_table(("kind", "sheet", "what is lost", "when"), rows)
    if openpyxl and theirs:
        print_lines("openpyxl by itself would lose:")
        print_table(
            ("kind", "sheet", "what"),
            [(_kind(each.kind), each.sheet or "", each.what) for each in theirs],
        )
    elif openpyxl:
        print_lines("openpyxl by itself would lose nothing either.")
    return Exit.FINDINGS if losses or theirs else Exit.DONE


def _kind(kind: str) -> str:
    return kind.replace("_", " ")
