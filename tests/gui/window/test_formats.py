"""Number formats of cells as the sheet view writes them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetinator.workbooks import CellError, StaleResult
from gui.cells.numberformats import number_format
from gui.cells.showing import shown

THIN = "\u202f"
MOMENT = dt.datetime(2026, 3, 1, 15, 4, 5)


@pytest.mark.parametrize(
    ("code", "value", "text", "german"),
    [
        ("General", 0.1 + 0.2, "0.3", "0,3"),
        ("#,##0.00 €", 1234567.5, f"1{THIN}234{THIN}567.50 €", "1.234.567,50 €"),
        ("#,##0.00", -0.004, "0.00", "0,00"),
        ("0%", 0.7, "70%", "70%"),
        ("0.00%", 0.12345, "12.35%", "12,35%"),
        ("#,##0;(#,##0)", -1234, f"(1{THIN}234)", "(1.234)"),
        ('0.00;-0.00;"none"', 0, "none", "none"),
        ("0.0,,", 12_345_678, "12.3", "12,3"),
        ("000-00-0000", 123456789, "123-45-6789", "123-45-6789"),
        ("0.00E+00", 12345.678, "1.23E+04", "1,23E+04"),
        ("#,##0.00 [$€-407]", 12.5, "12.50 €", "12,50 €"),
        ("[>100]0.0;0.00", 50, "50.00", "50,00"),
        ("#,###", 0, "", ""),
        (";;;", 5, "", ""),
        ('"PM "General', 5, "PM 5", "PM 5"),
        ("dd.mm.yyyy", MOMENT, "01.03.2026", "01.03.2026"),
        ("d mmm yy h:mm AM/PM", MOMENT, "1 Mar 26 3:04 PM", "1 Mar 26 3:04 PM"),
        ("[h]:mm", dt.timedelta(hours=41, minutes=5), "41:05", "41:05"),
        ("mm:ss", MOMENT, "04:05", "04:05"),
    ],
)
def test_values_in_their_formats(code: str, value: object, text: str, german: str) -> None:
    """As Excel writes them, with the separators of the language."""
    assert shown(value, code).text == text  # type: ignore[arg-type]
    assert shown(value, code, "de").text == german  # type: ignore[arg-type]


def test_red_is_red() -> None:
    """A section can ask for the colour of a negative number."""
    assert shown(-5, "0;[Red]-0").is_red
    assert shown(-5, "0;[Red]-0").text == "-5"
    assert not shown(5, "0;[Red]-0").is_red


def test_marks() -> None:
    """Errors and old results are told apart from values."""
    assert shown(CellError("#REF!")).is_error
    assert shown(StaleResult(12.5), "0.00").text == "12.50"
    assert shown(StaleResult(12.5)).is_stale
    assert shown(StaleResult()).text == "?"


@given(
    st.text('0#?.,%;-+()€$@[]/\\_*"EeGgRrdmyhsAP 1>', max_size=16),
    st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-(10**9), 10**9),
)
def test_no_code_breaks_the_view(code: str, value: float) -> None:
    """Any code of any file gives some text."""
    assert isinstance(number_format(code).number(value).text, str)
    assert isinstance(number_format(code).text("text").text, str)
    for moment in (MOMENT, dt.timedelta.max, dt.timedelta.min, dt.date.min):
        number_format(code).moment(moment)
