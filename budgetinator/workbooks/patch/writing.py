"""An edited package written as a file: what did not change is copied as it is compressed."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from budgetinator.workbooks.opc.codec import crc32
from budgetinator.workbooks.patch.checksums import Checksum, Checksums
from budgetinator.workbooks.patch.compression import Level, deflater, is_large, packed_segment
from budgetinator.workbooks.patch.edit import PackageEdit, StreamedPart
from budgetinator.workbooks.patch.encoding import UTF8
from budgetinator.workbooks.patch.rewrite import OpenMember, ZipRewriter
from budgetinator.workbooks.patch.segments import (
    STREAM_END,
    Cutter,
    Piece,
    Segment,
    SegmentedPart,
    SegmentedSource,
    row_numbers,
)
from budgetinator.workbooks.patch.splices import Splice, splice_bytes, spliced

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["Writing", "fits_segments", "read_in_segments", "write_edit"]

# A segment that grew beyond this is cut anew by the next save.
_LARGEST_PIECE = 4 * 1024 * 1024
# Deflate lets go of the interpreter: reading the sheet keeps one processor busy, and packing
# it another. So many pieces at most wait for that, in the memory.
_WAITING = 2


@dataclass(frozen=True, slots=True)
class Writing:
    """What was written; `parts_copied` counts the parts whose compressed bytes were kept.

    `segments` tells of the large sheets that were written in segments, by their names.
    """

    parts_copied: int
    bytes_written: int
    segments: Mapping[str, SegmentedPart] = field(default_factory=dict)


def read_in_segments(
    edit: PackageEdit, segments: Mapping[str, SegmentedPart], part: str, rows: Iterable[int]
) -> None:
    """Have a change in these rows of a sheet planned from the segments that it depends on.

    Nothing is done for a sheet whose segments are not known. Called before its planning.
    """
    name = edit.package.spelling(part)
    known = segments.get(name)
    if known is not None and known.is_of(edit.package, name) and name not in edit.streamed:
        source = SegmentedSource(edit.package, name, known, rows)
        edit.streamed[name] = StreamedPart(source)


def fits_segments(edit: PackageEdit) -> bool:
    """Whether each change of a sheet that was read in segments lies within one of them."""
    return all(
        streamed.source.changes(streamed.splices) is not None
        for streamed in edit.streamed.values()
        if isinstance(streamed.source, SegmentedSource)
    )


def write_edit(
    edit: PackageEdit,
    target: BinaryIO,
    level: Level,
    *,
    segments: Mapping[str, SegmentedPart] | None = None,
) -> Writing:
    """Write the package as it shall be, from where `target` stands; it stays the caller's.

    With `segments`, those of the package as far as they are known, large sheets are written
    so that a later change of them costs little more than a copy.
    """
    return _Writer(edit, target, level, segments).write()


class _Writer:
    def __init__(
        self,
        edit: PackageEdit,
        target: BinaryIO,
        level: Level,
        segments: Mapping[str, SegmentedPart] | None,
    ) -> None:
        self._edit = edit
        self._package = edit.package
        self._output = ZipRewriter(target)
        self._level = level
        self._known = segments
        self._segments: dict[str, SegmentedPart] = {}

    def write(self) -> Writing:
        package, edit = self._package, self._edit
        copied = 0
        for name in package.names:
            if edit.is_removed(name) or not package.has(name):  # a folder's entry is no part
                continue
            streamed = edit.streamed.get(name)
            if streamed is not None and streamed.splices:
                self._stream(name, streamed)
            elif part := edit.changed_part(name):
                data = part.encoded()
                deflate = deflater(self._level, len(data))
                self._output.replace(package.member(name), (data,), deflate, len(data))
            else:
                self._output.copy(package, name)
                if self._known and name in self._known:
                    self._segments[name] = self._known[name]
                copied += 1
        for part in edit.added_parts():
            self._output.add(part.name, part.data, deflater(self._level, len(part.data)))
        return Writing(copied, self._output.close(), self._segments)

    def _stream(self, name: str, streamed: StreamedPart) -> None:
        source, member = streamed.source, self._package.member(name)
        if isinstance(source, SegmentedSource):
            self._change_segments(name, source, streamed.splices)
            return
        size = member.size + sum(len(splice.data) for splice in streamed.splices)
        chunks = spliced(source.text(), streamed.splices)
        if self._known is not None and is_large(size) and source.encoding == UTF8:
            self._cut(name, chunks, size)
            return
        encoded = source.encoding.encoded(chunks)
        self._output.replace(member, encoded, deflater(self._level, size), size)

    def _cut(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Write a sheet in segments, and remember where they are, if they are of the usual kind."""
        cutter = Cutter(chunks)
        pieces = (piece for piece in cutter.pieces() if piece.text)
        with (
            self._output.begin(self._package.member(name), size) as output,
            closing(_packed(pieces, self._level, size)) as packed,
        ):
            segments = [_write_segment(output, *each) for each in packed]
            output.write(STREAM_END)
            checksums = Checksums(segment.checksum for segment in segments)
            output.crc, output.size = checksums.whole
        if cutter.is_plain:
            self._segments[name] = SegmentedPart(cutter.prefix, tuple(segments), checksums)

    def _change_segments(
        self, name: str, source: SegmentedSource, splices: Iterable[Splice]
    ) -> None:
        """Write the segments anew that change; the others are copied, runs of them at once."""
        changes = source.changes(splices)
        assert changes is not None  # fits_segments was asked before anything was written
        part, changed = source.part, dict[int, Segment]()
        member, is_plain = self._package.member(name), True
        with self._output.begin(member, member.size) as output:
            start = 0
            for place, within in sorted(changes.items()):
                old = part.segments[place]
                output.copy(self._package, name, start, old.offset - start)
                start = old.offset + old.packed
                text = splice_bytes(source.segment_text(place), within)
                piece = _piece(text, old, part.prefix)
                packed = _pack(piece or Piece(text), self._level, member.size)
                changed[place] = _write_segment(output, *packed)
                is_plain = is_plain and piece is not None
            output.copy(self._package, name, start, part.packed - start)
            new = part.with_changed(changed)
            output.crc, output.size = new.checksums.whole
        if is_plain:
            self._segments[name] = new


Packed = tuple[Piece, bytes, Checksum]


def _pack(piece: Piece, level: Level, size: int) -> Packed:
    checksum = Checksum(crc32(piece.text, 0), len(piece.text))
    return piece, packed_segment(piece.text, level, size), checksum


def _packed(pieces: Iterable[Piece], level: Level, size: int) -> Generator[Packed, None, None]:
    """The pieces in their order, packed in a thread while the next are read."""
    from concurrent.futures import ThreadPoolExecutor  # 10 ms to import, for large sheets only

    with ThreadPoolExecutor(1, "budgetinator-packing") as thread:
        waiting: deque[Future[Packed]] = deque()
        for piece in pieces:
            waiting.append(thread.submit(_pack, piece, level, size))
            if len(waiting) > _WAITING:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _write_segment(output: OpenMember, piece: Piece, packed: bytes, checksum: Checksum) -> Segment:
    segment = Segment(output.packed, len(packed), checksum, piece.first_row, piece.has_formulas)
    output.write(packed)
    return segment


def _piece(text: bytes, old: Segment, prefix: bytes) -> Piece | None:
    """The new text of a segment; None where it can be none any more."""
    if len(text) > _LARGEST_PIECE:
        return None
    if not old.first_row:
        return Piece(text)
    numbers = row_numbers(text, prefix)
    return Piece(text, numbers[0]) if numbers else None
