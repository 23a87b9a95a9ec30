"""`Sheet!A1=12.5`: which cell, and what the text after the equals sign is meant to be.

Only what has one reading is taken: a plain number (12.5, as in Python and JSON), true and
false, an ISO date or time, nothing, and text. `12,5` could be 12.5 or 125, `00123` a
number or a code; such a text is refused with its readings named, because a wrong
figure in a budget costs more than a second try.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation

from budgetinator.errors import InvalidCellReference, InvalidCellValue
from budgetinator.workbooks.addresses import parse_cell, split_address
from budgetinator.workbooks.patch import CellInput, Formula

__all__ = ["parse_assignment", "parse_value"]

_ADDRESS = re.compile(r"\s*('(?:[^']|'')*'![^=]*|[^=]*)=(.*)", re.DOTALL)
_PLAIN = re.compile(r"[+-]?(?:0|[1-9]\d*|(?=\.\d))(?:\.\d*)?(?:[eE][+-]?\d+)?", re.ASCII)
# Digits with whatever people write between and around them.
_NUMBER_LIKE = re.compile(
    r"[+\-\u2212]?\s*(?:[€$£]|EUR)?\s*[+\-\u2212]?[.,]?\d[\d.,'\u2019_\s\u00a0\u202f]*"
    r"(?:[eE][+-]?\d+)?\s*(?:[%€$£]|EUR)?"
)
_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_DATE_LIKE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?", re.ASCII)
_TIME_LIKE = re.compile(r"\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?", re.ASCII)
_OTHER_DATE = re.compile(r"\d{1,4}([./])\d{1,2}\1\d{1,4}", re.ASCII)
_DECORATION = str.maketrans("\u2212", "-", " '\u2019_\t\n\u00a0\u202f€$£%EUR")
_DIGITS = 15
"""As many digits as a spreadsheet program keeps of a number."""


def parse_assignment(text: str, *, as_text: bool, formulas: bool) -> tuple[str, CellInput]:
    """The address, as it was given, and the value; raises as `parse_value` does.

    An equals sign in a sheet's name needs that name to stand in quotes.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise InvalidCellReference(
            f"{text!r} is no assignment; write CELL=VALUE, as in A1=12.5 or 'My sheet'!B7=text.",
            cell=text,
        )
    address, value = found[1].strip(), found[2]
    parse_cell(split_address(address)[1])
    try:
        return address, parse_value(value, as_text=as_text, formulas=formulas)
    except ValueError as error:
        raise InvalidCellValue(f"{address}: {error}.", cell=address) from None


def parse_value(text: str, *, as_text: bool = False, formulas: bool = False) -> CellInput:
    """What the text is meant to be; ValueError, with the readings, if that is not clear.

    An empty text clears the cell. With `formulas` a text that begins with "=" is a formula,
    with `as_text` everything is text.
    """
    if not text:
        return None
    if as_text:
        return text
    if text.startswith("="):
        if formulas:
            return Formula(text)
        raise ValueError(f"{text!r} is a formula with --formula and text with --text; say which")
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return _moment(text) or _number(text)


def _moment(text: str) -> dt.date | dt.time | None:
    try:
        if _TIME_LIKE.fullmatch(text):
            return dt.time.fromisoformat(text)
        if not _DATE_LIKE.fullmatch(text):
            return None
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        kind = "time" if _TIME_LIKE.fullmatch(text) else "date"
        why = f"{text!r} is no {kind} of the calendar; if it is text, give --text"
        raise ValueError(why) from None
    if moment.tzinfo is not None:
        raise ValueError(f"{text!r} names a time zone, which a cell cannot hold; leave it out")
    return moment.date() if len(text) == len("2026-03-01") else moment


def _number(text: str) -> int | float | str:
    if _PLAIN.fullmatch(text):
        return _plain_number(text)
    if _OTHER_DATE.fullmatch(text):
        raise ValueError(
            f"{text!r} may be a date, day or month first; write it as 2026-03-01, or give --text"
        )
    if _NUMBER_LIKE.fullmatch(text.strip()):
        raise ValueError(_ambiguity(text))
    if _NO_NUMBER.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is no number that a cell can hold; if it is text, give --text")
    return text


def _plain_number(text: str) -> int | float:
    exact = Decimal(text)
    if len(exact.normalize().as_tuple().digits) > _DIGITS:
        raise ValueError(
            f"{text!r} has more than the {_DIGITS} digits that a cell keeps of a number; "
            "if it is a code, give --text"
        )
    if exact and not -307 <= exact.adjusted() <= 307:
        raise ValueError(f"{text!r} is beyond what a cell can hold; if it is text, give --text")
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)


def _ambiguity(text: str) -> str:
    """That the text is not plain, and every number that it may stand for."""
    bare = text.translate(_DECORATION)
    share = 100 if "%" in text else 1
    numbers = [_read(bare, decimal, grouping) for decimal, grouping in ((",", "."), (".", ","))]
    readings = dict.fromkeys(format((n / share).normalize(), "f") for n in numbers if n is not None)
    if not readings:
        return f"{text!r} looks like a number and is none; if it is text, give --text"
    listed = " or ".join(readings)
    return f"{text!r} can be read as {listed}, or as text; write the number so, or give --text"


def _read(bare: str, decimal: str, grouping: str) -> Decimal | None:
    """The number, where these signs separate its fraction and its thousands."""
    if decimal in bare and bare.rfind(grouping) > bare.find(decimal):
        return None
    try:
        return Decimal(bare.replace(grouping, "").replace(decimal, "."))
    except InvalidOperation:
        return None
