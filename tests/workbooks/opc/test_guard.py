"""What a file may cost and must be before it is opened."""

from __future__ import annotations

import os
import random
import socket
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from budgetinator.config import OpeningBounds
from budgetinator.errors import (
    NotAWorkbook,
    WorkbookDamaged,
    WorkbookEncrypted,
    WorkbookNotFound,
    WorkbookRefused,
    WorkbookUnreadable,
)
from tests.workbooks.builders import (
    SHEET,
    STRINGS,
    TYPES,
    WORKBOOK,
    WORKBOOK_TYPE,
    make_workbook,
    minimal_parts,
    ole_file,
    patch_directory,
    sheet_xml,
    truncate,
    types_xml,
    with_strings,
    workbook_xml,
    write_zip,
)
from tests.workbooks.opening import opened, refusal

MB = 1024 * 1024
BOMB = '<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'


def test_an_ordinary_workbook_passes(tmp_path: Path) -> None:
    """A workbook by openpyxl and the smallest by hand are let in."""
    assert opened(make_workbook(tmp_path / "a.xlsx")) == ("Budget",)
    assert opened(write_zip(tmp_path / "b.xlsx", minimal_parts())) == ("Budget",)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    """No file, and a file in place of a folder on the way, are WorkbookNotFound with the path."""
    file = tmp_path / "file"
    file.touch()
    for path in (tmp_path / "none.xlsx", file / "none.xlsx"):
        with pytest.raises(WorkbookNotFound) as caught:
            opened(path)
        assert caught.value.path == str(path)


def test_what_the_system_refuses_carries_its_errno(tmp_path: Path) -> None:
    """A loop of links and an impossible name are WorkbookUnreadable."""
    loop = tmp_path / "loop.xlsx"
    loop.symlink_to(loop)
    for path in (loop, tmp_path / ("n" * 300), tmp_path / "nul\0"):
        with pytest.raises(WorkbookUnreadable) as caught:
            opened(path)
        assert caught.value.errno


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    """What may not be read is WorkbookUnreadable."""
    path = make_workbook(tmp_path / "a.xlsx")
    path.chmod(0)
    with pytest.raises(WorkbookUnreadable):
        opened(path)


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """A folder, a pipe, a socket and a device are named and never block."""
    pipe = tmp_path / "pipe.xlsx"
    os.mkfifo(pipe)
    zero = tmp_path / "zero.xlsx"
    zero.symlink_to("/dev/zero")
    listening = tmp_path / "socket.xlsx"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(listening))
        found = []
        for path in (tmp_path, pipe, zero, listening):
            with pytest.raises(NotAWorkbook) as caught:
                opened(path)
            found.append(caught.value.found)
    assert found == ["a folder", "a named pipe", "a device", "a socket"]


