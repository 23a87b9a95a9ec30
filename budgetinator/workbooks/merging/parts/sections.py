"""What the original has beyond a rendering in elements that are replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from budgetinator.workbooks.losses.diff import missing
from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.losses.kinds import kind_of
from budgetinator.workbooks.losses.tree import Node, Parts, TreeReader
from budgetinator.workbooks.merging.parts.forms import Form
from budgetinator.workbooks.merging.parts.nodes import XmlNode
from budgetinator.workbooks.merging.parts.writing import written
from budgetinator.workbooks.opc.relationships import Relationship
from budgetinator.workbooks.patch.edit import PackageEdit

__all__ = ["section_losses"]

_NAME = "section"


class _Section:
    """A package as it is, with one part more, which has only these elements in it."""

    def __init__(self, parts: Parts, nodes: Sequence[XmlNode]) -> None:
        self._parts = parts
        self._source = nodes[0].part if nodes else ""
        inside = b"".join(written(node, {}, "", lambda _, __, value: value) for node in nodes)
        self._data = b"<%b>%b</%b>" % (_NAME.encode(), inside, _NAME.encode())
        self.content_type = parts.content_type
        self.names = parts.names

    def has(self, name: str) -> bool:
        return name == _NAME or self._parts.has(name)

    def read(self, name: str) -> bytes:
        return self._data if name == _NAME else self._parts.read(name)

    def relationships(self, part: str = "") -> tuple[Relationship, ...]:
        if part != _NAME:
            return self._parts.relationships(part)
        used = self._data.decode()
        entries = self._parts.relationships(self._source) if self._source else ()
        return tuple(entry for entry in entries if f'"{entry.id}"' in used)


def section_losses(
    edit: PackageEdit,
    originals: Sequence[XmlNode],
    before: Form,
    befores: Sequence[XmlNode],
    sheet: str | None,
) -> Iterator[Loss]:
    """What these elements of the original have that those of the rendering have not."""
    part = originals[0].part
    mine, theirs = _tree(edit.package, originals), _tree(before.parts, befores)
    for gone in missing(mine, theirs, (), sheet):
        place = part if gone.part == _NAME else gone.part
        yield Loss(kind_of(gone.path, gone.node), place, gone.sheet, gone.phrase)


def _tree(parts: Parts, nodes: Sequence[XmlNode]) -> Node:
    reader = TreeReader(_Section(parts, nodes))
    return reader.target(Relationship("", _NAME, _NAME, external=False), "")[0]
