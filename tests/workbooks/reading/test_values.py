"""The values of a sheet, streamed."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import pickle
import time
from pathlib import Path

import openpyxl
import pytest

from budgetinator.errors import WorkbookDamaged, WorkbookRefused, WorksheetNotFound
from budgetinator.workbooks.reading.loading import load_workbook_guarded
from budgetinator.workbooks.reading.values import CellError, CellValue, iter_cells, iter_values
from tests.workbooks.builders import (
    MAIN,
    SHEET,
    make_workbook,
    minimal_parts,
    sheet_xml,
    with_strings,
    write_zip,
)


def rows_of(path: Path) -> list[tuple[object, ...]]:
    """All rows of the sheet "Budget"."""
    return list(iter_values(path, "Budget"))


def test_values_come_in_their_types(tmp_path: Path) -> None:
    """Text, numbers, truth, dates and errors are what they are; a formula is its cached value."""
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>12</v></c><c r="C1"><v>0.5</v></c>'
        '<c r="D1" t="b"><v>1</v></c><c r="E1" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
        '<c r="F1"><f>B1*2</f><v>24</v></c><c r="G1" t="str"><f>"a"</f><v>a</v></c>'
        '<c r="H1" t="inlineStr"><is><t>in</t></is></c><c r="I1" t="d"><v>2024-02-29</v></c></row>'
    )
    parts = with_strings(minimal_parts(rows), f'<sst xmlns="{MAIN}"><si><t>text</t></si></sst>')
    row = rows_of(write_zip(tmp_path / "a.xlsx", parts))[0]
    assert row == ("text", 12, 0.5, True, "#DIV/0!", 24, "a", "in", dt.date(2024, 2, 29))
    assert [type(value) for value in row[3:6]] == [bool, CellError, int]


def test_an_error_is_told_from_its_text(tmp_path: Path) -> None:
    """The error equals its text, and only the error is a CellError."""
    rows = (
        '<row r="1"><c r="A1" t="e"><v>#N/A</v></c>'
        '<c r="B1" t="inlineStr"><is><t>#N/A</t></is></c></row>'
    )
    error, text = rows_of(write_zip(tmp_path / "a.xlsx", minimal_parts(rows)))[0]
    assert error == text == "#N/A"
    assert [isinstance(value, CellError) for value in (error, text)] == [True, False]
    assert repr(error) == "CellError('#N/A')"
    assert type(pickle.loads(pickle.dumps(error))) is CellError


def test_rows_stand_at_their_numbers_and_end_with_their_last_value(tmp_path: Path) -> None:
    """Gaps are empty tuples, formats without a value do not count, widths differ."""
    rows = (
        '<row r="2"><c r="B2"><v>1</v></c><c r="C2" s="0"/></row><row r="3"><c r="A3" s="0"/></row>'
        '<row r="5"><c r="A5"><v>2</v></c></row><row r="9"><c r="A9" s="0"/></row>'
    )
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(rows))
    assert rows_of(path) == [(), (None, 1), (), (), (2,)]
    assert list(iter_cells(path, "Budget")) == [CellValue(2, 2, 1), CellValue(5, 1, 2)]


def test_rows_and_cells_without_numbers_are_counted(tmp_path: Path) -> None:
    """The references that a file may leave out are those that follow."""
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"
    assert rows_of(write_zip(tmp_path / "a.xlsx", minimal_parts(rows))) == [(1, 2), (3,)]


@pytest.mark.parametrize("reference", ["A1", "A1:XFD1048576", "nonsense", ""])
def test_the_declared_dimension_is_not_believed(tmp_path: Path, reference: str) -> None:
    """Too small, too large, wrong or missing: the values are the same."""
    parts = minimal_parts()
    before = f'<dimension ref="{reference}"/>' if reference else ""
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
    parts[SHEET] = sheet_xml(
        rows + '<row r="2"><c r="A2"><v>3</v></c></row>', before=before
    ).encode()
    assert rows_of(write_zip(tmp_path / "a.xlsx", parts)) == [(1, 2), (3,)]


def test_one_cell_in_the_last_corner_is_not_walked_to(tmp_path: Path) -> None:
    """A single cell at XFD1048576 is found at once, and its rows take no memory."""
    rows = '<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(rows))
    start = time.process_time()
    assert list(iter_cells(path, "Budget")) == [CellValue(1_048_576, 16_384, 7)]
    length = 0
    last: tuple[object, ...] = ()
    for row in iter_values(path, "Budget"):
        length += 1
        last = row
    assert (length, len(last), last[-1]) == (1_048_576, 16_384, 7)
    assert time.process_time() - start < 10


def test_a_number_that_is_no_date_stays_a_number(tmp_path: Path) -> None:
    """A figure in a date format that no calendar has is not replaced by an error."""
    path = tmp_path / "a.xlsx"
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Budget"
    for column, value in enumerate((45000, 4_500_000_000, -5.25), 1):
        sheet.cell(1, column, value).number_format = "yyyy-mm-dd"
    workbook.save(path)
    values = rows_of(path)[0]
    assert values[:2] == (dt.datetime(2023, 3, 15), 4_500_000_000)


def test_an_open_workbook_gives_the_same_values(tmp_path: Path) -> None:
    """A workbook that was loaded, or its path: the same rows."""
    path = make_workbook(tmp_path / "a.xlsx", {"Budget": [("a", None, 1.5), (), (None, True)]})
    expected = [("a", None, 1.5), (), (None, True)]
    editing = load_workbook_guarded(path, read_only=False, data_only=True).workbook
    editing["Budget"]["E2"].number_format = "0.00"  # a format without a value does not count
    assert [list(iter_values(each, "Budget")) for each in (editing, path)] == [expected] * 2


def test_a_workbook_with_formulas_gives_their_texts(tmp_path: Path) -> None:
    """Where no values were loaded, the formula is what the cell holds."""
    path = make_workbook(tmp_path / "a.xlsx")
    workbook = load_workbook_guarded(path, read_only=False, data_only=False).workbook
    workbook["Budget"]["C1"] = "#REF!"
    assert list(iter_values(workbook, "Budget")) == [("Travel", 1200, "#REF!"), ("Total", "=B1")]
    assert isinstance(next(iter_values(workbook, "Budget"))[2], CellError)


def test_a_sheet_is_found_in_any_case_and_a_missing_one_is_named(tmp_path: Path) -> None:
    """Sheet names compare as in Excel; the error lists those that there are."""
    path = make_workbook(tmp_path / "a.xlsx", {"One": [(1,)], "Two": [(2,)]})
    assert list(iter_values(path, "two")) == [(2,)]
    with pytest.raises(WorksheetNotFound) as caught:
        list(iter_values(path, "Three"))
    assert (caught.value.sheet, caught.value.available) == ("Three", ("One", "Two"))


@pytest.mark.parametrize(
    ("xml", "cell"),
    [
        ('<c r="C2" t="s"><v>7</v></c>', "C2"),
        ('<c r="C2"><v>abc</v></c>', "C2"),
        ('<c r="C2" t="d"><v>soon</v></c>', "C2"),
    ],
)
def test_a_broken_cell_is_named_where_the_stream_meets_it(
    tmp_path: Path, xml: str, cell: str
) -> None:
    """Rows before the broken one come out; then the error tells sheet and cell."""
    rows = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2">{xml}</row>'
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(rows))
    stream = iter_values(path, "Budget")
    assert next(stream) == (1,)
    with pytest.raises(WorkbookDamaged) as caught:
        next(stream)
    assert (caught.value.sheet, caught.value.cell) == ("Budget", cell)


def test_rows_out_of_order_and_out_of_the_grid_raise(tmp_path: Path) -> None:
    """A row that comes too late is damage; one beyond the grid is refused."""
    late = '<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>'
    with pytest.raises(WorkbookDamaged):
        rows_of(write_zip(tmp_path / "a.xlsx", minimal_parts(late)))
    beyond = '<row r="1048577"><c><v>1</v></c></row>'
    with pytest.raises(WorkbookRefused):
        rows_of(write_zip(tmp_path / "b.xlsx", minimal_parts(beyond)))


def test_an_iterator_that_is_dropped_closes_the_file(tmp_path: Path) -> None:
    """Half-read rows leave no descriptor behind once the iterator is closed."""
    path = make_workbook(tmp_path / "a.xlsx", {"Budget": [(n,) for n in range(5000)]})
    before = len(os.listdir("/proc/self/fd"))
    stream = iter_values(path, "Budget")
    assert list(itertools.islice(stream, 2)) == [(0,), (1,)]
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert len(os.listdir("/proc/self/fd")) == before
