"""Styles of an openpyxl workbook appended to the file's own."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side

from budgetinator.config import OpeningBounds
from budgetinator.errors import SaveError
from budgetinator.workbooks.merging.styles import styles as styles_module
from budgetinator.workbooks.merging.styles.styles import StyleTables
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.edit import PackageEdit
from tests.workbooks.merging.cellsaving import Edited, contents
from tests.workbooks.patch.building import STYLES, sheet_xml, write_workbook

ROW = '<row r="1"><c r="A1" s="1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
COMPLEMENT = (
    '<extLst><ext uri="{C7286773-470A-42A8-94C5-96B5CB345126}">'
    '<y:xfComplement xmlns:y="urn:feature" i="0"/></ext></extLst>'
)


def styles_of(data: bytes) -> str:
    """The styles part."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return archive.read("xl/styles.xml").decode()


def first_sheet(data: bytes) -> Any:
    """What openpyxl reads of the first sheet."""
    return openpyxl.load_workbook(BytesIO(data)).worksheets[0]


def one_sheet(tmp_path: Path, rows: str = ROW, **options: Any) -> Path:
    """A workbook of one sheet."""
    return write_workbook(tmp_path / "book.xlsx", sheet_xml(rows), **options)


def test_a_value_alone_leaves_the_styles_as_they_are(tmp_path: Path) -> None:
    """Looking at styles, which openpyxl notes, and a new value write nothing into them."""
    with Edited(one_sheet(tmp_path)) as edited:
        _ = [(cell.font.b, cell.fill, cell.style) for cell in edited.sheet[1]]
        edited.sheet["A1"] = 5
        assert styles_of(edited.saved()) == STYLES


def test_a_new_look_is_appended_and_no_place_moves(tmp_path: Path) -> None:
    """What was there stands as it stood; counts are right, those that were missing too."""
    with Edited(one_sheet(tmp_path)) as edited:
        cell = edited.sheet["B1"]
        cell.font, cell.number_format = Font(italic=True), "0.0000"
        cell.fill = PatternFill("solid", fgColor="FF0000")
        cell.border = Border(left=Side("thin"))
        cell.alignment, cell.protection = Alignment(indent=2), Protection(hidden=True)
        data = edited.saved()
    xml = styles_of(data)
    for kept in re.findall(r"<(?:xf|font|numFmt|cellStyle|fill)\b[^>]*/>", STYLES):
        assert kept in xml
    assert '<numFmt numFmtId="165" formatCode="0.0000"/></numFmts>' in xml
    assert '<numFmts count="2">' in xml
    assert '<fonts count="3">' in xml
    assert '<cellXfs count="5">' in xml
    added = re.search(r'<xf numFmtId="165"[^>]*>.*?</xf>', xml)
    assert added is not None
    assert 'fontId="2" fillId="1" borderId="1" xfId="0"' in added[0]
    assert '<alignment indent="2" /><protection' in added[0]
    sheet = first_sheet(data)
    assert sheet["B1"].font.i
    assert sheet["B1"].alignment.indent == 2
    assert sheet["A1"].font.b


def test_the_same_look_is_written_once(tmp_path: Path) -> None:
    """Many cells with one new look share one format; one that the file has is taken."""
    with Edited(one_sheet(tmp_path)) as edited:
        for row in range(2, 50):
            edited.sheet.cell(row, 1, row).font = Font(italic=True)
            sheet: Any = edited.sheet
            sheet.cell(row, 2, row)._style = sheet["A1"]._style
        data = edited.saved()
    assert '<cellXfs count="5">' in styles_of(data)
    assert contents(data)["Data"]["cells"]["B9"][2] == contents(data)["Data"]["cells"]["A1"][2]


def test_number_formats_keep_the_numbers_of_the_file(tmp_path: Path) -> None:
    """openpyxl numbers formats anew; codes that the file has are found under its numbers."""
    styles = STYLES.replace('numFmtId="164"', 'numFmtId="77"')
    with Edited(one_sheet(tmp_path, styles=styles)) as edited:
        edited.sheet["A1"].number_format = "[$-409]d\\-mmm\\-yy;@"
        xml = styles_of(edited.saved())
    assert '<numFmts count="1"><numFmt numFmtId="77"' in xml
    assert re.search(r'<xf numFmtId="77" fontId="1"', xml)


