"""Differences chosen by words: kinds, partners, work packages, sheets, ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from budgetinator.budgets.comparing.differences import (
    CellDifference,
    CellPlace,
    PartnerDifference,
    VersionComparison,
    WorkPackageDifference,
)
from budgetinator.errors import BudgetError, InvalidCellReference
from budgetinator.workbooks.addresses import Area, parse_cell, parse_range, split_address

__all__ = ["Chosen", "select"]

Chosen: TypeAlias = CellDifference | PartnerDifference
"""A cell, or a whole partner that came or went."""


def select(comparison: VersionComparison, words: Iterable[str]) -> tuple[Chosen, ...]:
    """The differences that the words name and that can be taken over, each once.

    A word is `all`, `inputs` or `formulas`; a partner as `P2`, by its acronym or its sheet; a
    work package as `WP3`; a sheet; or cells, as `Sheet!A1` or `Sheet!A1:C9`. Raises
    BudgetError for a word that names nothing that could be taken over.
    """
    found: dict[int, Chosen] = {}
    for word in words:
        chosen = [each for each in _named(comparison, word.strip()) if _can_be_taken(each)]
        if not chosen:
            raise BudgetError(
                f"{word!r} names no difference that could be taken over; name a partner (P2), a "
                "work package (WP3), a sheet, cells (Sheet!A1:C9), or inputs, formulas or all."
            )
        found |= {id(each): each for each in chosen}
    return tuple(found.values())


def _named(comparison: VersionComparison, word: str) -> Iterator[Chosen]:
    folded = word.casefold()
    whole = [each for each in comparison.partners if each.change != "changed"]
    if folded == "all":
        yield from comparison.inputs
        yield from whole
    elif folded in {"inputs", "formulas"}:
        yield from (each for each in comparison.inputs if f"{each.kind}s" == folded)
    else:
        yield from _by_name(comparison, folded)
        yield from _by_place(comparison, word)


def _by_name(comparison: VersionComparison, word: str) -> Iterator[Chosen]:
    for partner in comparison.partners:
        if word in _partner_names(partner):
            if partner.change == "changed":
                yield from partner.inputs
            else:
                yield partner
    for package in comparison.work_packages:
        if word in _package_names(package):
            yield from package.inputs


def _partner_names(partner: PartnerDifference) -> set[str]:
    """What the later version calls it; what is gone goes by its old names."""
    name = partner.after or partner.before
    assert name is not None
    known = {name.acronym, name.sheet, str(name), f"P{name.number}"}
    if partner.before is not None:
        known |= {partner.before.acronym, partner.before.sheet}
    return {each.casefold() for each in known}


def _package_names(package: WorkPackageDifference) -> set[str]:
    found = package.after or package.before
    assert found is not None
    return {f"wp{found.number}", f"wp {found.number}"}


def _by_place(comparison: VersionComparison, word: str) -> Iterator[CellDifference]:
    sheet, area = _place(word)
    for each in comparison.inputs:
        places = (each.before_at, each.after_at)
        if any(place is not None and _is_within(place, sheet, area) for place in places):
            yield each


def _place(word: str) -> tuple[str, Area | None]:
    if "!" not in word:
        return word.casefold(), None
    try:
        sheet, reference = split_address(word)
        return (sheet or "").casefold(), parse_range(reference)
    except InvalidCellReference:
        return word.casefold(), None


def _is_within(place: CellPlace, sheet: str, area: Area | None) -> bool:
    if place.sheet.casefold() != sheet:
        return False
    return area is None or area.contains(*parse_cell(place.cell))


def _can_be_taken(each: Chosen) -> bool:
    return not isinstance(each, CellDifference) or each.can_be_taken
