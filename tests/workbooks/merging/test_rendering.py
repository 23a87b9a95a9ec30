"""What openpyxl writes, had without changing the workbook it is had of."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import CellIsRule
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from PIL import Image as Pillow

from budgetinator.workbooks.changes.state import WorkbookState
from budgetinator.workbooks.merging.rendering.rendering import Rendering, render, render_original
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.reading.lazy import is_unread
from tests.workbooks.builders import SHEET, minimal_parts, write_zip
from tests.workbooks.merging.books import odd_parts, opened

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("BUDGETINATOR_CORPUS", ROOT.parent / "shared" / "corpus"))
RICH = (
    "poi/ExcelPivotTableSample.xlsx",
    "poi/ConditionalFormattingSamples.xlsx",
    "poi/60512.xlsm",
    "xlsxwriter/chartsheet09.xlsx",
    "xlsxwriter/image52.xlsx",
    "xlsxwriter/table27.xlsx",
    "xlsxwriter/hyperlink31.xlsx",
    "xlsxwriter/outline02.xlsx",
)


def rich_workbook(picture: Path) -> Any:
    """A workbook with one of everything that openpyxl's writers number or mark."""
    workbook = openpyxl.Workbook()
    sheet: Any = workbook.active
    for row in (("Name", "Sum"), ("Travel", 1), ("Staff", 2)):
        sheet.append(row)
    sheet["A2"].hyperlink = "https://example.org/a"
    sheet["B2"].comment = Comment("seen", "me")
    sheet["B3"].font = Font(bold=True)
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    sheet.add_chart(chart, "D2")
    sheet.add_image(Image(str(picture)), "D20")
    sheet.add_table(Table(displayName="Costs", ref="A1:B3"))
    fill = PatternFill(bgColor="FF0000")
    sheet.conditional_formatting.add("B2:B3", CellIsRule("greaterThan", ["1"], fill=fill))
    validation = DataValidation(type="list", formula1='"a,b"')
    validation.add("A2:A3")
    sheet.add_data_validation(validation)
    sheet.column_dimensions.group("F", "H", outline_level=2)
    sheet.column_dimensions["C"].font = Font(italic=True)
    sheet.print_area, sheet.print_title_rows = "A1:B3", "1:1"
    sheet.auto_filter.ref = "A1:B3"
    sheet.defined_names["local"] = DefinedName("local", attr_text="Sheet!$A$1")
    workbook.defined_names["everywhere"] = DefinedName("everywhere", attr_text="1")
    workbook.custom_doc_props.append(StringProperty(name="mine", value="x"))
    sheets: Any = workbook.create_chartsheet("Chart"), workbook.create_sheet("Third")
    other = BarChart()
    other.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3))
    sheets[0].add_chart(other)
    return workbook


def everything(workbook: Any) -> dict[str, Any]:
    return {f"key {place}": sheet for place, sheet in enumerate(workbook._sheets)}


def written(rendering: Rendering) -> dict[str, Any]:
    return {
        name: (rendering.read(name), rendering.content_type(name), rendering.relationships(name))
        for name in rendering.names
    }


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Pillow.new("RGB", (3, 2), (200, 10, 10)).save(path)
    return path


def test_a_workbook_is_as_it_was_after_its_rendering(picture: Path) -> None:
    """Nothing that openpyxl's writers mark is left in the workbook, and it can be saved."""
    workbook = rich_workbook(picture)
    state = WorkbookState(workbook)
    formats = list(workbook._differential_styles.styles)
    render(workbook, everything(workbook))
    assert not state.differs(workbook)
    assert workbook._differential_styles.styles == formats
    assert "_id" not in vars(workbook.worksheets[0]._charts[0])
    workbook.save(picture.with_suffix(".xlsx"))


def test_a_rendering_is_the_same_again(picture: Path) -> None:
    """Numbers and relationships do not go on where the last rendering stopped."""
    workbook = rich_workbook(picture)
    first = written(render(workbook, everything(workbook)))
    assert written(render(workbook, everything(workbook))) == first


def test_a_rendering_is_what_openpyxl_saves(picture: Path, tmp_path: Path) -> None:
    """A file of openpyxl's, read and rendered, is the workbook that it was saved from, rendered."""
    workbook = rich_workbook(picture)
    workbook.save(tmp_path / "saved.xlsx")
    with Package.open(tmp_path / "saved.xlsx") as package:
        parts = [entry.part for entry in package.sheets]
        before = render_original(package, parts)
        now = render(workbook, dict(zip(parts, workbook._sheets, strict=True)))
        sheet = before.sheets[parts[0]]
        assert before.relationships(sheet) == now.relationships(sheet)
        assert before.read(sheet) == now.read(sheet)
        charts = [name for name in now.names if "/charts/" in name]
        assert [before.read(name) for name in charts] == [now.read(name) for name in charts]
        assert len(charts) == 2


