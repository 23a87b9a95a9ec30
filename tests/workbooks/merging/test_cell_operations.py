"""Any operations on cells and rows, saved into the file's own XML, read back as openpyxl's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import MergedCell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.formula.translate import TranslatorError
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.formula import ArrayFormula

from tests.workbooks.merging.cellsaving import Edited, contents, differences
from tests.workbooks.patch.building import MAIN, sheet_xml, write_workbook

Operation = Callable[[Any], None]

ROWS, COLUMNS = 12, 7

_SHARED = (
    '<row r="2" spans="1:4" ht="30" customHeight="1" x:d="0.3" xmlns:x="urn:x">'
    '<c r="A2"><v>1</v></c><c r="B2"><f t="shared" ref="B2:B5" si="0">A2*2</f><v>2</v></c>'
    '<c r="C2" s="1" t="inlineStr"><is><r><rPr><b/></rPr><t>bold</t></r><r><t> not</t></r></is></c>'
    '</row><row r="3"><c r="A3"><v>2.50</v></c><c r="B3"><f t="shared" si="0"/><v>4</v></c>'
    '<c r="D3" s="2"><v>45000.25</v></c></row><row r="4" hidden="1" outlineLevel="1">'
    '<c r="B4"><f t="shared" si="0"/><v>0</v></c><c r="E4" s="1"/></row>'
    '<row r="5" s="1" customFormat="1"><c r="A5" t="b"><v>1</v></c><c r="B5">'
    '<f t="shared" si="0"/><v>0</v></c><c r="C5" t="e"><v>#N/A</v></c></row>'
    '<row r="8"><c r="F8" t="str"><f>"a"&amp;"b"</f><v>ab</v></c></row>'
)


def make_plain(path: Path) -> None:
    """What openpyxl itself writes."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for row in range(1, ROWS):
        sheet.append([row, f"text {row}", row / 3, f"=A{row}*2", None, row % 2 == 0])
    for row in (2, 5, 9):
        sheet.cell(row, 3).font = Font(bold=True)
        sheet.cell(row, 7).value = dt.datetime(2024, row, 3, 4, 5)
    sheet["A10"].border = Border(left=Side("thin"), bottom=Side("thick"))
    sheet.merge_cells("A10:C11")
    sheet.row_dimensions[4].height = 33
    sheet.row_dimensions[6].hidden = True
    sheet.row_dimensions[7].fill = PatternFill("solid", fgColor="00FF00")
    sheet.column_dimensions["B"].number_format = "yyyy-mm-dd"
    sheet["E1"] = ArrayFormula("E1:E1", "=SUM(A1:A3*C1:C3)")
    book.save(path)


def make_shared(path: Path) -> None:
    """Shared formulas, rich text, a spelling of its own."""
    write_workbook(path, sheet_xml(_SHARED, head='<dimension ref="A2:F8"/>'))


def make_prefixed(path: Path) -> None:
    """A sheet with a prefix, and cells and rows without references."""
    rows = (
        '<x:row><x:c><x:v>1</x:v></x:c><x:c s="1"><x:v>2</x:v></x:c></x:row>'
        '<x:row r="3"><x:c r="B3" t="inlineStr"><x:is><x:t>text</x:t></x:is></x:c>'
        '<x:c r="C3"><x:f>1+1</x:f></x:c></x:row>'
    )
    write_workbook(
        path,
        f'<x:worksheet xmlns:x="{MAIN}"><!-- a comment --><x:sheetData>{rows}</x:sheetData>'
        "</x:worksheet>",
    )


ROW = st.integers(1, ROWS)
COLUMN = st.integers(1, COLUMNS)
VALUES = st.one_of(
    st.none(),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    st.sampled_from(
        [
            "",
            "text",
            "  two lines\nof it ",
            "_x000D_ and _x0041_",
            "<&>'\"",
            "=SUM(A1:A3)",
            '=A1&" <b> "',
            "#N/A",
            "1",
            dt.date(2024, 2, 29),
            dt.datetime(2001, 2, 3, 4, 5, 6),
            dt.time(13, 30),
            dt.timedelta(hours=30, minutes=15),
            CellRichText("plain ", TextBlock(InlineFont(b=True), "bold & <more> ")),
        ]
    ),
)
LOOKS: Sequence[tuple[str, Any]] = (
    ("font", Font(bold=True)),
    ("font", Font(name="Arial", size=20, color="FF0000")),
    ("fill", PatternFill("solid", fgColor="FFFF00")),
    ("border", Border(top=Side("thin"), right=Side("double"))),
    ("alignment", Alignment(wrap_text=True, horizontal="center")),
    ("protection", Protection(locked=False)),
    ("number_format", "0.000"),
    ("number_format", "yyyy-mm-dd"),
    ("number_format", "#,##0.00"),
    ("style", "Good"),
    ("style", "Comma"),
    ("quotePrefix", True),
    ("pivotButton", True),
)


