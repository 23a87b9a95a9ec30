"""Two sheets compared cell by cell at the same addresses, both streamed.

Of either sheet one row is in memory at a time. Most rows of two versions are the same, so
that whole rows are compared before their cells are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeAlias

from budgetinator.budgets.comparing.differences import DifferenceKind
from budgetinator.budgets.comparing.equality import same_formula, same_result, same_value
from budgetinator.budgets.comparing.sides import CellsOfRow, ContentRow, OpenVersion
from budgetinator.budgets.findings import CellContent
from budgetinator.workbooks import Formula
from budgetinator.workbooks.addresses import Area
from budgetinator.workbooks.reading.celltexts import Value
from budgetinator.workbooks.reading.exactcells import Content

__all__ = [
    "EMPTY",
    "FILLED",
    "FoundCell",
    "SameFormula",
    "Tick",
    "compared",
    "differing_cells",
    "shown_as",
]

EMPTY = Content(None, None)
FILLED = "{}"
"""Stands for the formula of a cell that another cell's formula fills."""

SameFormula: TypeAlias = Callable[[str, str], bool]
Tick: TypeAlias = Callable[[int, str], None]
"""Takes percent done and the sheet's name; what it raises ends the comparison."""

_ROWS_A_TICK = 256


@dataclass(frozen=True, slots=True)
class FoundCell:
    """A cell that differs, by its row and column."""

    row: int
    column: int
    kind: DifferenceKind
    before: CellContent
    after: CellContent


def differing_cells(
    versions: tuple[OpenVersion, OpenVersion],
    sheets: tuple[str, str],
    *,
    same: SameFormula = same_formula,
    on_rows: Callable[[], None] | None = None,
) -> Iterator[FoundCell]:
    """What differs between a sheet of one version and one of the other.

    `on_rows` is called every 256 rows. Raises as reading the sheets does.
    """
    before, after = versions
    results = before.has_results and after.has_results
    areas = (before.areas(sheets[0]), after.areas(sheets[1]))
    pairs = _row_pairs(before.rows(sheets[0]), after.rows(sheets[1]))
    for count, (row, one, other) in enumerate(pairs):
        if on_rows is not None and count % _ROWS_A_TICK == 0:
            on_rows()
        if _are_equal(one, other):
            continue
        for column, (first, second) in enumerate(zip_longest(one, other), 1):
            contents = (
                _content(first, row, column, areas[0]),
                _content(second, row, column, areas[1]),
            )
            found = compared(*contents, results=results, same=same)
            if found is not None:
                yield FoundCell(row, column, *found)


def compared(
    one: Content, other: Content, *, results: bool, same: SameFormula = same_formula
) -> tuple[DifferenceKind, CellContent, CellContent] | None:
    """How two cells differ, None if they do not; with `results` both sides' are current.

    A result that a file does not have is not known, and differs from nothing.
    """
    if one.formula is None and other.formula is None:
        return None if same_value(one.value, other.value) else ("input", one.value, other.value)
    if one.formula is None or other.formula is None or not same(one.formula, other.formula):
        return "formula", shown_as(one), shown_as(other)
    if not results or one.value is None or other.value is None:
        return None
    return None if same_result(one.value, other.value) else ("result", one.value, other.value)


def shown_as(content: Content) -> CellContent:
    """What is in the cell: the formula if it has one, else the value."""
    return content.value if content.formula is None else Formula(content.formula)


def _row_pairs(
    before: Iterator[ContentRow], after: Iterator[ContentRow]
) -> Iterator[tuple[int, CellsOfRow, CellsOfRow]]:
    one, other = next(before, None), next(after, None)
    while one is not None or other is not None:
        row = min(each[0] for each in (one, other) if each is not None)
        cells: list[CellsOfRow] = [[], []]
        if one is not None and one[0] == row:
            cells[0], one = one[1], next(before, None)
        if other is not None and other[0] == row:
            cells[1], other = other[1], next(after, None)
        yield row, cells[0], cells[1]


def _are_equal(one: CellsOfRow, other: CellsOfRow) -> bool:
    """Whether two rows are equal, and of the same types: for Python 1 is True."""
    if one != other:
        return False
    types = list(map(type, one))
    if types != list(map(type, other)):
        return False
    if Content not in types:
        return True
    return _types_of_results(one) == _types_of_results(other)


def _types_of_results(row: CellsOfRow) -> list[type]:
    return [type(cell.value) for cell in row if isinstance(cell, Content)]


def _content(cell: Content | Value, row: int, column: int, areas: tuple[Area, ...]) -> Content:
    """The cell's content; what another cell's formula fills has a formula too."""
    content = cell if isinstance(cell, Content) else Content(cell, None)
    if areas and content.formula is None and content.value is not None:
        for area in areas:
            if area.contains(row, column):
                return Content(content.value, FILLED)
    return content
