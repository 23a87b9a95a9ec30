"""What a package shall be otherwise, before a byte of it is written.

Parts are changed, added and taken away here, and their content types and
relationships with them (ECMA-376 part 2, sections 6.2.3 and 6.5). A part that only
led from what was taken away goes too; one that nothing led to before stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.relationships import (
    Relationship,
    parse_content_types,
    parse_relationships,
    relationships_name,
)
from budgetinator.workbooks.patch.elements import Element
from budgetinator.workbooks.patch.encoding import UTF8
from budgetinator.workbooks.patch.parts import PartSource, SmallPart
from budgetinator.workbooks.patch.splices import Splice
from budgetinator.workbooks.patch.workbookxml import with_child, without_children

__all__ = ["CONTENT_TYPES", "PackageEdit", "StreamedPart"]

CONTENT_TYPES = "[Content_Types].xml"

_RELATIONSHIPS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
_NO_RELATIONSHIPS = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'
)
Relationships = Callable[[str], tuple[Relationship, ...]]

_NUMBERED = re.compile(r"(?P<stem>.*?)\d*(?P<ending>\.[^./]*)?$")


@dataclass(slots=True)
class StreamedPart:
    """A part that is too large to be held: its source, and the splices that change it."""

    source: PartSource
    splices: list[Splice] = field(default_factory=list)


class PackageEdit:
    """The changes to one package; the package itself stays as it is, and the caller's."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.streamed: dict[str, StreamedPart] = {}
        self._small: dict[str, SmallPart] = {}
        self._added: dict[str, SmallPart] = {}
        self._removed: set[str] = set()
        self._cut = False

    def has(self, name: str) -> bool:
        """Whether there will be a part of this name, in any case."""
        key = _key(name)
        if key in self._removed:
            return False
        return key in self._added or self.package.has(name)

    def part(self, name: str) -> SmallPart:
        """The part to be edited, read once; WorkbookDamaged where there is none."""
        key = _key(name)
        if key in self._added:
            return self._added[key]
        if key not in self._small:
            self._small[key] = SmallPart.read(self.package, name)
        return self._small[key]

    def streamed_part(self, name: str) -> StreamedPart:
        """A part of the package, usually a sheet, that is changed by splices while it is copied."""
        name = self.package.spelling(name)
        if name not in self.streamed:
            self.streamed[name] = StreamedPart(PartSource(self.package, name))
        return self.streamed[name]

    def add_part(self, name: str, data: bytes, content_type: str) -> str:
        """Add a part under this name, or one like it that is free; the name it has got."""
        name = self._free_name(name)
        self._added[_key(name)] = SmallPart(self.package, name, data, UTF8, changed=True)
        if self._content_type(name) != content_type:
            attributes = {"PartName": f"/{name}", "ContentType": content_type}
            self.part(CONTENT_TYPES).edit(lambda data: with_child(data, "Override", attributes))
        return name

    def relationships(self, part: str) -> tuple[Relationship, ...]:
        """Where a part will lead; the package itself for ""."""
        name = relationships_name(part)
        if not self.has(name):
            return ()
        return parse_relationships(self.part(name).data, str(self.package.path), name, part)

    def add_relationship(self, part: str, kind: str, target: str, *, external: bool = False) -> str:
        """Lead from a part to another, or to an address outside; the id of the relationship.

        `kind` is the whole address of its type.
        """
        name = relationships_name(part)
        if not self.has(name):
            rels = SmallPart(self.package, name, _NO_RELATIONSHIPS, UTF8, changed=True)
            self._added[_key(name)] = rels
            self._declare_relationships()
        taken = {entry.id for entry in self.relationships(part)}
        new = next(f"rId{n}" for n in range(1, len(taken) + 2) if f"rId{n}" not in taken)
        attributes = {"Id": new, "Type": kind, "Target": target if external else f"/{target}"}
        if external:
            attributes["TargetMode"] = "External"
        self.part(name).edit(lambda data: with_child(data, "Relationship", attributes))
        return new

    def remove_relationship(self, part: str, relationship_id: str) -> None:
        """Lead there no more; `removed_parts` then tells what nothing leads to any longer."""
        self._cut = True

        def concerned(element: Element) -> bool:
            return element.attributes.get("Id") == relationship_id

        self.part(relationships_name(part)).edit(lambda data: without_children(data, concerned))

    def remove_unreachable(self) -> tuple[str, ...]:
        """Take away the parts that only what was taken away led to; their names."""
        if not self._cut:
            return ()
        self._cut = False
        before = self._reachable(self.package.relationships)
        gone = before - self._reachable(self.relationships)
        names = tuple(name for name in self.package.names if _key(name) in gone)
        for name in names:
            self.remove_part(name)
        return names

    def remove_part(self, name: str) -> None:
        """Take a part of the package away, with its relationships and its content type."""
        self._removed.add(_key(name))
        self._removed.add(_key(relationships_name(name)))

        gone = {_key(name), _key(relationships_name(name))}

        def concerned(element: Element) -> bool:
            return _key(element.attributes.get("PartName", "/")) in gone

        self.part(CONTENT_TYPES).edit(lambda data: without_children(data, concerned))

    def added_parts(self) -> Iterable[SmallPart]:
        """The parts that were not there before, in the order in which they were added."""
        return self._added.values()

    def changed_part(self, name: str) -> SmallPart | None:
        """The part of the package as it shall be, if it was changed in memory."""
        part = self._small.get(_key(name))
        return part if part is not None and part.changed else None

    def is_removed(self, name: str) -> bool:
        """Whether the part of the package is not to be written."""
        return _key(name) in self._removed

    def _declare_relationships(self) -> None:
        """Some files name each part of relationships alone, where most have a default."""
        if self._content_type("any.rels") is None:
            attributes = {"Extension": "rels", "ContentType": _RELATIONSHIPS_TYPE}
            self.part(CONTENT_TYPES).edit(lambda data: with_child(data, "Default", attributes))

    def _reachable(self, relationships: Relationships) -> set[str]:
        found: set[str] = set()
        waiting = [""]
        while waiting:
            for entry in relationships(waiting.pop()):
                key = _key(entry.target)
                if not entry.external and key not in found and self.has(entry.target):
                    found.add(key)
                    waiting.append(entry.target)
        return found

    def _content_type(self, name: str) -> str | None:
        data = self.part(CONTENT_TYPES).data
        return parse_content_types(data, str(self.package.path), CONTENT_TYPES).of(name)

    def _free_name(self, name: str) -> str:
        found = _NUMBERED.fullmatch(name)
        assert found is not None
        stem, ending, number = found["stem"], found["ending"] or "", 1
        while self.package.has(name) or _key(name) in self._added:
            name = f"{stem}{number}{ending}"
            number += 1
        return name


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
