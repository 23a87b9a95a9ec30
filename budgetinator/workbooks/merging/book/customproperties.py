"""Custom properties of the document (docProps/custom.xml): added, changed and removed.

ECMA-376 part 1, section 22.3. A property keeps its number; one of a type that openpyxl
does not know keeps everything.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from budgetinator.workbooks.merging.book.bookpart import BookPart, edit_part
from budgetinator.workbooks.merging.parts.drafts import escape_text
from budgetinator.workbooks.merging.parts.nodes import XmlNode
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.tags import escape_attribute

__all__ = ["merge_custom"]

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_KIND = f"{_OFFICE}/relationships/custom-properties"
_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_TYPES = f"{_OFFICE}/docPropsVTypes"
_EMPTY = f'<Properties xmlns="{_OFFICE}/custom-properties" xmlns:vt="{_TYPES}"/>'.encode()
_FORMAT = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_FIRST_NUMBER = 2
_LARGEST_I4 = 2**31 - 1


def merge_custom(edit: PackageEdit, before: Any, now: Any) -> None:
    """Apply what differs between openpyxl's lists of custom properties."""
    then, wanted = _by_name(before), _by_name(now)
    removed = then.keys() - wanted.keys()
    changed = {name: held for name, held in wanted.items() if held != then.get(name)}
    if not removed and not changed:
        return
    part = next(
        (
            entry.target
            for entry in edit.relationships("")
            if entry.kind == "custom-properties" and edit.has(entry.target)
        ),
        None,
    )
    if part is None:
        part = edit.add_part("docProps/custom.xml", _EMPTY, _TYPE)
        edit.add_relationship("", _KIND, part)
    edit_part(edit, part, lambda custom: _apply(custom, removed, changed))


def _by_name(properties: Any) -> dict[str, tuple[str, Any]]:
    return {each.name: (type(each).__name__, each.value) for each in properties.props}


def _apply(custom: BookPart, removed: set[str], changed: dict[str, tuple[str, Any]]) -> None:
    nodes = {node.attributes.get("name", ""): node for node in custom.root.children}
    for name in removed & nodes.keys():
        custom.draft.remove(nodes[name])
    numbers = [int(node.attributes.get("pid", "0")) for node in custom.root.children]
    number = max([_FIRST_NUMBER - 1, *numbers])
    for name, (kind, value) in changed.items():
        node = nodes.get(name)
        link = str(value) if kind == "LinkProperty" else None
        content = _value(custom.root, kind, value)
        if node is not None:
            custom.draft.set_attribute(node, "linkTarget", link)
            custom.draft.set_content(node, content)
            continue
        number += 1
        attributes = {"fmtid": _FORMAT, "pid": str(number), "name": name}
        if link is not None:
            attributes["linkTarget"] = link
        last = custom.root.children[-1] if custom.root.children else None
        markup = custom.markup("property", attributes, content=content)
        custom.draft.insert(custom.root, last, markup)


def _value(root: XmlNode, kind: str, value: Any) -> bytes:
    """The element for a value (part 1, section 22.4)."""
    prefix = next((p for p, bound in root.scope.items() if bound == _TYPES and p), None)
    declared = b"" if prefix else b' xmlns:vt="%b"' % escape_attribute(_TYPES)
    local, text = _typed(kind, value)
    tag = f"{prefix or 'vt'}:{local}".encode()
    return b"<%b%b>%b</%b>" % (tag, declared, escape_text(text), tag)


def _typed(kind: str, value: Any) -> tuple[str, str]:
    if kind == "BoolProperty":
        return "bool", "true" if value else "false"
    if kind == "IntProperty" and abs(value) <= _LARGEST_I4:
        return "i4", str(int(value))
    if kind in ("IntProperty", "FloatProperty"):
        return "r8", repr(float(value))
    if kind == "DateTimeProperty" and isinstance(value, dt.datetime):
        return "filetime", value.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    return "lpwstr", "" if value is None or kind == "LinkProperty" else str(value)
