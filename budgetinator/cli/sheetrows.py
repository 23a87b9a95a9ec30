"""The rows of a sheet for display: values as they stream in, or formulas where there are any."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import cast

from budgetinator.cli.cellforms import Content
from budgetinator.config import OpeningBounds
from budgetinator.workbooks.addresses import Area
from budgetinator.workbooks.patch import Formula
from budgetinator.workbooks.reading.currency import marked_values
from budgetinator.workbooks.reading.values import Value, iter_contents, iter_values

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
        with closing(marked_values(_streamed(path, sheet, bounds), path, sheet, bounds)) as rows:
            yield from enumerate(rows, 1)


Pair = tuple[Content, Formula | None]


def values_and_formulas(
    path: str, sheet: str, bounds: OpeningBounds, *, last_row: int | None = None
) -> Generator[tuple[int, list[Pair]], None, None]:
    """Each row that holds something, as pairs of value and formula, if there is one, from A on."""
    with closing(iter_contents(path, sheet, bounds=bounds)) as rows:
        for number, cells in rows:
            if last_row is not None and number > last_row:
                return
            yield number, [_pair(*cell) for cell in cells]


def _pair(value: Value, formula: str | None) -> Pair:
    return value, None if formula is None else Formula(formula)


def _streamed(
    path: str, sheet: str, bounds: OpeningBounds
) -> Generator[tuple[Value, ...], None, None]:
    """`iter_values` as what it is: a generator, which closes its file when it is closed."""
    return cast("Generator[tuple[Value, ...], None, None]", iter_values(path, sheet, bounds=bounds))
