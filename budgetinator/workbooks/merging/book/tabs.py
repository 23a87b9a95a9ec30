"""The sheets that the workbook's part lists, and the views that count them.

ECMA-376 part 1, sections 18.2.19 and 18.2.20 (sheets), 18.2.30 (workbookView) and
18.2.3 (customWorkbookView).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from budgetinator.workbooks.merging.book.bookpart import REFERENCE, BookPart
from budgetinator.workbooks.merging.book.sheetlist import SheetList, Tab
from budgetinator.workbooks.merging.parts.nodes import XmlNode

__all__ = ["arrange_tabs", "describe_tabs", "edit_views"]

_VISIBLE = "visible"
_LAST_ID = 65_534  # Excel's own limit


def describe_tabs(book: BookPart, sheets: SheetList) -> None:
    """Give the sheets of the file the names and states that they have now."""
    nodes = _listed(book)
    for tab in sheets.now:
        if tab.entry is None:
            continue
        node = nodes[tab.entry.relationship_id]
        if tab.is_renamed:
            book.draft.set_attribute(node, "name", tab.sheet.title)
        if tab.sheet.sheet_state != tab.was.sheet_state:
            visible = tab.sheet.sheet_state == _VISIBLE
            book.draft.set_attribute(node, "state", None if visible else tab.sheet.sheet_state)


def arrange_tabs(book: BookPart, sheets: SheetList, added: Mapping[str, str]) -> None:
    """List the sheets that there are now, in their order.

    `added` are the relationships of new ones by their keys. What is listed and leads to no
    sheet, as Visual Basic modules in files of Excel 2007, comes last.
    """
    if sheets.is_same:
        return
    parent = book.child("sheets")
    assert parent is not None  # or the package had no sheets at all
    nodes, numbers = _listed(book), _free_ids(book)
    known = {entry.relationship_id for entry in sheets.before}
    pieces = [
        _source(book, nodes[tab.entry.relationship_id])
        if tab.entry is not None
        else _new_sheet(book, tab, next(numbers), added[tab.key])
        for tab in sheets.now
    ]
    others = [node for node in parent.children if node.attributes.get(REFERENCE) not in known]
    pieces += [_source(book, node) for node in others]
    first = parent.children[0].element.start if parent.children else parent.element.closed
    space = book.data[parent.element.opened : first]
    end = book.data[parent.children[-1].element.end : parent.element.closed]
    book.draft.set_content(parent, b"".join(space + piece for piece in pieces) + end)


def edit_views(book: BookPart, sheets: SheetList, was_active: str, active: int) -> None:
    """Have the views count the sheets as they stand now.

    `was_active` is the key of the sheet that openpyxl took for the active one, `active`
    the place of the one that shall be it.
    """
    is_other = sheets.now[active].key != was_active
    places, last = sheets.places(), len(sheets.now) - 1
    views = book.children("bookViews", "workbookView")
    for number, view in enumerate(views):
        place = _number(view, "activeTab")
        wanted = places.get(place, min(place, last))
        if number == 0 and is_other:
            wanted = active
        if wanted != place:
            book.draft.set_attribute(view, "activeTab", str(wanted))
        if _number(view, "firstSheet") > last:
            book.draft.set_attribute(view, "firstSheet", str(last))
    if not views and is_other and active:
        book.add_to("bookViews", book.markup("workbookView", {"activeTab": str(active)}))
    _edit_custom_views(book, {entry.sheet_id for entry in sheets.removed}, active)


def _edit_custom_views(book: BookPart, gone: set[str], active: int) -> None:
    """Custom views name a sheet by its id; those of sheets that are gone show another one."""
    ids = [node.attributes.get("sheetId") for node in book.children("sheets", "sheet")]
    for view in book.children("customWorkbookViews", "customWorkbookView"):
        if view.attributes.get("activeSheetId") in gone and (number := ids[active]) is not None:
            book.draft.set_attribute(view, "activeSheetId", number)


def _listed(book: BookPart) -> dict[str, XmlNode]:
    """The elements of the sheets by their relationships."""
    nodes = book.children("sheets", "sheet")
    return {node.attributes[REFERENCE]: node for node in nodes if REFERENCE in node.attributes}


def _source(book: BookPart, node: XmlNode) -> bytes:
    return book.data[node.element.start : node.element.end]


def _new_sheet(book: BookPart, tab: Tab, number: int, reference: str) -> bytes:
    attributes = {"name": tab.sheet.title, "sheetId": str(number)}
    if tab.sheet.sheet_state != _VISIBLE:
        attributes["state"] = tab.sheet.sheet_state
    return book.markup("sheet", attributes, reference=reference)


def _free_ids(book: BookPart) -> Iterator[int]:
    taken = {_number(node, "sheetId") for node in book.children("sheets", "sheet")}
    yield from range(max(taken, default=0) + 1, _LAST_ID + 1)
    yield from (number for number in range(1, _LAST_ID) if number not in taken)


def _number(node: XmlNode, name: str) -> int:
    text = node.attributes.get(name, "0").strip()
    return int(text) if text.isascii() and text.isdigit() else 0
