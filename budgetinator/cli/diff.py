"""`budgetinator diff`: what differs between two versions, and chosen parts of it taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from budgetinator.budgets.numbers import Locale
from budgetinator.budgets.rules import RuleSet
from budgetinator.cli.exits import Exit
from budgetinator.cli.money import locale_option, rules_option
from budgetinator.cli.options import Command
from budgetinator.cli.output import print_json, print_lines, waiting
from budgetinator.cli.places import refuse_existing
from budgetinator.cli.sweeping import sweep
from budgetinator.cli.textfiles import print_text, refuse_input
from budgetinator.config import load_settings

if TYPE_CHECKING:
    from budgetinator.budgets.comparing import VersionComparison

__all__ = ["command"]


@click.command("diff", cls=Command)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@rules_option
@locale_option
@click.option("--csv", "as_csv", is_flag=True, help="Print all differences as CSV.")
@click.option("--workbook", metavar="OUT", help="Write the differences as a workbook.")
@click.option(
    "--take",
    "taken",
    multiple=True,
    metavar="WHAT",
    help="Give A what B has: all, inputs, formulas, P2, an acronym, WP3, a sheet, Sheet!A1:C9.",
)
@click.option("--output", metavar="OTHER", help="With --take: save to another file, not to A.")
@click.option("--overwrite", is_flag=True, help="Let an output replace a file that is there.")
@click.option("--backup", is_flag=True, help="With --take: keep the old A as NAME.backup.xlsx.")
@click.option("--dry-run", is_flag=True, help="With --take: show what would change, save nothing.")
@click.option("--yes", is_flag=True, help="With --take: let go of partners that B has not.")
def command(
    before: str,
    after: str,
    rules: RuleSet | None,
    locale: Locale,
    as_csv: bool,
    workbook: str | None,
    taken: tuple[str, ...],
    output: str | None,
    overwrite: bool,
    backup: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Show what differs from workbook A to workbook B, which may be any two workbooks.

    What somebody typed is told from what merely follows: an input is another value or formula,
    a result is what the same formula shows now. In budgets partners and work packages are
    matched by what they are (PIC, acronym, title, number), so that one which came in between
    is one line. The exit code is 1 if something differs.

    With --take A is given what B has in the places that are named, all or nothing; nothing is
    set if A has changed since. --take may be repeated.

    JSON: schema, before, after, is_budget, is_same, counts, partners, work_packages,
    consortium, sheets, versions, cells, further; docs/budgets.md says more. With --take:
    before, after, saved, changes (a list of cell, before, after), created, removed, lost,
    version, backup.
    """
    if sum((as_csv, as_json, bool(taken))) > 1 and not (as_json and taken and not as_csv):
        raise click.UsageError("--csv goes neither with --json nor with --take")
    if not taken and (output or backup or dry_run or yes):
        raise click.UsageError("--output, --backup, --dry-run and --yes go with --take")
    if taken and workbook is not None:
        raise click.UsageError("--workbook shows differences; --take takes them over")
    if workbook is not None:
        refuse_input(workbook, (before, after))
    if taken:
        from budgetinator.cli.takeover import Wishes, taken_over

        wishes = Wishes(taken, output, overwrite=overwrite, backup=backup, dry=dry_run, lose=yes)
        taken_over(before, after, wishes, rules, locale, as_json=as_json)
        return Exit.DONE
    comparison = _compared(before, after, rules)
    if workbook is not None:
        _write(comparison, workbook, overwrite=overwrite, quiet=as_json or as_csv)
    if as_json:
        print_json(_document(comparison))
    elif as_csv:
        _print_csv(before, after, comparison, rules)
    elif workbook is None:
        from budgetinator.cli.differences import print_comparison

        print_comparison(comparison, locale)
    return Exit.DONE if comparison.is_same else Exit.FINDINGS


def _compared(before: str, after: str, rules: RuleSet | None) -> VersionComparison:
    from budgetinator.budgets.comparing import compare_workbooks

    bounds = load_settings().settings.opening
    with waiting(f"comparing {before} and {after}"):
        return compare_workbooks(before, after, rules=rules, bounds=bounds)


def _document(comparison: VersionComparison) -> dict[str, Any]:
    from budgetinator.budgets.comparing import comparison_json

    return comparison_json(comparison)


def _write(comparison: VersionComparison, path: str, *, overwrite: bool, quiet: bool) -> None:
    from budgetinator.budgets.comparing import comparison_tables
    from budgetinator.budgets.tables.sheets import write_tables
    from budgetinator.runtime import default_runtime

    if not overwrite:
        refuse_existing(comparison.before, path)
    runtime = default_runtime()
    sweep(runtime)
    with waiting(f"writing {path}"):
        tables = comparison_tables(comparison)
        write_tables(path, tables, overwrite=overwrite, service=runtime.surroundings)
    if not quiet:
        print_lines(f"Wrote the differences to {path}.")
        if comparison.further:
            print_lines(f"It lacks {comparison.further} further cells; --csv has all of them.")


def _print_csv(
    before: str, after: str, comparison: VersionComparison, rules: RuleSet | None
) -> None:
    """Every cell, streamed: the comparison itself keeps only so many."""
    from budgetinator.budgets.comparing import iter_differences
    from budgetinator.budgets.comparing.tables import comparison_rows
    from budgetinator.budgets.tables import csv_lines

    bounds = load_settings().settings.opening
    cells = iter(comparison.cells)
    if comparison.further:
        cells = iter_differences(before, after, rules=rules, bounds=bounds)
    print_text(csv_lines(comparison_rows(comparison, cells)))
