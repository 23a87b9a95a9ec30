"""The results of formulas exchanged in a sheet's own bytes; formulas and looks stay as they are.

ECMA-376 part 1, section 18.3.1.4: what a cell shows is its `v`, and its `t` says how that is
to be read. Only these two are touched. A result that is there already, as the same double
or the same text, keeps its bytes. Cells of usual markup are found by an expression, which
is believed for a row if it found all that are asked for; other rows are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from budgetinator.workbooks.addresses import column_number
from budgetinator.workbooks.patch.cells import escape_text
from budgetinator.workbooks.patch.exactscan import ExactRows
from budgetinator.workbooks.patch.formulas import SheetBytes, parsed_cells
from budgetinator.workbooks.patch.rowscan import NotPlain, PlainRows, RowBlock
from budgetinator.workbooks.patch.splices import Splice, splice_bytes
from budgetinator.workbooks.patch.tags import opened_tag, set_attribute, without_attributes
from budgetinator.workbooks.reading.xmltext import unescaped, with_characters

__all__ = [
    "Result",
    "ResultEdit",
    "ResultKind",
    "Results",
    "exchange_results",
    "without_result",
]

ResultKind = Literal["n", "str", "b", "e"]
_TYPE = frozenset({b"t"})
_ATTRIBUTE = re.compile(rb"\st\s*=\s*[\"']([^\"']*)[\"']")
_NEEDS_PRESERVE = re.compile(r"^\s|\s$|[\t\n]|  ")


@dataclass(frozen=True, slots=True)
class Result:
    """What a formula gave; `kind` is the type that a cell has for it, and `value` fits it."""

    kind: ResultKind
    value: float | str | bool

    @property
    def text(self) -> str:
        """The value as a cell's `v` holds it; a number so that the same double is read back."""
        if self.kind == "n":
            number = float(self.value)
            return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
        if self.kind == "b":
            return "1" if self.value else "0"
        return str(self.value)

    def like(self, kind: str) -> Result:
        """The same for a cell of this type: 0 or 1 is a truth value where one stood.

        A program without truth values of its own gives numbers for them.
        """
        if kind == "b" and self.kind == "n" and self.value in (0, 1):
            return Result("b", bool(self.value))
        return self

    def is_in(self, kind: str, text: str | None) -> bool:
        """Whether a cell of this type, whose `v` holds the text, shows it already."""
        if text is None or (kind or "n") != self.kind:
            return False
        try:
            return _reading(self.kind, text) == self.value
        except ValueError:
            return False


def _reading(kind: ResultKind, text: str) -> float | str | bool:
    if kind == "n":
        return float(text)
    if kind == "b":
        return {"1": True, "true": True, "0": False, "false": False}[text.strip()]
    return with_characters(text)


Results = Mapping[int, Mapping[int, Result | None]]
"""By row, by column; None takes the result away."""


class CellExchange(NamedTuple):
    """A cell that begins at this offset of the sheet, and the splices that exchange its result."""

    start: int
    splices: list[Splice]


@dataclass(slots=True)
class ResultEdit:
    """What exchanging results comes to, by the row and column of the cells whose result differs.

    `absent` are the cells that were asked for and that the sheet does not have.
    """

    changed: dict[tuple[int, int], CellExchange] = field(default_factory=dict)
    absent: list[tuple[int, int]] = field(default_factory=list)

    @property
    def splices(self) -> list[Splice]:
        """The splices of all cells, at offsets of the sheet."""
        return [splice for cell in self.changed.values() for splice in cell.splices]


def exchange_results(open_sheet: SheetBytes, results: Results) -> ResultEdit:
    """Give these cells of a sheet their results; MarkupError where it is not well-formed."""
    try:
        return _in_plain_sheet(open_sheet, results)
    except NotPlain:
        return _in_any_sheet(open_sheet, results)


def without_result(row: int, column: int, cell: bytes) -> bytes:
    """A cell's element, as it will be written, without the result that it holds."""
    prefix = cell[1 : cell.index(b"c", 1)]
    opening = b'<%brow r="%d">' % (prefix, row)
    whole = opening + cell + b"</%brow>" % prefix
    found = _parsed(row, -len(opening), whole, {column: None})
    return splice_bytes(cell, found[column].exchanged(None))


def _in_plain_sheet(open_sheet: SheetBytes, results: Results) -> ResultEdit:
    edit, seen = ResultEdit(), 0
    for block in PlainRows(open_sheet()).blocks():
        for index, number in enumerate(block.numbers):
            if number in results:
                seen += 1
                _edit_row(edit, number, _cells(block, index, results[number]), results[number])
    if seen < len(results):
        _note_absent_rows(edit, results, open_sheet)
    return edit


def _note_absent_rows(edit: ResultEdit, results: Results, open_sheet: SheetBytes) -> None:
    present = {n for block in PlainRows(open_sheet()).blocks() for n in block.numbers}
    absent = (number for number in results if number not in present)
    edit.absent += [(number, column) for number in absent for column in results[number]]


