"""Work packages: who leads them, when they run, and whether somebody works in them."""

from __future__ import annotations

from collections.abc import Iterator

from budgetinator.budgets.catalogue import finding
from budgetinator.budgets.findings import Finding
from budgetinator.budgets.layout import PM_SUMMARY
from budgetinator.budgets.model import Partner, WorkPackage
from budgetinator.budgets.reading import ReadBudget

__all__ = ["check", "lead_of"]

_LAST_MONTH = 120


def check(read: ReadBudget) -> Iterator[Finding]:
    """Every work package of the summary that is more than a number."""
    for package in read.budget.work_packages:
        place = _Place(read, package)
        workers = [each for each in read.budget.partners if each.person_months[package.number - 1]]
        is_named = any((package.title, package.lead, package.start_month, package.end_month))
        if not is_named and not workers:
            continue
        yield from _lead(read, package, place, workers)
        yield from _months(package, place)
        if not workers and read.partners:
            yield place.find("package-without-months", "number", "No partner has person-months")


def lead_of(read: ReadBudget, package: WorkPackage) -> Partner | None:
    """The partner that the summary names as lead: by acronym, number, `P2` or its sheet's name."""
    if package.lead is None:
        return None
    wanted = package.lead.casefold()
    for each in read.partners:
        number = each.partner.number
        acronym = each.partner.acronym
        names = {acronym, str(number), f"P{number}", each.sheet, f"P{number}-{acronym}"}
        if wanted in {name.casefold() for name in names}:
            return each.partner
    return None


class _Place:
    """The row of one work package in the summary."""

    def __init__(self, read: ReadBudget, package: WorkPackage) -> None:
        self._row = read.work_package_rows[package.number]
        self._number = package.number

    def find(self, rule: str, field: str, what: str) -> Finding:
        cell = PM_SUMMARY.cell(field, self._row)
        return finding(rule, PM_SUMMARY.sheet, cell, f"WP{self._number}: {what}")


def _lead(
    read: ReadBudget, package: WorkPackage, place: _Place, workers: list[Partner]
) -> Iterator[Finding]:
    lead = lead_of(read, package)
    if package.lead is None:
        yield place.find("package-without-lead", "lead", "The lead is empty")
    elif lead is None:
        yield place.find("lead-unknown", "lead", f"The lead is {package.lead!r}")
    elif workers and lead not in workers:
        what = f"{lead.acronym} has no person-months"
        yield place.find("lead-without-months", "lead", what)


def _months(package: WorkPackage, place: _Place) -> Iterator[Finding]:
    start, end = package.start_month, package.end_month
    for field, month in (("start_month", start), ("end_month", end)):
        if month is not None and not 1 <= month <= _LAST_MONTH:
            what = f"The month is {month}, not within 1 to {_LAST_MONTH}"
            yield place.find("month-beyond", field, what)
    if start is not None and end is not None and start > end:
        yield place.find("months-order", "start_month", f"It runs from month {start} to {end}")
