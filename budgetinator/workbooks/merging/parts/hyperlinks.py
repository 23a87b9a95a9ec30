"""Hyperlinks merged cell by cell: openpyxl makes one of each cell of a linked range."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import Area, parse_range
from budgetinator.workbooks.merging.parts.nodes import XmlNode
from budgetinator.workbooks.patch.tags import escape_attribute, set_attribute

if TYPE_CHECKING:
    from budgetinator.workbooks.merging.parts.threeway import PartMerge

__all__ = ["merge_hyperlinks"]


@dataclass(frozen=True, slots=True)
class _Link:
    """A link of the original over several cells."""

    node: XmlNode
    area: Area


def merge_hyperlinks(merge: PartMerge, original: XmlNode, before: XmlNode, now: XmlNode) -> None:
    """Merge links as any list, and cut those over ranges where a cell has its own now."""
    olds = {_cell(node): node for node in before.children}
    news = {_cell(node): node for node in now.children}
    ranges = _ranges(original, olds)
    covered = {place for place in olds if any(_holds(link.area, place) for link in ranges)}
    whole = [link.node for link in ranges]
    merge.merge_children(
        original,
        [node for place, node in olds.items() if place not in covered],
        [node for place, node in news.items() if place not in covered],
        [node for node in original.children if node not in whole],
    )
    key_before, key_now = merge.links.before.key, merge.links.now.key
    changed = [
        place
        for place in covered
        if place not in news or key_before(olds[place]) != key_now(news[place])
    ]
    for link in ranges:
        places = [place for place in changed if _holds(link.area, place)]
        if places:
            _cut(merge, link, places)
    for place in sorted(changed, key=str):
        if place in news:
            markup = merge.markup(news[place], original)
            merge.draft.insert(original, original.children[-1], markup)


def _ranges(original: XmlNode, olds: Mapping[Area | str, XmlNode]) -> list[_Link]:
    """The links that openpyxl made several of; a merged area's it shows at its first cell."""
    found = []
    for node in original.children:
        area = _area(node.attributes.get("ref", ""))
        if area is None or area.cells == 1:
            continue
        if sum(1 for place in olds if _holds(area, place)) != 1:
            found.append(_Link(node, area))
    return found


def _cut(merge: PartMerge, link: _Link, places: Iterable[Area | str]) -> None:
    """Leave the link to the rest of its range."""
    element = link.node.element
    data = merge.draft.data[element.start : element.end]
    left = [link.area]
    for place in places:
        left = [piece for area in left for piece in _without(area, place)]
    tag = element.opened - element.start
    pieces = (
        set_attribute(data[:tag], b"ref", escape_attribute(str(area))) + data[tag:] for area in left
    )
    if left:
        merge.draft.replace(link.node, b"".join(pieces))
        merge.draft.kept.add(link.node)
    else:
        merge.draft.remove(link.node)


def _without(area: Area, cell: Area | str) -> Sequence[Area]:
    """The rest of an area as areas, when a cell is taken out of it."""
    if isinstance(cell, str) or not _holds(area, cell):
        return (area,)
    row, column = cell.min_row, cell.min_col
    found = []
    if area.min_row < row:
        found.append(Area(area.min_row, area.min_col, row - 1, area.max_col))
    if area.min_col < column:
        found.append(Area(row, area.min_col, row, column - 1))
    if column < area.max_col:
        found.append(Area(row, column + 1, row, area.max_col))
    if row < area.max_row:
        found.append(Area(row + 1, area.min_col, area.max_row, area.max_col))
    return found


def _holds(area: Area, place: Area | str) -> bool:
    return isinstance(place, Area) and area.contains(place.min_row, place.min_col)


def _cell(node: XmlNode) -> Area | str:
    reference = node.attributes.get("ref", "")
    return _area(reference) or reference


def _area(reference: str) -> Area | None:
    try:
        return parse_range(reference)
    except InvalidCellReference:
        return None
