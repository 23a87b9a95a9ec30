"""A package as one tree, in which two spellings of the same thing look the same.

Namespace prefixes, the order of attributes and elements, the names of parts and the
ids of relationships vary between programs and mean nothing. So each part is read
into nodes without them, and where an element points at another part, or at a style
by its number, what it points at hangs below it. Cells are not in the tree: there are
too many of them, and `cells` scans them as bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from budgetinator.workbooks.losses import rules
from budgetinator.workbooks.losses.notes import comment_node, note_nodes
from budgetinator.workbooks.losses.rules import local
from budgetinator.workbooks.losses.styles import Styles
from budgetinator.workbooks.opc.relationships import Relationship

__all__ = ["Node", "Parts", "TreeReader"]

_RELATIONSHIPS = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}",
)
_AXES = ("catAx", "valAx", "dateAx", "serAx")


class Parts(Protocol):
    """What is asked of a package."""

    @property
    def names(self) -> tuple[str, ...]: ...
    def has(self, name: str) -> bool: ...
    def read(self, name: str) -> bytes: ...
    def content_type(self, name: str) -> str | None: ...
    def relationships(self, part: str = "") -> tuple[Relationship, ...]: ...


@dataclass(slots=True)
class Node:
    """An element without its spelling; `key` is the same for all that mean the same."""

    tag: str
    part: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Node] = field(default_factory=list)
    key: bytes = b""

    def seal(self) -> Node:
        """Compute the key; the node and its children must not change any more."""
        digest = hashlib.blake2b(digest_size=16)
        for piece in (self.tag, self.text, *map("=".join, sorted(self.attributes.items()))):
            digest.update(piece.encode("utf-8", "surrogatepass") + b"\0")
        for key in sorted(child.key for child in self.children):
            digest.update(key)
        self.key = digest.digest()
        return self


class TreeReader:
    """Reads the parts of one package into nodes; `met` are the parts it came by, in lower case."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._known: dict[str, Node] = {}
        self._under_way: set[str] = set()
        self.styles = Styles(None)
        self.with_macros = any(name.lower().endswith("vbaproject.bin") for name in parts.names)
        self.met: set[str] = set()

    def package(self) -> Node:
        """The whole package, from its own relationships down."""
        self.styles = Styles(self._style_sheet())
        root = Node("package", "")
        for entry in self._parts.relationships():
            root.children += self.target(entry, "")
        return root.seal()

    def _style_sheet(self) -> Element | None:
        for entry in self._parts.relationships():
            if entry.kind == "officeDocument":
                for inner in self._parts.relationships(entry.target):
                    if inner.kind == "styles" and self._parts.has(inner.target):
                        return ET.fromstring(  # noqa: S314 - the package lets no DTD in
                            self._parts.read(inner.target)
                        )
        return None

    def _part(self, name: str, kind: str) -> Node:
        key = name.lower()
        self.met.add(key)
        if key in self._known:
            return self._known[key]
        if key in self._under_way or not self._parts.has(name):
            return Node("above" if key in self._under_way else "missing", name).seal()
        self._under_way.add(key)
        node = self._known[key] = self._read(name, kind)
        self._under_way.discard(key)
        return node

    def _read(self, name: str, kind: str) -> Node:
        content = self._parts.read(name)
        entries = {entry.id: entry for entry in self._parts.relationships(name)}
        used: set[str] = set()
        try:
            element = ET.fromstring(content)  # noqa: S314 - the package lets no DTD in
        except ET.ParseError:
            node = Node("binary", name, {"sha256": hashlib.sha256(content).hexdigest()})
        else:
            if kind == "vmlDrawing":
                node = Node(
                    "drawing of notes", name, children=self._converted(note_nodes(element), name)
                )
            else:
                node = _Branch(self, name, entries, used).node(element)
            if local(element.tag) == "workbook":
                node.children += self._converted(self.styles.elements(), name)
        for entry in entries.values():
            if entry.id not in used:
                node.children += self.target(entry, name)
        return node.seal()

    def target(self, entry: Relationship, part: str) -> list[Node]:
        if entry.kind in rules.IGNORED_PARTS:
            self.met.add(entry.target.lower())
            return []
        label = f"to {entry.kind}"
        if entry.external:
            return [Node(label, part, {"target": entry.target}).seal()]
        below = self._part(entry.target, entry.kind)
        if not below.children and not below.attributes and below.tag == "Properties":
            return []  # nothing in it is the user's own
        return [Node(label, entry.target, children=[below]).seal()]

    def _converted(self, elements: Iterable[Element], part: str) -> list[Node]:
        branch = _Branch(self, part, {}, set())
        return [branch.node(element) for element in elements]


@dataclass(slots=True)
class _Branch:
    """The nodes of one part."""

    tree: TreeReader
    part: str
    entries: dict[str, Relationship]
    used: set[str]
    axes: dict[str, str] = field(default_factory=dict)

    def node(self, element: Element) -> Node:
        if local(element.tag) == "plotArea":
            self.axes = _axis_names(element)
        if local(element.tag) == "comments":
            element = comment_node(element)
        node = Node(local(element.tag), self.part)
        for name, value in element.attrib.items():
            self._attribute(node, name, value)
        for child in element:
            if not rules.element_is_ignored(node.tag, child):
                node.children.append(self.node(child))
        text = element.text or ""
        if not len(element) and (text.strip() or node.tag == "t"):
            node.text = rules.normal_text(node.tag, text, dict(element.attrib))
        if node.tag in {"axId", "crossAx"}:
            node.attributes["val"] = self.axes.get(element.get("val", ""), "")
        return node.seal()

    def _attribute(self, node: Node, name: str, value: str) -> None:
        plain = local(name) if name[0] == "{" else name
        if name.startswith(_RELATIONSHIPS):
            self._reference(node, plain, value)
        elif name[0] == "{" and name[1:].rpartition("}")[0] in rules.IGNORED_NAMESPACES:
            return
        elif plain.lower().endswith("dxfid"):
            # The number of a format says nothing; the format below it does.
            node.children += self._style(self.tree.styles.differential(value), plain)
        elif node.tag == "col" and plain == "style":
            node.children += self._style(self.tree.styles.cell(value), plain)
        elif not rules.attribute_is_ignored(node.tag, plain) and not self._is_given_name(
            node.tag, plain
        ):
            normal = rules.normal_attribute(node.tag, plain, value)
            if normal is not None:
                node.attributes[plain] = normal

    def _is_given_name(self, tag: str, name: str) -> bool:
        # The name of a picture or chart matters to macros alone.
        return tag == "cNvPr" and name == "name" and not self.tree.with_macros

    def _reference(self, node: Node, name: str, value: str) -> None:
        self.used.add(value)
        if value in self.entries:
            node.children += self.tree.target(self.entries[value], self.part)
        elif value:
            node.attributes[name] = "leads nowhere"

    def _style(self, element: Element | None, name: str) -> list[Node]:
        if element is None or not (len(element) or element.attrib):
            return []
        return [Node(name, self.part, children=[self.node(element)]).seal()]


def _axis_names(plot_area: Element) -> dict[str, str]:
    """Names for the ids of axes, which programs number as they like."""
    names: dict[str, str] = {}
    seen: dict[str, int] = {}
    for axis in plot_area:
        tag = local(axis.tag)
        if tag in _AXES:
            seen[tag] = seen.get(tag, 0) + 1
            number = next((each.get("val", "") for each in axis if local(each.tag) == "axId"), "")
            names[number] = f"{tag} {seen[tag]}"
    return names
