"""Two budgets compared: their sheets aligned, and the differences by partner and work package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from difflib import SequenceMatcher

from budgetinator.budgets.comparing.aligned import aligned_differences
from budgetinator.budgets.comparing.alignment import AlignedSheets, aligned_partners
from budgetinator.budgets.comparing.differences import (
    CellDifference,
    FigureDifference,
    PartnerDifference,
    PartnerName,
    VersionDifference,
    WorkPackageDifference,
)
from budgetinator.budgets.comparing.equality import same_result
from budgetinator.budgets.comparing.matching import Matches, match_partners, match_work_packages
from budgetinator.budgets.comparing.overviewsheets import aligned_overview, aligned_summary
from budgetinator.budgets.comparing.renames import Renames
from budgetinator.budgets.layout import BUDGET_OVERVIEW, COLUMNS, PM_OVERVIEW, PM_SUMMARY
from budgetinator.budgets.model import Amount, Version, WorkPackage
from budgetinator.budgets.partnerreading import ReadPartner
from budgetinator.budgets.reading import ReadBudget
from budgetinator.budgets.sums import BudgetFigures, WorkPackageFigures, work_package_figures

__all__ = ["BudgetPair"]

_LABELS = {
    "person_months": "Person-months",
    **{column.figure: column.label for column in COLUMNS if column.figure is not None},
}
_PACKAGE_LABELS = {"person_months": "Person-months", "personnel": "Personnel", "cost": "Cost"}
_MOST_VERSIONS = 2000


@dataclass(frozen=True, slots=True)
class BudgetPair:
    """Two budgets whose partners and work packages were matched."""

    before: ReadBudget
    after: ReadBudget
    partners: Matches[ReadPartner]
    packages: Matches[WorkPackage]

    @classmethod
    def of(cls, before: ReadBudget, after: ReadBudget) -> BudgetPair:
        """The budgets, matched."""
        return cls(
            before,
            after,
            match_partners(before.partners, after.partners),
            match_work_packages(before.budget.work_packages, after.budget.work_packages),
        )

    @property
    def renames(self) -> Renames:
        """The partners' sheets that have another name."""
        return Renames((one.sheet, other.sheet) for one, other in self.partners.pairs)

    def aligned(self) -> dict[tuple[str, str], AlignedSheets]:
        """The sheets of the layout that both have, by their names."""
        numbers = {one.number: other.number for one, other in self.packages.pairs}
        rates = self.before.rules.indirect_rate, self.after.rules.indirect_rate
        found = [aligned_partners(*pair, numbers, rates) for pair in self.partners.pairs]
        budgets = self.before, self.after
        found += [
            aligned_overview(overview, budgets, self.partners, numbers)
            for overview in (BUDGET_OVERVIEW, PM_OVERVIEW)
            if all(overview.sheet in each.sheets for each in budgets)
        ]
        if all(PM_SUMMARY.sheet in each.sheets for each in budgets):
            found.append(aligned_summary(budgets, self.partners, self.packages))
        return {(each.before.name, each.after.name): each for each in found}

    def own_sheets(self, side: int) -> frozenset[str]:
        """The partners' sheets of a version."""
        read = (self.before, self.after)[side]
        return frozenset(each.sheet for each in read.partners)

    def cells(self, sheets: AlignedSheets) -> Iterator[CellDifference]:
        """What differs within the tables of a sheet."""
        return aligned_differences(sheets, self.renames.same)

    def partner_differences(self, cells: Iterable[CellDifference]) -> tuple[PartnerDifference, ...]:
        """Partners that differ, in the order of the earlier version; then those that are new."""
        by_number = _grouped(cells, lambda each: each.partner)
        found = [
            PartnerDifference(_name(one), _name(two), tuple(by_number.get(two.partner.number, ())),
                              _figures(one.figures, two.figures), two.partner)
            for one, two in self.partners.pairs
        ]  # fmt: skip
        found = [each for each in found if each.inputs or each.results or each.is_renumbered]
        for gone in self.partners.removed:
            results = _figures(gone.figures, _NOTHING)
            found.append(PartnerDifference(_name(gone), None, results=results))
        for new in self.partners.added:
            results = _figures(_NOTHING, new.figures)
            found.append(PartnerDifference(None, _name(new), results=results, partner=new.partner))
        return tuple(found)

    def package_differences(
        self, cells: Iterable[CellDifference]
    ) -> tuple[WorkPackageDifference, ...]:
        """Work packages that differ, those that only have person-months among them."""
        by_number = _grouped(cells, lambda each: each.work_package)
        before, after = (
            {each.number: each for each in work_package_figures(read.budget, read.rules)}
            for read in (self.before, self.after)
        )
        pairs: list[tuple[WorkPackage | None, WorkPackage | None]] = [*self.packages.pairs]
        pairs += [(gone, None) for gone in self.packages.removed]
        pairs += [(None, new) for new in self.packages.added]
        known = ({one.number for one, _ in pairs if one}, {two.number for _, two in pairs if two})
        for number in sorted({*before, *after}):
            if number not in known[0] and number not in known[1]:
                pairs.append(
                    (
                        WorkPackage(number) if number in before else None,
                        WorkPackage(number) if number in after else None,
                    )
                )
        found = []
        for one, two in pairs:
            results = _package_figures(
                before.get(one.number) if one else None, after.get(two.number) if two else None
            )
            number = (two or one).number  # type: ignore[union-attr]
            inputs = tuple(by_number.get(number, ())) if two or number not in known[1] else ()
            each = WorkPackageDifference(one, two, inputs, results)
            if each.change != "changed" or inputs or results or each.is_renumbered:
                found.append(each)
        return tuple(found)

    def consortium(self) -> tuple[FigureDifference, ...]:
        """Totals over all partners that differ."""
        return _figures(self.before.consortium, self.after.consortium)

    def versions(self) -> tuple[VersionDifference, ...]:
        """Rows of the history that only one of the two has."""
        one, other = self.before.budget.versions, self.after.budget.versions
        start = next(
            (
                place
                for place, pair in enumerate(zip(one, other, strict=False))
                if pair[0] != pair[1]
            ),
            min(len(one), len(other)),
        )
        return tuple(_versions(one[start:], other[start:]))


