"""When two cells say the same.

Empty is no zero, text is no number, `#REF!` as an error is no text, and TRUE is no 1. Results
of formulas are compared to twelve digits, because programs that compute differ in the last
ones; entries are compared exactly. Formulas are the same if they compute the same.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from budgetinator.budgets.formulaforms import known_form
from budgetinator.workbooks.reading.celltexts import CellError, Value

__all__ = ["same_formula", "same_result", "same_value"]

_DIGITS = Decimal("1e-12")
_LONGEST = 500


def same_value(one: Value | Decimal, other: Value | Decimal) -> bool:
    """Whether two entries are the same."""
    if isinstance(one, dt.date) and isinstance(other, dt.date):
        return _moment(one) == _moment(other)
    if _kind(one) is not _kind(other):
        return False
    return bool(one == other)


def same_result(one: Value | Decimal, other: Value | Decimal) -> bool:
    """Whether two results are the same, numbers to twelve digits."""
    if _kind(one) is not float or _kind(other) is not float:
        return same_value(one, other)
    if one == other:
        return True
    first, second = Decimal(str(one)), Decimal(str(other))
    if not (first.is_finite() and second.is_finite()):
        return False
    return abs(first - second) <= _DIGITS * max(abs(first), abs(second))


def same_formula(one: str, other: str) -> bool:
    """Whether two formulas compute the same over the same cells, as far as that is known."""
    if one == other:
        return True
    if len(one) > _LONGEST or len(other) > _LONGEST:
        return False
    form = known_form(one)
    return form is not None and form == known_form(other)


def _kind(value: Value | Decimal) -> type:
    """One class for each kind of content, numbers of all classes being one."""
    if isinstance(value, bool | CellError):
        return type(value)
    if isinstance(value, int | float | Decimal):
        return float
    return type(value)


def _moment(value: dt.date) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  a cell has no zone
