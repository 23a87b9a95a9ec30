"""A worksheet around its rows: small enough to be held, whatever the rows come to.

The rows are left out of the text that is edited, and what is said of it is said of the
whole part's bytes again afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from budgetinator.workbooks.merging.parts.nodes import SHEET, XmlNode, parse_nodes
from budgetinator.workbooks.merging.parts.order import child_rank
from budgetinator.workbooks.patch.elements import MarkupError, start_tag_end
from budgetinator.workbooks.patch.parts import PartSource
from budgetinator.workbooks.patch.rowscan import NotPlain, PlainRows, Window
from budgetinator.workbooks.patch.splices import Splice

__all__ = ["SheetFrame"]

_ROWS = f"{SHEET}}}sheetData"
_NAME = re.compile(rb"<(?:[\w.-]+:)?(\w+)")
_ROWS_RANK = child_rank("worksheet", "sheetData") or 0


@dataclass(frozen=True, slots=True)
class SheetFrame:
    """The part without the content of `sheetData`, as `data` and as a tree.

    `cut` is where that content was, and `left_out` how long it was in bytes.
    """

    data: bytes
    root: XmlNode
    cut: int
    left_out: int

    @classmethod
    def read(cls, source: PartSource, part: str) -> SheetFrame:
        """Read the part once, or twice where its markup is unusual; raises MarkupError."""
        try:
            head, left_out, tail = _plain_pieces(source.text())
        except NotPlain:
            start, end = _content_of_rows(source.text())
            head, left_out, tail = _outside(source.text(), start, end)
        data = head + tail
        return cls(data, parse_nodes(data, part), len(head), left_out)

    def placed(self, splices: Iterable[Splice]) -> tuple[list[Splice], list[Splice]]:
        """The splices for the whole part: those that have to come first at their place, the rest.

        Without a `sheetData`, one may be put in by others at the place where what belongs
        before it and after it is put in here too.
        """
        place = self._rows_place()
        first: list[Splice] = []
        rest: list[Splice] = []
        for splice in splices:
            is_before = splice.start == splice.end == place and _is_before_rows(splice.data)
            (first if is_before else rest).append(self._moved(splice))
        return first, rest

    def _moved(self, splice: Splice) -> Splice:
        if splice.start < self.cut or not self.left_out:
            return splice
        return Splice(splice.start + self.left_out, splice.end + self.left_out, splice.data)

    def _rows_place(self) -> int:
        """Where the rows are, or would be."""
        place = self.root.element.opened
        for child in self.root.children:
            rank = child_rank("worksheet", child.local)
            if rank is not None and rank >= _ROWS_RANK:
                break
            place = child.element.end
        return place


def _is_before_rows(markup: bytes) -> bool:
    name = _NAME.match(markup)
    rank = child_rank("worksheet", name[1].decode()) if name else None
    return rank is not None and rank < _ROWS_RANK


def _plain_pieces(chunks: Iterable[bytes]) -> tuple[bytes, int, bytes]:
    read: list[bytes] = []
    stream = iter(chunks)

    def noted() -> Iterator[bytes]:
        for chunk in stream:
            read.append(chunk)
            yield chunk

    outline = PlainRows(noted()).outline
    head = outline.head
    if outline.is_empty_tag:
        return head, 0, b"".join(read)[len(head) :] + b"".join(stream)
    window = Window(_rest(read, len(head), stream))
    end = re.compile(rb"</%bsheetData\s*>" % re.escape(outline.prefix))
    while (found := end.search(window.data)) is None:
        if b"<!" in window.data or b"<?" in window.data:
            raise NotPlain
        window.drop(max(len(window.data) - 128, 0))
        if not window.grow():
            raise NotPlain
    before = window.data[: found.start()]
    if b"<!" in before or b"<?" in before:
        raise NotPlain
    left_out = window.offset + found.start()
    window.drop(found.start())
    while window.grow():
        pass
    return head, left_out, window.data


def _rest(read: list[bytes], size: int, stream: Iterator[bytes]) -> Iterator[bytes]:
    yield b"".join(read)[size:]
    yield from stream


def _content_of_rows(chunks: Iterable[bytes]) -> tuple[int, int]:
    """Where the content of `sheetData` begins and ends; both 0 where there is none."""
    parser = expat.ParserCreate("utf-8", "}")
    depth = 0
    begun = opened = closed = -1

    def start(name: str, _: object) -> None:
        nonlocal depth, begun
        depth += 1
        if depth == 2 and name == _ROWS and begun < 0:
            begun = parser.CurrentByteIndex

    def end(name: str) -> None:
        nonlocal depth, closed
        if depth == 2 and name == _ROWS and closed < 0:
            closed = parser.CurrentByteIndex
        depth -= 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    head = bytearray()
    try:
        for chunk in chunks:
            if opened < 0:
                head += chunk
            parser.Parse(chunk, False)
            if begun >= 0 > opened:
                opened = start_tag_end(head, begun)
                if head[opened - 2 : opened] == b"/>":
                    closed = opened
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise MarkupError(str(error)) from error
    return (opened, closed) if begun >= 0 else (0, 0)


def _outside(chunks: Iterable[bytes], start: int, end: int) -> tuple[bytes, int, bytes]:
    head, tail = bytearray(), bytearray()
    at = 0
    for chunk in chunks:
        if at < start:
            head += chunk[: start - at]
        if at + len(chunk) > end:
            tail += chunk[max(end - at, 0) :]
        at += len(chunk)
    return bytes(head), end - start, bytes(tail)
