"""`budgetinator consolidate`: the budgets of a folder, a row for each workbook and partner."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from budgetinator.budgets.numbers import Locale
from budgetinator.budgets.rules import RuleSet
from budgetinator.cli.failures import sentence
from budgetinator.cli.many import Answer, ask_all
from budgetinator.cli.money import locale_option, rules_option
from budgetinator.cli.options import Command
from budgetinator.cli.output import print_json, print_lines, print_table
from budgetinator.cli.places import refuse_existing
from budgetinator.cli.sweeping import sweep
from budgetinator.cli.textfiles import print_text
from budgetinator.config import load_settings
from budgetinator.errors import BudgetinatorError

if TYPE_CHECKING:
    from budgetinator.budgets.consolidating import ConsolidatedRow
    from budgetinator.budgets.tables import Table
    from budgetinator.config import OpeningBounds

__all__ = ["command"]

_SHOWN = (
    *("file", "number", "acronym", "country", "person_months", "total_eligible"),
    *("maximum_contribution", "requested_contribution", "errors", "reason"),
)


@click.command("consolidate", cls=Command)
@click.argument("folder", metavar="DIR")
@click.option("-r", "--recursive", is_flag=True, help="Folders within DIR too.")
@rules_option
@locale_option
@click.option("--csv", "as_csv", is_flag=True, help="Print all columns as CSV.")
@click.option("--workbook", metavar="OUT", help="Write the table as a workbook.")
@click.option("--overwrite", is_flag=True, help="Let --workbook replace a file that is there.")
def command(
    folder: str,
    recursive: bool,
    rules: RuleSet | None,
    locale: Locale,
    as_csv: bool,
    workbook: str | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Read every budget in DIR into one table: a row for each workbook and partner.

    A workbook that cannot be read, or is no budget, has a row with the reason, and the exit
    code is then that of the worst failure. Files of programs that have a workbook open (~$ and
    .~lock) are left out, and so are the backups NAME.backup.xlsx beside their workbook.
    Many workbooks are read in several processes, each in turn.

    JSON: schema, folder, workbooks, failed, rows (a list of file, rule_set, number, acronym,
    pic, country, role, sheet, the figures by name, is_computed, errors, warnings, notes,
    error, reason).
    """
    from budgetinator.budgets.consolidating import budget_files, consolidated_table

    if as_csv and as_json:
        raise click.UsageError("--csv and --json are two forms; give one")
    if workbook is not None and not overwrite:
        refuse_existing(folder, workbook)
    files = budget_files(folder, recursive=recursive)
    bounds = load_settings().settings.opening
    if workbook is not None:
        _refuse_budget(workbook, rules, bounds)
        files = tuple(file for file in files if not _is_same(file, workbook))
    rows: list[ConsolidatedRow] = []
    code, failed = 0, 0
    ask = partial(_rows, rules=rules, bounds=bounds)
    for answer in ask_all(ask, files, "reading"):
        rows += _of(answer)
        code, failed = max(code, answer.code), failed + (answer.error is not None)
    table = consolidated_table(rows)
    if workbook is not None:
        _write(table, workbook, overwrite=overwrite)
    if as_json:
        print_json(_document(folder, table, len(files), failed))
    elif as_csv:
        _print_csv(table)
    else:
        _print(table, len(files), failed, locale, workbook)
    return code


def _rows(
    file: str, *, rules: RuleSet | None, bounds: OpeningBounds
) -> tuple[ConsolidatedRow, ...]:
    from budgetinator.budgets.consolidating import consolidated_rows

    return consolidated_rows(file, rules=rules, bounds=bounds)


def _of(answer: Answer[tuple[ConsolidatedRow, ...]]) -> tuple[ConsolidatedRow, ...]:
    from budgetinator.budgets.consolidating import failed_row

    if answer.error is not None:
        return (failed_row(answer.file, answer.error, sentence(answer.error)),)
    assert answer.value is not None
    return answer.value


def _refuse_budget(path: str, rules: RuleSet | None, bounds: OpeningBounds) -> None:
    """Raise UsageError for an output that is a budget: a table in its place would be its end."""
    if not os.path.lexists(path):
        return
    try:
        _rows(path, rules=rules, bounds=bounds)
    except (BudgetinatorError, OSError):
        return  # what was written here before, or what else --overwrite may replace
    raise click.UsageError(f"{path} is a budget itself; give the table another name")


def _is_same(file: str, other: str) -> bool:
    return os.path.lexists(other) and os.path.samefile(file, other)


def _write(table: Table, path: str, *, overwrite: bool) -> None:
    from budgetinator.budgets.tables.sheets import write_tables
    from budgetinator.runtime import default_runtime

    runtime = default_runtime()
    sweep(runtime)
    write_tables(path, (table,), overwrite=overwrite, service=runtime.surroundings)


def _document(folder: str, table: Table, count: int, failed: int) -> dict[str, Any]:
    from budgetinator.budgets.tables import records_json

    return {
        "schema": "budgetinator-consolidated/1",
        "folder": folder,
        "workbooks": count,
        "failed": failed,
        "rows": records_json(table),
    }


def _print_csv(table: Table) -> None:
    from budgetinator.budgets.tables import csv_lines

    print_text(csv_lines((table,)))


def _print(table: Table, count: int, failed: int, locale: Locale, workbook: str | None) -> None:
    from budgetinator.budgets.tables import cell_text

    places = [
        place for name in _SHOWN for place, each in enumerate(table.columns) if each.name == name
    ]
    columns = [table.columns[place] for place in places]
    rows = [
        [cell_text(row[place], table.columns[place], locale) for place in places]
        for row in table.rows
    ]
    right = [place for place, column in enumerate(columns) if column.is_number]
    if rows:
        print_table([column.title for column in columns], rows, right=right)
    said = f"{count} workbook{'' if count == 1 else 's'}, {failed} failed"
    print_lines(f"{said}; written to {workbook}." if workbook else f"{said}.")
