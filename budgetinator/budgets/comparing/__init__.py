"""Two versions of a workbook: what differs, and what of it is taken over."""

from __future__ import annotations

from budgetinator.budgets.comparing.comparison import compare_workbooks, iter_differences
from budgetinator.budgets.comparing.differences import (
    CellDifference,
    CellPlace,
    DifferenceKind,
    FigureDifference,
    PartnerDifference,
    PartnerName,
    SheetDifference,
    VersionComparison,
    VersionDifference,
    WorkPackageDifference,
)
from budgetinator.budgets.comparing.documents import comparison_json
from budgetinator.budgets.comparing.selecting import Chosen, select
from budgetinator.budgets.comparing.sides import Side
from budgetinator.budgets.comparing.tables import comparison_tables
from budgetinator.budgets.comparing.taking import TakenOver, contents_to_take, take_over

__all__ = [
    "CellDifference",
    "CellPlace",
    "Chosen",
    "DifferenceKind",
    "FigureDifference",
    "PartnerDifference",
    "PartnerName",
    "SheetDifference",
    "Side",
    "TakenOver",
    "VersionComparison",
    "VersionDifference",
    "WorkPackageDifference",
    "compare_workbooks",
    "comparison_json",
    "comparison_tables",
    "contents_to_take",
    "iter_differences",
    "select",
    "take_over",
]
