"""Cells changed in sheets of every shape; the bytes around them stay."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from budgetinator.errors import (
    InvalidCellReference,
    InvalidCellValue,
    WorkbookDamaged,
    WorkbookRefused,
    WorksheetNotFound,
)
from budgetinator.workbooks.patch import Formula
from tests.workbooks.patch.building import (
    MAIN,
    SHEET1,
    part,
    patched,
    rows_of,
    sheet_xml,
    write_workbook,
)

THREE_ROWS = (
    '<row r="2" spans="2:4"><c r="B2"><v>1</v></c><c r="D2" s="1"><v>2</v></c></row>'
    '<row r="4"><c r="A4" t="str"><v>x</v></c></row>'
    '<row r="5" ht="20" customHeight="1"/>'
)


def change(tmp_path: Path, xml: str | bytes, **cells: object) -> str:
    """The sheet's part after the changes, which are read back by openpyxl as well."""
    book = write_workbook(tmp_path / "book.xlsx", xml)
    target, _ = patched(book, {f"Data!{name}": value for name, value in cells.items()})
    sheet = openpyxl.load_workbook(target)["Data"]
    for name, value in cells.items():
        assert sheet[name].value == value
    return part(target)


def test_an_existing_cell_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    """Only the cell's own bytes differ."""
    xml = sheet_xml(THREE_ROWS, tail="<pageMargins/>")
    expected = xml.replace('<c r="D2" s="1"><v>2</v></c>', '<c r="D2" s="1"><v>7</v></c>')
    book = write_workbook(tmp_path / "book.xlsx", xml)
    assert part(patched(book, {"Data!D2": 7})[0]) == expected


@pytest.mark.parametrize(
    ("cell", "old", "new"),
    [
        ("C2", '<c r="D2"', '<c r="C2"><v>9</v></c><c r="D2"'),
        ("A2", 'spans="2:4"><c', 'spans="1:4"><c r="A2"><v>9</v></c><c'),
        ("F2", '"2:4"', '"2:6"'),
        ("F2", "<v>2</v></c></row>", '<v>2</v></c><c r="F2"><v>9</v></c></row>'),
        ("A1", '<row r="2"', '<row r="1"><c r="A1"><v>9</v></c></row><row r="2"'),
        ("B3", '<row r="4"', '<row r="3"><c r="B3"><v>9</v></c></row><row r="4"'),
        ("C5", 'customHeight="1"/>', 'customHeight="1"><c r="C5"><v>9</v></c></row>'),
        ("A9", "</sheetData>", '<row r="9"><c r="A9"><v>9</v></c></row></sheetData>'),
    ],
)
def test_a_new_cell_comes_in_its_place(tmp_path: Path, cell: str, old: str, new: str) -> None:
    """Cells and rows are added in order, and a row's spans grow with them."""
    xml = sheet_xml(THREE_ROWS)
    result = change(tmp_path, xml, **{cell: 9})
    assert new in result
    if "spans" not in new and '"2:' not in new and cell != "F2":
        assert result == xml.replace(old, new, 1)


