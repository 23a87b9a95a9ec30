"""The codes of days and times: `dd.mm.yyyy`, `h:mm AM/PM`, `[h]:mm:ss`."""

from __future__ import annotations

import datetime as dt
import re

__all__ = ["DateFormat", "is_date_code"]

_LITERAL = re.compile(r'"[^"]*"|[\\_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_TOKENS = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|[_*](?P<width>.)|\[(?P<elapsed>h+|m+|s+)\]'
    r"|\[(?P<bracket>[^\]]*)\]|(?P<half>am/pm|a/p)|(?P<year>y+|e+)|(?P<month>m+)|(?P<day>d+)"
    r"|(?P<hour>h+)|(?P<second>s+)|\.(?P<fraction>0+)|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001  a cell's date has no zone


def is_date_code(code: str) -> bool:
    """Whether a section of a format shows a day or a time."""
    if code.strip().lower() in {"general", "@"}:
        return False
    return re.search(r"[dmyhs]", _LITERAL.sub("", code), re.IGNORECASE) is not None


class DateFormat:
    """One section that shows days and times, taken apart once."""

    def __init__(self, code: str) -> None:
        found = [
            (match.lastgroup or "literal", match[match.lastgroup or 0])
            for match in _TOKENS.finditer(code)
        ]
        self._tokens = _with_minutes(
            [(kind, text) for kind, text in found if kind not in {"bracket", "width"}]
        )
        self._has_half = any(kind == "half" for kind, _ in self._tokens)

    def write(self, value: dt.date | dt.time | dt.timedelta) -> str:
        """The moment so."""
        moment, span = _as_moment(value)
        return "".join(self._written(kind, text, moment, span) for kind, text in self._tokens)

    def _written(self, kind: str, text: str, moment: dt.datetime, span: dt.timedelta) -> str:
        size = len(text)
        match kind:
            case "year":
                return f"{moment.year:04}" if size > 2 else f"{moment.year % 100:02}"
            case "month":
                return _name(moment.month, size, _MONTHS[moment.month - 1])
            case "day":
                return _name(moment.day, size, _DAYS[moment.weekday()])
            case "hour":
                hour = (moment.hour % 12 or 12) if self._has_half else moment.hour
                return f"{hour:0{min(size, 2)}}"
            case "minute":
                return f"{moment.minute:0{min(size, 2)}}"
            case "second":
                return f"{moment.second:0{min(size, 2)}}"
            case "fraction":
                return "." + f"{moment.microsecond:06}"[:size].ljust(size, "0")
            case "half":
                half = "AM" if moment.hour < 12 else "PM"
                return half if size > 3 else half[0]
            case "elapsed":
                unit = {"h": 3600, "m": 60, "s": 1}[text[0].lower()]
                return f"{int(span.total_seconds() // unit):0{size}}"
        return text


def _name(number: int, size: int, name: str) -> str:
    if size <= 2:
        return f"{number:0{size}}"
    if size == 5:
        return name[0]
    return name[:3] if size == 3 else name


def _with_minutes(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """`m` behind hours or before seconds means minutes."""
    timed = [
        i for i, (kind, _) in enumerate(tokens) if kind not in {"literal", "quoted", "escaped"}
    ]
    result = list(tokens)
    for place, index in enumerate(timed):
        kind, text = tokens[index]
        if kind != "month" or len(text) > 2:
            continue
        before = tokens[timed[place - 1]] if place else ("", "")
        after = tokens[timed[place + 1]] if place + 1 < len(timed) else ("", "")
        behind_hours = before[0] == "hour" or (
            before[0] == "elapsed" and before[1][0].lower() == "h"
        )
        if behind_hours or after[0] == "second":
            result[index] = ("minute", text)
    return result


def _as_moment(value: dt.date | dt.time | dt.timedelta) -> tuple[dt.datetime, dt.timedelta]:
    if isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, dt.date):
        moment = dt.datetime.combine(value, dt.time.min)
    elif isinstance(value, dt.time):
        moment = dt.datetime.combine(_EPOCH.date(), value)
    else:
        # A span may be longer than the calendar; its day of the month then says nothing.
        longest = dt.datetime.max - _EPOCH  # noqa: DTZ901  no zone either
        return _EPOCH + max(min(value, longest), _EPOCH.min - _EPOCH), value
    return moment, moment - _EPOCH