def test_images_are_written_as_they_are(tmp_path: Path) -> None:
    """An image in a format that openpyxl would convert keeps its bytes, and can be read again."""
    Pillow.new("RGB", (3, 2)).save(tmp_path / "picture.bmp")
    workbook = openpyxl.Workbook()
    image = Image(str(tmp_path / "picture.bmp"))
    workbook.worksheets[0].add_image(image)
    rendering = render(workbook, everything(workbook))
    assert rendering.read("xl/media/image1.bmp") == (tmp_path / "picture.bmp").read_bytes()
    assert rendering.content_type("xl/media/image1.bmp") == "image/bmp"


def test_a_picture_made_in_memory_is_written(tmp_path: Path) -> None:
    """A picture that Pillow made and no file holds is written as a PNG."""
    workbook = openpyxl.Workbook()
    workbook.worksheets[0].add_image(Image(Pillow.new("RGB", (3, 2))))
    content = render(workbook, everything(workbook)).read("xl/media/image1.png")
    assert content.startswith(b"\x89PNG")
    assert zlib.crc32(content[12:29]) == int.from_bytes(content[29:33], "big")


def test_new_formats_of_rules_are_told_and_not_kept(picture: Path) -> None:
    """A rule's number means a place in the rendering's table, which has more than openpyxl's."""
    workbook = rich_workbook(picture)
    rendering = render(workbook, everything(workbook))
    assert len(workbook._differential_styles.styles) == 0
    assert [each.fill.bgColor.rgb for each in rendering.differential_styles] == ["00FF0000"]
    assert b'dxfId="0"' in rendering.read(rendering.sheets["key 0"])


def test_sheets_that_are_not_asked_for_stay_unread(tmp_path: Path) -> None:
    """Neither rendering reads another sheet, though the workbook's part names them all."""
    path = write_zip(tmp_path / "odd.xlsx", odd_parts())
    with opened(path) as (workbook, original):
        part = original.part_of(workbook["Two"])
        assert part is not None
        now = render(workbook, {part: workbook["Two"]})
        before = render_original(original.package, [part])
        unread = [[is_unread(s) for s in each.workbook.worksheets] for each in (before, now)]
        assert unread == [[True, False, True], [True, False, True]]
        assert before.read("xl/workbook.xml") == now.read("xl/workbook.xml")
        assert now.read("xl/workbook.xml").count(b"<definedName ") == 5


def test_rows_are_not_part_of_it(tmp_path: Path) -> None:
    """A sheet's rendering has neither rows nor a dimension, but the links of its cells."""
    links = '<hyperlinks><hyperlink ref="B2" location="A1"/></hyperlinks>'
    path = write_zip(tmp_path / "book.xlsx", minimal_parts(after=links))
    with Package.open(path) as package:
        sheet = render_original(package, [SHEET]).read("xl/worksheets/sheet1.xml")
    assert b"<sheetData></sheetData>" in sheet
    assert b"dimension" not in sheet
    assert b'<hyperlink ref="B2" location="A1"' in sheet


def test_a_sheet_in_another_encoding_is_rendered(tmp_path: Path) -> None:
    """UTF-16 is read as well; such a sheet's rows are read, and left out all the same."""
    parts = minimal_parts(
        after='<pageMargins left="9" right="1" top="1" bottom="1" header="1" footer="1"/>'
    )
    text = parts[SHEET].decode().replace("UTF-8", "UTF-16")
    parts[SHEET] = text.encode("utf-16")
    with Package.open(write_zip(tmp_path / "book.xlsx", parts)) as package:
        sheet = render_original(package, [SHEET]).read("xl/worksheets/sheet1.xml")
    assert b'left="9"' in sheet
    assert b"<row" not in sheet


@pytest.mark.parametrize("name", RICH)
def test_an_untouched_workbook_has_two_equal_renderings(name: str) -> None:
    """Before and now are the same, byte for byte, for files that other programs wrote."""
    path = CORPUS / name
    if not path.exists():
        pytest.skip(f"no corpus at {CORPUS}")
    with opened(path) as (workbook, original):
        sheets = {original.part_of(sheet) or "": sheet for sheet in workbook._sheets}
        for sheet in workbook.worksheets:
            sheet.calculate_dimension()
        state = WorkbookState(workbook)
        now = render(workbook, sheets)
        assert written(render_original(original.package, list(sheets))) == written(now)
        assert not state.differs(workbook)