def _versions(
    before: tuple[Version, ...], after: tuple[Version, ...]
) -> Iterator[VersionDifference]:
    """What is equal within is left out, unless it would take too long to find."""
    parts = [(before, after)]
    if max(len(before), len(after)) <= _MOST_VERSIONS:
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        parts = [
            (before[first:last], after[other_first:other_last])
            for tag, first, last, other_first, other_last in matcher.get_opcodes()
            if tag != "equal"
        ]
    for gone, new in parts:
        yield from (VersionDifference("removed", each) for each in gone)
        yield from (VersionDifference("added", each) for each in new)


def _grouped(
    cells: Iterable[CellDifference], key: Callable[[CellDifference], int | None]
) -> dict[int, list[CellDifference]]:
    found: dict[int, list[CellDifference]] = {}
    for each in cells:
        number = key(each)
        if number is not None and each.kind != "result":
            found.setdefault(number, []).append(each)
    return found


def _name(read: ReadPartner) -> PartnerName:
    return PartnerName(read.partner.number, read.partner.acronym, read.sheet)


_NOTHING = BudgetFigures(**{each.name: None for each in fields(BudgetFigures)})


def _figures(before: BudgetFigures, after: BudgetFigures) -> tuple[FigureDifference, ...]:
    return tuple(
        FigureDifference(name, label, getattr(before, name), getattr(after, name))
        for name, label in _LABELS.items()
        if not _same(getattr(before, name), getattr(after, name))
    )


def _package_figures(
    before: WorkPackageFigures | None, after: WorkPackageFigures | None
) -> tuple[FigureDifference, ...]:
    return tuple(
        FigureDifference(name, label, getattr(before, name, None), getattr(after, name, None))
        for name, label in _PACKAGE_LABELS.items()
        if not _same(getattr(before, name, None), getattr(after, name, None))
    )


def _same(one: Amount, other: Amount) -> bool:
    return same_result(one, other)
