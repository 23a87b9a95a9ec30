"""What follows from a budget's inputs: each partner's figures, and the sums over them.

The columns are those of the partner's sheet (numbers 5 to 21). Sums skip what is not
determined and count zeros; a sum of nothing but gaps is a gap. Nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal

from budgetinator.budgets.model import MAX_WORK_PACKAGES, Amount, Budget, Partner
from budgetinator.budgets.rules import RuleSet

__all__ = [
    "BudgetFigures",
    "WorkPackageFigures",
    "consortium_figures",
    "figures",
    "work_package_figures",
]


@dataclass(frozen=True, slots=True)
class BudgetFigures:
    """One row of the budget overview, in EUR; `funding_rate` is None for a sum over partners."""

    person_months: Amount
    personnel: Amount
    subcontracting: Amount
    travel: Amount
    equipment: Amount
    other_goods: Amount
    third_parties: Amount
    internal_goods: Amount
    indirect: Amount
    total_eligible: Amount
    funding_rate: Amount
    maximum_contribution: Amount
    requested_contribution: Amount
    grant_amount: Amount
    income: Amount
    contributions: Amount
    in_kind: Amount
    own_resources: Amount
    total_income: Amount

    @property
    def purchases(self) -> Amount:
        """The whole of category C: travel, equipment, other goods, works and services."""
        return total((self.travel, self.equipment, self.other_goods))


@dataclass(frozen=True, slots=True)
class WorkPackageFigures:
    """What a work package takes: person-months, and personnel cost with its indirect cost in EUR.

    Other costs are not planned by work package in these workbooks.
    """

    number: int
    person_months: Amount
    personnel: Amount
    indirect: Amount
    partners: tuple[int, ...]

    @property
    def cost(self) -> Amount:
        """Personnel and the indirect cost on it."""
        return total((self.personnel, self.indirect))


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum of those that are determined; None where none is."""
    found = [amount for amount in amounts if amount is not None]
    return sum(found, Decimal(0)) if found else None


def figures(partner: Partner, rules: RuleSet) -> BudgetFigures:
    """The partner's row, computed from its inputs by the corrected formulas."""
    months = total(partner.person_months)
    personnel = _product(partner.rate, months)
    subcontracting = total(each.amount for each in partner.subcontracts)
    base = (personnel, partner.travel, partner.equipment, partner.other_goods)
    indirect = _product(rules.indirect_rate, total(base))
    direct = (*base, subcontracting, partner.third_parties, partner.internal_goods)
    eligible = total((*direct, indirect))
    maximum = _product(eligible, partner.funding_rate)
    requested = maximum if partner.requested is None else partner.requested
    income = (partner.income, partner.contributions, partner.in_kind, partner.own_resources)
    return BudgetFigures(
        person_months=months,
        personnel=personnel,
        subcontracting=subcontracting,
        travel=partner.travel,
        equipment=partner.equipment,
        other_goods=partner.other_goods,
        third_parties=partner.third_parties,
        internal_goods=partner.internal_goods,
        indirect=indirect,
        total_eligible=eligible,
        funding_rate=partner.funding_rate,
        maximum_contribution=maximum,
        requested_contribution=requested,
        grant_amount=requested,
        income=partner.income,
        contributions=partner.contributions,
        in_kind=partner.in_kind,
        own_resources=partner.own_resources,
        total_income=total((requested, *income)),
    )


def consortium_figures(budget: Budget, rules: RuleSet) -> BudgetFigures:
    """The sum over all partners, column by column."""
    rows = [figures(partner, rules) for partner in budget.partners]
    sums = {
        field.name: total(getattr(row, field.name) for row in rows)
        for field in fields(BudgetFigures)
        if field.name != "funding_rate"
    }
    return BudgetFigures(funding_rate=None, **sums)


def work_package_figures(budget: Budget, rules: RuleSet) -> tuple[WorkPackageFigures, ...]:
    """Each work package in which somebody works or that has a row of its own, by number."""
    declared = {each.number for each in budget.work_packages}
    return tuple(
        _work_package(number, budget, rules)
        for number in range(1, MAX_WORK_PACKAGES + 1)
        if number in declared or _any_month(budget, number)
    )


def _work_package(number: int, budget: Budget, rules: RuleSet) -> WorkPackageFigures:
    def months(partner: Partner) -> Amount:
        return partner.person_months[number - 1]

    personnel = total(_product(each.rate, months(each)) for each in budget.partners)
    return WorkPackageFigures(
        number=number,
        person_months=total(map(months, budget.partners)),
        personnel=personnel,
        indirect=_product(rules.indirect_rate, personnel),
        partners=tuple(each.number for each in budget.partners if months(each)),
    )


def _any_month(budget: Budget, number: int) -> bool:
    return any(each.person_months[number - 1] is not None for each in budget.partners)


def _product(one: Amount, other: Amount) -> Amount:
    return None if one is None or other is None else one * other
