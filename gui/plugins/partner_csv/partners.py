"""Rows of a file as partners, each with what is wrong with it.

Nothing is guessed and nothing becomes zero: an empty cell is "not determined yet", and a
text that is no number, or could be two, is a problem of its row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from budgetinator.budgets import (
    MAX_PARTNERS,
    MAX_WORK_PACKAGES,
    Locale,
    Partner,
    Subcontract,
    parse_number,
)
from budgetinator.errors import InvalidNumber
from gui.plugins.partner_csv.columns import PartnerColumn, columns_of
from gui.plugins.partner_csv.tables import CsvTable

__all__ = ["Preview", "Problem", "preview"]

_PIC = re.compile(r"[0-9]{9}", re.ASCII)
_NOT_IN_SHEET_NAMES = frozenset("[]:*?/\\")


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a row from being imported; `column` is that of the file, None for the row."""

    row: int
    column: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do: a partner for each row, None for one that cannot be made.

    `ignored` are the headings that name nothing known.
    """

    table: CsvTable
    partners: tuple[Partner | None, ...]
    problems: tuple[Problem, ...]
    ignored: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        """Whether every row is a partner."""
        return bool(self.partners) and not self.problems

    def complete(self) -> tuple[Partner, ...]:
        """The partners, if the preview is ready."""
        return tuple(each for each in self.partners if each is not None)


def preview(table: CsvTable, locale: Locale, taken: Mapping[int, str]) -> Preview:
    """Read each row; `taken` are the acronyms that the workbook has, by their numbers.

    A row without a number gets the lowest free one. Raises ValueError for a heading that
    names no acronym, or one field twice.
    """
    columns = columns_of(table.heading)
    lines = tuple(f"line {line}" for line in table.lines)
    reading = _Reading(columns, locale, dict(taken), lines)
    given = [reading.number(row, cells) for row, cells in enumerate(table.rows)]
    partners = tuple(
        reading.partner(row, cells, given[row]) for row, cells in enumerate(table.rows)
    )
    if not table.rows:
        reading.problems.append(Problem(0, None, "There is no row below the heading."))
    ignored = tuple(
        text for text, column in zip(table.heading, columns, strict=True) if column is None and text
    )
    problems = tuple(sorted(reading.problems, key=lambda each: (each.row, each.column or 0)))
    return Preview(table, partners, problems, ignored)


class _Reading:
    """One pass over the rows; what was taken by an earlier row is known to the later ones."""

    def __init__(
        self,
        columns: tuple[PartnerColumn | None, ...],
        locale: Locale,
        taken: dict[int, str],
        lines: tuple[str, ...],
    ) -> None:
        self._lines = lines
        self._columns = columns
        self._locale = locale
        self._numbers = dict.fromkeys(taken, "the workbook")
        self._acronyms = {acronym.casefold(): "the workbook" for acronym in taken.values()}
        self.problems: list[Problem] = []

    def number(self, row: int, cells: tuple[str, ...]) -> int | None:
        """The number that a row names; all are known before any is given out."""
        for place, column in enumerate(self._columns[: len(cells)]):
            if column is None or column.field != "number" or not cells[place]:
                continue
            text = cells[place].removeprefix("P").removeprefix("p")
            if not (text.isascii() and text.isdecimal() and 1 <= int(text[:4]) <= MAX_PARTNERS):
                told = f"{cells[place]!r} is no partner's number; they go from 1 to {MAX_PARTNERS}."
                self._complain(row, place, told)
                return None
            number = int(text)
            if number in self._numbers:
                holder = self._numbers[number]
                self._complain(row, place, f"The number {number} is taken by {holder}.")
                return None
            self._numbers[number] = self._lines[row]
            return number
        return None

    def partner(self, row: int, cells: tuple[str, ...], number: int | None) -> Partner | None:
        """The partner of a row, or None if it has problems."""
        before = len(self.problems)
        if len(cells) > len(self._columns):
            told = f"It has {len(cells)} cells, and there are {len(self._columns)} columns."
            self._complain(row, None, told)
        values = [
            (column, self._value(row, place, column, cells[place]))
            for place, column in enumerate(self._columns[: len(cells)])
            if column is not None and column.field != "number"
        ]
        acronym = next((value for column, value in values if column.field == "acronym"), None)
        self._check_acronym(row, acronym)
        if any(each.row == row for each in self.problems) or len(self.problems) > before:
            return None
        if number is None:
            number = self._free(row)
        return None if number is None else _made(number, str(acronym), values)

    def _value(self, row: int, place: int, column: PartnerColumn, text: str) -> Any:
        if not text:
            return None
        if column.kind == "text":
            if column.field == "pic" and _PIC.fullmatch(text) is None:
                self._complain(row, place, f"{text[:40]!r} is no PIC; it has nine digits.")
            return text
        try:
            return self._number(column, text)
        except (InvalidNumber, ValueError) as error:
            self._complain(row, place, str(error))
            return None

    def _number(self, column: PartnerColumn, text: str) -> Decimal | None:
        is_percent = column.kind == "fraction" and text.endswith("%")
        number = parse_number(text.removesuffix("%") if is_percent else text, self._locale)
        if number is None:
            return None
        number = number / 100 if is_percent else number
        if column.kind == "fraction" and not 0 <= number <= 1:
            raise ValueError(f"{text!r} is no funding rate; write 0.7 or 70%.")
        if column.field == "person_months" and number < 0:
            raise ValueError(f"{text!r} are no person-months; they cannot be below zero.")
        return number

    def _check_acronym(self, row: int, acronym: object) -> None:
        place = next(n for n, c in enumerate(self._columns) if c and c.field == "acronym")
        if not isinstance(acronym, str):
            self._complain(row, place, "The acronym is missing.")
            return
        if len(acronym) > 16 or _NOT_IN_SHEET_NAMES.intersection(acronym):
            told = f"{acronym[:40]!r} cannot be an acronym: 1 to 16 signs, none of []:*?/\\."
            self._complain(row, place, told)
        holder = self._acronyms.setdefault(acronym.casefold(), self._lines[row])
        if holder != self._lines[row]:
            self._complain(row, place, f"The acronym {acronym!r} is taken by {holder}.")

    def _free(self, row: int) -> int | None:
        for number in range(1, MAX_PARTNERS + 1):
            if number not in self._numbers:
                self._numbers[number] = self._lines[row]
                return number
        self._complain(row, None, f"All {MAX_PARTNERS} numbers are taken.")
        return None

    def _complain(self, row: int, column: int | None, text: str) -> None:
        self.problems.append(Problem(row, column, text))


def _made(number: int, acronym: str, values: list[tuple[PartnerColumn, Any]]) -> Partner:
    months: list[Decimal | None] = [None] * MAX_WORK_PACKAGES
    contracts = [Subcontract(), Subcontract()]
    fields: dict[str, Any] = {"role": "Coordinator" if number == 1 else "Beneficiary"}
    for column, value in values:
        if column.field == "person_months":
            months[column.index or 0] = value
        elif column.part is not None:
            place = column.index or 0
            given: dict[str, Any] = {column.part: value}
            contracts[place] = replace(contracts[place], **given)
        elif column.field != "acronym" and value is not None:
            fields[column.field] = value
    first, second = contracts
    return Partner(
        number, acronym, person_months=tuple(months), subcontracts=(first, second), **fields
    )
