"""What differs between two versions of a workbook, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from budgetinator.budgets.computing import decimal_of
from budgetinator.budgets.findings import CellContent
from budgetinator.budgets.model import Amount, Partner, Version, WorkPackage
from budgetinator.workbooks import Formula
from budgetinator.workbooks.addresses import quote_sheet
from budgetinator.workbooks.reading.celltexts import CellError

__all__ = [
    "KINDS",
    "CellDifference",
    "CellPlace",
    "Change",
    "DifferenceKind",
    "FigureDifference",
    "PartnerDifference",
    "PartnerName",
    "SheetDifference",
    "VersionComparison",
    "VersionDifference",
    "WorkPackageDifference",
]

DifferenceKind = Literal["input", "formula", "result"]
"""Something else was typed in; something else is computed; or it merely follows from those."""

KINDS: tuple[DifferenceKind, ...] = ("input", "formula", "result")

Change = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class CellPlace:
    """A cell of one of the versions."""

    sheet: str
    cell: str

    def __str__(self) -> str:
        return f"{quote_sheet(self.sheet)}!{self.cell}"


@dataclass(frozen=True, slots=True)
class CellDifference:
    """A cell that differs; None is an empty one, which is no zero.

    A place is None where the version has no such cell: then nothing can be taken over.
    `label` is what the layout calls the cell, `partner` the number of the partner whose
    sheet it is on, as the later version has it, and `work_package` that of the
    person-months' work package.
    """

    kind: DifferenceKind
    before_at: CellPlace | None
    after_at: CellPlace | None
    before: CellContent
    after: CellContent
    label: str = ""
    partner: int | None = None
    work_package: int | None = None

    @property
    def difference(self) -> Amount:
        """How much more the later version has; None unless both are numbers."""
        one, other = _number(self.before), _number(self.after)
        return None if one is None or other is None else other - one

    @property
    def can_be_taken(self) -> bool:
        """Whether the earlier version could be given the later one's content."""
        return self.kind != "result" and self.before_at is not None and _is_settable(self.after)


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """A sum that differs, by its name in the figures; in EUR or person-months."""

    name: str
    label: str
    before: Amount
    after: Amount

    @property
    def difference(self) -> Amount:
        """How much more the later version has; None unless both are determined."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class PartnerName:
    """What a version calls a partner."""

    number: int
    acronym: str
    sheet: str

    def __str__(self) -> str:
        return f"P{self.number}-{self.acronym}"


class _Numbered:
    """What is the same for partners and work packages: each has a number in its version."""

    __slots__ = ()

    before: PartnerName | WorkPackage | None
    after: PartnerName | WorkPackage | None

    @property
    def change(self) -> Change:
        """Whether it came, went, or differs."""
        return _change(self.before, self.after)

    @property
    def is_renumbered(self) -> bool:
        """Whether it has another number than before."""
        before, after = self.before, self.after
        return before is not None and after is not None and before.number != after.number


@dataclass(frozen=True, slots=True)
class PartnerDifference(_Numbered):
    """A partner that came, went, or differs; `before` is None for one that came.

    `inputs` are the cells in which something else was typed or is computed, `results` the
    figures that follow. `partner` is what the later version has of it.
    """

    before: PartnerName | None
    after: PartnerName | None
    inputs: tuple[CellDifference, ...] = ()
    results: tuple[FigureDifference, ...] = ()
    partner: Partner | None = None

    @property
    def is_renamed(self) -> bool:
        """Whether it has another acronym than before."""
        before, after = self.before, self.after
        return before is not None and after is not None and before.acronym != after.acronym

    @property
    def name(self) -> str:
        """What it is called now, or was."""
        return str(self.after or self.before)


@dataclass(frozen=True, slots=True)
class WorkPackageDifference(_Numbered):
    """A work package that came, went, or differs, person-months planned in it included."""

    before: WorkPackage | None
    after: WorkPackage | None
    inputs: tuple[CellDifference, ...] = ()
    results: tuple[FigureDifference, ...] = ()

    @property
    def is_renamed(self) -> bool:
        """Whether it has another title than before."""
        before, after = self.before, self.after
        return before is not None and after is not None and before.title != after.title

    @property
    def name(self) -> str:
        """Number and title, as they are now or were."""
        found = self.after or self.before
        assert found is not None
        return f"WP{found.number} {found.title or ''}".strip()


@dataclass(frozen=True, slots=True)
class SheetDifference:
    """A sheet that came, went, or has another name; partners' sheets go with their partners."""

    change: Literal["added", "removed", "renamed"]
    sheet: str
    other: str | None = None


@dataclass(frozen=True, slots=True)
class VersionDifference:
    """A row of the version history that only one of the two has."""

    change: Literal["added", "removed"]
    version: Version


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """Two versions, and all that differs; partners and work packages that do not are left out.

    `cells` has so many differences as were asked for, in the order of the tabs; `further`
    counts those beyond, and `counts` all of them by kind. `names` are the sheets that both
    have and that are called otherwise: the later name to the earlier one.
    """

    before: str
    after: str
    is_budget: bool = False
    partners: tuple[PartnerDifference, ...] = ()
    work_packages: tuple[WorkPackageDifference, ...] = ()
    consortium: tuple[FigureDifference, ...] = ()
    sheets: tuple[SheetDifference, ...] = ()
    versions: tuple[VersionDifference, ...] = ()
    cells: tuple[CellDifference, ...] = ()
    further: int = 0
    counts: Mapping[DifferenceKind, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        found = (self.partners, self.work_packages, self.consortium, self.sheets, self.versions)
        return not any((*found, self.cells, self.further))

    @property
    def inputs(self) -> tuple[CellDifference, ...]:
        """What somebody typed: other values and other formulas."""
        return tuple(each for each in self.cells if each.kind != "result")

    @property
    def results(self) -> tuple[CellDifference, ...]:
        """What merely follows."""
        return tuple(each for each in self.cells if each.kind == "result")


def _change(before: object, after: object) -> Change:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"


def _number(content: CellContent) -> Decimal | None:
    return None if isinstance(content, Formula) else decimal_of(content)


def _is_settable(content: CellContent) -> bool:
    """An array formula stands for an area, and an error is no entry."""
    if isinstance(content, Formula):
        return not content.text.startswith("{")
    return not isinstance(content, CellError)
