"""The columns of a sheet merged column by column.

openpyxl has one setting for each first column, with a range that may reach over the
next settings, and writes them as they are. Ranges that overlap make Excel repair the
file, so here the narrower of two wins where they do, and of two alike the later.
The style stays that of the wider one unless the narrower has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from budgetinator.workbooks.merging.parts.nodes import XmlNode
from budgetinator.workbooks.patch.elements import Element
from budgetinator.workbooks.patch.tags import (
    escape_attribute,
    set_attribute,
    without_attributes,
)

if TYPE_CHECKING:
    from budgetinator.workbooks.merging.parts.threeway import PartMerge

__all__ = ["merge_columns", "settled_columns"]

_COLUMNS = 16384
_BOUNDS = ("min", "max")

Settings = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Run:
    """Columns that are alike: the original's element, and what is otherwise in it.

    `owner` is the place of what openpyxl says of them, or -1.
    """

    first: int
    last: int
    source: XmlNode | None
    changes: tuple[tuple[str, str | None], ...]
    owner: int

    def settings(self) -> Settings:
        """What will hold for the columns."""
        said: dict[str, str | None] = dict(self.source.attributes) if self.source else {}
        said.update(self.changes)
        return {
            name: value
            for name, value in said.items()
            if value is not None and name not in _BOUNDS and (name, value) != ("style", "0")
        }


def merge_columns(merge: PartMerge, original: XmlNode, before: XmlNode, now: XmlNode) -> None:
    """Make the difference between two lists of columns to the original's."""
    draft = merge.draft
    mine = [child for child in original.children if child.local == "col"]
    links = merge.links
    runs = _runs(
        _Painted(mine),
        _Painted(before.children, links.before.style),
        _Painted(now.children, links.now.style),
    )
    if not _is_in_order(mine):
        draft.set_content(original, b"".join(_piece(merge, original, run) for run in runs))
        return
    for column in mine:
        pieces = [run for run in runs if run.source is column]
        if not pieces:
            draft.remove(column)
        elif len(pieces) == 1:
            _change(merge, column, pieces[0])
        else:
            draft.replace(column, b"".join(_piece(merge, original, run) for run in pieces))
    for run in runs:
        if run.source is None:
            earlier = [column for column in mine if _bounds(column)[1] < run.first]
            draft.insert(original, earlier[-1] if earlier else None, _piece(merge, original, run))


def settled_columns(now: XmlNode) -> XmlNode:
    """The list of columns with nothing said twice."""
    nothing = _Painted([])
    settled = XmlNode(now.element, now.space, now.local, now.part, now.scope, now.attributes, {})
    for run in _runs(nothing, nothing, _Painted(now.children)):
        attributes = {"min": str(run.first), "max": str(run.last)}
        attributes |= {name: value for name, value in run.changes if value is not None}
        element = Element("col", {}, 0, 0, 0, 0)
        settled.children.append(
            XmlNode(element, now.space, "col", now.part, now.scope, attributes, {})
        )
    return settled


class _Painted:
    """Which element says what holds for each column: by column, from 1, an index or -1."""

    def __init__(
        self, columns: Sequence[XmlNode], style: Callable[[str | None], object] = str
    ) -> None:
        self.columns = columns
        self.style = style
        self.by_column = [-1] * (_COLUMNS + 1)
        self.styles = [-1] * (_COLUMNS + 1)
        order = sorted(range(len(columns)), key=lambda index: (-_width(columns[index]), index))
        for index in order:
            first, last = _bounds(columns[index])
            if first <= last:
                width = last + 1 - first
                self.by_column[first : last + 1] = [index] * width
                if "style" in columns[index].attributes:
                    self.styles[first : last + 1] = [index] * width

    def settings(self, column: int) -> Settings | None:
        """All that holds for the column, without the range."""
        index = self.by_column[column]
        if index < 0:
            return None
        found = {k: v for k, v in self.columns[index].attributes.items() if k not in _BOUNDS}
        if self.styles[column] >= 0:
            found["style"] = self.columns[self.styles[column]].attributes["style"]
        return found

    def source(self, column: int) -> XmlNode | None:
        """The element that holds for the column."""
        index = self.by_column[column]
        return self.columns[index] if index >= 0 else None


def _runs(mine: _Painted, before: _Painted, now: _Painted) -> list[_Run]:
    owners = (mine.by_column, before.by_column, before.styles, now.by_column, now.styles)
    runs: list[_Run] = []
    at = 1
    for key, group in groupby(zip(*(each[1:] for each in owners), strict=True)):
        first, at = at, at + sum(1 for _ in group)
        source = mine.source(first)
        old, new = before.settings(first), now.settings(first)
        if old and new and before.style(old.get("style")) == now.style(new.get("style")):
            new = {**new, "style": old["style"]} if "style" in old else new
        if max(key) < 0 or (new is None and (old is not None or source is None)):
            continue
        changes: tuple[tuple[str, str | None], ...] = ()
        if old != new and new is not None:
            changes = _difference(old or {}, new, new=source is None)
        if source is None and not changes:
            continue
        run = _Run(first, at - 1, source, changes, now.by_column[first])
        joined = _joined(runs[-1], run) if runs else None
        if joined is None:
            runs.append(run)
        else:
            runs[-1] = joined
    return runs


def _joined(one: _Run, next_one: _Run) -> _Run | None:
    """Both as one, where they come from one setting and say the same."""
    if one.last != next_one.first - 1 or one.owner != next_one.owner:
        return None
    if one.settings() != next_one.settings():
        return None
    kept = next_one if one.source is None else one
    return replace(kept, first=one.first, last=next_one.last)


def _difference(old: Settings, now: Settings, *, new: bool) -> tuple[tuple[str, str | None], ...]:
    if new:
        return tuple(now.items())
    names = [name for name in {**old, **now} if old.get(name) != now.get(name)]
    if "width" in names and "customWidth" in now:
        # openpyxl always says that a width is set; the original may have had a default one.
        names.append("customWidth")
    return tuple((name, now.get(name)) for name in names)


def _change(merge: PartMerge, column: XmlNode, run: _Run) -> None:
    if _bounds(column) != (run.first, run.last):
        merge.draft.set_attribute(column, "min", str(run.first))
        merge.draft.set_attribute(column, "max", str(run.last))
    for name, value in run.changes:
        merge.draft.set_attribute(column, name, value)


def _piece(merge: PartMerge, parent: XmlNode, run: _Run) -> bytes:
    changes = [("min", str(run.first)), ("max", str(run.last)), *run.changes]
    if run.source is None:
        tag, rest = b"<%bcol/>" % parent.element.prefix.encode(), b""
    else:
        element = run.source.element
        tag = merge.draft.data[element.start : element.opened]
        rest = merge.draft.data[element.opened : element.end]
    for name, value in changes:
        if value is None:
            tag = without_attributes(tag, frozenset({name.encode()}))
        else:
            tag = set_attribute(tag, name.encode(), escape_attribute(value))
    return tag + rest


def _bounds(column: XmlNode) -> tuple[int, int]:
    first, last = (column.attributes.get(name, "") for name in _BOUNDS)
    if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        return 1, 0
    return max(int(first), 1), min(int(last), _COLUMNS)


def _width(column: XmlNode) -> int:
    first, last = _bounds(column)
    return last - first


def _is_in_order(columns: Iterable[XmlNode]) -> bool:
    end = 0
    for column in columns:
        first, last = _bounds(column)
        if not end < first <= last:
            return False
        end = last
    return True
