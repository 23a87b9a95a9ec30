"""A package opened again, and its raw bytes by their places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from budgetinator.errors import WorkbookDamaged
from budgetinator.workbooks.opc import package as package_module
from budgetinator.workbooks.opc.package import Package
from tests.workbooks.builders import SHEET, WORKBOOK, make_workbook, minimal_parts, write_zip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_workbook(tmp_path / "a.xlsx", {"One": [(1,)], "Two": [("x" * 5000,)]})


def test_the_same_file_is_opened_again_without_its_directory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of it is taken as it is: members, sheets, relationships."""
    with Package.open(path) as package:
        sheets, relations = package.sheets, package.relationships(package.workbook_part)
        layout = package.layout()

    def refuse(*_: object) -> None:
        raise AssertionError("the file was looked into again")

    monkeypatch.setattr(package_module, "read_members", refuse)
    monkeypatch.setattr(package_module, "parse_relationships", refuse)
    monkeypatch.setattr(package_module, "read_elements", refuse)
    with Package.open(path, known=layout) as package:
        assert package.sheets == sheets
        assert package.relationships(package.workbook_part) == relations
        assert len(package.read(SHEET)) == package.member(SHEET).size


@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_that_changed_is_read_anew(path: Path, replaced: bool) -> None:
    """Another file under the name, or another content in it: nothing old is believed."""
    with Package.open(path) as package:
        assert len(package.sheets) == 2
        layout = package.layout()
    other = make_workbook(path.with_name("b.xlsx"), {"Three": [(1,)]})
    if replaced:
        os.replace(other, path)
    else:
        path.write_bytes(other.read_bytes())
    with Package.open(path, known=layout) as package:
        assert [sheet.name for sheet in package.sheets] == ["Three"]


def test_raw_bytes_are_had_by_their_places(path: Path) -> None:
    """Pieces of a part's bytes are those of the whole, and none lie beyond its end."""
    with Package.open(path) as package:
        whole = b"".join(package.raw(SHEET))
        assert package.raw_at(SHEET, 3, 20) == whole[3:23]
        for offset, length in ((-1, 3), (len(whole) - 1, 2)):
            with pytest.raises(WorkbookDamaged):
                package.raw_at(SHEET, offset, length)


def test_raw_bytes_are_copied_from_file_to_file(path: Path) -> None:
    """As many as the system copies are those that were asked for, at their place."""
    with Package.open(path) as package, open(path.with_name("c"), "w+b") as target:
        whole = b"".join(package.raw(SHEET))
        copied = package.copy_raw(SHEET, 2, len(whole) - 2, target.fileno(), 5)
        assert target.read() == (b"\0" * 5 + whole[2 : 2 + copied] if copied else b"")
        with package.copied() as in_memory:
            assert in_memory.copy_raw(SHEET, 0, 10, target.fileno(), 0) == 0


def test_a_copy_between_file_systems_that_is_not_possible_copies_nothing(path: Path) -> None:
    """A descriptor that takes no such copy is no error; the caller reads and writes instead."""
    reading, writing = os.pipe()
    try:
        with Package.open(path) as package:
            assert package.copy_raw(SHEET, 0, 10, writing, 0) == 0
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [("", False), ('date1904="1"', True), ('date1904="true"', True), ('date1904="0"', False)],
)
def test_the_calendar_is_told(tmp_path: Path, attributes: str, expected: bool) -> None:
    """Dates count from 1904 only where the workbook says so."""
    parts = minimal_parts()
    properties = f"<workbookPr {attributes}/><sheets>".encode()
    parts[WORKBOOK] = parts[WORKBOOK].replace(b"<sheets>", properties)
    with Package.open(write_zip(tmp_path / "b.xlsx", parts)) as package:
        assert package.since_1904 is expected
