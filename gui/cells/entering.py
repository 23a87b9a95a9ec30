"""What a text typed into a cell means, and the text by which contents are edited.

The two are each other's inverse: `parse_entry(entry_text(contents))` gives the contents
again, so that opening a cell's editor and leaving it changes nothing. Whatever could be
two numbers or two dates is refused with both readings, because a wrong figure in a
budget costs more than a second try.
"""

from __future__ import annotations

import re
from decimal import Decimal

from budgetinator.budgets.numbers import Locale, format_number, parse_number
from budgetinator.errors import InvalidCellValue, InvalidNumber
from budgetinator.workbooks import CellError, CellInput, Formula
from budgetinator.workbooks.reading.values import CELL_ERRORS
from gui.cells.moments import moment_text, parse_moment

__all__ = ["entry_text", "parse_entry"]

_TRUTHS = {"true": True, "false": False, "wahr": True, "falsch": False}
_EXPONENT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)[eE][+-]?\d+", re.ASCII)
# Digits with whatever people write between and around them.
_NUMBER_LIKE = re.compile(
    r"[+\-\u2212\u2013]?\s*(?:[€$£]|EUR)?\s*[+\-\u2212\u2013]?[.,]?\d[\d.,'\u2019_\s]*"
    r"(?:[eE][+-]?\d+)?\s*(?:[%€$£]|EUR)?",
    re.IGNORECASE,
)
_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
# Excel makes formulas of these; here they would become text that looks like a figure.
_FORMULA_LIKE = re.compile(
    r"[+-]\s*(?:\$?[A-Za-z]{1,3}\$?\d+\b|[A-Za-z]+\(|\().*|[+-]?[\d.,]+\s*[-+*/^]\s*[\d.(].*",
    re.DOTALL,
)
_DIGITS = 15
"""As many digits as a spreadsheet program keeps of a number."""
_CODE = re.compile(r"\d+", re.ASCII)


def parse_entry(
    text: str,
    locale: Locale | None = None,
    *,
    before: CellInput = None,
    number_format: str = "General",
) -> CellInput:
    """What is typed, as contents of a cell.

    Nothing but blanks empties the cell. `=` begins a formula, an apostrophe a text. A cell
    that is formatted as text, or that holds digits as text `before` (a PIC), takes digits
    as text. Raises InvalidNumber or InvalidCellValue with what to type instead.
    """
    bare = text.strip()
    if not bare:
        return None
    if text.startswith("'"):
        return text[1:] or None
    if bare.startswith("=") and len(bare) > 1:
        return Formula(bare)
    if number_format == "@" or _stays_text(bare, before):
        return bare
    if bare.lower() in _TRUTHS:
        return _TRUTHS[bare.lower()]
    if bare.upper() in CELL_ERRORS:
        return CellError(bare.upper())
    moment = parse_moment(bare, before)
    return moment if moment is not None else _number_or_text(bare, locale, number_format)


def entry_text(contents: CellInput, locale: Locale | None = None) -> str:
    """The text that stands in the editor of a cell with these contents."""
    if contents is None:
        return ""
    if isinstance(contents, Formula):
        return "=" + contents.text.removeprefix("=")
    if isinstance(contents, bool):
        return str(contents).upper()
    if isinstance(contents, CellError):
        return str(contents)
    if isinstance(contents, str):
        return contents if _reads_as_itself(contents, locale) else f"'{contents}"
    if isinstance(contents, int | float | Decimal):
        return _number_text(contents, locale)
    return moment_text(contents, locale)


def _stays_text(text: str, before: CellInput) -> bool:
    return (
        isinstance(before, str)
        and not isinstance(before, CellError)
        and _CODE.fullmatch(before) is not None
        and _CODE.fullmatch(text) is not None
    )


def _reads_as_itself(text: str, locale: Locale | None) -> bool:
    try:
        read = parse_entry(text, locale)
    except ValueError:
        return False
    return type(read) is str and read == text


def _number_or_text(text: str, locale: Locale | None, number_format: str) -> CellInput:
    if _EXPONENT.fullmatch(text):
        return _kept(Decimal(text), text)
    if _NUMBER_LIKE.fullmatch(text):
        return _number(text, locale, number_format)
    if _NO_NUMBER.fullmatch(text):
        raise InvalidNumber(f"{text!r} is no number; for the word itself type '{text}.", text=text)
    if _FORMULA_LIKE.fullmatch(text):
        raise InvalidCellValue(
            f"{text!r} looks like a calculation; type ={text.lstrip('+')} to have it computed, "
            f"or '{text} for the text itself."
        )
    return text


def _number(text: str, locale: Locale | None, number_format: str) -> int | float:
    is_percent = text.endswith("%")
    try:
        number = parse_number(text.removesuffix("%"), locale)
    except InvalidNumber as error:
        raise _refusal(text, error) from error
    assert number is not None
    if is_percent:
        return _kept(number / 100, text)
    if "%" in number_format and abs(number) >= 1:
        raise _two_shares(text, number)
    return _kept(number, text)


def _refusal(text: str, error: InvalidNumber) -> InvalidNumber:
    if error.readings:
        return error
    return InvalidNumber(
        f"{text!r} looks like a number and is none; type digits, as in 1234,50 or 1234.50, "
        f"or '{text} for the text itself.",
        text=text,
    )


def _two_shares(text: str, number: Decimal) -> InvalidNumber:
    readings = (f"{number}%", f"{number * 100}%")
    return InvalidNumber(
        f"{text!r} in a cell of per cents could be {readings[0]} or {readings[1]}; "
        "type it with its % sign.",
        text=text,
        readings=readings,
    )


def _kept(number: Decimal, text: str) -> int | float:
    """As a cell keeps it; refuses what would lose digits or is beyond a cell."""
    if len(number.normalize().as_tuple().digits) > _DIGITS:
        raise InvalidCellValue(
            f"{text!r} has more than the {_DIGITS} digits that a cell keeps of a number; "
            f"if it is a code, type '{text}."
        )
    if number and not -307 <= number.adjusted() <= 307:
        raise InvalidCellValue(f"{text!r} is beyond what a cell can hold.")
    return int(number) if number == number.to_integral_value() else float(number)


def _number_text(number: float | Decimal, locale: Locale | None) -> str:
    exact = Decimal(format(number, ".15g")) if isinstance(number, float) else Decimal(number)
    if exact and not -9 <= exact.adjusted() <= 20:
        return f"{exact.normalize():E}"
    text = format_number(exact, locale or "en").replace("." if locale == "de" else ",", "")
    decimal = "," if locale == "de" else "."
    # Three decimals could be a group of thousands; a fourth says that they are not.
    return text + "0" if len(text.partition(decimal)[2]) == 3 else text
