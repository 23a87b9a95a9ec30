"""The value of an openpyxl cell as the content of a cell in a file.

Text goes in as it stands: openpyxl shows the escapes of ECMA-376 part 1, section 22.9.2.19
as they are in the file and writes them back, so that text is not escaped once more here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from numbers import Integral, Real
from typing import Any
from xml.etree import ElementTree as ET

from openpyxl.cell.rich_text import CellRichText
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, to_excel
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from budgetinator.workbooks.patch.cells import CellContent, Formula, cell_content
from budgetinator.workbooks.patch.tags import escape_attribute
from budgetinator.workbooks.reading.values import CellError

__all__ = ["content_of"]

_MOMENTS = (dt.date, dt.time, dt.timedelta)  # a datetime is a date
_NEEDS_PRESERVE = re.compile(r"^\s|\s$|[\t\n\r]|  ")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def content_of(cell: Any, *, since_1904: bool) -> CellContent:
    """What the cell holds; ValueError, with the reason, for what no cell can hold."""
    value, kind = cell._value, cell.data_type  # noqa: SLF001  a merged cell has no other
    if value is None:
        return CellContent()
    if kind == "f":
        return _formula(value)
    if isinstance(value, CellRichText):
        return _rich_text(value)
    if kind == "b":
        return cell_content(bool(value), since_1904=since_1904)
    if kind == "e":
        return cell_content(CellError(value), since_1904=since_1904)
    if isinstance(value, _MOMENTS):
        return _moment(value, since_1904=since_1904)
    if kind == "n" and not isinstance(value, str):
        return cell_content(_plain_number(value), since_1904=since_1904)
    return _text(str(value))


def _plain_number(value: Any) -> bool | int | float | Decimal:
    """Numbers of other libraries as Python's own."""
    if isinstance(value, (int, float, Decimal)):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real) or hasattr(value, "__float__"):
        return float(value)
    raise ValueError(f"a cell cannot hold a {type(value).__name__}")


def _moment(value: Any, *, since_1904: bool) -> CellContent:
    try:
        content = cell_content(value, since_1904=since_1904)
    except ValueError:
        # openpyxl reads numbers below the first day as dates, and they must go back as such.
        epoch = MAC_EPOCH if since_1904 else WINDOWS_EPOCH
        if not isinstance(value, dt.date) or getattr(value, "tzinfo", None) is not None:
            raise
        serial: Callable[[Any, Any], float] = to_excel
        content = cell_content(serial(value, epoch), since_1904=since_1904)
    # The format is a matter of the cell's style, which openpyxl has set.
    return CellContent(element=content.element, text=content.text)


def _formula(value: Any) -> CellContent:
    if isinstance(value, DataTableFormula):
        return CellContent(element=b"f", attributes=_attributes(value), area=value.ref)
    if isinstance(value, ArrayFormula):
        content = cell_content(Formula(value.text or ""), since_1904=False)
        return CellContent(
            element=b"f",
            text=_escaped((value.text or "")[1:]),
            preserve=content.preserve,
            attributes=_attributes(value),
            area=value.ref,
        )
    content = cell_content(Formula(str(value)), since_1904=False)
    return CellContent(element=b"f", text=_escaped(str(value)[1:]), preserve=content.preserve)


def _attributes(formula: Any) -> bytes:
    pairs = [(name, str(value)) for name, value in formula if value is not None]
    return b"".join(b' %b="%b"' % (n.encode(), escape_attribute(v)) for n, v in pairs)


def _rich_text(value: CellRichText) -> CellContent:
    if (found := _UNWRITABLE.search(str(value))) is not None:
        raise ValueError(f"its text holds the character U+{ord(found[0]):04X}")
    xml = "".join(ET.tostring(run, encoding="unicode") for run in value.to_tree())
    text = xml.replace("\r", "&#13;").encode()
    return CellContent(type=b"inlineStr", element=b"is", text=text, is_markup=True)


def _text(value: str) -> CellContent:
    preserve = _NEEDS_PRESERVE.search(value) is not None
    return CellContent(type=b"inlineStr", element=b"is", text=_escaped(value), preserve=preserve)


def _escaped(text: str) -> bytes:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;").encode()
