"""Elements of a rendering written into a part of the original.

They take the prefixes that are bound where they come to stand, and declare what is
not bound there.
"""

from __future__ import annotations

from collections.abc import Callable

from budgetinator.workbooks.merging.parts.drafts import escape_text
from budgetinator.workbooks.merging.parts.nodes import (
    OFFICE,
    SHEET,
    SHEET_DRAWING,
    Prefixes,
    XmlNode,
)
from budgetinator.workbooks.patch.tags import escape_attribute

__all__ = ["AttributeValue", "written"]

AttributeValue = Callable[[XmlNode, str, str], str]
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/"
_USUAL = {
    OFFICE: "r",
    SHEET: "x",
    SHEET_DRAWING: "xdr",
    f"{_DRAWING}main": "a",
    f"{_DRAWING}chart": "c",
}
_XML = "http://www.w3.org/XML/1998/namespace"


def written(node: XmlNode, scope: Prefixes, near: str, value: AttributeValue) -> bytes:
    """The element for a place where `scope` holds.

    `near` is the prefix of the element that it comes to stand in, used where it fits;
    `value` tells what an attribute shall say, by element, name and value.
    """
    declared: dict[str, str] = {}
    prefix = _element_prefix(node, scope, near, declared)
    scope = {**scope, **declared}
    name = f"{prefix}:{node.local}" if prefix else node.local
    attributes = []
    for key, given in node.attributes.items():
        spelt = _attribute_name(key, scope, declared)
        scope = {**scope, **declared}
        attributes.append((spelt, value(node, key, given)))
    spaces = [(f"xmlns:{p}" if p else "xmlns", uri) for p, uri in declared.items()]
    tag = name.encode() + b"".join(
        b' %b="%b"' % (each.encode(), escape_attribute(text)) for each, text in spaces + attributes
    )
    inside = b"".join(written(child, scope, prefix, value) for child in node.children)
    inside = inside or escape_text(node.text)
    return b"<%b>%b</%b>" % (tag, inside, name.encode()) if inside else b"<%b/>" % tag


def _element_prefix(node: XmlNode, scope: Prefixes, near: str, declared: dict[str, str]) -> str:
    if scope.get(near, "") == node.space:
        return near
    for prefix, space in scope.items():
        if space == node.space:
            return prefix
    usual = _USUAL.get(node.space, "") if node.space else ""
    declared[usual] = node.space
    return usual


def _attribute_name(key: str, scope: Prefixes, declared: dict[str, str]) -> str:
    space, _, local = key.rpartition("}")
    if not space:
        return local
    space = space[1:]
    if space == _XML:
        return f"xml:{local}"
    for prefix, bound in scope.items():
        if bound == space and prefix:
            return f"{prefix}:{local}"
    usual = _USUAL.get(space, "ns")
    taken = {*declared, *(() if usual != "ns" else scope)}
    prefix = next(p for p in (usual, *(f"{usual}{n}" for n in range(99))) if p not in taken)
    declared[prefix] = space
    return f"{prefix}:{local}"
