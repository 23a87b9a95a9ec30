"""Tables as CSV, as JSON, and as Markdown.

A text that a spreadsheet program would take for a formula gets an apostrophe in front in
CSV: those that begin with `=`, `+`, `-`, `@`, a tab or a line's end. Numbers are written
with a point and without groups, whatever the language; so a negative amount stays a number.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from budgetinator.budgets.layout import Kind
from budgetinator.budgets.numbers import Locale, format_number
from budgetinator.budgets.tables.table import Table, TableCell, TableField, rounded

__all__ = ["cell_text", "csv_lines", "guarded", "markdown_lines", "markdown_text", "records_json"]

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
# Full-width signs, which Excel takes for the plain ones in some languages.
_WIDE = ("\uff1d", "\uff0b", "\uff0d", "\uff20")
_MARKDOWN = re.compile(r"([\\`*_\[\]|])")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def guarded(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet would take it for a formula.

    Blanks in front do not hide a formula from every program, so they are looked through.
    """
    bare = text.lstrip(" \u00a0")
    is_dangerous = text.startswith(_DANGEROUS) or bare.startswith(_DANGEROUS + _WIDE)
    return f"'{text}" if is_dangerous else text


def csv_lines(tables: Iterable[Table], *, heading: bool = True) -> Iterator[str]:
    """The rows of tables with the same columns as lines of CSV (RFC 4180), each with its end.

    The first line has the columns' names unless there shall be no `heading`.
    """
    for table in tables:
        if heading:
            yield _csv_line(column.name for column in table.columns)
            heading = False
        for row in table.rows:
            yield _csv_line(
                _csv_text(value, column.kind)
                for value, column in zip(row, table.columns, strict=True)
            )


def records_json(table: Table) -> list[dict[str, Any]]:
    """The rows as JSON has them: whole numbers as such, null for what is not determined."""
    kinds = {column.name: column.kind for column in table.columns}
    return [
        {name: _json(rounded(value, kinds[name])) for name, value in record.items()}
        for record in table.records()
    ]


def markdown_lines(table: Table, locale: Locale = "en", level: int = 2) -> Iterator[str]:
    """A heading and a table that can be pasted; numbers as people of that locale write them."""
    yield f"{'#' * level} {markdown_text(table.title)}"
    yield ""
    yield _piped(markdown_text(column.title) for column in table.columns)
    yield _piped("---:" if column.is_number else "---" for column in table.columns)
    for row in table.rows:
        yield _piped(
            markdown_text(cell_text(value, column, locale))
            for value, column in zip(row, table.columns, strict=True)
        )
    yield ""


def cell_text(value: TableCell, column: TableField, locale: Locale) -> str:
    """The value as people read it; nothing for what is not determined."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return _number_text(Decimal(str(value)), column.kind, locale)
    return value


def _number_text(number: Decimal, kind: Kind, locale: Locale) -> str:
    if kind in {"money", "months"}:
        return format_number(number, locale, 2)
    if kind == "fraction":
        return f"{format_number((number * 100).normalize(), locale)} %"
    return format_number(_plain(number), locale) if kind == "number" else f"{_plain(number):f}"


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(list(cells))
    return line.getvalue()


def _csv_text(value: TableCell, kind: Kind) -> str:
    value = rounded(value, kind)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value if kind == 'money' else _plain(value):f}"
    if isinstance(value, date | time):
        return value.isoformat()
    return guarded(value) if isinstance(value, str) else str(value)


def _json(value: TableCell) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date | time) else value


def _plain(number: Decimal) -> Decimal:
    """Without zeros at the end, and without an exponent."""
    whole = number.to_integral_value()
    return whole if number == whole else number.normalize()


def _piped(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def markdown_text(text: str) -> str:
    """The text so that it is shown as it is, on one line of a table."""
    text = _CONTROL.sub("", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "<br>".join(_MARKDOWN.sub(r"\\\1", text).splitlines())
