"""Small real files: workbooks by openpyxl, packages from parts, and ways to spoil them."""

from __future__ import annotations

import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MACRO_TYPE = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
WORKBOOK = "xl/workbook.xml"
TYPES = "[Content_Types].xml"

Parts = dict[str, bytes]
Rows = Iterable[Sequence[Any]]


def make_workbook(path: Path, sheets: Mapping[str, Rows] | None = None) -> Path:
    """A workbook written by openpyxl; one sheet "Budget" of two rows where none are given."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in (sheets or {"Budget": [("Travel", 1200), ("Total", "=B1")]}).items():
        worksheet = workbook.create_sheet(name)
        for row in rows:
            worksheet.append(list(row))
    workbook.save(path)
    workbook.close()
    return path


def sheet_xml(rows: str = "", after: str = "", *, before: str = "") -> str:
    """A worksheet part with this markup in and around its sheetData."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        f"{before}<sheetData>{rows}</sheetData>{after}</worksheet>"
    )


def workbook_xml(names: Sequence[str] = ("Budget",), after: str = "") -> str:
    """A workbook part that declares these sheets as rId1, rId2 and so on."""
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, 1)
    )
    return (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets>{after}</workbook>'
    )


def relationships_xml(*entries: tuple[str, str, str]) -> str:
    """A relationships part of (id, last step of the type, target)."""
    inner = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for key, kind, target in entries
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'


def types_xml(overrides: Mapping[str, str]) -> str:
    """The content types: XML and relationships by extension, the rest by name."""
    inner = "".join(
        f'<Override PartName="/{name}" ContentType="{media}"/>' for name, media in overrides.items()
    )
    return (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{inner}</Types>"
    )


def minimal_parts(rows: str = '<row r="1"><c r="A1"><v>1</v></c></row>', **after: str) -> Parts:
    """The parts of the smallest workbook, with one sheet "Budget" of this markup."""
    spreadsheet = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return encoded(
        {
            TYPES: types_xml({WORKBOOK: WORKBOOK_TYPE, SHEET: f"{spreadsheet}.worksheet+xml"}),
            "_rels/.rels": relationships_xml(("rId1", "officeDocument", WORKBOOK)),
            WORKBOOK: workbook_xml(),
            "xl/_rels/workbook.xml.rels": relationships_xml(
                ("rId1", "worksheet", "worksheets/sheet1.xml")
            ),
            SHEET: sheet_xml(rows, **after),
        }
    )


def with_strings(parts: Parts, strings: bytes | str) -> Parts:
    """The parts with a table of shared strings, declared and related."""
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    return encoded(
        {
            **parts,
            TYPES: parts[TYPES].replace(
                b"</Types>",
                f'<Override PartName="/{STRINGS}" ContentType="{media}"/></Types>'.encode(),
            ),
            "xl/_rels/workbook.xml.rels": parts["xl/_rels/workbook.xml.rels"].replace(
                b"</Relationships>",
                f'<Relationship Id="rIdS" Type="{OFFICE}/sharedStrings" '
                'Target="sharedStrings.xml"/></Relationships>'.encode(),
            ),
            STRINGS: strings,
        }
    )


def encoded(parts: Mapping[str, bytes | str]) -> Parts:
    """The parts with text as UTF-8."""
    return {name: data.encode() if isinstance(data, str) else data for name, data in parts.items()}


def write_zip(
    path: Path,
    parts: Mapping[str, bytes] | Iterable[tuple[str, bytes]],
    method: int = zipfile.ZIP_DEFLATED,
) -> Path:
    """A zip of these members in this order; pairs may repeat a name."""
    pairs = parts.items() if isinstance(parts, Mapping) else parts
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of duplicate names, which are wanted
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, data in pairs:
                archive.writestr(name, data)
    return path


def read_parts(path: Path) -> Parts:
    """The parts of a file by their names."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def change_part(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """Write the file again with one part changed."""
    parts = read_parts(path)
    parts[name] = change(parts[name])
    return write_zip(path, parts)


def truncate(path: Path, size: int) -> Path:
    """Cut the file short."""
    path.write_bytes(path.read_bytes()[:size])
    return path


def patch_directory(path: Path, offset: int, field: str, value: int) -> Path:
    """Overwrite a field of every central directory entry, so far into the entry."""
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into(f"<{field}", data, at + offset, value)
        at = data.find(b"PK\x01\x02", at + 4)
    path.write_bytes(data)
    return path


def ole_file(path: Path, streams: Sequence[str]) -> Path:
    """An OLE compound file whose directory lists these streams (at most three)."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHH", header, 24, 0x3E, 3, 0xFFFE, 9)
    struct.pack_into("<L", header, 44, 1)  # one sector of the allocation table
    struct.pack_into("<L", header, 48, 1)  # the directory is sector 1
    struct.pack_into("<109L", header, 76, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128L", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    directory = b"".join(_ole_entry(name) for name in ("Root Entry", *streams)).ljust(512, b"\0")
    path.write_bytes(bytes(header) + table + directory)
    return path


def _ole_entry(name: str) -> bytes:
    text = name.encode("utf-16-le")
    return (text.ljust(64, b"\0") + struct.pack("<HB", len(text) + 2, 2)).ljust(128, b"\0")
