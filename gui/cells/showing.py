"""A cell's value as the sheet view shows it: one text, its side, and what is marked."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from budgetinator.budgets.numbers import Locale
from budgetinator.workbooks import CellError, Formula, ShownValue, StaleResult
from gui.cells.moments import moment_text
from gui.cells.numberformats import general, number_format

__all__ = ["EMPTY", "Shown", "shown"]

Side = Literal["left", "right", "center"]

_LINE_ENDS = re.compile(r"\r\n?|\n")
_LONGEST = 2_000
"""More of a text is never seen at once in a cell, and would be laid out for nothing."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One cell on the screen."""

    text: str = ""
    side: Side = "left"
    is_error: bool = False
    is_stale: bool = False
    is_red: bool = False


EMPTY = Shown()


def shown(
    value: ShownValue | Formula, code: str = "General", locale: Locale | None = None
) -> Shown:
    """The value in the format of its cell; what is to be recalculated shows its last result."""
    if value is None:
        return EMPTY
    if isinstance(value, StaleResult):
        last = shown(value.last, code, locale)
        return Shown(last.text or "?", last.side if last.text else "center", is_stale=True)
    if isinstance(value, CellError):
        return Shown(str(value), "center", is_error=True)
    if isinstance(value, Formula):
        return Shown("?", "center", is_stale=True)
    if isinstance(value, bool):
        return Shown(str(value).upper(), "center")
    if isinstance(value, str):
        return Shown(
            _one_line(value if code == "General" else number_format(code).text(value).text)
        )
    if isinstance(value, int | float | Decimal):
        if code == "General":
            return Shown(general(value, locale), "right")
        written = number_format(code, locale).number(value)
        return Shown(written.text, "right", is_red=written.is_red)
    return _moment(value, code, locale)


def _moment(value: dt.date | dt.time | dt.timedelta, code: str, locale: Locale | None) -> Shown:
    written = number_format(code, locale).moment(value)
    if written is None:
        return Shown(moment_text(value, locale), "right")
    return Shown(written.text, "right", is_red=written.is_red)


def _one_line(text: str) -> str:
    return _LINE_ENDS.sub(" ", text[:_LONGEST])
