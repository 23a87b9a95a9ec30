from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table

from budgetinator.errors import NotAWorkbook
from budgetinator.workbooks.losses.finding import losses_through_openpyxl
from budgetinator.workbooks.opc.package import Package

SHEET = "xl/worksheets/sheet1.xml"
Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A plain budget with everything that openpyxl keeps."""
    workbook = openpyxl.Workbook()
    sheet = workbook["Sheet"]
    sheet.append(["Partner", "Start", "Months", "Rate", "Total"])
    for row in range(2, 12):
        start = dt.datetime(2026, 1, row, 8, 30)
        sheet.append([f"P{row}", start, row, row * 1.25, f"=C{row}*D{row}"])
    thin = Side(style="thin", color="FF112233")
    for cell in sheet["G1:I1"][0]:
        cell.border = Border(top=thin, bottom=thin)
    sheet["G1"] = "Summary"
    sheet.merge_cells("G1:I1")
    sheet["A1"].font, sheet["B1"].fill = Font(bold=True), PatternFill("solid", fgColor="FFEEDD00")
    sheet["A2"].comment = Comment("checked", "controller")
    sheet["A3"].hyperlink = Hyperlink(ref="A3", location="Notes!A1")
    sheet.column_dimensions["A"].width, sheet.row_dimensions[1].height = 22.5, 30
    sheet.conditional_formatting.add("E2:E11", CellIsRule("lessThan", ["0"], font=Font(bold=True)))
    choice = DataValidation("list", formula1='"P2,P3,P4"', allow_blank=True)
    choice.add("A2:A11")
    sheet.add_data_validation(choice)
    sheet.print_title_rows, sheet.print_area = "1:1", "A1:E11"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.oddFooter.center.text = "Page &P of &N"
    sheet.freeze_panes, sheet.auto_filter.ref = "B2", "A1:E11"
    sheet.protection.enable()
    notes = workbook.create_sheet("Notes")
    notes.append(["Item", "Amount"])
    notes.append(["Travel", 3])
    notes.add_table(Table(displayName="Costs", ref="A1:B2"))
    workbook.defined_names["Rates"] = DefinedName("Rates", attr_text="Sheet!$D$2:$D$11")
    path = tmp_path / "budget.xlsx"
    workbook.save(path)
    return path


def rewrite(path: Path, change: Change) -> None:
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)


def replacing(old: bytes, new: bytes, part: str = SHEET) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[part], parts[part][:2000]
        parts[part] = parts[part].replace(old, new, 1)

    return change


def test_plain_budget(path: Path) -> None:
    """Formulas, formats, merges, widths, rules, names, comments and print settings are kept."""
    assert losses_through_openpyxl(path) == ()
    with Package.open(path) as package:
        assert losses_through_openpyxl(package) == ()


def test_own_chart(path: Path) -> None:
    """A chart that openpyxl made is one that it keeps."""
    workbook = openpyxl.load_workbook(path)
    chart = BarChart()
    chart.add_data(Reference(workbook["Sheet"], min_col=4, min_row=1, max_row=11), True)
    workbook["Notes"].add_chart(chart, "D2")
    workbook.save(path)
    workbook = openpyxl.load_workbook(path)  # what it writes first it does not write again
    workbook.save(path)
    assert losses_through_openpyxl(path) == ()


SPARKLINES = (
    b'<extLst><ext uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}" xmlns:x14="http://schemas.'
    b'microsoft.com/office/spreadsheetml/2009/9/main"><x14:sparklineGroups/></ext></extLst>'
)
SHARED = b'<c r="A20"><f t="shared" si="0"/></c><c r="A21"><f t="shared" ref="A20:A21" si="0">'


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("sparkline", replacing(b"</worksheet>", SPARKLINES + b"</worksheet>")),
        (
            "ignored_error",
            replacing(
                b"<legacyDrawing",
                b'<ignoredErrors><ignoredError sqref="A1" '
                b'numberStoredAsText="1"/></ignoredErrors><legacyDrawing',
            ),
        ),
        ("dynamic_array", replacing(b'<c r="E2"', b'<c cm="1" r="E2"')),
        ("rich_value", replacing(b'<c r="E2"', b'<c vm="1" r="E2"')),
        ("cell_detail", replacing(b'<c r="E2"', b'<c unheard="1" r="E2"')),
        (
            "date",
            replacing(b'<c r="B2" s="5" t="n"><v>46024', b'<c r="B2" s="5" t="n"><v>-9946024'),
        ),
        (
            "date",
            replacing(b'<c r="B2" s="5" t="n"><v>46024.35416666666', b'<c r="B2" s="5"><v>60'),
        ),
        ("covered_value", replacing(b'<c r="H1" s="4" t="n" />', b'<c r="H1" s="4"><v>7</v></c>')),
        ("merged_border", replacing(b'<c r="H1" s="4" t="n" />', b'<c r="H1" s="0"/>')),
        ("empty_link", replacing(b'<hyperlink ref="A3"', b'<hyperlink ref="A15"')),
        (
            "shared_formula",
            replacing(b"</sheetData>", b'<row r="20">' + SHARED + b"1+1</f></c></row></sheetData>"),
        ),
        (
            "phonetic_text",
            replacing(
                b"<is><t>Partner</t></is>",
                b"<is><t>Partner</t><rPh sb='0' eb='1'><t>x</t></rPh></is>",
            ),
        ),
        (
            "rich_text",
            replacing(
                b"<is><t>Partner</t></is>",
                b"<is><r><rPr><b/></rPr><t>Partner</t></r></is>",
            ),
        ),
        ("escaped_text", replacing(b"Partner", b"_x005F_x000D_")),
        ("carriage_return", replacing(b"Partner", b"a&#13;b")),
        (
            "comment_box",
            replacing(b"width:144px", b"width:300px", "xl/drawings/commentsDrawing1.vml"),
        ),
        (
            "comment_format",
            replacing(
                b"<text><t>checked</t>",
                b"<text><r><rPr><b/></rPr><t>checked</t></r>",
                "xl/comments/comment1.xml",
            ),
        ),
        (
            "document_property",
            replacing(
                b"</Properties>", b"<Company>University</Company></Properties>", "docProps/app.xml"
            ),
        ),
        (
            "workbook_setting",
            replacing(b"<workbookPr", b'<workbookPr backupFile="1"', "xl/workbook.xml"),
        ),
        (
            "header_footer",
            replacing(b"Page &amp;P of &amp;N", b'Total &amp;"Arial,Bold"sum'),
        ),
        ("part", lambda parts: parts.update({"xl/unknown.bin": b"figures"})),
        ("unreadable", replacing(b"<cellXfs", b'<cellXfs unheard="1"', "xl/styles.xml")),
    ],
)
def test_named_loss(path: Path, kind: str, change: Change) -> None:
    """Each thing that openpyxl drops or changes is named by its kind, with its part."""
    rewrite(path, change)
    found = losses_through_openpyxl(path)
    assert kind in {loss.kind for loss in found}, found
    assert all(loss.part and loss.what for loss in found)


def test_printer_settings(path: Path) -> None:
    """Settings of a printer are named with their sheet."""

    def change(parts: dict[str, bytes]) -> None:
        relations = "xl/worksheets/_rels/sheet1.xml.rels"
        kind = (
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/printerSettings"
        )
        parts["xl/printerSettings/printerSettings1.bin"] = b"\0" * 100
        parts[relations] = parts[relations].replace(
            b"</Relationships>",
            b'<Relationship Id="rId99" Type="' + kind + b'" '
            b'Target="/xl/printerSettings/printerSettings1.bin"/></Relationships>',
        )
        types = parts["[Content_Types].xml"]
        parts["[Content_Types].xml"] = types.replace(
            b"</Types>", b'<Default Extension="bin" ContentType="application/x-printer"/></Types>'
        )

    rewrite(path, change)
    (loss,) = losses_through_openpyxl(path)
    assert (loss.kind, loss.sheet) == ("printer_settings", "Sheet")
    assert str(loss).startswith("printer settings (sheet Sheet): ")


def test_macro_workbook_without_macros(path: Path) -> None:
    """openpyxl would write a macro workbook that has no macros as one that Excel refuses."""
    plain, macro = b"spreadsheetml.sheet.main+xml", b"macroEnabled.main+xml"
    old = b"application/vnd.openxmlformats-officedocument." + plain
    new = b"application/vnd.ms-excel.sheet." + macro
    rewrite(path, replacing(old, new, "[Content_Types].xml"))
    assert [loss.kind for loss in losses_through_openpyxl(path)] == ["file_type"]


def test_no_workbook(tmp_path: Path) -> None:
    """What is no workbook is refused as when it is opened."""
    (tmp_path / "a.xlsx").write_text("Partner;Total")
    with pytest.raises(NotAWorkbook):
        losses_through_openpyxl(tmp_path / "a.xlsx")
