"""The cells of one row, and where their bytes stand.

Most rows are a start tag, cells and an end tag; these are told apart without a parser,
which takes several times as long. A row with anything else in it is parsed.
ECMA-376 part 1, sections 18.3.1.4 (c) and 18.3.1.73 (row).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from budgetinator.workbooks.addresses import MAX_COLUMN, MAX_ROW, column_number
from budgetinator.workbooks.patch.elements import Element, MarkupError, parse_elements
from budgetinator.workbooks.patch.tags import is_true, tag_attributes

__all__ = ["Row", "RowCell", "row_style"]

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})")
_ATTRIBUTES = rb"(?:\s+[^\s=/>\"'<]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*"
_ROW_TAG = re.compile(rb"<((?:[\w.-]+:)?)row(?:%b)\s*(/?)>" % _ATTRIBUTES)
_AFTER_NAME = b" \t\r\n/>"
_BYTES_REFERENCE = re.compile(rb"\sr=\"([A-Z]{1,3})([1-9]\d{0,6})\"")
_BYTES_STYLE = re.compile(rb"\ss=\"(\d{1,6})\"")


@dataclass(slots=True)
class RowCell:
    """A cell that stands in a row; offsets are those of the row's bytes, as in `Element`."""

    row: bytes
    prefix: bytes
    column: int
    start: int
    opened: int
    closed: int
    end: int
    is_parsed: bool = False

    @property
    def tag(self) -> bytes:
        """Its start tag."""
        return self.row[self.start : self.opened]

    @property
    def body(self) -> bytes:
        """What stands between its tags."""
        return self.row[self.opened : self.closed]

    @property
    def has_reference(self) -> bool:
        """Whether it says where it is; one that does not comes after the one before it."""
        return b"r" in tag_attributes(self.tag) if self.is_parsed else True

    @property
    def style(self) -> int:
        """The place of its format in `cellXfs`."""
        if found := _BYTES_STYLE.search(self.tag):
            return int(found[1])
        return _integer(tag_attributes(self.tag).get(b"s", b"").decode())

    @property
    def holds_value(self) -> bool:
        """Whether it holds a value that is no error, which a merged area may hide."""
        kind = tag_attributes(self.tag).get(b"t", b"n")
        return kind != b"e" and (b"v>" in self.body or b"is>" in self.body)

    @property
    def has_formula(self) -> bool:
        """Whether it has one."""
        at = self.row.find(b"<%bf" % self.prefix, self.opened, self.closed)
        return at >= 0 and self.row[at + 2 + len(self.prefix)] in _AFTER_NAME

    @property
    def formula(self) -> Element | None:
        """Its formula, with offsets of the row, if it has one."""
        return self._child("f")

    @property
    def extension(self) -> bytes:
        """Its list of extensions."""
        if self.row.find(b"extLst", self.opened, self.closed) < 0:
            return b""
        found = self._child("extLst")
        return self.row[found.start : found.end] if found else b""

    def _child(self, local: str) -> Element | None:
        found = parse_elements(self.row[self.start : self.end]).find(local)
        if found is not None:
            found.start += self.start
            found.opened += self.start
            found.closed += self.start
            found.end += self.start
        return found


class Row:
    """A row's bytes, taken apart; raises MarkupError for cells that say they are elsewhere."""

    def __init__(self, number: int, offset: int, data: bytes) -> None:
        self.number = number
        self.offset = offset
        self.data = data
        found = _ROW_TAG.match(data)
        cells = _plain_cells(number, data, found) if found else None
        self.is_plain = cells is not None
        if found is not None and cells is not None:
            self.prefix, self.opened = found[1], found.end()
            self.is_empty = bool(found[2])
            self.cells = cells
            self.closed = data.rfind(b"</") if not self.is_empty else self.opened
        else:
            element = self.element
            self.prefix, self.opened = element.prefix.encode(), element.opened
            self.is_empty = element.is_empty
            self.cells = _parsed_cells(number, data, element)
            self.closed = element.closed

    @cached_property
    def element(self) -> Element:
        """The row as it was parsed."""
        return parse_elements(self.data)

    @property
    def tag(self) -> bytes:
        """Its start tag."""
        return self.data[: self.opened]

    @property
    def columns(self) -> list[int]:
        """The columns of its cells, in the file's order."""
        return [cell.column for cell in self.cells]

    @property
    def has_more(self) -> bool:
        """Whether there is more in it than cells."""
        return not self.is_plain and len(self.element.children) > len(self.cells)

    def nested_columns(self) -> set[int]:
        """The columns of cells that stand in alternate content within the row."""
        own = {cell.start for cell in self.cells}
        return {
            _column(element.attributes["r"], self.number)
            for element in self.element.descendants()
            if element.local == "c" and element.start not in own and "r" in element.attributes
        }


def row_style(tag: bytes) -> int | None:
    """The format of a whole row, by its start tag, if it has one."""
    attributes = tag_attributes(tag)
    if not is_true(attributes.get(b"customFormat", b"").decode()):
        return None
    return _integer(attributes.get(b"s", b"").decode())


def _plain_cells(number: int, data: bytes, tag: re.Match[bytes]) -> list[RowCell] | None:
    """The cells; None where the row holds anything else, or cells without references."""
    if tag[2]:
        return [] if tag.end() == len(data) else None
    prefix = tag[1]
    cell_tag, row_end, cell_end = _patterns(prefix)
    cells: list[RowCell] = []
    at, ending = tag.end(), str(number).encode()
    while found := cell_tag.match(data, at):
        opened = closed = at = found.end()
        reference = _BYTES_REFERENCE.search(found[0])
        if reference is None or reference[2] != ending:
            return None
        if not found[2]:
            closed = data.find(cell_end, opened)
            at = data.find(b">", closed) + 1
            if closed < 0 or at - closed > len(cell_end) + 1:
                return None
            if data.find(cell_end[:1] + cell_end[2:], opened, closed) >= 0:
                return None
        column = _column_of(reference[1])
        cells.append(RowCell(data, prefix, column, found.start(1), opened, closed, at))
    return cells if row_end.fullmatch(data, at) else None


@lru_cache(maxsize=16)
def _patterns(prefix: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes], bytes]:
    """Of a cell's start tag, of the end of the row; and how a cell's end tag begins."""
    name = re.escape(prefix)
    cell = re.compile(rb"\s*(<%bc(?=[\s/>])(?:%b)\s*(/?)>)" % (name, _ATTRIBUTES))
    return cell, re.compile(rb"\s*</%brow\s*>" % name), b"</%bc" % prefix


def _parsed_cells(number: int, data: bytes, row: Element) -> list[RowCell]:
    cells: list[RowCell] = []
    column = 0
    for element in row.find_all("c"):
        reference = element.attributes.get("r")
        column = _in_grid(column + 1, number) if reference is None else _column(reference, number)
        places = (element.start, element.opened, element.closed, element.end)
        cells.append(RowCell(data, row.prefix.encode(), column, *places, is_parsed=True))
    return cells


def _column(reference: str, number: int) -> int:
    found = _REFERENCE.fullmatch(reference)
    if found is None or int(found[2]) != number:
        raise MarkupError(f"a cell in row {number} says that it is {reference!r}")
    return _in_grid(column_number(found[1]), number)


@lru_cache(maxsize=1024)
def _column_of(letters: bytes) -> int:
    return column_number(letters.decode())


def _in_grid(column: int, number: int) -> int:
    if column > MAX_COLUMN or number > MAX_ROW:
        raise MarkupError(f"a cell in row {number} lies beyond the grid")
    return column


def _integer(text: str) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
