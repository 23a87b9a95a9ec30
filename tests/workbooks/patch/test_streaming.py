"""Reading and writing in pieces: memory, damage, and splices over the seams."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetinator.errors import ConfigError, WorkbookDamaged, WorkbookRefused
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch import patch_cells
from budgetinator.workbooks.patch.compression import deflater
from budgetinator.workbooks.patch.splices import Splice, spliced
from budgetinator.workbooks.patch.tags import set_attribute, without_attributes
from tests.workbooks.patch.building import (
    MAIN,
    SHEET1,
    patched,
    rows_of,
    sheet_xml,
    write_workbook,
)

MB = 1024 * 1024
ROW = '<row r="1"><c r="A1"><v>1</v></c></row>'
PEAK = """
import sys
from pathlib import Path
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch import patch_cells
with Package.open(sys.argv[1]) as package, open(sys.argv[1] + ".new", "wb") as target:
    patch_cells(package, {"Data!C500": 1.5}, target)
assert "openpyxl" not in sys.modules
peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(int(peak) * 1024)
"""


@given(
    st.binary(max_size=60),
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 8), st.binary(max_size=4)),
        max_size=6,
        unique_by=lambda wish: wish[0],
    ),
    st.integers(1, 20),
)
def test_splices_are_applied_over_the_seams(
    data: bytes, wishes: list[tuple[int, int, bytes]], size: int
) -> None:
    """However the stream is cut, and in whatever order they come, the result is the same."""
    splices: list[Splice] = []
    expected, at = b"", 0
    for start, length, new in sorted(wishes):
        if at <= start <= len(data):
            end = min(start + length, len(data))
            splices.append(Splice(start, end, new))
            expected += data[at:start] + new
            at = end
    expected += data[at:]
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    assert b"".join(spliced(chunks, reversed(splices))) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (b"<c>", b'<c s="5">'),
        (b"<c/>", b'<c s="5"/>'),
        (b'<c r="A1" />', b'<c r="A1" s="5"/>'),
        (b"<c s='1' t='s'>", b"<c s='5' t='s'>"),
        (b'<c ss="1" x:s="2" a=" s=&quot;">', b'<c ss="1" x:s="2" a=" s=&quot;" s="5">'),
    ],
)
def test_one_attribute_is_set_and_the_tag_is_otherwise_kept(tag: bytes, expected: bytes) -> None:
    """Names are compared whole, and quotes stay what they were."""
    assert set_attribute(tag, b"s", b"5") == expected
    assert without_attributes(expected, frozenset({b"q"})) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read in the way of Linux")
def test_memory_does_not_grow_with_the_sheet(tmp_path: Path) -> None:
    """A sheet ten times as large takes the same memory, below 40 MB in all."""
    peaks = []
    for rows in (20_000, 200_000):
        # Random digits: a sheet that compresses too well is refused.
        cells = (f"{n * 2_654_435_761 % 2**32}" for n in range(rows))
        xml = "".join(
            f'<row r="{n}"><c r="A{n}"><v>{v}</v></c><c r="B{n}"><v>0.{v[::-1]}</v></c>'
            f'<c r="C{n}" s="1"><v>{n}</v></c><c r="D{n}" t="str"><v>line {v} of {n}</v></c></row>'
            for n, v in enumerate(cells, 1)
        )
        book = write_workbook(tmp_path / f"{rows}.xlsx", sheet_xml(xml))
        output = subprocess.check_output([sys.executable, "-c", PEAK, str(book)], text=True)
        peaks.append(int(output))
    assert max(peaks) < 40 * MB
    # A small sheet is kept between its two readings, a large one is read twice.
    assert peaks[1] < peaks[0] + 4 * MB


@pytest.mark.parametrize("damage", ["checksum", "size", "bytes"])
def test_a_damaged_part_is_found_before_anything_is_written(tmp_path: Path, damage: str) -> None:
    """A sheet that does not inflate to what the directory says is not patched."""
    # Larger than what the guard reads of a part to see how it begins.
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n**3}</v></c></row>' for n in range(1, 9_000))
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows))
    data = bytearray(book.read_bytes())
    with zipfile.ZipFile(book) as archive:
        info = archive.getinfo(SHEET1)
    entry = data.rindex(SHEET1.encode()) - 46  # in the directory
    packed = info.header_offset + 30 + len(SHEET1)
    at = {"checksum": entry + 16, "size": entry + 24, "bytes": packed + info.compress_size // 2}
    data[at[damage]] ^= 0x55
    book.write_bytes(data)
    target = io.BytesIO()
    with Package.open(book) as package, pytest.raises(WorkbookDamaged) as caught:
        patch_cells(package, {"A1": 2}, target)
    assert caught.value.part == SHEET1
    assert target.getvalue() == b""


@pytest.mark.parametrize("level", [-1, 10, "fast", None])
def test_a_wrong_level_is_named(tmp_path: Path, level: object) -> None:
    """Levels are 0 to 9 and "auto"."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(ROW))
    with pytest.raises(ConfigError) as caught:
        patched(book, {"A1": 2}, level=level)
    assert caught.value.key == "level"


@pytest.mark.parametrize("level", [0, 1, 2, 3, 4, 6, 9, "auto"])
@pytest.mark.parametrize("size", [0, 10, 5 * MB])
def test_every_level_deflates_to_what_zlib_inflates(level: object, size: int) -> None:
    """Whatever library compresses, the stream is raw deflate."""
    data = bytes(range(256)) * 40
    deflate = deflater(level, size)  # type: ignore[arg-type]
    packed = deflate.compress(data) + deflate.compress(data) + deflate.flush()
    assert zlib.decompress(packed, -15) == data * 2


def test_members_with_backslashes_are_found_and_keep_their_names(tmp_path: Path) -> None:
    """Some programs write part names with backslashes; they stay as they are."""
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(ROW))
    odd = tmp_path / "odd.xlsx"
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(odd, "w") as made:
        for name in source.namelist():
            made.writestr(name.replace("xl/worksheets/", "xl\\Worksheets\\"), source.read(name))
    target, _ = patched(odd, {"A1": 2})
    with zipfile.ZipFile(odd) as one, zipfile.ZipFile(target) as other:
        assert other.namelist() == one.namelist()
        assert b"<v>2</v>" in other.read("xl\\Worksheets\\sheet1.xml")


def test_many_cells_of_a_sheet_are_set_at_once(tmp_path: Path) -> None:
    """Each row is changed once, whether it was there or not."""
    rows = "".join(f'<row r="{n}"><c r="B{n}"><v>{n}</v></c></row>' for n in range(2, 4_001, 2))
    book = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows))
    target, report = patched(book, {f"A{n}": n for n in range(1, 4_001)})
    assert report.cells_written == 4_000
    assert rows_of(target) == "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c>'
        + (f'<c r="B{n}"><v>{n}</v></c></row>' if n % 2 == 0 else "</row>")
        for n in range(1, 4_001)
    )


def test_a_part_that_declares_a_document_type_is_refused(tmp_path: Path) -> None:
    """Entities are never expanded."""
    xml = f'<!DOCTYPE w [<!ENTITY e "x">]><worksheet xmlns="{MAIN}"><sheetData/></worksheet>'
    book = write_workbook(tmp_path / "book.xlsx", xml)
    with pytest.raises(WorkbookRefused, match="document type"):
        patched(book, {"A1": 2})
