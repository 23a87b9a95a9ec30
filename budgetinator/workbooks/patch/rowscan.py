"""Where the rows of a sheet stand, found without parsing the cells in them.

Chosen: blocks of whole rows, cut at `<row`, in which only row tags are looked at.
In text and attributes a `<` is always escaped, so this string is a row's start
tag wherever there is no comment, CDATA section or processing instruction. A
sheet that has one of those, rows without numbers or rows out of order is not
plain: `NotPlain` sends the caller to `exactscan`, which has expat look at every
tag and takes about ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import lt

from budgetinator.workbooks.patch.elements import MarkupError, parse_head, start_tag_end

__all__ = [
    "MAIN_NAMESPACES",
    "NotPlain",
    "OnPiece",
    "Outline",
    "PlainRows",
    "RowBlock",
    "Window",
]

MAIN_NAMESPACES = frozenset(
    {
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
    }
)

_BLOCK = 256 * 1024
_LONGEST_HEAD = 4 * 1024 * 1024
_SHEET_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData(?=[\s/>])")
_ALTERNATE = re.compile(rb"[<:]Choice[\s/>]")
_NUMBER = re.compile(rb"\sr\s*=\s*[\"'](\d{1,7})[\"']")
_MERGE = re.compile(rb"<(?:[\w.-]+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([^\"'<>]*)[\"']")


OnPiece = Callable[[bytes | memoryview, int, bool], None]
"""Gets a piece of a sheet's text, the first row that begins in it or 0, and if it has formulas."""


class NotPlain(Exception):
    """The sheet's markup needs `exactscan`."""


class Window:
    """A piece of a stream: `data` begins at `offset`, grows at its end and shrinks at its front."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.data = b""
        self.offset = 0

    def grow(self) -> bool:
        """Read on; False at the end of the stream."""
        pieces = [self.data]
        size = 0
        for chunk in self._chunks:
            pieces.append(chunk)
            size += len(chunk)
            if size >= _BLOCK:
                break
        self.data = b"".join(pieces)
        return size > 0

    def drop(self, count: int) -> None:
        """Let go of the first bytes."""
        self.data = self.data[count:]
        self.offset += count


@dataclass(frozen=True, slots=True)
class Outline:
    """A sheet up to its rows: `head` ends with the start tag of `sheetData`, which is at `start`.

    Where the sheet has no `sheetData`, `head` ends where one may be put and `start` is None.
    """

    head: bytes
    start: int | None
    prefix: bytes

    @property
    def opened(self) -> int:
        """Where the content of `sheetData` begins."""
        return len(self.head)

    @property
    def is_empty_tag(self) -> bool:
        """Whether `sheetData` is written as one empty-element tag."""
        return self.start is not None and self.head.endswith(b"/>")


@dataclass(frozen=True)
class RowBlock:
    """Whole rows of a stream: `data` up to `end`, begins at `offset`; `numbers` are the rows'."""

    offset: int
    data: bytes
    end: int
    numbers: list[int]
    has_formulas: bool
    row_tag: re.Pattern[bytes]

    @cached_property
    def starts(self) -> list[int]:
        """Where each row begins in `data`."""
        return [found.start() for found in self.row_tag.finditer(self.data, 0, self.end)]

    def row(self, index: int) -> bytes:
        """The bytes of a row, by its place in `numbers`."""
        end = self.starts[index + 1] if index + 1 < len(self.starts) else self.end
        return self.data[self.starts[index] : end].rstrip()


