"""Pieces of a sheet's text, packed so that each can be written and copied by itself."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import NamedTuple, cast

from budgetinator.workbooks.opc.codec import crc32
from budgetinator.workbooks.patch.checksums import Checksum
from budgetinator.workbooks.patch.compression import Level, packed_segment
from budgetinator.workbooks.patch.inorder import InOrder
from budgetinator.workbooks.patch.segments import Piece, Segment

__all__ = ["PackedPiece", "Packing", "pack", "packed_in_order"]

# Deflate lets go of the interpreter: one piece is packed while the other is, or while the
# sheet is read. So many pieces at most wait for that, in the memory.
_THREADS, _WAITING = 2, 4


class PackedPiece(NamedTuple):
    """A piece as it is written; `checksum` is that of its text."""

    data: bytes
    checksum: Checksum
    first_row: int
    has_formulas: bool

    def segment(self, offset: int) -> Segment:
        """What is told of it once it stands there in a member's data."""
        size = len(self.data)
        return Segment(offset, size, self.checksum, self.first_row, self.has_formulas)


def pack(piece: Piece, level: Level, size: int) -> PackedPiece:
    """The piece packed; `size` is that of the whole part."""
    text = cast("bytes", piece.text)  # both libraries take any buffer
    checksum = Checksum(crc32(text, 0), len(text))
    data = packed_segment(text, level, size)
    return PackedPiece(data, checksum, piece.first_row, piece.has_formulas)


class Packing(InOrder[Piece, PackedPiece]):
    """Threads that pack pieces; `is_full` if one should be taken before the next is put."""

    def __init__(self, level: Level, size: int) -> None:
        super().__init__(lambda piece: pack(piece, level, size), _THREADS, "budgetinator-packing")

    @property
    def is_full(self) -> bool:
        return self.waiting > _WAITING


def packed_in_order(
    pieces: Iterable[Piece], level: Level, size: int
) -> Generator[PackedPiece, None, None]:
    """The pieces in their order, packed in threads while the next are read."""
    with Packing(level, size) as packing:
        for piece in pieces:
            packing.put(piece)
            if packing.is_full:
                yield packing.take()
        while packing.waiting:
            yield packing.take()
