"""Date formats for cells that have none, appended to `styles.xml`.

Existing indices never move: formats are only added at the end of `cellXfs`
(ECMA-376 part 1, section 18.8.10), based on the format that the cell has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from budgetinator.workbooks.patch.elements import Element, parse_elements, start_tag_end
from budgetinator.workbooks.patch.splices import Splice, splice_bytes
from budgetinator.workbooks.patch.tags import set_attribute

__all__ = ["MINIMAL_STYLES", "StyleSheet"]

MINIMAL_STYLES = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    b'<fills count="2"><fill><patternFill patternType="none"/></fill>'
    b'<fill><patternFill patternType="gray125"/></fill></fills>'
    b'<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    b'<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    b'<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    b'<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    b"</styleSheet>"
)

# Built-in formats that show a date or a time (section 18.8.30, the East Asian ones included).
_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
# What may stand in a format code without being a placeholder of a date.
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_AFTER_CELL_FORMATS = ("cellStyles", "dxfs", "tableStyles", "colors", "extLst")


@dataclass(slots=True)
class StyleSheet:
    """The styles part in UTF-8, and the formats to be added to it."""

    data: bytes
    _root: Element = field(init=False)
    _formats: list[bytes] = field(init=False, default_factory=list)
    _number_formats: list[int] = field(init=False, default_factory=list)
    _codes: dict[int, str] = field(init=False, default_factory=dict)
    _known: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._root = parse_elements(self.data)
        formats = self._root.find("cellXfs")
        for xf in formats.find_all("xf") if formats else ():
            self._formats.append(self.data[xf.start : xf.end])
            self._number_formats.append(_integer(xf.attributes.get("numFmtId")))
        self._known = len(self._formats)
        codes = self._root.find("numFmts")
        for code in codes.find_all("numFmt") if codes else ():
            number = _integer(code.attributes.get("numFmtId"))
            self._codes[number] = code.attributes.get("formatCode", "")

    @property
    def changed(self) -> bool:
        """Whether a format was added."""
        return len(self._formats) > self._known

    def with_date_format(self, style: int, number_format: int) -> int:
        """The style itself if it shows dates, else one like it that does."""
        if style < len(self._formats) and self._shows_dates(self._number_formats[style]):
            return style
        xf = self._dated(style, number_format)
        if xf in self._formats:
            return self._formats.index(xf)
        if not self._formats:  # index 0 is every cell's default
            self._add(self._plain(), 0)
        self._add(xf, number_format)
        return len(self._formats) - 1

    def xml(self) -> bytes:
        """The part with the added formats; everything else is its own bytes."""
        added = b"".join(self._formats[self._known :])
        formats = self._root.find("cellXfs")
        count = b"%d" % len(self._formats)
        name = self._root.prefix.encode() + b"cellXfs"
        if formats is None:
            xml = b'<%b count="%b">%b</%b>' % (name, count, added, name)
            return self._with_section(xml)
        tag = set_attribute(self.data[formats.start : formats.opened], b"count", count)
        if formats.is_empty:
            tag = tag[:-2] + b">"
            added += b"</%b>" % name
        after = _last_child_end(formats)
        return splice_bytes(
            self.data,
            (Splice(formats.start, formats.opened, tag), Splice(after, after, added)),
        )

    def _add(self, xf: bytes, number_format: int) -> None:
        self._formats.append(xf)
        self._number_formats.append(number_format)

    def _plain(self) -> bytes:
        prefix = self._root.prefix.encode()
        return b'<%bxf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>' % prefix

    def _dated(self, style: int, number_format: int) -> bytes:
        if style >= len(self._formats):
            style = 0
        xf = self._formats[style] if self._formats else self._plain()
        end = start_tag_end(xf, 0)
        tag = set_attribute(xf[:end], b"numFmtId", b"%d" % number_format)
        return set_attribute(tag, b"applyNumberFormat", b"1") + xf[end:]

    def _shows_dates(self, number_format: int) -> bool:
        code = self._codes.get(number_format)
        if code is None:
            return number_format in _BUILT_IN_DATES
        code = _LITERAL.sub("", code).lower()
        return code != "general" and any(sign in code for sign in "dmyhs")

    def _with_section(self, xml: bytes) -> bytes:
        following = next((c for c in self._root.children if c.local in _AFTER_CELL_FORMATS), None)
        if self._root.is_empty:
            tag = self.data[self._root.start : self._root.opened]
            whole = tag[:-2] + b">" + xml + b"</%b>" % self._root.name.encode()
            return splice_bytes(self.data, (Splice(self._root.start, self._root.end, whole),))
        at = following.start if following else self._root.closed
        return splice_bytes(self.data, (Splice(at, at, xml),))


def _last_child_end(element: Element) -> int:
    return element.children[-1].end if element.children else element.opened


def _integer(text: str | None) -> int:
    try:
        return int(text or "0")
    except ValueError:
        return 0
