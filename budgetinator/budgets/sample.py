"""A sample consortium of six made-up partners, with three errors planted in its workbook.

1. `P2-L'ORE!N13` has an older formula of indirect cost, which counts the support to third
   parties into its base: 44 000 for 29 000.
2. `P4-TERRA!R13` asks for 5 000 more than the maximum EU contribution.
3. `Budget Overview!F10` has the personnel cost of P3 typed over its link, and an older one.

Everything else is as a budget should be, so that a check finds these and nothing else.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from budgetinator.budgets.making import write_budget
from budgetinator.budgets.model import (
    MAX_WORK_PACKAGES,
    Amount,
    Budget,
    Partner,
    Subcontract,
    Version,
    WorkPackage,
)
from budgetinator.budgets.results import save_with_results
from budgetinator.budgets.rules import rule_set
from budgetinator.budgets.sums import figures, total
from budgetinator.workbooks import ExcelManager, Formula

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService
    from budgetinator.workbooks import CellInput, Surroundings

__all__ = ["PLANTED", "sample_budget", "write_sample"]

PLANTED = (
    ("formula-old", "P2-L'ORE", "N13"),
    ("requested-over-maximum", "P4-TERRA", "R13"),
    ("link-typed-over", "Budget Overview", "F10"),
)
"""The planted errors: the rule that finds each, its sheet and its cell."""

_RULES = "HE-IA"
_TOO_MUCH = Decimal(5000)

# Acronym, country, funding rate, EUR a person-month, months in WP 1 to 8; then travel,
# equipment, other goods.
_PARTNERS = (
    ("Coord", "DE", "1.0", 6000, (6, 2, 3, 2, 0, 2, 1, 2), (12000, None, 0)),
    ("L'ORE", "FR", "0.7", 5300, (0, 5, 2, 4, 3, 0, 4, 2), (6000, 4000, None)),
    ("NORDLYS", "NO", "1.0", 7100, (1, 0, 6, 3, 2, 0, None, 2), (9000, None, 2500)),
    ("TERRA", "IT", "0.7", 4800, (1, 3, 0, 5, 6, 3, 2, 1), (7500, 5000, 0)),
    ("KYMA", "GR", "1.0", 3900, (1, 3, 1, 4, 2, 8, 5, 2), (8000, None, None)),
    ("VELES", "SI", "1.0", 3600, (1, 0, 4, 2, 3, 2, 6, 8), (5000, 3000, 1500)),
)
# Title, lead, first and last month.
_PACKAGES = (
    ("Management", "Coord", 1, 36),
    ("Requirements", "L'ORE", 1, 12),
    ("Method", "NORDLYS", 4, 18),
    ("Data", "TERRA", 6, 24),
    ("Models", "TERRA", 10, 30),
    ("Tools", "KYMA", 12, 30),
    ("Pilots", "VELES", 18, 34),
    ("Trials", "VELES", 24, 36),
)


def sample_budget() -> Budget:
    """The six partners; the request of one of them is the only error in it."""
    return Budget(
        partners=tuple(_partner(number) for number in range(1, len(_PARTNERS) + 1)),
        work_packages=tuple(WorkPackage(place, *each) for place, each in enumerate(_PACKAGES, 1)),
        versions=(Version(datetime(2026, 3, 2, 9, 30), "0.1", "Sample consortium"),),  # noqa: DTZ001
        rule_set=_RULES,
    )


def write_sample(
    path: str | os.PathLike[str],
    *,
    service: ResourceManagementService | Surroundings | None = None,
) -> None:
    """Write the sample workbook with its three errors; raises what `write_budget` does."""
    budget = sample_budget()
    write_budget(budget, path, service=service)
    errors: dict[str, CellInput] = {
        "'P2-L''ORE'!N13": Formula("=0.25*(G13+I13+J13+K13+L13)"),
        "'Budget Overview'!F10": 92300,
    }
    with ExcelManager(path, service=service) as manager:
        manager.set_cells(errors)
        save_with_results(manager)


def _partner(number: int) -> Partner:
    acronym, country, funding, rate, months, goods = _PARTNERS[number - 1]
    travel, equipment, other = map(_amount, goods)
    partner = Partner(
        number=number,
        acronym=acronym,
        pic=f"{999_000_000 + 7_919 * number}",
        country=country,
        role="Coordinator" if number == 1 else "Beneficiary",
        rate=Decimal(rate),
        funding_rate=Decimal(funding),
        person_months=(*map(_amount, months), *(None,) * (MAX_WORK_PACKAGES - len(months))),
        travel=travel,
        equipment=equipment,
        other_goods=other,
    )
    return _balanced(_with_more(partner))


def _with_more(partner: Partner) -> Partner:
    if partner.acronym == "L'ORE":
        return replace(partner, third_parties=Decimal(60000))
    if partner.acronym == "KYMA":
        cloud = Subcontract("Cloud services", Decimal(15000), "No partner runs a data centre")
        return replace(partner, subcontracts=(cloud, Subcontract()))
    return partner


def _balanced(partner: Partner) -> Partner:
    """What is not granted comes from own resources, so that income is cost."""
    found = figures(partner, rule_set(_RULES))
    maximum, cost = found.maximum_contribution, found.total_eligible
    assert maximum is not None
    assert cost is not None
    if partner.acronym == "TERRA":
        partner = replace(partner, requested=maximum + _TOO_MUCH)
    own = total((cost, -(partner.requested if partner.requested is not None else maximum)))
    return replace(partner, own_resources=own or None)


def _amount(number: int | None) -> Amount:
    return None if number is None else Decimal(number)
