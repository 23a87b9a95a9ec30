"""The cells of one row: which there are, and the splices that change some of them.

ECMA-376 part 1, sections 18.3.1.4 (c) and 18.3.1.73 (row).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from budgetinator.workbooks.addresses import MAX_COLUMN, MAX_ROW, column_letters, column_number
from budgetinator.workbooks.patch.cells import CellContent
from budgetinator.workbooks.patch.elements import Element, MarkupError, parse_elements
from budgetinator.workbooks.patch.splices import Splice
from budgetinator.workbooks.patch.tags import (
    is_true,
    opened_tag,
    set_attribute,
    without_attributes,
)

__all__ = ["CellStyles", "Row", "RowCell", "RowEdit", "edit_row", "new_row"]

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})")
# What described the old value: its type, and the metadata of dynamic arrays and rich values.
_OF_THE_VALUE = frozenset({b"t", b"cm", b"vm"})


@dataclass(frozen=True, slots=True)
class RowCell:
    """A cell that stands in a row."""

    column: int
    element: Element

    @property
    def formula(self) -> Element | None:
        """Its formula, if it has one."""
        return self.element.find("f")


class Row:
    """A row that was parsed; raises MarkupError for cells that say they are elsewhere."""

    def __init__(self, number: int, offset: int, data: bytes) -> None:
        self.number = number
        self.offset = offset
        self.data = data
        self.element = parse_elements(data)
        self.cells = self._cells()

    @property
    def prefix(self) -> bytes:
        """The prefix of the sheet's vocabulary, with its colon."""
        return self.element.prefix.encode()

    @property
    def columns(self) -> list[int]:
        """The columns of its cells, in the file's order."""
        return [cell.column for cell in self.cells]

    @property
    def style(self) -> int | None:
        """The format of the whole row, if it has one."""
        if not is_true(self.element.attributes.get("customFormat")):
            return None
        return _integer(self.element.attributes.get("s"))

    def nested_columns(self) -> set[int]:
        """The columns of cells that stand in alternate content within the row."""
        own = {id(cell.element) for cell in self.cells}
        return {
            _column(element, self.number, 0)
            for element in self.element.descendants()
            if element.local == "c" and id(element) not in own and "r" in element.attributes
        }

    def _cells(self) -> list[RowCell]:
        cells: list[RowCell] = []
        column = 0
        for element in self.element.find_all("c"):
            column = _column(element, self.number, column)
            cells.append(RowCell(column, element))
        return cells


@dataclass(frozen=True, slots=True)
class CellStyles:
    """Which format a changed cell gets; `dated` gives a style with a date format (see styles)."""

    columns: tuple[tuple[int, int, int], ...]
    dated: Callable[[int, int], int]

    def kept(self, style: int, content: CellContent) -> int:
        """The style of a cell that has one."""
        if content.number_format is None:
            return style
        return self.dated(style, content.number_format)

    def inherited(self, row_style: int | None, column: int) -> int:
        """The style of a new cell: that of its row, or else of its column, as Excel does it."""
        if row_style is not None:
            return row_style
        return next((s for first, last, s in self.columns if first <= column <= last), 0)


@dataclass(slots=True)
class RowEdit:
    """What changing a row comes to; `replaced` are the cells as they were."""

    splices: list[Splice] = field(default_factory=list)
    replaced: list[RowCell] = field(default_factory=list)
    added: list[int] = field(default_factory=list)


def edit_row(row: Row, contents: Mapping[int, CellContent], styles: CellStyles) -> RowEdit:
    """The splices, at offsets of the sheet, that give the row's cells these contents."""
    edit = RowEdit()
    for cell in row.cells:
        content = contents.get(cell.column)
        if content is not None:
            edit.replaced.append(cell)
            edit.splices.append(_replacement(row, cell, content, styles))
    present = set(row.columns)
    edit.added = sorted(c for c in contents if c not in present and not contents[c].is_empty)
    _insert(row, edit, contents, styles)
    return edit


