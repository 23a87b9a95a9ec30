"""The changes to one part, said element by element and written as splices.

What is changed within an element that is then taken out is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from budgetinator.workbooks.merging.parts.nodes import OFFICE, XmlNode
from budgetinator.workbooks.patch.splices import Splice
from budgetinator.workbooks.patch.tags import (
    escape_attribute,
    opened_tag,
    set_attribute,
    without_attributes,
)

__all__ = ["Draft", "escape_text"]

_PREFIXES = {OFFICE: "r"}


@dataclass(slots=True)
class _Change:
    attributes: dict[str, str | None] = field(default_factory=dict)
    content: bytes | None = None
    inserted: list[tuple[int, bytes]] = field(default_factory=list)


class Draft:
    """Collects changes to the part whose UTF-8 is `data` and whose tree is `root`.

    `kept` are elements that were replaced by what still refers to what they referred to.
    """

    def __init__(self, data: bytes, root: XmlNode) -> None:
        self.data = data
        self.root = root
        self.kept: set[XmlNode] = set()
        self._changes: dict[XmlNode, _Change] = {}
        self._replaced: dict[XmlNode, bytes] = {}
        self._raw: list[tuple[XmlNode, Splice]] = []
        self._added: dict[XmlNode, int] = {}

    def set_attribute(self, node: XmlNode, name: str, value: str | None) -> None:
        """Set the attribute, or take it away for None."""
        if node.attributes.get(name) != value or name in self._change(node).attributes:
            self._change(node).attributes[name] = value

    def attribute(self, node: XmlNode, name: str) -> str | None:
        """The attribute as it shall be."""
        change = self._changes.get(node)
        if change is not None and name in change.attributes:
            return change.attributes[name]
        return node.attributes.get(name)

    def set_content(self, node: XmlNode, markup: bytes) -> None:
        """Put markup in the place of all that the element contains."""
        self._change(node).content = markup

    def insert(self, parent: XmlNode, after: XmlNode | None, markup: bytes) -> None:
        """Put an element behind a child, or before all; at one place in the order of the calls."""
        at = parent.element.opened if after is None else after.element.end
        self._change(parent).inserted.append((at, markup))
        self._added[parent] = self._added.get(parent, 0) + 1

    def remove(self, node: XmlNode) -> None:
        """Take the element out."""
        self._replaced[node] = b""

    def replace(self, node: XmlNode, markup: bytes) -> None:
        """Put other elements in the place of this one."""
        self._replaced[node] = markup

    def rewrap(self, node: XmlNode, head: bytes, inner: XmlNode | None, tail: bytes) -> None:
        """Put another start and end around what the element has from the child `inner` on."""
        closed = node.element.closed
        begin = closed if inner is None else inner.element.start
        self._raw.append((node, Splice(node.element.start, begin, head)))
        self._raw.append((node, Splice(closed, node.element.end, tail)))

    def is_gone(self, node: XmlNode) -> bool:
        """Whether the element, or one that it is in, is taken out or replaced."""
        at: XmlNode | None = node
        while at is not None:
            if at in self._replaced or (at is not node and self.has_other_content(at)):
                return True
            at = at.parent
        return False

    def has_other_content(self, node: XmlNode) -> bool:
        """Whether all that the element contains is replaced."""
        change = self._changes.get(node)
        return change is not None and change.content is not None

    def remaining(self, parent: XmlNode) -> int:
        """How many children it will have; those put in as a whole count as one."""
        kept = sum(1 for c in parent.children if self._replaced.get(c) != b"")
        return kept + self._added.get(parent, 0)

    def splices(self) -> list[Splice]:
        """All changes, in the order in which they came where they are at one place."""
        found = [
            Splice(node.element.start, node.element.end, markup)
            for node, markup in self._replaced.items()
            if node.parent is None or not self.is_gone(node.parent)
        ]
        found += [splice for node, splice in self._raw if not self.is_gone(node)]
        for node, change in self._changes.items():
            if not self.is_gone(node):
                found += self._of(node, change)
        return found

    def _of(self, node: XmlNode, change: _Change) -> list[Splice]:
        element = node.element
        old = self.data[element.start : element.opened]
        tag = self._tag(node, old, change.attributes)
        content = change.content
        if element.is_empty:
            inside = b"".join((content or b"", *(markup for _, markup in change.inserted)))
            if inside:
                tag = opened_tag(tag) + inside + b"</%b>" % element.name.encode()
            return [Splice(element.start, element.end, tag)] if tag != old else []
        found = [] if tag == old else [Splice(element.start, element.opened, tag)]
        if content is not None:
            found.append(Splice(element.opened, element.closed, content))
        else:
            found += [Splice(at, at, markup) for at, markup in change.inserted]
        return found

    def _tag(self, node: XmlNode, tag: bytes, attributes: dict[str, str | None]) -> bytes:
        for name, value in attributes.items():
            spelt = node.spelling.get(name)
            if value is None:
                if spelt is not None:
                    tag = without_attributes(tag, frozenset({spelt.encode()}))
                continue
            if spelt is None:
                spelt, declared = _spelling(node, name)
                if declared:
                    tag = set_attribute(tag, *declared)
            tag = set_attribute(tag, spelt.encode(), _quoted(value))
        return tag

    def _change(self, node: XmlNode) -> _Change:
        return self._changes.setdefault(node, _Change())


def _spelling(node: XmlNode, name: str) -> tuple[str, tuple[bytes, bytes] | None]:
    """How an attribute is written in a tag, and the declaration that this needs there."""
    space, _, local = name.rpartition("}")
    if not space:
        return local, None
    space = space[1:]
    for prefix, bound in node.scope.items():
        if bound == space and prefix:
            return f"{prefix}:{local}", None
    wanted = _PREFIXES.get(space, "ns")
    prefix = next(p for p in (wanted, *(f"{wanted}{n}" for n in range(99))) if p not in node.scope)
    return f"{prefix}:{local}", (f"xmlns:{prefix}".encode(), _quoted(space))


def _quoted(value: str) -> bytes:
    # The tag may have the value in either kind of quotes.
    return escape_attribute(value).replace(b"'", b"&apos;")


def escape_text(text: str) -> bytes:
    """The text as the content of an element."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;").encode()