HTML = b"<html><body><table><tr><td>1</td></tr></table></body></html>"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "an empty file"),
        (b"\0" * 5000, "a file of null bytes, as a crash of the machine can leave it"),
        (b"WP,Cost\n1,1200\n2,300\n", "comma-separated text (CSV)"),
        (b"WP;Cost\n1;1200,50\n2;300\n", "semicolon-separated text (CSV)"),
        ("\ufeffWP\tCost\n1\t1200\n".encode("utf-16-le"), "tab-separated text (CSV)"),
        (b"just words\n", "a plain text file"),
        (HTML, "a web page (HTML)"),
        (b"<!DOCTYPE html>\n" + HTML, "a web page (HTML)"),
        (
            b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>',
            "an XML spreadsheet 2003",
        ),
        (b'<?xml version="1.0"?><a/>', "an XML file"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (bytes(range(256)), "data of an unknown kind"),
        (b"PK\5\6" + bytes(18), "an empty zip archive"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, data: bytes, found: str) -> None:
    """Whatever it is called, the bytes say what it is."""
    path = tmp_path / "budget.xlsx"
    path.write_bytes(data)
    with pytest.raises(NotAWorkbook) as caught:
        opened(path)
    assert caught.value.found == found


@pytest.mark.parametrize(
    ("streams", "found"),
    [
        (["Workbook"], "an old Excel workbook (.xls)"),
        (["Book"], "an old Excel workbook (.xls)"),
        (["WordDocument", "1Table"], "an old Word document (.doc)"),
        (["Something"], "an OLE compound file"),
    ],
)
def test_an_ole_file_is_named_by_its_streams(
    tmp_path: Path, streams: list[str], found: str
) -> None:
    """An .xls and its relatives are told from each other."""
    with pytest.raises(NotAWorkbook) as caught:
        opened(ole_file(tmp_path / "a.xlsx", streams))
    assert caught.value.found == found


def test_an_encrypted_workbook_is_told_from_an_old_one(tmp_path: Path) -> None:
    """The streams of an encrypted package raise WorkbookEncrypted."""
    with pytest.raises(WorkbookEncrypted):
        opened(ole_file(tmp_path / "a.xlsx", ["EncryptionInfo", "EncryptedPackage"]))


@pytest.mark.parametrize("size", [8, 511, 600, 1030])
def test_a_truncated_ole_file_is_still_named(tmp_path: Path, size: int) -> None:
    """An OLE file cut anywhere is no workbook, and no other exception."""
    with pytest.raises(NotAWorkbook):
        opened(truncate(ole_file(tmp_path / "a.xlsx", ["Workbook"]), size))


@pytest.mark.parametrize(
    ("media", "found"),
    [
        (
            "application/vnd.ms-excel.sheet.binary.macroEnabled.main",
            "an Excel binary workbook (.xlsb)",
        ),
        (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            "a Word document (.docx)",
        ),
    ],
)
def test_another_office_package_is_named(tmp_path: Path, media: str, found: str) -> None:
    """A package of another program is told by the type of its main part."""
    parts = {**minimal_parts(), TYPES: types_xml({WORKBOOK: media}).encode()}
    with pytest.raises(NotAWorkbook) as caught:
        opened(write_zip(tmp_path / "a.xlsx", parts))
    assert caught.value.found == found


def test_an_open_document_and_a_plain_archive_are_named(tmp_path: Path) -> None:
    """A zip is told by its first member, or by what it does not hold."""
    media = b"application/vnd.oasis.opendocument.spreadsheet"
    ods = write_zip(tmp_path / "a.xlsx", {"mimetype": media}, zipfile.ZIP_STORED)
    plain = write_zip(tmp_path / "b.xlsx", {"readme.txt": b"hello"})
    found = []
    for path in (ods, plain):
        with pytest.raises(NotAWorkbook) as caught:
            opened(path)
        found.append(caught.value.found)
    assert found == ["an OpenDocument spreadsheet (.ods)", "a zip archive without a workbook"]


def test_a_package_that_lost_its_content_types_is_damaged(tmp_path: Path) -> None:
    """A workbook without `[Content_Types].xml` is broken rather than something else."""
    parts = minimal_parts()
    del parts[TYPES]
    with pytest.raises(WorkbookDamaged) as caught:
        opened(write_zip(tmp_path / "a.xlsx", parts))
    assert caught.value.part == TYPES


def test_a_file_cut_anywhere_is_damaged(tmp_path: Path) -> None:
    """Every truncation is told as such, by no other exception."""
    whole = make_workbook(tmp_path / "a.xlsx").read_bytes()
    path = tmp_path / "b.xlsx"
    for size in range(4, len(whole) - 1, 97):
        path.write_bytes(whole[:size])
        with pytest.raises(WorkbookDamaged):
            opened(path)


def test_flipped_bytes_never_raise_anything_else(tmp_path: Path) -> None:
    """1,500 random corruptions open or raise one of the four errors."""
    whole = make_workbook(tmp_path / "a.xlsx").read_bytes()
    path = tmp_path / "b.xlsx"
    chance = random.Random(20)
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 2, 8))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        with suppress(NotAWorkbook, WorkbookDamaged, WorkbookEncrypted, WorkbookRefused):
            assert opened(path)


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/passwd", "xl/../../x", "C:\\x", "..\\x"])
def test_members_that_lead_out_of_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    """Absolute names and those with parent steps are refused."""
    path = write_zip(tmp_path / "a.xlsx", {**minimal_parts(), name: b"x"})
    assert refusal(path) == ("unsafe member name", None)


@pytest.mark.parametrize("name", [SHEET, SHEET.upper(), SHEET.replace("/", "\\")])
def test_a_part_that_is_there_twice_is_refused(tmp_path: Path, name: str) -> None:
    """Two members of one name, in any spelling, are refused."""
    path = write_zip(tmp_path / "a.xlsx", [*minimal_parts().items(), (name, b"<x/>")])
    assert refusal(path) == ("duplicate member", None)


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """A directory in which two members overlap is refused."""
    path = tmp_path / "a.xlsx"
    inner = write_zip(tmp_path / "inner.zip", {"a": b"<a/>"}, zipfile.ZIP_STORED).read_bytes()
    parts = {**minimal_parts(), "b": inner}
    data = write_zip(path, parts, zipfile.ZIP_STORED).read_bytes()
    # The member "a" of the inner archive is listed by the outer one, too.
    entry = inner[inner.index(b"PK\x01\x02") : inner.index(b"PK\x05\x06")]
    place = data.index(inner).to_bytes(4, "little")
    at = data.rindex(b"PK\x05\x06")
    end = bytearray(data[at:])
    count = len(parts) + 1
    end[8:12] = count.to_bytes(2, "little") * 2
    end[12:16] = (int.from_bytes(end[12:16], "little") + len(entry)).to_bytes(4, "little")
    path.write_bytes(data[:at] + entry[:42] + place + entry[46:] + end)
    assert refusal(path) == ("overlapping members", None)


