"""What a formula of sums and products computes, whatever way it is written.

`=0.25*(G13+I13)`, `=SUM(I13,G13)*25%` and `=(G13+$I$13)/4` are the same polynomial over
the same cells, so that formulas are compared by what they do and not by their text. A
formula with anything else in it (a function but SUM, text, a comparison) has no form.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import TypeAlias

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import format_cell, parse_range

__all__ = [
    "Cell",
    "Form",
    "cells_of",
    "evaluate",
    "form_of",
    "known_form",
    "named_cells",
    "plain_reference",
]

Cell: TypeAlias = tuple[str, str]
"""The sheet as the formula names it, casefolded, "" for its own; and the cell."""

Form: TypeAlias = dict[tuple[Cell, ...], Fraction]
"""The polynomial: a coefficient for each product of cells, () for the constant."""

_TOKEN = re.compile(
    r"\s*(?:(?P<reference>(?:'(?:[^']|'')+'!|[^\W\d][\w.]*!)?\$?[A-Za-z]{1,3}\$?[0-9]+"
    r"(?::\$?[A-Za-z]{1,3}\$?[0-9]+)?)(?![\w(.])"
    r"|(?P<number>[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]{1,2})?|\.[0-9]+)"
    r"|(?P<name>[A-Za-z]+)(?=\()|(?P<sign>[-+*/()%,]))"
)
_MOST_CELLS = 1000
_LONGEST = 2000
_MOST_TERMS = 5000


class _NoForm(Exception):
    """The formula is no polynomial that this module reads."""


def form_of(formula: str) -> Form | None:
    """The form of a formula, with or without its equals sign; None where it has none."""
    if len(formula) > _LONGEST:
        return None
    try:
        return _Reader(formula.removeprefix("=")).read()
    except (_NoForm, InvalidCellReference, ZeroDivisionError, RecursionError):
        return None


known_form = lru_cache(maxsize=8192)(form_of)
"""The same, remembered: the links and sums of a budget come back on every sheet."""


def cells_of(form: Form) -> set[Cell]:
    """The cells on which it depends."""
    return {cell for product in form for cell in product}


@lru_cache(maxsize=8192)
def named_cells(formula: str) -> frozenset[Cell]:
    """The cells that a formula with a form names, those that fall out of the form included."""
    return frozenset(cell for each in _references(formula) for cell in _cells(each))


@lru_cache(maxsize=8192)
def plain_reference(formula: str) -> Cell | None:
    """The cell that a formula shows as it is, whatever it holds; None for any other formula."""
    tokens = list(_tokens(formula.removeprefix("=")))
    while tokens and tokens[0] == ("sign", "+"):
        del tokens[0]
    if len(tokens) != 1 or tokens[0][0] != "reference":
        return None
    cells = list(_cells(tokens[0][1]))
    return cells[0] if len(cells) == 1 else None


def evaluate(form: Form, value_of: Callable[[Cell], Fraction | None]) -> Fraction:
    """The form's value; a cell without one counts as zero, as spreadsheets have it."""
    total = Fraction(0)
    for product, coefficient in form.items():
        values = (value_of(cell) or Fraction(0) for cell in product)
        total += prod(values, start=coefficient)
    return total


class _Reader:
    """Reads one formula from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def read(self) -> Form:
        found = self._sum()
        if self._at != len(self._tokens):
            raise _NoForm
        return found

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, *signs: str) -> str | None:
        kind, text = self._next()
        if kind == "sign" and text in signs:
            self._at += 1
            return text
        return None

    def _sum(self) -> Form:
        found = self._product()
        while sign := self._take("+", "-"):
            found = _added(found, self._product(), 1 if sign == "+" else -1)
        return found

    def _product(self) -> Form:
        found = self._factor()
        while sign := self._take("*", "/"):
            other = self._factor()
            found = _times(found, other if sign == "*" else _inverse(other))
        return found

    def _factor(self) -> Form:
        if sign := self._take("+", "-"):
            return _times(self._factor(), {(): Fraction(1 if sign == "+" else -1)})
        found = self._atom()
        while self._take("%"):
            found = _times(found, {(): Fraction(1, 100)})
        return found

    def _atom(self) -> Form:
        kind, text = self._next()
        self._at += 1
        if kind == "number":
            return _clean({(): Fraction(text)})
        if kind == "reference":
            cells = list(_cells(text))
            if len(cells) != 1:
                raise _NoForm
            return {(cells[0],): Fraction(1)}
        if kind == "sign" and text == "(":
            found = self._sum()
            self._close()
            return found
        if kind == "name" and text.upper() == "SUM":
            return self._sum_of_arguments()
        raise _NoForm

    def _sum_of_arguments(self) -> Form:
        if not self._take("("):
            raise _NoForm
        found = self._argument()
        while self._take(","):
            found = _added(found, self._argument(), 1)
        self._close()
        return found

    def _argument(self) -> Form:
        kind, text = self._next()
        if kind == "reference" and ":" in text:
            self._at += 1
            counts = Counter((cell,) for cell in _cells(text))
            return {product: Fraction(count) for product, count in counts.items()}
        return self._sum()

    def _close(self) -> None:
        if not self._take(")"):
            raise _NoForm


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise _NoForm
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()


def _references(formula: str) -> Iterator[str]:
    tokens = _tokens(formula.removeprefix("="))
    return (text for kind, text in tokens if kind == "reference")


def _cells(text: str) -> Iterator[Cell]:
    sheet, mark, reference = text.rpartition("!")
    if mark and sheet.startswith("'"):
        sheet = sheet[1:-1].replace("''", "'")
    area = parse_range(reference)
    if area.cells > _MOST_CELLS:
        raise _NoForm
    for row in range(area.min_row, area.max_row + 1):
        for column in range(area.min_col, area.max_col + 1):
            yield sheet.casefold(), format_cell(row, column)


def _added(one: Form, other: Form, factor: int) -> Form:
    found = dict(one)
    for product, coefficient in other.items():
        found[product] = found.get(product, Fraction(0)) + factor * coefficient
    return _clean(found)


def _times(one: Form, other: Form) -> Form:
    if len(one) * len(other) > _MOST_TERMS:
        raise _NoForm
    found: Form = {}
    for left, first in one.items():
        for right, second in other.items():
            product = tuple(sorted((*left, *right)))
            found[product] = found.get(product, Fraction(0)) + first * second
    return _clean(found)


def _inverse(form: Form) -> Form:
    if set(form) != {()}:
        raise _NoForm
    return {(): 1 / form[()]}


def _clean(form: Form) -> Form:
    return {product: coefficient for product, coefficient in form.items() if coefficient}
