"""What is changed on openpyxl's cells and rows, in the markup of the sheet itself."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.table import Table

from budgetinator.errors import InvalidCellValue, WouldLose
from budgetinator.workbooks.changes.comparison import CommentForm, RowLook
from tests.workbooks.merging.cellsaving import Edited
from tests.workbooks.patch.building import (
    RELATIONS,
    SHEET1,
    patched,
    sheet_relationships,
    sheet_xml,
    write_workbook,
)

RICH = '<is><r><rPr><b/></rPr><t>bold</t></r><r><t xml:space="preserve"> rest</t></r></is>'


RUNS = '<is><r><t xml:space="preserve">a </t></r><r><rPr><b val="1" /></rPr><t>b</t></r></is>'


def edited_rows(tmp_path: Path, rows: str, change: Any, **options: Any) -> str:
    """What stands within sheetData after the change of the openpyxl sheet."""
    path = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows, **options))
    with Edited(path) as edited:
        change(edited.sheet)
        return rows_in(edited.saved())


def rows_in(data: bytes) -> str:
    """What stands within sheetData."""
    found = re.search(r"<sheetData>(.*)</sheetData>", part_of(data), re.DOTALL)
    assert found is not None
    return found[1]


def part_of(data: bytes, name: str = SHEET1) -> str:
    """A part's text."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return archive.read(name).decode()


def test_a_new_look_leaves_the_content_as_its_bytes(tmp_path: Path) -> None:
    """Only `s` changes: rich text, metadata and cached values stay."""
    rows = (
        f'<row r="1"><c r="A1" t="inlineStr" cm="1">{RICH}</c>'
        '<c r="B1" vm="2"><f>1+1</f><v>2.0</v></c></row>'
    )

    def change(sheet: Any) -> None:
        sheet["A1"].font = sheet["B1"].font = Font(italic=True)

    expected = rows.replace('cm="1"', 'cm="1" s="4"').replace('vm="2"', 'vm="2" s="4"')
    assert edited_rows(tmp_path, rows, change) == expected


def test_a_new_value_drops_the_metadata_of_the_old_one_alone(tmp_path: Path) -> None:
    """`cm` and `vm` told of a spill or a rich value; those of the neighbour stay."""
    rows = '<row r="1"><c r="A1" cm="1" vm="1"><v>1</v></c><c r="B1" vm="1"><v>2</v></c></row>'

    def change(sheet: Any) -> None:
        sheet["A1"] = 5

    expected = '<row r="1"><c r="A1"><v>5</v></c><c r="B1" vm="1"><v>2</v></c></row>'
    assert edited_rows(tmp_path, rows, change) == expected


def test_a_new_cell_looks_as_it_does_in_openpyxl(tmp_path: Path) -> None:
    """Neither the row's nor the column's look comes upon it."""
    rows = '<row r="1" s="3" customFormat="1"><c r="B1" s="3"><v>1</v></c></row>'
    head = '<cols><col min="1" max="3" width="9" style="3"/></cols>'

    def change(sheet: Any) -> None:
        sheet["A1"], sheet["C2"] = 7, 8

    result = edited_rows(tmp_path, rows, change, head=head)
    assert '<c r="A1"><v>7</v></c>' in result
    assert '<c r="C2"><v>8</v></c>' in result


def test_removed_cells_go_and_rows_that_had_nothing_else_with_them(tmp_path: Path) -> None:
    """A row with a height of its own stays; one that only held cells goes."""
    rows = (
        '<row r="1" spans="1:2" x14ac:dyDescent="0.2" xmlns:x14ac="urn:x"><c r="A1"><v>1</v></c>'
        '</row><row r="2" ht="30" customHeight="1"><c r="A2"><v>2</v></c></row>'
        '<row r="3"><c r="A3"><v>3</v></c><c r="B3" s="1"/></row>'
    )

    def change(sheet: Any) -> None:
        for place in ((1, 1), (2, 1), (3, 1)):
            del sheet._cells[place]

    expected = '<row r="2" ht="30" customHeight="1"></row><row r="3"><c r="B3" s="1"/></row>'
    assert edited_rows(tmp_path, rows, change) == expected


def test_attributes_of_rows_change_one_by_one(tmp_path: Path) -> None:
    """What openpyxl does not know of a row stays, and so does what was not changed."""
    rows = (
        '<row r="1" spans="1:1" ht="30.75" thickBot="1" ph="1"><c r="A1"><v>1</v></c></row>'
        '<row r="2" hidden="1" ht="20" customHeight="1"/>'
    )

    def change(sheet: Any) -> None:
        sheet.row_dimensions[1].hidden = True
        sheet.row_dimensions[1].outline_level = 2
        sheet.row_dimensions[2].hidden = False
        sheet.row_dimensions[2].height = None
        sheet.row_dimensions[4].height = 12.5
        sheet.row_dimensions[5].font = Font(bold=True)

    expected = (
        '<row r="1" spans="1:1" ht="30.75" thickBot="1" ph="1" hidden="1" outlineLevel="2">'
        '<c r="A1"><v>1</v></c></row><row r="2"/><row r="4" ht="12.5" customHeight="1"/>'
        '<row r="5" s="4" customFormat="1"/>'
    )
    assert edited_rows(tmp_path, rows, change) == expected


