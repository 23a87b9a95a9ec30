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
    from budgetinator.budgets.comparing import CellDifference as CellDifference
    from budgetinator.budgets.comparing import CellPlace as CellPlace
    from budgetinator.budgets.comparing import FigureDifference as FigureDifference
    from budgetinator.budgets.comparing import PartnerDifference as PartnerDifference
    from budgetinator.budgets.comparing import PartnerName as PartnerName
    from budgetinator.budgets.comparing import SheetDifference as SheetDifference
    from budgetinator.budgets.comparing import TakenOver as TakenOver
    from budgetinator.budgets.comparing import VersionComparison as VersionComparison
    from budgetinator.budgets.comparing import VersionDifference as VersionDifference
    from budgetinator.budgets.comparing import WorkPackageDifference as WorkPackageDifference
    from budgetinator.budgets.comparing import compare_workbooks as compare_workbooks
    from budgetinator.budgets.comparing import comparison_json as comparison_json
    from budgetinator.budgets.comparing import comparison_tables as comparison_tables
    from budgetinator.budgets.comparing import contents_to_take as contents_to_take
    from budgetinator.budgets.comparing import iter_differences as iter_differences
    from budgetinator.budgets.comparing import select as select
    from budgetinator.budgets.comparing import take_over as take_over
    from budgetinator.budgets.consolidating import ConsolidatedRow as ConsolidatedRow
    from budgetinator.budgets.consolidating import budget_files as budget_files
    from budgetinator.budgets.consolidating import consolidated_rows as consolidated_rows
    from budgetinator.budgets.consolidating import consolidated_table as consolidated_table
    from budgetinator.budgets.deleting import delete_partner as delete_partner
    from budgetinator.budgets.deleting import lost_with_partner as lost_with_partner
    from budgetinator.budgets.exporting import TABLES as TABLES
    from budgetinator.budgets.exporting import budget_tables as budget_tables
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
    from budgetinator.budgets.partners import add_partners as add_partners
    from budgetinator.budgets.partners import edit_partner as edit_partner
    from budgetinator.budgets.partners import free_number as free_number
    from budgetinator.budgets.partners import update_overviews as update_overviews
    from budgetinator.budgets.reading import ReadBudget as ReadBudget
    from budgetinator.budgets.reading import read_budget as read_budget
    from budgetinator.budgets.results import results_of as results_of
    from budgetinator.budgets.results import save_with_results as save_with_results
    from budgetinator.budgets.results import write_results as write_results
    from budgetinator.budgets.sample import PLANTED as PLANTED
    from budgetinator.budgets.sample import sample_budget as sample_budget
    from budgetinator.budgets.sample import write_sample as write_sample
    from budgetinator.budgets.tables import Table as Table
    from budgetinator.budgets.tables import TableField as TableField
    from budgetinator.budgets.tables import csv_lines as csv_lines
    from budgetinator.budgets.tables import guarded as guarded
    from budgetinator.budgets.tables import markdown_lines as markdown_lines
    from budgetinator.budgets.tables import records_json as records_json
    from budgetinator.budgets.tables.sheets import write_tables as write_tables
    from budgetinator.budgets.workpackages import add_work_package as add_work_package
    from budgetinator.budgets.workpackages import delete_work_package as delete_work_package
    from budgetinator.budgets.workpackages import edit_work_package as edit_work_package

# What reads and writes workbooks is imported when it is first asked for.
_NAMES = {
    "comparing": (
        "CellDifference",
        "CellPlace",
        "VersionComparison",
        "FigureDifference",
        "PartnerDifference",
        "PartnerName",
        "SheetDifference",
        "TakenOver",
        "VersionDifference",
        "WorkPackageDifference",
        "compare_workbooks",
        "comparison_json",
        "comparison_tables",
        "contents_to_take",
        "iter_differences",
        "select",
        "take_over",
    ),
    "consolidating": (
        "ConsolidatedRow",
        "budget_files",
        "consolidated_rows",
        "consolidated_table",
    ),
    "exporting": (
        "TABLES",
        "budget_tables",
    ),
    "tables": (
        "Table",
        "TableField",
        "csv_lines",
        "guarded",
        "markdown_lines",
        "records_json",
    ),
    "tables.sheets": ("write_tables",),
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
        "add_partners",
        "add_partners",
        "edit_partner",
        "free_number",
        "update_overviews",
    ),
    "partnerreading": ("ReadPartner",),
    "reading": ("ReadBudget", "read_budget"),
    "results": ("results_of", "save_with_results", "write_results"),
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
    "TABLES",
    "Amount",
    "Applied",
    "Budget",
    "BudgetChange",
    "BudgetFigures",
    "CellCorrection",
    "CellDifference",
    "CellPlace",
    "ConsolidatedRow",
    "FigureDifference",
    "Finding",
    "Fix",
    "Locale",
    "Partner",
    "PartnerDifference",
    "PartnerName",
    "ReadBudget",
    "ReadPartner",
    "RuleSet",
    "SheetDifference",
    "Subcontract",
    "Table",
    "TableField",
    "TakenOver",
    "Version",
    "VersionComparison",
    "VersionDifference",
    "WorkPackage",
    "WorkPackageDifference",
    "WorkPackageFigures",
    "add_partner",
    "add_partners",
    "add_work_package",
    "apply_fixes",
    "budget_files",
    "budget_tables",
    "check_budget",
    "compare_workbooks",
    "comparison_json",
    "comparison_tables",
    "consolidated_rows",
    "consolidated_table",
    "consortium_figures",
    "contents_to_take",
    "csv_lines",
    "delete_partner",
    "delete_work_package",
    "edit_partner",
    "edit_work_package",
    "figures",
    "findings_of",
    "format_number",
    "free_number",
    "guarded",
    "iter_differences",
    "lost_with_partner",
    "markdown_lines",
    "parse_number",
    "read_budget",
    "records_json",
    "results_of",
    "rule_set",
    "rule_set_names",
    "sample_budget",
    "save_with_results",
    "select",
    "start_budget",
    "take_over",
    "undo",
    "update_overviews",
    "work_package_figures",
    "write_budget",
    "write_results",
    "write_sample",
    "write_tables",
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
