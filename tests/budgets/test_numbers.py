"""Numbers as people type them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetinator.budgets import Locale, format_number, parse_number
from budgetinator.errors import InvalidNumber

BOTH: tuple[Locale, ...] = ("de", "en")


@pytest.mark.parametrize("locale", [*BOTH, None])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12,5", "12.5"),
        ("12.5", "12.5"),
        ("1 234,50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1\u00a0234\u00a0567", "1234567"),
        ("1'234.50", "1234.50"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("0.125", "0.125"),
        ("0,125", "0.125"),
        ("-5", "-5"),
        ("\u22125,5", "-5.5"),
        ("€ 12", "12"),
        (" 12 EUR ", "12"),
        (",5", "0.5"),
        ("0", "0"),
    ],
)
def test_what_fits_one_reading_is_read_that_way(
    text: str, expected: str, locale: Locale | None
) -> None:
    """In either locale and in none."""
    found = parse_number(text, locale)
    assert (str(found), type(found)) == (expected, Decimal)


@pytest.mark.parametrize(
    ("text", "locale", "expected"), [("1.234", "de", "1234"), ("12,345", "en", "12345")]
)
def test_the_locale_settles_groups_of_thousands(text: str, locale: Locale, expected: str) -> None:
    """A dot in German and a comma in English part thousands."""
    assert parse_number(text, locale) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "locale", "readings"),
    [
        ("1,234", "de", ("1.234", "1234")),
        ("1.234", "en", ("1234", "1.234")),
        ("1.234", None, ("1234", "1.234")),
        ("12,345", None, ("12.345", "12345")),
    ],
)
def test_what_could_be_two_numbers_is_refused(
    text: str, locale: Locale | None, readings: tuple[str, ...]
) -> None:
    """The error names both."""
    with pytest.raises(InvalidNumber, match="could be") as raised:
        parse_number(text, locale)
    assert (raised.value.text, raised.value.readings) == (text, readings)


@pytest.mark.parametrize("locale", [*BOTH, None])
@pytest.mark.parametrize(
    "text",
    ["nan", "inf", "-Infinity", "1e5", "12,", "5.", "1.23.4", "12,5,6", "--5", "€", "\u0663", "x",
     "1,23,4", "1 23", "0x1F", "1_000", "½"],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str, locale: Locale | None) -> None:
    """It never becomes zero, nor some of its digits."""
    with pytest.raises(InvalidNumber, match="is no number") as raised:
        parse_number(text, locale)
    assert raised.value.text == text


@pytest.mark.parametrize("text", ["", "  ", "\t\u00a0"])
def test_empty_text_is_not_zero(text: str) -> None:
    """It stands for what is not determined yet."""
    assert parse_number(text, "de") is None


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9
    ),
    st.sampled_from(BOTH),
)
def test_what_is_written_is_read_back(number: Decimal, locale: Locale) -> None:
    """With cents, in the locale in which it was written."""
    assert parse_number(format_number(number, locale, 2), locale) == number


def test_numbers_are_rounded_half_even_when_they_are_written() -> None:
    """As banks do."""
    written = [format_number(Decimal(text), "en", 2) for text in ("0.125", "0.135", "1234.5")]
    assert written == ["0.12", "0.14", "1,234.50"]
