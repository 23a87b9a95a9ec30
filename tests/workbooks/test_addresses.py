"""Cell references in the A1 style."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import (
    MAX_COLUMN,
    MAX_ROW,
    Area,
    column_letters,
    column_number,
    format_cell,
    parse_cell,
    parse_range,
    quote_sheet,
    split_address,
)

CELLS = st.tuples(st.integers(1, MAX_ROW), st.integers(1, MAX_COLUMN))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A1", (1, 1)),
        ("$B$7", (7, 2)),
        ("b7", (7, 2)),
        (" G13 ", (13, 7)),
        ("XFD1048576", (1_048_576, 16_384)),
    ],
)
def test_a_cell_is_its_row_and_column(text: str, expected: tuple[int, int]) -> None:
    """A reference gives the row and the column, both from 1."""
    assert parse_cell(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "A",
        "1",
        "A0",
        "A01",
        "XFE1",
        "AAAA1",
        "A1048577",
        "A1:B2",
        "A-1",
        "A 1",
        "Ä1",
        "A\u0661",
    ],
)
def test_what_is_no_cell_is_refused_by_its_text(text: str) -> None:
    """Anything outside the grid or not in the A1 style raises, and the error carries the text."""
    with pytest.raises(InvalidCellReference) as caught:
        parse_cell(text)
    assert caught.value.cell == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A1:D9", Area(1, 1, 9, 4)),
        ("D9:A1", Area(1, 1, 9, 4)),
        ("D1:A9", Area(1, 1, 9, 4)),
        ("$a$1:d9", Area(1, 1, 9, 4)),
        ("B7", Area(7, 2, 7, 2)),
        ("C:B", Area(1, 2, MAX_ROW, 3)),
        ("$2:9", Area(2, 1, 9, MAX_COLUMN)),
    ],
)
def test_a_range_is_the_area_between_its_corners(text: str, expected: Area) -> None:
    """Corners in any order, whole columns and whole rows are areas."""
    assert parse_range(text) == expected


@pytest.mark.parametrize(
    "text", ["", ":", "A1:", ":B2", "A:B2", "A1:2", "A1,B2", "A1:B2:C3", "R1C1"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    """A half-open, mixed or repeated range raises."""
    with pytest.raises(InvalidCellReference):
        parse_range(text)


def test_an_area_knows_its_size_and_says_itself() -> None:
    """An area counts its cells, tells what lies within and prints as a reference."""
    area = parse_range("B2:D5")
    assert (area.rows, area.columns, area.cells, str(area)) == (4, 3, 12, "B2:D5")
    assert [area.contains(2, 2), area.contains(5, 4), area.contains(6, 4)] == [True, True, False]
    assert str(parse_range("A1")) == "A1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A1", (None, "A1")),
        ("Sheet 1!A1", ("Sheet 1", "A1")),
        ("'P2-L''ORE'!G13", ("P2-L'ORE", "G13")),
        ("P2-L'ORE!G13", ("P2-L'ORE", "G13")),
        ("'Now!'!A1:B2", ("Now!", "A1:B2")),
        ("Now!!A1", ("Now!", "A1")),
        ("' led '!A1", (" led ", "A1")),
        ("PM Summary! A4 ", ("PM Summary", "A4")),
    ],
)
def test_an_address_is_split_into_sheet_and_reference(
    text: str, expected: tuple[str | None, str]
) -> None:
    """The sheet's name comes without its quotes, the reference without the spaces around it."""
    assert split_address(text) == expected


@pytest.mark.parametrize(
    "text", ["", "!A1", "Sheet1!", "'Sheet1!A1", "''!A1", "[Plan.xlsx]Sheet1!A1", "Q1:Q4!A1"]
)
def test_an_address_without_a_sheet_or_a_cell_of_this_workbook_is_refused(text: str) -> None:
    """A missing name, unbalanced quotes, another file and several sheets raise."""
    with pytest.raises(InvalidCellReference):
        split_address(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Budget", "Budget"),
        ("P2-ACME", "'P2-ACME'"),
        ("P2-L'ORE", "'P2-L''ORE'"),
        ("PM Summary", "'PM Summary'"),
        ("WP1", "'WP1'"),
        ("R1C1", "'R1C1'"),
        ("true", "'true'"),
        ("2024", "'2024'"),
    ],
)
def test_a_sheet_is_quoted_where_a_formula_needs_it(name: str, expected: str) -> None:
    """Names that could be read as something else stand in quotes, apostrophes doubled."""
    assert quote_sheet(name) == expected


@given(CELLS)
def test_every_cell_of_the_grid_comes_back_from_its_text(cell: tuple[int, int]) -> None:
    """Formatting and parsing undo each other on the whole grid."""
    assert parse_cell(format_cell(*cell)) == cell


@given(st.text(min_size=1, max_size=31).filter(lambda name: name.strip()))
def test_every_sheet_name_comes_back_from_its_quotes(name: str) -> None:
    """Quoting and splitting undo each other for every name without brackets and colons."""
    if any(sign in name for sign in "[]:"):
        return
    assert split_address(f"{quote_sheet(name)}!A1") == (name, "A1")


def test_columns_are_counted_in_letters() -> None:
    """A is 1, Z 26, AA 27, XFD the last; beyond raises."""
    assert [column_number(letters) for letters in ("A", "z", "AA", "XFD")] == [1, 26, 27, 16_384]
    assert [column_letters(number) for number in (1, 26, 27, 16_384)] == ["A", "Z", "AA", "XFD"]
    for call in (
        lambda: column_number("XFE"),
        lambda: column_letters(0),
        lambda: column_letters(16_385),
    ):
        with pytest.raises(InvalidCellReference):
            call()
