"""A member's bytes, inflated as they are read, and never more than were announced."""

from __future__ import annotations

import io
from collections.abc import Iterator

from budgetinator.errors import WorkbookDamaged
from budgetinator.workbooks.opc.codec import crc32, inflate_errors, inflater
from budgetinator.workbooks.opc.zipdirectory import DEFLATED, Member, SourceFile

__all__ = ["MemberStream", "raw_chunks"]

_READ = 64 * 1024
_INFLATE = 256 * 1024


def raw_chunks(source: SourceFile, member: Member) -> Iterator[bytes]:
    """The member's bytes as they stand in the file, compressed or not."""
    at, left = member.data_offset, member.compressed_size
    while left > 0:
        length = min(_READ * 4, left)
        yield source.read_at(at, length)
        at += length
        left -= length


class MemberStream(io.BufferedIOBase):
    """The decompressed bytes of a member; read by pieces it holds one piece and 256 KB.

    Checks at the end that size and CRC are those of the directory and raises
    WorkbookDamaged where they, or the compressed bytes, are not. Closing lets
    nothing go but the buffer: the file belongs to the package.
    """

    def __init__(self, source: SourceFile, member: Member) -> None:
        super().__init__()
        self._source = source
        self._member = member
        self._at = member.data_offset
        self._left = member.compressed_size
        self._inflate = inflater() if member.method == DEFLATED else None
        self._pending = b""
        self._buffer = bytearray()
        self._produced = 0
        self._crc = 0
        self._finished = False

    @property
    def name(self) -> str:
        """The member's name."""
        return self._member.name

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        wanted = None if size is None or size < 0 else size
        while not self._finished and (wanted is None or len(self._buffer) < wanted):
            self._fill()
        if wanted is None or wanted >= len(self._buffer):
            taken = bytes(self._buffer)
            self._buffer.clear()
        else:
            taken = bytes(self._buffer[:wanted])
            del self._buffer[:wanted]
        return taken

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(_READ if size < 0 else size)

    def chunks(self) -> Iterator[bytes]:
        """What is left, in pieces of up to 64 KB."""
        if self._buffer:
            yield self.read(len(self._buffer))
        while not self._finished:
            if piece := self._checked_piece():
                yield piece

    def _fill(self) -> None:
        self._buffer += self._checked_piece()

    def _checked_piece(self) -> bytes:
        piece = self._next_piece()
        self._produced += len(piece)
        self._crc = crc32(piece, self._crc)
        if self._produced > self._member.size:
            raise self._damaged("holds more than it announces")
        if self._finished and self._produced != self._member.size:
            raise self._damaged("holds less than it announces")
        if self._finished and self._crc != self._member.crc:
            raise self._damaged("does not have its checksum")
        return piece

    def _next_piece(self) -> bytes:
        if self._inflate is None:
            piece = self._next_raw()
            self._finished = self._left == 0
            return piece
        try:
            piece = self._inflate.decompress(self._pending or self._next_raw(), _INFLATE)
        except inflate_errors as error:
            raise self._damaged("cannot be decompressed") from error
        self._pending = self._inflate.unconsumed_tail
        if self._inflate.eof:
            self._finished = True
        elif not piece and not self._pending and self._left == 0:
            raise self._damaged("ends too early")
        return piece

    def _next_raw(self) -> bytes:
        length = min(_READ, self._left)
        raw = self._source.read_at(self._at, length)
        self._at += length
        self._left -= length
        return raw

    def _damaged(self, what: str) -> WorkbookDamaged:
        path, part = self._source.path, self._member.name
        return WorkbookDamaged(
            f"The part {part} of {path} {what}; get a fresh copy, or let Excel repair the file.",
            path=path,
            part=part,
        )
