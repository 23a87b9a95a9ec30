"""Sheets added, copied, renamed, moved, hidden and removed, put into the file's own parts."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.drawing.image import Image
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table
from PIL import Image as Pillow
from python_calamine import CalamineWorkbook

from budgetinator.errors import InvalidCellValue, SaveError, WorkbookRefused
from tests.workbooks.builders import make_workbook, minimal_parts, write_zip
from tests.workbooks.merging.books import Merged, merged, odd_parts, opened, read, shape

MAIN = "Book/workbook.xml"
LISTS = {"Book/workbook.xml", "Book/_rels/workbook.xml.rels", "[Content_Types].xml"}


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "odd.xlsx", odd_parts())


def remove(workbook: Any, title: str) -> None:
    workbook.remove(workbook[title])


def sheets_of(result: Merged) -> list[str]:
    """The sheets by both readers, which must agree."""
    with CalamineWorkbook.from_path(str(result.path)) as book:
        listed = list(book.sheet_names)
    assert listed == read(result.path).sheetnames
    return listed


def test_nothing_is_written_for_an_unchanged_workbook(odd: Path) -> None:
    """Not a byte of any part differs, odd as its markup may be."""
    result = merged(odd, lambda workbook: workbook.worksheets[1].max_row)
    assert not result.report.changed
    assert result.changed == result.added == set()


def test_a_sheet_is_renamed_in_its_own_element(odd: Path) -> None:
    """The title is escaped, and everything else about the element stays."""

    def change(workbook: Any) -> None:
        workbook["One & only"].title = "Ünd \"so\" <'weiter'>"

    result = merged(odd, change)
    assert result.changed == {MAIN}
    assert sheets_of(result) == ["Ünd \"so\" <'weiter'>", "Two", "It's three"]
    assert "own:colour='red' o:id='s1' sheetId='7'" in result.text(MAIN)


def test_states_are_written(odd: Path) -> None:
    """A sheet is hidden, hidden well, and shown again."""

    def change(workbook: Any) -> None:
        workbook["One & only"].sheet_state = "veryHidden"
        workbook["It's three"].sheet_state = "visible"

    result = merged(odd, change)
    assert result.changed == {MAIN}
    assert shape(read(result.path)) == [
        ("One & only", "veryHidden", "Worksheet"),
        ("Two", "visible", "Worksheet"),
        ("It's three", "visible", "Worksheet"),
    ]


def test_sheets_that_move_take_what_counts_them_along(odd: Path) -> None:
    """Views and local names follow their sheets to their new places."""
    result = merged(odd, lambda workbook: workbook.move_sheet("It's three", -2))
    text = result.text(MAIN)
    assert result.changed == {MAIN}
    assert sheets_of(result) == ["It's three", "One & only", "Two"]
    assert "<x:definedName name='a\\b' localSheetId='0'>" in text
    assert "<x:definedName name='_xlnm.Criteria' localSheetId='1'>" in text
    assert "<x:workbookView activeTab='0'/>" in text
    assert "<x:ext uri='own'><own:thing/></x:ext>" in text


def test_a_removed_sheet_leaves_nothing(odd: Path) -> None:
    """Its part, content type, relationship and local names are gone; other parts stay."""
    result = merged(odd, lambda workbook: remove(workbook, "It's three"))
    text = result.text(MAIN)
    assert result.changed == {*LISTS, "sheets/three.xml"}
    assert result.report.removed == ("sheets/three.xml",)
    assert sheets_of(result) == ["One & only", "Two"]
    assert "three" not in text
    assert "three" not in result.text("[Content_Types].xml")
    assert "firstSheet='1'" in text


def test_a_removed_sheet_takes_along_what_only_it_used(tmp_path: Path) -> None:
    """Drawing, chart and table of a removed sheet go; the calculation chain goes, too."""
    path = tmp_path / "book.xlsx"
    workbook = openpyxl.Workbook()
    workbook.create_sheet("Other")
    rich_sheet(workbook, "Rich", 1)
    workbook.save(path)
    result = merged(path, lambda workbook: remove(workbook, "Rich"))
    gone = {name for name in result.was if name not in result.parts}
    assert gone == {
        "xl/worksheets/sheet3.xml",
        "xl/worksheets/_rels/sheet3.xml.rels",
        "xl/drawings/drawing1.xml",
        "xl/drawings/_rels/drawing1.xml.rels",
        "xl/charts/chart1.xml",
        "xl/tables/table1.xml",
    }
    assert "chart" not in result.text("[Content_Types].xml")


def test_the_custom_view_of_a_removed_sheet_shows_another(odd: Path) -> None:
    """A custom view names a sheet by its id, which must be there."""

    def change(workbook: Any) -> None:
        remove(workbook, "Two")
        workbook.active = 0

    assert "activeSheetId='7'" in merged(odd, change).text(MAIN)


def test_names_that_speak_of_a_removed_sheet_are_kept_and_told(odd: Path) -> None:
    """openpyxl keeps their text, which no longer means anything."""
    result = merged(odd, lambda workbook: remove(workbook, "Two"))
    assert result.report.dangling == ("Rate",)
    assert read(result.path).defined_names["Rate"].attr_text == "'Two'!$A$1"


def test_a_workbook_without_a_visible_sheet_is_refused(odd: Path) -> None:
    """Excel would not open it."""

    def change(workbook: Any) -> None:
        for sheet in workbook.worksheets:
            sheet.sheet_state = "hidden"

    with pytest.raises(SaveError, match="none of its sheets is visible"):
        merged(odd, change)


def test_another_system_of_dates_is_not_for_the_parts(odd: Path) -> None:
    """Dates of sheets that stay as they are would become others; openpyxl has to write it."""

    def change(workbook: Any) -> None:
        workbook.epoch = CALENDAR_MAC_1904

    with pytest.raises(WorkbookRefused, match="the day from which its dates count"):
        merged(odd, change)


def test_the_active_sheet_is_written(odd: Path) -> None:
    """The first view tells it; other views stay."""

    def change(workbook: Any) -> None:
        workbook.active = 0

    result = merged(odd, change)
    assert result.changed == {MAIN}
    assert "<x:workbookView activeTab='0' firstSheet='1'/>" in result.text(MAIN)
    assert "<x:workbookView activeTab='2'/>" in result.text(MAIN)


def test_the_active_sheet_is_written_where_there_is_no_view(tmp_path: Path) -> None:
    """A file without views gets one, before its sheets."""
    path = write_zip(tmp_path / "book.xlsx", minimal_parts())

    def change(workbook: Any) -> None:
        workbook.create_sheet("Second")
        workbook.active = 1

    result = merged(path, change)
    assert '<bookViews><workbookView activeTab="1"/></bookViews><sheets>' in result.text()
    assert read(result.path).active.title == "Second"


def rich_sheet(workbook: Any, title: str, number: int) -> Any:
    """A new sheet with values of all kinds, a chart and a table."""
    sheet = workbook.create_sheet(title)
    sheet.append(["Name", "Sum"])
    sheet.append(["Travel", 0.1 + 0.2])
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=2))
    sheet.add_chart(chart, "D2")
    sheet.add_table(Table(displayName=f"Costs{number}", ref="A1:B2"))
    return sheet


def test_new_sheets_have_all_that_they_were_given(odd: Path, tmp_path: Path) -> None:
    """Charts, images, tables and links come with them, under names and ids of their own."""
    Pillow.new("RGB", (3, 2)).save(tmp_path / "picture.png")

    def change(workbook: Any) -> None:
        for number in (1, 2):
            sheet = rich_sheet(workbook, f"New {number}", number)
            sheet.add_image(Image(str(tmp_path / "picture.png")), "D20")
            sheet["A5"].hyperlink = f"https://example.org/?a&b={number}"

    result = merged(odd, change)
    workbook = read(result.path)
    assert result.changed == LISTS
    assert sheets_of(result) == ["One & only", "Two", "It's three", "New 1", "New 2"]
    for number in (1, 2):
        sheet = workbook[f"New {number}"]
        assert (len(sheet._charts), len(sheet._images)) == (1, 1)
        assert [table.id for table in sheet.tables.values()] == [number]
        assert sheet["A5"].hyperlink.target == f"https://example.org/?a&b={number}"
    assert [sheet.title for sheet, _ in result.report.added] == ["New 1", "New 2"]
    assert {part for _, part in result.report.added} < result.added


def test_values_of_new_sheets_are_read_back_as_they_are(tmp_path: Path) -> None:
    """Numbers to the last digit, dates to the second, text with its blanks and escapes."""
    values = {
        "A1": 0.1 + 0.2,
        "A2": 2**53 + 1,
        "A3": 1e-300,
        "A4": "  lead\tand\nend ",
        "A5": "_x000D_",
        "A6": True,
        "A7": "#N/A",
        "A8": '=SUM(A1:A2)&"<"',
        "A9": dt.datetime(2024, 2, 29, 23, 59, 59),
        "B1": dt.time(1, 2, 3),
        "B2": "=not a formula",
        "B3": "ümläut & <tag>",
    }

    def change(workbook: Any) -> None:
        sheet = workbook.create_sheet("New")
        for reference, value in values.items():
            sheet[reference] = value
        sheet["B2"].data_type = "s"
        sheet["C1"] = ArrayFormula("C1:C2", "=A1:A2*2")
        sheet["D1"].font = Font(bold=True)
        sheet.row_dimensions[20].height = 33
        sheet.column_dimensions["D"].width = 44

    sheet = read(merged(make_workbook(tmp_path / "book.xlsx"), change).path)["New"]
    assert {reference: sheet[reference].value for reference in values} == values
    assert (sheet["C1"].value.ref, sheet["C1"].value.text) == ("C1:C2", "=A1:A2*2")
    assert sheet["B2"].data_type == "s"
    assert sheet["D1"].font.bold
    assert sheet.row_dimensions[20].height == 33
    assert sheet.column_dimensions["D"].width == 44


def test_a_time_with_a_time_zone_is_refused(odd: Path) -> None:
    """Cells know no time zones; openpyxl stops at it, too."""

    def change(workbook: Any) -> None:
        workbook.create_sheet("New")["B2"].value = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)

    with pytest.raises((InvalidCellValue, TypeError)):
        merged(odd, change)


def test_a_copied_sheet_holds_the_same(tmp_path: Path) -> None:
    """A copy gets its own part; the sheet that it was copied from stays as it is."""
    path = make_workbook(tmp_path / "book.xlsx", {"Costs": [("Travel", 0.1), ("=B1*2", None)]})
    result = merged(path, lambda workbook: workbook.copy_worksheet(workbook["Costs"]))
    workbook = read(result.path)
    assert "xl/worksheets/sheet1.xml" not in result.changed
    assert [[c.value for c in row] for row in workbook["Costs Copy"]] == [
        [c.value for c in row] for row in workbook["Costs"]
    ]


def test_a_copied_sheet_has_no_name_for_macros(tmp_path: Path) -> None:
    """Two sheets of one code name would make Excel repair the file."""
    path = tmp_path / "book.xlsx"
    workbook = openpyxl.Workbook()
    workbook.worksheets[0].sheet_properties.codeName = "Tabelle1"
    workbook.save(path)
    result = merged(path, lambda workbook: workbook.copy_worksheet(workbook.worksheets[0]))
    names = [sheet.sheet_properties.codeName for sheet in read(result.path).worksheets]
    assert names == ["Tabelle1", None]


def test_a_chart_sheet_is_added(odd: Path) -> None:
    """It is related and typed as one."""

    def change(workbook: Any) -> None:
        chart = BarChart()
        chart.add_data(Reference(workbook["Two"], min_col=1, min_row=1, max_row=2))
        workbook.create_chartsheet("Picture", 0).add_chart(chart)

    result = merged(odd, change)
    assert shape(read(result.path))[0] == ("Picture", "visible", "Chartsheet")
    assert "relationships/chartsheet" in result.text("Book/_rels/workbook.xml.rels")
    assert 'name="Picture" sheetId="10" o:id="rId1"' in result.text(MAIN)


def test_an_added_and_removed_sheet_comes_to_nothing(odd: Path) -> None:
    """Only what is there at the end counts."""

    def change(workbook: Any) -> None:
        workbook.create_sheet("Fleeting")
        remove(workbook, "Fleeting")

    assert merged(odd, change).changed == set()


def test_the_lists_of_titles_do_not_lie(tmp_path: Path) -> None:
    """Where sheets are others, the extended properties list none; the rest of them stays."""
    path = make_workbook(tmp_path / "book.xlsx", {"One": [(1,)], "Two": [(2,)]})
    titles = (
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-'
        'properties" xmlns:vt="urn:v"><Application>X</Application><HeadingPairs><vt:vector/>'
        "</HeadingPairs><TitlesOfParts><vt:vector/></TitlesOfParts><Company>Y</Company></Properties>"
    )
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    write_zip(path, {**parts, "docProps/app.xml": titles.encode()})
    result = merged(path, lambda workbook: remove(workbook, "Two"))
    text = result.text("docProps/app.xml")
    assert "vector" not in text
    assert "<Application>X</Application><Company>Y</Company>" in text


def test_the_state_of_a_hidden_chart_sheet_stays(tmp_path: Path) -> None:
    """openpyxl reads every chart sheet as a visible one, which is no change."""
    path = tmp_path / "book.xlsx"
    workbook = openpyxl.Workbook()
    chart = BarChart()
    chart.add_data(Reference(workbook.worksheets[0], min_col=1, min_row=1, max_row=2))
    sheet = workbook.create_chartsheet("Picture")
    sheet.add_chart(chart)
    sheet.sheet_state = "hidden"
    workbook.save(path)
    with opened(path) as (read_again, _):
        assert read_again["Picture"].sheet_state == "visible"
    assert merged(path, lambda workbook: None).changed == set()
