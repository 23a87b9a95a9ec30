"""A workbook file as a zip of parts."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path

import pytest

from budgetinator.errors import WorkbookClosed, WorkbookDamaged
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.opc.relationships import Relationship, resolve_target
from tests.workbooks.builders import (
    OFFICE,
    SHEET,
    WORKBOOK,
    encoded,
    make_workbook,
    minimal_parts,
    read_parts,
    relationships_xml,
    sheet_xml,
    workbook_xml,
    write_zip,
)


def test_a_package_reads_every_part_as_zipfile_does(tmp_path: Path) -> None:
    """Names, order and bytes are those that the standard library reads."""
    path = make_workbook(tmp_path / "a.xlsx")
    with Package.open(path) as package:
        actual = {name: package.read(name) for name in package.names}
    expected = read_parts(path)
    assert actual == expected
    assert list(actual) == list(expected)


def test_a_member_stands_where_it_says(tmp_path: Path) -> None:
    """The raw bytes of a member are its compressed bytes in the file."""
    path = make_workbook(tmp_path / "a.xlsx")
    with Package.open(path) as package:
        member = package.member(SHEET)
        raw = b"".join(package.raw(SHEET))
        plain = package.read(SHEET)
    data = path.read_bytes()
    assert raw == data[member.data_offset : member.data_offset + member.compressed_size]
    assert zlib.decompress(raw, -15) == plain
    assert (member.size, member.crc) == (len(plain), zlib.crc32(plain))


def test_a_stream_gives_what_is_asked_for(tmp_path: Path) -> None:
    """Reading by pieces of any length gives the same bytes as reading at once."""
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n * 7919}</v></c></row>' for n in range(1, 20000))
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(rows))
    with Package.open(path) as package:
        whole = package.read(SHEET)
        with package.stream(SHEET) as stream:
            pieces = [stream.read(1), stream.read(100_000), stream.read(0), stream.read()]
            assert stream.read(10) == b""
    assert [len(piece) for piece in pieces[:3]] == [1, 100_000, 0]
    assert b"".join(pieces) == whole


def test_names_compare_without_case_and_with_either_slash(tmp_path: Path) -> None:
    """A part is found under any spelling, and answers in the file's own."""
    parts = minimal_parts()
    parts["XL\\Worksheets\\Sheet1.xml"] = parts.pop(SHEET)
    with Package.open(write_zip(tmp_path / "a.xlsx", parts)) as package:
        assert package.has(SHEET)
        assert package.spelling(SHEET) == "XL\\Worksheets\\Sheet1.xml"
        assert package.sheets[0].part == "XL\\Worksheets\\Sheet1.xml"
        assert package.content_type(package.sheets[0].part) == package.content_type(SHEET)


def test_a_part_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Asking for a missing part raises with its name."""
    with Package.open(make_workbook(tmp_path / "a.xlsx")) as package:
        with pytest.raises(WorkbookDamaged) as caught:
            package.read("xl/nothing.xml")
        assert caught.value.part == "xl/nothing.xml"


def test_folders_are_no_parts(tmp_path: Path) -> None:
    """An entry for a folder is not among the names."""
    parts = {"xl/": b"", **minimal_parts()}
    with Package.open(write_zip(tmp_path / "a.xlsx", parts)) as package:
        assert package.names == tuple(minimal_parts())


def test_relationships_are_read_in_every_spelling_of_xml(tmp_path: Path) -> None:
    """Prefixes, single quotes, end tags and entities make no difference."""
    parts = minimal_parts()
    parts["xl/worksheets/_rels/sheet1.xml.rels"] = (
        "<?xml version='1.0'?><!-- > --><p:Relationships "
        "xmlns:p='http://schemas.openxmlformats.org/package/2006/relationships'>"
        f"<p:Relationship Id='a' Type='{OFFICE}/drawing' Target='../drawings/d&#49;.xml'>"
        "</p:Relationship>"
        f"<p:Relationship\n Target='https://example.org/?a=1&amp;b=2' Id='b' "
        f"Type='{OFFICE}/hyperlink' TargetMode='External'/></p:Relationships>"
    ).encode()
    with Package.open(write_zip(tmp_path / "a.xlsx", parts)) as package:
        actual = package.relationships(SHEET)
        assert package.relationships(WORKBOOK)[0].target == SHEET
        assert package.relationships("xl/none.xml") == ()
    assert actual == (
        Relationship("a", f"{OFFICE}/drawing", "xl/drawings/d1.xml", external=False),
        Relationship("b", f"{OFFICE}/hyperlink", "https://example.org/?a=1&b=2", external=True),
    )


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
        ("/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
        ("../docProps/app.xml", "docProps/app.xml"),
        ("./styles.xml", "xl/styles.xml"),
        ("../../../styles.xml", "styles.xml"),
        ("worksheets\\sheet1.xml", "xl/worksheets/sheet1.xml"),
        ("media/image%201.png#top", "xl/media/image 1.png"),
    ],
)
def test_a_target_is_resolved_from_the_part_that_names_it(target: str, expected: str) -> None:
    """Relative, absolute and odd targets become part names."""
    assert resolve_target(WORKBOOK, target) == expected


def test_sheets_are_listed_as_declared(tmp_path: Path) -> None:
    """Each sheet has its name, state, kind and part, in the order of the tabs."""
    parts = minimal_parts()
    parts[WORKBOOK] = workbook_xml(("Costs &amp; more", "Chart", "Macro")).encode()
    parts[WORKBOOK] = parts[WORKBOOK].replace(b'sheetId="3"', b'sheetId="3" state="veryHidden"')
    parts["xl/_rels/workbook.xml.rels"] = relationships_xml(
        ("rId1", "worksheet", "/xl/worksheets/sheet1.xml"),
        ("rId2", "chartsheet", "chartsheets/sheet1.xml"),
        ("rId3", "xlMacrosheet", "macrosheets/sheet1.xml"),
    ).encode()
    parts["xl/chartsheets/sheet1.xml"] = parts["xl/macrosheets/sheet1.xml"] = b"<a/>"
    with Package.open(write_zip(tmp_path / "a.xlsx", parts)) as package:
        actual = package.sheets
    assert actual == (
        SheetEntry("Costs & more", "visible", SHEET, "worksheet", "1", "rId1"),
        SheetEntry("Chart", "visible", "xl/chartsheets/sheet1.xml", "chartsheet", "2", "rId2"),
        SheetEntry("Macro", "veryHidden", "xl/macrosheets/sheet1.xml", "macrosheet", "3", "rId3"),
    )


def test_strict_relationships_are_understood(tmp_path: Path) -> None:
    """A Strict workbook's part and sheets are found as a Transitional one's are."""
    strict = b"http://purl.oclc.org/ooxml/officeDocument/relationships"
    parts = {name: data.replace(OFFICE.encode(), strict) for name, data in minimal_parts().items()}
    with Package.open(write_zip(tmp_path / "a.xlsx", parts)) as package:
        assert package.workbook_part == WORKBOOK
        assert [sheet.name for sheet in package.sheets] == ["Budget"]


@pytest.mark.parametrize("target", ["worksheets/gone.xml", ""])
def test_a_declared_sheet_without_a_part_is_damage(tmp_path: Path, target: str) -> None:
    """A sheet that leads nowhere raises with the sheet's name."""
    parts = minimal_parts()
    parts["xl/_rels/workbook.xml.rels"] = relationships_xml(("rId1", "worksheet", target)).encode()
    path = write_zip(tmp_path / "a.xlsx", parts)
    with Package.open(path) as package, pytest.raises(WorkbookDamaged) as caught:
        package.sheets  # noqa: B018  reading it is the act
    assert caught.value.sheet == "Budget"


