"""A consortium's budget as plain values, whatever file it came from.

Money and person-months are `Decimal`. None says "not determined yet" and is no zero:
a zero is a decision. Nothing here is rounded; cents are a matter of showing and writing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

__all__ = [
    "MAX_PARTNERS",
    "MAX_WORK_PACKAGES",
    "Amount",
    "Budget",
    "Partner",
    "Subcontract",
    "Version",
    "WorkPackage",
]

Amount = Decimal | None

MAX_PARTNERS = 20
MAX_WORK_PACKAGES = 15

_NO_MONTHS: tuple[Amount, ...] = (None,) * MAX_WORK_PACKAGES


@dataclass(frozen=True, slots=True)
class Subcontract:
    """One line of table B: to whom, for how much in EUR, and why."""

    name: str | None = None
    amount: Amount = None
    explanation: str | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """What a partner puts into the budget; everything else is computed from it.

    `rate` is in EUR a person-month, `funding_rate` a fraction, `person_months` has one
    entry for each of the 15 work packages that the sheet has room for. All other amounts
    are in EUR. `requested` is None unless somebody typed a sum over the formula, which
    asks for the maximum. In-kind contributions stand in a hidden column.
    """

    number: int
    acronym: str
    pic: str | None = None
    country: str | None = None
    role: str | None = None
    rate: Amount = None
    funding_rate: Amount = None
    person_months: tuple[Amount, ...] = _NO_MONTHS
    subcontracts: tuple[Subcontract, Subcontract] = (Subcontract(), Subcontract())
    travel: Amount = None
    equipment: Amount = None
    other_goods: Amount = None
    third_parties: Amount = None
    internal_goods: Amount = None
    income: Amount = None
    contributions: Amount = None
    in_kind: Amount = None
    own_resources: Amount = None
    requested: Amount = None

    def __post_init__(self) -> None:
        if len(self.person_months) != MAX_WORK_PACKAGES:
            raise ValueError(
                f"person_months has {len(self.person_months)} entries; give one for each of the "
                f"{MAX_WORK_PACKAGES} work packages, None where nothing is planned yet"
            )


@dataclass(frozen=True, slots=True)
class WorkPackage:
    """One row of the table of work packages; months count from the start of the project."""

    number: int
    title: str | None = None
    lead: str | None = None
    start_month: int | None = None
    end_month: int | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One row of the version history."""

    timestamp: datetime | str
    info: str
    summary: str


@dataclass(frozen=True, slots=True)
class Budget:
    """A consortium: partners and work packages by their numbers, versions as they came.

    `rule_set` names the rules by which it is computed and checked.
    """

    partners: tuple[Partner, ...] = ()
    work_packages: tuple[WorkPackage, ...] = ()
    versions: tuple[Version, ...] = field(default=())
    rule_set: str | None = None

    def partner(self, number: int) -> Partner | None:
        """The partner of this number, if there is one."""
        return next((each for each in self.partners if each.number == number), None)

    def work_package(self, number: int) -> WorkPackage | None:
        """The work package of this number, if there is one."""
        return next((each for each in self.work_packages if each.number == number), None)
