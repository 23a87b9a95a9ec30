from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from budgetinator.config import OpeningBounds
from budgetinator.errors import SaveError
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.saving.verifying import verify_package

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "budget.xlsx"
    workbook = openpyxl.Workbook()
    workbook["Sheet"]["A1"] = "Travel"
    workbook.create_sheet("P1")
    workbook.save(path)
    return path


def rewrite(path: Path, change: Change) -> None:
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)


def test_whole(path: Path) -> None:
    """A whole workbook with the sheets that were expected passes."""
    verify_package(path, sheets=["Sheet", "P1"])
    verify_package(path)


def test_sheets(path: Path) -> None:
    """A missing sheet is named; another order is not the same."""
    with pytest.raises(SaveError, match="lacks 'P2'") as caught:
        verify_package(path, sheets=["Sheet", "P1", "P2"])
    assert caught.value.sheet == "P2"
    with pytest.raises(SaveError, match="sheets it should have"):
        verify_package(path, sheets=["P1", "Sheet"])


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("xl/worksheets/sheet2.xml", lambda parts: parts.pop("xl/worksheets/sheet2.xml")),
        ("xl/theme/theme1.xml", lambda parts: parts.pop("xl/theme/theme1.xml")),
        ("[Content_Types].xml", lambda parts: parts.update({"[Content_Types].xml": b"<Types>"})),
        ("xl/workbook.xml", lambda parts: parts.update({"xl/workbook.xml": b"<workbook"})),
        (
            "xl/_rels/workbook.xml.rels",
            lambda parts: parts.update({"xl/_rels/workbook.xml.rels": b""}),
        ),
    ],
)
def test_broken_part(path: Path, part: str, change: Change) -> None:
    """A part that is missing or not well-formed is named."""
    rewrite(path, change)
    with pytest.raises(SaveError) as caught:
        verify_package(path, sheets=["Sheet", "P1"])
    assert part in str(caught.value)


def test_flipped_byte(path: Path) -> None:
    """One wrong byte in any part shows."""
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        info = file.getinfo("xl/worksheets/sheet1.xml")
    content[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 0x20
    path.write_bytes(content)
    with pytest.raises(SaveError, match="sheet1"):
        verify_package(path)


@pytest.mark.parametrize("kept", [0, 10, 1000, -1])
def test_cut_short(path: Path, kept: int) -> None:
    """A file that was cut short is no workbook."""
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(SaveError):
        verify_package(path)


def test_missing_before(path: Path) -> None:
    """A target that the file lacked before the save is not held against it."""
    rewrite(path, lambda parts: parts.pop("xl/theme/theme1.xml"))
    with pytest.raises(SaveError, match=r"leads to xl/theme/theme1\.xml, which is missing"):
        verify_package(path)
    with Package.open(path) as original:
        verify_package(path, original=original)


def test_missing_since(path: Path, tmp_path: Path) -> None:
    """A part that the original had is missed, although what leads to it was copied."""
    before = tmp_path / "before.xlsx"
    before.write_bytes(path.read_bytes())
    rewrite(path, lambda parts: parts.pop("xl/theme/theme1.xml"))
    with (
        Package.open(before) as original,
        pytest.raises(SaveError, match=r"leads to xl/theme/theme1\.xml, which is missing"),
    ):
        verify_package(path, original=original)


def test_bounds(path: Path) -> None:
    """The bounds with which the workbook was opened hold for reading it back."""
    with pytest.raises(SaveError, match="max_members"):
        verify_package(path, bounds=OpeningBounds(max_members=3))