def _set_value(row: int, column: int, value: Any) -> Operation:
    def run(sheet: Any) -> None:
        cell = sheet.cell(row, column)
        if not isinstance(cell, MergedCell):
            cell.value = value

    return run


def _set_look(row: int, column: int, look: tuple[str, Any]) -> Operation:
    return lambda sheet: setattr(sheet.cell(row, column), *look)


def _delete_cell(row: int, column: int) -> Operation:
    return lambda sheet: sheet._cells.pop((row, column), None)


def _move(row: int, column: int, rows: int, columns: int) -> Operation:
    def run(sheet: Any) -> None:
        last = f"{get_column_letter(column + 1)}{row + 2}"
        area = f"{get_column_letter(column)}{row}:{last}"
        sheet.move_range(area, rows=rows, cols=columns, translate=True)

    return run


def _merge(row: int, column: int, rows: int, columns: int) -> Operation:
    def run(sheet: Any) -> None:
        inner = sheet.merged_cells.ranges
        area = CellRange(min_row=row, min_col=column, max_row=row + rows, max_col=column + columns)
        if area.size["rows"] * area.size["columns"] > 1 and not any(
            not area.isdisjoint(other) for other in inner
        ):
            sheet.merge_cells(area.coord)

    return run


def _unmerge(sheet: Any) -> None:
    for area in list(sheet.merged_cells.ranges)[:1]:
        for row in area.rows:
            for place in row:
                if place not in sheet._cells:  # moved away: openpyxl cannot unmerge then
                    return
        sheet.unmerge_cells(area.coord)


def _row(row: int, name: str, value: Any) -> Operation:
    return lambda sheet: setattr(sheet.row_dimensions[row], name, value)


OPERATIONS = st.one_of(
    st.builds(_set_value, ROW, COLUMN, VALUES),
    st.builds(_set_value, ROW, COLUMN, VALUES),
    st.builds(_set_look, ROW, COLUMN, st.sampled_from(LOOKS)),
    st.builds(_set_look, ROW, COLUMN, st.sampled_from(LOOKS)),
    st.builds(_delete_cell, ROW, COLUMN),
    st.builds(lambda at, n: lambda sheet: sheet.insert_rows(at, n), ROW, st.integers(1, 3)),
    st.builds(lambda at, n: lambda sheet: sheet.delete_rows(at, n), ROW, st.integers(1, 3)),
    st.builds(lambda at, n: lambda sheet: sheet.insert_cols(at, n), COLUMN, st.integers(1, 2)),
    st.builds(lambda at, n: lambda sheet: sheet.delete_cols(at, n), COLUMN, st.integers(1, 2)),
    st.builds(_move, st.integers(3, 6), st.integers(2, 4), st.integers(-2, 3), st.integers(-1, 2)),
    st.builds(_merge, ROW, COLUMN, st.integers(0, 2), st.integers(0, 2)),
    st.just(_unmerge),
    st.builds(_row, ROW, st.just("height"), st.sampled_from([None, 12.75, 40])),
    st.builds(_row, ROW, st.just("hidden"), st.booleans()),
    st.builds(_row, ROW, st.just("outlineLevel"), st.integers(0, 3)),
    st.builds(_row, ROW, st.just("font"), st.sampled_from([Font(bold=True), Font(italic=True)])),
)


@pytest.mark.filterwarnings("ignore:Cell .* is marked as a date:UserWarning")
@pytest.mark.parametrize("make", [make_plain, make_shared, make_prefixed])
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(operations=st.lists(OPERATIONS, min_size=1, max_size=12))
def test_it_reads_back_as_what_openpyxl_would_have_saved(
    tmp_path: Path, make: Callable[[Path], None], operations: list[Operation]
) -> None:
    """Cells, styles, rows and merged areas are those of an eager workbook that was saved."""
    path = tmp_path / "book.xlsx"
    make(path)
    eager = openpyxl.load_workbook(path)
    with Edited(path) as edited:
        for operation in operations:
            outcomes = [_outcome(operation, book) for book in (eager, edited.workbook)]
            assert outcomes[0] == outcomes[1]
        saved = edited.saved()
    expected = BytesIO()
    eager.save(expected)
    assert differences(contents(saved), contents(expected.getvalue())) == {}


def _outcome(operation: Operation, book: Any) -> str | None:
    try:
        operation(book.worksheets[0])
    except (
        AttributeError,
        KeyError,
        TranslatorError,
        ValueError,
    ) as error:  # openpyxl cannot do everything
        return repr(error)
    return None
