"""The rows of a sheet that are at hand: chunks, the least recently shown dropped first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

__all__ = ["CHUNK_ROWS", "Chunks"]

CHUNK_ROWS = 200
_CELLS_KEPT = 60_000
"""Some 5 MB; what lies farther off is fetched again when it is shown."""

Row = tuple[Any, ...]


class Chunks:
    """Rows by number, from 1, in chunks of `CHUNK_ROWS`.

    A chunk that is outdated is still shown, and asked for again. Rows beyond the last
    that was told are empty and need not be fetched.
    """

    def __init__(self, cells_kept: int = _CELLS_KEPT) -> None:
        self._chunks: OrderedDict[int, list[Row | None]] = OrderedDict()
        self._sizes: dict[int, int] = {}
        self._outdated: set[int] = set()
        self._kept = cells_kept
        self.last_row: int | None = None
        """The last row of the sheet, once its end was seen."""

    def row(self, number: int) -> Row | None:
        """The row's values, None where they are not at hand."""
        if self.last_row is not None and number > self.last_row:
            return ()
        index, place = divmod(number - 1, CHUNK_ROWS)
        chunk = self._chunks.get(index)
        return chunk[place] if chunk is not None else None

    def put(self, first: int, rows: Sequence[Row]) -> None:
        """Rows that were read, from this number on."""
        for offset, row in enumerate(rows):
            index, place = divmod(first + offset - 1, CHUNK_ROWS)
            chunk = self._chunks.get(index)
            if chunk is None:
                chunk = self._chunks[index] = [None] * CHUNK_ROWS
                self._sizes[index] = 0
            chunk[place] = row
            self._sizes[index] += len(row) + 1
        touched = {(first - 1) // CHUNK_ROWS, (first + max(len(rows), 1) - 2) // CHUNK_ROWS}
        for index in range(min(touched), max(touched) + 1):
            if index in self._chunks:
                self._chunks.move_to_end(index)
            self._outdated.discard(index)
        self._shrink()

    def end(self, last_row: int) -> None:
        """The sheet ends with this row."""
        self.last_row = last_row

    def outdate(self) -> None:
        """Everything may have changed: keep it until it is read again."""
        self._outdated.update(self._chunks)
        self.last_row = None

    def is_outdated(self, number: int) -> bool:
        """Whether the row may have changed since it was read."""
        return (number - 1) // CHUNK_ROWS in self._outdated

    def clear(self) -> None:
        """Forget all."""
        self._chunks.clear()
        self._sizes.clear()
        self._outdated.clear()
        self.last_row = None

    def wanting(self, first: int, last: int) -> tuple[int, int] | None:
        """The span of rows, in whole chunks, that is to be read for these; None if all is here."""
        if self.last_row is not None:
            last = min(last, self.last_row)
        wanted = [
            index
            for index in range((first - 1) // CHUNK_ROWS, (max(last, 1) - 1) // CHUNK_ROWS + 1)
            if self._is_wanting(index)
        ]
        if not wanted or last < first:
            return None
        return wanted[0] * CHUNK_ROWS + 1, (wanted[-1] + 1) * CHUNK_ROWS

    def _is_wanting(self, index: int) -> bool:
        chunk = self._chunks.get(index)
        if chunk is None or index in self._outdated:
            return True
        return None in chunk and not self._holds_end(index)

    def _holds_end(self, index: int) -> bool:
        return self.last_row is not None and (index + 1) * CHUNK_ROWS >= self.last_row

    def _shrink(self) -> None:
        total = sum(self._sizes.values())
        while total > self._kept and len(self._chunks) > 4:
            index, _ = self._chunks.popitem(last=False)
            total -= self._sizes.pop(index)
            self._outdated.discard(index)
