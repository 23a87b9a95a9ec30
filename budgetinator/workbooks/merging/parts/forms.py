"""What openpyxl wrote, read into nodes that can be compared.

Both renderings come from the same writer, so a plain comparison suffices. Only what
it numbers anew at each writing is left out, and ids of relationships count as what
they lead to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from budgetinator.workbooks.losses.tree import Parts
from budgetinator.workbooks.merging.parts.nodes import (
    XmlNode,
    is_reference,
    parse_nodes,
    plain_name,
)
from budgetinator.workbooks.opc.relationships import Relationship
from budgetinator.workbooks.patch.elements import MarkupError

__all__ = ["Form", "is_numbering"]

# By element and attribute; `name` is openpyxl's own only where it is one of `_GIVEN`.
_NUMBERED = {("table", "id"), ("cNvPr", "id")}
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/"
_LED_TO = {("chart", "id"), ("blip", "embed")}
# What openpyxl holds in sets, which come in any order.
_UNORDERED = {"mergeCells", "hyperlinks"}
_GIVEN = re.compile(r"(Chart|Image) \d+")


class Form:
    """The parts of one rendering, each read once."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._styles = _styles_of(parts)
        self._roots: dict[str, XmlNode | None] = {}
        self._entries: dict[str, dict[str, Relationship]] = {}
        self._keys: dict[XmlNode, bytes] = {}
        self._part_keys: dict[str, bytes] = {}

    def root(self, part: str) -> XmlNode | None:
        """The part's root, or None where it is no XML."""
        if part not in self._roots:
            try:
                self._roots[part] = parse_nodes(self.parts.read(part), part)
            except MarkupError:
                self._roots[part] = None
        return self._roots[part]

    def entry(self, part: str, relationship_id: str) -> Relationship | None:
        """The relationship of this id."""
        if part not in self._entries:
            entries = self.parts.relationships(part)
            self._entries[part] = {entry.id: entry for entry in entries}
        return self._entries[part].get(relationship_id)

    def key(self, node: XmlNode) -> bytes:
        """The same for all that mean the same."""
        if node not in self._keys:
            self._keys[node] = self._digest(node, frozenset())
        return self._keys[node]

    def key_without(self, node: XmlNode, names: frozenset[str]) -> bytes:
        """The key that the element would have without these attributes."""
        return self._digest(node, names)

    def reference_key(self, part: str, relationship_id: str) -> bytes:
        """The same for all relationships that lead to the same."""
        entry = self.entry(part, relationship_id)
        if entry is None:
            return b"leads nowhere"
        if entry.external:
            return f"{entry.kind} outside {entry.target}".encode()
        return entry.kind.encode() + b" " + self.part_key(entry.target)

    def table(self, node: XmlNode) -> XmlNode | None:
        """The table that a `tablePart` leads to."""
        for _, relationship_id in node.references():
            entry = self.entry(node.part, relationship_id)
            if entry is not None and not entry.external and self.parts.has(entry.target):
                return self.root(entry.target)
        return None

    def style(self, number: str | None) -> object:
        """What a cell style's number means; one style may have several numbers."""
        if number is not None and number.isascii() and number.isdigit():
            index = int(number)
            return tuple(self._styles[index]) if index < len(self._styles) else number
        return number

    def part_key(self, part: str) -> bytes:
        """The same for all parts of one meaning, with all that they lead to."""
        if part not in self._part_keys:
            self._part_keys[part] = b"above"
            root = self.root(part)
            digest = hashlib.blake2b(digest_size=16)
            digest.update(self.parts.read(part) if root is None else self.key(root))
            for entry in sorted(self.parts.relationships(part), key=lambda entry: entry.target):
                digest.update(self.reference_key(part, entry.id))
            self._part_keys[part] = digest.digest()
        return self._part_keys[part]

    def _digest(self, node: XmlNode, without: frozenset[str]) -> bytes:
        digest = hashlib.blake2b(digest_size=16)
        digest.update(f"{node.space} {node.local}\0{node.text}\0".encode("utf-8", "surrogatepass"))
        for name, value in sorted(node.attributes.items()):
            if name in without or is_numbering(node, name):
                continue
            digest.update(name.encode() + b"=")
            if node.local == "col" and name == "style":
                digest.update(f"{self.style(value)}\0".encode())
            elif is_reference(name):
                digest.update(self.reference_key(node.part, value) + b"\0")
            else:
                digest.update(value.encode("utf-8", "surrogatepass") + b"\0")
        keys = [self.key(child) for child in node.children]
        for key in sorted(keys) if node.local in _UNORDERED else keys:
            digest.update(key)
        return digest.digest()


def _styles_of(parts: Parts) -> Sequence[Iterable[int]]:
    """The table of cell styles of the workbook that was rendered, if it was one."""
    workbook: object = getattr(parts, "workbook", None)
    styles: Sequence[Iterable[int]] = getattr(workbook, "_cell_styles", ())
    return styles


def is_numbering(node: XmlNode, name: str) -> bool:
    """Whether the attribute is a number that openpyxl gave, or one that it failed to give anew.

    Of the relationships of a drawing it writes those of charts and pictures only, and
    leaves the ids of others where they were, to mean what they may.
    """
    if is_reference(name):
        return node.space.startswith(_DRAWING) and (node.local, plain_name(name)) not in _LED_TO
    if node.local == "cNvPr" and name == "name":
        return _GIVEN.fullmatch(node.attributes[name]) is not None
    return (node.local, name) in _NUMBERED
