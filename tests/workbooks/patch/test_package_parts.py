"""What happens to the other parts: copied as they are, or changed in one place."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from PIL import Image as Picture

from budgetinator.errors import WorkbookRefused, WouldLose
from budgetinator.workbooks.opc.package import Member, Package
from budgetinator.workbooks.patch import patch_cells
from budgetinator.workbooks.patch.compression import deflater
from budgetinator.workbooks.patch.rewrite import ZipRewriter
from tests.workbooks.patch.building import (
    RELATIONS,
    SHEET1,
    STYLES,
    names,
    part,
    patched,
    raw_members,
    rows_of,
    sheet_relationships,
    sheet_xml,
    write_workbook,
)

ROW = '<row r="1"><c r="A1" s="1"><v>1</v></c><c r="B1" s="2"><v>2</v></c></row>'


@pytest.fixture
def rich_book(tmp_path: Path) -> Path:
    """What openpyxl can put into a workbook: comments, links, an image, a chart, validations."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Data"
    for row in range(1, 30):
        sheet.append([f"line {row}", row * 1.1, row, f"=B{row}*C{row}"])
    sheet["B2"].comment = Comment("why", "auditor")
    sheet["A2"].hyperlink = "https://example.org/"
    sheet.merge_cells("F1:G2")
    sheet.add_data_validation(DataValidation(type="whole", sqref="C1:C9"))
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=9))
    chart.anchor = "I2"
    sheet.add_chart(chart)
    picture = io.BytesIO()
    Picture.new("RGB", (8, 8), "red").save(picture, "PNG")
    sheet.add_image(Image(picture), "I20")
    book.create_sheet("Second")["A1"] = "=Data!B2"
    path = tmp_path / "rich.xlsx"
    book.save(path)
    return path


def test_all_other_parts_keep_their_compressed_bytes(rich_book: Path) -> None:
    """Comments, images, charts, styles and strings are copied without being inflated."""
    target, report = patched(rich_book, {"Data!B2": 99.5})
    before, after = raw_members(rich_book), raw_members(target)
    assert list(after) == list(before)
    assert {name for name in before if before[name] != after[name]} == {SHEET1}
    assert report.parts_copied == len(before) - 1
    assert report.bytes_written == target.stat().st_size
    sheet = openpyxl.load_workbook(target)["Data"]
    assert sheet["B2"].value == 99.5
    assert sheet["B2"].comment is not None


def test_member_names_times_and_attributes_stay(rich_book: Path) -> None:
    """The directory says of each member what it said before, and zipfile finds no fault."""
    renamed = rich_book.with_name("noted.xlsx")
    with zipfile.ZipFile(rich_book) as source, zipfile.ZipFile(renamed, "w") as made:
        for info in source.infolist():
            info.comment, info.external_attr = b"note", 0o640 << 16
            made.writestr(info, source.read(info), zipfile.ZIP_DEFLATED)
        made.writestr("customXml/Größe 1.xml", "<a/>")
        made.writestr("xl/empty/", "")
    target, _ = patched(renamed, {"Data!B2": 1})
    with zipfile.ZipFile(renamed) as one, zipfile.ZipFile(target) as other:
        assert other.testzip() is None
        was, now = (
            [
                (i.filename, i.date_time, i.external_attr, i.comment, i.create_system)
                for i in archive.infolist()
                if not i.is_dir()
            ]
            for archive in (one, other)
        )
    assert now == was


