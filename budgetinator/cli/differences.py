"""A comparison as people read it: partners, work packages, sums, and the cells behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from budgetinator.budgets.numbers import Locale, format_number
from budgetinator.cli.money import amount_text
from budgetinator.cli.output import print_lines, print_table

if TYPE_CHECKING:
    from budgetinator.budgets.comparing import (
        CellDifference,
        FigureDifference,
        PartnerDifference,
        VersionComparison,
        WorkPackageDifference,
    )
    from budgetinator.budgets.model import Amount

__all__ = ["print_comparison"]

_LISTED = 60
_MAIN = ("person_months", "total_eligible", "requested_contribution")


def print_comparison(comparison: VersionComparison, locale: Locale) -> None:
    """What differs, the inputs before what follows from them."""
    print_lines(f"{comparison.before} -> {comparison.after}")
    if comparison.is_same:
        print_lines("Nothing differs.")
        return
    print_lines(_counted(comparison))
    for line in _changes(comparison):
        print_lines(line)
    _print_cells("Typed", comparison.inputs, locale, further=comparison.further)
    if comparison.is_budget:
        _print_figures(comparison, locale)
    else:
        _print_cells("Results", comparison.results, locale)


def _counted(comparison: VersionComparison) -> str:
    from budgetinator.budgets.comparing.differences import KINDS

    counts = {kind: comparison.counts.get(kind, 0) for kind in KINDS}
    said = (f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items())
    return f"Cells that differ: {', '.join(said)}."


def _changes(comparison: VersionComparison) -> Iterator[str]:
    partners, packages = comparison.partners, comparison.work_packages
    both: list[PartnerDifference | WorkPackageDifference] = [*partners, *packages]
    for each in both:
        if each.change == "added":
            yield f"Added: {each.name}{_size(each)}"
        elif each.change == "removed":
            yield f"Removed: {each.name}{_size(each)}"
        elif each.is_renamed:
            yield f"Renamed: {_old_name(each)} -> {each.name}"
    yield from _renumbered("partners", partners)
    yield from _renumbered("work packages", packages)
    for sheet in comparison.sheets:
        said = f"{sheet.other} -> {sheet.sheet}" if sheet.change == "renamed" else sheet.sheet
        yield f"Sheet {sheet.change}: {said}"
    for row in comparison.versions:
        version = row.version
        yield f"Version {row.change}: {version.info} {version.timestamp} {version.summary}"


def _renumbered(
    kind: str, each_of: Sequence[PartnerDifference] | Sequence[WorkPackageDifference]
) -> Iterator[str]:
    """All in one line: what came in between moves all that follow."""
    moved = [
        f"{_old_name(each)} -> {each.name}"
        for each in each_of
        if each.is_renumbered and not each.is_renamed
    ]
    if moved:
        yield f"Other numbers of {kind}: {', '.join(moved)}"


def _old_name(each: PartnerDifference | WorkPackageDifference) -> str:
    from budgetinator.budgets.comparing import PartnerDifference

    if isinstance(each, PartnerDifference):
        return str(each.before)
    before = each.before
    return f"WP{before.number} {before.title or ''}".strip() if before is not None else ""


def _size(each: PartnerDifference | WorkPackageDifference) -> str:
    """What came or went with it."""
    found = {one.name: one for one in each.results}
    said = []
    for name in _MAIN:
        amount = (found[name].after or found[name].before) if name in found else None
        if amount is not None:
            said.append(f"{found[name].label} {format_number(amount, 'en', 2)}")
    return f" ({', '.join(said)})" if said else ""


def _print_cells(
    title: str, cells: Sequence[CellDifference], locale: Locale, *, further: int = 0
) -> None:
    from budgetinator.budgets.comparing.documents import content_text

    if not cells:
        return
    rows = [
        (
            str(each.after_at or each.before_at),
            each.label,
            content_text(each.before, locale),
            content_text(each.after, locale),
            _signed(each.difference, locale),
        )
        for each in cells[:_LISTED]
    ]
    print_lines("", f"{title}:")
    print_table(("Cell", "What", "Before", "After", "Difference"), rows, right=(2, 3, 4))
    if (more := len(cells) - _LISTED + further) > 0:
        print_lines(f"And {more} more cells; --json and --csv list them.")


def _print_figures(comparison: VersionComparison, locale: Locale) -> None:
    rows: list[tuple[str, ...]] = []
    rows += _figures("Consortium", comparison.consortium, locale)
    for partner in comparison.partners:
        if partner.change == "changed":
            rows += _figures(partner.name, partner.results, locale)
    for package in comparison.work_packages:
        if package.change == "changed":
            rows += _figures(package.name, package.results, locale)
    if rows:
        print_lines("", "What follows:")
        print_table(("Of", "Figure", "Before", "After", "Difference"), rows, right=(2, 3, 4))


def _figures(
    name: str, figures: Iterable[FigureDifference], locale: Locale
) -> Iterator[tuple[str, ...]]:
    for each in figures:
        yield (
            name,
            each.label,
            amount_text(each.before, locale),
            amount_text(each.after, locale),
            _signed(each.difference, locale, places=2),
        )


def _signed(amount: Amount, locale: Locale, places: int | None = None) -> str:
    if amount is None:
        return ""
    shown = format_number(amount.normalize() if places is None else amount, locale, places)
    return f"+{shown}" if amount > 0 else shown
