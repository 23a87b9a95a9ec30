"""The settings of a workbook: elements of its part that hold nothing but attributes.

ECMA-376 part 1, sections 18.2.28 (workbookPr), 18.2.29 (workbookProtection), 18.2.2
(calcPr) and 18.2.30 (workbookView).
"""

from __future__ import annotations

from budgetinator.workbooks.merging.book.bookpart import BookPart
from budgetinator.workbooks.merging.parts.nodes import XmlNode

__all__ = ["edit_settings"]

_SINGLE = ("workbookPr", "workbookProtection", "calcPr")
# Which tab is active is a matter of the sheets, and settled with them.
_APART = frozenset({"activeTab"})


def edit_settings(book: BookPart, before: BookPart, now: BookPart) -> None:
    """Apply what differs between the two renderings of the workbook's part."""
    for local in _SINGLE:
        _edit_single(book, local, before.child(local), now.child(local))
    _edit_views(book, _views(before), _views(now))


def _edit_single(book: BookPart, local: str, before: XmlNode | None, now: XmlNode | None) -> None:
    if _attributes(before) == _attributes(now) and (before is None) == (now is None):
        return
    node = book.child(local)
    if now is None:
        if node is not None:
            book.draft.remove(node)
    elif node is not None:
        _set(book, node, _attributes(before), _attributes(now))
    else:
        added = {k: v for k, v in now.attributes.items() if _attributes(before).get(k) != v}
        book.add_child(book.markup(local, added), local)


def _edit_views(book: BookPart, before: list[XmlNode], now: list[XmlNode]) -> None:
    views = book.children("bookViews", "workbookView")
    for number, view in enumerate(views):
        if number < len(now) and number < len(before):
            _set(book, view, _attributes(before[number]), _attributes(now[number]))
        elif number < len(before):
            book.remove(view)
    for view in now[max(len(before), len(views)) :]:
        book.add_to("bookViews", book.markup("workbookView", dict(view.attributes)))


def _set(book: BookPart, node: XmlNode, before: dict[str, str], now: dict[str, str]) -> None:
    for name in before.keys() | now.keys():
        if name not in _APART and before.get(name) != now.get(name):
            book.draft.set_attribute(node, name, now.get(name))


def _views(part: BookPart) -> list[XmlNode]:
    return part.children("bookViews", "workbookView")


def _attributes(node: XmlNode | None) -> dict[str, str]:
    return node.attributes if node is not None else {}
