"""A whole budget written as a workbook: a new file, or one made from a template."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

from budgetinator.budgets.amending import Amendment, amending
from budgetinator.budgets.history import append_version, put_versions
from budgetinator.budgets.layout import BUDGET_OVERVIEW
from budgetinator.budgets.model import MAX_PARTNERS, MAX_WORK_PACKAGES, Budget, Partner, Version
from budgetinator.budgets.overviews import renew_overviews
from budgetinator.budgets.partners import rules_of
from budgetinator.budgets.partnersheets import (
    check_partner,
    fill_partner_sheet,
    make_partner_sheet,
    partner_sheets,
)
from budgetinator.budgets.referrers import rename_sheet
from budgetinator.budgets.results import save_with_results
from budgetinator.budgets.rules import RuleSet, rule_set
from budgetinator.budgets.workpackages import put_work_packages
from budgetinator.errors import BudgetError, ChangedOnDisk
from budgetinator.workbooks import ExcelManager

if TYPE_CHECKING:
    from openpyxl import Workbook

    from budgetinator.resources import ResourceManagementService
    from budgetinator.workbooks import SaveReport, Surroundings

__all__ = ["fill_workbook", "start_budget", "write_budget"]


def write_budget(
    budget: Budget,
    path: str | os.PathLike[str],
    *,
    template: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    service: ResourceManagementService | Surroundings | None = None,
) -> SaveReport:
    """Write the budget as a new workbook, or into a copy of a template, which stays as it is.

    Of a template everything is kept: its own sheets, and sheets of partners that the budget
    has are filled. Money is rounded half-even to cents. Raises BudgetError for what the
    layout has no room for, ChangedOnDisk where the file is there already, and what saving
    raises; then no file has changed.
    """
    if template is None:
        with ExcelManager.create(path, service=service) as manager:
            workbook = manager.workbook
            (empty,) = workbook.worksheets
            fill_workbook(workbook, budget)
            workbook.remove(empty)
            workbook.active = workbook.index(workbook[BUDGET_OVERVIEW.sheet])
            _set_properties(workbook, budget)
            return save_with_results(manager, overwrite=overwrite)
    if not overwrite:
        _refuse_existing(path)
    with ExcelManager(template, service=service) as manager:
        fill_workbook(manager.workbook, budget)
        report = save_with_results(manager, path, overwrite=overwrite)
        manager.force_close()
        return report


def start_budget(
    path: str | os.PathLike[str],
    *,
    partners: int = 1,
    template: str | os.PathLike[str] | None = None,
    rules: str | None = None,
    service: ResourceManagementService | Surroundings | None = None,
) -> SaveReport:
    """Write a workbook for so many partners, of whom nothing but a number is known.

    Of a template everything is kept, partners that it lacks up to that number are added.
    Raises as `write_budget` does.
    """
    named = rule_set(rules)
    if partners > MAX_PARTNERS:
        raise BudgetError(f"There is room for {MAX_PARTNERS} partners, not for {partners}.")
    numbers = range(1, partners + 1)
    if template is None:
        versions = (_first_version(f"New budget under {named.name}"),)
        budget = Budget(tuple(map(_unknown, numbers)), versions=versions, rule_set=named.name)
        return write_budget(budget, path, service=service)
    _refuse_existing(path)
    with ExcelManager(template, service=service) as manager:
        used = named if rules is not None else rules_of(manager.workbook)
        with amending(manager.workbook) as amendment:
            there = partner_sheets(manager.workbook)
            for number in numbers:
                if number not in there:
                    make_partner_sheet(amendment, _unknown(number), used)
            put_work_packages(amendment, ())
            renew_overviews(amendment, used)
            append_version(amendment, f"New budget under {used.name}")
        report = save_with_results(manager, path)
        manager.force_close()
        return report


def fill_workbook(workbook: Workbook, budget: Budget) -> None:
    """Write the budget into an open workbook, all of it or nothing; nothing is saved.

    Raises BudgetError where the workbook has a sheet of a partner that the budget has not.
    """
    rules = rule_set(budget.rule_set)
    _check(budget)
    with amending(workbook) as amendment:
        _fill_partners(amendment, budget, rules)
        put_work_packages(amendment, budget.work_packages)
        renew_overviews(amendment, rules if budget.rule_set is not None else None)
        put_versions(amendment, budget.versions)


def _fill_partners(amendment: Amendment, budget: Budget, rules: RuleSet) -> None:
    there = partner_sheets(amendment.workbook)
    wanted = {partner.number for partner in budget.partners}
    if strangers := [sheet.title for number, sheet in there.items() if number not in wanted]:
        raise BudgetError(
            f"The template has {', '.join(strangers)}, which the budget has not; delete these "
            "partners from the template first."
        )
    for partner in sorted(budget.partners, key=lambda each: each.number):
        sheet = there.get(partner.number)
        if sheet is None:
            make_partner_sheet(amendment, partner, rules)
            continue
        if partner.number != 1:
            rename_sheet(amendment, sheet, check_partner(partner))
        fill_partner_sheet(amendment, sheet, partner, rules)


def _check(budget: Budget) -> None:
    if len(budget.partners) > MAX_PARTNERS:
        raise BudgetError(
            f"The budget has {len(budget.partners)} partners, and the layout has room for "
            f"{MAX_PARTNERS}."
        )
    if len(budget.work_packages) > MAX_WORK_PACKAGES:
        raise BudgetError(
            f"The budget has {len(budget.work_packages)} work packages, and the layout has room "
            f"for {MAX_WORK_PACKAGES}."
        )
    for partner in budget.partners:
        check_partner(partner)
    _refuse_twice("partners", [each.number for each in budget.partners])
    _refuse_twice("work packages", [each.number for each in budget.work_packages])


def _unknown(number: int) -> Partner:
    first = number == 1
    return Partner(
        number,
        "Coord" if first else f"Partner{number}",
        role="Coordinator" if first else "Beneficiary",
    )


def _first_version(summary: str) -> Version:
    now = datetime.now().replace(microsecond=0)  # noqa: DTZ005  a cell's time has no zone
    return Version(now, "0.1", summary)


def _refuse_existing(path: str | os.PathLike[str]) -> None:
    if os.path.lexists(path):
        raise ChangedOnDisk(
            f"{os.fspath(path)} is there already; choose another name, or overwrite it.",
            path=os.fspath(path),
        )


def _refuse_twice(what: str, numbers: list[int]) -> None:
    for number in numbers:
        if numbers.count(number) > 1:
            raise BudgetError(f"Two {what} have the number {number}; give each its own.")


def _set_properties(workbook: Workbook, budget: Budget) -> None:
    coordinator = budget.partner(1)
    workbook.properties.title = "Budget"
    workbook.properties.creator = coordinator.acronym if coordinator is not None else ""
    workbook.properties.created = datetime.now().replace(microsecond=0)  # noqa: DTZ005
