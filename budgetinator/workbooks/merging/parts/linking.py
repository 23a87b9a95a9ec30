"""Parts merged with the parts that they lead to, and parts brought in from a rendering."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.losses.tree import Parts
from budgetinator.workbooks.merging.parts.anchors import merge_anchors
from budgetinator.workbooks.merging.parts.columns import merge_columns
from budgetinator.workbooks.merging.parts.drafts import Draft
from budgetinator.workbooks.merging.parts.formats import merge_formats
from budgetinator.workbooks.merging.parts.forms import Form
from budgetinator.workbooks.merging.parts.frames import SheetFrame
from budgetinator.workbooks.merging.parts.headers import merge_header
from budgetinator.workbooks.merging.parts.hyperlinks import merge_hyperlinks
from budgetinator.workbooks.merging.parts.nodes import XmlNode, blank_like, parse_nodes
from budgetinator.workbooks.merging.parts.relations import Relations, written_relationships
from budgetinator.workbooks.merging.parts.sections import section_losses
from budgetinator.workbooks.merging.parts.threeway import PartMerge, Special
from budgetinator.workbooks.opc.relationships import Relationship, relationships_name
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.parts import damaged_part
from budgetinator.workbooks.patch.splices import splice_bytes
from budgetinator.workbooks.patch.tags import escape_attribute, set_attribute

__all__ = ["PartMerger"]

_RELATIONSHIPS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
_TABLE_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.table+xml"
# What is handled elsewhere: cells and rows, and the comments' boxes.
_NOT_OF_THE_FRAME = frozenset({"sheetData", "dimension", "legacyDrawing"})
_SPECIALS: dict[str, Special] = {
    "cols": merge_columns,
    "hyperlinks": merge_hyperlinks,
    "conditionalFormatting": merge_formats,
    "wsDr": merge_anchors,
    "oddHeader": merge_header,
    "oddFooter": merge_header,
    "evenHeader": merge_header,
    "evenFooter": merge_header,
    "firstHeader": merge_header,
    "firstFooter": merge_header,
}
_DIGITS = re.compile(r"\d+")


class PartMerger:
    """Applies what changed from one rendering to the other to a package; see `Links`.

    `losses` are what the original had beyond a rendering where it had to be replaced.
    """

    def __init__(self, edit: PackageEdit, before: Parts, now: Parts) -> None:
        self.edit = edit
        self.before = Form(before)
        self.now = Form(now)
        self.losses: list[Loss] = []
        self._brought: dict[str, str] = {}
        self._references: dict[tuple[str, str, str], str] = {}
        self._relations = Relations(edit)
        self._merged: set[tuple[str, str | None, str | None]] = set()
        self._sheet: str | None = None

    def merge_part(
        self, original: str, before: str, now: str, *, apart: frozenset[str] = frozenset()
    ) -> None:
        """Merge a part and what it leads to; `apart` are children of the root to leave alone.

        Raises WorkbookDamaged where the original's markup is broken.
        """
        self._merge_small(original, self.before.root(before), self.now.root(now), apart)

    def merge_sheet(
        self, original: str, before: str, now: str, *, apart: frozenset[str] = frozenset()
    ) -> None:
        """Merge a worksheet but for its cells, rows and comments, as splices in its stream.

        `apart` are further children of the root to leave alone.

        Where cells or comments put something in at the same place, the order of the calls
        is the order of the splices: cells first, then this, then the comments.
        """
        old, new = self.before.root(before), self.now.root(now)
        assert old is not None
        assert new is not None
        if self.before.key(old) == self.now.key(new):
            return
        streamed = self.edit.streamed_part(original)
        self._sheet = self._sheet_name(original)
        try:
            frame = SheetFrame.read(streamed.source, original)
            merge = PartMerge(self, Draft(frame.data, frame.root), original, _SPECIALS)
            _merge_root(merge, old, new, _NOT_OF_THE_FRAME | apart)
        except MarkupError as error:
            raise damaged_part(self.edit.package, original, str(error)) from error
        finally:
            self._sheet = None
        first, rest = frame.placed(merge.draft.splices())
        streamed.splices[:0] = first
        streamed.splices += rest
        self._drop(merge)

    def bring_part(self, now: str) -> str:
        """Copy a part of `now` with all it leads to, under free names; the name it has got."""
        if now in self._brought:
            return self._brought[now]
        parts = self.now.parts
        media = parts.content_type(now) or "application/octet-stream"
        data = parts.read(now)
        if media == _TABLE_TYPE:
            data = self._as_new_table(data, now)
        name = self._brought[now] = self.edit.add_part(now, data, media)
        entries = [
            entry if entry.external else replace(entry, target=self.bring_part(entry.target))
            for entry in parts.relationships(now)
        ]
        if entries:
            rels = written_relationships(entries)
            self.edit.add_part(relationships_name(name), rels, _RELATIONSHIPS_TYPE)
        return name

    # What PartMerge asks for.

    def entry(self, part: str, relationship_id: str) -> Relationship | None:
        """Where a relationship of a part of the original leads."""
        return self._relations.entry(part, relationship_id)

    def root(self, part: str) -> XmlNode | None:
        """The root of a part of the original as it is now, or None where it is no XML."""
        if not self.edit.has(part):
            return None
        try:
            return parse_nodes(self.edit.part(part).data, part)
        except (MarkupError, UnicodeDecodeError):
            return None

    def table(self, node: XmlNode) -> XmlNode | None:
        """The table that a `tablePart` of the original leads to."""
        for _, relationship_id in node.references():
            entry = self.entry(node.part, relationship_id)
            if entry is not None and not entry.external:
                return self.root(entry.target)
        return None

    def bring(self, part: str, entry: Relationship) -> str:
        """Lead from a part of the original to what a relationship of `now` leads to; its id."""
        target = entry.target if entry.external else self.bring_part(entry.target)
        key = (part, entry.type, target)
        if key not in self._references:
            self._references[key] = self._relations.add(
                part, entry.type, target, external=entry.external
            )
        return self._references[key]

    def merge_targets(self, original: str, before: str | None, now: str | None) -> None:
        """Merge the parts that are led to; None where one of the renderings leads nowhere."""
        if (original, before, now) in self._merged:
            return
        self._merged.add((original, before, now))
        old = self.before.root(before) if before else None
        new = self.now.root(now) if now else None
        self._merge_small(original, old, new, frozenset())

    def replaced(self, originals: Sequence[XmlNode], befores: Sequence[XmlNode]) -> None:
        """Note what is lost where elements of the original have to be replaced as a whole."""
        self.losses += section_losses(self.edit, originals, self.before, befores, self._sheet)

    def _merge_small(
        self, original: str, old: XmlNode | None, new: XmlNode | None, apart: frozenset[str]
    ) -> None:
        shown = new or old
        assert shown is not None
        old, new = old or blank_like(shown), new or blank_like(shown)
        if self.before.key(old) == self.now.key(new):
            return
        part = self.edit.part(original)
        try:
            root = parse_nodes(part.data, original)
            merge = PartMerge(self, Draft(part.data, root), original, _SPECIALS)
            _merge_root(merge, old, new, apart)
        except MarkupError as error:
            raise damaged_part(self.edit.package, original, str(error)) from error
        splices = merge.draft.splices()
        if splices:
            part.edit(lambda data: splice_bytes(data, splices))
        self._drop(merge)

    def _drop(self, merge: PartMerge) -> None:
        self._relations.remove(merge.part, merge.finish())

    def _as_new_table(self, data: bytes, part: str) -> bytes:
        """A table with an id and a name that no other has (ECMA-376 part 1, section 18.5.1.2)."""
        taken_ids, taken_names = {0}, set()
        for root in self._tables():
            if _DIGITS.fullmatch(root.attributes.get("id", "")):
                taken_ids.add(int(root.attributes["id"]))
            taken_names.add(root.attributes.get("displayName", "").casefold())
        root = parse_nodes(data, part)
        given = root.attributes.get("displayName", "Table")
        names = (given, *(f"{given}_{n}" for n in range(1, len(taken_names) + 2)))
        name = next(each for each in names if each.casefold() not in taken_names)
        tag = data[root.element.start : root.element.opened]
        tag = set_attribute(tag, b"id", str(max(taken_ids) + 1).encode())
        if name != given:
            tag = set_attribute(tag, b"displayName", escape_attribute(name))
            tag = set_attribute(tag, b"name", escape_attribute(name))
        return data[: root.element.start] + tag + data[root.element.opened :]

    def _tables(self) -> list[XmlNode]:
        package = self.edit.package
        names = [n for n in package.names if package.content_type(n) == _TABLE_TYPE]
        names = [n for n in names if package.has(n) and not self.edit.is_removed(n)]
        names += [part.name for part in self.edit.added_parts() if b"table" in part.data[:400]]
        roots = (self.root(name) for name in names)
        return [root for root in roots if root is not None and root.local == "table"]

    def _sheet_name(self, part: str) -> str | None:
        key = part.lower()
        return next((s.name for s in self.edit.package.sheets if s.part.lower() == key), None)


def _merge_root(merge: PartMerge, old: XmlNode, new: XmlNode, apart: frozenset[str]) -> None:
    original = merge.draft.root
    if not apart:
        merge.merge(original, old, new)
        return
    merge.merge_children(
        original,
        [child for child in old.children if child.local not in apart],
        [child for child in new.children if child.local not in apart],
    )
