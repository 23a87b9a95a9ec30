"""The `legacyDrawing` of a worksheet, which leads to the VML that shows its comments.

Part 1, section 18.3.1.99 and part 4, section 19: one element after the rows.
"""

from __future__ import annotations

from budgetinator.workbooks.merging.parts.frames import SheetFrame
from budgetinator.workbooks.merging.parts.nodes import XmlNode, parse_nodes
from budgetinator.workbooks.merging.parts.order import child_rank
from budgetinator.workbooks.opc.relationships import Relationship
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import MarkupError, parse_elements
from budgetinator.workbooks.patch.parts import damaged_part
from budgetinator.workbooks.patch.splices import Splice, splice_bytes

__all__ = ["LegacyDrawing"]

_NAME = "legacyDrawing"
_RANK = child_rank("worksheet", _NAME) or 0


class LegacyDrawing:
    """That element of one sheet, which is of the package and streamed, or added to the edit."""

    def __init__(self, edit: PackageEdit, sheet: str) -> None:
        self._edit = edit
        self._sheet = sheet
        self._is_added = sheet in {part.name for part in edit.added_parts()}
        self._frame = self._read()
        self._root = self._frame.root
        self._element = self._root.find(_NAME)

    @property
    def namespace(self) -> str:
        """The main namespace as this sheet has it."""
        return self._root.space

    @property
    def relationship_id(self) -> str | None:
        """Where it leads, or None for a sheet without it."""
        if self._element is None:
            return None
        return next((value for _, value in self._element.references()), None)

    def lead_to(self, entry: Relationship) -> None:
        """Have it lead there; it is put in where the sheet has none."""
        address = entry.type.rpartition("/")[0]
        prefixes = [name for name, bound in self._root.scope.items() if name and bound == address]
        declared = "" if prefixes else f' xmlns:r="{address}"'
        prefix = prefixes[0] if prefixes else "r"
        name = self._root.element.prefix + _NAME
        self._put(f'<{name}{declared} {prefix}:id="{entry.id}"/>'.encode())

    def remove(self) -> None:
        """Take it out, if it is there."""
        if self._element is not None:
            self._put(b"")

    def _read(self) -> SheetFrame:
        try:
            if self._is_added:
                data = self._edit.part(self._sheet).data
                return SheetFrame(data, parse_nodes(data, self._sheet), len(data), 0)
            return SheetFrame.read(self._edit.streamed_part(self._sheet).source, self._sheet)
        except MarkupError as error:
            raise damaged_part(self._edit.package, self._sheet, str(error)) from error

    def _put(self, xml: bytes) -> None:
        if self._is_added:
            splice = self._splice(xml)
            self._edit.part(self._sheet).edit(lambda data: splice_bytes(data, (splice,)))
            return
        first, rest = self._frame.placed((self._splice(xml),))
        for splice in (*first, *rest):
            self._arrange(splice)

    def _splice(self, xml: bytes) -> Splice:
        if self._element is not None:
            return Splice(self._element.element.start, self._element.element.end, xml)
        at = self._root.element.opened
        for child in self._root.children:
            if (_rank(child) or 0) > _RANK:
                break
            at = child.element.end
        return Splice(at, at, xml)

    def _arrange(self, new: Splice) -> None:
        """Put it before those children that others put in at the same place and come after it."""
        splices = self._edit.streamed_part(self._sheet).splices
        for index, splice in enumerate(splices):
            if splice.start == new.start == splice.end == new.end:
                cut = self._cut(splice.data)
                if cut is not None:
                    data = splice.data[:cut] + new.data + splice.data[cut:]
                    splices[index] = Splice(new.start, new.end, data)
                    return
        splices.append(new)

    def _cut(self, data: bytes) -> int | None:
        """Where in this markup the first child begins that belongs after it."""
        root = self._root.element
        tag = self._frame.data[root.start : root.opened]
        try:
            parsed = parse_elements(tag + data + f"</{root.name}>".encode())
        except MarkupError:  # the end of the rows, which others have put in
            return None
        later = (c for c in parsed.children if (child_rank("worksheet", c.local) or 0) > _RANK)
        following = next(later, None)
        return following.start - len(tag) if following else None


def _rank(child: XmlNode) -> int | None:
    """The place of a child in the schema; of alternate content, that of what it holds."""
    if child.local == "AlternateContent":
        inner = (_rank(each) for branch in child.children for each in branch.children)
        return max((rank for rank in inner if rank is not None), default=None)
    return child_rank("worksheet", child.local)
