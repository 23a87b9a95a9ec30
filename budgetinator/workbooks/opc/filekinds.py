"""What a file is that is no zip, told by its bytes and never by its name.

OLE compound files are read far enough to list their streams, because an
encrypted workbook and an .xls look the same from outside ([MS-CFB] 2.2, 2.6).
"""

from __future__ import annotations

import re
import struct

from budgetinator.errors import WorkbookError
from budgetinator.workbooks.opc.zipdirectory import SourceFile

__all__ = ["ENCRYPTED", "OLE_MAGIC", "ZIP_MAGICS", "name_kind", "name_zip_kind"]

ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "an encrypted workbook"

_MAGICS = (
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a rich text document (.rtf)"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x09\x08\x10\x00\x00\x06", "a very old Excel workbook (.xls)"),
    (b"\x09\x04\x06\x00", "a very old Excel workbook (.xls)"),
    (b"MIME-Version:", "a web archive (.mht)"),
)
_OPEN_DOCUMENT = {
    b"application/vnd.oasis.opendocument.spreadsheet": "an OpenDocument spreadsheet (.ods)",
    b"application/vnd.oasis.opendocument.text": "an OpenDocument text (.odt)",
    b"application/vnd.oasis.opendocument": "an OpenDocument file",
    b"application/epub+zip": "an e-book (.epub)",
}
_STREAMS = (
    ({"EncryptionInfo", "EncryptedPackage"}, ENCRYPTED),
    ({"Workbook", "Book"}, "an old Excel workbook (.xls)"),
    ({"WordDocument"}, "an old Word document (.doc)"),
    ({"PowerPoint Document"}, "an old PowerPoint presentation (.ppt)"),
)
_MARKUP = (
    (rb"schemas-microsoft-com:office:spreadsheet|progid=.Excel\.S", "an XML spreadsheet 2003"),
    (rb"office:document", "a flat OpenDocument file (.fods)"),
    (rb"<html|<!doctype\s+html|<table|<head|<meta|<body", "a web page (HTML)"),
    (rb"<\?xml", "an XML file"),
)
_DELIMITERS = {b",": "comma", b";": "semicolon", b"\t": "tab"}
_MAX_DIRECTORY_SECTORS = 512


def name_kind(source: SourceFile, head: bytes) -> str:
    """A noun phrase for a file that starts with `head`, as in "a PDF document"."""
    if not head:
        return "an empty file"
    if head.startswith(OLE_MAGIC):
        return _name_ole(source, head)
    for magic, name in _MAGICS:
        if head.startswith(magic):
            return name
    if not head.strip(b"\0"):
        return "a file of null bytes, as a crash of the machine can leave it"
    return _name_text(head)


def name_zip_kind(head: bytes) -> str | None:
    """A noun phrase for a zip whose first member says what it is, as OpenDocument's does."""
    if head[30:38] != b"mimetype":
        return None
    media = head[38:200]
    return next((name for key, name in _OPEN_DOCUMENT.items() if media.startswith(key)), None)


def _name_ole(source: SourceFile, head: bytes) -> str:
    try:
        streams = _ole_streams(source, head)
    except (struct.error, WorkbookError):
        return "a damaged OLE compound file"
    for names, kind in _STREAMS:
        if names & streams:
            return kind
    return "an OLE compound file"


def _ole_streams(source: SourceFile, head: bytes) -> set[str]:
    (shift,) = struct.unpack_from("<H", head, 30)
    size = 1 << shift if shift in (9, 12) else 512
    (sector,) = struct.unpack_from("<L", head, 48)
    tables = struct.unpack_from("<109L", head, 76)
    names: set[str] = set()
    for _ in range(_MAX_DIRECTORY_SECTORS):
        if sector >= 0xFFFFFFFA:
            break
        data = source.read_at((sector + 1) * size, size)
        names.update(_ole_name(data[at : at + 128]) for at in range(0, size, 128))
        table, entry = divmod(sector, size // 4)
        if table >= len(tables):
            break
        at = (tables[table] + 1) * size + entry * 4
        (sector,) = struct.unpack("<L", source.read_at(at, 4))
    return names


def _ole_name(entry: bytes) -> str:
    (length,) = struct.unpack_from("<H", entry, 64)
    return entry[: max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")


def _name_text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head[: len(head) // 2 * 2].decode("utf-16", "replace").encode()
    else:
        text = head.removeprefix(b"\xef\xbb\xbf")
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text):
        return "data of an unknown kind"
    if text.lstrip()[:1] == b"<":
        for pattern, name in _MARKUP:
            if re.search(pattern, text, re.IGNORECASE):
                return name
    return _name_delimited(text)


def _name_delimited(text: bytes) -> str:
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    for delimiter, name in _DELIMITERS.items():
        if lines and all(delimiter in line for line in lines[:-1] or lines):
            return f"{name}-separated text (CSV)"
    return "a plain text file"
