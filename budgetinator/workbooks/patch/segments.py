"""A large sheet compressed in pieces of whole rows, and where each of them stands.

Each segment is compressed without regard to those before it and ends at a byte (as after
deflate's full flush), so that together they are one valid stream (RFC 1951), and a later
save of the same file writes anew only the segments that change and copies the others as
they are compressed. What the planning of a change needs of those others is told here:
which rows they hold and whether there are formulas in them; a segment with formulas is
always read. An index is made only of sheets whose rows stand in order and have numbers.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import lt

from budgetinator.workbooks.opc.codec import crc32, inflate_errors, inflater
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.checksums import Checksum, Checksums
from budgetinator.workbooks.patch.packedbytes import PackedBytes, PackedPart
from budgetinator.workbooks.patch.parts import PartSource
from budgetinator.workbooks.patch.splices import Splice

__all__ = [
    "PIECE",
    "SHEET_DATA",
    "STREAM_END",
    "Cutter",
    "Piece",
    "Segment",
    "SegmentedPart",
    "SegmentedSource",
    "inflated_segment",
    "splices_within",
]

STREAM_END = b"\x03\x00"  # an empty block that is the last (RFC 1951, section 3.2.3)

PIECE = 256 * 1024
_KEPT = 8 * 1024 * 1024
_LONGEST_HEAD = 4 * 1024 * 1024
_LONGEST_ROW = 8 * 1024 * 1024
SHEET_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData(\s[^<>]*)?>")
_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f[\s/>]")


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece: its packed bytes in the member's data, and what they unpack to.

    `first_row` is 0 for what is no rows. `origin` is where the packed bytes stood in the
    member that they were copied from, None if they were packed anew.
    """

    offset: int
    packed: int
    checksum: Checksum
    first_row: int
    has_formulas: bool
    origin: int | None = None

    @property
    def is_always_read(self) -> bool:
        """Whether a change of any cell may depend on it."""
        return self.first_row == 0 or self.has_formulas


@dataclass(frozen=True, slots=True)
class SegmentedPart:
    """The segments of a sheet in their order, the first up to its rows, the last ones after."""

    prefix: bytes
    segments: tuple[Segment, ...]
    checksums: Checksums

    @property
    def packed(self) -> int:
        """How many bytes the member's data has."""
        last = self.segments[-1]
        return last.offset + last.packed + len(STREAM_END)

    def is_of(self, package: Package, name: str) -> bool:
        """Whether the package's part is the one that this tells of."""
        if not package.has(name):
            return False
        member = package.member(name)
        whole = (member.crc, member.size, member.compressed_size)
        return whole == (*self.checksums.whole, self.packed)

    def concerned(self, rows: Iterable[int]) -> list[int]:
        """The places of the segments that a change in these rows is planned from."""
        places = [place for place, one in enumerate(self.segments) if one.first_row]
        firsts = [self.segments[place].first_row for place in places]
        wanted = {places[max(bisect_right(firsts, row) - 1, 0)] for row in rows}
        wanted.update(place for place, one in enumerate(self.segments) if one.is_always_read)
        return sorted(wanted)

    def with_changed(self, changed: dict[int, Segment], *, copied: bool) -> SegmentedPart:
        """The part with other segments at some places, and all behind them moved.

        `copied` says that these others are those of the package, which were verified once.
        """
        segments: list[Segment] = []
        offset = 0
        for place, old in enumerate(self.segments):
            new, is_copied = changed.get(place, old), copied and place not in changed
            origin = old.offset if is_copied else None
            segments.append(
                Segment(offset, new.packed, new.checksum, new.first_row, new.has_formulas, origin)
            )
            offset += new.packed
        checksums = {place: segment.checksum for place, segment in changed.items()}
        return SegmentedPart(self.prefix, tuple(segments), self.checksums.replaced(checksums))


def inflated_segment(packed: PackedBytes, segment: Segment) -> bytes:
    """The segment's text; WorkbookDamaged where it is not what it was."""
    raw = packed.read_at(segment.offset, segment.packed)
    crc, size = segment.checksum
    inflate = inflater()
    try:
        text = inflate.decompress(raw, size + 1)
    except inflate_errors as error:
        raise packed.changed() from error
    if len(text) != size or crc32(text, 0) != crc or inflate.eof:
        raise packed.changed()
    return text


