"""The rows of one sheet of a package, streamed: by `plaincells` where that can be.

The stream is cut before `<row`, so that a block holds whole rows. From a comment, a
CDATA section, a processing instruction or alternate content on, where that string need
not begin a row, `exactcells` reads what is left.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from budgetinator.errors import WorkbookDamaged, WorkbookRefused
from budgetinator.workbooks.addresses import MAX_COLUMN, MAX_ROW
from budgetinator.workbooks.opc.guard import refused
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.opc.partguard import utf8_blocks
from budgetinator.workbooks.reading.celltexts import CellTexts
from budgetinator.workbooks.reading.exactcells import (
    MAIN_NAMESPACES,
    BrokenCell,
    Content,
    ExactCells,
)
from budgetinator.workbooks.reading.plaincells import PlainCells, Row

__all__ = ["ContentRow", "read_contents", "read_rows"]

ContentRow = tuple[int, list[Content]]

_SHEET_DATA = re.compile(r"<((?:[\w.-]+:)?)sheetData(\s[^<>]*)?>")
_BLOCK = 64 * 1024
_LONGEST_HEAD = 4 * 1024 * 1024
_LONGEST_ROW = 8 * 1024 * 1024


def read_rows(package: Package, sheet: SheetEntry, texts: CellTexts) -> Generator[Row, None, None]:
    """The rows that hold values, in the order in which the file has them.

    Raises WorkbookDamaged with the sheet and the cell, and WorkbookRefused for what
    lies outside the grid.
    """
    place = _Place(str(package.path), sheet)
    for rows in _rows(_Stream(_texts(package, place)), texts, place):
        for row in rows:
            number, values = row
            if number > MAX_ROW or len(values) > MAX_COLUMN:
                raise place.outside(number, len(values))
            yield row


def read_contents(
    package: Package, sheet: SheetEntry, texts: CellTexts
) -> Generator[ContentRow, None, None]:
    """The rows that hold values or formulas, with both; raises as `read_rows` does."""
    place = _Place(str(package.path), sheet)
    exact = _Exactly(texts, place, formulas=True)
    for number, cells in exact.rows(_texts(package, place)):
        if number > MAX_ROW or len(cells) > MAX_COLUMN:
            raise place.outside(number, len(cells))
        yield number, cells


def _rows(stream: _Stream, texts: CellTexts, place: _Place) -> Iterator[Iterable[Row]]:
    """The rows by blocks."""
    head = _head(stream)
    if head is None:
        yield _Exactly(texts, place).values(stream.rest())
        return
    plain = PlainCells(texts, head.prefix)
    blocks = _Blocks(stream, head)
    for block in blocks:
        rows = plain.rows(block)
        if rows is not None:
            yield rows
        else:
            exact = _Exactly(texts, place, head=head.text, after=plain.last)
            yield exact.values((block,), ends=False)
            plain.last = exact.last
    if blocks.is_odd:
        exact = _Exactly(texts, place, head=head.text, after=plain.last)
        yield exact.values(stream.rest())


def _texts(package: Package, place: _Place) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        for block in utf8_blocks(package, place.sheet.part):
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise place.damaged(None, str(error)) from error


class _Stream:
    """Text that is read on as it is needed; `text` is what of it is at hand."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self.text = ""
        self._chunks = chunks

    def grow(self) -> bool:
        """Read on; False at the end of the stream."""
        pieces, size = [self.text], 0
        for chunk in self._chunks:
            pieces.append(chunk)
            size += len(chunk)
            if size >= _BLOCK:
                break
        self.text = "".join(pieces)
        return size > 0

    def rest(self) -> Iterator[str]:
        """What is at hand and all that follows."""
        text, self.text = self.text, ""
        yield text
        yield from self._chunks


@dataclass(frozen=True, slots=True)
class _Head:
    """A sheet up to the start tag of `sheetData`, and the prefix of its vocabulary."""

    text: str
    prefix: str

    @property
    def is_all(self) -> bool:
        """Whether the sheet has no rows."""
        return self.text.endswith("/>")


def _head(stream: _Stream) -> _Head | None:
    """Take the head from the stream; None, and all left there, where it is of no usual kind."""
    while (found := _SHEET_DATA.search(stream.text)) is None:
        if len(stream.text) > _LONGEST_HEAD or not stream.grow():
            return None
    before = stream.text[: found.start()]
    if "<!" in before or before.count("<?") > 1 or "xmlns" in (found[2] or ""):
        return None
    if _root_prefix(before) != found[1]:
        return None
    text, stream.text = stream.text[: found.end()], stream.text[found.end() :]
    return _Head(text, found[1])