class PlainRows:
    """One reading of a plain sheet: its outline, its rows as blocks, its merged areas.

    They are read in this order from one stream. Raises NotPlain as soon as the
    markup is not that of a plain sheet; then nothing that was read is to be believed.
    `on_piece` gets the text in pieces, of whole rows where there are rows; they are the
    whole text once the merged areas were read.
    """

    def __init__(self, chunks: Iterable[bytes], on_piece: OnPiece | None = None) -> None:
        self._window = Window(chunks)
        self._on_piece = on_piece
        self.outline = _read_outline(self._window)
        if on_piece is not None:
            on_piece(self.outline.head, 0, False)
        prefix = re.escape(self.outline.prefix)
        self._row_tag = re.compile(rb"<%brow(?=[\s/>])(?:\s+r=\"(\d{1,7})\")?" % prefix)
        # Begins with the rarest sign of it, which halves the time that the search takes.
        self._row_number = re.compile(rb"w(?<=<%brow)(?=[\s/>])(?:\s+r=\"(\d{1,7})\")?" % prefix)
        self._row_start = b"<" + self.outline.prefix + b"row"
        self._end = re.compile(rb"</%bsheetData\s*>" % prefix)
        self._end_start = b"</%bsheetData" % self.outline.prefix
        self._formula = re.compile(rb"<%bf[\s/>]" % prefix)
        self.closed = self.outline.opened

    def blocks(self) -> Iterator[RowBlock]:
        """The rows in order; afterwards `closed` is where the content of `sheetData` ends."""
        if self.outline.is_empty_tag:
            return
        last = 0
        for offset, data, end, has_formulas in self._whole_rows():
            numbers = self._numbers(data, end)
            if self._on_piece is not None:
                self._on_piece(memoryview(data)[:end], numbers[0] if numbers else 0, has_formulas)
            if not numbers:
                continue
            if numbers[0] <= last or not all(map(lt, numbers, numbers[1:])):
                raise NotPlain
            last = numbers[-1]
            yield RowBlock(offset, data, end, numbers, has_formulas, self._row_tag)

    def merged_areas(self) -> Iterator[str]:
        """The references of the merged areas, from what follows the rows."""
        window = self._window
        if end := self._end.match(window.data):
            self._drop(end.end())
        while True:
            if b"<!" in window.data or b"<?" in window.data or b"sheetData" in window.data:
                raise NotPlain
            for found in _MERGE.finditer(window.data):
                yield found[1].decode("utf-8", "replace")
            self._drop(max(window.data.rfind(b"<"), 0))
            if not window.grow():
                self._drop(len(window.data))
                return

    def _drop(self, count: int) -> None:
        """Let go of text that holds no rows."""
        if self._on_piece is not None and count:
            self._on_piece(self._window.data[:count], 0, False)
        self._window.drop(count)

    def _whole_rows(self) -> Iterator[tuple[int, bytes, int, bool]]:
        window = self._window
        while True:
            end = self._find_end(window.data)
            cut = end if end >= 0 else window.data.rfind(self._row_start)
            if cut > 0:
                yield window.offset, window.data, cut, self._has_formulas(window.data, cut)
                window.drop(cut)
            if end >= 0:
                self.closed = window.offset
                return
            if not window.grow():
                raise NotPlain

    # A single byte is looked for many times as fast as two: most blocks hold no
    # "!", "?", "h" or "f" at all, and need no second look.

    def _find_end(self, data: bytes) -> int:
        """Where `sheetData` ends, or -1."""
        if (b"!" in data and b"<!" in data) or (b"?" in data and b"<?" in data):
            raise NotPlain
        if b"h" not in data:
            return -1
        if b"Choice" in data and _ALTERNATE.search(data):
            raise NotPlain
        if data.rfind(self._end_start) < 0:  # half the time of looking for the first one
            return -1
        at = data.find(self._end_start)
        return at if self._end.match(data, at) else -1

    def _has_formulas(self, data: bytes, end: int) -> bool:
        return b"f" in data and self._formula.search(data, 0, end) is not None

    def _numbers(self, data: bytes, end: int) -> list[int]:
        found = self._row_number.findall(data, 0, end)
        if b"" not in found:
            return list(map(int, found))
        numbers = []
        for tag in self._row_tag.finditer(data, 0, end):
            number = _NUMBER.search(data, tag.start(), _tag_end(data, tag.start()))
            if number is None:
                raise NotPlain
            numbers.append(int(number[1]))
        return numbers


def _read_outline(window: Window) -> Outline:
    while (found := _SHEET_DATA.search(window.data)) is None or (
        b">" not in window.data[found.end() :]
    ):
        if len(window.data) > _LONGEST_HEAD or not window.grow():
            raise NotPlain
    before = window.data[: found.start()]
    if b"<!" in before or before.count(b"<?") > 1:
        raise NotPlain
    head = window.data[: _tag_end(window.data, found.start())]
    _check_prefix(head, found[1])
    window.drop(len(head))
    return Outline(head, found.start(), found[1])


def _check_prefix(head: bytes, prefix: bytes) -> None:
    try:
        root = parse_head(head)
    except MarkupError:
        raise NotPlain from None
    namespace = root.attributes.get(f"xmlns:{prefix[:-1].decode()}" if prefix else "xmlns")
    if root.prefix.encode() != prefix or namespace not in MAIN_NAMESPACES:
        raise NotPlain


def _tag_end(data: bytes, start: int) -> int:
    try:
        return start_tag_end(data, start)
    except MarkupError:
        raise NotPlain from None