def test_stored_members_stay_stored(tmp_path: Path) -> None:
    """A member that is not compressed is copied as it is, and a changed one becomes deflated."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(ROW))
    stored = tmp_path / "stored.xlsx"
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(stored, "w") as made:
        for name in source.namelist():
            made.writestr(name, source.read(name), zipfile.ZIP_STORED)
    target, _ = patched(stored, {"A1": 5})
    with zipfile.ZipFile(target) as archive:
        methods = {i.filename: i.compress_type for i in archive.infolist()}
    assert methods.pop(SHEET1) == zipfile.ZIP_DEFLATED
    assert set(methods.values()) == {zipfile.ZIP_STORED}


def test_the_target_is_written_from_where_it_stands(tmp_path: Path) -> None:
    """Bytes before the file are left alone, so that it can be embedded."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(ROW))
    target = io.BytesIO(b"before")
    target.seek(6)
    with Package.open(book) as package:
        report = patch_cells(package, {"A1": 5}, target)
    assert target.getvalue()[:6] == b"before"
    with zipfile.ZipFile(io.BytesIO(target.getvalue()[6:])) as archive:
        assert archive.testzip() is None
    assert report.bytes_written == len(target.getvalue()) - 6


@pytest.mark.parametrize("level", [1, 3, 6, 9, "auto"])
def test_every_level_gives_the_same_part(tmp_path: Path, level: object) -> None:
    """Levels differ in size and time alone."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(ROW))
    assert rows_of(patched(book, {"B1": 9}, level=level)[0]) == ROW.replace("<v>2<", "<v>9<")


def test_many_members_and_great_sizes_take_zip64(tmp_path: Path) -> None:
    """More members or bytes than the old directory can count are written with Zip64."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(ROW))
    target = io.BytesIO()
    with Package.open(book) as package:
        output = ZipRewriter(target)
        for number in range(66_000):
            output.add(f"p{number}", b"", deflater(1, 0))
        member = package.member(SHEET1)
        output.replace(member, (b"x",), deflater(1, 1), 5 << 30)
        output.close()
    with zipfile.ZipFile(target) as archive:
        assert len(archive.infolist()) == 66_001
        assert archive.read(SHEET1) == b"x"


def test_a_copied_member_over_four_gigabytes_keeps_its_size(tmp_path: Path) -> None:
    """Sizes beyond 32 bits stand in the Zip64 fields of both headers."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(ROW))

    class Large:
        def __init__(self, package: Package) -> None:
            self._package = package

        def member(self, name: str) -> Member:
            return replace(self._package.member(name), size=5 << 30)

        def raw(self, name: str) -> object:
            return self._package.raw(name)

    target = io.BytesIO()
    with Package.open(book) as package:
        output = ZipRewriter(target)
        output.copy(Large(package), SHEET1)  # type: ignore[arg-type]
        output.close()
    with zipfile.ZipFile(target) as archive:
        assert archive.getinfo(SHEET1).file_size == 5 << 30


def test_a_date_gets_a_date_format_based_on_its_cell(tmp_path: Path) -> None:
    """Formats are appended, indices stay, and a cell that shows dates keeps its own."""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" s="{style}"><v>1</v></c></row>'
        for n, style in enumerate((0, 1, 2, 3, 1), 1)
    )
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows))
    moment = dt.datetime(2026, 7, 1, 12, 30)
    changes = {
        "A1": moment.date(),
        "A2": moment,
        "A3": moment.date(),
        "A4": moment.date(),
        "A5": moment,
        "A6": moment.time(),
        "A7": dt.timedelta(hours=30),
    }
    target, _ = patched(book, changes)
    sheet = openpyxl.load_workbook(target)["Data"]
    assert {c: sheet[c].value for c in changes} == {
        **changes,
        "A1": dt.datetime(2026, 7, 1),
        "A3": dt.datetime(2026, 7, 1),
        "A4": dt.datetime(2026, 7, 1),
    }
    styles = part(target, "xl/styles.xml")
    assert styles.startswith(STYLES[: STYLES.index('<cellXfs count="4"')])
    assert '<cellXfs count="8">' in styles
    assert (
        '<xf numFmtId="22" fontId="1" xfId="0" applyNumberFormat="1"><alignment wrapText="1"/></xf>'
        in styles
    )
    assert '<c r="A3" s="2">' in part(target)
    assert '<c r="A4" s="3">' in part(target)
    assert sheet["A2"].font.b
    again, _ = patched(target, {"B1": moment.date()})
    assert part(again, "xl/styles.xml") == styles


@pytest.mark.filterwarnings("ignore:Workbook contains no default style")
@pytest.mark.parametrize(
    "styles",
    [
        None,
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>',
        STYLES.replace("<cellXfs", "<!-- <cellXfs> --><cellXfs"),
        STYLES[: STYLES.index("<cellXfs")] + "<cellXfs/>" + STYLES[STYLES.index("<cellStyles") :],
    ],
)
def test_a_date_finds_a_format_in_any_styles_part(tmp_path: Path, styles: str | None) -> None:
    """A missing or nearly empty styles part is completed, and joined to the workbook."""
    book = write_workbook(
        tmp_path / "book.xlsx", sheet_xml('<row r="1"><c r="A1"/></row>'), styles=styles
    )
    target, _ = patched(book, {"A1": dt.date(2026, 7, 1)})
    with Package.open(target) as package:
        assert package.content_type("xl/styles.xml") is not None
    assert openpyxl.load_workbook(target)["Data"]["A1"].value == dt.datetime(2026, 7, 1)


def test_a_table_header_is_refused_and_the_table_body_is_not(tmp_path: Path) -> None:
    """The header cells name the columns of the table, so changing them would break it."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Data"
    sheet.append(["Partner", "Cost"])
    sheet.append(["NTNU", 5])
    sheet.add_table(Table(displayName="Costs", ref="A1:B2"))
    path = tmp_path / "table.xlsx"
    book.save(path)
    with pytest.raises(WouldLose) as caught:
        patched(path, {"B1": "Amount"})
    assert (caught.value.sheet, caught.value.cell) == ("Data", "B1")
    assert caught.value.losses == ("table Costs",)
    assert (tmp_path / "patched-table.xlsx").read_bytes() == b""
    target, _ = patched(path, {"B2": 6, "C1": "free"})
    assert openpyxl.load_workbook(target)["Data"]["B2"].value == 6


