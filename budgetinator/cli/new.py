"""`budgetinator new`: a budget workbook to begin with."""

from __future__ import annotations

import os

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.options import Command
from budgetinator.cli.output import bytes_text, print_json, print_lines, waiting
from budgetinator.cli.sweeping import sweep

__all__ = ["command"]


@click.command("new", cls=Command)
@click.argument("file")
@click.option(
    "--partners",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help="So many partners, the coordinator among them.",
)
@click.option("--template", metavar="FILE", help="Begin with a copy of this workbook.")
@click.option("--rules", metavar="SET", help="The rule set, such as HE-RIA, HE-IA or HE-LUMP.")
def command(
    file: str, partners: int, template: str | None, rules: str | None, as_json: bool
) -> int:
    """Make a budget workbook: sheets for partners, overviews, summary and history.

    Partners are called P2-Partner2 and so on until `budgetinator partner edit` names them.
    Of a template everything stays; partners that it lacks up to the number are added.

    JSON: file, partners, rules, template, bytes_written.
    """
    from budgetinator.budgets.making import start_budget
    from budgetinator.runtime import default_runtime

    if os.path.lexists(file):
        raise click.UsageError(f"{file} exists already; choose another name")
    runtime = default_runtime()
    sweep(runtime)
    with waiting(f"making {file}"):
        report = start_budget(
            file,
            partners=partners,
            template=template,
            rules=rules,
            service=runtime.surroundings,
        )
    if as_json:
        document = {
            "file": str(report.path),
            "partners": partners,
            "rules": rules,
            "template": template,
            "bytes_written": report.bytes_written,
        }
        print_json(document)
    else:
        print_lines(f"Made {report.path}: {bytes_text(report.bytes_written)}.")
    return Exit.DONE
