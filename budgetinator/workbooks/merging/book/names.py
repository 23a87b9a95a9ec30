"""Defined names: those that changed in openpyxl, put into the workbook's own part.

ECMA-376 part 1, section 18.2.5. A local name counts the sheets, so that it is touched
too where they stand in another order; all else about a name that did not change stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from openpyxl.utils import quote_sheetname

from budgetinator.workbooks.merging.book.bookpart import BookPart
from budgetinator.workbooks.merging.book.sheetlist import SheetList
from budgetinator.workbooks.merging.parts.drafts import escape_text
from budgetinator.workbooks.merging.parts.nodes import XmlNode

__all__ = ["DefinedNames", "dangling_names", "defined_names_of", "edit_names"]

_SCOPE = "localSheetId"
_BUILT_IN = "_xlnm."
Key = tuple[str, str]  # the key of the sheet that it is local to, or "", and the name itself


@dataclass(frozen=True, slots=True)
class _Name:
    attributes: dict[str, str]
    text: str


DefinedNames = Mapping[Key, _Name]


def defined_names_of(names: Iterable[Any], sheets: list[str]) -> DefinedNames:
    """openpyxl's names; `sheets` are the keys of its sheets, in their order."""
    found: dict[Key, _Name] = {}
    for name in names:
        attributes = dict(name)
        scope = attributes.pop(_SCOPE, None)
        place = int(scope) if scope is not None else len(sheets)
        key = sheets[place] if 0 <= place < len(sheets) else ""
        found[key, attributes["name"]] = _Name(attributes, name.attr_text or "")
    return found


def edit_names(book: BookPart, before: DefinedNames, now: DefinedNames, sheets: SheetList) -> None:
    """Apply what differs between the names then and now, and have local ones count anew."""
    places = {tab.key: place for place, tab in enumerate(sheets.now)}
    titles = {entry.part: (entry.name, title) for entry, title in sheets.renamed}
    met: set[Key] = set()
    for node in book.children("definedNames", "definedName"):
        key = _key(node, sheets)
        if key is None:
            _leave(book, node, len(sheets.now))
        elif (key[0] and key[0] not in places) or (key in before and key not in now):
            book.remove(node)
        else:
            met.add(key)
            if key[0] and places[key[0]] != _scope(node):
                book.draft.set_attribute(node, _SCOPE, str(places[key[0]]))
            _change(book, node, _Change(before.get(key), now.get(key), titles.get(key[0])))
    for key in [key for key in now if key not in met and now[key] != before.get(key)]:
        _add(book, now[key], places.get(key[0]))


def dangling_names(names: DefinedNames, removed: Iterable[str]) -> tuple[str, ...]:
    """The names whose text says one of these sheets, which are gone."""
    titles = list(removed)
    return tuple(
        name
        for (_, name), held in names.items()
        if any(_renamed(held.text, title, "") != held.text for title in titles)
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """A name then and now, as far as openpyxl knows it, and its sheet's titles if they differ."""

    before: _Name | None
    now: _Name | None
    titles: tuple[str, str] | None


def _change(book: BookPart, node: XmlNode, change: _Change) -> None:
    before, now = change.before or _Name({}, ""), change.now
    text = node.text
    if now is not None:
        for name in before.attributes.keys() | now.attributes.keys():
            if before.attributes.get(name) != now.attributes.get(name):
                book.draft.set_attribute(node, name, now.attributes.get(name))
        if before.text != now.text and not _is_renaming(change):
            text = now.text
    if change.titles is not None and node.attributes["name"].startswith(_BUILT_IN):
        # openpyxl makes these of what it knows of the sheet, which is always its present title.
        text = _renamed(text, *change.titles)
    if text != node.text:
        book.draft.set_content(node, escape_text(text))


def _is_renaming(change: _Change) -> bool:
    """Whether the text differs by the title of its sheet alone."""
    if change.before is None or change.now is None or change.titles is None:
        return False
    return _renamed(change.before.text, *change.titles) == change.now.text


def _renamed(text: str, old: str, new: str) -> str:
    quoted = f"{quote_sheetname(new)}!"
    for spelt in _spellings(old):
        pieces = text.split(spelt)
        text = pieces[0]
        for piece in pieces[1:]:
            text += (spelt if _goes_on(text) else quoted) + piece
    return text


def _spellings(title: str) -> tuple[str, str]:
    return f"{quote_sheetname(title)}!", f"{title}!"


def _goes_on(text: str) -> bool:
    """Whether what follows is the end of a longer title."""
    return bool(text) and (text[-1].isalnum() or text[-1] in "_.']")


def _add(book: BookPart, name: _Name, place: int | None) -> None:
    attributes = dict(name.attributes)
    if place is not None:
        attributes[_SCOPE] = str(place)
    book.add_to("definedNames", book.markup("definedName", attributes, text=name.text))


def _key(node: XmlNode, sheets: SheetList) -> Key | None:
    """None for a name that is local to a sheet that there is not."""
    name = node.attributes.get("name", "")
    scope = _scope(node)
    if scope is None:
        return "", name
    return (sheets.before[scope].part, name) if 0 <= scope < len(sheets.before) else None


def _scope(node: XmlNode) -> int | None:
    text = node.attributes.get(_SCOPE)
    if text is None:
        return None
    return int(text) if text.strip().isascii() and text.strip().isdigit() else -1


def _leave(book: BookPart, node: XmlNode, count: int) -> None:
    """It must not become a name of a sheet that comes to stand in that place."""
    if 0 <= (_scope(node) or 0) < count:
        book.remove(node)