def _root_prefix(text: str) -> str | None:
    """The prefix, with its colon, of a worksheet's root; None for other roots."""
    roots: list[str] = []
    parser = expat.ParserCreate("utf-8", " ")
    parser.namespace_prefixes = True
    parser.StartElementHandler = lambda name, _: roots.append(name)
    try:
        parser.Parse(text.encode(), False)
    except expat.ExpatError:
        return None
    namespace, _, local = roots[0].partition(" ") if roots else ("", "", "")
    local, _, prefix = local.partition(" ")
    if namespace not in MAIN_NAMESPACES or local != "worksheet":
        return None
    return f"{prefix}:" if prefix else ""


class _Blocks:
    """The rows that follow a head, as pieces of whole rows; `is_odd` if they ended too early."""

    def __init__(self, stream: _Stream, head: _Head) -> None:
        self.is_odd = False
        self._stream = stream
        self._head = head

    def __iter__(self) -> Iterator[str]:
        if self._head.is_all:
            return
        stream, row = self._stream, f"<{self._head.prefix}row "
        end_tag = f"</{self._head.prefix}sheetData"
        while True:
            text = stream.text
            last_row = text.rfind(row)
            end = text.find(end_tag, max(last_row, 0))
            cut = end if end >= 0 else last_row
            if _is_odd(text, cut):
                self.is_odd = True
                return
            if cut > 0:
                stream.text = text[cut:]
                yield text[:cut]
            if end >= 0:
                return
            if len(stream.text) > _LONGEST_ROW or not stream.grow():
                self.is_odd = True
                return


def _is_odd(text: str, end: int) -> bool:
    """Whether a `<row` before the end need not be a row; one character is found at once."""
    return (
        (text.find("!", 0, end) >= 0 and text.find("<!", 0, end) >= 0)
        or (text.find("?", 0, end) >= 0 and text.find("<?", 0, end) >= 0)
        or text.find("AlternateContent", 0, end) >= 0
    )


class _Exactly:
    """Reads rows from markup of any kind, after a head that has been read already."""

    def __init__(
        self,
        texts: CellTexts,
        place: _Place,
        *,
        head: str = "",
        after: int = 0,
        formulas: bool = False,
    ) -> None:
        self._found: list[ContentRow] = []
        self._place = place
        self._cells = ExactCells(
            texts, lambda number, row: self._found.append((number, row)), formulas=formulas
        )
        self._cells.feed(head)
        self._cells.last = after

    @property
    def last(self) -> int:
        """The number of the last row, with or without values."""
        return self._cells.last

    def values(self, pieces: Iterable[str], *, ends: bool = True) -> Iterator[Row]:
        """The rows with values alone."""
        for number, cells in self.rows(pieces, ends=ends):
            yield number, [cell.value for cell in cells]

    def rows(self, pieces: Iterable[str], *, ends: bool = True) -> Iterator[ContentRow]:
        """The rows of these pieces; those before a broken one come out before its error."""
        broken: BrokenCell | None = None
        for piece in pieces:
            try:
                self._cells.feed(piece)
            except BrokenCell as error:
                broken = error
            found, self._found = self._found, []
            yield from (row for row in found if row[1])
            if broken is not None:
                raise self._place.damaged(broken.cell, str(broken)) from broken
            if self._cells.done:
                return
        if ends:
            try:
                self._cells.end()
            except BrokenCell as error:
                raise self._place.damaged(error.cell, str(error)) from error


@dataclass(frozen=True, slots=True)
class _Place:
    """The sheet that is read, for errors."""

    path: str
    sheet: SheetEntry

    def damaged(self, cell: str | None, why: str) -> WorkbookDamaged:
        """The error for what cannot be read."""
        at = f"sheet {self.sheet.name}, {f'cell {cell}, ' if cell else ''}part {self.sheet.part}"
        return WorkbookDamaged(
            f"{self.path} is damaged ({at}: {why}); let Excel repair the file.",
            path=self.path,
            sheet=self.sheet.name,
            cell=cell,
            part=self.sheet.part,
        )

    def outside(self, row: int, columns: int) -> WorkbookRefused:
        """The refusal of what no sheet has."""
        why = f"row {row}, column {columns} of a sheet lies outside A1:XFD1048576"
        return refused(self.path, why, reason="outside the grid")
