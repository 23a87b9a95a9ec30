"""The elements of a part with their namespaces, and where the bytes of each one stand.

Two spellings of a name are the same here: a tag or an attribute is known by its
namespace and local name, whatever prefix the part uses for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from budgetinator.workbooks.patch.elements import Element, MarkupError, parse_elements

__all__ = [
    "COMPATIBILITY",
    "OFFICE",
    "SHEET",
    "SHEET_DRAWING",
    "Prefixes",
    "XmlNode",
    "blank_like",
    "is_reference",
    "parse_nodes",
    "plain_name",
]

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_XML = "http://www.w3.org/XML/1998/namespace"

Prefixes = Mapping[str, str]  # what each prefix is bound to; "" is the default namespace


@dataclass(slots=True, eq=False)
class XmlNode:
    """One element; `attributes` are by `{namespace}local`, or by the local name alone."""

    element: Element
    space: str
    local: str
    part: str
    scope: Prefixes
    attributes: dict[str, str]
    spelling: dict[str, str]
    parent: XmlNode | None = None
    children: list[XmlNode] = field(default_factory=list)

    @property
    def tag(self) -> tuple[str, str]:
        """What it is: namespace and local name."""
        return self.space, self.local

    @property
    def text(self) -> str:
        """Its own character data, without what stands between child elements."""
        return "" if self.children else self.element.text

    def find(self, local: str) -> XmlNode | None:
        """The first child of this name in the same namespace."""
        return next((c for c in self.children if c.tag == (self.space, local)), None)

    def walk(self) -> Iterator[XmlNode]:
        """The node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def references(self) -> Iterator[tuple[str, str]]:
        """The attributes that are ids of relationships: name and id."""
        for name, value in self.attributes.items():
            if is_reference(name) and value:
                yield name, value


def is_reference(name: str) -> bool:
    """Whether an attribute of this name is the id of a relationship."""
    return name.startswith(_REFERENCE)


_REFERENCE = f"{{{OFFICE}}}"


def parse_nodes(data: bytes, part: str) -> XmlNode:
    """The root of a part in UTF-8; MarkupError where it is not well-formed or a prefix unbound."""
    return _node(parse_elements(data), part, {"xml": _XML}, None)


def blank_like(node: XmlNode) -> XmlNode:
    """An element of the same name in which nothing is said."""
    element = Element(node.element.name, {}, 0, 0, 0, 0)
    return XmlNode(element, node.space, node.local, node.part, node.scope, {}, {})


def plain_name(name: str) -> str:
    """The local name of an attribute."""
    return name.rpartition("}")[2]


def _node(element: Element, part: str, scope: Prefixes, parent: XmlNode | None) -> XmlNode:
    bound = {
        name[6:]: value for name, value in element.attributes.items() if name.startswith("xmlns:")
    }
    if "xmlns" in element.attributes:
        bound[""] = element.attributes["xmlns"]
    if bound:
        scope = {**scope, **bound}
    node = XmlNode(element, _bound(element.prefix, scope), element.local, part, scope, {}, {})
    node.parent = parent
    for name, value in element.attributes.items():
        if name != "xmlns" and not name.startswith("xmlns:"):
            prefix, _, local = name.rpartition(":")
            key = f"{{{_bound(prefix + ':', scope)}}}{local}" if prefix else name
            node.attributes[key] = value
            node.spelling[key] = name
    node.children = [_node(child, part, scope, node) for child in element.children]
    return node


def _bound(prefix: str, scope: Prefixes) -> str:
    space = scope.get(prefix.rstrip(":"))
    if space is None:
        if not prefix:
            return ""
        raise MarkupError(f"its prefix {prefix} is bound to nothing")
    return space
