"""Changes to a long stream of bytes, said as places and what comes there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Splice", "splice_bytes", "spliced"]


@dataclass(frozen=True, slots=True)
class Splice:
    """The bytes from `start` up to `end` give way to `data`; an insertion where they are equal."""

    start: int
    end: int
    data: bytes


def spliced(chunks: Iterable[bytes], splices: Iterable[Splice]) -> Iterator[bytes]:
    """The stream with the splices applied; chunks that none touches are handed on as they are.

    Splices must not overlap. Those at one place keep their order, insertions first.
    """
    queue = deque(sorted(splices, key=lambda splice: (splice.start, splice.end)))
    at = cursor = 0
    for chunk in chunks:
        end = at + len(chunk)
        while queue and queue[0].start < end:
            splice = queue.popleft()
            if splice.start > cursor:
                yield chunk[cursor - at : splice.start - at]
            if splice.data:
                yield splice.data
            cursor = splice.end
        if cursor <= at:
            yield chunk
        elif cursor < end:
            yield chunk[cursor - at :]
        at = end
        cursor = max(cursor, end)
    for splice in queue:
        yield splice.data


def splice_bytes(data: bytes, splices: Iterable[Splice]) -> bytes:
    """The bytes with the splices applied."""
    return b"".join(spliced((data,), splices))
