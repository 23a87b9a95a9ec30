"""Styles by what they look like, whatever their numbers.

A cell refers to a format by number, that to a font, a fill, a border and a named
style by numbers (part 1, section 18.8). Every program numbers them anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, tostring

from budgetinator.workbooks.losses.rules import element_is_ignored, local, normal_attribute

__all__ = ["Styles"]

_FLAGS = ("quotePrefix", "pivotButton")
_PARTS = (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders"))


class Styles:
    """The style sheet of one workbook, or none."""

    def __init__(self, sheet: Element | None) -> None:
        self._sheet = sheet if sheet is not None else Element("styleSheet")
        self._lists = {local(each.tag): list(each) for each in self._sheet}
        self._formats = {
            each.get("numFmtId", ""): each.get("formatCode", "")
            for each in self._lists.get("numFmts", ())
        }
        self._names = {
            each.get("xfId", "0"): each.get("name", "")
            for each in reversed(self._lists.get("cellStyles", []))
        }

    def elements(self) -> Iterator[Element]:
        """Each cell format, each named style, and what else the style sheet holds."""
        for number, xf in enumerate(self._lists.get("cellXfs", ())):
            yield self._resolved("cell format", xf, str(number))
        bases = self._lists.get("cellStyleXfs", [])
        for style in self._lists.get("cellStyles", ()):
            number = int(style.get("xfId", "0"))
            if number < len(bases):
                yield self._resolved("cell style", bases[number], style.get("name", ""))
        for each in self._sheet:
            other = local(each.tag) in {"tableStyles", "colors", "extLst"}
            if other and not element_is_ignored("styleSheet", each):
                rest = Element("styleSheet")
                rest.append(each)
                yield rest

    def cell(self, number: str) -> Element | None:
        """What the cell format of this number looks like; None where it looks like none."""
        formats = self._lists.get("cellXfs", [])
        found = _at(formats, number)
        if found is None:
            return None
        looks = self._resolved("cell format", found, "")
        return None if _same(looks, self._resolved("cell format", formats[0], "")) else looks

    def differential(self, number: str) -> Element | None:
        """The format of this number that conditions, tables and filters use."""
        return _at(self._lists.get("dxfs", []), number)

    def _resolved(self, tag: str, xf: Element, name: str) -> Element:
        made = Element(tag, {"name": name} if name else {})
        made.set("format", self._format(xf.get("numFmtId", "0")))
        if tag == "cell format":
            named = self._names.get(xf.get("xfId", "0"))
            if named:
                made.set("style", named)
        for flag in _FLAGS:
            made.set(flag, xf.get(flag, "0"))
        for attribute, where in _PARTS:
            found = _at(self._lists.get(where, []), xf.get(attribute, "0"))
            if found is not None:
                made.append(found)
        for each in xf:
            if not _is_default(each):
                made.append(each)
        return made

    def _format(self, number: str) -> str:
        from openpyxl.styles.numbers import BUILTIN_FORMATS

        code = self._formats.get(number)
        if code is None and number.isdigit():
            code = BUILTIN_FORMATS.get(int(number))
        return code if code is not None else f"number {number}"


def _at(elements: list[Element], number: str) -> Element | None:
    index = int(number) if number.isdigit() else -1
    return elements[index] if 0 <= index < len(elements) else None


def _same(one: Element, other: Element) -> bool:
    return tostring(one) == tostring(other)


def _is_default(element: Element) -> bool:
    tag = local(element.tag)
    return tag in {"alignment", "protection"} and all(
        normal_attribute(tag, name, value) is None for name, value in element.attrib.items()
    )
