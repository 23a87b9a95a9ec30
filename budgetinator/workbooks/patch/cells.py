"""A value as the XML of a cell's content (ECMA-376 part 1, section 18.3.1.4).

Chosen: text inline. A shared string would mean writing `sharedStrings.xml` anew
for one cell; Excel moves inline text there by itself at its next save.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from budgetinator.workbooks.patch.serials import date_format, date_serial

__all__ = ["CellContent", "CellInput", "Formula", "cell_content", "escape_text"]

MAX_TEXT = 32_767
MAX_FORMULA = 8_192

_ERROR_CODE = re.compile(r"#(N/A|[A-Z_]+|[A-Z0-9_/]+[!?])")
# What XML 1.0 cannot hold, or would not give back (CR), is written as _xHHHH_
# (ST_Xstring, section 22.9.2.19), and so is the underscore of text that looks like that.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = re.compile(rb"(</?)(?=\w)")
_NEEDS_PRESERVE = re.compile(r"^ | $|[\t\n]|  ")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula to be set, in English names and A1 references, with its equals sign or without."""

    text: str


CellInput = bool | int | float | Decimal | str | date | time | timedelta | Formula | None


@dataclass(frozen=True, slots=True)
class CellContent:
    """What goes into a cell: the type attribute, and an element with its escaped text.

    `number_format` is the built-in format that the cell needs unless it has one for dates.
    `attributes` are those of the element, `area` what an array formula fills. With
    `is_markup` the text is that of elements, which get the sheet's prefix.
    """

    type: bytes = b""
    element: bytes = b""
    text: bytes = b""
    preserve: bool = False
    number_format: int | None = None
    attributes: bytes = b""
    area: str | None = None
    is_markup: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the cell is to hold nothing."""
        return not self.element

    @property
    def is_formula(self) -> bool:
        """Whether it is a formula."""
        return self.element == b"f"

    @property
    def is_text(self) -> bool:
        """Whether it is a text."""
        return self.element == b"is"

    def xml(self, prefix: bytes) -> bytes:
        """The child elements, in the vocabulary that the sheet gives this prefix to."""
        if not self.element:
            return b""
        if self.is_markup:
            text = _TAG.sub(rb"\1%b" % prefix, self.text) if prefix else self.text
            return b"<%b%b>%b</%b%b>" % (prefix, self.element, text, prefix, self.element)
        space = b' xml:space="preserve"' if self.preserve else b""
        space = self.attributes + space
        inner = b"t" if self.element == b"is" else self.element
        xml = b"<%b%b%b>%b</%b%b>" % (prefix, inner, space, self.text, prefix, inner)
        return b"<%bis>%b</%bis>" % (prefix, xml, prefix) if self.element == b"is" else xml


def cell_content(value: CellInput, *, since_1904: bool) -> CellContent:
    """The content for a value; ValueError, with the reason, for what no cell can hold.

    A str is text whatever it begins with, unless it is a CellError. A float is
    written so that the same double is read back.
    """
    if value is None:
        return CellContent()
    if isinstance(value, bool):
        return CellContent(type=b"b", element=b"v", text=b"1" if value else b"0")
    if isinstance(value, str):
        return _error(value) if _is_error(value) else _text(value)
    if isinstance(value, Formula):
        return _formula(value.text)
    if isinstance(value, (int, float, Decimal)):
        return CellContent(element=b"v", text=_number(value).encode("ascii"))
    if isinstance(value, (date, datetime, time, timedelta)):
        return _moment(value, since_1904=since_1904)
    raise ValueError(f"a cell cannot hold a {type(value).__name__}")


def escape_text(text: str) -> bytes:
    """The text as the content of an element of the type ST_Xstring."""
    text = _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()


def _number(value: float | Decimal) -> str:
    if isinstance(value, Decimal):
        if value.is_finite() and abs(value) < 2**53 and value == value.to_integral_value():
            return str(int(value))
        value = float(value) if not value.is_nan() else math.nan
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise ValueError("it is not a number that a cell can hold")
    # The base classes' own forms: subclasses, numpy's among them, print differently.
    return int.__repr__(value) if isinstance(value, int) else float.__repr__(value)


def _text(value: str) -> CellContent:
    _refuse_surrogates(value)
    units = len(value) + sum(sign > "\uffff" for sign in value) if len(value) > 16_000 else 0
    if units > MAX_TEXT:
        raise ValueError(f"it is longer than the {MAX_TEXT:,} characters that a cell can hold")
    preserve = _NEEDS_PRESERVE.search(value) is not None
    return CellContent(type=b"inlineStr", element=b"is", text=escape_text(value), preserve=preserve)


def _formula(text: str) -> CellContent:
    _refuse_surrogates(text)
    body = text.removeprefix("=")
    if not body.strip():
        raise ValueError("the formula is empty")
    if len(body) > MAX_FORMULA:
        raise ValueError(f"the formula is longer than {MAX_FORMULA:,} characters")
    preserve = body != body.strip()
    return CellContent(element=b"f", text=escape_text(body), preserve=preserve)


def _is_error(value: str) -> bool:
    if type(value) is str:
        return False
    # Here, because it brings openpyxl, which takes more memory than all patching.
    from budgetinator.workbooks.reading.values import CellError

    return isinstance(value, CellError)


def _error(value: str) -> CellContent:
    code = str.__str__(value)
    if _ERROR_CODE.fullmatch(code) is None:
        raise ValueError(f"{code!r} is no error code of a cell")
    return CellContent(type=b"e", element=b"v", text=escape_text(code))


def _moment(value: date | time | timedelta, *, since_1904: bool) -> CellContent:
    try:
        serial = date_serial(value, since_1904=since_1904)
    except TypeError:  # what is no date calls itself one, like NaT
        raise ValueError("it is no date") from None
    return CellContent(
        element=b"v", text=repr(serial).encode("ascii"), number_format=date_format(value)
    )


def _refuse_surrogates(text: str) -> None:
    if _SURROGATE.search(text):
        raise ValueError("it holds half of a character (a lone surrogate)")