def test_several_new_rows_and_cells_keep_their_order(tmp_path: Path) -> None:
    """Whatever the order of the changes, rows and cells ascend."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(THREE_ROWS))
    wanted = ["C9", "A9", "B3", "A3", "XFD1048576", "C2", "E2", "A2", "B8"]
    target, report = patched(book, {f"Data!{name}": 1 for name in wanted})
    rows = [int(number) for number in re.findall(r'<row r="(\d+)"', part(target))]
    cells = re.findall(r'<c r="([A-Z]+\d+)"', part(target))
    assert report.cells_written == len(wanted)
    assert rows == [2, 3, 4, 5, 8, 9, 1_048_576]
    assert [c for c in cells if c.endswith("2")] == ["A2", "B2", "C2", "D2", "E2"]
    assert set(wanted) <= set(cells)


@pytest.mark.parametrize("data", ["<sheetData/>", "<sheetData />", "<sheetData></sheetData>", ""])
def test_a_sheet_without_rows_gets_one(tmp_path: Path, data: str) -> None:
    """An empty sheetData, and one that is missing, are filled at the right place."""
    xml = (
        f'<worksheet xmlns="{MAIN}"><dimension ref="A1"/><sheetViews><sheetView '
        f'workbookViewId="0"/></sheetViews>{data}<pageMargins left="1" right="1" top="1" '
        'bottom="1" header="1" footer="1"/></worksheet>'
    )
    result = change(tmp_path, xml, B2="text")
    assert (
        '</sheetViews><sheetData><row r="2"><c r="B2" t="inlineStr"><is><t>text</t></is></c></row>'
        "</sheetData><pageMargins" in result
    )
    assert '<dimension ref="A1:B2"/>' in result


def test_the_dimension_grows_and_never_shrinks(tmp_path: Path) -> None:
    """A new cell outside widens it; one inside, or an odd dimension, leaves it."""
    head = '<dimension ref="B2:D5"/>'
    assert '<dimension ref="A2:D9"/>' in change(
        tmp_path, sheet_xml(THREE_ROWS, head=head), A4="x", A9=1, C3=2
    )
    assert head in change(tmp_path, sheet_xml(THREE_ROWS, head=head), C3=1)


def test_clearing_keeps_the_style_and_adds_nothing(tmp_path: Path) -> None:
    """None empties a cell that is there, and does nothing where none is."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(THREE_ROWS))
    target, report = patched(book, {"Data!D2": None, "Data!C2": None, "Data!A30": None})
    assert rows_of(target) == THREE_ROWS.replace(
        '<c r="D2" s="1"><v>2</v></c>', '<c r="D2" s="1"/>'
    )
    assert report.cells_written == 1


def test_a_new_cell_takes_the_style_of_its_row_or_column(tmp_path: Path) -> None:
    """As in Excel: the row's format comes first, then the column's."""
    head = '<cols><col min="2" max="3" width="9" style="1"/></cols>'
    rows = '<row r="1" s="3" customFormat="1"><c r="A1"/></row><row r="2" s="3"><c r="A2"/></row>'
    result = change(tmp_path, sheet_xml(rows, head=head), B1="x", B2="x", B3="x", D2="x")
    assert '<c r="B1" s="3" t=' in result
    assert '<c r="B2" s="1" t=' in result
    assert '<c r="B3" s="1" t=' in result
    assert '<c r="D2" t=' in result


def test_what_described_the_old_value_goes_and_the_rest_stays(tmp_path: Path) -> None:
    """Type, dynamic-array and rich-value marks go; other attributes and extensions stay."""
    cell = (
        '<c r="A1" s="1" t="e" cm="1" vm="2" ph="1"><f>1/0</f><v>#DIV/0!</v>'
        '<extLst><ext uri="x"/></extLst></c>'
    )
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(f'<row r="1">{cell}</row>'))
    result = rows_of(patched(book, {"A1": 3})[0])
    expected = '<c r="A1" s="1" ph="1"><v>3</v><extLst><ext uri="x"/></extLst></c>'
    assert result == f'<row r="1">{expected}</row>'


