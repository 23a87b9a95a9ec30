"""Relationships of the original's parts, looked up often and written once.

A sheet may get thousands of links: each part's relationships are parsed once, and what
comes and goes is put into the package's edit by `flush`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from budgetinator.workbooks.opc.relationships import Relationship, relationships_name
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import Element, parse_elements
from budgetinator.workbooks.patch.splices import Splice, splice_bytes
from budgetinator.workbooks.patch.tags import escape_attribute, opened_tag
from budgetinator.workbooks.patch.workbookxml import without_children

__all__ = ["Relations", "written_relationships"]

_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
_SPACE = b"http://schemas.openxmlformats.org/package/2006/relationships"


class Relations:
    """Where the parts of one edit lead, with what is still to be written."""

    def __init__(self, edit: PackageEdit) -> None:
        self._edit = edit
        self._entries: dict[str, dict[str, Relationship]] = {}
        self._pending: dict[str, list[Relationship]] = {}
        self._last: dict[str, int] = {}

    def entry(self, part: str, relationship_id: str) -> Relationship | None:
        """The relationship of this id."""
        return self._of(part).get(relationship_id)

    def add(self, part: str, kind: str, target: str, *, external: bool) -> str:
        """Lead from a part to another, or to an address outside; the new id."""
        taken = self._of(part)
        number = self._last.get(part, 0) + 1
        while f"rId{number}" in taken:
            number += 1
        self._last[part] = number
        entry = Relationship(f"rId{number}", kind, target, external)
        taken[entry.id] = entry
        self._pending.setdefault(part, []).append(entry)
        return entry.id

    def remove(self, part: str, ids: Iterable[str]) -> None:
        """Lead there no more; ids that lead nowhere are passed over."""
        self.flush()
        gone = [entry for each in ids if (entry := self._of(part).pop(each, None)) is not None]
        outside = {entry.id for entry in gone if entry.external}
        if outside:

            def concerned(element: Element) -> bool:
                return element.attributes.get("Id") in outside

            rels = self._edit.part(relationships_name(part))
            rels.edit(lambda data: without_children(data, concerned))
        for entry in gone:
            if not entry.external:
                self._edit.remove_relationship(part, entry.id)

    def flush(self) -> None:
        """Write what was added, so that others see it; what they have added is seen then too."""
        pending, self._pending = self._pending, {}
        for part, entries in pending.items():
            name = relationships_name(part)
            if self._edit.has(name):
                self._edit.part(name).edit(partial(_with, entries=entries))
            else:
                self._edit.add_part(name, written_relationships(entries), _TYPE)
        self._entries.clear()
        self._last.clear()

    def _of(self, part: str) -> dict[str, Relationship]:
        if part not in self._entries:
            found = self._edit.relationships(part)
            self._entries[part] = {entry.id: entry for entry in found}
        return self._entries[part]


def written_relationships(entries: Iterable[Relationship]) -> bytes:
    """A relationships part with these."""
    return b'<Relationships xmlns="%b">%b</Relationships>' % (_SPACE, _lines(entries, b""))


def _with(data: bytes, entries: Iterable[Relationship]) -> bytes:
    root = parse_elements(data)
    lines = _lines(entries, root.prefix.encode())
    if root.is_empty:
        tag = opened_tag(data[root.start : root.opened])
        markup = tag + lines + b"</%b>" % root.name.encode()
        return splice_bytes(data, (Splice(root.start, root.end, markup),))
    return splice_bytes(data, (Splice(root.closed, root.closed, lines),))


def _lines(entries: Iterable[Relationship], prefix: bytes) -> bytes:
    return b"".join(_line(entry, prefix) for entry in entries)


def _line(entry: Relationship, prefix: bytes) -> bytes:
    target = entry.target if entry.external else f"/{entry.target}"
    mode = b' TargetMode="External"' if entry.external else b""
    values = map(escape_attribute, (entry.id, entry.type, target))
    return b'<%bRelationship Id="%b" Type="%b" Target="%b"%b/>' % (prefix, *values, mode)