def test_a_built_in_number_with_another_meaning_is_not_used(tmp_path: Path) -> None:
    """Where the file gives number 10 another code, 0.00% gets a number of its own."""
    styles = STYLES.replace('numFmtId="164"', 'numFmtId="10"')
    with Edited(one_sheet(tmp_path, styles=styles)) as edited:
        edited.sheet["B1"].number_format = "0.00%"
        data = edited.saved()
    assert '<numFmt numFmtId="164" formatCode="0.00%"/>' in styles_of(data)
    assert first_sheet(data)["B1"].number_format == "0.00%"


def test_a_named_style_is_added_by_its_name(tmp_path: Path) -> None:
    """Its format and its name are appended, and cells of it refer to it."""
    style = NamedStyle("Budget", font=Font(bold=True, size=20), number_format="0.0")
    with Edited(one_sheet(tmp_path)) as edited:
        edited.sheet["B1"].style = style
        edited.sheet["A1"].style = "Good"
        data = edited.saved()
    xml = styles_of(data)
    assert '<cellStyle name="Budget" xfId="1"/>' in xml
    assert '<cellStyle name="Good" xfId="2" builtinId="26"/>' in xml
    assert '<cellStyles count="3">' in xml
    sheet = first_sheet(data)
    assert (sheet["B1"].style, sheet["A1"].style) == ("Budget", "Good")
    assert sheet["B1"].font.sz == 20


def test_names_that_are_numbered_otherwise_than_their_formats(tmp_path: Path) -> None:
    """With formats that have no name, a cell's style is told by its name all the same."""
    styles = STYLES.replace(
        "<cellStyleXfs><xf/></cellStyleXfs>",
        '<cellStyleXfs count="3"><xf/><xf/><xf/></cellStyleXfs>',
    )
    with Edited(one_sheet(tmp_path, styles=styles)) as edited:
        edited.sheet["B1"].style = NamedStyle("Budget", font=Font(size=20))
        xml = styles_of(edited.saved())
    assert '<cellStyle name="Budget" xfId="3"/>' in xml
    assert re.search(r'<xf numFmtId="0" fontId="\d" fillId="\d" borderId="\d" xfId="3"', xml)


def test_an_edited_named_style_changes_its_format(tmp_path: Path) -> None:
    """The entry in cellStyleXfs gets the new font and alignment, and stays where it is."""
    with Edited(one_sheet(tmp_path)) as edited:
        edited.workbook._named_styles["Normal"].font = Font(size=8)
        edited.workbook._named_styles["Normal"].alignment = Alignment(wrap_text=True)
        assert edited.compare().book.styles
        data = edited.saved()
    xml = styles_of(data)
    assert '<cellStyleXfs><xf fontId="2"' in xml
    assert '<alignment wrapText="1" /></xf></cellStyleXfs>' in xml
    book: Any = openpyxl.load_workbook(BytesIO(data))
    assert book._named_styles["Normal"].font.sz == 8


def test_what_openpyxl_does_not_know_of_a_format_goes_on(tmp_path: Path) -> None:
    """A cell that shows a checkbox by an extension of its format keeps it when it gets bold."""
    styles = STYLES.replace(
        '<xf numFmtId="15" xfId="0"/>', f'<xf numFmtId="15" xfId="0">{COMPLEMENT}</xf>'
    )
    rows = '<row r="1"><c r="A1" s="3"><v>1</v></c><c r="B1"><v>1</v></c></row>'
    with Edited(one_sheet(tmp_path, rows, styles=styles)) as edited:
        edited.sheet["A1"].font = Font(italic=True)
        edited.sheet["B1"].font = Font(italic=True)
        xml = styles_of(edited.saved())
    assert xml.count(COMPLEMENT) == 2
    assert '<cellXfs count="6">' in xml


def test_a_part_with_a_prefix_gets_it_in_what_is_added(tmp_path: Path) -> None:
    """Elements are written in the vocabulary that the part gives the prefix to."""
    styles = re.sub(r"(</?)(?=\w)", r"\1x:", STYLES).replace("xmlns=", "xmlns:x=")
    with Edited(one_sheet(tmp_path, styles=styles)) as edited:
        edited.sheet["B1"].font = Font(italic=True)
        data = edited.saved()
    assert '<x:i val="1" />' in styles_of(data)
    assert first_sheet(data)["B1"].font.i


