"""A cell's value from the text that the sheet holds of it.

ECMA-376 part 1, sections 18.3.1.4 (c) and 18.18.11 (the types of cells).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import TypeAlias, cast

from budgetinator.workbooks.reading.numberformats import Calendar
from budgetinator.workbooks.reading.sharedstrings import SharedStrings
from budgetinator.workbooks.reading.xmltext import with_characters

__all__ = ["CellError", "CellTexts", "NumberReader", "TextReader", "Value"]


class CellError(str):
    """The error that a cell shows in place of a value: equal to its text, but no text.

    `CellError("#DIV/0!") == "#DIV/0!"`, and isinstance tells it from a cell in
    which somebody typed that.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"CellError({str.__repr__(self)})"


Value: TypeAlias = (
    str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | CellError | None
)
NumberReader: TypeAlias = Callable[[int | float], Value]
TextReader: TypeAlias = Callable[[str], Value]

_NUMBERS = frozenset({"n", "s", "b"})
# How many dates are remembered: sheets repeat them, and each costs more than its number.
_REMEMBERED = 4_096
_TRUTHS = {"true": True, "false": False}
_DATE = re.compile(
    r"(?:(\d{4})-(\d\d)-(\d\d))?T?(?:(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?)?(?:Z|[+-]\d\d:\d\d)?"
)
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")


class CellTexts:
    """How the cells of a workbook are read, by the type and the format that they declare.

    `shared` gives the shared strings of several indices at once.
    The readers raise ValueError, TypeError or IndexError for what is none of theirs.
    """

    def __init__(self, calendar: Calendar, strings: SharedStrings) -> None:
        self._calendar = calendar
        self.shared = strings.texts
        self._shared = cast("NumberReader", strings.text)
        self._dates: dict[int, NumberReader] = {}
        self._of_text: dict[str, TextReader] = {
            "str": with_characters,
            "inlineStr": with_characters,
            "e": _Errors().__getitem__,
            "d": _iso_date,
        }

    def of_text(self, kind: str) -> TextReader | None:
        """What reads cells of this type from their text; None for those that hold a number."""
        return None if kind in _NUMBERS else self._of_text.get(kind, str)

    def of_number(self, kind: str, style: int) -> NumberReader | None:
        """What a number means in cells of this type and format; None where it is itself."""
        if kind == "s":
            return self._shared
        if kind == "b":
            return bool
        if style not in self._calendar.dates:
            return None
        if style not in self._dates:
            self._dates[style] = _Dates(self._calendar, style).__getitem__
        return self._dates[style]

    def read(self, kind: str, style: int, text: str) -> Value:
        """The value of a cell of this type and format."""
        if reader := self.of_text(kind):
            return reader(text)
        if kind == "b" and text.strip().lower() in _TRUTHS:
            return _TRUTHS[text.strip().lower()]
        number = float(text) if "." in text or "E" in text or "e" in text else int(text)
        meaning = self.of_number(kind, style)
        return meaning(number) if meaning else number


class _Dates(dict[float, Value]):
    """The dates of one format by their numbers, as far as they were asked for."""

    def __init__(self, calendar: Calendar, style: int) -> None:
        super().__init__()
        self._calendar = calendar
        self._style = style

    def __missing__(self, number: float) -> Value:
        if len(self) >= _REMEMBERED:
            self.clear()
        value = self[number] = self._calendar.read(number, self._style)
        return value


class _Errors(dict[str, CellError]):
    """The errors by their codes, as far as they were asked for."""

    def __missing__(self, code: str) -> CellError:
        if len(self) >= _REMEMBERED:
            self.clear()
        error = self[code] = CellError(code)
        return error


def _iso_date(text: str) -> Value:
    text = text.strip()
    found = _DATE.fullmatch(text)
    if found is not None and (found[1] or found[4]):
        return _moment(found)
    span = _DURATION.fullmatch(text)
    if span is None or not any(span.groups()):
        raise ValueError(f"{text!r} is no date")
    hours, minutes, seconds = span.groups("0")
    return dt.timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def _moment(found: re.Match[str]) -> Value:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    microsecond = round(float(found[7] or 0) * 1_000_000)
    if found[4] is None:
        return dt.date(year, month, day)
    if found[1] is None:
        return dt.time(hour, minute, second, microsecond)
    moment = dt.datetime(year, month, day, hour, minute, second)
    return moment + dt.timedelta(microseconds=microsecond)
