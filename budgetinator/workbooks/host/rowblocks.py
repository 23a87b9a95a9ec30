"""The rows of one sheet as they were read, kept for whoever asks for some of them.

They are read once, from the first on, as far as somebody wants them, and kept pickled: some
ten bytes a value, where tuples take eighty. So a window can go back and forth, and a
request for a few rows need not wait for another one that reads to the end.
"""

from __future__ import annotations

import pickle
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from budgetinator.workbooks.reading.currency import ShownValue

__all__ = ["RowBlocks", "Rows"]

Rows: TypeAlias = "tuple[tuple[ShownValue, ...], ...]"

_ROWS = 500
_VALUES = 20_000
# How long rows are read before somebody else has a turn.
_SLICE = 0.02


class RowBlocks:
    """What `read` gives, by row; `size` is the bytes that are kept of it."""

    def __init__(self, read: Callable[[], Iterator[tuple[ShownValue, ...]]]) -> None:
        self.size = 0
        self.is_complete = False
        self._open = read
        self._source: Iterator[tuple[ShownValue, ...]] | None = None
        self._failure: Exception | None = None
        self._starts: list[int] = []
        self._blocks: list[bytes] = []
        self._tail: list[tuple[ShownValue, ...]] = []
        self._tail_values = 0
        self._kept = 0

    def rows(self, first: int, count: int) -> Rows | None:
        """Up to `count` rows from that one on, which counts from 1; None if they are not read yet.

        Fewer where rows are wide or the sheet ends; none after its end. What reading raised
        is raised for the rows that could not be read.
        """
        last_read = self._kept + len(self._tail)
        if last_read < first + count - 1 and not self.is_complete and self._failure is None:
            return None
        if last_read < first:
            if self._failure is not None:
                raise self._failure
            return ()
        found: list[tuple[ShownValue, ...]] = []
        values = 0
        for row in islice(self._from(first), count):
            found.append(row)
            values += len(row)
            if values >= _VALUES:
                break
        return tuple(found)

    def advance(self) -> None:
        """Read on for a moment."""
        end = time.perf_counter() + _SLICE
        try:
            if self._source is None:
                self._source = self._open()
            for row in self._source:
                self._tail.append(row)
                self._tail_values += len(row) + 1
                if len(self._tail) >= _ROWS or self._tail_values >= _VALUES:
                    self._keep()
                    if time.perf_counter() >= end:
                        return
            self.is_complete = True
        except Exception as error:  # noqa: BLE001 - told to whoever asks for these rows
            self._failure = error
        self._source = None

    def _keep(self) -> None:
        data = pickle.dumps(tuple(self._tail), protocol=pickle.HIGHEST_PROTOCOL)
        self._starts.append(self._kept + 1)
        self._blocks.append(data)
        self._kept += len(self._tail)
        self.size += len(data)
        self._tail, self._tail_values = [], 0

    def _from(self, first: int) -> Iterator[tuple[ShownValue, ...]]:
        index = bisect_right(self._starts, first) - 1
        if first > self._kept:
            yield from self._tail[first - self._kept - 1 :]
            return
        for number in range(index, len(self._blocks)):
            rows = cast(Rows, pickle.loads(self._blocks[number]))  # noqa: S301  made above
            yield from rows[max(first - self._starts[number], 0) :]
        yield from self._tail
