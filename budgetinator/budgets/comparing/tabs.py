"""Which sheet of one version is which of the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import TypeAlias

from budgetinator.budgets.comparing.budgets import BudgetPair
from budgetinator.budgets.comparing.sides import OpenVersion, TabName

__all__ = ["TabPair", "paired_tabs"]

_MOST_SHEETS = 40
_LOOKED_AT = 100
_MOSTLY = 0.5

TabPair: TypeAlias = tuple[TabName | None, TabName | None]


def paired_tabs(
    versions: tuple[OpenVersion, OpenVersion], budgets: BudgetPair | None
) -> tuple[TabPair, ...]:
    """The sheets in the order of the earlier version, then those that are new.

    Partners' sheets go with their partner, others by name. Of the rest those of which most
    cells are the same are one sheet under another name. Reads up to so many rows of them.
    """
    before, after = (list(version.tabs) for version in versions)
    own, other_of = (frozenset[str](), frozenset[str]()), dict[str, str]()
    if budgets is not None:
        own = budgets.own_sheets(0), budgets.own_sheets(1)
        other_of = {one.sheet: two.sheet for one, two in budgets.partners.pairs}
    theirs = {tab.name: tab for tab in after}
    found = {name: theirs[other] for name, other in other_of.items()}
    rest = [tab for tab in after if tab.name not in own[1]]
    ours = [tab for tab in before if tab.name not in own[0]]
    found |= {one.name: other for one, other in _same_name(ours, rest)}
    taken = {tab.name for tab in found.values()}
    left = [tab for tab in ours if tab.name not in found]
    right = [tab for tab in rest if tab.name not in taken]
    for one, other in _renamed(versions, left, right):
        found[one.name] = other
        taken.add(other.name)
    pairs: list[TabPair] = [(tab, found.get(tab.name)) for tab in before]
    return (*pairs, *((None, tab) for tab in after if tab.name not in taken))


def _same_name(left: list[TabName], right: list[TabName]) -> Iterator[tuple[TabName, TabName]]:
    """Sheets of one kind and name; names in other case for those that have no such partner.

    Names that differ for Excel may fold to one (`Maß` and `Mass`), and a file may have names
    that differ by case alone.
    """
    others = {(tab.kind, tab.name): tab for tab in right}
    exact = [tab for tab in left if (tab.kind, tab.name) in others]
    for tab in exact:
        yield tab, others.pop((tab.kind, tab.name))
    folded = {(tab.kind, tab.name.casefold()): tab for tab in reversed(others.values())}
    for tab in left:
        key = tab.kind, tab.name.casefold()
        if tab not in exact and key in folded:
            yield tab, folded.pop(key)


def _renamed(
    versions: tuple[OpenVersion, OpenVersion], left: list[TabName], right: list[TabName]
) -> Iterator[tuple[TabName, TabName]]:
    """Sheets that mostly hold the same, those that are most alike first."""
    if not left or not right:
        return
    ones = {tab: _cells(versions[0], tab) for tab in left[:_MOST_SHEETS]}
    others = {tab: _cells(versions[1], tab) for tab in right[:_MOST_SHEETS]}
    alike = sorted(
        ((_likeness(ones[one], others[other]), place, one, other)
         for place, (one, other) in enumerate(product(ones, others))),
        key=lambda each: (-each[0], each[1]),
    )  # fmt: skip
    for likeness, _, one, other in alike:
        if likeness > _MOSTLY and one in ones and other in others:
            del ones[one], others[other]
            yield one, other


def _cells(version: OpenVersion, tab: TabName) -> frozenset[tuple[int, int, object]]:
    """What stands where at the beginning of a sheet."""
    if tab.kind != "worksheet":
        return frozenset()
    return frozenset(
        (row, column, cell)
        for row, cells in islice(version.rows(tab.name), _LOOKED_AT)
        for column, cell in enumerate(cells, 1)
        if cell is not None
    )


def _likeness(one: frozenset[object], other: frozenset[object]) -> float:
    both = len(one | other)
    return len(one & other) / both if both else 0.0