def test_a_table_without_a_header_row_has_none_to_break(tmp_path: Path) -> None:
    """headerRowCount="0" makes the first row of the table an ordinary one."""
    table = '<table ref="A1:B1" headerRowCount="0" displayName="T"/>'
    link = f'<Relationship Id="t" Type="{RELATIONS}/table" Target="../tables/table1.xml"/>'
    book = write_workbook(
        tmp_path / "book.xlsx",
        sheet_xml(ROW),
        parts={
            "xl/tables/table1.xml": table,
            "xl/worksheets/_rels/sheet1.xml.rels": sheet_relationships(link),
        },
    )
    assert "<v>7</v>" in rows_of(patched(book, {"A1": 7})[0])


def test_a_signed_workbook_is_refused(tmp_path: Path) -> None:
    """No changed file can keep a digital signature."""
    book = write_workbook(
        tmp_path / "book.xlsx", sheet_xml(ROW), parts={"_xmlsignatures/sig1.xml": "<Signature/>"}
    )
    with pytest.raises(WouldLose) as caught:
        patched(book, {"A1": 2})
    assert caught.value.losses == ("digital signature",)


def test_a_chart_sheet_has_no_cells(tmp_path: Path) -> None:
    """A change of a cell in a chart sheet is refused with the reason."""
    book = openpyxl.Workbook()
    book.create_chartsheet("Picture").add_chart(BarChart())
    path = tmp_path / "chart.xlsx"
    book.save(path)
    with pytest.raises(WorkbookRefused, match="chartsheet"):
        patched(path, {"Picture!A1": 1})


def test_no_change_copies_everything(tmp_path: Path) -> None:
    """Without changes, or with changes that come to nothing, each part is copied."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(ROW))
    for changes in ({}, {"Z9": None}):
        target, report = patched(book, changes)
        assert raw_members(target) == raw_members(book)
        assert (report.cells_written, report.sheets) == (0, ())
        assert names(target) == names(book)
