"""A styles part, to whose tables entries are added; all that it holds stays as it is.

ECMA-376 part 1, section 18.8.39 (styleSheet).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from budgetinator.workbooks.patch.elements import Element, parse_elements
from budgetinator.workbooks.patch.splices import Splice, splice_bytes
from budgetinator.workbooks.patch.tags import opened_tag, set_attribute

__all__ = ["StylePart"]

_SECTIONS = (
    "numFmts",
    "fonts",
    "fills",
    "borders",
    "cellStyleXfs",
    "cellXfs",
    "cellStyles",
    "dxfs",
    "tableStyles",
    "colors",
    "extLst",
)
_TAG = re.compile(rb"(</?)(?=\w)")


class StylePart:
    """The part in UTF-8, and what is added to it; raises MarkupError for bad markup."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.root = parse_elements(data)
        self._added: dict[str, list[bytes]] = {}
        self._replaced: list[Splice] = []
        self._entries: dict[str, list[Element]] = {}
        for section, entry in _ENTRIES.items():
            found = self.root.find(section)
            self._entries[section] = list(_entries(found, entry)) if found else []

    @property
    def changed(self) -> bool:
        """Whether anything is to be written otherwise."""
        return bool(self._added or self._replaced)

    def entries(self, section: str) -> list[Element]:
        """The entries that a table has in the file."""
        return self._entries[section]

    def count(self, section: str) -> int:
        """How many entries a table will have."""
        return len(self._entries[section]) + len(self._added.get(section, ()))

    def add(self, section: str, xml: bytes) -> int:
        """Add an entry, written without prefixes; its place in the table."""
        self._added.setdefault(section, []).append(_prefixed(xml, self.root.prefix.encode()))
        return self.count(section) - 1

    def replace(self, entry: Element, attributes: Mapping[bytes, bytes], content: bytes) -> None:
        """Give an entry of the file other attributes, and other alignment and protection."""
        tag = self.data[entry.start : entry.opened]
        for name, value in attributes.items():
            tag = set_attribute(tag, name, value)
        prefix = entry.prefix.encode()
        kept = b"".join(
            self.data[child.start : child.end]
            for child in entry.children
            if child.local not in {"alignment", "protection"}
        )
        body = _prefixed(content, prefix) + kept
        xml = opened_tag(tag) + body + b"</%b>" % entry.name.encode() if body else tag
        if not body and not entry.is_empty:
            xml = tag[:-1] + b"/>"
        self._replaced.append(Splice(entry.start, entry.end, xml))

    def xml(self) -> bytes:
        """The part as it shall be."""
        splices = list(self._replaced)
        missing: dict[int, bytes] = {}
        for section in _SECTIONS:
            if section in self._added:
                found = self.root.find(section)
                if found is not None:
                    splices += self._grown(section, found)
                else:
                    at = self._place(section)
                    missing[at] = missing.get(at, b"") + self._made(section)
        splices += [Splice(at, at, xml) for at, xml in missing.items()]
        if self.root.is_empty:
            tag = opened_tag(self.data[self.root.start : self.root.opened])
            whole = tag + b"".join(missing.values()) + b"</%b>" % self.root.name.encode()
            splices = [Splice(self.root.start, self.root.end, whole)]
        return splice_bytes(self.data, splices)

    def _grown(self, section: str, found: Element) -> list[Splice]:
        added = b"".join(self._added[section])
        tag = self.data[found.start : found.opened]
        tag = set_attribute(tag, b"count", b"%d" % self.count(section))
        if found.is_empty:
            xml = opened_tag(tag) + added + b"</%b>" % found.name.encode()
            return [Splice(found.start, found.end, xml)]
        at = found.children[-1].end if found.children else found.opened
        return [Splice(found.start, found.opened, tag), Splice(at, at, added)]

    def _made(self, section: str) -> bytes:
        name = self.root.prefix.encode() + section.encode()
        added = self._added[section]
        return b'<%b count="%d">%b</%b>' % (name, len(added), b"".join(added), name)

    def _place(self, section: str) -> int:
        following = _SECTIONS[_SECTIONS.index(section) + 1 :]
        for child in self.root.children:
            if child.local in following:
                return child.start
        return self.root.closed


_ENTRIES = {
    "numFmts": "numFmt",
    "fonts": "font",
    "fills": "fill",
    "borders": "border",
    "cellStyleXfs": "xf",
    "cellXfs": "xf",
    "cellStyles": "cellStyle",
    "dxfs": "dxf",
}


def _entries(section: Element, local: str) -> Iterator[Element]:
    """The entries in their order; of alternate content the last alternative, the fallback."""
    for child in section.children:
        if child.name == section.prefix + local:
            yield child
        elif child.local == "AlternateContent":
            inner = [each for each in child.descendants() if each.name == section.prefix + local]
            yield inner[-1] if inner else child


def _prefixed(xml: bytes, prefix: bytes) -> bytes:
    return _TAG.sub(rb"\1%b" % prefix, xml) if prefix else xml
