"""A worksheet's part with its rows, for sheets that the file does not have yet.

openpyxl writes numbers with 16 digits and dates by way of rounded fractions; here both
are written so that the same value is read back. Text is written as openpyxl has it: an
escape (ECMA-376 part 1, section 22.9.2.19) that came with a copied cell stays one.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from openpyxl.cell.rich_text import CellRichText
from openpyxl.compat import safe_string
from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel, to_ISO8601
from openpyxl.worksheet.dimensions import SheetDimension
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.xml.functions import tostring

from budgetinator.errors import InvalidCellValue
from budgetinator.workbooks.merging.parts.drafts import escape_text
from budgetinator.workbooks.merging.rendering.copies import copied_dimension
from budgetinator.workbooks.merging.rendering.sheetwriting import FrameWriter, is_written
from budgetinator.workbooks.patch.cells import cell_content
from budgetinator.workbooks.patch.tags import escape_attribute

__all__ = ["WholeWriter"]

_NEEDS_PRESERVE = re.compile(r"^\s|\s$|[\t\n]|  ")


class WholeWriter(FrameWriter):
    """Writes a stand-in of a worksheet, cells and all but comments."""

    def __init__(self, sheet: Any, formats: list[Any]) -> None:
        super().__init__(sheet, formats)
        self._styles: dict[bytes, bytes] = {}
        self._since_1904 = sheet.parent.excel_base_date == CALENDAR_MAC_1904

    def write_dimensions(self) -> None:
        self.xf.send(SheetDimension(self.ws.calculate_dimension()).to_tree())

    def row_markup(self) -> Iterator[bytes]:
        for number, cells in self.rows():
            dimension = self.ws.row_dimensions.get(number)
            attributes = dict(copied_dimension(dimension, self.ws)) if dimension else {}
            look = b"".join(
                b' %b="%b"' % (name.encode(), escape_attribute(value))
                for name, value in attributes.items()
            )
            inside = b"".join(self._cell(cell) for cell in cells if is_written(cell))
            yield b'<row r="%d"%b>%b</row>' % (number, look, inside)

    def _cell(self, cell: Any) -> bytes:
        kind, body = self._body(cell)
        look = b' s="%b"' % self._style(cell) if cell.has_style else b""
        start = b'<c r="%b"%b%b' % (cell.coordinate.encode(), look, kind)
        return b"%b>%b</c>" % (start, body) if body else start + b"/>"

    def _style(self, cell: Any) -> bytes:
        """The number of the cell's format in openpyxl's table, which keeps what it is given."""
        style = cell._style  # noqa: SLF001
        key: bytes = style.tobytes()
        if key not in self._styles:
            number = self.ws.parent._cell_styles.add(copy.copy(style))  # noqa: SLF001
            self._styles[key] = b"%d" % number
        return self._styles[key]

    def _body(self, cell: Any) -> tuple[bytes, bytes]:
        """The attribute for the cell's type, and what it contains."""
        value, kind = cell._value, cell.data_type  # noqa: SLF001
        if value is None or value == "":
            return b"", b""
        if kind == "f":
            return b"", _formula(value)
        if kind == "s":
            return b' t="inlineStr"', _text(value)
        if kind == "d":
            return self._moment(cell, value)
        if kind == "n":
            return b"", b"<v>%b</v>" % _number(value)
        return b' t="%b"' % kind.encode(), b"<v>%b</v>" % escape_text(safe_string(value))

    def _moment(self, cell: Any, value: Any) -> tuple[bytes, bytes]:
        if getattr(value, "tzinfo", None) is not None:
            raise InvalidCellValue(
                f"{cell.coordinate} of the sheet {cell.parent.title!r} holds a time with a time "
                "zone, which cells do not know; convert it to local time without one.",
                sheet=cell.parent.title,
                cell=cell.coordinate,
            )
        if self.ws.parent.iso_dates and not hasattr(value, "total_seconds"):
            return b' t="d"', b"<v>%b</v>" % to_ISO8601(value).encode()  # type: ignore[no-untyped-call]
        try:
            return b"", cell_content(value, since_1904=self._since_1904).xml(b"")
        except ValueError:  # before the first day, where openpyxl counts on
            return b"", b"<v>%b</v>" % _number(
                to_excel(value, self.ws.parent.epoch)  # type: ignore[no-untyped-call]
            )


def _text(value: Any) -> bytes:
    if isinstance(value, CellRichText):
        tree: Any = tostring(value.to_tree())
        return bytes(tree)
    space = b' xml:space="preserve"' if _NEEDS_PRESERVE.search(value) else b""
    text = escape_text(value.replace("\r", "_x000D_"))
    return b"<is><t%b>%b</t></is>" % (space, text)


def _formula(value: Any) -> bytes:
    attributes: dict[str, str] = {}
    text = value
    if isinstance(value, ArrayFormula):
        attributes, text = dict(value), value.text
    elif isinstance(value, DataTableFormula):
        attributes, text = dict(value), None
    look = b"".join(
        b' %b="%b"' % (name.encode(), escape_attribute(each)) for name, each in attributes.items()
    )
    return b"<f%b>%b</f>" % (look, escape_text((text or "").removeprefix("=")))


def _number(value: Any) -> bytes:
    try:
        return cell_content(value, since_1904=False).text
    except ValueError:  # numbers of other libraries
        return escape_text(safe_string(value))
