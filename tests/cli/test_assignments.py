"""What a text on the command line is meant to be, and when it is not clear."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from budgetinator.cli.assignments import parse_assignment, parse_value
from budgetinator.errors import InvalidCellReference, InvalidCellValue
from budgetinator.workbooks.patch import Formula


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.5", 12.5),
        ("12", 12),
        ("-0.5", -0.5),
        ("+5", 5),
        (".5", 0.5),
        ("1e5", 100000.0),
        ("0", 0),
        ("123456789012345", 123456789012345),
        ("true", True),
        ("FALSE", False),
        ("2026-03-01", date(2026, 3, 1)),
        ("2026-03-01T09:30", datetime(2026, 3, 1, 9, 30)),
        ("2026-03-01 09:30:15", datetime(2026, 3, 1, 9, 30, 15)),
        ("09:30", time(9, 30)),
        ("", None),
        ("Travel", "Travel"),
        ("a = b", "a = b"),
        ("0x10", "0x10"),
        ("WP 1", "WP 1"),
        ("P2-L'ORE", "P2-L'ORE"),
    ],
)
def test_a_text_with_one_reading_is_taken(text: str, value: Any) -> None:
    """Plain numbers, true and false, ISO dates and times, nothing, and text."""
    taken = parse_value(text)
    assert (type(taken), taken) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("12,5", "12.5 or 125, or as text"),
        ("1.234,50", "1234.5, or as text"),
        ("1,234.50", "1234.5, or as text"),
        ("1 234,50", "1234.5 or 123450, or as text"),
        ("1\u202f234", "1234, or as text"),
        ("1.234.567", "1234567, or as text"),
        ("00123", "123, or as text"),
        ("12%", "0.12, or as text"),
        ("12 €", "12, or as text"),
        ("EUR 12,5", "12.5 or 125, or as text"),
        ("\u22125", "-5, or as text"),
        ("1_000", "1000, or as text"),
        (" 12", "12, or as text"),
    ],
)
def test_a_number_with_two_readings_is_refused_with_both(text: str, readings: str) -> None:
    """12,5 never becomes 125."""
    with pytest.raises(ValueError, match="can be read as") as caught:
        parse_value(text)
    assert f"can be read as {readings}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1.3.2026", "may be a date"),
        ("01/03/2026", "may be a date"),
        ("2026-02-30", "no date of the calendar"),
        ("25:00", "no time of the calendar"),
        ("2026-03-01T09:30Z", "time zone"),
        ("nan", "no number that a cell can hold"),
        ("-inf", "no number that a cell can hold"),
        ("1e400", "beyond what a cell can hold"),
        ("1234567890123456", "more than the 15 digits"),
        ("=1+1", "--formula and text with --text"),
    ],
)
def test_what_a_cell_cannot_hold_or_nobody_can_tell_is_refused(text: str, why: str) -> None:
    """The reason says what to write instead."""
    with pytest.raises(ValueError, match=why):
        parse_value(text)


@pytest.mark.parametrize("text", ["12,5", "00123", "=1+1", "nan", "2026-02-30", "true"])
def test_text_is_text_when_that_was_said(text: str) -> None:
    """`--text` takes every value as it stands."""
    assert parse_value(text, as_text=True) == text


def test_a_formula_is_one_when_that_was_said() -> None:
    """`--formula` is for what begins with an equals sign, and for nothing else."""
    assert parse_value("=A1*2", formulas=True) == Formula("=A1*2")
    assert parse_value("A1*2", formulas=True) == "A1*2"


@pytest.mark.parametrize(
    ("text", "address", "value"),
    [
        ("A1=5", "A1", 5),
        ("Budget!$B$7=", "Budget!$B$7", None),
        ("My sheet!A1=x=y", "My sheet!A1", "x=y"),
        ("'P2-L''ORE'!G13=Hello!", "'P2-L''ORE'!G13", "Hello!"),
        ("'a=b'!A1=1", "'a=b'!A1", 1),
    ],
)
def test_an_assignment_is_split_where_the_address_ends(text: str, address: str, value: Any) -> None:
    """Quotes protect an equals sign in a sheet's name."""
    assert parse_assignment(text, as_text=False, formulas=False) == (address, value)


@pytest.mark.parametrize("text", ["A1", "=5", "A0=1", "XFE1=1", "A1:B2=1", "'open!A1=1", "!A1=1"])
def test_what_names_no_cell_is_refused(text: str) -> None:
    """An address is one cell of the grid."""
    with pytest.raises(InvalidCellReference):
        parse_assignment(text, as_text=False, formulas=False)


def test_a_refused_value_names_its_cell() -> None:
    """Of many assignments the line says which."""
    with pytest.raises(InvalidCellValue, match="Budget!B7: '12,5' can be read as") as caught:
        parse_assignment("Budget!B7=12,5", as_text=False, formulas=False)
    assert caught.value.cell == "Budget!B7"
