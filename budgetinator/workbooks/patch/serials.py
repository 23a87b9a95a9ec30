"""Dates and times as the numbers that cells hold (ECMA-376 part 1, section 18.17.4)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

__all__ = ["date_format", "date_serial"]

_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000  # microseconds
_LAST = 2_958_466  # the day after 9999-12-31 where 1900-01-01 is day 1

# Built-in number formats (section 18.8.30): a date, date and time, a time, elapsed hours.
_DATE, _DATETIME, _TIME, _ELAPSED = 14, 22, 21, 46

Moment = date | time | timedelta  # a datetime is a date


def date_format(value: Moment) -> int:
    """The built-in number format that shows the value as what it is."""
    if isinstance(value, datetime):
        return _DATETIME
    if isinstance(value, date):
        return _DATE
    return _TIME if isinstance(value, time) else _ELAPSED


def date_serial(value: Moment, *, since_1904: bool) -> float | int:
    """The number of days, correctly rounded; ValueError, with a reason, where there is none.

    Day 60 of the 1900 system is 29 February 1900, a day that never was and that
    all spreadsheets count: days before it are one lower than the calendar says.
    """
    microseconds = _microseconds(value, since_1904=since_1904)
    days, rest = divmod(microseconds, _DAY)
    return days if rest == 0 else microseconds / _DAY


def _microseconds(value: Moment, *, since_1904: bool) -> int:
    if isinstance(value, timedelta):
        if abs(value) >= timedelta(days=_LAST):
            raise ValueError("the duration is longer than a cell can hold")
        return value // _MICROSECOND
    if isinstance(value, (datetime, time)) and value.tzinfo is not None:
        raise ValueError("cells know no time zones; convert it to local time without one")
    if isinstance(value, time):
        return _since_midnight(value)
    if isinstance(value, datetime):
        return _day(value.date(), since_1904=since_1904) * _DAY + _since_midnight(value.time())
    return _day(value, since_1904=since_1904) * _DAY


def _since_midnight(value: time) -> int:
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return seconds * 1_000_000 + value.microsecond


def _day(day: date, *, since_1904: bool) -> int:
    first = date(1904, 1, 1) if since_1904 else date(1900, 1, 1)
    if day < first:
        raise ValueError(f"this workbook's dates begin with {first.isoformat()}")
    if since_1904:
        return (day - first).days
    count = (day - first).days + 1
    return count if count < 60 else count + 1
