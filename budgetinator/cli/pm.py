"""`budgetinator pm`: person-months, partners by work packages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from budgetinator.budgets.numbers import Locale
from budgetinator.cli.exits import Exit
from budgetinator.cli.failures import naming
from budgetinator.cli.money import amount_json, amount_text, locale_option
from budgetinator.cli.options import Command
from budgetinator.cli.output import print_json, print_lines, print_table, waiting
from budgetinator.config import load_settings

if TYPE_CHECKING:
    from budgetinator.budgets.model import Partner
    from budgetinator.budgets.reading import ReadBudget
    from budgetinator.budgets.sums import WorkPackageFigures

__all__ = ["command"]


@click.command("pm", cls=Command)
@click.argument("file")
@locale_option
def command(file: str, locale: Locale, as_json: bool) -> int:
    """Show the person-months of FILE: a row for each partner, a column for each work package.

    Shown are the work packages of the summary and those in which a partner has planned work.
    An empty field is not determined yet. The totals are computed from the entries.

    JSON: file, work_packages (a list of number, title, lead, start_month, end_month,
    person_months), partners (a list of number, acronym, person_months by work package,
    total), total.
    """
    from budgetinator.budgets.reading import read_budget
    from budgetinator.budgets.sums import work_package_figures

    with waiting(f"reading {file}"), naming(file):
        read = read_budget(file, bounds=load_settings().settings.opening)
    packages = work_package_figures(read.budget, read.rules)
    if as_json:
        print_json(_document(file, read, packages))
    elif not read.partners:
        print_lines(f"{file} has no partner's sheet.")
    else:
        headings = ("No.", "Partner", *(f"WP{each.number}" for each in packages), "Total")
        rows = list(_rows(read, packages, locale))
        print_table(headings, rows, right=(0, *range(2, len(headings))))
    return Exit.DONE


def _rows(
    read: ReadBudget, packages: tuple[WorkPackageFigures, ...], locale: Locale
) -> Iterator[list[str]]:
    from budgetinator.budgets.sums import total

    for partner in read.budget.partners:
        months = [amount_text(_months(partner, each), locale) for each in packages]
        all_months = amount_text(total(partner.person_months), locale)
        yield [str(partner.number), partner.acronym, *months, all_months]
    sums = [amount_text(each.person_months, locale) for each in packages]
    everything = total(each.person_months for each in packages)
    yield ["", "Consortium", *sums, amount_text(everything, locale)]


def _months(partner: Partner, package: WorkPackageFigures) -> Any:
    return partner.person_months[package.number - 1]


def _document(
    file: str, read: ReadBudget, packages: tuple[WorkPackageFigures, ...]
) -> dict[str, Any]:
    from budgetinator.budgets.sums import total

    return {
        "file": file,
        "work_packages": [_package(read, each) for each in packages],
        "partners": [
            {
                "number": partner.number,
                "acronym": partner.acronym,
                "person_months": {
                    str(each.number): amount_json(_months(partner, each)) for each in packages
                },
                "total": amount_json(total(partner.person_months)),
            }
            for partner in read.budget.partners
        ],
        "total": amount_json(total(each.person_months for each in packages)),
    }


def _package(read: ReadBudget, figures: WorkPackageFigures) -> dict[str, Any]:
    declared = read.budget.work_package(figures.number)
    return {
        "number": figures.number,
        "title": declared.title if declared else None,
        "lead": declared.lead if declared else None,
        "start_month": declared.start_month if declared else None,
        "end_month": declared.end_month if declared else None,
        "person_months": amount_json(figures.person_months),
    }
