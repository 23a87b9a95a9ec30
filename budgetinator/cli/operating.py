"""One operation on a budget workbook: opened, changed as a whole, saved, told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.failures import naming
from budgetinator.cli.options import Command
from budgetinator.cli.output import bytes_text, print_json, print_lines, waiting
from budgetinator.cli.sweeping import sweep
from budgetinator.workbooks.addresses import quote_sheet

if TYPE_CHECKING:
    from openpyxl import Workbook

    from budgetinator.budgets.budgetchange import BudgetChange
    from budgetinator.workbooks import SaveReport

__all__ = ["DRY_RUN", "FILE", "NUMBER", "Group", "operate"]

FILE = click.argument("file")
NUMBER = click.argument("number", type=int)
DRY_RUN = click.option("--dry-run", is_flag=True, help="Show what would change, and save nothing.")
_LISTED = 12


class Group(click.Group):
    """Commands that belong together; without one of them it shows its help."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"invoke_without_command": True, **kwargs})

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; its exit code."""
        code = super().invoke(ctx)
        if ctx.invoked_subcommand is None:
            click.echo(ctx.get_help())
        return code


def operate(
    file: str,
    operation: Callable[[Workbook], BudgetChange],
    *,
    dry_run: bool,
    as_json: bool,
) -> Exit:
    """Do it and save the file, or with `dry_run` save nothing; then say what changed.

    Whatever fails, the file is as it was.
    """
    from budgetinator.budgets.results import save_with_results
    from budgetinator.runtime import default_runtime
    from budgetinator.workbooks import ExcelManager

    runtime = default_runtime()
    sweep(runtime)
    report: SaveReport | None = None
    with (
        waiting(f"changing {file}"),
        naming(file),
        ExcelManager(file, service=runtime.surroundings) as manager,
    ):
        outcome = operation(manager.workbook)
        if not dry_run:
            report = save_with_results(manager)
        manager.force_close()
    if as_json:
        print_json(_document(file, outcome, report))
    else:
        _print(outcome, report)
    return Exit.DONE


def _document(file: str, outcome: BudgetChange, report: SaveReport | None) -> dict[str, Any]:
    from budgetinator.cli.cellforms import content_json

    version = outcome.version
    return {
        "file": file,
        "saved": str(report.path) if report else None,
        "summary": version.summary if version else None,
        "version": version.info if version else None,
        "created": list(outcome.created),
        "removed": list(outcome.removed),
        "lost": list(outcome.lost),
        "changes": [
            {
                "cell": f"{quote_sheet(each.sheet)}!{each.cell}",
                "before": content_json(each.before),
                "after": content_json(each.after),
            }
            for each in outcome.cells
        ],
        "bytes_written": report.bytes_written if report else 0,
    }


def _print(outcome: BudgetChange, report: SaveReport | None) -> None:
    version = outcome.version
    print_lines("Nothing to change." if version is None else f"{version.summary}.")
    if outcome.lost:
        print_lines(f"Lost: {', '.join(outcome.lost)}.")
    _print_cells(outcome)
    if report is None:
        print_lines("Nothing was saved.")
    elif report.bytes_written:
        print_lines(
            f"Saved {report.path} as version {version.info if version else '?'}: "
            f"{bytes_text(report.bytes_written)}, {report.parts_copied} parts copied as they were."
        )


def _print_cells(outcome: BudgetChange) -> None:
    from budgetinator.budgets.overviews import OVERVIEWS
    from budgetinator.cli.cellforms import shown

    linked = {overview.sheet.casefold() for overview in OVERVIEWS}
    cells = [each for each in outcome.cells if each.sheet.casefold() not in linked]
    for each in cells[:_LISTED]:
        before, after = (shown(value).text or "(empty)" for value in (each.before, each.after))
        print_lines(f"{quote_sheet(each.sheet)}!{each.cell}: {before} -> {after}")
    if (further := len(cells) - _LISTED) > 0:
        print_lines(f"And {further} more cells; --json lists them.")
    if links := len(outcome.cells) - len(cells):
        print_lines(f"{links} cells of the overviews; --json lists them.")
