"""The formulas of a sheet and where they stand, streamed from the part's own bytes.

In a plain sheet (see `rowscan`) an expression finds the cells with formulas, and what it
found is believed only if there are as many as there are `<f`. Any other row, and any
other sheet, is parsed row by row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import Area, column_number, parse_range
from budgetinator.workbooks.patch.elements import Element, MarkupError, parse_elements
from budgetinator.workbooks.patch.exactscan import ExactRows
from budgetinator.workbooks.patch.rowscan import NotPlain, PlainRows, RowBlock
from budgetinator.workbooks.reading.xmltext import unescaped

__all__ = ["FormulaCell", "SheetBytes", "formula_cells", "parsed_cells"]

SheetBytes = Callable[[], Iterable[bytes]]
"""Gives a sheet's part in UTF-8, from the start, each time it is called."""

_ATTRIBUTE = re.compile(rb"\s([\w.:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")
_AREA_KINDS = frozenset({"array", "dataTable"})


@dataclass(frozen=True, slots=True)
class FormulaCell:
    """A cell with a formula: `kind` is the formula's type, "" for a normal one.

    `text` is the formula without its equals sign, empty where it is shared from another
    cell of the same `index`. `area` is where the results of one formula go that fills
    several cells. `is_dynamic` says whether the area's size depends on the values.
    """

    row: int
    column: int
    kind: str = ""
    text: str = ""
    index: str | None = None
    area: Area | None = None
    is_dynamic: bool = False


def formula_cells(open_sheet: SheetBytes) -> Iterator[FormulaCell]:
    """The cells with formulas by rows; MarkupError where the sheet is not well-formed."""
    last = 0
    try:
        for block in PlainRows(open_sheet()).blocks():
            if block.has_formulas:
                yield from _in_block(block)
            last = block.numbers[-1]
    except NotPlain:
        # Rows come in order until the sheet turns out not to be plain; those are not told twice.
        cells = sorted(_exactly(open_sheet()), key=lambda cell: cell.row)
        yield from (cell for cell in cells if cell.row > last)


def _exactly(chunks: Iterable[bytes]) -> list[FormulaCell]:
    found: list[FormulaCell] = []

    def visit(number: int, _start: int, data: bytes) -> None:
        if b"f" in data:
            found.extend(_in_row(number, data))

    ExactRows(chunks, visit)
    return found


def _in_block(block: RowBlock) -> Iterator[FormulaCell]:
    tag = block.starts[0] + 1
    cells, formula = _expressions(block.data[tag : block.data.index(b"row", tag)])
    for index, number in enumerate(block.numbers):
        end = block.starts[index + 1] if index + 1 < len(block.starts) else block.end
        start = block.starts[index]
        count = len(formula.findall(block.data, start, end))
        if not count:
            continue
        found = list(cells.finditer(block.data, start, end))
        try:
            if len(found) != count:
                raise ValueError("there are formulas in other places than usual")
            yield from [_from_match(each, number) for each in found]
        except ValueError:
            yield from _in_row(number, block.row(index))


@lru_cache(maxsize=8)
def _expressions(prefix: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """What finds the cells that begin with a formula; and formulas anywhere."""
    prefix = re.escape(prefix)
    attributes = rb"((?:\s[^<>]*?)?)"
    formula = rb"<%bf%b(?:/>|>([^<]*)</%bf\s*>)" % (prefix, attributes, prefix)
    cells = re.compile(rb"<%bc\sr=\"([A-Z]{1,3})([0-9]{1,7})\"([^<>]*)>%b" % (prefix, formula))
    return cells, re.compile(rb"<%bf[\s/>]" % prefix)


def _from_match(found: re.Match[bytes], row: int) -> FormulaCell:
    """Raises ValueError for what only a parser understands."""
    letters, digits, look, attributes, text = found.groups()
    if int(digits) != row:
        raise ValueError("a cell says that it is in another row")
    column = column_number(letters.decode())
    body = unescaped(text.decode()) if text else ""
    if not attributes.strip():
        return FormulaCell(row, column, text=body)
    return _cell(row, column, _attributes(attributes), body, is_dynamic=b" cm=" in look)


def _attributes(tag: bytes) -> dict[str, str]:
    return {
        name.decode(): unescaped((one or other).decode())
        for name, one, other in _ATTRIBUTE.findall(tag)
    }


def parsed_cells(number: int, row: bytes) -> list[tuple[int, Element]]:
    """The columns and elements of a row's cells; MarkupError for one that says it is elsewhere."""
    cells: list[tuple[int, Element]] = []
    column = 0
    for element in parse_elements(row).find_all("c"):
        reference = element.attributes.get("r")
        found = _REFERENCE.fullmatch(reference) if reference is not None else None
        if reference is not None and (found is None or int(found[2]) != number):
            raise MarkupError(f"a cell in row {number} says that it is {reference!r}")
        column = column_number(found[1]) if found is not None else column + 1
        cells.append((column, element))
    return cells


def _in_row(number: int, row: bytes) -> Iterator[FormulaCell]:
    for column, cell in parsed_cells(number, row):
        formula = cell.find("f")
        if formula is not None:
            dynamic = "cm" in cell.attributes
            yield _cell(number, column, formula.attributes, formula.text, is_dynamic=dynamic)


def _cell(
    row: int, column: int, attributes: dict[str, str], text: str, *, is_dynamic: bool
) -> FormulaCell:
    kind = attributes.get("t", "")
    kind = "" if kind == "normal" else kind
    area = _area(attributes.get("ref")) if kind in _AREA_KINDS else None
    index = attributes.get("si") if kind == "shared" else None
    return FormulaCell(row, column, kind, text, index, area, is_dynamic and kind == "array")


def _area(reference: str | None) -> Area | None:
    try:
        return parse_range(reference) if reference else None
    except InvalidCellReference:
        raise MarkupError(f"{reference!r} is no area of cells") from None