@pytest.mark.parametrize(
    ("value", "xml"),
    [
        (True, '<c r="A1" t="b"><v>1</v></c>'),
        (0.1 + 0.2, '<c r="A1"><v>0.30000000000000004</v></c>'),
        ("#DIV/0!", '<c r="A1" t="e"><v>#DIV/0!</v></c>'),
        ('=A2&"<"', '<c r="A1"><f>A2&amp;"&lt;"</f></c>'),
        ("", '<c r="A1" t="inlineStr"><is><t></t></is></c>'),
        ("_x000D_", '<c r="A1" t="inlineStr"><is><t>_x000D_</t></is></c>'),
        (" a\r\n", '<c r="A1" t="inlineStr"><is><t xml:space="preserve"> a&#13;\n</t></is></c>'),
        (
            ArrayFormula("A1:A1", "=SUM(B1:B2*2)"),
            '<c r="A1"><f t="array" ref="A1:A1">SUM(B1:B2*2)</f></c>',
        ),
        (
            DataTableFormula("A1:A2", dt2D=True, r1="B1", r2="B2"),
            '<c r="A1"><f t="dataTable" ref="A1:A2" dt2D="1" r1="B1" r2="B2"></f></c>',
        ),
        (
            CellRichText("a ", TextBlock(InlineFont(b=True), "b")),
            f'<c r="A1" t="inlineStr">{RUNS}</c>',
        ),
    ],
)
def test_values_of_each_kind(tmp_path: Path, value: Any, xml: str) -> None:
    """Values are written as they are; text as openpyxl shows it, escapes included."""

    def change(sheet: Any) -> None:
        sheet["A1"] = value

    rows = '<row r="1"><c r="A1"><v>1</v></c></row>'
    assert edited_rows(tmp_path, rows, change) == f'<row r="1">{xml}</row>'


def test_dates_get_openpyxls_format_by_their_style(tmp_path: Path) -> None:
    """A date has year, month and day, as openpyxl shows it; a time zone is refused."""
    path = write_workbook(tmp_path / "book.xlsx", sheet_xml(""))
    with Edited(path) as edited:
        edited.sheet["A1"] = dt.datetime(2024, 5, 6, 12)
        sheet = openpyxl.load_workbook(BytesIO(edited.saved())).worksheets[0]
        assert sheet["A1"].value == dt.datetime(2024, 5, 6, 12)
        assert sheet["A1"].number_format == "yyyy-mm-dd h:mm:ss"
        edited.sheet["A2"] = dt.datetime(2024, 5, 6, tzinfo=dt.UTC)
        with pytest.raises(InvalidCellValue, match="time zones"):
            edited.saved()


def test_a_value_that_no_cell_can_hold_is_named(tmp_path: Path) -> None:
    """The error says which cell, and nothing is written."""
    path = write_workbook(tmp_path / "book.xlsx", sheet_xml(""))
    with Edited(path) as edited:
        edited.sheet["B3"] = float("nan")
        with pytest.raises(InvalidCellValue) as caught:
            edited.saved()
    assert caught.value.cell == "B3"


def test_the_head_of_a_shared_formula_moves_on(tmp_path: Path) -> None:
    """Inserted rows move cells; those that stay keep the formula that they shared."""
    rows = (
        '<row r="1"><c r="B1"><f t="shared" ref="B1:B3" si="0">A1+1</f></c></row>'
        '<row r="2"><c r="B2"><f t="shared" si="0"/></c></row>'
        '<row r="3"><c r="B3"><f t="shared" si="0"/></c></row>'
    )

    def change(sheet: Any) -> None:
        sheet["B1"] = None

    result = edited_rows(tmp_path, rows, change)
    assert '<c r="B2"><f t="shared" si="0" ref="B2:B3">A2+1</f></c>' in result


ARRAY = (
    '<row r="1"><c r="A1"><f t="array" ref="A1:A2">B1:B2*2</f><v>2</v></c><c r="B1"><v>1</v></c>'
    '</row><row r="2"><c r="A2"><v>4</v></c><c r="B2"><v>2</v></c></row>'
)


