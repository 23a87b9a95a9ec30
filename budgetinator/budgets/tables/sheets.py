"""Tables as a workbook of their own: values alone, no formula, and text that stays text."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from budgetinator.budgets.layout import FORMATS
from budgetinator.budgets.tables.table import Table, TableCell, TableField, rounded
from budgetinator.budgets.tables.texts import guarded
from budgetinator.errors import BudgetError
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.addresses import MAX_ROW, column_letters

if TYPE_CHECKING:
    from openpyxl import Workbook

    from budgetinator.resources import ResourceManagementService
    from budgetinator.workbooks import SaveReport, Surroundings

__all__ = ["write_tables"]

_LABEL_ROW = 3
_WIDTHS = {"text": 28.0, "money": 16.0, "months": 12.0, "fraction": 10.0, "number": 10.0}
_MOMENT = "yyyy-mm-dd hh:mm:ss"
_LONGEST_TEXT = 32_767
# What XML has no place for, lone halves of surrogate pairs among it.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_tables(
    path: str | os.PathLike[str],
    tables: Sequence[Table],
    *,
    overwrite: bool = False,
    service: ResourceManagementService | Surroundings | None = None,
) -> SaveReport:
    """Write a workbook with a sheet for each table, named by its title.

    No cell is a formula; text that looks like one is marked as text, so that it stays text
    when somebody edits it. Raises BudgetError for more rows than a sheet has, ChangedOnDisk
    where the file is there already, and what saving raises.
    """
    for table in tables:
        if len(table.rows) > MAX_ROW - _LABEL_ROW:
            raise BudgetError(
                f"{table.title} has {len(table.rows)} rows, more than a sheet has; write CSV."
            )
    with ExcelManager.create(path, service=service) as manager:
        workbook = manager.workbook
        (empty,) = workbook.worksheets
        for table in tables:
            _write(workbook, table)
        workbook.remove(empty)
        workbook.active = 0
        return manager.save(overwrite=overwrite)


def _write(workbook: Workbook, table: Table) -> None:
    from budgetinator.budgets.looks import HEADING, TITLE, dress, set_up_pages, set_widths

    sheet: Any = workbook.create_sheet(table.title)
    _put(sheet.cell(1, 1), table.title, TableField("", ""))
    dress(sheet, ("A1",), TITLE)
    for place, column in enumerate(table.columns, 1):
        _put(sheet.cell(_LABEL_ROW, place), column.title, TableField("", ""))
    last = column_letters(len(table.columns))
    labels = [f"{column_letters(place)}{_LABEL_ROW}" for place in range(1, len(table.columns) + 1)]
    dress(sheet, labels, HEADING)
    _write_rows(sheet, table)
    set_widths(
        sheet,
        {column_letters(place): _WIDTHS[each.kind] for place, each in enumerate(table.columns, 1)},
    )
    sheet.freeze_panes = f"A{_LABEL_ROW + 1}"
    sheet.auto_filter.ref = f"A{_LABEL_ROW}:{last}{_LABEL_ROW + len(table.rows)}"
    set_up_pages(sheet, f"{_LABEL_ROW}:{_LABEL_ROW}")


def _write_rows(sheet: Any, table: Table) -> None:
    for number, row in enumerate(table.rows, _LABEL_ROW + 1):
        for place, (value, column) in enumerate(zip(row, table.columns, strict=True), 1):
            if value is not None:
                _put(sheet.cell(number, place), value, column)


def _put(cell: Any, value: TableCell, column: TableField) -> None:
    if isinstance(value, str):
        cell.value = _UNWRITABLE.sub("\ufffd", value)[:_LONGEST_TEXT]
        cell.data_type = "s"  # whatever it begins with
        if guarded(value) != value:
            cell.quotePrefix = True
        return
    cell.value = rounded(value, column.kind)
    if isinstance(value, datetime):
        cell.number_format = _MOMENT
    elif column.is_number and not isinstance(value, bool):
        cell.number_format = FORMATS[column.kind]
