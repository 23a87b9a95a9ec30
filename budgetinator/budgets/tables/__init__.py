"""Tables of reports, and how they are written: CSV, JSON, Markdown, workbooks."""

from __future__ import annotations

from budgetinator.budgets.tables.table import Table, TableCell, TableField
from budgetinator.budgets.tables.texts import (
    cell_text,
    csv_lines,
    guarded,
    markdown_lines,
    markdown_text,
    records_json,
)

__all__ = [
    "Table",
    "TableCell",
    "TableField",
    "cell_text",
    "csv_lines",
    "guarded",
    "markdown_lines",
    "markdown_text",
    "records_json",
]
