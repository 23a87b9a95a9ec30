"""The cells and rows of one sheet in a compact form, and how two of them differ.

Cells are packed in chunks in the order in which openpyxl keeps them, so that the usual
answer, nothing differs, comes from comparing bytes.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from operator import attrgetter
from typing import Any

from budgetinator.workbooks.changes.comparison import CellChange, CommentForm, RowLook
from budgetinator.workbooks.changes.digests import MARSHAL, plain

__all__ = ["PackedCells", "changed_rows", "pack_rows", "same"]

_CHUNK = 2048
_LONG = 64  # characters of a text that is kept as it is
_CELL = attrgetter("row", "column", "_value", "data_type", "_style", "hyperlink", "_comment")
_LOOK = attrgetter("ht", "hidden", "outlineLevel", "collapsed", "thickBot", "thickTop", "_style")
_VALUE, _STYLE, _LINK, _COMMENT = 2, 4, 5, 6
_USUAL = RowLook()

Row = tuple[Any, ...]


class PackedCells:
    """The cells that hold something, and the comments on them as they can be compared."""

    __slots__ = ("_chunks", "comments")

    def __init__(self, sheet: Any) -> None:
        self.comments: dict[tuple[int, int], CommentForm] = {}
        self._chunks = tuple(self._pack(sheet))

    def changes(self, now: PackedCells) -> list[CellChange]:
        """The cells that differ, by rows and columns."""
        pairs = zip_longest(self._chunks, now._chunks)
        different = [pair for pair in pairs if pair[0] != pair[1]]
        if not different:
            return []
        before = _unpacked(then for then, _ in different)
        after = _unpacked(then for _, then in different)
        return [
            CellChange(*place, then, there)
            for place in sorted(before.keys() | after.keys())
            if _differ(then := before.get(place), there := after.get(place))
        ]

    def _pack(self, sheet: Any) -> Iterable[bytes]:
        rows: list[Row] = []
        for row in map(_CELL, vars(sheet).get("_cells", {}).values()):
            value = row[_VALUE]
            if value is not None or _holds_something(row):
                long = type(value) is str and len(value) > _LONG
                rows.append(_shortened(row) if long else row)
                if len(rows) == _CHUNK:
                    yield self._packed(rows)
                    rows.clear()
        yield self._packed(rows)

    def _packed(self, rows: list[Row]) -> bytes:
        try:
            return marshal.dumps(rows, MARSHAL)
        except ValueError:  # dates, rich text, comments, numbers of other libraries
            for row in rows:
                if (comment := row[_COMMENT]) is not None:
                    self.comments[row[0], row[1]] = CommentForm(
                        comment.content, comment.author, comment.width, comment.height
                    )
            return marshal.dumps([_plain_row(row) for row in rows], MARSHAL)


def _differ(before: Row | None, now: Row | None) -> bool:
    if before is None or now is None:
        return before is not now
    if before == now:
        return not same(before[0], now[0])
    # Only what differs in nothing but its style can differ by a style that is none.
    return before[2] == now[2] or _without_nothing(before) != _without_nothing(now)


def same(one: Any, other: Any) -> bool:
    """Whether two equal values are the same: 1, 1.0 and True are not, nor are 0.0 and -0.0."""
    return type(one) is type(other) and (bool(one) or repr(one) == repr(other))


def _without_nothing(row: Row) -> Row:
    """The row with no style where it has the usual one."""
    style = row[_STYLE - 2]
    return row if style is None or any(style) else (*row[:2], None, *row[3:])


def _shortened(row: Row) -> Row:
    """A long text by its hash, which Python keeps with it: many cells can share one text."""
    return (*row[:2], (len(row[2]), hash(row[2])), *row[3:])


def _unpacked(chunks: Iterable[bytes | None]) -> dict[tuple[int, int], Row]:
    # What is read here was packed in this process.
    rows = (row for chunk in chunks if chunk for row in marshal.loads(chunk))  # noqa: S302
    return {(row[0], row[1]): row[2:] for row in rows}


def _holds_something(row: Row) -> bool:
    style = row[_STYLE]
    return bool(row[_LINK] or row[_COMMENT] or (style is not None and any(style)))


def _plain_row(row: Row) -> Row:
    place, value, style, rest = row[:2], row[2], row[_STYLE], row[_LINK:]
    return (*place, plain(value), row[3], style and style.tobytes(), *map(plain, rest))


# Rows.


def pack_rows(sheet: Any) -> bytes:
    """The looks of the rows that have one, by number."""
    looks: list[tuple[int, tuple[Any, ...]]] = []
    for number, dimension in vars(sheet).get("row_dimensions", {}).items():
        *rest, style = _LOOK(dimension)
        styled = style is not None and any(style)
        look = (*rest[:1], *map(bool, rest[1:2]), rest[2] or 0, *map(bool, rest[3:]))
        look = (*look, style.tobytes() if styled else None)
        if look != _USUAL:
            looks.append((number, look))
    return marshal.dumps(sorted(looks), MARSHAL)


def changed_rows(before: bytes, now: bytes) -> dict[int, tuple[RowLook, RowLook]]:
    """The rows whose looks differ, by number."""
    if before == now:
        return {}
    then, after = _looks(before), _looks(now)
    pairs = {
        number: (then.get(number, _USUAL), after.get(number, _USUAL))
        for number in sorted(then.keys() | after.keys())
    }
    return {number: pair for number, pair in pairs.items() if pair[0] != pair[1]}


def _looks(packed: bytes) -> dict[int, RowLook]:
    found: Sequence[tuple[int, Row]] = marshal.loads(packed)  # noqa: S302  packed above
    return {number: RowLook(*look) for number, look in found}