def test_a_locked_member_is_encrypted(tmp_path: Path) -> None:
    """A member locked by the zip's own encryption raises WorkbookEncrypted."""
    path = patch_directory(write_zip(tmp_path / "a.xlsx", minimal_parts()), 8, "H", 1)
    with pytest.raises(WorkbookEncrypted):
        opened(path)


def test_other_compressions_are_refused(tmp_path: Path) -> None:
    """Only stored and deflated members are let in."""
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(), zipfile.ZIP_LZMA)
    assert refusal(path) == ("unknown compression", None)


@pytest.mark.parametrize(
    ("bounds", "limit"),
    [
        (OpeningBounds(max_ratio=100), "max_ratio"),
        (OpeningBounds(max_ratio=2000, max_part_mb=2), "max_part_mb"),
        (OpeningBounds(max_ratio=2000, max_total_mb=2), "max_total_mb"),
        (OpeningBounds(max_ratio=2000, max_members=5), "max_members"),
        (OpeningBounds(max_ratio=2000, max_file_mb=1), "max_file_mb"),
    ],
)
def test_members_over_a_bound_are_refused_by_its_name(
    tmp_path: Path, bounds: OpeningBounds, limit: str
) -> None:
    """An unused member counts like any other, and the error names the setting."""
    parts = {**minimal_parts(), "xl/unused.bin": b" " * 3 * MB}
    if limit == "max_file_mb":
        parts["xl/media/image1.png"] = random.Random(1).randbytes(2 * MB)
    path = write_zip(tmp_path / "a.xlsx", parts)
    assert refusal(path, bounds)[1] == limit
    assert opened(path, OpeningBounds(max_ratio=2000)) == ("Budget",)


def test_a_member_that_lies_about_its_size_is_damaged(tmp_path: Path) -> None:
    """A part that unpacks to more or to less than announced raises, and never more is unpacked."""
    for size in (3, 5_000_000):
        path = write_zip(tmp_path / "a.xlsx", minimal_parts())
        bounds = OpeningBounds(ratio_floor_kb=1_000_000)
        with pytest.raises(WorkbookDamaged):
            opened(patch_directory(path, 24, "L", size), bounds)


def test_too_many_sheets_are_refused(tmp_path: Path) -> None:
    """More sheets than the bound are refused before any is opened."""
    parts = {**minimal_parts(), WORKBOOK: workbook_xml([f"S{n}" for n in range(1001)]).encode()}
    assert refusal(write_zip(tmp_path / "a.xlsx", parts)) == ("too many sheets", "max_sheets")


@pytest.mark.parametrize("part", [TYPES, "_rels/.rels", WORKBOOK, SHEET, STRINGS])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_every_part(tmp_path: Path, part: str, encoding: str) -> None:
    """A DOCTYPE is refused wherever it stands and however it is encoded."""
    parts = with_strings(minimal_parts(), "<sst/>")
    text = parts[part].decode().removeprefix('<?xml version="1.0" encoding="UTF-8"?>\n')
    parts[part] = f"<!-- {'x' * 9000} -->{BOMB}{text}".encode(encoding)
    path = write_zip(tmp_path / "a.xlsx", parts)
    assert refusal(path) == ("document type definition", None)


def test_the_word_doctype_in_a_text_is_no_doctype(tmp_path: Path) -> None:
    """A cell may talk about document types."""
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t><![CDATA[<!DOCTYPE html>]]></t></is></c></row>'
    )
    assert opened(write_zip(tmp_path / "a.xlsx", minimal_parts(rows))) == ("Budget",)


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-7", "windows-1252", "UTF-32"])
def test_other_encodings_are_refused(tmp_path: Path, encoding: str) -> None:
    """XML in anything but UTF-8 and UTF-16 is refused."""
    parts = minimal_parts()
    parts[SHEET] = sheet_xml().replace("UTF-8", encoding).encode()
    assert refusal(write_zip(tmp_path / "a.xlsx", parts)) == ("encoding", None)


def test_a_macro_workbook_is_a_workbook(tmp_path: Path) -> None:
    """Every main type of Excel's XML formats is let in."""
    for media in (
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        "application/vnd.ms-excel.template.macroEnabled.main+xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
    ):
        parts = minimal_parts()
        parts[TYPES] = parts[TYPES].replace(WORKBOOK_TYPE.encode(), media.encode())
        assert opened(write_zip(tmp_path / "a.xlsx", parts)) == ("Budget",)
