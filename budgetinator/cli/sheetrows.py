"""The rows of a sheet for display: values as they stream in, or formulas where there are any."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import ExitStack, closing
from itertools import islice, zip_longest
from typing import Any, cast

from budgetinator.cli.cellforms import Content
from budgetinator.config import OpeningBounds
from budgetinator.workbooks.addresses import Area
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch import Formula
from budgetinator.workbooks.patch.parts import PartSource, has_formulas
from budgetinator.workbooks.reading.loading import load_workbook_guarded
from budgetinator.workbooks.reading.values import Value, iter_values

__all__ = ["rows_within", "values_and_formulas"]

Row = tuple[int, tuple[Content, ...]]
"""A row's number, and what its cells hold from column A on."""


def rows_within(
    path: str, sheet: str, area: Area | None, bounds: OpeningBounds, *, formulas: bool = False
) -> Generator[Row, None, None]:
    """The rows of the area that hold something, cut to its columns.

    The first element of a row stands in the area's first column, or in column A.
    Closes the file when it is exhausted or closed.
    """
    with closing(_rows(path, sheet, bounds, formulas=formulas)) as rows:
        for number, row in rows:
            if area is not None and number > area.max_row:
                return
            cells = row if area is None else _cut(number, row, area)
            if any(content is not None for content in cells):
                yield number, cells


def _cut(number: int, row: tuple[Content, ...], area: Area) -> tuple[Content, ...]:
    return row[area.min_col - 1 : area.max_col] if number >= area.min_row else ()


def _rows(
    path: str, sheet: str, bounds: OpeningBounds, *, formulas: bool
) -> Generator[Row, None, None]:
    if formulas:
        for number, pairs in values_and_formulas(path, sheet, bounds):
            yield number, tuple(formula or value for value, formula in pairs)
    else:
        with closing(_streamed(path, sheet, bounds)) as rows:
            yield from enumerate(rows, 1)


Pair = tuple[Content, Formula | None]


def values_and_formulas(
    path: str, sheet: str, bounds: OpeningBounds, *, last_row: int | None = None
) -> Generator[tuple[int, list[Pair]], None, None]:
    """Each row as pairs of the value and the formula, if there is one, from column A on.

    Two readings side by side: openpyxl gives a formula as a text that begins with "=",
    and only the other reading tells it from a text that somebody typed so.
    """
    with ExitStack() as held:
        values = held.enter_context(closing(_streamed(path, sheet, bounds)))
        texts: Iterable[tuple[Value, ...]] = ()
        if _has_formulas(path, sheet, bounds):
            loaded = load_workbook_guarded(path, read_only=True, data_only=False, bounds=bounds)
            held.callback(loaded.workbook.close)
            texts = held.enter_context(closing(_streamed(loaded.workbook, sheet)))
        rows = zip_longest(values, texts, fillvalue=())
        for number, (row, formulas) in enumerate(islice(rows, last_row), 1):
            yield number, [_pair(*both) for both in zip_longest(row, formulas)]


def _has_formulas(path: str, sheet: str, bounds: OpeningBounds) -> bool:
    with Package.open(path, bounds) as package:
        parts = [entry.part for entry in package.sheets if entry.name == sheet]
        return any(has_formulas(PartSource(package, part).text()) for part in parts)


def _streamed(
    source: Any, sheet: str, bounds: OpeningBounds | None = None
) -> Generator[tuple[Value, ...], None, None]:
    """`iter_values` as what it is: a generator, which closes its file when it is closed."""
    return cast(
        "Generator[tuple[Value, ...], None, None]", iter_values(source, sheet, bounds=bounds)
    )


def _pair(value: Any, text: Any) -> Pair:
    if isinstance(text, str):
        return value, Formula(text) if text.startswith("=") and text != value else None
    if hasattr(text, "ref"):  # openpyxl's objects for array formulas and data tables
        return value, Formula("{" + (getattr(text, "text", None) or "=TABLE()") + "}")
    return value, None
