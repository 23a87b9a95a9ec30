"""Budgets to write: one to look at, random ones by a seed, and hypothesis' own."""

from __future__ import annotations

import random
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st

from budgetinator.budgets import (
    MAX_PARTNERS,
    MAX_WORK_PACKAGES,
    Amount,
    Budget,
    Partner,
    Subcontract,
    Version,
    WorkPackage,
    rule_set_names,
)
from budgetinator.budgets.making import write_budget

FIELDS = (
    *("travel", "equipment", "other_goods", "third_parties", "internal_goods"),
    *("income", "contributions", "in_kind", "own_resources", "requested"),
)
# No underscore: openpyxl writes a text such as _x0041_ as it is, which means one sign then.
_LETTERS = "ABCÄÖÜéßøΩЖ中 abc xyz 019'-&<>\".,"


def months(*given: int | str | None) -> tuple[Amount, ...]:
    """The person-months of the first work packages, and none for the rest."""
    found = [None if each is None else Decimal(each) for each in given]
    return (*found, *(None,) * (MAX_WORK_PACKAGES - len(found)))


def partner(number: int, acronym: str, **fields: object) -> Partner:
    """A partner whose figures are worked out in the tests."""
    values: dict[str, object] = {
        "pic": f"{999_900_000 + number}",
        "country": "DE",
        "role": "Coordinator" if number == 1 else "Beneficiary",
        "rate": Decimal(6000),
        "funding_rate": Decimal(1),
        "person_months": months(20, 12, 9),
        "travel": Decimal(12000),
    }
    return Partner(number, acronym, **{**values, **fields})  # type: ignore[arg-type]


def three_partners() -> Budget:
    """Three partners, two work packages, one version."""
    lab = (Subcontract("Lab", Decimal(5000), "Nobody has one"), Subcontract())
    return Budget(
        partners=(
            partner(1, "Coord"),
            partner(2, "L'ORE", funding_rate=Decimal("0.7"), subcontracts=lab),
            partner(3, "Ünï Ko", equipment=Decimal(0), in_kind=Decimal(7)),
        ),
        work_packages=(
            WorkPackage(1, "Management", "Coord", 1, 36),
            WorkPackage(2, "Data", "L'ORE", 3, 9),
        ),
        versions=(Version(datetime(2026, 3, 2, 9, 30), "0.1", "First"),),
        rule_set="HE-IA",
    )


def written(path: Path, budget: Budget | None = None) -> Path:
    """The budget as a file."""
    write_budget(budget if budget is not None else three_partners(), path)
    return path


def random_budget(seed: int) -> Budget:
    """A consortium of 2 to 20 partners and 1 to 15 work packages, with empties and zeros."""
    chance = random.Random(seed)
    count, packages = chance.randint(2, MAX_PARTNERS), chance.randint(1, MAX_WORK_PACKAGES)
    numbers = [1, *sorted(chance.sample(range(2, MAX_PARTNERS + 1), count - 1))]
    return Budget(
        partners=tuple(_random_partner(chance, number, packages) for number in numbers),
        work_packages=tuple(WorkPackage(n, f"WP {n}") for n in range(1, packages + 1)),
        rule_set=chance.choice([None, *rule_set_names()]),
    )


def _random_partner(chance: random.Random, number: int, packages: int) -> Partner:
    def amount(most: int) -> Amount:
        return chance.choice([None, Decimal(0), Decimal(chance.randint(1, most)) / 100])

    planned = [amount(5000) for _ in range(packages)]
    name = "".join(chance.choices(_LETTERS, k=6)).strip(" '")
    return Partner(
        number,
        f"{name}{number}",
        rate=amount(1_200_000),
        funding_rate=chance.choice([None, Decimal(0), Decimal(1), Decimal("0.7")]),
        person_months=(*planned, *(None,) * (MAX_WORK_PACKAGES - packages)),
        subcontracts=(Subcontract(None, amount(9_000_000)), Subcontract("B", amount(9_000_000))),
        **{field: amount(90_000_000) for field in FIELDS},
    )


_amounts = st.none() | st.decimals(0, 10**9, places=2)
_texts = st.text(_LETTERS, max_size=30).map(lambda text: text.strip() or None)
_acronyms = st.text(_LETTERS, min_size=1, max_size=15).map(lambda text: text.strip(" '"))


@st.composite
def _partners(draw: st.DrawFn, number: int) -> Partner:
    return Partner(
        number,
        draw(_acronyms.filter(bool)),
        pic=draw(st.none() | st.from_regex("[1-9][0-9]{8}", fullmatch=True)),
        country=draw(_texts),
        role=draw(_texts),
        rate=draw(_amounts),
        funding_rate=draw(st.none() | st.decimals(0, 1, places=3)),
        person_months=draw(st.tuples(*[_amounts] * MAX_WORK_PACKAGES)),
        subcontracts=draw(st.tuples(*[st.builds(Subcontract, _texts, _amounts, _texts)] * 2)),
        **{field: draw(_amounts) for field in FIELDS},
    )


@st.composite
def budgets(draw: st.DrawFn) -> Budget:
    """Any budget that the layout has room for."""
    numbers = draw(st.sets(st.integers(1, MAX_PARTNERS), min_size=1, max_size=4))
    packages = draw(st.sets(st.integers(1, MAX_WORK_PACKAGES), max_size=5))
    month = st.none() | st.integers(1, 72)
    moments = st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1))
    version = st.builds(
        Version,
        moments.map(lambda moment: moment.replace(microsecond=0)),
        _texts.map(str),
        _texts.map(str),
    )
    return Budget(
        partners=tuple(draw(_partners(number)) for number in sorted(numbers)),
        work_packages=tuple(
            WorkPackage(number, draw(_texts), draw(_texts), draw(month), draw(month))
            for number in sorted(packages)
        ),
        versions=tuple(draw(st.lists(version, max_size=3))),
        rule_set=draw(st.sampled_from([None, *rule_set_names()])),
    )
