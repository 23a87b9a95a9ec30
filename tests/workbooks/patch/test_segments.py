"""Large sheets written in segments: a second save copies all but those that change."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from budgetinator import ExcelManager
from budgetinator.errors import InvalidCellValue, SaveError, WorkbookDamaged
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch import PatchReport, patch_cells
from budgetinator.workbooks.patch.checksums import Checksum, Checksums
from budgetinator.workbooks.patch.segments import Cutter, SegmentedPart
from budgetinator.workbooks.saving.verifying import verify_package
from tests.workbooks.patch.building import SHEET1, sheet_xml, write_workbook

ROWS = 60_000


def rows_xml(count: int = ROWS, *, more: str = "") -> str:
    """Rows with even numbers, two cells each; large enough for segments."""
    return more + "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c>'
        f'<c r="C{n}" t="inlineStr"><is><t>a text that makes this row long {n}</t></is></c></row>'
        for n in range(2, 2 * count + 2, 2)
    )


def book(path: Path, rows: str | None = None, **around: str) -> Path:
    return write_workbook(path, sheet_xml(rows or rows_xml(), **around))


def saved(path: Path, changes: dict[str, object], segments: object = None) -> PatchReport:
    """The file with the cells changed, and what the writing of it tells."""
    target = io.BytesIO()
    with Package.open(path) as package:
        report = patch_cells(package, changes, target, segments=segments or {})  # type: ignore[arg-type]
    path.write_bytes(target.getvalue())
    return report


def text_of(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return archive.read(SHEET1)


def copied(report: PatchReport) -> tuple[int, int]:
    """How many segments were copied, and how many written anew."""
    part = report.segments[SHEET1]
    kept = sum(segment.origin is not None for segment in part.segments)
    return kept, len(part.segments) - kept


CHANGES: tuple[dict[str, object], ...] = (
    {"A2": 1.5},
    {"A3": "between"},
    {"A1": "first", "C120000": None},
    {"B60000": True, "D60001": 7, "A90000": "x" * 300},
    {"XFD200000": 1},
    {"A200001": 2, "A1": "again", "A2": 3},
)


def test_each_save_writes_what_writing_all_of_it_writes(tmp_path: Path) -> None:
    """Save after save, the sheet's text is that of a save without segments."""
    mine, plain = book(tmp_path / "a.xlsx"), book(tmp_path / "b.xlsx")
    segments: object = None
    for number, changes in enumerate(CHANGES):
        report = saved(mine, changes, segments)
        with Package.open(plain) as package:
            target = io.BytesIO()
            patch_cells(package, changes, target)  # type: ignore[arg-type]
        plain.write_bytes(target.getvalue())
        assert text_of(mine) == text_of(plain)
        if number:
            kept, written = copied(report)
            assert kept > 10
            assert 1 <= written <= 4
        segments = report.segments


def test_other_programs_read_the_sheet(tmp_path: Path) -> None:
    """A deflate stream of flushed segments is a deflate stream."""
    path = book(tmp_path / "a.xlsx")
    first = saved(path, {"A2": 1.5})
    saved(path, {"A4": 2.5, "A100000": "late"}, first.segments)
    with CalamineWorkbook.from_path(str(path)) as workbook:
        rows = workbook.get_sheet_by_name("Data").to_python(False)
    assert [row[0] for row in rows[:4]] == ["", 1.5, "", 2.5]
    assert rows[99_999][0] == "late"
    loaded = openpyxl.load_workbook(path, read_only=True)
    assert next(loaded["Data"].iter_rows(min_row=4, values_only=True))[0] == 2.5
    loaded.close()


def test_a_segment_with_formulas_is_always_looked_at(tmp_path: Path) -> None:
    """An array in a row far away still refuses a cell within it, as the first save does."""
    array = '<row r="1"><c r="A1"><f t="array" ref="A1:B100001">C1</f><v>1</v></c></row>'
    path = book(tmp_path / "a.xlsx", rows_xml(more=array))
    first = saved(path, {"E2": 1})
    with pytest.raises(InvalidCellValue):
        saved(path, {"B100000": 1}, first.segments)
    assert saved(path, {"E100000": 1}, first.segments).recalculates


def test_merged_areas_still_hide_their_cells(tmp_path: Path) -> None:
    """They stand behind the rows, in a segment that is always read."""
    merged = '<mergeCells count="1"><mergeCell ref="A50000:B50002"/></mergeCells>'
    path = book(tmp_path / "a.xlsx", tail=merged)
    first = saved(path, {"E2": 1})
    with pytest.raises(InvalidCellValue):
        saved(path, {"B50001": 1}, first.segments)
    assert saved(path, {"A50000": 1}, first.segments).cells_written == 1


@pytest.mark.parametrize(
    "rows",
    [
        rows_xml() + '<row r="7"><c r="A7"><v>1</v></c></row>',
        rows_xml() + "<row><c><v>1</v></c></row>",
        "<!-- a -->" + rows_xml(),
    ],
)
def test_of_odd_sheets_no_index_is_made(tmp_path: Path, rows: str) -> None:
    """Rows out of order or without numbers, and comments: each save reads all of the sheet."""
    path = book(tmp_path / "a.xlsx", rows)
    report = saved(path, {"A4": 1.5})
    assert report.segments == {}
    assert b'<c r="A4"><v>1.5</v></c>' in text_of(path)


