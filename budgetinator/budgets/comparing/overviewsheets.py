"""The overviews and the summary of two budgets: rows by partner and by work package."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from budgetinator.budgets.checks.overviews import total_row
from budgetinator.budgets.checks.workpackages import lead_of
from budgetinator.budgets.comparing.alignment import AlignedSheets, Label, Route
from budgetinator.budgets.comparing.matching import Matches
from budgetinator.budgets.layout import (
    BUDGET_OVERVIEW,
    PM_OVERVIEW,
    PM_SUMMARY,
    RULE_SET,
    Overview,
)
from budgetinator.budgets.model import WorkPackage
from budgetinator.budgets.partnerreading import ReadPartner
from budgetinator.budgets.reading import ReadBudget
from budgetinator.budgets.sheetcells import LAST_COLUMN, Place, SheetCells, place_of
from budgetinator.workbooks.addresses import column_number

__all__ = ["aligned_overview", "aligned_summary"]

_Pair = tuple[ReadBudget, ReadBudget]


def aligned_overview(
    overview: Overview,
    budgets: _Pair,
    partners: Matches[ReadPartner],
    packages: Mapping[int, int],
) -> AlignedSheets:
    """An overview that both have."""
    before, after = (_Rows(overview, each) for each in budgets)
    rows = {before.row(one): after.row(other) for one, other in partners.pairs}
    if before.total is not None and after.total is not None:
        rows[before.total] = after.total
    cells: dict[Place, Place] = {}
    if overview is PM_OVERVIEW:
        cells = dict(_columns(overview, rows, packages))
    gone = frozenset(before.places(partners.removed))
    new = frozenset(after.places(partners.added))
    names = [(before.name_place(one), after.name_place(two)) for one, two in partners.pairs]
    told = [pair for pair in names if pair[0] is not None and pair[1] is not None]
    return AlignedSheets(
        before.cells,
        after.cells,
        Route(cells, rows),
        labels=_labels(overview, after),
        formulas=(before.formulas(), after.formulas()),
        ignored=(
            gone | {one for one, _ in told if one is not None},
            new | {other for _, other in told if other is not None},
        ),
    )


def aligned_summary(
    budgets: _Pair, partners: Matches[ReadPartner], packages: Matches[WorkPackage]
) -> AlignedSheets:
    """The work packages that both have, row by row."""
    before, after = budgets
    rows = {
        PM_SUMMARY.row(before.work_package_rows[one.number]): PM_SUMMARY.row(
            after.work_package_rows[other.number]
        )
        for one, other in packages.pairs
    }
    numbers = {place: number for number, place in before.work_package_rows.items()}
    numbers |= {place: number for number, place in after.work_package_rows.items()}
    labels = {
        place_of(PM_SUMMARY.cell(name, place)): Label(label, is_input=True, work_package=number)
        for place, number in numbers.items()
        for name, (_, label) in PM_SUMMARY.columns.items()
    }
    ignored: tuple[set[Place], set[Place]] = (set(), set())
    for pair in packages.pairs:
        for name in _told(pair, budgets, partners):
            for told, read, package in zip(ignored, budgets, pair, strict=True):
                row = read.work_package_rows[package.number]
                told.add(place_of(PM_SUMMARY.cell(name, row)))
    sheets = (before.sheets[PM_SUMMARY.sheet], after.sheets[PM_SUMMARY.sheet])
    return AlignedSheets(*sheets, Route({}, rows), labels=labels, ignored=ignored)


def _told(
    pair: tuple[WorkPackage, WorkPackage], budgets: _Pair, partners: Matches[ReadPartner]
) -> Iterator[str]:
    """What of a work package follows from its new number, or from a partner's new name."""
    one, other = pair
    if one.number != other.number:
        yield "number"
    if one.lead == other.lead:
        return
    first, second = (lead_of(*each) for each in zip(budgets, pair, strict=True))
    known = ((each.partner, now.partner) for each, now in partners.pairs)
    for before, after in known:
        if before is first and after is second:
            was, now = (before.number, before.acronym), (after.number, after.acronym)
            if was != now:
                yield "lead"


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of an overview in one version."""

    overview: Overview
    budget: ReadBudget

    @property
    def cells(self) -> SheetCells:
        return self.budget.sheets[self.overview.sheet]

    @property
    def total(self) -> int | None:
        partners = {each.name.number: each for each in reversed(self.budget.partners)}
        return total_row(self.overview, self.cells, partners)

    def row(self, partner: ReadPartner) -> int:
        return self.overview.row(partner.name.number)

    def places(self, partners: Collection[ReadPartner]) -> Iterator[Place]:
        """All cells in the rows of these partners."""
        for partner in partners:
            for column in range(1, LAST_COLUMN + 1):
                yield self.row(partner), column

    def name_place(self, partner: ReadPartner) -> Place | None:
        """Where the row has the name of the partner's sheet, if it has that and no other."""
        letter = self.overview.name_letter
        if letter is None:
            return None
        place = self.row(partner), column_number(letter)
        return place if self.cells.values.get(place) == partner.sheet else None

    def formulas(self) -> dict[Place, str]:
        found: dict[str, str] = {}
        for partner in self.budget.partners:
            found |= self.overview.row_formulas(
                partner.name.number, partner.sheet, partner.places.actual
            )
        numbers = [each.name.number for each in self.budget.partners]
        if self.total == self.overview.total_row(numbers):
            found |= self.overview.total_formulas(numbers)
        return {place_of(cell): formula for cell, formula in found.items()}


def _columns(
    overview: Overview, rows: Mapping[int, int], packages: Mapping[int, int]
) -> Iterator[tuple[Place, Place]]:
    """Cells of person-months, whose columns go with the work packages."""
    first = column_number(overview.columns[0].letter) - 1
    for row, other_row in rows.items():
        for number in range(1, len(overview.columns) + 1):
            if number in packages:
                yield (row, first + number), (other_row, first + packages[number])


def _labels(overview: Overview, rows: _Rows) -> dict[Place, Label]:
    columns = [(column.letter, column.label) for column in overview.columns]
    if overview.row_sum is not None:
        columns.append((overview.row_sum, "Total"))
    owners = {rows.row(each): f" of {each.sheet}" for each in rows.budget.partners}
    if rows.total is not None:
        owners[rows.total] = f", {overview.total_label}"
    found = {
        (row, column_number(letter)): Label(f"{label}{owner}")
        for row, owner in owners.items()
        for letter, label in columns
    }
    if overview is BUDGET_OVERVIEW:
        found[place_of(RULE_SET[2])] = Label(RULE_SET[1], is_input=True)
    return found