ODD_SHEETS = {
    "prefixed": (
        f'<x:worksheet xmlns:x="{MAIN}"><x:dimension ref="A1:B2"/><x:sheetData>'
        '<x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c><x:c r="B1" t="str"><x:f>A1</x:f>'
        "<x:v>k</x:v></x:c></x:row>"
        '<x:row r="2"><x:c r="B2"><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    ),
    "prefix bound late": (
        f'<worksheet xmlns="{MAIN}"><y:sheetData xmlns:y="{MAIN}"><y:row r="1"><y:c r="A1"><y:v>1'
        '</y:v></y:c></y:row><y:row r="2"><y:c r="B2"><y:v>2</y:v></y:c></y:row></y:sheetData>'
        "</worksheet>"
    ),
    "single quotes": (
        f"<worksheet xmlns='{MAIN}'><sheetData><row r='1' spans='1:1'><c r='A1'><v>1</v></c></row>"
        "<row ht='3' r = '2'\n><c r='B2' ><v>2</v></c ></row ></sheetData ></worksheet>"
    ),
    "cells without r": (
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c><v>1</v></c></row>'
        '<row r="2"><c/><c><v>2</v></c></row></sheetData></worksheet>'
    ),
    "rows without r": (
        f'<worksheet xmlns="{MAIN}"><sheetData><row><c><v>1</v></c></row>'
        '<row><c r="B2"><v>2</v></c></row></sheetData></worksheet>'
    ),
    "comments": (
        f'<!-- <sheetData> --><worksheet xmlns="{MAIN}"><!-- a --><sheetData><!-- <row r="1"> -->'
        '<row r="1"><!-- <c r="A1"/> --><c r="A1"><v>1</v><!-- v --></c></row><?pi <row r="7">?>'
        '<row r="2"><c r="B2"><v>2</v></c></row></sheetData>'
        '<!-- <mergeCell ref="A1:D9"/> --></worksheet>'
    ),
    "cdata": (
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1"><v>1</v></c>'
        '<c r="C1" t="inlineStr"><is><t><![CDATA[<row r="2"><c r="B2"></row>]]></t></is></c></row>'
        '<row r="2"><c r="B2"><v>2</v></c></row></sheetData></worksheet>'
    ),
    "rows out of order": (
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="2"><c r="B2"><v>2</v></c></row>'
        '<row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>'
    ),
    "cells out of order": (
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="C1"/><c r="A1"><v>1</v></c></row>'
        '<row r="2"><c r="D2"/><c r="B2"><v>2</v></c></row></sheetData></worksheet>'
    ),
    "a row in two pieces": (
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="2"><c r="B2"><v>2</v></c></row><row r="1"><c r="D1"><v>4</v></c></row>'
        "</sheetData></worksheet>"
    ),
    "greater-than signs": (
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1" x="a>b"><c r="A1" y="/>"><v>1</v></c>'
        '<c r="C1"><f>A1>B1</f></c></row><row r="2"><c r="B2"><v>2</v></c></row></sheetData>'
        "</worksheet>"
    ),
    "alternate content": (
        f'<worksheet xmlns="{MAIN}" xmlns:mc="http://schemas.openxmlformats.org/'
        'markup-compatibility/2006"><mc:AlternateContent><mc:Choice Requires="r"/>'
        '</mc:AlternateContent><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="2"><c r="B2"><v>2</v></c></row></sheetData><mc:AlternateContent>'
        "<mc:Fallback/></mc:AlternateContent></worksheet>"
    ),
    "white space": (
        f'\n<worksheet xmlns="{MAIN}">\n <sheetData>\n  <row r="1">\n   <c r="A1">\n <v>1</v> '
        '</c>\n</row>\n  <row r="2">\n<c r="B2"><v>2</v></c>\n</row>\n</sheetData>\n</worksheet>\n'
    ),
}


@pytest.mark.parametrize("kind", ODD_SHEETS)
def test_odd_markup_is_edited_and_otherwise_kept(tmp_path: Path, kind: str) -> None:
    """In any spelling that XML permits, the cell is found and all other bytes stay."""
    xml = ODD_SHEETS[kind]
    result = change(tmp_path, xml, B2=77)
    cut = result.index("77")
    assert result.count("77") == 1
    assert result == xml.replace(">2<", ">77<") or result[:cut] + "2" + result[cut + 2 :] == xml


@pytest.mark.parametrize("kind", ODD_SHEETS)
def test_cells_are_added_in_odd_markup(tmp_path: Path, kind: str) -> None:
    """New cells and rows join odd sheets, and the cells that were there are still read."""
    result = change(tmp_path, ODD_SHEETS[kind], C2=5, A3=6, A1=8)
    sheet = openpyxl.load_workbook(tmp_path / "patched-book.xlsx")["Data"]
    assert sheet["B2"].value == 2
    assert ">8<" in result
    assert ">5<" in result


def test_a_row_that_is_commented_out_is_not_there(tmp_path: Path) -> None:
    """Cells do not go into comments, and what is in comments stops nobody."""
    comment = '<!-- <row r="3"><c r="A3"><f t="array" ref="A3:A9">1</f></c></row> -->'
    rows = '<row r="2"/>' + comment + '<row r="4"/>'
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows))
    new = '<row r="3"><c r="A3"><v>1</v></c></row>'
    assert rows_of(patched(book, {"A3": 1})[0]) == '<row r="2"/>' + comment + new + '<row r="4"/>'