class SegmentedSource(PartSource):
    """A sheet of which only the segments are read that a change in these rows depends on.

    Its text is therefore not the whole part; what is planned from it, as splices, is put
    into the segments by `changes`.
    """

    def __init__(
        self, package: Package, name: str, part: SegmentedPart, rows: Iterable[int]
    ) -> None:
        super().__init__(package, name)
        self.part = part
        self.packed = PackedPart(package, name)
        self._texts: dict[int, bytes] = {}
        self._places = part.concerned(rows)
        sizes = [part.segments[place].checksum.size for place in self._places]
        self._ends = list(accumulate(sizes))

    def text(self) -> Iterator[bytes]:
        """The segments that are read."""
        return map(self.segment_text, self._places)

    def segment_text(self, place: int) -> bytes:
        """The text of one segment, which is kept if all that are read are not many."""
        if place in self._texts:
            return self._texts[place]
        text = inflated_segment(self.packed, self.part.segments[place])
        if self._ends[-1] <= _KEPT:
            self._texts[place] = text
        return text

    def changes(self, splices: Iterable[Splice]) -> dict[int, list[Splice]] | None:
        """The splices within each segment's text, by its place; None for one across segments."""
        return splices_within(splices, self._places, self._ends)


def splices_within(
    splices: Iterable[Splice], places: Sequence[int], ends: Sequence[int]
) -> dict[int, list[Splice]] | None:
    """The splices within each of the segments at these places, which end there in the text.

    None for a splice across segments. What is inserted between two segments belongs to
    the first: it is a row of a higher number than all in that one.
    """
    found: dict[int, list[Splice]] = {}
    for splice in splices:
        index = bisect_left(ends, max(splice.end, splice.start))
        start = ends[index - 1] if index else 0
        if splice.start < start:
            return None
        local = Splice(splice.start - start, splice.end - start, splice.data)
        found.setdefault(places[index], []).append(local)
    return found


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a sheet's text; `first_row` is 0 for what is no rows."""

    text: bytes | memoryview
    first_row: int
    has_formulas: bool

    @classmethod
    def of(cls, text: bytes, first_row: int = 0) -> Piece:
        """The piece, looked through for formulas."""
        return cls(text, first_row, b"f" in text and _FORMULA.search(text) is not None)


class Cutter:
    """Cuts a sheet's text into pieces of whole rows.

    `is_plain` turns False at markup of which no index can be made: comments, alternate
    content, rows without numbers or out of order. What follows is still handed on.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.prefix = b""
        self.is_plain = True
        self._chunks = iter(chunks)
        self._text = b""
        self._last = 0

    def pieces(self) -> Iterator[Piece]:
        """The pieces, which together are the text."""
        head = self._head()
        if head is not None:
            yield Piece.of(head)
            row, end = b"<%brow " % self.prefix, b"</%bsheetData" % self.prefix
            while self.is_plain:
                last = self._text.rfind(row)
                stop = self._text.find(end, max(last, 0))
                cut = stop if stop >= 0 else last
                if cut > 0:
                    yield self._cut(cut)
                if stop >= 0:
                    break
                if len(self._text) > _LONGEST_ROW or not self._grow():
                    self.is_plain = False
        yield Piece.of(self._text)
        while self._grow(keep=False):
            yield Piece.of(self._text)

    def _grow(self, *, keep: bool = True) -> bool:
        pieces, size = [self._text] if keep else [], 0
        for chunk in self._chunks:
            pieces.append(chunk)
            size += len(chunk)
            if size >= PIECE:
                break
        self._text = b"".join(pieces)
        return size > 0

    def _head(self) -> bytes | None:
        while (found := SHEET_DATA.search(self._text)) is None:
            if len(self._text) > _LONGEST_HEAD or not self._grow():
                self.is_plain = False
                return None
        head, self._text = self._text[: found.end()], self._text[found.end() :]
        self.prefix = found[1]
        self.is_plain = b"<!" not in head and head.count(b"<?") < 2 and not head.endswith(b"/>")
        return head

    def _cut(self, end: int) -> Piece:
        text, self._text = self._text[:end], self._text[end:]
        numbers = row_numbers(text, self.prefix)
        if not numbers or numbers[0] <= self._last:
            self.is_plain = False
            return Piece.of(text)
        self._last = numbers[-1]
        return Piece.of(text, numbers[0])


def row_numbers(text: bytes, prefix: bytes) -> Sequence[int] | None:
    """The numbers of the rows; None unless each has one, they rise, and all markup is plain."""
    if (b"!" in text and b"<!" in text) or (b"?" in text and b"<?" in text):
        return None
    if b"AlternateContent" in text:
        return None
    usual, unusual = _row_tags(prefix)
    found = usual.findall(text)
    if b"" in found:
        count, found = len(found), unusual.findall(text)
        if len(found) != count:
            return None
    numbers = list(map(int, found))
    return numbers if all(map(lt, numbers, numbers[1:])) else None


@lru_cache(maxsize=8)
def _row_tags(prefix: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """What finds the numbers of rows: nothing for one that does not begin with it; any row's."""
    row = b"<%brow" % re.escape(prefix)
    return (
        re.compile(rb'%b(?: r="([0-9]{1,7})")?' % row),
        re.compile(rb'%b\s(?:[^<>]*?\s)?r="([0-9]{1,7})"' % row),
    )
