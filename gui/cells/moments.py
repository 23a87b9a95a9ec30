"""Days and times as people type them: ISO 8601, `31.12.2026`, `9:30`.

A day with slashes is taken only where it has one reading; `03/04/2026` has two.
"""

from __future__ import annotations

import datetime as dt
import re

from budgetinator.budgets.numbers import Locale
from budgetinator.errors import InvalidCellValue

__all__ = ["Moment", "moment_text", "parse_moment"]

Moment = dt.date | dt.datetime | dt.time | dt.timedelta

_DAY = re.compile(
    r"(?:(?P<iso>\d{4}-\d{1,2}-\d{1,2})|(?P<dots>\d{1,2}\.\s?\d{1,2}\.\s?\d{4})"
    r"|(?P<slashes>\d{1,2}/\d{1,2}/\d{4}))(?:[T ]+(?P<time>\d.*))?",
    re.ASCII,
)
_TIME = re.compile(r"(\d{1,5}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?", re.ASCII)


def parse_moment(text: str, before: object = None) -> Moment | None:
    """The day, the time or both; None for a text that is neither.

    Hours from 24 on, and any in a cell that held a span `before`, are a span of time.
    Raises InvalidCellValue for a day or time that does not exist, or that has two readings.
    """
    if found := _TIME.fullmatch(text):
        return _time(text, found, is_span=isinstance(before, dt.timedelta))
    if not (found := _DAY.fullmatch(text)):
        return None
    day = _day(text, found)
    if found["time"] is None:
        return day
    clock = _TIME.fullmatch(found["time"].strip())
    time = _time(text, clock, is_span=False) if clock else None
    if not isinstance(time, dt.time):
        raise _no_moment(text)
    return dt.datetime.combine(day, time)


def moment_text(moment: Moment, locale: Locale | None = None) -> str:
    """The moment as `parse_moment` reads it."""
    if isinstance(moment, dt.datetime):
        day = moment_text(moment.date(), locale)
        return day if moment.time() == dt.time.min else f"{day} {_clock(moment.time())}"
    if isinstance(moment, dt.date):
        return f"{moment:%d.%m.%Y}" if locale == "de" else moment.isoformat()
    if isinstance(moment, dt.time):
        return _clock(moment)
    minutes, seconds = divmod(moment.total_seconds(), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{seconds:02g}"


def _clock(time: dt.time) -> str:
    return time.isoformat("minutes" if not (time.second or time.microsecond) else "auto")


def _day(text: str, found: re.Match[str]) -> dt.date:
    year_first = found["iso"] is not None
    parts = [int(part) for part in re.findall(r"\d+", found["iso"] or found[0].split(" ", 1)[0])]
    if found["dots"]:
        parts = [int(part) for part in re.findall(r"\d+", found["dots"])]
    readings = [tuple(parts) if year_first else (parts[2], parts[1], parts[0])]
    if found["slashes"]:
        readings.append((parts[2], parts[0], parts[1]))
    days = dict.fromkeys(day for each in readings if (day := _date(*each)) is not None)
    if not days:
        raise _no_moment(text)
    if len(days) > 1:
        listed = " or ".join(day.isoformat() for day in days)
        raise InvalidCellValue(f"{text!r} could be {listed}; type it so.")
    return next(iter(days))


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _time(text: str, found: re.Match[str], *, is_span: bool) -> dt.time | dt.timedelta:
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    micro = int((found[4] or "0").ljust(6, "0"))
    if minutes > 59 or seconds > 59:
        raise _no_moment(text)
    if hours > 23 or is_span:
        return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=micro)
    return dt.time(hours, minutes, seconds, micro)


def _no_moment(text: str) -> InvalidCellValue:
    return InvalidCellValue(
        f"{text!r} is no day or time of the calendar; type it as 2026-03-01 or 9:30, "
        f"or '{text} for the text itself."
    )
