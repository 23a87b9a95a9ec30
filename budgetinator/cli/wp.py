"""`budgetinator wp`: work packages added, changed, deleted, listed."""

from __future__ import annotations

from typing import Any

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.failures import naming
from budgetinator.cli.operating import DRY_RUN, FILE, NUMBER, Group, operate
from budgetinator.cli.output import print_json, print_table, waiting

__all__ = ["command"]

_TITLE = click.option("--title", metavar="TEXT", help="What it is about.")
_LEAD = click.option("--lead", metavar="ACRONYM", help="The partner that leads it.")
_START = click.option("--start", metavar="MONTH", help="First month, counted from 1.")
_END = click.option("--end", metavar="MONTH", help="Last month.")


@click.group("wp", cls=Group)
def command() -> None:
    """Work packages: rows of the PM summary, and partners' person-months in them.

    Each of the commands takes --json; whatever fails, the file is as it was.

    JSON: one document each; `budgetinator wp COMMAND --help` names its keys.
    """


@command.command("add")
@FILE
@NUMBER
@_TITLE
@_LEAD
@_START
@_END
@DRY_RUN
def add(file: str, number: int, dry_run: bool, as_json: bool, **words: str | None) -> int:
    """Add the work package of this number, 1 to 15.

    JSON: file, saved (the path, or null after --dry-run), summary, version, created and
    removed (sheets), lost, changes (a list of cell, before, after), bytes_written.
    """
    from budgetinator.budgets.model import WorkPackage
    from budgetinator.budgets.workpackages import add_work_package

    package = WorkPackage(number, **_fields(words))
    return operate(
        file,
        lambda workbook: add_work_package(workbook, package),
        dry_run=dry_run,
        as_json=as_json,
    )


@command.command("edit")
@FILE
@NUMBER
@_TITLE
@_LEAD
@_START
@_END
@DRY_RUN
def edit(file: str, number: int, dry_run: bool, as_json: bool, **words: str | None) -> int:
    """Change a work package. An empty value empties the cell.

    JSON: the keys of `wp add`.
    """
    from budgetinator.budgets.workpackages import edit_work_package

    changes = _fields(words)
    if not changes:
        raise click.UsageError("nothing to change; give at least one option")
    return operate(
        file,
        lambda workbook: edit_work_package(workbook, number, changes),
        dry_run=dry_run,
        as_json=as_json,
    )


@command.command("delete")
@FILE
@NUMBER
@click.option("--yes", is_flag=True, help="Delete it with the person-months planned in it.")
@DRY_RUN
def delete(file: str, number: int, yes: bool, dry_run: bool, as_json: bool) -> int:
    """Delete a work package: its row, and everybody's person-months in it.

    Person-months that would be lost are named, and need --yes.

    JSON: the keys of `wp add`; lost names what went.
    """
    from budgetinator.budgets.workpackages import delete_work_package

    return operate(
        file,
        lambda workbook: delete_work_package(workbook, number, lose=yes or dry_run),
        dry_run=dry_run,
        as_json=as_json,
    )


@command.command("list")
@FILE
def listing(file: str, as_json: bool) -> int:
    """List the work packages of a budget workbook.

    The cost is that of the personnel, with the indirect cost on it.

    JSON: file, work_packages (a list of number, title, lead, start_month, end_month,
    person_months, cost).
    """
    from budgetinator.budgets.reading import read_budget
    from budgetinator.budgets.sums import work_package_figures
    from budgetinator.cli.money import amount_json, amount_text

    with waiting(f"reading {file}"), naming(file):
        read = read_budget(file)
    packages = work_package_figures(read.budget, read.rules)
    rows = []
    for each in packages:
        known = read.budget.work_package(each.number)
        rows.append(
            {
                "number": each.number,
                "title": known.title if known else None,
                "lead": known.lead if known else None,
                "start_month": known.start_month if known else None,
                "end_month": known.end_month if known else None,
                "person_months": amount_json(each.person_months),
                "cost": amount_json(each.cost),
            }
        )
    if as_json:
        print_json({"file": file, "work_packages": rows})
        return Exit.DONE
    heads = ("WP", "title", "lead", "from", "to", "PM", "cost")
    texts = [
        (
            *("" if value is None else str(value) for value in list(row.values())[:-2]),
            amount_text(figures.person_months, "en"),
            amount_text(figures.cost, "en"),
        )
        for row, figures in zip(rows, packages, strict=True)
    ]
    print_table(heads, texts, right=[0, 3, 4, 5, 6])
    return Exit.DONE


def _fields(words: dict[str, str | None]) -> dict[str, Any]:
    """The fields of WorkPackage that were given."""
    found: dict[str, Any] = {}
    for name, word in words.items():
        if word is None:
            continue
        if name in {"start", "end"}:
            found[f"{name}_month"] = _month(name, word)
        else:
            found[name] = word.strip() or None
    return found


def _month(name: str, word: str) -> int | None:
    bare = word.strip()
    if not bare:
        return None
    if not (bare.isascii() and bare.isdigit()):
        raise click.UsageError(f"--{name} {word}: a month is a whole number, counted from 1")
    return int(bare)
