"""A budget looked at by every rule of the catalogue."""

from __future__ import annotations

from budgetinator.budgets.catalogue import RULES
from budgetinator.budgets.checks.effort import check as check_effort
from budgetinator.budgets.checks.formulas import check as check_formulas
from budgetinator.budgets.checks.hidden import check as check_hidden
from budgetinator.budgets.checks.identity import check as check_identity
from budgetinator.budgets.checks.money import check as check_money
from budgetinator.budgets.checks.overviews import check as check_overviews
from budgetinator.budgets.checks.workpackages import check as check_workpackages
from budgetinator.budgets.findings import Finding
from budgetinator.budgets.reading import ReadBudget, read_budget
from budgetinator.budgets.rules import RuleSet
from budgetinator.budgets.sheetcells import Source
from budgetinator.config import OpeningBounds

__all__ = ["check_budget", "findings_of"]

_GROUPS = (
    check_identity,
    check_effort,
    check_workpackages,
    check_money,
    check_hidden,
    check_formulas,
    check_overviews,
)
_GRAVITY = {"error": 0, "warning": 1, "note": 2}


def check_budget(
    source: Source, *, rules: RuleSet | None = None, bounds: OpeningBounds | None = None
) -> tuple[Finding, ...]:
    """Read a budget and look at it; errors first. Raises as `read_budget` does."""
    return findings_of(read_budget(source, rules=rules, bounds=bounds, hidden=True))


def findings_of(read: ReadBudget) -> tuple[Finding, ...]:
    """What was found while reading and what the rules find, errors first, each once."""
    found = list(read.findings)
    for check in _GROUPS:
        found += check(read)
    order = {name: place for place, name in enumerate(RULES)}
    found.sort(key=lambda each: (_GRAVITY[each.severity], order[each.rule]))
    return tuple(dict.fromkeys(found))
