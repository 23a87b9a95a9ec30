"""Styles of an openpyxl workbook in the file's own styles part.

openpyxl numbers cell formats by their places in `cellXfs`. What it has beyond those that it
read is appended, in its order, so that its numbers are the file's. No place ever moves.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from openpyxl.styles.cell_style import StyleArray

from budgetinator.errors import SaveError
from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.merging.styles.namedstyles import NamedStyles
from budgetinator.workbooks.merging.styles.stylepart import StylePart
from budgetinator.workbooks.merging.styles.styletables import (
    Formats,
    NumberFormats,
    entry_xml,
    number_of,
)
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import Element, MarkupError
from budgetinator.workbooks.patch.parts import damaged_part
from budgetinator.workbooks.patch.styling import add_styles_part, styles_part

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["MOST_CELL_FORMATS", "StyleTables"]

MOST_CELL_FORMATS = 64_000  # Excel's limit for the cell formats of a workbook

_EMPTY = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"></styleSheet>'
)
_NAMES = ("fontId", "fillId", "borderId")
_SECTIONS = ("fonts", "fills", "borders")
_ITEM = array("i").itemsize


class StyleTables:
    """The styles of a workbook that is saved into an edit of its file.

    `differential` are the formats of rules, as a rendering numbers them. What is appended
    to the file is appended to openpyxl's own tables as well, so that the next save finds
    the same numbers. `losses` are what could not be done exactly. Used in the workbook's
    own thread; `finish` is called once, when all numbers have been asked for.
    """

    def __init__(
        self,
        edit: PackageEdit,
        workbook: Workbook,
        differential: Sequence[Any] | None = None,
        *,
        named_styles_changed: bool = True,
    ) -> None:
        self.losses: list[Loss] = []
        self._edit = edit
        self._workbook: Any = workbook
        self._differential = differential
        self._named_changed = named_styles_changed
        self._name = styles_part(edit)
        self._open: _OpenTables | None = None

    def index(self, style: bytes, base: int | None = None) -> int:
        """The place of a cell format, given as the bytes of a StyleArray.

        `base` is the format that the cell had: extensions of it, of which openpyxl knows
        nothing, go on to the new one. Raises SaveError over Excel's limit.
        """
        if not any(style):
            return 0
        return self._opened().index(style, base)

    def finish(self) -> None:
        """Write all that was added into the styles part, which is made if there is none."""
        if self._open is None and not self._has_more():
            return
        tables = self._opened()
        tables.adopt()
        tables.adopt_rules(self._differential)
        tables.names.finish(edited=self._named_changed and tables.is_known)
        if not tables.part.changed:
            return
        if not tables.is_known:
            what = "fonts and the like of formats that were changed, which openpyxl cannot read"
            self.losses.append(Loss("cell_format", self._name or "", None, what))
        xml = tables.part.xml()
        if self._name is None:
            self._name = add_styles_part(self._edit, xml)
        else:
            self._edit.part(self._name).edit(lambda _: xml)

    def _has_more(self) -> bool:
        """Whether the part may lack anything; a count of tags is enough to deny it."""
        held = vars(self._workbook)
        if self._named_changed:
            return True
        data = b"" if self._name is None else self._edit.part(self._name).data
        rules = self._differential or held["_differential_styles"].styles
        counted = _count(data, b"cellXfs", b"xf"), _count(data, b"dxfs", b"dxf")
        return max(counted[0], 1) != len(held["_cell_styles"]) or counted[1] != len(rules)

    def _opened(self) -> _OpenTables:
        if self._open is None:
            data = _EMPTY if self._name is None else self._edit.part(self._name).data
            try:
                part = StylePart(data)
            except MarkupError as error:
                raise damaged_part(self._edit.package, self._name or "", str(error)) from error
            self._open = _OpenTables(part, self._workbook, str(self._edit.package.path))
        return self._open


class _OpenTables:
    """A parsed styles part beside openpyxl's tables."""

    def __init__(self, part: StylePart, workbook: Any, path: str) -> None:
        self.part = part
        self._path = path
        self._workbook = workbook
        self._styles: Any = vars(workbook)["_cell_styles"]
        self._xfs = part.entries("cellXfs")
        self.is_known = _is_read_from(self._styles, self._xfs)
        known = self.is_known and bool(self._xfs)
        self._formats = Formats(part, workbook, known=known)
        self._numbers = NumberFormats(part, workbook)
        self.names = NamedStyles(part, workbook, self._formats, self._numbers)
        self._places: dict[tuple[bytes, bytes], int] = {}
        self._first: dict[bytes, int] = {}
        if known:
            for place, xf in enumerate(self._xfs):
                self._note(self._styles[place].tobytes(), self._extension(xf), place)
        self.adopt()

    def index(self, style: bytes, base: int | None) -> int:
        """The place of the format, which is appended if there is none."""
        has_base = base is not None and base < len(self._xfs)
        extension = self._extension(self._xfs[base or 0]) if has_base else b""
        place = self._places.get((style, extension))
        if place is None and not extension:
            place = self._first.get(style)
        if place is None:
            place = self._append(style, extension)
            self._keep(style)
        return place

    def adopt(self) -> None:
        """Append what openpyxl has beyond the file's, in its order."""
        if not self._xfs and len(self._styles) == 1:
            return  # one that openpyxl gives each workbook
        for place in range(self.part.count("cellXfs"), len(self._styles)):
            # A cell may hold this very array, and change it in its place.
            own = StyleArray(self._styles[place])
            self._styles[place] = own
            self._append(own.tobytes(), b"")

    def adopt_rules(self, differential: Sequence[Any] | None) -> None:
        """Append the formats of rules that the file does not have."""
        own: list[Any] = vars(self._workbook)["_differential_styles"].styles
        wanted = own if differential is None else differential
        for style in wanted[self.part.count("dxfs") :]:
            self.part.add("dxfs", entry_xml(style))
        own.extend(wanted[len(own) :])

    def _keep(self, style: bytes) -> None:
        """Append to openpyxl's table, equal entries included."""
        kept = _style_array(style)
        list.append(self._styles, kept)
        self._styles._dict[kept] = len(self._styles) - 1  # noqa: SLF001

    def _append(self, style: bytes, extension: bytes) -> int:
        if self.part.count("cellXfs") >= MOST_CELL_FORMATS:
            raise SaveError(
                f"{self._path} cannot be saved: it would have more than {MOST_CELL_FORMATS:,} "
                "formats of cells, which is as many as Excel takes; give cells that look alike "
                "the same style. The file is as it was.",
                path=self._path,
            )
        if not self.part.count("cellXfs") and any(style):
            self.part.add("cellXfs", b'<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>')
        place = self.part.add("cellXfs", self._xml(_style_array(style), extension))
        self._note(style, extension, place)
        return place

    def _note(self, style: bytes, extension: bytes, place: int) -> None:
        self._places.setdefault((style, extension), place)
        self._first.setdefault(style, place)

    def _xml(self, style: Any, extension: bytes) -> bytes:
        parent = self.names.place(style)
        values = {"numFmtId": self._numbers.number(style.numFmtId)}
        for name, section in zip(_NAMES, _SECTIONS, strict=True):
            values[name] = self._formats.place(section, getattr(style, name))
        applied = [_APPLY[name] for name in values if values[name] != self.names.own(parent, name)]
        held = vars(self._workbook)
        children = b""
        if style.alignmentId:
            children += entry_xml(held["_alignments"][style.alignmentId])
            applied.append("applyAlignment")
        if style.protectionId:
            children += entry_xml(held["_protections"][style.protectionId])
            applied.append("applyProtection")
        attributes = {**values, "xfId": parent}
        flags = [name for name in ("quotePrefix", "pivotButton") if getattr(style, name)]
        attributes |= dict.fromkeys([*flags, *applied], 1)
        written = "".join(f' {name}="{value}"' for name, value in attributes.items()).encode()
        children += extension
        return b"<xf%b>%b</xf>" % (written, children) if children else b"<xf%b/>" % written

    def _extension(self, xf: Element) -> bytes:
        """What openpyxl does not know of a format, without the prefix of the part."""
        found = xf.find("extLst")
        if found is None or found.prefix:
            return b""
        return self.part.data[found.start : found.end]


_APPLY = {
    "numFmtId": "applyNumberFormat",
    "fontId": "applyFont",
    "fillId": "applyFill",
    "borderId": "applyBorder",
}


def _is_read_from(styles: Sequence[Any], xfs: Sequence[Element]) -> bool:
    """Whether openpyxl's table begins with the formats of the file."""
    if not xfs:
        return True
    return len(styles) >= len(xfs) and all(
        style[0] == number_of(xf, "fontId")
        and style[1] == number_of(xf, "fillId")
        and style[2] == number_of(xf, "borderId")
        for style, xf in zip(styles, xfs, strict=False)
    )


def _style_array(style: bytes) -> Any:
    made = StyleArray()
    del made[:]
    made.frombytes(style)
    return made


def _count(data: bytes, section: bytes, entry: bytes) -> int:
    found = re.search(
        rb"<((?:[\w.-]+:)?)%b[\s>].*?</\1%b\s*>" % (section, section), data, re.DOTALL
    )
    return len(re.findall(rb"<(?:[\w.-]+:)?%b(?=[\s/>])" % entry, found[0])) if found else 0
