"""What the cells of a sheet say as values of a budget, and what is odd about them.

Empty is None and zero is zero. What is no number is a finding and None, never zero; where
the text leaves one reading, that is offered as a fix.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from budgetinator.budgets.catalogue import finding
from budgetinator.budgets.computing import Computing, decimal_of
from budgetinator.budgets.findings import CellCorrection, Finding, Fix
from budgetinator.budgets.model import Amount
from budgetinator.budgets.numbers import parse_number
from budgetinator.budgets.sheetcells import SheetCells
from budgetinator.errors import InvalidNumber
from budgetinator.workbooks.reading.celltexts import CellError, Value

__all__ = ["Entries"]


@dataclass(slots=True)
class Entries:
    """The cells of one sheet, read one by one; what is odd gathers in `findings`."""

    sheet: SheetCells
    findings: list[Finding] = field(default_factory=list)
    _computing: Computing = field(init=False)

    def __post_init__(self) -> None:
        self._computing = Computing(self.sheet)

    def text(self, cell: str) -> str | None:
        """The text; a number is text as it is written in digits."""
        value = self.sheet.value(cell)
        if value is None:
            return None
        if isinstance(value, CellError):
            self._find("error-value", cell, f"It shows {value}")
            return None
        if isinstance(value, str):
            return value.strip() or None
        number = decimal_of(value)
        if number is None:
            return str(value)
        return (
            f"{number.to_integral_value():f}"
            if number == number.to_integral_value()
            else f"{number:f}"
        )

    def amount(self, cell: str) -> Amount:
        """The number, exact; for text the finding says what it could mean."""
        value = self.sheet.value(cell)
        if value is None:
            return None if self.sheet.formula(cell) is None else self._computed(cell)
        return self._amount(cell, value)

    def fraction(self, cell: str) -> Amount:
        """As `amount`; `70%` as text is offered as 0.7."""
        value = self.sheet.value(cell)
        if isinstance(value, str) and not isinstance(value, CellError):
            bare = value.strip()
            if bare.endswith("%"):
                return self._amount(cell, value, lambda: _percent(bare))
        return self.amount(cell)

    def whole(self, cell: str) -> int | None:
        """A whole number; others are none, and told."""
        number = self.amount(cell)
        if number is None:
            return None
        if number != number.to_integral_value():
            self._find("month-beyond", cell, f"{number} is no whole number")
            return None
        return int(number)

    def _amount(self, cell: str, value: Value, read: Callable[[], Amount] | None = None) -> Amount:
        if isinstance(value, CellError):
            self._find("error-value", cell, f"It shows {value}")
            return None
        if isinstance(value, str):
            self._text_for_number(cell, value, read or (lambda: parse_number(value)))
            return None
        number = decimal_of(value)
        if number is None:
            self._find("not-a-number", cell, f"It holds {_shown(value)}")
        return number

    def _text_for_number(self, cell: str, text: str, read: Callable[[], Amount]) -> None:
        sheet = self.sheet.name
        is_result = self.sheet.formula(cell) is not None
        if not text.strip():
            if is_result:
                return
            clear = Fix("Clear the cell", (CellCorrection(sheet, cell, text, None),), is_safe=True)
            self._find("blank-text", cell, "It holds blanks, or a text without signs", clear)
            return
        try:
            number = read()
        except InvalidNumber as error:
            what = f"It holds the text {text!r}"
            if error.readings:
                what += f", which could be {' or '.join(error.readings)}"
            self._find("text-for-number", cell, what)
            return
        fix = None
        if not is_result:
            change = CellCorrection(sheet, cell, text, number)
            fix = Fix(f"Put in the number {number}", (change,), is_safe=True)
        self._find("text-for-number", cell, f"It holds the text {text!r}, no number", fix)

    def _computed(self, cell: str) -> Amount:
        found = self._computing.result(cell)
        if found is None:
            what = f"Its formula is {self.sheet.formula(cell)}, and its result is not known"
            self._find("input-unknown", cell, what)
        return found

    def _find(self, rule: str, cell: str, what: str, fix: Fix | None = None) -> None:
        self.findings.append(finding(rule, self.sheet.name, cell, what, fix=fix))


def _percent(text: str) -> Amount:
    number = parse_number(text.removesuffix("%"))
    return None if number is None else number / 100


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return f"the truth value {str(value).upper()}"
    if isinstance(value, dt.date | dt.time):
        return f"the date or time {value.isoformat()}"
    return str(value)
