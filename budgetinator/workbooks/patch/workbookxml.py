"""The parts around the sheets that a change of cells touches.

The workbook part gets the mark that makes programs recalculate on opening
(`calcPr`, ECMA-376 part 1, sections 18.2.2 and 18.2.27). The calculation chain
is taken out, with its content type and its relationship, when formulas came or
went: a chain that names a cell without a formula makes Excel repair the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from budgetinator.workbooks.patch.elements import Element, parse_elements
from budgetinator.workbooks.patch.splices import Splice, splice_bytes
from budgetinator.workbooks.patch.tags import (
    escape_attribute,
    is_true,
    opened_tag,
    set_attribute,
)

__all__ = ["WorkbookPart", "with_child", "without_children"]

# The children of workbook that come after calcPr in the schema (CT_Workbook).
_AFTER_CALCULATION = frozenset(
    {
        "oleSize",
        "customWorkbookViews",
        "pivotCaches",
        "smartTagPr",
        "smartTagTypes",
        "webPublishing",
        "fileRecoveryPr",
        "webPublishObjects",
        "extLst",
    }
)


@dataclass(slots=True)
class WorkbookPart:
    """The workbook part in UTF-8; raises MarkupError where it is not well-formed."""

    data: bytes
    root: Element

    @classmethod
    def parse(cls, data: bytes) -> WorkbookPart:
        """The part that these bytes are."""
        return cls(data, parse_elements(data))

    @property
    def since_1904(self) -> bool:
        """Whether its dates count from 1904."""
        properties = self.root.find("workbookPr")
        return properties is not None and is_true(properties.attributes.get("date1904"))

    @property
    def active_index(self) -> int:
        """The place of the active sheet among the tabs, from 0."""
        views = self.root.find("bookViews")
        view = views.find("workbookView") if views else None
        text = view.attributes.get("activeTab", "0") if view else "0"
        return int(text) if text.isascii() and text.isdigit() else 0

    @property
    def recalculates(self) -> bool:
        """Whether programs are told to recalculate on opening."""
        calculation = self.root.find("calcPr")
        return calculation is not None and is_true(calculation.attributes.get("fullCalcOnLoad"))

    def recalculating(self) -> bytes:
        """The part with that mark."""
        calculation = self.root.find("calcPr")
        if calculation is not None:
            tag = self.data[calculation.start : calculation.opened]
            tag = set_attribute(tag, b"fullCalcOnLoad", b"1")
            return splice_bytes(self.data, (Splice(calculation.start, calculation.opened, tag),))
        xml = b'<%bcalcPr fullCalcOnLoad="1"/>' % self.root.prefix.encode()
        following = next((c for c in self.root.children if c.local in _AFTER_CALCULATION), None)
        at = following.start if following else self.root.closed
        return splice_bytes(self.data, (Splice(at, at, xml),))


def without_children(data: bytes, concerned: Callable[[Element], bool]) -> bytes:
    """A part without those children of its root; the same bytes where there are none."""
    root = parse_elements(data)
    gone = [Splice(c.start, c.end, b"") for c in root.children if concerned(c)]
    return splice_bytes(data, gone) if gone else data


def with_child(data: bytes, local: str, attributes: dict[str, str]) -> bytes:
    """A part whose root has one more child at its end."""
    root = parse_elements(data)
    name = root.prefix.encode() + local.encode()
    written = b"".join(
        b' %b="%b"' % (key.encode(), escape_attribute(value)) for key, value in attributes.items()
    )
    xml = b"<%b%b/>" % (name, written)
    if root.is_empty:
        tag = opened_tag(data[root.start : root.opened])
        xml = tag + xml + b"</%b>" % root.name.encode()
        return splice_bytes(data, (Splice(root.start, root.end, xml),))
    return splice_bytes(data, (Splice(root.closed, root.closed, xml),))
