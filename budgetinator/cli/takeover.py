"""Chosen differences taken over into a file: opened, changed as a whole, saved, told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgetinator.budgets.numbers import Locale
from budgetinator.budgets.rules import RuleSet
from budgetinator.cli.failures import naming
from budgetinator.cli.output import bytes_text, print_json, print_lines, waiting
from budgetinator.cli.places import refuse_existing
from budgetinator.cli.sweeping import sweep
from budgetinator.workbooks.addresses import quote_sheet

if TYPE_CHECKING:
    from budgetinator.budgets.comparing import TakenOver
    from budgetinator.workbooks import SaveReport

__all__ = ["Wishes", "taken_over"]

_LISTED = 20
# A selection is made from all differences, so that none of them may be left out.
_ALL = 10_000_000


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be taken over, and how it is saved."""

    words: tuple[str, ...]
    output: str | None
    overwrite: bool
    backup: bool
    dry: bool
    lose: bool


def taken_over(
    before: str,
    after: str,
    wishes: Wishes,
    rules: RuleSet | None,
    locale: Locale,
    *,
    as_json: bool,
) -> None:
    """Give the earlier file what the later one has; whatever fails, it is as it was."""
    from budgetinator.budgets.comparing import compare_workbooks, select, take_over
    from budgetinator.budgets.results import save_with_results
    from budgetinator.runtime import default_runtime
    from budgetinator.workbooks import ExcelManager

    if wishes.output is not None and not wishes.overwrite:
        refuse_existing(before, wishes.output)
    runtime = default_runtime()
    sweep(runtime)
    surroundings = runtime.surroundings
    bounds = surroundings.settings.opening
    report: SaveReport | None = None
    with (
        waiting(f"taking over from {after}"),
        naming(before),
        ExcelManager(before, service=surroundings) as manager,
    ):
        comparison = compare_workbooks(manager, after, rules=rules, bounds=bounds, limit=_ALL)
        chosen = select(comparison, wishes.words)
        taken = take_over(manager, comparison, chosen, lose=wishes.lose)
        if not wishes.dry:
            output, overwrite = wishes.output, wishes.overwrite
            report = save_with_results(
                manager, output, overwrite=overwrite, backup=wishes.backup or None
            )
        manager.force_close()
    if as_json:
        print_json(_document(before, after, taken, report))
    else:
        _print(taken, report, locale)


def _document(
    before: str, after: str, taken: TakenOver, report: SaveReport | None
) -> dict[str, Any]:
    from budgetinator.cli.cellforms import content_json

    change = taken.change
    return {
        "before": before,
        "after": after,
        "saved": str(report.path) if report else None,
        "changes": [
            {
                "cell": f"{quote_sheet(each.sheet)}!{each.cell}",
                "before": content_json(each.before),
                "after": content_json(each.after),
            }
            for each in taken.changes
        ],
        "created": list(change.created) if change else [],
        "removed": list(change.removed) if change else [],
        "lost": list(change.lost) if change else [],
        "version": change.version.info if change and change.version else None,
        "backup": str(report.backup) if report and report.backup else None,
    }


def _print(taken: TakenOver, report: SaveReport | None, locale: Locale) -> None:
    from budgetinator.budgets.comparing.documents import content_text

    for each in taken.changes[:_LISTED]:
        before, after = (content_text(one, locale) for one in (each.before, each.after))
        print_lines(f"{quote_sheet(each.sheet)}!{each.cell}: {before} -> {after}")
    if (further := len(taken.changes) - _LISTED) > 0:
        print_lines(f"And {further} more cells; --json lists them.")
    if taken.change is not None:
        for verb, sheets in (("Added", taken.change.created), ("Deleted", taken.change.removed)):
            if sheets:
                print_lines(f"{verb} {', '.join(sheets)}.")
        if taken.change.lost:
            print_lines(f"Lost: {', '.join(taken.change.lost)}.")
    if report is None:
        print_lines("Nothing was saved.")
        return
    print_lines(f"Saved {report.path}: {bytes_text(report.bytes_written)}.")
    if report.backup:
        print_lines(f"The old file is kept as {report.backup}.")