def test_rows_without_numbers_are_counted(tmp_path: Path) -> None:
    """A row without a number follows the one before, or is that of its first cell."""
    rows = '<row><c/></row><row><c r="A5"/></row><row><c/></row><row r="9"/><row><c/></row>'
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows))
    target, _ = patched(book, {"A1": 1, "B5": 2, "A6": 3, "A7": 4, "A10": 5})
    assert rows_of(target) == (
        '<row><c><v>1</v></c></row><row><c r="A5"/><c r="B5"><v>2</v></c></row>'
        '<row><c><v>3</v></c></row><row r="7"><c r="A7"><v>4</v></c></row><row r="9"/>'
        "<row><c><v>5</v></c></row>"
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "ascii"])
def test_a_part_keeps_its_encoding(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with a mark, UTF-16 and ASCII parts are written back as what they were."""
    declared = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "ascii": "US-ASCII"}[encoding]
    xml = (
        f'<?xml version="1.0" encoding="{declared}" standalone="yes"?><worksheet xmlns="{MAIN}">'
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>'
    )
    book = write_workbook(tmp_path / "book.xlsx", xml.encode(encoding))
    target, _ = patched(book, {"Data!B1": "Fjörður €"})
    with zipfile.ZipFile(target) as archive:
        data = archive.read(SHEET1)
    text = "Fj&#246;r&#240;ur &#8364;" if encoding == "ascii" else "Fjörður €"
    cell = f'<c r="B1" t="inlineStr"><is><t>{text}</t></is></c></row>'
    assert data == xml.replace("</row>", cell).encode(encoding)


def test_large_sheets_are_cut_into_blocks_without_a_seam(tmp_path: Path) -> None:
    """Rows that lie over the ends of the blocks that are read are found and kept."""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}" t="inlineStr"><is><t>'
        f"{'text ' * (n % 50)}</t></is></c></row>"
        for n in range(1, 20_001)
    )
    wanted = [1, 2, 777, 1999, 2000, 2001, 15_432, 19_999, 20_000]
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows))
    target, _ = patched(book, {f"A{n}": -n for n in wanted})
    expected = rows
    for n in wanted:
        expected = expected.replace(f"<v>{n}</v>", f"<v>{-n}</v>")
    assert part(target) == sheet_xml(expected)


@pytest.mark.parametrize(
    ("tail", "cell"),
    [('<mergeCells count="1"><mergeCell ref="B2:D4"/></mergeCells>', "C3")],
)
def test_a_cell_hidden_by_a_merged_area_is_refused(tmp_path: Path, tail: str, cell: str) -> None:
    """Only the top left cell of a merged area can be set."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(THREE_ROWS, tail=tail))
    with pytest.raises(InvalidCellValue, match="set B2 instead"):
        patched(book, {f"Data!{cell}": 1})
    assert (tmp_path / "patched-book.xlsx").read_bytes() == b""
    target, _ = patched(book, {"Data!B2": 5})
    assert '<c r="B2"><v>5</v></c>' in part(target)


@pytest.mark.parametrize("kind", ["array", "dataTable"])
def test_a_cell_whose_value_an_area_formula_makes_is_refused(tmp_path: Path, kind: str) -> None:
    """Neither the first cell nor another of a larger area can be set alone."""
    rows = (
        f'<row r="1"><c r="A1"><f t="{kind}" ref="A1:A2">B1:B2</f><v>1</v></c>'
        f'<c r="C1"><f t="{kind}" ref="C1">B1</f><v>1</v></c></row>'
        '<row r="2"><c r="A2"><v>2</v></c></row>'
    )
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows))
    for cell in ("A1", "A2"):
        with pytest.raises(InvalidCellValue, match="fills A1:A2"):
            patched(book, {cell: 1})
    commented = write_workbook(tmp_path / "odd.xlsx", sheet_xml(rows + "<!-- -->"))
    with pytest.raises(InvalidCellValue, match="fills A1:A2"):
        patched(commented, {"A2": 1})
    assert '<c r="C1"><v>9</v></c>' in part(patched(book, {"C1": 9})[0])


