"""`budgetinator recalc`: formulas computed anew, their results put into the file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.failures import naming, tell
from budgetinator.cli.options import Command
from budgetinator.cli.output import bytes_text, print_json, print_lines, waiting
from budgetinator.cli.places import refuse_existing
from budgetinator.cli.sweeping import sweep

if TYPE_CHECKING:
    from budgetinator.workbooks import RecalculationReport

__all__ = ["command"]

_LISTED = 20


@click.command("recalc", cls=Command)
@click.argument("file")
@click.option("-o", "--output", metavar="OTHER", help="Save to another file, and leave FILE.")
@click.option("--overwrite", is_flag=True, help="Let --output replace a file that is there.")
@click.option("--backup", is_flag=True, help="Keep the old file as NAME.backup.xlsx.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1, max=86_400),
    default=120.0,
    show_default=True,
    help="Give LibreOffice so many seconds.",
)
def command(
    file: str,
    output: str | None,
    overwrite: bool,
    backup: bool,
    timeout: float,
    as_json: bool,
) -> int:
    """Compute the formulas of FILE with LibreOffice, and put their results into it.

    LibreOffice works on a copy; of FILE only the results change, everything else stays
    byte for byte. It has to be installed, on Debian as the package libreoffice-calc.

    A formula that LibreOffice does not understand, and what depends on it, keeps its old
    result; it is listed, and the file stays marked as one to be recalculated. Then the
    exit code is 1.

    JSON: file, saved (the path), cells (formulas' cells that got a result), changed (how many
    results differ from those before), left (a list of sheet, cell, reason), needs_recalculation,
    bytes_written, backup.
    """
    from budgetinator.runtime import default_runtime
    from budgetinator.workbooks import recalculate

    if output is not None and not overwrite:
        refuse_existing(file, output)
    sweep(default_runtime())
    with waiting(f"recalculating {file}"), naming(file):
        report = recalculate(
            file,
            output=output,
            backup=backup or None,
            timeout=timeout,
            service=default_runtime().surroundings,
        )
    if as_json:
        print_json(_document(file, report))
    else:
        _print(report)
    return Exit.FINDINGS if report.left else Exit.DONE


def _document(file: str, report: RecalculationReport) -> dict[str, Any]:
    return {
        "file": file,
        "saved": str(report.path),
        "cells": report.cells,
        "changed": report.changed,
        "left": [asdict(formula) for formula in report.left],
        "needs_recalculation": report.needs_recalculation,
        "bytes_written": report.bytes_written,
        "backup": str(report.backup) if report.backup else None,
    }


def _print(report: RecalculationReport) -> None:
    results = "result of a formula" if report.cells == 1 else "results of formulas"
    print_lines(f"{report.cells} {results}, {report.changed} of them changed.")
    if report.bytes_written:
        print_lines(f"Saved {report.path}: {bytes_text(report.bytes_written)}.")
    else:
        print_lines("Nothing was saved, because the file holds these results already.")
    if report.backup:
        print_lines(f"The old file is kept as {report.backup}.")
    for formula in report.left[:_LISTED]:
        tell(f"Left as it was: {formula}.")
    if (further := len(report.left) - _LISTED) > 0:
        tell(f"And {further} more; --json lists them.")
    if report.left and report.needs_recalculation:
        tell("The file stays marked as one that is to be recalculated; Excel does that.")
