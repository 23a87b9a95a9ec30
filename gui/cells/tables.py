"""A block of cells as lines of tab-separated text, as spreadsheet programs exchange it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from budgetinator.budgets.numbers import Locale
from budgetinator.errors import InvalidCellValue
from budgetinator.workbooks import CellError, ShownValue, StaleResult
from gui.cells.entering import entry_text

__all__ = ["CELLS_FORMAT", "read_table", "table_text"]

CELLS_FORMAT = "application/x-budgetinator-cells"
"""The same table with an apostrophe before texts that would be read as numbers."""


def table_text(
    rows: Iterable[Sequence[ShownValue]],
    width: int,
    locale: Locale | None = None,
    *,
    exact: bool = False,
) -> str:
    """One line a row, one field a cell; numbers with all their digits.

    With `exact` it is what `parse_entry` reads back.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, dialect="excel-tab", lineterminator="\n")
    for row in rows:
        cells = [_field(value, locale, exact=exact) for value in row]
        writer.writerow(cells + [""] * (width - len(cells)))
    return lines.getvalue()


def read_table(text: str) -> list[list[str]]:
    """The fields of tab-separated lines; one line end at the end is none of theirs.

    Raises InvalidCellValue for what is no table, such as a field longer than any cell.
    """
    try:
        return list(csv.reader(io.StringIO(text, newline=""), dialect="excel-tab"))
    except csv.Error as error:
        raise InvalidCellValue(f"The text on the clipboard is no table: {error}.") from error


def _field(value: ShownValue, locale: Locale | None, *, exact: bool) -> str:
    if isinstance(value, StaleResult):
        value = value.last
    if isinstance(value, str) and not isinstance(value, CellError) and not exact:
        return value
    return entry_text(value, locale)
