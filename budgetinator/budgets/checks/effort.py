"""Rates and person-months."""

from __future__ import annotations

from collections.abc import Iterator

from budgetinator.budgets.catalogue import finding
from budgetinator.budgets.findings import Finding
from budgetinator.budgets.partnerreading import ReadPartner
from budgetinator.budgets.reading import ReadBudget

__all__ = ["check"]


def check(read: ReadBudget) -> Iterator[Finding]:
    """Each partner's rate against its months, and its months against the work packages."""
    declared = {package.number for package in read.budget.work_packages}
    for each in read.partners:
        yield from _rate(each)
        for index, months in enumerate(each.partner.person_months):
            cell = each.cell("person_months", index)
            if months is not None and months < 0:
                what = f"WP{index + 1} has {months} person-months"
                yield finding("months-negative", each.sheet, cell, what)
            if months and index + 1 not in declared and read.budget.work_packages:
                what = f"{months} person-months in WP{index + 1}"
                yield finding("undeclared-package", each.sheet, cell, what)


def _rate(each: ReadPartner) -> Iterator[Finding]:
    rate, cell = each.partner.rate, each.cell("rate")
    months = each.expected.person_months
    if rate is not None and rate < 0:
        yield finding("rate-negative", each.sheet, cell, f"The rate is {rate}")
    elif rate is None and months:
        if each.cells.is_empty(cell):
            what = f"{months} person-months, and the rate is empty"
            yield finding("months-without-rate", each.sheet, cell, what)
    elif rate == 0 and months:
        what = f"{months} person-months, and the rate is 0"
        yield finding("months-without-rate", each.sheet, cell, what)
    elif rate and not any(each.partner.person_months):
        what = f"The rate is {rate}, and there are no person-months"
        yield finding("rate-without-months", each.sheet, cell, what)