def new_row(
    number: int, contents: Mapping[int, CellContent], styles: CellStyles, prefix: bytes
) -> bytes:
    """A row element that holds these cells; nothing where all of them are empty."""
    cells = b"".join(
        _new_cell(number, column, contents[column], styles, None, prefix)
        for column in sorted(contents)
        if not contents[column].is_empty
    )
    return b'<%brow r="%d">%b</%brow>' % (prefix, number, cells, prefix) if cells else b""


def _replacement(row: Row, cell: RowCell, content: CellContent, styles: CellStyles) -> Splice:
    element, data = cell.element, row.data
    tag = without_attributes(data[element.start : element.opened], _OF_THE_VALUE)
    style = _integer(element.attributes.get("s"))
    if (kept := styles.kept(style, content)) != style:
        tag = set_attribute(tag, b"s", b"%d" % kept)
    if content.type:
        tag = set_attribute(tag, b"t", content.type)
    extension = element.find("extLst")
    body = content.xml(row.prefix)
    body += data[extension.start : extension.end] if extension else b""
    tag = opened_tag(tag)
    end = data[element.closed : element.end] or b"</%bc>" % row.prefix
    xml = tag + body + end if body else tag[:-1] + b"/>"
    return Splice(row.offset + element.start, row.offset + element.end, xml)


def _insert(
    row: Row, edit: RowEdit, contents: Mapping[int, CellContent], styles: CellStyles
) -> None:
    if not edit.added:
        return
    xml = {
        column: _new_cell(row.number, column, contents[column], styles, row.style, row.prefix)
        for column in edit.added
    }
    start, opened = row.element.start, row.element.opened
    tag = row.data[start:opened]
    wide = _widened_spans(tag, row, edit.added)
    if row.element.is_empty:
        cells = b"".join(xml.values())
        whole = opened_tag(wide) + cells + b"</%brow>" % row.prefix
        edit.splices.append(Splice(row.offset + start, row.offset + opened, whole))
        return
    if wide != tag:
        edit.splices.append(Splice(row.offset + start, row.offset + opened, wide))
    for column in edit.added:
        at = row.offset + _place(row, column)
        edit.splices.append(Splice(at, at, xml[column]))


def _place(row: Row, column: int) -> int:
    """Before the next cell; at the end of the cells where they are not in order."""
    columns = row.columns
    if columns == sorted(columns):
        for cell in row.cells:
            if cell.column > column:
                return cell.element.start
    return row.cells[-1].element.end if row.cells else row.element.opened


def _new_cell(
    number: int,
    column: int,
    content: CellContent,
    styles: CellStyles,
    row_style: int | None,
    prefix: bytes,
) -> bytes:
    style = styles.kept(styles.inherited(row_style, column), content)
    reference = f"{column_letters(column)}{number}".encode()
    look = b' s="%d"' % style if style else b""
    kind = b' t="%b"' % content.type if content.type else b""
    body = content.xml(prefix)
    return b'<%bc r="%b"%b%b>%b</%bc>' % (prefix, reference, look, kind, body, prefix)


def _widened_spans(tag: bytes, row: Row, added: list[int]) -> bytes:
    spans = row.element.attributes.get("spans", "").split()
    try:
        pairs = [(int(first), int(last)) for first, _, last in (s.partition(":") for s in spans)]
    except ValueError:
        return tag
    outside = [c for c in added if not any(first <= c <= last for first, last in pairs)]
    if not pairs or not outside:
        return tag
    first = min(added[0], *(pair[0] for pair in pairs))
    last = max(added[-1], *(pair[1] for pair in pairs))
    return set_attribute(tag, b"spans", b"%d:%d" % (first, last))


def _column(element: Element, number: int, before: int) -> int:
    reference = element.attributes.get("r")
    if reference is None:
        column = before + 1
    else:
        found = _REFERENCE.fullmatch(reference)
        if found is None or int(found[2]) != number:
            raise MarkupError(f"a cell in row {number} says that it is {reference!r}")
        column = column_number(found[1])
    if column > MAX_COLUMN or number > MAX_ROW:
        raise MarkupError(f"a cell in row {number} lies beyond the grid")
    return column


def _integer(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