def test_an_index_of_another_file_is_not_believed(tmp_path: Path) -> None:
    """The part's size and checksum must be those that were written."""
    path, other = book(tmp_path / "a.xlsx"), book(tmp_path / "b.xlsx")
    report = saved(path, {"A4": 1.5})
    saved(other, {"A4": 2.5}, report.segments)
    assert b'<c r="A4"><v>2.5</v></c>' in text_of(other)
    assert b"1.5" not in text_of(other)


def _second(tmp_path: Path) -> tuple[Path, Path, SegmentedPart]:
    """The file before a second save, the one after it, and its segments."""
    before = book(tmp_path / "a.xlsx")
    first = saved(before, {"A4": 1.5})
    after = tmp_path / "b.xlsx"
    after.write_bytes(before.read_bytes())
    second = saved(after, {"A60000": 2.5}, first.segments)
    return before, after, second.segments[SHEET1]


def test_what_was_written_is_verified_piece_by_piece(tmp_path: Path) -> None:
    """Copies are held against the original, the rest is inflated; a spoilt byte is found."""
    before, after, part = _second(tmp_path)
    with Package.open(before) as original:
        verify_package(after, original=original, segments={SHEET1: part})
        with Package.open(after) as package:
            start = package.member(SHEET1).data_offset
        whole = after.read_bytes()
        places = [segment.offset + segment.packed // 2 for segment in part.segments]
        for place in (*places, part.packed - 1):
            spoilt = bytearray(whole)
            spoilt[start + place] ^= 0x55
            after.write_bytes(spoilt)
            with pytest.raises(SaveError):
                verify_package(after, original=original, segments={SHEET1: part})


def test_a_segment_that_changed_on_the_disk_is_not_planned_from(tmp_path: Path) -> None:
    """Its text must have the checksum that was written."""
    path = book(tmp_path / "a.xlsx")
    first = saved(path, {"A4": 1.5})
    with Package.open(path) as package:
        member = package.member(SHEET1)
    data = bytearray(path.read_bytes())
    segment = first.segments[SHEET1].segments[1]
    data[member.data_offset + segment.offset + segment.packed // 2] ^= 0x55
    path.write_bytes(data)
    with pytest.raises(WorkbookDamaged):
        saved(path, {"A4": 2.5}, first.segments)


def test_a_manager_keeps_the_segments_of_the_file_that_it_wrote(tmp_path: Path) -> None:
    """The second save in a session copies; after another program's save all is read anew."""
    path = book(tmp_path / "a.xlsx")
    with ExcelManager(path) as manager:
        manager.set_cells({"Data!A4": 1.5})
        manager.save()
        opened = manager.custody.current
        assert opened is not None
        assert SHEET1 in opened.segments
        manager.set_cells({"Data!A60000": 2.5})
        manager.save(tmp_path / "copy.xlsx")
        manager.save()
        part = opened.segments[SHEET1]
        assert sum(segment.origin is None for segment in part.segments) <= 3
        os.replace(tmp_path / "copy.xlsx", path)
        manager.set_cells({"Data!A2": 9})
        manager.save(overwrite=True)
        assert {cell: _value(path, cell) for cell in ("A2", "A4", "A60000")} == {
            "A2": 9,
            "A4": 1.5,
            "A60000": 2.5,
        }
    assert opened.segments == {}


def _value(path: Path, cell: str) -> object:
    workbook = openpyxl.load_workbook(path)
    return workbook["Data"][cell].value


@pytest.mark.parametrize("size", [1, 50, 5_000, 10_000_000])
def test_the_cutter_hands_on_every_byte(size: int) -> None:
    """Whatever the chunks are, the pieces are the text, and rows are whole in them."""
    text = sheet_xml(rows_xml(300), head="<cols/>", tail="<pageMargins/>").encode()
    cutter = Cutter(text[at : at + size] for at in range(0, len(text), size))
    pieces = list(cutter.pieces())
    assert b"".join(piece.text for piece in pieces) == text
    assert cutter.is_plain
    assert all(piece.text.startswith(b"<row ") for piece in pieces if piece.first_row)


@pytest.mark.parametrize("sizes", [(), (5,), (0, 3, 0), (1, 2, 4, 8, 16), (70_000, 1, 300_000)])
def test_checksums_of_pieces_make_that_of_the_whole(sizes: tuple[int, ...]) -> None:
    """As zlib computes it, and after a piece was replaced by one of another length."""
    pieces = [os.urandom(size) for size in sizes]
    sums = Checksums(Checksum(zlib.crc32(piece), len(piece)) for piece in pieces)
    assert sums.whole == (zlib.crc32(b"".join(pieces)), sum(sizes))
    for place in range(len(pieces)):
        pieces[place] = os.urandom(1000 + place)
        sums = sums.replaced({place: Checksum(zlib.crc32(pieces[place]), 1000 + place)})
        assert sums.whole == (zlib.crc32(b"".join(pieces)), sum(map(len, pieces)))