def _in_any_sheet(open_sheet: SheetBytes, results: Results) -> ResultEdit:
    edit, found = ResultEdit(), dict[int, dict[int, _Cell]]()

    def visit(number: int, start: int, data: bytes) -> None:
        if number in results:
            cells = _parsed(number, start, data, results[number])
            found.setdefault(number, {}).update(cells)

    ExactRows(open_sheet(), visit)
    for number, wanted in results.items():
        _edit_row(edit, number, found.get(number, {}), wanted)
    return edit


def _edit_row(
    edit: ResultEdit, number: int, cells: Mapping[int, _Cell], wanted: Mapping[int, Result | None]
) -> None:
    for column, result in wanted.items():
        cell = cells.get(column)
        if cell is None:
            edit.absent.append((number, column))
        elif splices := cell.exchanged(result):
            edit.changed[number, column] = CellExchange(cell.at, splices)


@dataclass(slots=True)
class _Cell:
    """Where a cell's tag and its `v` stand in the sheet.

    `start` and `end` are of the `v`, or where one belongs; `closing` is set for a
    cell that is written as one empty tag.
    """

    at: int
    tag: bytes
    kind: str
    text: str | None
    start: int
    end: int
    prefix: bytes
    closing: bytes = b""

    def exchanged(self, result: Result | None) -> list[Splice]:
        if result is None:
            return self._without_result()
        result = result.like(self.kind)
        if result.is_in(self.kind, self.text):
            return []
        tag = self._tag(b"" if result.kind == "n" else result.kind.encode())
        space = b' xml:space="preserve"' if _NEEDS_PRESERVE.search(result.text) else b""
        value = escape_text(result.text)
        xml = b"<%bv%b>%b</%bv>" % (self.prefix, space, value, self.prefix)
        if self.closing:
            whole = opened_tag(tag) + xml + self.closing
            return [Splice(self.at, self.at + len(self.tag), whole)]
        return [*self._retagged(tag), Splice(self.start, self.end, xml)]

    def _without_result(self) -> list[Splice]:
        if self.text is None and not self.kind and self.start == self.end:
            return []
        gone = [Splice(self.start, self.end, b"")] if self.end > self.start else []
        return [*self._retagged(self._tag(b"")), *gone]

    def _tag(self, kind: bytes) -> bytes:
        if kind == (b"" if self.kind == "n" else self.kind.encode()):
            return self.tag
        return set_attribute(self.tag, b"t", kind) if kind else without_attributes(self.tag, _TYPE)

    def _retagged(self, tag: bytes) -> list[Splice]:
        return [Splice(self.at, self.at + len(self.tag), tag)] if tag != self.tag else []


def _cells(block: RowBlock, index: int, wanted: Mapping[int, Result | None]) -> dict[int, _Cell]:
    start = block.starts[index]
    end = block.starts[index + 1] if index + 1 < len(block.starts) else block.end
    prefix = block.data[start + 1 : block.data.index(b"row", start)]
    found: dict[int, _Cell] = {}
    for match in _expression(prefix).finditer(block.data, start, end):
        column = column_number(match[1].decode())
        if column in wanted and int(match[2]) == block.numbers[index]:
            if column in found:
                break
            found[column] = _of_match(match, block.offset, prefix)
    if len(found) == len(wanted):
        return found
    return _parsed(block.numbers[index], block.offset + start, block.row(index), wanted)


@lru_cache(maxsize=8)
def _expression(prefix: bytes) -> re.Pattern[bytes]:
    """Finds the cells that hold nothing but a formula and its result, or a result."""
    prefix = re.escape(prefix)
    formula = rb"<%bf(?:[^<>]*/>|[^<>]*>[^<]*</%bf>)" % (prefix, prefix)
    value = rb"<%bv(?:\s*/>|(?: xml:space=\"preserve\")?>([^<]*)</%bv>)" % (prefix, prefix)
    cell = rb"<%bc r=\"([A-Z]{1,3})([0-9]{1,7})\"[^<>/]*>" % prefix
    return re.compile(rb"(?:%b)(?:%b)?(%b)?</%bc>" % (cell, formula, value, prefix))


def _of_match(match: re.Match[bytes], offset: int, prefix: bytes) -> _Cell:
    tag = match[0][: match[0].index(b">") + 1]
    kind = _ATTRIBUTE.search(tag)
    closed = match.end() - len(prefix) - len(b"</c>")
    start, end = match.span(3) if match[3] is not None else (closed, closed)
    text = unescaped((match[4] or b"").decode()) if match[3] is not None else None
    return _Cell(
        offset + match.start(),
        tag,
        kind[1].decode() if kind else "",
        text,
        offset + start,
        offset + end,
        prefix,
    )


def _parsed(
    number: int, offset: int, row: bytes, wanted: Mapping[int, Result | None]
) -> dict[int, _Cell]:
    found: dict[int, _Cell] = {}
    for column, element in parsed_cells(number, row):
        if column not in wanted:
            continue
        value, formula = element.find("v"), element.find("f")
        place = formula.end if formula else element.opened
        start, end = (value.start, value.end) if value else (place, place)
        prefix = element.prefix.encode()
        found[column] = _Cell(
            offset + element.start,
            row[element.start : element.opened],
            element.attributes.get("t", ""),
            value.text if value is not None else None,
            offset + start,
            offset + end,
            prefix,
            b"</%bc>" % prefix if element.is_empty else b"",
        )
    return found
