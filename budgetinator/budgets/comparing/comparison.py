"""Two versions of a workbook compared: sheets, cells, and what they mean for a budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

from budgetinator.budgets.comparing.budgets import BudgetPair
from budgetinator.budgets.comparing.cells import FoundCell, Tick, differing_cells
from budgetinator.budgets.comparing.differences import (
    CellDifference,
    CellPlace,
    DifferenceKind,
    SheetDifference,
    VersionComparison,
)
from budgetinator.budgets.comparing.renames import Renames
from budgetinator.budgets.comparing.sides import OpenVersion, Side, open_version
from budgetinator.budgets.comparing.tabs import TabPair, paired_tabs
from budgetinator.budgets.layout import HISTORY
from budgetinator.budgets.reading import read_budget
from budgetinator.budgets.rules import RuleSet
from budgetinator.budgets.sheetcells import LAST_COLUMN, LAST_ROW
from budgetinator.config import OpeningBounds
from budgetinator.workbooks.addresses import format_cell

__all__ = ["LIMIT", "compare_workbooks", "iter_differences"]

LIMIT = 50_000
_HISTORY_COLUMNS = len(HISTORY.columns)


def compare_workbooks(
    before: Side,
    after: Side,
    *,
    rules: RuleSet | None = None,
    bounds: OpeningBounds | None = None,
    limit: int = LIMIT,
    tick: Tick | None = None,
) -> VersionComparison:
    """What differs between two workbooks; of budgets by partner and work package as well.

    Streams both, and keeps the first `limit` cells that differ. `tick` is called at least
    every 256 rows, and may raise to end it. In an open workbook's thread. Raises what
    opening and reading workbooks raise.
    """
    with ExitStack() as stack:
        found = _Comparing.opened(stack, before, after, rules, bounds, tick)
        cells: list[CellDifference] = []
        of_budget: list[CellDifference] = []
        counts: Counter[DifferenceKind] = Counter()
        for each in found.cells():
            counts[each.kind] += 1
            if len(cells) < limit:
                cells.append(each)
            if each.partner is not None or each.work_package is not None:
                of_budget.append(each)
        comparison = VersionComparison(
            found.versions[0].name,
            found.versions[1].name,
            sheets=tuple(found.sheets()),
            cells=tuple(cells),
            further=counts.total() - len(cells),
            counts=dict(counts),
            names={
                two.name: one.name
                for one, two in found.pairs
                if one is not None and two is not None and one.name != two.name
            },
        )
        return found.completed(comparison, of_budget)


def iter_differences(
    before: Side,
    after: Side,
    *,
    rules: RuleSet | None = None,
    bounds: OpeningBounds | None = None,
    tick: Tick | None = None,
) -> Iterator[CellDifference]:
    """Every cell that differs, one by one; both are open until the last or until it is closed."""
    with ExitStack() as stack:
        yield from _Comparing.opened(stack, before, after, rules, bounds, tick).cells()


@dataclass(frozen=True, slots=True)
class _Comparing:
    """Two open versions."""

    versions: tuple[OpenVersion, OpenVersion]
    budgets: BudgetPair | None
    pairs: tuple[TabPair, ...]
    tick: Tick | None

    @classmethod
    def opened(
        cls,
        stack: ExitStack,
        before: Side,
        after: Side,
        rules: RuleSet | None,
        bounds: OpeningBounds | None,
        tick: Tick | None,
    ) -> _Comparing:
        versions = (
            stack.enter_context(open_version(before, bounds)),
            stack.enter_context(open_version(after, bounds)),
        )
        one, other = (read_budget(side, rules=rules, bounds=bounds) for side in (before, after))
        are_budgets = bool(one.partners and other.partners)
        budgets = BudgetPair.of(one, other) if are_budgets else None
        return cls(versions, budgets, paired_tabs(versions, budgets), tick)

    def cells(self) -> Iterator[CellDifference]:
        """Every cell that differs, in the order of the earlier version's tabs."""
        pairs = [
            (one, other)
            for one, other in self.pairs
            if one is not None and other is not None and one.kind == other.kind == "worksheet"
        ]
        same = Renames((one.name, other.name) for one, other in pairs).same
        aligned = self.budgets.aligned() if self.budgets is not None else {}
        for place, (one, other) in enumerate(pairs):
            on_rows = self._ticking(place, len(pairs), other.name)
            on_rows()
            sheets = aligned.get((one.name, other.name))
            if sheets is None and self._is_copied(one.name, other.name):
                continue
            if sheets is not None and self.budgets is not None:
                yield from self.budgets.cells(sheets)
                if sheets.before.is_whole and sheets.after.is_whole:
                    continue
            partner = sheets.partner if sheets is not None else None
            names = one.name, other.name
            for found in differing_cells(self.versions, names, same=same, on_rows=on_rows):
                if not self._is_told(found, other.name, is_aligned=sheets is not None):
                    yield _difference(found, one.name, other.name, partner)

    def sheets(self) -> Iterator[SheetDifference]:
        """Sheets that only one has, or that are called otherwise; but for those of partners."""
        own = [self.budgets.own_sheets(side) if self.budgets else frozenset() for side in (0, 1)]
        for one, other in self.pairs:
            if one is None:
                if other is not None and other.name not in own[1]:
                    yield SheetDifference("added", other.name)
            elif other is None:
                if one.name not in own[0]:
                    yield SheetDifference("removed", one.name)
            elif one.name != other.name and one.name not in own[0]:
                yield SheetDifference("renamed", other.name, one.name)

    def completed(self, found: VersionComparison, cells: list[CellDifference]) -> VersionComparison:
        """With what the differences mean for a budget."""
        if self.budgets is None:
            return found
        return replace(
            found,
            is_budget=True,
            partners=self.budgets.partner_differences(cells),
            work_packages=self.budgets.package_differences(cells),
            consortium=self.budgets.consortium(),
            versions=self.budgets.versions(),
        )

    def _is_copied(self, one: str, other: str) -> bool:
        """Whether the files have the very same bytes for a sheet, and for what it refers to."""
        digest = self.versions[0].digest(one)
        return digest is not None and digest == self.versions[1].digest(other)

    def _is_told(self, cell: FoundCell, sheet: str, *, is_aligned: bool) -> bool:
        """Whether it lies in the tables of a budget, which are compared by what they mean."""
        if self.budgets is not None and sheet.casefold() == HISTORY.sheet.casefold():
            return cell.column <= _HISTORY_COLUMNS and cell.row >= HISTORY.first_row
        return is_aligned and cell.row <= LAST_ROW and cell.column <= LAST_COLUMN

    def _ticking(self, place: int, count: int, sheet: str) -> Callable[[], None]:
        tick = self.tick
        percent = 100 * place // count

        def on_rows() -> None:
            if tick is not None:
                tick(percent, sheet)

        return on_rows


def _difference(found: FoundCell, one: str, other: str, partner: int | None) -> CellDifference:
    cell = format_cell(found.row, found.column)
    return CellDifference(
        found.kind,
        CellPlace(one, cell),
        CellPlace(other, cell),
        found.before,
        found.after,
        partner=partner,
    )
