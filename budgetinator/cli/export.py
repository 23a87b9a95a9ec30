"""`budgetinator export`: budgets as CSV, JSON or Markdown."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from budgetinator.budgets.numbers import Locale
from budgetinator.budgets.rules import RuleSet
from budgetinator.cli.exits import exit_code
from budgetinator.cli.failures import describe_error, sentence, tell
from budgetinator.cli.many import Answer, ask_all
from budgetinator.cli.money import locale_option, rules_option
from budgetinator.cli.options import Command
from budgetinator.cli.output import as_json as json_text
from budgetinator.cli.output import print_json, print_lines
from budgetinator.cli.textfiles import print_text, refuse_input, write_text
from budgetinator.config import load_settings
from budgetinator.errors import BudgetError, BudgetinatorError

if TYPE_CHECKING:
    from budgetinator.budgets.tables import Table, TableCell
    from budgetinator.config import OpeningBounds

__all__ = ["command"]

SCHEMA = "budgetinator-export/1"
_NAMES = ("budget", "person-months", "partners", "work-packages", "findings")


@click.command("export", cls=Command)
@click.argument("form", metavar="csv|json|md", type=click.Choice(["csv", "json", "md"]))
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--table",
    "names",
    multiple=True,
    type=click.Choice(_NAMES),
    help="Only this table; may be repeated. Without it all, and the budget as CSV.",
)
@click.option("--output", metavar="OUT", help="Write to this file instead of printing.")
@click.option("--to", "folder", metavar="DIR", help="Write a file for each FILE into this folder.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@rules_option
@locale_option
def command(
    form: str,
    files: tuple[str, ...],
    names: tuple[str, ...],
    output: str | None,
    folder: str | None,
    overwrite: bool,
    rules: RuleSet | None,
    locale: Locale,
    as_json: bool,
) -> int:
    """Export the budget of each FILE: figures, person-months, partners, work packages, findings.

    CSV and JSON have numbers as programs read them, money rounded to cents; Markdown has
    tables that can be pasted, with numbers as people of --locale write them. In CSV a text
    that a spreadsheet would take for a formula begins with an apostrophe.

    Of several files CSV is one table with a column for the file, and one that cannot be read
    is a row with the reason. With --to each file has outputs of its own, NAME.csv, or
    NAME.TABLE.csv for several tables.

    JSON: schema, workbooks (a list of file, rule_set and tables, each a list of rows by the
    names of the columns; or of file and error); docs/budgets.md lists the columns. With
    --output or --to, --json says what was written: written (a list of paths), failed (a list
    of file and error).
    """
    if output is not None and folder is not None:
        raise click.UsageError("--output is one file, --to is a folder of files; give one")
    if as_json and output is None and folder is None and form != "json":
        raise click.UsageError(f"--json and {form} are two forms; say `export json`")
    wanted = names or (("budget",) if form == "csv" else _NAMES)
    if form == "csv" and folder is None and len(wanted) > 1:
        raise click.UsageError("CSV is one table; name one with --table, or a folder with --to")
    if output is not None:
        refuse_input(output, files)
    if folder is not None:
        _refuse_same_names(files)
    bounds = load_settings().settings.opening
    ask = partial(_tables, names=wanted, rules=rules, bounds=bounds)
    answers = ask_all(ask, files, "exporting")
    job = _Job(form, locale, overwrite)
    if folder is not None:
        return _to_folder(job, answers, folder, as_json=as_json)
    return _joined(job, answers, output, is_alone=len(files) == 1, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Exported:
    """The tables of one workbook."""

    rule_set: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class _Job:
    """How tables become text."""

    form: str
    locale: Locale
    overwrite: bool

    def text(self, file: str, found: _Exported) -> Iterator[str]:
        """The whole output for one workbook."""
        if self.form == "json":
            yield json_text(_whole([_document(file, found)]), indent=2) + "\n"
        elif self.form == "csv":
            yield from _csv(found.tables)
        else:
            yield from self.markdown(file, found)

    def markdown(self, file: str, found: _Exported) -> Iterator[str]:
        """A heading for the workbook, and its tables."""
        from budgetinator.budgets.tables import markdown_lines

        yield _heading(file)
        for table in found.tables:
            yield from (f"{line}\n" for line in markdown_lines(table, self.locale))


def _tables(
    file: str, *, names: tuple[str, ...], rules: RuleSet | None, bounds: OpeningBounds
) -> _Exported:
    from budgetinator.budgets.checks import findings_of
    from budgetinator.budgets.exporting import budget_tables
    from budgetinator.budgets.reading import read_budget

    with_findings = "findings" in names
    read = read_budget(file, rules=rules, bounds=bounds, hidden=with_findings)
    if not read.partners:
        raise BudgetError(f"{file} has no partner's sheet, so it is no budget.")
    found = findings_of(read) if with_findings else ()
    return _Exported(read.rules.name, budget_tables(read, found, names))


def _refuse_same_names(files: tuple[str, ...]) -> None:
    """Raise UsageError for two files whose outputs would have one name in the folder."""
    names: dict[str, str] = {}
    for file in files:
        other = names.setdefault(Path(file).stem.casefold(), file)
        if other is not file:
            raise click.UsageError(
                f"{other} and {file} would be written under one name; export them one by one"
            )


def _to_folder(
    job: _Job, answers: Iterable[Answer[_Exported]], folder: str, *, as_json: bool
) -> int:
    """Outputs for each workbook; those that fail are told, and the others are written."""
    code, written, failed = 0, list[str](), list[dict[str, Any]]()
    Path(folder).mkdir(parents=True, exist_ok=True)
    for answer in answers:
        error = answer.error
        if answer.value is not None:
            try:
                written += _write_all(job, answer.file, answer.value, folder)
            except BudgetinatorError as refusal:
                error = refusal
        if error is not None:
            code = max(code, int(exit_code(error)))
            failed.append({"file": answer.file, "error": describe_error(error)})
            tell(sentence(error))
    _say(written, failed, as_json=as_json)
    return code


def _write_all(job: _Job, file: str, found: _Exported, folder: str) -> Iterator[str]:
    stem = Path(file).stem
    if job.form != "csv" or len(found.tables) == 1:
        path = str(Path(folder, f"{stem}.{job.form}"))
        write_text(path, job.text(file, found), overwrite=job.overwrite)
        yield path
        return
    for table in found.tables:
        path = str(Path(folder, f"{stem}.{table.name}.csv"))
        write_text(path, _csv((table,)), overwrite=job.overwrite)
        yield path


def _joined(
    job: _Job,
    answers: Iterable[Answer[_Exported]],
    output: str | None,
    *,
    is_alone: bool,
    as_json: bool,
) -> int:
    """One output for all workbooks; a failure is a part of it, or of one alone the end."""
    found = list(answers)
    if is_alone and found[0].error is not None:
        raise found[0].error
    text = _joined_text(job, found, is_alone=is_alone)
    if output is None:
        print_text(text)
    else:
        write_text(output, text, overwrite=job.overwrite)
        failed = [
            {"file": each.file, "error": describe_error(each.error)}
            for each in found
            if each.error is not None
        ]
        _say([output], failed, as_json=as_json)
    for each in found:
        if each.error is not None:
            tell(sentence(each.error))
    return max(each.code for each in found)


def _joined_text(job: _Job, found: list[Answer[_Exported]], *, is_alone: bool) -> Iterator[str]:
    if job.form == "json":
        documents = [
            _document(each.file, each.value)
            if each.value is not None
            else {"file": each.file, "error": describe_error(each.error or OSError())}
            for each in found
        ]
        yield json_text(_whole(documents), indent=2) + "\n"
    elif job.form == "csv":
        (first, *_) = found
        is_one = is_alone and first.value is not None
        yield from _csv(first.value.tables if is_one and first.value else (_joined_table(found),))
    else:
        for each in found:
            if each.value is not None:
                yield from job.markdown(each.file, each.value)
            elif each.error is not None:
                from budgetinator.budgets.tables import markdown_text

                yield f"{_heading(each.file)}{markdown_text(sentence(each.error))}\n\n"


def _heading(file: str) -> str:
    from budgetinator.budgets.tables import markdown_text

    return f"# {markdown_text(os.path.basename(file))}\n\n"


def _csv(tables: tuple[Table, ...]) -> Iterator[str]:
    from budgetinator.budgets.tables import csv_lines

    return csv_lines(tables)


def _joined_table(found: list[Answer[_Exported]]) -> Table:
    """The tables of all workbooks as one, behind the file; failures are rows with the reason."""
    from budgetinator.budgets.tables import Table, TableField

    columns: dict[str, TableField] = {}
    for each in found:
        if each.value is not None:
            columns |= {column.name: column for column in each.value.tables[0].columns}
    ends = (TableField("error", "Failure"),)
    rows: list[tuple[TableCell, ...]] = []
    for each in found:
        if each.value is None:
            reason = sentence(each.error) if each.error is not None else None
            rows.append((each.file, *(None,) * len(columns), reason))
            continue
        rows += [
            (each.file, *(record.get(name) for name in columns), None)
            for record in each.value.tables[0].records()
        ]
    head = TableField("file", "File")
    return Table("joined", "Joined", (head, *columns.values(), *ends), tuple(rows))


def _whole(documents: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schema": SCHEMA, "workbooks": documents}


def _document(file: str, found: _Exported) -> dict[str, Any]:
    from budgetinator.budgets.tables import records_json

    tables = {table.name: records_json(table) for table in found.tables}
    return {"file": file, "rule_set": found.rule_set, "tables": tables}


def _say(written: list[str], failed: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({"written": written, "failed": failed})
        return
    for path in written:
        print_lines(f"Wrote {path}.")
