"""An edited package written as a file: what did not change is copied as it is compressed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO

from budgetinator.workbooks.patch.checksums import Checksums
from budgetinator.workbooks.patch.compression import Level, deflater, is_large
from budgetinator.workbooks.patch.edit import PackageEdit, StreamedPart
from budgetinator.workbooks.patch.encoding import UTF8
from budgetinator.workbooks.patch.packing import PackedPiece, pack, packed_in_order
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
from budgetinator.workbooks.patch.spool import SpooledSource

__all__ = ["Writing", "fits_segments", "read_in_segments", "write_edit"]

# A segment that grew beyond this is cut anew by the next save.
_LARGEST_PIECE = 4 * 1024 * 1024
# So many segments that change are held, packed, so that the member's header can tell of them.
_MOST_HELD = 32


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
        if isinstance(source, SegmentedSource | SpooledSource):
            changes = source.changes(streamed.splices)
            if changes is not None:
                self._change_segments(name, source, changes)
                return
            # fits_segments was asked before anything was written
            assert isinstance(source, SpooledSource)
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
            closing(packed_in_order(pieces, self._level, size)) as packed,
        ):
            segments = [_write_segment(output, each) for each in packed]
            output.write(STREAM_END)
            checksums = Checksums(segment.checksum for segment in segments)
            output.crc, output.size = checksums.whole
        if cutter.is_plain:
            self._segments[name] = SegmentedPart(cutter.prefix, tuple(segments), checksums)

    def _change_segments(
        self,
        name: str,
        source: SegmentedSource | SpooledSource,
        changes: Mapping[int, Iterable[Splice]],
    ) -> None:
        """Write the segments anew that change; the others are copied, runs of them at once."""
        part, member = source.part, self._package.member(name)
        assert part is not None
        copied = isinstance(source, SegmentedSource)
        anew = _Anew(source, part, changes, self._level, member.size)
        if len(changes) <= _MOST_HELD:
            packed = {place: anew.packed(place) for place in changes}
            changed = {place: each.segment(0) for place, each in packed.items()}
            new = part.with_changed(changed, copied=copied)
            with self._output.begin_known(member, *new.checksums.whole, new.packed) as output:
                _write_segments(output, source, part, sorted(packed), packed.__getitem__)
        else:
            with self._output.begin(member, member.size) as output:
                changed = _write_segments(output, source, part, sorted(changes), anew.packed)
                new = part.with_changed(changed, copied=copied)
                output.crc, output.size = new.checksums.whole
        if anew.is_plain:
            self._segments[name] = new


class _Anew:
    """The segments that change, packed anew; `is_plain` if all of them are segments still."""

    def __init__(
        self,
        source: SegmentedSource | SpooledSource,
        part: SegmentedPart,
        changes: Mapping[int, Iterable[Splice]],
        level: Level,
        size: int,
    ) -> None:
        self.is_plain = True
        self._source = source
        self._part = part
        self._changes = changes
        self._level = level
        self._size = size

    def packed(self, place: int) -> PackedPiece:
        """What comes into the place of this segment."""
        text = splice_bytes(self._source.segment_text(place), self._changes[place])
        piece = _piece(text, self._part.segments[place], self._part.prefix)
        self.is_plain = self.is_plain and piece is not None
        return pack(piece or Piece.of(text), self._level, self._size)


def _write_segments(
    output: OpenMember,
    source: SegmentedSource | SpooledSource,
    part: SegmentedPart,
    places: Iterable[int],
    packed: Callable[[int], PackedPiece],
) -> dict[int, Segment]:
    """Write those at these places as they are packed anew, and copy what is between them."""
    start, changed = 0, dict[int, Segment]()
    for place in places:
        old = part.segments[place]
        output.copy(source.packed, start, old.offset - start)
        changed[place] = _write_segment(output, packed(place))
        start = old.offset + old.packed
    output.copy(source.packed, start, part.packed - start)
    return changed


def _write_segment(output: OpenMember, packed: PackedPiece) -> Segment:
    segment = packed.segment(output.packed)
    output.write(packed.data)
    return segment


def _piece(text: bytes, old: Segment, prefix: bytes) -> Piece | None:
    """The new text of a segment; None where it can be none any more."""
    if len(text) > _LARGEST_PIECE:
        return None
    if not old.first_row:
        return Piece.of(text)
    numbers = row_numbers(text, prefix)
    return Piece.of(text, numbers[0]) if numbers else None
