"""Rows as they come from the process of a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from budgetinator.workbooks.host.line import Stream
from budgetinator.workbooks.host.rows import RowChunk

__all__ = ["RowStream"]


class RowStream(Iterator[RowChunk]):
    """The chunks of one request, in order; they are read ahead, two at most.

    Taken in one thread at a time. `close` may be called in any: a thread that waits for
    the next chunk gets Cancelled then, and otherwise the iteration is at its end.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __next__(self) -> RowChunk:
        chunk: RowChunk = next(self._stream)
        return chunk

    def close(self) -> None:
        """Want no more; harmless when done twice."""
        self._stream.close()

    def __enter__(self) -> RowStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
