"""Costs, rates of funding, what is requested, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from budgetinator.budgets.catalogue import finding
from budgetinator.budgets.findings import CellCorrection, Finding, Fix, euros
from budgetinator.budgets.layout import COLUMNS, INPUTS, REQUESTED, input_value
from budgetinator.budgets.partnerreading import ReadPartner
from budgetinator.budgets.reading import ReadBudget
from budgetinator.budgets.rules import RuleSet
from budgetinator.workbooks import Formula

__all__ = ["check"]

_CENT = Decimal("0.01")
_PERCENT = 100
_FORMULA = next(each.formula or "" for each in COLUMNS if each.cell == REQUESTED)


def check(read: ReadBudget) -> Iterator[Finding]:
    """Each partner's figures, as computed from its inputs."""
    for each in read.partners:
        yield from _negative(each)
        yield from _funding(each, read.rules)
        yield from _requested(each, read.rules)
        yield from _purchases(each, read.rules)
        yield from _subcontracts(each)
        if not each.expected.total_eligible:
            what = "The total of all costs is zero or empty"
            yield finding("no-cost", each.sheet, _figure(each, "O13"), what)


def _negative(each: ReadPartner) -> Iterator[Finding]:
    for cell in INPUTS:
        amount = input_value(each.partner, cell)
        is_cost = cell.kind == "money" and cell.field != "rate"
        if is_cost and isinstance(amount, Decimal) and amount < 0:
            what = f"{cell.label}: {euros(amount)}"
            yield finding("amount-negative", each.sheet, _figure(each, cell.cell), what)


def _funding(each: ReadPartner, rules: RuleSet) -> Iterator[Finding]:
    rate, cell = each.partner.funding_rate, each.cell("funding_rate")
    if rate is None:
        if each.cells.is_empty(cell):
            yield finding("funding-rate-missing", each.sheet, cell, "The funding rate is empty")
    elif rate > 1 and rate <= _PERCENT:
        change = CellCorrection(each.sheet, cell, each.cells.value(cell), rate / _PERCENT)
        fix = Fix(f"Put in {rate / _PERCENT}", (change,), is_safe=False)
        what = f"The funding rate is {rate}"
        yield finding("funding-rate-percent", each.sheet, cell, what, fix=fix)
    elif rate not in rules.funding_rates:
        known = " and ".join(f"{one:.0%}" for one in rules.funding_rates)
        what = f"The funding rate is {rate}; {rules.name} has {known}"
        yield finding("funding-rate-unknown", each.sheet, cell, what)


def _requested(each: ReadPartner, rules: RuleSet) -> Iterator[Finding]:
    cell = each.cell("requested")
    requested, maximum = each.expected.requested_contribution, each.expected.maximum_contribution
    if requested is not None and maximum is not None and requested - maximum >= _CENT:
        change = CellCorrection(
            each.sheet, cell, each.cells.value(cell), Formula(each.places.translated(_FORMULA))
        )
        fix = Fix("Ask for the maximum", (change,), is_safe=False)
        what = f"{euros(requested)} is requested, and the maximum is {euros(maximum)}"
        yield finding("requested-over-maximum", each.sheet, cell, what, fix=fix)
    threshold = rules.audit_certificate_from
    if threshold is not None and requested is not None and requested >= threshold:
        what = f"{euros(requested)} is requested, which is {threshold} or more"
        yield finding("audit-certificate", each.sheet, cell, what)
    income, cost = each.expected.total_income, each.expected.total_eligible
    if income is not None and cost is not None and abs(income - cost) >= _CENT:
        what = f"Total income is {euros(income)}, total cost is {euros(cost)}"
        yield finding("income-differs", each.sheet, _figure(each, "X13"), what)


def _purchases(each: ReadPartner, rules: RuleSet) -> Iterator[Finding]:
    purchases, personnel = each.expected.purchases, each.expected.personnel
    share = rules.purchases_justified_above
    if purchases and personnel and personnel > 0 and purchases > share * personnel:
        what = f"Purchases are {euros(purchases)}, more than {share:.0%} of personnel cost"
        yield finding("purchases-share", each.sheet, _figure(each, "F31"), what)


def _subcontracts(each: ReadPartner) -> Iterator[Finding]:
    for index, contract in enumerate(each.partner.subcontracts):
        if contract.amount and not (contract.name and contract.explanation):
            lacks = "a name" if not contract.name else "an explanation"
            cell = each.cell("subcontracts", index, "amount")
            what = f"{euros(contract.amount)} EUR without {lacks}"
            yield finding("subcontract-unnamed", each.sheet, cell, what)


def _figure(each: ReadPartner, cell: str) -> str:
    return each.places.actual(cell)
