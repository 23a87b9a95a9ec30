"""What changed from one rendering to another, put into the part that the file has.

The trees of `before` and `now` are walked side by side. Where both are alike, the
original's bytes stay. Where they differ, the same difference is made to the element
of the original that `before` shows; what the original has beyond that stays.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

from budgetinator.workbooks.merging.parts.arrival import Arrival
from budgetinator.workbooks.merging.parts.columns import settled_columns
from budgetinator.workbooks.merging.parts.drafts import Draft, escape_text
from budgetinator.workbooks.merging.parts.forms import Form, is_numbering
from budgetinator.workbooks.merging.parts.identity import identity, origins, table_name, versions
from budgetinator.workbooks.merging.parts.nodes import (
    OFFICE,
    XmlNode,
    blank_like,
    is_reference,
)
from budgetinator.workbooks.merging.parts.writing import written
from budgetinator.workbooks.opc.relationships import Relationship

__all__ = ["Links", "PartMerge", "Special"]

_COUNTED = frozenset(
    {"mergeCells", "dataValidations", "rowBreaks", "colBreaks", "tableParts", "tableColumns"}
)
# Lists that are not written when nothing is in them, and that may hold more than openpyxl knows.
_LISTS = (_COUNTED - {"tableColumns"}) | {
    "cols",
    "conditionalFormatting",
    "hyperlinks",
    "scenarios",
}


class Links(Protocol):
    """How a part of the original leads to others, and what is done there."""

    before: Form
    now: Form

    def entry(self, part: str, relationship_id: str) -> Relationship | None:
        """Where a relationship of a part of the original leads."""

    def root(self, part: str) -> XmlNode | None:
        """The root of a part of the original, or None where it is no XML."""

    def bring(self, part: str, entry: Relationship) -> str:
        """Lead from a part of the original to what a relationship of `now` leads to; its id."""

    def merge_targets(self, original: str, before: str | None, now: str | None) -> None:
        """Merge the parts that are led to; None where one of the renderings leads nowhere."""

    def table(self, node: XmlNode) -> XmlNode | None:
        """The table that a `tablePart` of the original leads to."""

    def replaced(self, originals: Sequence[XmlNode], befores: Sequence[XmlNode]) -> None:
        """Note what is lost where elements of the original have to be replaced as a whole."""


_Unread = dict[tuple[tuple[str, str], Hashable], XmlNode]
Special = Callable[["PartMerge", XmlNode, XmlNode, XmlNode], None]


class PartMerge:
    """The merge of one part; `draft` has the changes when it is done.

    `specials` merge the content of elements of these names in their own way.
    """

    def __init__(self, links: Links, draft: Draft, part: str, specials: dict[str, Special]) -> None:
        self.links = links
        self.draft = draft
        self.part = part
        self._specials = specials
        self._last_object = max(map(_object_number, draft.root.walk()), default=0)

    def merge(self, original: XmlNode, before: XmlNode, now: XmlNode) -> None:
        """Make the difference between the two to the element of the original."""
        if self.links.before.key(before) == self.links.now.key(now):
            return
        self._merge_attributes(original, before, now)
        special = self._specials.get(now.local)
        if special is not None:
            special(self, original, before, now)
        elif before.children or now.children:
            self.merge_children(original, before.children, now.children)
        elif before.text != now.text:
            self.draft.set_content(original, escape_text(now.text))
        self._count(original, before, now)

    def merge_children(
        self,
        original: XmlNode,
        befores: list[XmlNode],
        nows: list[XmlNode],
        pool: Sequence[XmlNode] | None = None,
    ) -> None:
        """Make the difference between the children.

        `pool` are the elements of the original that come into question, where they are not
        just its children.
        """
        children = original.children if pool is None else pool
        changes = versions(self.links.before, self.links.now, befores, nows)
        found, unsure = origins(befores, children, self._name_before, self._name_in_original)
        differing = [pair for pair in changes.pairs if not self._alike(*pair)]
        missing = {new for old, new in differing if old not in found} | set(changes.come)
        counterparts = {new: found[old] for old, new in changes.pairs if old in found}
        for tag in unsure & {node.tag for node in (*missing, *changes.gone)}:
            self._replace_all(children, befores, tag)
            missing |= {new for new in nows if new.tag == tag}
            found = {old: each for old, each in found.items() if old.tag != tag}
        for old, new in differing:
            if old in found:
                self.merge(found[old], old, new)
        for old in changes.gone:
            if old in found:
                self.take_out(found[old], old)
        arrival = Arrival(original, nows, counterparts)
        taken = set(found.values())
        free = self._unread([each for each in children if each not in taken])
        for new in nows:
            if new in missing:
                self._bring_in(original, new, free, arrival)

    def take_out(self, original: XmlNode, before: XmlNode) -> None:
        """Take out what is no longer in the rendering; a list keeps what openpyxl does not know."""
        if before.local == "drawing":
            self._merge_reference(original, f"{{{OFFICE}}}id", before, None)
        elif before.local in _LISTS:
            self.merge(original, before, blank_like(before))
            if not self.draft.remaining(original):
                self.draft.remove(original)
        else:
            self.draft.remove(original)

    def markup(self, now: XmlNode, parent: XmlNode) -> bytes:
        """An element of the rendering, written to stand in an element of the original."""
        node = settled_columns(now) if now.local == "cols" else now
        return written(node, parent.scope, parent.element.prefix.rstrip(":"), self._value)

    def finish(self) -> set[str]:
        """The ids of relationships that the part refers to no longer."""
        had: set[str] = set()
        has: set[str] = set()
        for node in self.draft.root.walk():
            gone = self.draft.is_gone(node)
            for name, value in node.references():
                had.add(value)
                kept = self.draft.attribute(node, name)
                if gone and node not in self.draft.kept:
                    kept = None
                if kept is not None:
                    has.add(kept)
        return had - has

    def _alike(self, before: XmlNode, now: XmlNode) -> bool:
        return self.links.before.key(before) == self.links.now.key(now)

    def _merge_attributes(self, original: XmlNode, before: XmlNode, now: XmlNode) -> None:
        for name in dict.fromkeys((*before.attributes, *now.attributes)):
            old, new = before.attributes.get(name), now.attributes.get(name)
            shown = now if name in now.attributes else before
            if is_numbering(shown, name) or (name == "count" and now.local in _COUNTED):
                continue
            if is_reference(name):
                self._merge_reference(original, name, before, now)
            elif old != new:
                self.draft.set_attribute(original, name, new)

    def _merge_reference(
        self, original: XmlNode, name: str, before: XmlNode, now: XmlNode | None
    ) -> None:
        links = self.links
        given = original.attributes.get(name, "")
        entry = links.entry(self.part, given)
        old = links.before.entry(before.part, before.attributes.get(name, ""))
        new = links.now.entry(now.part, now.attributes.get(name, "")) if now else None
        if old is not None and new is not None and now is not None:
            keys = (
                links.before.reference_key(before.part, before.attributes[name]),
                links.now.reference_key(now.part, now.attributes[name]),
            )
            if keys[0] == keys[1]:
                return
        if self._can_merge_targets(entry, new or old):
            assert entry is not None
            links.merge_targets(
                entry.target, old.target if old else None, new.target if new else None
            )
            if new is None:
                self._drop_if_empty(original, entry.target)
        elif new is None:
            self.draft.set_attribute(original, name, None)
        else:
            self.draft.set_attribute(original, name, links.bring(self.part, new))

    def _can_merge_targets(self, entry: Relationship | None, shown: Relationship | None) -> bool:
        if entry is None or shown is None or entry.external or shown.external:
            return False
        is_same_kind = entry.kind == shown.kind != "image"
        return is_same_kind and self.links.root(entry.target) is not None

    def _drop_if_empty(self, original: XmlNode, target: str) -> None:
        root = self.links.root(target)
        if root is not None and not root.children:
            self.draft.remove(original)

    def _bring_in(self, original: XmlNode, now: XmlNode, free: _Unread, arrival: Arrival) -> None:
        """Put in what `before` does not show, or make it of what openpyxl does not read."""
        name = self._name_now(now)
        there = None
        if name is not None or arrival.is_alone(now):
            there = free.get((now.tag, name))
        if there is not None:
            self.merge(there, blank_like(now), now)
            arrival.note(now, there)
            return
        choice = arrival.choice_of(now)
        if choice is not None:
            self.draft.replace(choice, self.markup(now, original))
            return
        after = arrival.place(now)
        parent = original if after is None or after.parent is None else after.parent
        self.draft.insert(parent, after, self.markup(now, parent))

    def _unread(self, originals: Sequence[XmlNode]) -> _Unread:
        """The elements that no rendering shows, by kind and name; the last of those alike."""
        return {
            (each.tag, self._name_in_original(each)): each
            for each in originals
            if not self.draft.is_gone(each)
        }

    def _replace_all(
        self, originals: Sequence[XmlNode], befores: Sequence[XmlNode], tag: tuple[str, str]
    ) -> None:
        """Take out all of one kind, as it is not known which of them `before` shows."""
        mine = [each for each in originals if each.tag == tag]
        self.links.replaced(mine, [each for each in befores if each.tag == tag])
        for each in mine:
            self.draft.remove(each)

    def _count(self, original: XmlNode, before: XmlNode, now: XmlNode) -> None:
        is_counted = now.local in _COUNTED and "count" in original.attributes
        if is_counted and len(before.children) != len(now.children):
            self.draft.set_attribute(original, "count", str(self.draft.remaining(original)))

    def _value(self, node: XmlNode, name: str, value: str) -> str:
        if is_reference(name):
            entry = None if is_numbering(node, name) else self.links.now.entry(node.part, value)
            return self.links.bring(self.part, entry) if entry else ""
        if node.local == "cNvPr" and name == "id":
            self._last_object += 1
            return str(self._last_object)
        return value

    def _name_before(self, node: XmlNode) -> Hashable:
        if node.local == "tablePart":
            return table_name(self.links.before.table, node)
        return identity(node)

    def _name_now(self, node: XmlNode) -> Hashable:
        if node.local == "tablePart":
            return table_name(self.links.now.table, node)
        return identity(node)

    def _name_in_original(self, node: XmlNode) -> Hashable:
        if node.local == "tablePart":
            return table_name(self.links.table, node)
        return identity(node)


def _object_number(node: XmlNode) -> int:
    number = node.attributes.get("id", "")
    return int(number) if node.local == "cNvPr" and number.isascii() and number.isdigit() else 0
