"""A large sheet that is packed anew while its change is planned.

Planning reads the whole sheet, and what it reads is most of what will be written. So the
pieces that it comes by are packed in threads and kept in a file without a name. Once
everything is known, the pieces that change are taken out of it and packed once more, and
the others are copied. So the sheet is inflated once, and still nothing is written into the
target before all that may be refused was looked at.

The pieces count as the sheet only if they have the checksum that the file gives for it;
they do not where the markup was not plain. Then, and where there is no room for the file,
the sheet is read a second time instead. Cost: the file has the size of the packed sheet.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator
from itertools import accumulate
from tempfile import TemporaryFile
from typing import IO

from budgetinator.errors import WorkbookDamaged
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.zipdirectory import SourceFile
from budgetinator.workbooks.patch.checksums import Checksums
from budgetinator.workbooks.patch.compression import Level
from budgetinator.workbooks.patch.edit import PackageEdit, StreamedPart
from budgetinator.workbooks.patch.packing import Packing
from budgetinator.workbooks.patch.parts import KEPT, PartSource, damaged_part
from budgetinator.workbooks.patch.segments import (
    PIECE,
    SHEET_DATA,
    STREAM_END,
    Piece,
    Segment,
    SegmentedPart,
    inflated_segment,
    splices_within,
)
from budgetinator.workbooks.patch.splices import Splice

__all__ = ["SpooledSource", "closing_spools", "spool_sheet"]

log = logging.getLogger("budgetinator.workbooks")

# Where more of the pieces change, writing the sheet in one go is no slower.
_MOST_CHANGED = 0.25
_BUFFER = 1024 * 1024


def spool_sheet(edit: PackageEdit, part: str, level: Level, rows: int) -> None:
    """Have a sheet packed while a change of so many of its rows is planned, if that pays.

    Called before its planning, within `closing_spools`.
    """
    package = edit.package
    name = package.spelling(part)
    size = package.member(name).size
    if name in edit.streamed or size <= KEPT or rows * PIECE > size * _MOST_CHANGED:
        return
    with contextlib.suppress(OSError):  # no room for it: the sheet is read twice
        edit.streamed[name] = StreamedPart(SpooledSource(package, name, level))


@contextlib.contextmanager
def closing_spools(edit: PackageEdit) -> Iterator[None]:
    """Give back in the end what the edit's sheets are kept in."""
    try:
        yield
    finally:
        for streamed in edit.streamed.values():
            if isinstance(streamed.source, SpooledSource):
                streamed.source.close()


class SpooledSource(PartSource):
    """A sheet that is kept, packed, as it is read for the first time; owns a file and threads.

    `part` tells of what was kept once `changes` was asked, and stays None where that is not
    the whole sheet.
    """

    def __init__(self, package: Package, name: str, level: Level) -> None:
        super().__init__(package, name)
        self.on_piece = self._keep
        self.part: SegmentedPart | None = None
        self._member = package.member(name)
        self._file: IO[bytes] = TemporaryFile(buffering=_BUFFER)  # noqa: SIM115 - see close
        self.packed = _Spooled(os.dup(self._file.fileno()), package, name)
        self._packing = Packing(level, self._member.size)
        self._segments: list[Segment] = []
        self._head = b""
        self._rest = b""
        self._at = 0
        self._failed = False

    def close(self) -> None:
        """Give back the file and the threads."""
        self._packing.close()
        self.packed.close()
        with contextlib.suppress(OSError):
            self._file.close()

    def changes(self, splices: Iterable[Splice]) -> dict[int, list[Splice]] | None:
        """The splices within each segment's text, by its place; None if all is to be written.

        Called once, when the sheet was read.
        """
        self.part = part = self._whole()
        if part is None:
            return None
        ends = list(accumulate(segment.checksum.size for segment in part.segments))
        found = splices_within(splices, range(len(ends)), ends)
        if found is None or len(found) > len(ends) * _MOST_CHANGED:
            return None
        return found

    def segment_text(self, place: int) -> bytes:
        """The text of one segment."""
        assert self.part is not None
        return inflated_segment(self.packed, self.part.segments[place])

    def _keep(self, text: bytes | memoryview, first_row: int, has_formulas: bool) -> None:
        if not first_row:
            self._rest += text
        if self._rest and (first_row or len(self._rest) >= PIECE):
            rest, self._rest = self._rest, b""
            self._put(Piece(rest, 0, has_formulas=False))
        if first_row:
            self._put(Piece(text, first_row, has_formulas))

    def _put(self, piece: Piece) -> None:
        if not self._head:
            self._head = bytes(piece.text)
        if not self._failed:
            self._packing.put(piece)
            if self._packing.is_full:
                self._store()

    def _store(self) -> None:
        packed = self._packing.take()
        segment = packed.segment(self._at)
        self._at += segment.packed
        self._segments.append(segment)
        self._write(packed.data)

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            self._failed = True
            log.info(
                "%s is read twice, because its copy cannot be kept: %s", self._member.name, error
            )

    def _whole(self) -> SegmentedPart | None:
        """What was kept, if that is the sheet."""
        if self._rest:
            self._put(Piece(self._rest, 0, has_formulas=False))
        while self._packing.waiting and not self._failed:
            self._store()
        self._write(STREAM_END)
        try:
            self._file.flush()
        except OSError:
            self._failed = True
        checksums = Checksums(segment.checksum for segment in self._segments)
        found = SHEET_DATA.search(self._head)
        is_whole = checksums.whole == (self._member.crc, self._member.size)
        if self._failed or found is None or not is_whole:
            return None
        return SegmentedPart(found[1], tuple(self._segments), checksums)


class _Spooled(SourceFile):
    """The packed bytes in the file without a name."""

    def __init__(self, descriptor: int, package: Package, name: str) -> None:
        super().__init__(descriptor, str(package.path))
        self._of = (package, name)

    def changed(self) -> WorkbookDamaged:
        """The error for bytes that are not those that were written."""
        return damaged_part(*self._of, "its copy is not what was written")