def test_a_cell_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Programs differ in which of the two they take, so neither is changed."""
    twice = '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c><c r="B1"/></row>'
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(twice))
    with pytest.raises(WorkbookDamaged) as caught:
        patched(book, {"A1": 3})
    assert (caught.value.sheet, caught.value.cell) == ("Data", "A1")
    assert '<c r="B1"><v>3</v></c>' in part(patched(book, {"B1": 3})[0])


def test_a_row_in_alternate_content_is_refused(tmp_path: Path) -> None:
    """What stands in several forms is not changed in one of them."""
    choice = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/'
        '2006"><mc:Choice Requires="v">{}</mc:Choice></mc:AlternateContent>'
    )
    rows = '<row r="1">' + choice.format('<c r="B1"/>') + "</row>"
    nested = rows + choice.format('<row r="3"><c r="A3"/></row>')
    for xml, cell in ((rows, "B1"), (rows + "<!-- -->", "B1"), (nested, "A3")):
        book = write_workbook(tmp_path / "book.xlsx", sheet_xml(xml))
        with pytest.raises(WorkbookRefused, match="alternate content"):
            patched(book, {cell: 1})
        assert ">7<" in part(patched(book, {"C1": 7})[0])


@pytest.mark.parametrize(
    "xml",
    [
        sheet_xml('<row r="1"><c r="A1"><v>1</v></row>'),
        sheet_xml('<row r="1"><c r="B7"><v>1</v></c></row>'),
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1">',
        f'<worksheet xmlns="{MAIN}"/>',
        f'<worksheet xmlns="{MAIN}"><sheetData/><sheetData/></worksheet>',
        "<worksheet><sheetData/></worksheet>",
        "no markup",
    ],
)
def test_broken_markup_is_named_and_nothing_is_written(tmp_path: Path, xml: str) -> None:
    """A sheet that cannot be understood where it is to change is WorkbookDamaged, with its part."""
    book = write_workbook(tmp_path / "book.xlsx", xml)
    with pytest.raises(WorkbookDamaged) as caught:
        patched(book, {"A1": 1})
    assert (caught.value.sheet, caught.value.part) == ("Data", SHEET1)
    assert (tmp_path / "patched-book.xlsx").read_bytes() == b""


def test_sheets_are_found_by_name_and_by_the_active_tab(tmp_path: Path) -> None:
    """Quoted names, another case, and no name at all lead to the sheet."""
    book = write_workbook(
        tmp_path / "book.xlsx",
        sheet_xml(""),
        more_sheets={"P2-L'ORE": sheet_xml("")},
        workbook_head='<bookViews><workbookView activeTab="1"/></bookViews>',
    )
    target, report = patched(book, {"'p2-l''ore'!G13": 1, "A1": 2, "Data!A1": 3})
    sheets = openpyxl.load_workbook(target)
    assert report.sheets == ("P2-L'ORE", "Data")
    assert sheets["P2-L'ORE"]["G13"].value == 1
    assert sheets["P2-L'ORE"]["A1"].value == 2
    assert sheets["Data"]["A1"].value == 3


def test_unknown_sheets_and_wrong_references_are_named(tmp_path: Path) -> None:
    """A sheet that is not there, no reference, and one cell given twice are errors of the call."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(""))
    with pytest.raises(WorksheetNotFound) as caught:
        patched(book, {"Nope!A1": 1})
    assert caught.value.available == ("Data",)
    for wrong in ("Data!A0", "Data!XFE1", "Data!A1:B2", "Data!", "A1048577"):
        with pytest.raises(InvalidCellReference):
            patched(book, {wrong: 1})
    with pytest.raises(InvalidCellReference, match="given twice"):
        patched(book, {"Data!A1": 1, "data!$A$1": 1})


def test_a_formula_is_set_as_a_formula(tmp_path: Path) -> None:
    """A Formula has no cached value; a str with an equals sign stays text."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(THREE_ROWS))
    target, report = patched(book, {"A1": Formula("=B2*2"), "A2": "=B2*2"})
    sheet = openpyxl.load_workbook(target)["Data"]
    assert (sheet["A1"].data_type, sheet["A1"].value) == ("f", "=B2*2")
    assert part(target).count("<f>") == 1
    assert report.recalculates
