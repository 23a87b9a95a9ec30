"""A large sheet is packed while its change is planned, and read once."""

from __future__ import annotations

import errno
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from budgetinator.errors import InvalidCellValue
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch import Formula, PatchReport, patch_cells, spool
from budgetinator.workbooks.patch.cells import CellInput
from tests.workbooks.patch.building import SHEET1, sheet_xml, write_workbook

ROWS = 70_000


def rows_xml(*, first: str = "") -> str:
    """Rows that come to more than what is kept in memory."""
    return first + "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c>'
        f'<c r="C{n}" t="inlineStr"><is><t>a text that makes this row long {n}</t></is></c></row>'
        for n in range(10, ROWS + 10)
    )


def book(path: Path, *, first: str = "", **around: str) -> Path:
    return write_workbook(path, sheet_xml(rows_xml(first=first), **around))


def patched(
    path: Path, changes: dict[str, CellInput], *, spooled: bool = True
) -> tuple[PatchReport, bytes]:
    """What a first save of a session writes, or one without any session."""
    target = io.BytesIO()
    with Package.open(path) as package:
        report = patch_cells(package, changes, target, segments={} if spooled else None)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        return report, archive.read(SHEET1)


SHARED = (
    '<row r="1"><c r="A1"><f t="shared" ref="A1:A3" si="0">B1*2</f><v>1</v></c></row>'
    '<row r="2"><c r="A2"><f t="shared" si="0"/><v>1</v></c></row>'
    '<row r="3"><c r="A3"><f t="shared" si="0"/><v>1</v></c></row>'
)


@pytest.mark.parametrize(
    "changes",
    [
        {"A40000": 1.5},
        {"A1": 1, "B10": "text", "XFD200000": True, "A70009": None},
        {"A1": Formula("A40000*2"), "D40000": Formula("A1")},
        {f"A{row}": row / 7 for row in range(10, 70_000, 500)},
    ],
)
def test_what_is_spooled_is_what_is_written_otherwise(
    tmp_path: Path, changes: dict[str, CellInput]
) -> None:
    """Cells in any place, formulas, and more of them than pay to be packed beforehand."""
    path = book(tmp_path / "a.xlsx", tail="<pageMargins/>", head='<dimension ref="A10:C70009"/>')
    report, text = patched(path, changes)
    assert text == patched(path, changes, spooled=False)[1]
    assert set(report.segments) == {SHEET1}
    assert all(segment.origin is None for segment in report.segments[SHEET1].segments)


def test_the_sheet_is_inflated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the pieces that change are inflated again, from what was kept of them."""
    path = book(tmp_path / "a.xlsx")
    read: list[str] = []
    chunks = Package.chunks

    def noted(package: Package, name: str) -> Iterator[bytes]:
        read.append(name)
        return chunks(package, name)

    monkeypatch.setattr(Package, "chunks", noted)
    patched(path, {"A40000": 1.5})
    assert read.count(SHEET1) == 1


def test_another_cell_becomes_the_master_of_a_shared_formula(tmp_path: Path) -> None:
    """The sheet is read once more for that, and the pieces stay what they are."""
    path = book(tmp_path / "a.xlsx", first=SHARED)
    changes: dict[str, CellInput] = {"A1": 5}
    assert patched(path, changes)[1] == patched(path, changes, spooled=False)[1]


@pytest.mark.parametrize("tail", ["<!-- a remark -->", "<rowBreaks/><?a?>"])
def test_odd_markup_after_the_rows(tmp_path: Path, tail: str) -> None:
    """What was kept before it showed is no whole sheet, and is not believed."""
    path = book(tmp_path / "a.xlsx", tail=tail)
    changes: dict[str, CellInput] = {"A40000": 1.5}
    assert patched(path, changes)[1] == patched(path, changes, spooled=False)[1]


def test_a_sheet_in_another_encoding(tmp_path: Path) -> None:
    """It is written in the encoding that it has, and in one go."""
    xml = sheet_xml(rows_xml()).replace("UTF-8", "UTF-16").encode("utf-16")
    path = write_workbook(tmp_path / "a.xlsx", xml)
    report, text = patched(path, {"A40000": 1.5})
    assert '<c r="A40000"><v>1.5</v></c>' in text.decode("utf-16")
    assert report.segments == {}


def test_what_is_refused_leaves_the_target_untouched(tmp_path: Path) -> None:
    """A merged area at the end of the sheet is seen before a byte is written; nothing stays."""
    merged = '<mergeCells count="1"><mergeCell ref="A40000:B40002"/></mergeCells>'
    path, target = book(tmp_path / "a.xlsx", tail=merged), io.BytesIO()
    open_before = os.listdir("/proc/self/fd")
    with Package.open(path) as package, pytest.raises(InvalidCellValue):
        patch_cells(package, {"B40001": 1}, target, segments={})
    assert target.getvalue() == b""
    assert os.listdir("/proc/self/fd") == open_before


class Full(io.FileIO):
    """A file on a disk that is full after the first megabyte."""

    def write(self, data: object, /) -> int:
        if self.tell() > 1 << 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("when", ["at once", "later"])
def test_no_room_to_keep_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Then the sheet is read twice, and written all the same."""
    path = book(tmp_path / "a.xlsx")

    def temporary(**_: object) -> IO[bytes]:
        if when == "at once":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return io.BufferedRandom(Full(tmp_path / "full", "x+"))

    monkeypatch.setattr(spool, "TemporaryFile", temporary)
    monkeypatch.setattr(spool, "_BUFFER", 1 << 12)
    changes: dict[str, CellInput] = {"A40000": 1.5}
    report, text = patched(path, changes)
    assert text == patched(path, changes, spooled=False)[1]
    assert set(report.segments) == {SHEET1}
