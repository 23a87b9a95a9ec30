"""Named styles of an openpyxl workbook in the file's own tables of them.

openpyxl numbers them by their places among the names, sorted; the formats that it has read
from the file refer to places in `cellStyleXfs`. Where the file has formats without a
name, or names out of order, these numbers are not the same, and which one is meant is
told by what the format looks like.
ECMA-376 part 1, sections 18.8.7 (cellStyle) and 18.8.9 (cellStyleXfs).
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from openpyxl.styles.alignment import Alignment
from openpyxl.styles.protection import Protection

from budgetinator.workbooks.merging.styles.stylepart import StylePart
from budgetinator.workbooks.merging.styles.styletables import (
    Formats,
    NumberFormats,
    entry_xml,
    number_of,
)
from budgetinator.workbooks.patch.elements import Element
from budgetinator.workbooks.patch.tags import escape_attribute

__all__ = ["NamedStyles"]

_DEFAULT = "Normal"  # openpyxl gives it to each workbook that has no named style
_NAMES = ("fontId", "fillId", "borderId", "numFmtId")
_SECTIONS = {"fontId": "fonts", "fillId": "fills", "borderId": "borders"}


class NamedStyles:
    """Where openpyxl's named styles stand in the file; those that it lacks are added."""

    def __init__(
        self, part: StylePart, workbook: Any, formats: Formats, numbers: NumberFormats
    ) -> None:
        self._part = part
        self._styles: list[Any] = list(vars(workbook)["_named_styles"])
        self._workbook = workbook
        self._formats = formats
        self._numbers = numbers
        self._xfs = part.entries("cellStyleXfs")
        self._places = {
            entry.attributes.get("name", ""): number_of(entry, "xfId")
            for entry in part.entries("cellStyles")
        }
        self._own: dict[int, dict[str, int]] = {}
        numbered = [self._places.get(style.name) for style in self._styles[: len(self._xfs)]]
        self._is_aligned = numbered == list(range(len(self._xfs)))

    def place(self, style: Any) -> int:
        """The place in `cellStyleXfs` that a cell's format refers to."""
        number = style.xfId
        of_file = number < len(self._xfs)
        named = self._styles[number] if number < len(self._styles) else None
        if of_file and (self._is_aligned or named is None or self._looks_more_like_file(style)):
            return int(number)
        return self._named(named) if named is not None else 0

    def own(self, place: int, name: str) -> int:
        """What a named style's format has by this name."""
        if place in self._own:
            return self._own[place][name]
        return number_of(self._xfs[place], name) if place < len(self._xfs) else 0

    def finish(self, *, edited: bool) -> None:
        """Add the names that are new; with `edited`, change the formats of those that differ."""
        for style in self._styles if edited else ():
            if style.name not in self._places:
                if style.name != _DEFAULT:
                    self._named(style)
            elif (place := self._places[style.name]) < len(self._xfs):
                self._update(style, self._xfs[place])

    def _named(self, style: Any) -> int:
        if style.name not in self._places and style.name == _DEFAULT and self._xfs:
            return 0
        for each in self._styles:
            if each.name not in self._places and (each.name != _DEFAULT or each is style):
                self._add(each)
            if each is style:
                break
        return self._places[style.name]

    def _add(self, style: Any) -> None:
        """Add a name; in openpyxl's order, so that its numbers stay the file's if they were."""
        values = self._values(style)
        place = self._part.add("cellStyleXfs", _xf(values, _children(style)))
        self._own[place] = values
        self._places[style.name] = place
        self._part.add("cellStyles", _cell_style(style, place))

    def _values(self, style: Any) -> dict[str, int]:
        own = style.as_tuple()
        values = {
            name: self._formats.place(at, getattr(own, name)) for name, at in _SECTIONS.items()
        }
        return {**values, "numFmtId": self._numbers.number(own.numFmtId)}

    def _looks_more_like_file(self, style: Any) -> bool:
        """Whether the number of a format is rather a place in the file than one of a name."""
        own = self._styles[style.xfId].as_tuple()
        xf = self._xfs[style.xfId]
        by_name = sum(getattr(own, name) == getattr(style, name) for name in _NAMES)
        in_file = sum(number_of(xf, name) == getattr(style, name) for name in _NAMES)
        return in_file >= by_name and self._styles[style.xfId].name in self._places

    # Named styles that were edited.

    def _update(self, style: Any, xf: Element) -> None:
        if self._is_as_in_file(style, xf):
            return
        values = self._values(style)
        attributes = {name.encode(): b"%d" % value for name, value in values.items()}
        self._part.replace(xf, attributes, _children(style))

    def _is_as_in_file(self, style: Any, xf: Element) -> bool:
        held = vars(self._workbook)
        for name, section, own in (
            ("fontId", "_fonts", style.font),
            ("fillId", "_fills", style.fill),
            ("borderId", "_borders", style.border),
        ):
            number = number_of(xf, name)
            if number >= len(held[section]) or held[section][number] != own:
                return False
        code = self._numbers.code_of_named(number_of(xf, "numFmtId"))
        if code is not None and style.number_format not in (None, code):
            return False
        return bool(
            style.alignment == self._child(xf, "alignment", Alignment)
            and style.protection == self._child(xf, "protection", Protection)
        )

    def _child(self, xf: Element, local: str, kind: Any) -> Any:
        found = xf.find(local)
        return kind() if found is None else kind.from_tree(_bare(found))


def _bare(element: Element) -> Any:
    return ET.Element(element.local, {k: v for k, v in element.attributes.items() if ":" not in k})


def _children(style: Any) -> bytes:
    xml = b""
    if style.alignment != Alignment():
        xml += entry_xml(style.alignment)
    if style.protection != Protection():
        xml += entry_xml(style.protection)
    return xml


def _xf(values: dict[str, int], children: bytes) -> bytes:
    written = "".join(f' {name}="{value}"' for name, value in values.items()).encode()
    return b"<xf%b>%b</xf>" % (written, children) if children else b"<xf%b/>" % written


def _cell_style(style: Any, place: int) -> bytes:
    xml = b'<cellStyle name="%b" xfId="%d"' % (escape_attribute(style.name), place)
    if style.builtinId is not None:
        xml += b' builtinId="%d"' % style.builtinId
    if style.hidden:
        xml += b' hidden="1"'
    return xml + b"/>"
