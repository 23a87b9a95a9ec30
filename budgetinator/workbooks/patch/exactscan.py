"""The rows of a sheet in any markup that XML permits, found by parsing every tag.

For what `rowscan` leaves: comments and CDATA sections, prefixes bound anywhere,
rows without numbers (one more than the row before, or that of their first cell),
rows out of order or given twice, a sheet without `sheetData`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NoReturn
from xml.parsers import expat

from budgetinator.workbooks.patch.elements import MarkupError, parse_head, start_tag_end
from budgetinator.workbooks.patch.rowscan import MAIN_NAMESPACES, Outline

__all__ = ["ExactRows"]

_BEFORE_ROWS = frozenset({"sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols"})
_CELL_ROW = re.compile(r"\$?[A-Za-z]{1,3}\$?(\d{1,7})")
_SHEET, _DATA, _ROW, _CELL = 1, 2, 3, 4  # depths of the elements of an ordinary sheet

OnRow = Callable[[int, int, bytes], None]


class ExactRows:
    """One reading of a sheet, which is done when it is made; raises MarkupError.

    `on_row` gets each row's number, its offset and its bytes, in the file's order.
    Afterwards `outline`, `closed`, `merged_areas` and `nested_rows` are known;
    `nested_rows` are the numbers of rows that stand in alternate content.
    """

    def __init__(self, chunks: Iterable[bytes], on_row: OnRow) -> None:
        self.outline = Outline(b"", None, b"")
        self.closed = -1
        self.merged_areas: list[str] = []
        self.nested_rows: list[int] = []
        self._on_row = on_row
        self._depth = 0
        self._in_data = False
        self._row_start = -1
        self._row_number = 0
        self._last_number = 0
        self._place = 0
        self._root_prefix = b""
        self._buffer = bytearray()
        self._offset = 0
        self._seen_rows = False
        self._parser = self._make_parser()
        self._read(chunks)

    def _make_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8", "}")
        parser.namespace_prefixes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = _refuse_doctype
        return parser

    def _read(self, chunks: Iterable[bytes]) -> None:
        try:
            for chunk in chunks:
                self._buffer += chunk
                self._parser.Parse(chunk, False)
                self._forget()
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise MarkupError(str(error)) from error
        if self.outline.start is None:
            if self._place == 0:
                raise MarkupError("it has no place for cells")
            head = bytes(self._buffer[: self._place])
            self.outline = Outline(head, None, self._root_prefix)
            self.closed = self._place

    def _forget(self) -> None:
        """Let go of bytes that no element needs: up to the row or the tag that is not yet whole."""
        if self.outline.start is None and not self._seen_rows:
            return
        keep = self._row_start if self._row_start >= 0 else self._parser.CurrentByteIndex
        count = min(keep - self._offset, len(self._buffer))
        if count > 0:
            del self._buffer[:count]
            self._offset += count

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        namespace, _, local = name.partition("}")
        if namespace not in MAIN_NAMESPACES:
            if self._depth == _SHEET:
                raise MarkupError(f"{name!r} is not the worksheet of ECMA-376")
            return
        local, _, prefix = local.partition("}")
        if self._row_start >= 0:
            self._within_row(local, attributes)
        elif local == "row" and self._in_data:
            self._start_row(attributes)
        elif local == "mergeCell":
            self.merged_areas.append(attributes.get("ref", ""))
        elif self._depth == _SHEET:
            start = self._parser.CurrentByteIndex
            self._root_prefix = f"{prefix}:".encode() if prefix else b""
            self._place = self._tag_end(start)
            if self._buffer[self._place - 2 - self._offset : self._place - self._offset] == b"/>":
                raise MarkupError("it has no place for cells")
        elif local == "sheetData" and self._depth == _DATA:
            self._start_data(prefix)

    def _start_data(self, prefix: str) -> None:
        if self._seen_rows:
            raise MarkupError("it has two sheetData elements")
        start = self._parser.CurrentByteIndex
        end = self._tag_end(start)
        head = bytes(self._buffer[: end - self._offset])
        self.outline = Outline(head, start, f"{prefix}:".encode() if prefix else b"")
        self.closed = end
        self._seen_rows = self._in_data = True

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = _integer(attributes.get("r"))
        if self._depth != _ROW:
            self.nested_rows.append(number)
            return
        self._row_start = self._parser.CurrentByteIndex
        self._row_number = number

    def _within_row(self, local: str, attributes: dict[str, str]) -> None:
        if local == "c" and self._depth == _CELL and not self._row_number:
            cell = _CELL_ROW.fullmatch(attributes.get("r", ""))
            self._row_number = int(cell[1]) if cell else 0

    def _end(self, name: str) -> None:
        depth, self._depth = self._depth, self._depth - 1
        if depth == _ROW and self._row_start >= 0:
            self._end_row()
        elif depth == _DATA:
            self._end_section(name.split("}"))

    def _end_row(self) -> None:
        start, self._row_start = self._row_start, -1
        opened = self._tag_end(start)
        is_empty = self._buffer[opened - 2 - self._offset : opened - self._offset] == b"/>"
        end = opened if is_empty else self._tag_end(self._parser.CurrentByteIndex)
        number = self._row_number or self._last_number + 1
        self._last_number = number
        self._on_row(number, start, bytes(self._buffer[start - self._offset : end - self._offset]))

    def _end_section(self, name: list[str]) -> None:
        if self._in_data:
            self._in_data = False
            if not self.outline.is_empty_tag:
                self.closed = self._parser.CurrentByteIndex
        elif not self._seen_rows and name[0] in MAIN_NAMESPACES and name[1] in _BEFORE_ROWS:
            self._place = self._element_end()

    def _element_end(self) -> int:
        """Where the element ends whose end is being reported; for an empty tag we are there."""
        at = self._parser.CurrentByteIndex
        if self._buffer[at - self._offset : at - self._offset + 2] != b"</":
            return at
        if self._buffer[at - 2 - self._offset : at - self._offset] == b"/>":
            root = parse_head(bytes(self._buffer[: at - self._offset]))
            if root.children[-1].end == at:
                return at
        return self._tag_end(at)

    def _tag_end(self, start: int) -> int:
        return start_tag_end(self._buffer, start - self._offset) + self._offset


def _integer(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 7 else 0


def _refuse_doctype(*_: object) -> NoReturn:
    raise MarkupError("it declares a document type")
