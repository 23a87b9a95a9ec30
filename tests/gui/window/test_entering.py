"""What typed texts mean, and that every contents survives its own editor."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetinator.budgets.numbers import Locale
from budgetinator.errors import InvalidCellValue, InvalidNumber
from budgetinator.workbooks import CellError, CellInput, Formula
from gui.cells.entering import entry_text, parse_entry

LOCALES: list[Locale | None] = [None, "de", "en"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", None),
        ("   ", None),
        ("12,5", 12.5),
        ("12.5", 12.5),
        ("1 234,50", 1234.5),
        ("1.234,50 €", 1234.5),
        ("-3", -3),
        ("70%", 0.7),
        ("1e5", 100_000),
        ("TRUE", True),
        ("=A1*2", Formula("=A1*2")),
        ("'00123", "00123"),
        ("#N/A", CellError("#N/A")),
        ("2026-03-01", dt.date(2026, 3, 1)),
        ("31.12.2026", dt.date(2026, 12, 31)),
        ("13/4/2026", dt.date(2026, 4, 13)),
        ("2026-03-01 9:30", dt.datetime(2026, 3, 1, 9, 30)),
        ("9:30", dt.time(9, 30)),
        ("41:30", dt.timedelta(hours=41, minutes=30)),
        ("-", "-"),
        ("Work package 3", "Work package 3"),
    ],
)
def test_texts_with_one_reading(text: str, meant: CellInput) -> None:
    """Numbers, days, formulas, errors and texts are told apart."""
    assert parse_entry(text) == meant
    assert type(parse_entry(text)) is type(meant)


@pytest.mark.parametrize(
    "text",
    [
        *("1.234", "1,234", "12,5,3", "1.2.3", "nan", "inf", "3/4/2026", "31.2.2026", "25:61"),
        *("+A1*2", "-SUM(A1:A3)", "3*4", "12345678901234567", "1e400", "+49 30 123"),
    ],
)
def test_texts_with_none_or_two_are_refused(text: str) -> None:
    """The message names the text, and says what to type instead."""
    with pytest.raises((InvalidNumber, InvalidCellValue)) as caught:
        parse_entry(text)
    assert text in str(caught.value)


def test_a_language_settles_groups_of_thousands() -> None:
    """1.234 is a thousand and more in German; in English it is refused, and is never 1.234."""
    assert parse_entry("1.234", "de") == 1234
    assert parse_entry("1,234", "en") == 1234
    for text, locale in (("1,234", "de"), ("1.234", "en")):
        with pytest.raises(InvalidNumber):
            parse_entry(text, locale)  # type: ignore[arg-type]


def test_digits_stay_text_where_there_was_text() -> None:
    """In a cell with digits as text, and in one with the format of text."""
    assert parse_entry("999000111", before="999007919") == "999000111"
    assert parse_entry("999000111", before="DE") == 999000111
    assert parse_entry("12,5", number_format="@") == "12,5"


MOMENTS = (
    st.dates(dt.date(1900, 3, 1))
    | st.datetimes(dt.datetime(1900, 3, 1)).map(lambda moment: moment.replace(microsecond=0))
    | st.times().map(lambda time: time.replace(microsecond=0))
    | st.integers(86_400, 10**7).map(lambda seconds: dt.timedelta(seconds=seconds))
)
CONTENTS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**14), 10**14)
    | st.decimals(-(10**8), 10**8, places=4).map(float)
    | st.text(min_size=1).filter(str.strip)
    | st.from_regex(r"[-+=']?[0-9.,/: ]{1,8}%?", fullmatch=True).filter(str.strip)
    | st.text(min_size=1).filter(str.strip).map(lambda text: Formula("=" + text.strip()))
    | st.sampled_from(["#N/A", "TRUE", "1.1.1"])
    | MOMENTS
)


@given(CONTENTS, st.sampled_from(LOCALES))
def test_contents_survive_their_editor(contents: CellInput, locale: Locale | None) -> None:
    """What stands in the editor of a cell is read back as what the cell holds."""
    before = parse_entry(entry_text(contents, locale), locale, before=contents)
    if isinstance(contents, dt.datetime) and contents.time() == dt.time.min:
        contents = contents.date()
    assert before == contents
    assert isinstance(before, bool) == isinstance(contents, bool)
    assert isinstance(before, str) == isinstance(contents, str)
