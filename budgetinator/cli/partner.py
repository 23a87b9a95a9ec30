"""`budgetinator partner`: partners of a consortium added, changed, deleted, listed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.failures import naming
from budgetinator.cli.inputs import LOCALE, input_options, parsed_inputs
from budgetinator.cli.operating import DRY_RUN, FILE, NUMBER, Group, operate
from budgetinator.cli.output import print_json, print_table, waiting

if TYPE_CHECKING:
    from budgetinator.budgets.layout import InputCell
    from budgetinator.budgets.model import Partner
    from budgetinator.budgets.numbers import Locale

__all__ = ["command"]

_FIGURES = ("person_months", "total_eligible", "requested_contribution")


@click.group("partner", cls=Group)
def command() -> None:
    """Partners: a sheet each, a row in both overviews, and a row in the history per change.

    Each of the commands takes --json; whatever fails, the file is as it was.

    JSON: one document each; `budgetinator partner COMMAND --help` names its keys.
    """


@command.command("add")
@FILE
@click.argument("acronym")
@click.option("--number", type=click.IntRange(1), help="The partner's number; the lowest free one.")
@input_options
@LOCALE
@DRY_RUN
def add(
    file: str,
    acronym: str,
    number: int | None,
    locale: Locale | None,
    dry_run: bool,
    as_json: bool,
    **words: Any,
) -> int:
    """Add a partner with the inputs that are given; the rest is not determined yet.

    JSON: file, saved (the path, or null after --dry-run), summary, version, created and
    removed (sheets), lost, changes (a list of cell, before, after), bytes_written.
    """
    from budgetinator.budgets.model import Partner
    from budgetinator.budgets.partners import add_partner, free_number

    inputs = parsed_inputs(words, locale)

    def added(workbook: Any) -> Any:
        free = number if number is not None else free_number(workbook)
        role = "Coordinator" if free == 1 else "Beneficiary"
        return add_partner(workbook, _filled(Partner(free, acronym, role=role), inputs))

    return operate(file, added, dry_run=dry_run, as_json=as_json)


@command.command("edit")
@FILE
@NUMBER
@click.option("--acronym", metavar="TEXT", help="Another acronym; links and formulas follow.")
@input_options
@LOCALE
@DRY_RUN
def edit(
    file: str,
    number: int,
    acronym: str | None,
    locale: Locale | None,
    dry_run: bool,
    as_json: bool,
    **words: Any,
) -> int:
    """Change inputs of a partner. An empty value empties the cell; 0 is no budget.

    JSON: the keys of `partner add`.
    """
    from budgetinator.budgets.layout import input_cell
    from budgetinator.budgets.partners import edit_partner

    inputs = parsed_inputs(words, locale)
    if acronym is not None:
        inputs[input_cell("acronym")] = acronym
    if not inputs:
        raise click.UsageError("nothing to change; give at least one option")
    return operate(
        file,
        lambda workbook: edit_partner(workbook, number, inputs),
        dry_run=dry_run,
        as_json=as_json,
    )


@command.command("delete")
@FILE
@NUMBER
@click.option("--yes", is_flag=True, help="Delete it with all that would be lost.")
@DRY_RUN
def delete(file: str, number: int, yes: bool, dry_run: bool, as_json: bool) -> int:
    """Delete a partner: its sheet, its rows in the overviews, all references to it.

    What would be lost is named, and needs --yes. Formulas elsewhere that summed the
    partner go on without it; those that showed nothing else are emptied.

    JSON: the keys of `partner add`; lost names what went.
    """
    from budgetinator.budgets.deleting import delete_partner

    return operate(
        file,
        lambda workbook: delete_partner(workbook, number, lose=yes or dry_run),
        dry_run=dry_run,
        as_json=as_json,
    )


@command.command("list")
@FILE
def listing(file: str, as_json: bool) -> int:
    """List the partners of a budget workbook.

    JSON: file, partners (a list of number, acronym, pic, country, role, rate, funding_rate,
    person_months, total_eligible, requested_contribution).
    """
    from budgetinator.budgets.reading import read_budget
    from budgetinator.cli.money import amount_text

    with waiting(f"reading {file}"), naming(file):
        read = read_budget(file)
    if as_json:
        rows = [_row(each.partner, each.figures) for each in read.partners]
        print_json({"file": file, "partners": rows})
        return Exit.DONE
    heads = ("no.", "acronym", "PIC", "country", "PM", "eligible cost", "requested")
    texts = [
        (
            str(each.partner.number),
            each.partner.acronym,
            each.partner.pic or "",
            each.partner.country or "",
            *(amount_text(getattr(each.figures, name), "en") for name in _FIGURES),
        )
        for each in read.partners
    ]
    print_table(heads, texts, right=[0, 4, 5, 6])
    return Exit.DONE


def _filled(partner: Partner, inputs: dict[InputCell, Decimal | str | None]) -> Partner:
    """The partner with these inputs."""
    months, contracts = list(partner.person_months), list(partner.subcontracts)
    fields: dict[str, Any] = {}
    for cell, value in inputs.items():
        if cell.field == "person_months" and cell.index is not None:
            months[cell.index] = value if isinstance(value, Decimal) else None
        elif cell.index is not None and cell.part is not None:
            given: Any = {cell.part: value}
            contracts[cell.index] = replace(contracts[cell.index], **given)
        else:
            fields[cell.field] = value
    first, second = contracts
    return replace(partner, person_months=tuple(months), subcontracts=(first, second), **fields)


def _row(partner: Partner, figures: Any) -> dict[str, Any]:
    from budgetinator.cli.money import amount_json

    shown = {
        "rate": partner.rate,
        "funding_rate": partner.funding_rate,
        "person_months": figures.person_months,
        "total_eligible": figures.total_eligible,
        "requested_contribution": figures.requested_contribution,
    }
    return {
        "number": partner.number,
        "acronym": partner.acronym,
        "pic": partner.pic,
        "country": partner.country,
        "role": partner.role,
        **{name: amount_json(amount) for name, amount in shown.items()},
    }
