"""The splices that change some cells of a row, and the row's own attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from budgetinator.workbooks.addresses import column_letters
from budgetinator.workbooks.patch.cells import CellContent
from budgetinator.workbooks.patch.rowcells import Row, RowCell, row_style
from budgetinator.workbooks.patch.sheetedit import CellEdit, CellLooks, KeptLook
from budgetinator.workbooks.patch.splices import Splice
from budgetinator.workbooks.patch.tags import (
    opened_tag,
    set_attribute,
    tag_attributes,
    without_attributes,
)

__all__ = ["RowEdit", "SheetLooks", "edit_row", "new_row"]

# What described the old value: its type, and the metadata of dynamic arrays and rich values.
_OF_THE_VALUE = frozenset({b"t", b"cm", b"vm"})
_TELLS_OF_VALUE = re.compile(rb"\s(?:t|cm|vm)\s*=")
# What a row that is there for its cells alone may have; attributes with prefixes tell how
# high the text in it stands.
_OF_ITS_CELLS = frozenset({b"r", b"spans"})
_NO_CONTENT = CellContent()

Edits = Mapping[int, CellEdit]
Attributes = Mapping[bytes, bytes | None]


@dataclass(frozen=True, slots=True)
class SheetLooks:
    """Which formats changed cells get; `columns` are (first, last, style)."""

    columns: tuple[tuple[int, int, int], ...]
    book: CellLooks

    def existing(self, cell: RowCell, edit: CellEdit) -> int | None:
        """The style of a cell that the file has; None for the one that it has."""
        if edit.has_style or isinstance(edit.style, KeptLook):
            if edit.content is None or edit.content.number_format is None:
                return None
            return self.book.dated(cell.style, edit.content.number_format)
        return self.book.index(edit.style, cell.style)

    def new(self, row_style: int | None, column: int, edit: CellEdit) -> int:
        """The style of a new cell: its own, or that of its row, or of its column."""
        if not isinstance(edit.style, KeptLook):
            return self.book.index(edit.style)
        if row_style is None:
            row_style = next((s for first, last, s in self.columns if first <= column <= last), 0)
        return self._dated(row_style, edit)

    def _dated(self, style: int, edit: CellEdit) -> int:
        if edit.content is None or edit.content.number_format is None:
            return style
        return self.book.dated(style, edit.content.number_format)


@dataclass(slots=True)
class RowEdit:
    """What changing a row comes to; `replaced` are the cells whose values go, as they were."""

    splices: list[Splice] = field(default_factory=list)
    replaced: list[RowCell] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    changed: int = 0


def edit_row(
    row: Row, edits: Edits, attributes: Attributes, looks: SheetLooks, *, goes: bool = False
) -> RowEdit:
    """The splices, at offsets of the sheet, that make the row's cells so.

    A row that `goes` is taken out when it has lost all its cells and has no look.
    """
    done = RowEdit()
    left = len(row.cells)
    for cell in row.cells:
        edit = edits.get(cell.column)
        # One that does not say where it is comes after the one before it, which may be gone.
        tag = _referring(row, cell) if left < len(row.cells) else cell.tag
        if edit is None:
            if tag != cell.tag:
                start = row.offset + cell.start
                done.splices.append(Splice(start, row.offset + cell.opened, tag))
            continue
        xml = b"" if edit.removed else _changed_cell(row, cell, tag, edit, looks)
        left -= edit.removed
        if edit.changes_value:
            done.replaced.append(cell)
        done.changed += 1
        done.splices.append(Splice(row.offset + cell.start, row.offset + cell.end, xml))
    added = _added_cells(row, edits, attributes, looks)
    done.added = sorted(added)
    tag = _with_attributes(_widened_spans(row.tag, done.added), attributes)
    if goes and not left and not added and row.cells and _is_bare(row, tag):
        done.splices = [Splice(row.offset, row.offset + len(row.data), b"")]
        return done
    _insert(row, done, added, tag)
    return done


def new_row(
    number: int, edits: Edits, attributes: Attributes, looks: SheetLooks, prefix: bytes
) -> tuple[bytes, list[int]]:
    """A row element of what is new, and its columns; nothing where there is nothing to hold."""
    tag = _with_attributes(b'<%brow r="%d">' % (prefix, number), attributes)
    style = row_style(tag)
    cells = {
        column: xml
        for column, edit in sorted(edits.items())
        if (xml := _new_cell(number, column, edit, looks, style, prefix))
    }
    if not cells and not any(attributes.values()):
        return b"", []
    if not cells:
        return tag[:-1] + b"/>", []
    return tag + b"".join(cells.values()) + b"</%brow>" % prefix, list(cells)


def _changed_cell(row: Row, cell: RowCell, tag: bytes, edit: CellEdit, looks: SheetLooks) -> bytes:
    content = edit.content
    if content is not None and _TELLS_OF_VALUE.search(tag):
        tag = without_attributes(tag, _OF_THE_VALUE)
    style = looks.existing(cell, edit)
    if style is not None and style != cell.style:
        tag = set_attribute(tag, b"s", b"%d" % style)
    if content is None:
        return tag + row.data[cell.opened : cell.end]
    if content.type:
        tag = set_attribute(tag, b"t", content.type)
    body = content.xml(row.prefix) + cell.extension
    tag = opened_tag(tag)
    end = row.data[cell.closed : cell.end] or b"</%bc>" % row.prefix
    return tag + body + end if body else tag[:-1] + b"/>"


def _referring(row: Row, cell: RowCell) -> bytes:
    if cell.has_reference:
        return cell.tag
    return set_attribute(cell.tag, b"r", f"{column_letters(cell.column)}{row.number}".encode())


def _added_cells(
    row: Row, edits: Edits, attributes: Attributes, looks: SheetLooks
) -> dict[int, bytes]:
    columns = edits.keys() - set(row.columns)
    if not columns:
        return {}
    style = row_style(_with_attributes(row.tag, attributes))
    made = {c: _new_cell(row.number, c, edits[c], looks, style, row.prefix) for c in columns}
    return {column: xml for column, xml in sorted(made.items()) if xml}


def _insert(row: Row, done: RowEdit, added: Mapping[int, bytes], tag: bytes) -> None:
    start = row.offset
    if row.is_empty and added:
        whole = opened_tag(tag) + b"".join(added.values()) + b"</%brow>" % row.prefix
        done.splices.append(Splice(start, start + row.opened, whole))
        return
    if tag != row.tag:
        done.splices.append(Splice(start, start + row.opened, tag))
    ordered = row.columns == sorted(row.columns)
    following = list(reversed(row.cells)) if ordered else []
    for column, xml in added.items():
        while following and following[-1].column < column:
            following.pop()
        at = start + (following[-1].start if following else _end_of_cells(row))
        done.splices.append(Splice(at, at, xml))


def _end_of_cells(row: Row) -> int:
    return row.cells[-1].end if row.cells else row.opened


def _new_cell(
    number: int,
    column: int,
    edit: CellEdit,
    looks: SheetLooks,
    row_style: int | None,
    prefix: bytes,
) -> bytes:
    """The cell; nothing where it would hold neither a value nor a look of its own."""
    content = edit.content or _NO_CONTENT
    if edit.removed or (content.is_empty and isinstance(edit.style, KeptLook)):
        return b""
    style = looks.new(row_style, column, edit)
    if content.is_empty and not style:
        return b""
    reference = f"{column_letters(column)}{number}".encode()
    look = b' s="%d"' % style if style else b""
    kind = b' t="%b"' % content.type if content.type else b""
    body = content.xml(prefix)
    if not body:
        return b'<%bc r="%b"%b/>' % (prefix, reference, look)
    return b'<%bc r="%b"%b%b>%b</%bc>' % (prefix, reference, look, kind, body, prefix)


def _with_attributes(tag: bytes, attributes: Attributes) -> bytes:
    gone = frozenset(name for name, value in attributes.items() if value is None)
    if gone:
        tag = without_attributes(tag, gone)
    for name, value in attributes.items():
        if value is not None:
            tag = set_attribute(tag, name, value)
    return tag


def _is_bare(row: Row, tag: bytes) -> bool:
    """Whether the row is there for its cells alone."""
    names = tag_attributes(tag).keys()
    return not row.has_more and all(name in _OF_ITS_CELLS or b":" in name for name in names)


def _widened_spans(tag: bytes, added: list[int]) -> bytes:
    spans = tag_attributes(tag).get(b"spans", b"").decode("ascii", "replace").split()
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
