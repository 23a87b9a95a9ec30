"""What the sheets of a budget workbook mean: partners, work packages, figures, rules."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from budgetinator.budgets.model import (
    MAX_PARTNERS,
    MAX_WORK_PACKAGES,
    Amount,
    Budget,
    Partner,
    Subcontract,
    Version,
    WorkPackage,
)
from budgetinator.budgets.numbers import Locale, format_number, parse_number
from budgetinator.budgets.rules import RuleSet, rule_set, rule_set_names
from budgetinator.budgets.sums import (
    BudgetFigures,
    WorkPackageFigures,
    consortium_figures,
    figures,
    work_package_figures,
)

if TYPE_CHECKING:
    from budgetinator.budgets.budgetchange import BudgetChange as BudgetChange
    from budgetinator.budgets.checks import check_budget as check_budget
    from budgetinator.budgets.checks import findings_of as findings_of
    from budgetinator.budgets.deleting import delete_partner as delete_partner
    from budgetinator.budgets.deleting import lost_with_partner as lost_with_partner
    from budgetinator.budgets.findings import CellCorrection as CellCorrection
    from budgetinator.budgets.findings import Finding as Finding
    from budgetinator.budgets.findings import Fix as Fix
    from budgetinator.budgets.fixes import Applied as Applied
    from budgetinator.budgets.fixes import apply_fixes as apply_fixes
    from budgetinator.budgets.fixes import undo as undo
    from budgetinator.budgets.making import start_budget as start_budget
    from budgetinator.budgets.making import write_budget as write_budget
    from budgetinator.budgets.partnerreading import ReadPartner as ReadPartner
    from budgetinator.budgets.partners import add_partner as add_partner
    from budgetinator.budgets.partners import edit_partner as edit_partner
    from budgetinator.budgets.partners import free_number as free_number
    from budgetinator.budgets.partners import update_overviews as update_overviews
    from budgetinator.budgets.reading import ReadBudget as ReadBudget
    from budgetinator.budgets.reading import read_budget as read_budget
    from budgetinator.budgets.sample import PLANTED as PLANTED
    from budgetinator.budgets.sample import sample_budget as sample_budget
    from budgetinator.budgets.sample import write_sample as write_sample
    from budgetinator.budgets.workpackages import add_work_package as add_work_package
    from budgetinator.budgets.workpackages import delete_work_package as delete_work_package
    from budgetinator.budgets.workpackages import edit_work_package as edit_work_package

# What reads and writes workbooks is imported when it is first asked for.
_NAMES = {
    "making": (
        "start_budget",
        "write_budget",
    ),
    "budgetchange": ("BudgetChange",),
    "checks": ("check_budget", "findings_of"),
    "findings": ("CellCorrection", "Finding", "Fix"),
    "fixes": ("Applied", "apply_fixes", "undo"),
    "deleting": ("delete_partner", "lost_with_partner"),
    "partners": (
        "add_partner",
        "edit_partner",
        "free_number",
        "update_overviews",
    ),
    "partnerreading": ("ReadPartner",),
    "reading": ("ReadBudget", "read_budget"),
    "sample": (
        "PLANTED",
        "sample_budget",
        "write_sample",
    ),
    "workpackages": (
        "add_work_package",
        "delete_work_package",
        "edit_work_package",
    ),
}
_HOMES = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}

__all__ = [
    "MAX_PARTNERS",
    "MAX_WORK_PACKAGES",
    "PLANTED",
    "Amount",
    "Applied",
    "Budget",
    "BudgetChange",
    "BudgetFigures",
    "CellCorrection",
    "Finding",
    "Fix",
    "Locale",
    "Partner",
    "ReadBudget",
    "ReadPartner",
    "RuleSet",
    "Subcontract",
    "Version",
    "WorkPackage",
    "WorkPackageFigures",
    "add_partner",
    "add_work_package",
    "apply_fixes",
    "check_budget",
    "consortium_figures",
    "delete_partner",
    "delete_work_package",
    "edit_partner",
    "edit_work_package",
    "figures",
    "findings_of",
    "format_number",
    "free_number",
    "lost_with_partner",
    "parse_number",
    "read_budget",
    "rule_set",
    "rule_set_names",
    "sample_budget",
    "start_budget",
    "undo",
    "update_overviews",
    "work_package_figures",
    "write_budget",
    "write_sample",
]


def __getattr__(name: str) -> object:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
