"""What a cell holds, as text in a table and as JSON.

In a table a number has at most fifteen digits, as Excel shows it, a date is in ISO form
without a time of midnight, and an error begins with `!`, which tells `!#DIV/0!` from a text
of that content. A result that is to be recalculated begins with `?`, which no number does,
or is nothing else where none is known. In JSON nothing is rounded, and what JSON has no
form for is an object with one key: `error`, `date`, `time`, `seconds`, `formula`, or
`stale`, which holds the old result.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from budgetinator.cli.output import visible
from budgetinator.workbooks.patch import CellInput, Formula
from budgetinator.workbooks.reading.currency import StaleResult
from budgetinator.workbooks.reading.values import CellError, Value

__all__ = ["Content", "Shown", "content_json", "shown"]

Content = Value | CellInput | StaleResult
"""What a cell holds or is given: a value, the formula that makes one, or an old result."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as text, and how it stands in its column."""

    text: str
    right: bool = False
    is_error: bool = False
    is_stale: bool = False


def shown(content: Content) -> Shown:
    """The content as one line of text."""
    if content is None:
        return Shown("")
    if isinstance(content, Formula):
        return Shown(visible(content.text))
    if isinstance(content, StaleResult):
        last = shown(content.last)
        return Shown(f"?{last.text}", last.right, is_stale=True)
    if isinstance(content, CellError):
        return Shown(f"!{content}", is_error=True)
    if isinstance(content, str):
        return Shown(visible(content))
    if isinstance(content, bool):
        return Shown(str(content).upper())
    if isinstance(content, int | float | Decimal):
        return Shown(_number(content), right=True)
    return Shown(_moment(content), right=True)


def content_json(content: Content) -> Any:
    """The content as JSON has it; see the module's docstring."""
    if isinstance(content, Formula):
        return {"formula": content.text}
    if isinstance(content, StaleResult):
        return {"stale": content_json(content.last)}
    if isinstance(content, CellError):
        return {"error": str(content)}
    if isinstance(content, dt.timedelta):
        return {"seconds": content.total_seconds()}
    if isinstance(content, dt.time):
        return {"time": content.isoformat()}
    if isinstance(content, dt.date):
        return {"date": _moment(content).replace(" ", "T")}
    return float(content) if isinstance(content, Decimal) else content


def _number(number: float | Decimal) -> str:
    if isinstance(number, int):
        return str(number)
    return format(number, ".15g")


def _moment(moment: dt.date | dt.time | dt.timedelta) -> str:
    if isinstance(moment, dt.datetime):
        if moment.time() == dt.time.min:
            return moment.date().isoformat()
        return moment.isoformat(sep=" ")
    if isinstance(moment, dt.timedelta):
        minutes, seconds = divmod(moment.total_seconds(), 60)
        hours, minutes = divmod(int(minutes), 60)
        return f"{hours}:{minutes:02}:{seconds:02g}"
    return moment.isoformat()