@pytest.mark.parametrize(
    ("change", "losses"),
    [
        (lambda sheet: sheet["A2"].__setattr__("value", 7), 1),
        (lambda sheet: sheet["A1"].__setattr__("value", 7), 1),
        (lambda sheet: sheet["A2"].__setattr__("font", Font(bold=True)), 0),
        (lambda sheet: sheet.__setitem__("A1", ArrayFormula("A1:A2", "=B1:B2*3")), 0),
        (lambda sheet: sheet.delete_rows(1, 2), 0),
        (lambda sheet: sheet.insert_rows(2), 1),
        (lambda sheet: sheet["B2"].__setattr__("value", 7), 0),
    ],
)
def test_an_array_formula_that_is_broken_up_is_a_loss(
    tmp_path: Path, change: Any, losses: int
) -> None:
    """Excel changes the area of such a formula as a whole only; openpyxl knows no area."""
    path = write_workbook(tmp_path / "book.xlsx", sheet_xml(ARRAY))
    with Edited(path) as edited:
        change(edited.sheet)
        edited.saved()
        assert [loss.kind for loss in edited.losses] == ["array_formula"] * losses


def test_cells_come_out_from_under_a_merged_area_empty(tmp_path: Path) -> None:
    """openpyxl never showed what lay there, so that nothing comes to light by it."""
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="B1" s="1"><v>2</v></c></row>'
        '<row r="2"><c r="B2"><v>3</v></c></row>'
    )
    merged = '<mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>'

    def change(sheet: Any) -> None:
        sheet.unmerge_cells("A1:B2")
        sheet["B1"] = "new"

    result = edited_rows(tmp_path, rows, change, tail=merged)
    assert "<v>3</v>" not in result
    assert '<c r="B1"' in result
    assert "<t>new</t>" in result


def test_what_openpyxl_did_not_show_is_a_loss_when_it_goes(tmp_path: Path) -> None:
    """A value under a merged area that is undone; a number beyond all dates that is moved."""
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
        '<row r="3"><c r="A3" s="3"><v>99999999</v></c></row>'
    )
    tail = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    path = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows, tail=tail))
    with Edited(path) as edited:
        edited.sheet["A4"] = 1
        edited.saved()
        assert edited.losses == []
        edited.sheet.unmerge_cells("A1:B1")
        edited.saved()
        assert [loss.kind for loss in edited.losses] == ["hidden_value"]
        edited.sheet.insert_rows(2)
        edited.saved()
        assert ["B1" in loss.what or "A3" in loss.what for loss in edited.losses] == [True, True]


def test_a_new_merged_area_empties_what_it_covers(tmp_path: Path) -> None:
    """As openpyxl has emptied it; the first cell keeps its bytes."""
    rows = '<row r="1"><c r="A1"><v>1.0</v></c><c r="B1"><v>2</v></c></row>'

    def change(sheet: Any) -> None:
        sheet.merge_cells("A1:B1")

    assert edited_rows(tmp_path, rows, change) == '<row r="1"><c r="A1"><v>1.0</v></c></row>'


# Tables.

TABLE = "xl/tables/table1.xml"


def with_table(tmp_path: Path) -> Path:
    """A table over A1:B3 with the columns Item and Cost."""
    path = tmp_path / "table.xlsx"
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "Data"
    for row in (("Item", "Cost"), ("tea", 1), ("milk", 2)):
        sheet.append(row)
    sheet.add_table(Table(displayName="Costs", ref="A1:B3"))
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("value", "name"), [("Price & more", "Price &amp; more"), (2024, "2024"), (None, "Column2")]
)
def test_a_header_that_is_overwritten_renames_its_column(
    tmp_path: Path, value: Any, name: str
) -> None:
    """The loss is named; the table's part follows, and the cell holds a text as it has to."""
    with Edited(with_table(tmp_path)) as edited:
        edited.sheet["B1"] = value
        data = edited.saved()
        assert [loss.kind for loss in edited.losses] == ["table"]
    assert f'name="{name}"' in part_of(data, TABLE)
    assert f"<t>{name}</t>" in part_of(data)


def test_a_header_cannot_be_a_formula_nor_have_the_name_of_another(tmp_path: Path) -> None:
    """A formula is refused; a name that is taken gets a number, in both places."""
    with Edited(with_table(tmp_path)) as edited:
        edited.sheet["B1"] = "item"
        data = edited.saved()
        assert 'name="item2"' in part_of(data, TABLE)
        assert "<t>item2</t>" in part_of(data)
        edited.sheet["B1"] = "=A2"
        with pytest.raises(InvalidCellValue, match="formula"):
            edited.saved()


def test_a_column_that_was_renamed_with_its_header_loses_nothing(tmp_path: Path) -> None:
    """A script that renames both knows what it does; so does one that removes the table."""
    with Edited(with_table(tmp_path)) as edited:
        edited.sheet["B1"] = "Price"
        edited.sheet.tables["Costs"].tableColumns[1].name = "Price"
        edited.saved()
        assert edited.losses == []
        del edited.sheet.tables["Costs"]
        edited.sheet["A1"] = 5
        edited.saved()
        assert edited.losses == []