def test_the_workbook_part_may_be_anywhere(tmp_path: Path) -> None:
    """The root relationship leads to the workbook, whatever its name and folder."""
    parts = minimal_parts()
    renamed = {
        name.replace("xl/_rels/workbook", "_rels/book").replace("xl/workbook", "book"): (
            data.replace(b"xl/workbook.xml", b"book.xml").replace(
                b"worksheets/sheet1.xml", b"xl/worksheets/sheet1.xml"
            )
            if "sheet1" not in name and "Types" not in name
            else data.replace(b"/xl/workbook.xml", b"/book.xml")
        )
        for name, data in parts.items()
    }
    with Package.open(write_zip(tmp_path / "a.xlsx", renamed)) as package:
        assert (package.workbook_part, package.sheets[0].part) == ("book.xml", SHEET)


def test_closing_gives_the_descriptor_back_and_may_be_repeated(tmp_path: Path) -> None:
    """After close the file is free, closing again is harmless and reading raises."""
    before = len(os.listdir("/proc/self/fd"))
    package = Package.open(make_workbook(tmp_path / "a.xlsx"))
    during = len(os.listdir("/proc/self/fd"))
    package.close()
    package.close()
    assert (during - before, len(os.listdir("/proc/self/fd")) - before) == (1, 0)
    assert package.closed
    with pytest.raises(WorkbookClosed):
        package.read(SHEET)


def test_a_wrong_checksum_is_found(tmp_path: Path) -> None:
    """Bytes that were changed inside a stored member raise with the part's name."""
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(), zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"<v>1</v>", b"<v>2</v>"))
    with Package.open(path) as package, pytest.raises(WorkbookDamaged) as caught:
        package.read(SHEET)
    assert caught.value.part == SHEET


def test_a_symbolic_link_leads_to_the_file_behind_it(tmp_path: Path) -> None:
    """A link to a workbook opens, under the name that was given."""
    link = tmp_path / "link.xlsx"
    link.symlink_to(make_workbook(tmp_path / "a.xlsx"))
    with Package.open(link) as package:
        assert (package.path, package.status().st_ino) == (link, link.stat().st_ino)


def test_utf16_parts_are_let_in(tmp_path: Path) -> None:
    """XML in UTF-16, which the standard permits, is read as it stands."""
    parts = minimal_parts()
    parts[SHEET] = sheet_xml().replace("UTF-8", "UTF-16").encode("utf-16")
    parts[WORKBOOK] = encoded({"a": workbook_xml(("Übersicht",))})["a"].decode().encode("utf-16")
    with Package.open(write_zip(tmp_path / "a.xlsx", parts)) as package:
        assert [sheet.name for sheet in package.sheets] == ["Übersicht"]
        assert package.read(SHEET) == parts[SHEET]
