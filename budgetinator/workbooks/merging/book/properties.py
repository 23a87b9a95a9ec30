"""The properties of the document: those that were changed, in their own parts.

ECMA-376 part 2, section 8 (core properties), and part 1, section 22.3 (custom ones).
openpyxl fills in an author and dates where a file has none, and sets the time of the last
change at each save; none of that is a change of the user's, and a file whose properties
nobody touched keeps these parts as they are.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from budgetinator.workbooks.merging.book.bookpart import BookPart, edit_part
from budgetinator.workbooks.merging.book.customproperties import merge_custom
from budgetinator.workbooks.merging.parts.drafts import escape_text
from budgetinator.workbooks.merging.parts.nodes import XmlNode
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.tags import escape_attribute

__all__ = ["merge_properties"]

_CORE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
_KIND = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
_TYPE = "application/vnd.openxmlformats-package.core-properties+xml"
_ELEMENTS = "http://purl.org/dc/elements/1.1/"
_TERMS = "http://purl.org/dc/terms/"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_EMPTY = f'<cp:coreProperties xmlns:cp="{_CORE}"/>'.encode()
# The namespace of each property, and the prefix that is usual for it.
_SPACES = {
    **dict.fromkeys(
        ("creator", "title", "description", "subject", "identifier", "language"), (_ELEMENTS, "dc")
    ),
    **dict.fromkeys(("created", "modified"), (_TERMS, "dcterms")),
    **dict.fromkeys(
        (
            *("lastModifiedBy", "category", "contentStatus", "version", "revision"),
            *("keywords", "lastPrinted"),
        ),
        (_CORE, "cp"),
    ),
}
_FILLED_IN = ("created", "modified")


def merge_properties(edit: PackageEdit, before: Any, now: Any) -> None:
    """Apply what differs between the properties of two openpyxl workbooks."""
    merge_core(edit, before.properties, now.properties)
    merge_custom(edit, before.custom_doc_props, now.custom_doc_props)


def merge_core(edit: PackageEdit, before: Any, now: Any) -> None:
    """The core properties; with any of them goes the time of the change, unless it was set."""
    part = _core_part(edit)
    present = _present(edit, part)
    changed = {
        name: getattr(now, name)
        for name in _SPACES
        if getattr(now, name) != getattr(before, name)
        and (name in present or not _is_filled_in(now, name))
    }
    if not changed:
        return
    changed.setdefault("modified", dt.datetime.now(tz=dt.UTC))
    if part is None:
        part = edit.add_part("docProps/core.xml", _EMPTY, _TYPE)
        edit.add_relationship("", _KIND, part)
    edit_part(edit, part, lambda core: _set_all(core, changed))


def _core_part(edit: PackageEdit) -> str | None:
    found = (
        entry.target
        for entry in edit.relationships("")
        if entry.kind == "core-properties" and edit.has(entry.target)
    )
    return next(found, None)


def _present(edit: PackageEdit, part: str | None) -> frozenset[str]:
    if part is None:
        return frozenset()
    root = BookPart(edit.part(part).data, part).root
    return frozenset(node.local for node in root.children if node.text)


def _is_filled_in(now: Any, name: str) -> bool:
    """Whether openpyxl has put the time of the opening there, as the file says nothing.

    Both times are the same one then, to the microsecond.
    """
    if name not in _FILLED_IN or getattr(now, name) is None:
        return False
    return bool(getattr(now, name).microsecond)


def _set_all(core: BookPart, values: dict[str, Any]) -> None:
    nodes = {node.local: node for node in core.root.children}
    for name, value in values.items():
        node = nodes.get(name)
        if value is None:
            if node is not None:
                core.draft.remove(node)
        elif node is not None:
            core.draft.set_content(node, escape_text(_text(value)))
        else:
            last = core.root.children[-1] if core.root.children else None
            core.draft.insert(core.root, last, _element(core.root, name, _text(value)))


def _text(value: str | dt.datetime) -> str:
    if isinstance(value, str):
        return value
    if value.tzinfo is not None:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    return f"{value.isoformat(timespec='seconds')}Z"


def _element(root: XmlNode, name: str, text: str) -> bytes:
    space, usual = _SPACES[name]
    spaces: dict[str, str] = {}
    prefix = _prefix(root, space, usual, spaces)
    look = ""
    if space == _TERMS:
        look = f' {_prefix(root, _INSTANCE, "xsi", spaces)}:type="{prefix}:W3CDTF"'
    declared = b"".join(
        b' xmlns:%b="%b"' % (each.encode(), escape_attribute(uri)) for each, uri in spaces.items()
    )
    tag = f"{prefix}:{name}".encode()
    return b"<%b%b%b>%b</%b>" % (tag, declared, look.encode(), escape_text(text), tag)


def _prefix(root: XmlNode, space: str, usual: str, spaces: dict[str, str]) -> str:
    """The prefix for a namespace; it is declared where the root does not bind one to it."""
    for prefix, bound in root.scope.items():
        if bound == space and prefix:
            return prefix
    spaces[usual] = space
    return usual
