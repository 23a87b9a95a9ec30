"""The workbook's own part while it is edited: its tree, and the changes to it so far."""

from __future__ import annotations

from collections.abc import Callable

from budgetinator.workbooks.merging.parts.drafts import Draft, escape_text
from budgetinator.workbooks.merging.parts.nodes import OFFICE, XmlNode, parse_nodes
from budgetinator.workbooks.merging.parts.order import child_rank
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.splices import splice_bytes
from budgetinator.workbooks.patch.tags import escape_attribute

__all__ = ["REFERENCE", "BookPart", "edit_part"]

REFERENCE = f"{{{OFFICE}}}id"


class BookPart:
    """A part whose children have an order, edited by a draft.

    New elements are written in the vocabulary of the root, whatever prefix it uses.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.root = parse_nodes(data, name)
        self.draft = Draft(data, self.root)
        self.data = data
        self._new: dict[str, list[bytes]] = {}

    def child(self, local: str) -> XmlNode | None:
        """The child of the root that has this name."""
        return self.root.find(local)

    def children(self, local: str, inner: str) -> list[XmlNode]:
        """The children `inner` of the root's child `local`."""
        parent = self.child(local)
        if parent is None:
            return []
        return [node for node in parent.children if node.tag == (self.root.space, inner)]

    def markup(
        self,
        local: str,
        attributes: dict[str, str],
        *,
        text: str | None = None,
        reference: str | None = None,
        content: bytes = b"",
    ) -> bytes:
        """An element for this part; `reference` is the id of a relationship."""
        name = self.root.element.prefix.encode() + local.encode()
        look = [(key.encode(), escape_attribute(value)) for key, value in attributes.items()]
        if reference is not None:
            look += self._reference(reference)
        tag = name + b"".join(b' %b="%b"' % pair for pair in look)
        inside = content if text is None else escape_text(text)
        return b"<%b>%b</%b>" % (tag, inside, name) if inside else b"<%b/>" % tag

    def add_child(self, markup: bytes, local: str) -> None:
        """Put a new child into the root, at its place in the schema's order."""
        rank = child_rank(self.root.local, local)
        after = None
        for node in self.root.children:
            known = child_rank(self.root.local, node.local)
            if rank is None or known is None or known <= rank:
                after = node
        self.draft.insert(self.root, after, markup)

    def add_to(self, local: str, markup: bytes) -> None:
        """Put a new element at the end of the root's child `local`, which is made if need be."""
        parent = self.child(local)
        if parent is None or self.draft.is_gone(parent):
            self._new.setdefault(local, []).append(markup)
            return
        self.draft.insert(parent, parent.children[-1] if parent.children else None, markup)

    def remove(self, node: XmlNode) -> None:
        """Take an element out, and those around it that would be empty then."""
        self.draft.remove(node)
        parent = node.parent
        if parent is not None and parent.parent is not None and not self.draft.remaining(parent):
            self.remove(parent)

    def result(self) -> bytes:
        """The part as it shall be."""
        for local, pieces in self._new.items():
            self.add_child(self.markup(local, {}, content=b"".join(pieces)), local)
        self._new.clear()
        splices = self.draft.splices()
        return splice_bytes(self.data, splices) if splices else self.data

    def _reference(self, value: str) -> list[tuple[bytes, bytes]]:
        for prefix, space in self.root.scope.items():
            if space == OFFICE and prefix:
                return [(f"{prefix}:id".encode(), escape_attribute(value))]
        free = "r" if "r" not in self.root.scope else "relationship"
        return [
            (f"xmlns:{free}".encode(), OFFICE.encode()),
            (f"{free}:id".encode(), escape_attribute(value)),
        ]


def edit_part(edit: PackageEdit, name: str, change: Callable[[BookPart], None]) -> bool:
    """Change a part of the package by its tree; whether it is any different then."""

    def changed(data: bytes) -> bytes:
        part = BookPart(data, name)
        change(part)
        return part.result()

    before = edit.part(name).data
    edit.part(name).edit(changed)
    return edit.part(name).data != before
