"""Which of a workbook's cell formats show a date, and the date that a number is.

ECMA-376 part 1, sections 18.8.30 (number formats, the built-in ones of East Asian
versions included) and 18.17.4 (dates as numbers).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.partguard import check_part
from budgetinator.workbooks.opc.relationships import Attributes, read_elements

__all__ = ["Calendar", "Moment"]

Moment = dt.datetime | dt.time | dt.timedelta

_STYLES = "xl/styles.xml"
_DATES = frozenset((*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)))
_DURATIONS = frozenset((46,))
# What may stand in a format code and is no sign of it: texts, single characters that are
# escaped, given as widths or filled up with, and brackets that hold no elapsed time.
_LITERAL = re.compile(r'"[^"]*"|[\\_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_SIGN = re.compile(r"[dmyhs]", re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)

_DAY_MILLISECONDS = 86_400_000
_EPOCH_1900 = dt.datetime(1899, 12, 30)
_EPOCH_1904 = dt.datetime(1904, 1, 1)
_LEAP_DAY = 60  # 29 February 1900, which never was: the days before it are one lower


@dataclass(frozen=True, slots=True)
class Calendar:
    """The formats of cells, by their index, that show dates, and the day that numbers count from.

    `durations` are those of the dates that show elapsed time.
    """

    dates: frozenset[int] = frozenset()
    durations: frozenset[int] = frozenset()
    since_1904: bool = False

    @classmethod
    def of(cls, package: Package) -> Calendar:
        """The calendar of a workbook; raises as reading its parts does."""
        name = _styles_part(package)
        if name is None:
            return cls(since_1904=package.since_1904)
        check_part(package, name)
        formats = _Formats(package, name)
        return cls(
            frozenset(formats.cells_of(formats.dates)),
            frozenset(formats.cells_of(formats.durations)),
            package.since_1904,
        )

    def read(self, number: float, style: int) -> Moment | float:
        """What the number is in a cell of this format; itself where no calendar has that day."""
        if style not in self.dates:
            return number
        try:
            if style in self.durations:
                return _duration(number)
            return _moment(number, since_1904=self.since_1904)
        except (OverflowError, ValueError):
            return number  # Excel shows ###; the figure is still the cell's value


class _Formats:
    """The number formats of a styles part, and which of them each cell format has."""

    def __init__(self, package: Package, name: str) -> None:
        self.dates = set(_DATES)
        self.durations = set(_DURATIONS)
        self._of_cells: list[int] = []
        self._within = ""
        read_elements(package.read(name), str(package.path), name, self._note)

    def cells_of(self, number_formats: set[int]) -> list[int]:
        """The indices of the cell formats that have one of these number formats."""
        return [index for index, one in enumerate(self._of_cells) if one in number_formats]

    def _note(self, name: str, attributes: Attributes) -> None:
        if name == "numFmt" and self._within == "numFmts":
            self._add(_integer(attributes.get("numFmtId")), attributes.get("formatCode", ""))
        elif name == "xf" and self._within == "cellXfs":
            self._of_cells.append(_integer(attributes.get("numFmtId")))
        elif name in _SECTIONS:
            self._within = name

    def _add(self, number: int, code: str) -> None:
        shown = _LITERAL.sub("", code).partition(";")[0]
        for known, holds in (
            (self.dates, _SIGN.search(shown)),
            (self.durations, _ELAPSED.search(shown)),
        ):
            known.discard(number)
            if holds:
                known.add(number)


_SECTIONS = frozenset({"numFmts", "fonts", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs"})


def _styles_part(package: Package) -> str | None:
    for relationship in package.relationships(package.workbook_part):
        if relationship.kind == "styles" and package.has(relationship.target):
            return package.spelling(relationship.target)
    return _STYLES if package.has(_STYLES) else None


def _moment(number: float, *, since_1904: bool) -> Moment:
    """The day and time, to the millisecond; a time alone for what is less than a day."""
    day, fraction = divmod(number, 1)
    milliseconds = round(fraction * 86_400 * 1000)
    if day == 0 and milliseconds < _DAY_MILLISECONDS:
        return (_EPOCH_1900 + dt.timedelta(milliseconds=milliseconds)).time()
    if since_1904:
        return _EPOCH_1904 + dt.timedelta(days=day, milliseconds=milliseconds)
    day += 0 < number < _LEAP_DAY
    return _EPOCH_1900 + dt.timedelta(days=day, milliseconds=milliseconds)


def _duration(number: float) -> dt.timedelta:
    span = dt.timedelta(days=number)
    return span - dt.timedelta(microseconds=span.microseconds - round(span.microseconds, -3))


def _integer(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
