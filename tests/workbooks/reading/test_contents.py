"""What a file contains, told without openpyxl."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import Rule
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from budgetinator.errors import NotAWorkbook
from budgetinator.workbooks.reading.contents import describe
from tests.workbooks.builders import TYPES, make_workbook, minimal_parts, write_zip


def rich_workbook(path: Path) -> Path:
    """A workbook with one or more of most things that openpyxl can write."""
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Costs"
    for row in (("Item", "EUR"), ("Travel", 10), ("Food", 20), ("Total", "=SUM(B2:B3)")):
        sheet.append(row)
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    sheet.add_chart(chart, "D1")
    sheet.add_table(Table(displayName="Costs", ref="A1:B3"))
    sheet["A1"].comment = Comment("first", "me")
    sheet["A2"].comment = Comment("second", "me")
    sheet["A3"].hyperlink = "https://example.org/"
    sheet.merge_cells("F1:G2")
    validation = DataValidation(type="whole", sqref="B2:B3")
    sheet.add_data_validation(validation)
    rule = Rule(type="cellIs", operator="lessThan", formula=["5"])
    sheet.conditional_formatting.add("B2:B3", rule)
    workbook.defined_names["Total"] = DefinedName("Total", attr_text="Costs!$B$4")
    workbook.security = WorkbookProtection(lockStructure=True)
    hidden = workbook.create_sheet("Rules")
    hidden.sheet_state = "hidden"
    hidden.protection.sheet = True
    workbook.create_chartsheet("Picture")
    workbook.save(path)
    return path


def test_everything_in_a_workbook_is_counted(tmp_path: Path) -> None:
    """Sheets with their figures, and parts and elements of the whole file."""
    path = rich_workbook(tmp_path / "a.xlsx")
    contents = describe(path)
    costs = contents.sheets[0]
    assert [(s.name, s.state, s.kind, s.protected) for s in contents.sheets] == [
        ("Costs", "visible", "worksheet", False),
        ("Rules", "hidden", "worksheet", True),
        ("Picture", "visible", "chartsheet", False),
    ]
    assert (costs.dimension, costs.rows, costs.cells, costs.formulas) == ("A1:G4", 4, 8, 1)
    assert (costs.merged_ranges, costs.hyperlinks, costs.data_validations) == (1, 1, 1)
    assert (contents.charts, contents.tables, contents.comments) == (1, 1, 2)
    assert (contents.defined_names, contents.conditional_formats) == (1, 1)
    assert contents.workbook_protected
    assert contents.protected_sheets == ("Rules",)
    assert (contents.macros, contents.signed, contents.external_links) == (False, False, 0)
    assert contents.size == path.stat().st_size


def test_macros_signatures_and_custom_xml_are_seen(tmp_path: Path) -> None:
    """What openpyxl does not know is told by its part."""
    parts = {
        **minimal_parts(),
        "xl/vbaProject.bin": b"macros",
        "xl/vbaProjectSignature.bin": b"signed",
        "_xmlsignatures/sig1.xml": b"<Signature/>",
        "customXml/item1.xml": b"<data/>",
        "customXml/itemProps1.xml": b"<props/>",
        "xl/embeddings/oleObject1.bin": b"object",
        "xl/media/image1.png": b"image",
    }
    parts[TYPES] = parts[TYPES].replace(
        b"</Types>",
        b'<Override PartName="/customXml/itemProps1.xml" ContentType="application/vnd.'
        b'openxmlformats-officedocument.customXmlProperties+xml"/>'
        b'<Default Extension="png" ContentType="image/png"/></Types>',
    )
    contents = describe(write_zip(tmp_path / "a.xlsx", parts))
    assert (contents.macros, contents.macros_signed, contents.signed) == (True, True, True)
    assert (contents.custom_xml, contents.ole_objects, contents.images) == (1, 1, 1)


def test_cells_that_hold_nothing_do_not_count(tmp_path: Path) -> None:
    """A cell with a format only is no cell of the sheet's contents."""
    rows = '<row r="1"><c r="A1" s="1"/><c r="B1"><v>1</v></c><c r="C1" t="n"><f>B1</f></c></row>'
    sheet = describe(write_zip(tmp_path / "a.xlsx", minimal_parts(rows))).sheets[0]
    assert (sheet.cells, sheet.formulas, sheet.dimension) == (2, 1, None)


def test_describing_does_not_need_openpyxl(tmp_path: Path) -> None:
    """A fresh interpreter tells the contents without importing openpyxl."""
    path = make_workbook(tmp_path / "a.xlsx")
    program = (
        "import sys; from budgetinator.workbooks.reading.contents import describe; "
        "print(describe(sys.argv[1]).cells, 'openpyxl' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert shown.stdout.split() == ["4", "False"]


def test_what_is_no_workbook_is_not_described(tmp_path: Path) -> None:
    """Describing raises what opening raises."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"WP,Cost\n1,2\n")
    with pytest.raises(NotAWorkbook):
        describe(path)
