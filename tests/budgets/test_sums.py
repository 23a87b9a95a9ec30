"""The figures that follow from a partner's inputs, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from budgetinator.budgets import (
    MAX_WORK_PACKAGES,
    Amount,
    Budget,
    Partner,
    Subcontract,
    WorkPackage,
    consortium_figures,
    figures,
    rule_set,
    rule_set_names,
    work_package_figures,
)
from budgetinator.errors import ConfigError

RIA = rule_set("HE-RIA")


def months(*given: int | str | None) -> tuple[Amount, ...]:
    """The person-months of the first work packages, and none for the rest."""
    found = [None if each is None else Decimal(each) for each in given]
    return (*found, *(None,) * (MAX_WORK_PACKAGES - len(found)))


EXAMPLE = Partner(
    number=2,
    acronym="L'ORE",
    rate=Decimal(6000),
    funding_rate=Decimal("1.0"),
    person_months=months(20, 12, 9),
    subcontracts=(Subcontract("Lab", Decimal(5000)), Subcontract()),
    travel=Decimal(12000),
    equipment=Decimal(8000),
    other_goods=Decimal(3000),
    third_parties=Decimal(60000),
    internal_goods=Decimal(4000),
    own_resources=Decimal(1000),
)


def test_the_worked_example() -> None:
    """Indirect cost is on personnel and purchases, not on subcontracts nor third parties."""
    found = figures(EXAMPLE, RIA)
    assert found.person_months == 41
    assert found.personnel == 246_000
    assert found.indirect == 67_250
    assert found.total_eligible == 405_250
    assert found.maximum_contribution == found.requested_contribution == 405_250
    assert found.total_income == 406_250


def test_the_same_at_seventy_percent() -> None:
    """40 PM at 5 300: personnel 212 000; indirect 25 % of 235 000; 362 750, of which 70 %."""
    partner = replace(
        EXAMPLE,
        rate=Decimal(5300),
        funding_rate=Decimal("0.7"),
        person_months=months(20, 11, 9),
    )
    found = figures(partner, RIA)
    assert found.personnel == 212_000
    assert found.indirect == 58_750
    assert found.total_eligible == 362_750
    assert found.maximum_contribution == 253_925
    assert found.total_income == 254_925


def test_a_typed_request_stands_for_the_maximum() -> None:
    """What is asked for is what is granted, and counts as income."""
    found = figures(replace(EXAMPLE, requested=Decimal(400_000)), RIA)
    assert found.maximum_contribution == 405_250
    assert found.requested_contribution == found.grant_amount == 400_000
    assert found.total_income == 401_000


def test_empty_is_not_zero() -> None:
    """Sums skip what is not determined, count zeros, and are gaps where nothing is determined."""
    empty = figures(Partner(number=3, acronym="NEW"), RIA)
    assert (empty.personnel, empty.total_eligible, empty.total_income) == (None, None, None)
    zero = figures(Partner(number=3, acronym="NEW", travel=Decimal(0)), RIA)
    assert (zero.personnel, zero.indirect, zero.total_eligible) == (None, 0, 0)
    assert zero.maximum_contribution is None


def test_consortium_sums_run_over_partners() -> None:
    """Column by column; there is no rate for all."""
    other = Partner(number=1, acronym="COORD", travel=Decimal(100), funding_rate=Decimal(1))
    found = consortium_figures(Budget(partners=(other, EXAMPLE)), RIA)
    assert found.travel == 12_100
    assert found.total_eligible == 405_250 + 125
    assert found.funding_rate is None


def test_work_packages_sum_over_partners() -> None:
    """Those that have a row or somebody working in them, with the cost of that work."""
    other = Partner(number=1, acronym="COORD", rate=Decimal(7000), person_months=months(None, 2))
    budget = Budget(partners=(other, EXAMPLE), work_packages=(WorkPackage(5, "Ethics"),))
    found = {each.number: each for each in work_package_figures(budget, RIA)}
    assert list(found) == [1, 2, 3, 5]
    assert found[2].person_months == 14
    assert found[2].personnel == 12 * 6000 + 2 * 7000
    assert found[2].cost == Decimal("1.25") * (12 * 6000 + 2 * 7000)
    assert found[2].partners == (1, 2)
    assert (found[5].person_months, found[5].cost, found[5].partners) == (None, None, ())


def test_rule_sets_are_named() -> None:
    """In any case; the default one serves a workbook that names none."""
    assert rule_set().name == "HE-RIA"
    assert rule_set("he-ia").funding_rates == (Decimal("1.0"), Decimal("0.7"))
    assert rule_set("HE-LUMP").audit_certificate_from is None
    assert all(rule_set(name).source for name in rule_set_names())
    with pytest.raises(ConfigError, match="HE-RIA, HE-CSA, HE-IA, HE-LUMP"):
        rule_set("FP7")


def test_a_partner_has_room_for_every_work_package() -> None:
    """A shorter list would shift the months of later work packages."""
    with pytest.raises(ValueError, match="3 entries"):
        Partner(number=1, acronym="X", person_months=(None, None, None))
