"""What is written for a value, and what is read back."""

from __future__ import annotations

import datetime as dt
import html
import math
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetinator.errors import InvalidCellValue
from budgetinator.workbooks.patch import Formula
from budgetinator.workbooks.patch.cells import cell_content, escape_text
from budgetinator.workbooks.reading.values import CellError
from tests.workbooks.patch.building import patched, rows_of, sheet_xml, write_workbook


@pytest.fixture
def book(tmp_path: Path) -> Path:
    rows = '<row r="1"><c r="A1" s="1"><v>1</v></c></row>'
    return write_workbook(tmp_path / "book.xlsx", sheet_xml(rows))


def written(book: Path, value: Any) -> str:
    return rows_of(patched(book, {"Data!A1": value})[0])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, '<c r="A1" s="1"/>'),
        (True, '<c r="A1" s="1" t="b"><v>1</v></c>'),
        (False, '<c r="A1" s="1" t="b"><v>0</v></c>'),
        (12, '<c r="A1" s="1"><v>12</v></c>'),
        (0.1 + 0.2, '<c r="A1" s="1"><v>0.30000000000000004</v></c>'),
        (1e300, '<c r="A1" s="1"><v>1e+300</v></c>'),
        (Decimal("1234.56"), '<c r="A1" s="1"><v>1234.56</v></c>'),
        (Decimal("7.00"), '<c r="A1" s="1"><v>7</v></c>'),
        ("=1+1", '<c r="A1" s="1" t="inlineStr"><is><t>=1+1</t></is></c>'),
        ("a<b&c>", '<c r="A1" s="1" t="inlineStr"><is><t>a&lt;b&amp;c&gt;</t></is></c>'),
        ("", '<c r="A1" s="1" t="inlineStr"><is><t></t></is></c>'),
        (
            " two\nlines ",
            '<c r="A1" s="1" t="inlineStr"><is><t xml:space="preserve"> two\nlines </t></is></c>',
        ),
        (
            "\x07_x000D_\r",
            '<c r="A1" s="1" t="inlineStr"><is><t>_x0007__x005F_x000D__x000D_</t></is></c>',
        ),
        (CellError("#DIV/0!"), '<c r="A1" s="1" t="e"><v>#DIV/0!</v></c>'),
        (Formula('=SUM(B1:B3)&"<"'), '<c r="A1" s="1"><f>SUM(B1:B3)&amp;"&lt;"</f></c>'),
        (Formula("B1*2"), '<c r="A1" s="1"><f>B1*2</f></c>'),
    ],
)
def test_each_kind_of_value_has_its_form(book: Path, value: Any, expected: str) -> None:
    """A value is written in the form that ECMA-376 gives it, and the style stays."""
    assert written(book, value) == f'<row r="1">{expected}</row>'


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("1e400"),
        10**400,
        "x" * 32_768,
        "\U0001f4b6" * 16_384,
        "half \ud83d",
        dt.date(1899, 12, 31),
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        dt.time(12, tzinfo=dt.UTC),
        dt.timedelta(days=3_000_000),
        CellError("no code"),
        Formula("="),
        Formula("=" + "1+" * 4_096 + "1"),
        object(),
        b"bytes",
    ],
)
def test_what_no_cell_can_hold_is_refused_by_sheet_and_cell(
    tmp_path: Path, book: Path, value: Any
) -> None:
    """Such a value is an InvalidCellValue that names its cell, and nothing is written."""
    with pytest.raises(InvalidCellValue) as caught:
        patched(book, {"Data!B2": 1, "Data!A1": value})
    assert (caught.value.sheet, caught.value.cell) == ("Data", "A1")
    assert (tmp_path / "patched-book.xlsx").read_bytes() == b""


def test_the_longest_text_is_accepted(book: Path) -> None:
    """32,767 characters fit, counted in UTF-16 as Excel counts them."""
    text = "\U0001f4b6" * 16_383 + "x"
    target, _ = patched(book, {"Data!A1": text})
    assert openpyxl.load_workbook(target)["Data"]["A1"].value == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_back_as_the_same_double(value: float) -> None:
    """The written digits are those of exactly one double."""
    text = cell_content(value, since_1904=False).text
    assert math.copysign(1, float(text)) == math.copysign(1, value)
    assert float(text) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**300), max_value=10**300))
def test_a_decimal_is_kept_as_far_as_a_double_holds_it(value: Decimal) -> None:
    """What is read back is the double nearest to the Decimal."""
    assert float(cell_content(value, since_1904=False).text) == float(value)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_escaped_text_means_the_text(text: str) -> None:
    """Undoing the escapes of ST_Xstring gives the text, and XML 1.0 can hold what is written."""
    escaped = html.unescape(escape_text(text).decode())
    back = re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), escaped)
    assert back == text
    assert re.search("[\x00-\x08\x0b-\x1f\ufffe\uffff]", escaped) is None


@pytest.mark.parametrize(
    ("value", "serial"),
    [
        (dt.date(1900, 1, 1), "1"),
        (dt.date(1900, 2, 28), "59"),
        (dt.date(1900, 3, 1), "61"),
        (dt.date(2026, 7, 1), "46204"),
        (dt.date(9999, 12, 31), "2958465"),
        (dt.datetime(2026, 7, 1, 18), "46204.75"),
        (dt.datetime(2026, 7, 1, 0, 0), "46204"),
        (dt.time(6), "0.25"),
        (dt.timedelta(hours=30), "1.25"),
    ],
)
def test_dates_are_counted_from_1900(value: Any, serial: str) -> None:
    """The 1900 system has day 1 on 1 January 1900 and a 29 February that never was."""
    assert cell_content(value, since_1904=False).text.decode() == serial


def test_dates_are_counted_from_1904_where_the_workbook_does(tmp_path: Path) -> None:
    """workbookPr date1904 moves the first day, and what lies before it is refused."""
    book = write_workbook(
        tmp_path / "mac.xlsx", sheet_xml(""), workbook_head='<workbookPr date1904="1"/>'
    )
    target, _ = patched(book, {"A1": dt.date(2026, 7, 1)})
    assert "<v>44742</v>" in rows_of(target)
    assert openpyxl.load_workbook(target)["Data"]["A1"].value == dt.datetime(2026, 7, 1)
    with pytest.raises(InvalidCellValue):
        patched(book, {"A1": dt.date(1903, 12, 31)})