def test_a_package_without_styles_gets_a_part(tmp_path: Path) -> None:
    """The part is made only when a look needs it, and joined to the workbook."""
    path = one_sheet(tmp_path, '<row r="1"><c r="A1"><v>1</v></c></row>', styles=None)
    with Edited(path) as edited:
        edited.sheet["A1"] = 2
        with zipfile.ZipFile(BytesIO(edited.saved())) as archive:
            assert "xl/styles.xml" not in archive.namelist()
        edited.sheet["B2"].font = Font(italic=True)
        edited.sheet["B2"] = 3
        data = edited.saved()
    sheet = first_sheet(data)
    assert sheet["B2"].font.i
    assert not sheet["A1"].font.i


def test_a_second_save_finds_the_same_numbers(tmp_path: Path) -> None:
    """After a save the file's formats and openpyxl's have the same places, and go on so."""
    with Edited(one_sheet(tmp_path)) as edited:
        edited.sheet["B1"].font = Font(italic=True)
        edited.workbook._cell_styles.add(edited.sheet["B1"]._style)  # as a rendering does
        first = edited.saved()
        package = edited.original.package
        status, bounds = package.status(), OpeningBounds()
        edited.original.exchange(Package.of_bytes(first, package.path, status, bounds))
        edited.state.note_read(edited.sheet)
        edited.sheet["B1"].font = Font(size=30)  # changes the very array that was noted
        edited.sheet["C1"] = 3
        edited.sheet["C1"].font = Font(italic=True)
        second = edited.saved()
    places = [_xf(styles_of(data)) for data in (first, second)]
    assert places[1][: len(places[0])] == places[0]
    assert len(places[1]) == len(places[0]) + 1
    sheet = first_sheet(second)
    assert sheet["B1"].font.sz == 30
    assert sheet["C1"].font.i


def _xf(xml: str) -> list[str]:
    section = re.search(r"<cellXfs.*?</cellXfs>", xml)
    assert section is not None
    return re.findall(r"<xf [^>]*>", section[0])


def test_formats_of_rules_are_appended_in_their_order(tmp_path: Path) -> None:
    """The numbers of a rendering are places in the file; the next save begins with them."""
    with Edited(one_sheet(tmp_path)) as edited:
        rule: Any = CellIsRule
        rules = [rule("lessThan", ["5"], fill=PatternFill(bgColor="FF0000")).dxf]
        edit = PackageEdit(edited.original.package)
        StyleTables(edit, edited.workbook, rules, named_styles_changed=False).finish()
        xml = edit.part("xl/styles.xml").data.decode()
        assert '<dxfs count="1"><dxf><fill>' in xml
        assert edited.workbook._differential_styles.styles == rules


def test_the_table_of_openpyxl_is_written_in_its_order(tmp_path: Path) -> None:
    """A number that a rendering gives to a column's style is the place in the file."""
    with Edited(one_sheet(tmp_path)) as edited:
        column = edited.sheet.column_dimensions["C"]
        column.font = Font(italic=True)
        number = column.style_id
        edited.sheet["A2"].font = Font(size=9)
        xml = styles_of(edited.saved())
    assert '<i val="1" />' in xml
    assert number == 4
    assert 'fontId="2"' in _xf(xml)[4]
    assert 'fontId="3"' in _xf(xml)[5]


def test_more_formats_than_excel_takes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The save ends before anything is written, and says what to do."""
    monkeypatch.setattr(styles_module, "MOST_CELL_FORMATS", 5)
    with Edited(one_sheet(tmp_path)) as edited:
        edited.sheet["A1"].font = Font(size=9)
        edited.sheet["B1"].font = Font(size=10)
        with pytest.raises(SaveError, match="more than 5 formats of cells"):
            edited.saved()


def test_formats_that_openpyxl_cannot_read_are_named_when_one_changes(tmp_path: Path) -> None:
    """An attribute that openpyxl refuses: a value needs no format, a new look would lose."""
    styles = STYLES.replace(
        '<xf numFmtId="2" fontId="1"', '<xf unheardOf="1" numFmtId="2" fontId="1"'
    )
    with Edited(one_sheet(tmp_path, styles=styles)) as edited:
        edited.sheet["A1"] = 7
        assert styles_of(edited.saved()) == styles
        assert edited.losses == []
        edited.sheet["A1"].font = Font(italic=True)
        xml = styles_of(edited.saved())
        assert [loss.kind for loss in edited.losses] == ["cell_format"]
    assert 'unheardOf="1"' in xml
