"""The rows of one sheet as texts: read in slices, kept packed, unpacked where they are shown.

A million texts as Python objects are 60 MB; packed in blocks of 500 rows they are
a tenth of that, and a block is unpacked in a millisecond. Only the blocks in
sight are.
"""

from __future__ import annotations

import marshal
import time
import zlib
from collections import OrderedDict
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from budgetinator.cli.cellforms import shown

__all__ = ["BLOCK_ROWS", "SheetRows"]

BLOCK_ROWS = 500
UNPACKED_BLOCKS = 4
LEVEL = 1

Texts = tuple[str, ...]


class SheetRows:
    """Takes rows of values from an iterator, a slice at a time, and hands out their texts.

    It owns the iterator and closes it. `is_done` says that it came to its end.
    """

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self._source: Iterator[tuple[Any, ...]] = iter(rows)
        self._packed: list[bytes] = []
        self._last: list[Texts] = []
        self._unpacked: OrderedDict[int, list[Texts]] = OrderedDict()
        self.columns = 0
        """The widest row so far."""
        self.is_done = False

    def __len__(self) -> int:
        return len(self._packed) * BLOCK_ROWS + len(self._last)

    def __bool__(self) -> bool:
        return True

    def read(self, seconds: float) -> bool:
        """Read on for so long; whether there is nothing more. Raises what the iterator raises."""
        end = time.perf_counter() + seconds
        while not self.is_done and time.perf_counter() < end:
            row = next(self._source, None)
            if row is None:
                self.close()
            else:
                self._take(tuple(shown(value).text for value in row))
        return self.is_done

    def texts(self, first: int, count: int) -> list[Texts]:
        """The rows from `first`, counted from 0, as far as they have been read."""
        last = min(first + count, len(self))
        return [self._row(number) for number in range(max(0, first), last)]

    def close(self) -> None:
        """Read no more; what has been read stays. May be called twice."""
        self.is_done = True
        if isinstance(self._source, Generator):
            self._source.close()
        self._source = iter(())

    def _take(self, row: Texts) -> None:
        self.columns = max(self.columns, len(row))
        self._last.append(row)
        if len(self._last) == BLOCK_ROWS:
            self._packed.append(zlib.compress(marshal.dumps(self._last), LEVEL))
            self._last = []

    def _row(self, number: int) -> Texts:
        block, at = divmod(number, BLOCK_ROWS)
        if block == len(self._packed):
            return self._last[at]
        return self._unpack(block)[at]

    def _unpack(self, block: int) -> list[Texts]:
        if block not in self._unpacked:
            # Packed above, in this process: no foreign bytes come here.
            self._unpacked[block] = marshal.loads(zlib.decompress(self._packed[block]))  # noqa: S302
            if len(self._unpacked) > UNPACKED_BLOCKS:
                self._unpacked.popitem(last=False)
        self._unpacked.move_to_end(block)
        return self._unpacked[block]