def test_cells_that_are_set_rename_a_column_when_that_is_allowed(tmp_path: Path) -> None:
    """Without the permission the header is refused; with it, the report names the loss."""
    path = with_table(tmp_path)
    with pytest.raises(WouldLose, match="Costs"):
        patched(path, {"Data!B1": "Price"})
    target, report = patched(path, {"Data!B1": "Price"}, allow_loss=True)
    assert [loss.kind for loss in report.losses] == ["table"]
    assert 'name="Price"' in part_of(target.read_bytes(), TABLE)


# What differs.


def test_a_comparison_tells_cells_rows_frame_and_comments_apart(tmp_path: Path) -> None:
    """Each kind of change is named alone."""
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>'
    path = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows), more_sheets={"B": sheet_xml("")})
    with Edited(path) as edited:
        assert edited.compare().is_empty
        edited.sheet["A1"].comment = Comment("why", "me", height=50, width=90)
        (change,) = edited.compare().sheets
        assert (change.cells, change.rows, change.frame) == ([], {}, False)
        assert change.comments == ({}, {(1, 1): CommentForm("why", "me", 90, 50)})
        edited.sheet["A1"].comment = None
        edited.sheet["A1"].hyperlink = "https://example.org/"
        (change,) = edited.compare().sheets
        assert (change.cells, change.frame, change.comments) == ([], True, None)
        edited.sheet["A1"].hyperlink = None
        edited.sheet.row_dimensions[3].height = 20
        (change,) = edited.compare().sheets
        assert (change.cells, change.frame) == ([], False)
        assert change.rows == {3: (RowLook(), RowLook(height=20))}
        edited.sheet.row_dimensions[3].height = None
        edited.sheet.column_dimensions["A"].width = 30
        (change,) = edited.compare().sheets
        assert change.frame
        assert not change.has_rows


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda book: setattr(book.worksheets[0], "title", "Renamed"), "sheets"),
        (lambda book: setattr(book.worksheets[0], "sheet_state", "hidden"), "sheets"),
        (lambda book: book.move_sheet("B", -1), "sheets"),
        (lambda book: book.remove(book["B"]), "sheets"),
        (lambda book: setattr(book.worksheets[0], "print_title_rows", "1:2"), "names"),
        (lambda book: setattr(book.properties, "title", "A title"), "properties"),
        (lambda book: setattr(book._named_styles["Normal"], "font", Font(size=30)), "styles"),
        (lambda book: setattr(book, "code_name", "Budget"), "other"),
    ],
)
def test_a_comparison_tells_what_of_the_book_differs(
    tmp_path: Path, change: Any, what: str
) -> None:
    """Of what belongs to no sheet's part, the kind is named, and no sheet's frame with it."""
    sheets = {"B": sheet_xml("")}
    path = write_workbook(tmp_path / "book.xlsx", sheet_xml(""), more_sheets=sheets)
    with Edited(path) as edited:
        change(edited.workbook)
        comparison = edited.compare()
        assert comparison.sheets == ()
        kinds = ("sheets", "names", "properties", "styles", "other")
        assert [kind for kind in kinds if getattr(comparison.book, kind)] == [what]


def test_a_sheet_that_was_added_is_named(tmp_path: Path) -> None:
    """It is no sheet of the file, and has no changes."""
    with Edited(write_workbook(tmp_path / "book.xlsx", sheet_xml(""))) as edited:
        sheet = edited.workbook.create_sheet("New")
        assert edited.compare().added == (sheet,)
        assert edited.compare().book.sheets


def test_relations_are_those_of_the_file(tmp_path: Path) -> None:
    """A table that its sheet refers to by an odd relationship is found as well."""
    table = (
        '<table xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" id="1" '
        'name="T" displayName="T" ref="A1:A2"><tableColumns count="1">'
        '<tableColumn id="1" name="Head" dataDxfId="0"/></tableColumns></table>'
    )
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Head</t></is></c></row>'
        '<row r="2"><c r="A2"><v>1</v></c></row>'
    )
    path = write_workbook(
        tmp_path / "book.xlsx",
        sheet_xml(rows),
        parts={
            TABLE: table,
            "xl/worksheets/_rels/sheet1.xml.rels": sheet_relationships(
                f'<Relationship Id="r" Type="{RELATIONS}/table" Target="../tables/table1.xml"/>'
            ),
        },
    )
    target, _ = patched(path, {"Data!A1": "New\nname"}, allow_loss=True)
    assert 'name="New_x000a_name" dataDxfId="0"' in part_of(target.read_bytes(), TABLE)
