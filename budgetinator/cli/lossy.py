"""`budgetinator lossy`: what openpyxl would not keep of a file."""

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
def command(file: str, as_json: bool) -> int:
    """Show what FILE holds that a save through openpyxl would lose or change.

    Nothing is written. `budgetinator set` and scripts that use set_cells lose none of it.
    Exit code 1 if anything would be lost.

    JSON: file, losses (a list of kind, part, sheet, what).
    """
    from budgetinator.workbooks.losses.finding import losses_through_openpyxl
    from budgetinator.workbooks.opc.package import Package

    bounds = load_settings().settings.opening
    with waiting(f"trying {file}"), Package.open(file, bounds) as package:
        losses = losses_through_openpyxl(package)
    if as_json:
        print_json({"file": file, "losses": [asdict(loss) for loss in losses]})
    elif losses:
        rows = [(loss.kind.replace("_", " "), loss.sheet or "", loss.what) for loss in losses]
        print_table(("kind", "sheet", "what"), rows)
    else:
        print_lines("A save through openpyxl would lose nothing.")
    return Exit.FINDINGS if losses else Exit.DONE
