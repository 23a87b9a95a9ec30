"""What a file may cost, and must be, before anything in it is parsed.

Every path by which bytes of a user's file come in leads through here: the file
system (`open_workbook_file`), the zip's members (`check_members`), the head of
each XML part (`check_prolog`). What parsing a part would cost is `partguard`'s.
All bounds but those of this module's constants are settings (`OpeningBounds`).
"""

from __future__ import annotations

import errno
import io
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from budgetinator.config import OpeningBounds
from budgetinator.errors import (
    NotAWorkbook,
    WorkbookDamaged,
    WorkbookEncrypted,
    WorkbookError,
    WorkbookNotFound,
    WorkbookRefused,
    WorkbookUnreadable,
)
from budgetinator.workbooks.opc.filekinds import ENCRYPTED, ZIP_MAGICS, name_kind, name_zip_kind
from budgetinator.workbooks.opc.relationships import doctype_refused
from budgetinator.workbooks.opc.zipdirectory import DEFLATED, STORED, Member, SourceFile

__all__ = [
    "SourceFile",
    "check_members",
    "check_prolog",
    "check_sheet_count",
    "check_workbook_type",
    "is_markup",
    "no_workbook_part",
    "open_workbook_file",
    "part_key",
]

MB = 1024 * 1024
KB = 1024

# What a system does not know, it does not need: only Windows has the last two.
_READING = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _READING |= getattr(os, _flag, 0)

_HEAD = 4096
_LONGEST_PROLOG = MB
# ECMA-376 part 2, 6.2.5: UTF-8 or UTF-16; ASCII is a part of UTF-8.
_ENCODINGS = {"utf-8", "utf8", "utf-16", "utf16", "utf-16le", "utf-16be", "us-ascii", "ascii"}
_MARKUP_ENDINGS = (".xml", ".rels", ".vml")
_MARKUP_TYPES = ("+xml", "/xml", "vmldrawing")
_UNSAFE_NAME = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)")
_SPECIAL_FILES = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_ABSENT = {errno.ENOENT, errno.ENOTDIR}
_OTHER_PACKAGES = (
    ("binary", "an Excel binary workbook (.xlsb)"),
    ("wordprocessingml", "a Word document (.docx)"),
    ("ms-word", "a Word document (.docm)"),
    ("presentationml", "a PowerPoint presentation (.pptx)"),
    ("ms-powerpoint", "a PowerPoint presentation (.pptm)"),
    ("visio", "a Visio drawing (.vsdx)"),
)
_WORKBOOK_TYPES = ("spreadsheetml.sheet.main+xml", "spreadsheetml.template.main+xml")
_MACRO_TYPES = re.compile(r"ms-excel\.(sheet|template|addin)\.macroenabled\.main\+xml$")


def open_workbook_file(path: str | os.PathLike[str], bounds: OpeningBounds) -> SourceFile:
    """The regular file at the path, open for reading and known to be a zip.

    Never blocks: what is no regular file is told before and again after the
    opening, which uses O_NONBLOCK in case it was exchanged in between. The
    caller closes it. Raises WorkbookNotFound, WorkbookUnreadable, NotAWorkbook,
    WorkbookEncrypted or WorkbookRefused.
    """
    name = os.fspath(path)
    try:
        _check_regular(Path(name).stat(), name)
        descriptor = os.open(name, _READING)
    except (OSError, ValueError) as error:
        raise _not_opened(name, error) from error
    try:
        _check_regular(os.fstat(descriptor), name)
        source = SourceFile(descriptor, name)
        _check_file(source, bounds)
    except BaseException:
        os.close(descriptor)
        raise
    return source


def _not_opened(path: str, error: OSError | ValueError) -> WorkbookError:
    if isinstance(error, WorkbookError):
        return error
    code = error.errno if isinstance(error, OSError) else errno.EINVAL
    why = error.strerror if isinstance(error, OSError) else str(error)
    if code in _ABSENT:
        return WorkbookNotFound(f"There is no file {path}; check its name and folder.", path=path)
    return WorkbookUnreadable(f"{path} cannot be opened: {why}.", path=path, errno=code)


def _check_regular(status: os.stat_result, path: str) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    found = next((name for is_kind, name in _SPECIAL_FILES if is_kind(status.st_mode)), "no file")
    raise not_a_workbook(path, found)


def _check_file(source: SourceFile, bounds: OpeningBounds) -> None:
    head = source.read_at(0, min(_HEAD, source.size))
    if not head.startswith(ZIP_MAGICS):
        found = name_kind(source, head)
        if found == ENCRYPTED:
            raise _encrypted(source.path, "take the password off in Excel, File, Info, first")
        raise not_a_workbook(source.path, found)
    other = name_zip_kind(head)
    if other is not None:
        raise not_a_workbook(source.path, other)
    if source.size > bounds.max_file_mb * MB:
        raise refused(
            source.path,
            f"the file has {source.size // MB} MB, over {bounds.max_file_mb}",
            reason="file too large",
            limit="max_file_mb",
        )


def not_a_workbook(path: str, found: str) -> NotAWorkbook:
    """The error for a file that is something else."""
    return NotAWorkbook(
        f"{path} is {found}, not an Excel workbook (.xlsx, .xlsm).", path=path, found=found
    )


def refused(path: str, why: str, *, reason: str, limit: str | None = None) -> WorkbookRefused:
    """The error for a file over a bound; `limit` names the setting, if it is one."""
    advice = f"; raise {limit} if you trust the file" if limit else ""
    message = f"{path} is refused: {why}{advice}."
    return WorkbookRefused(message, path=path, reason=reason, limit=limit)


def _encrypted(path: str, what_to_do: str) -> WorkbookEncrypted:
    return WorkbookEncrypted(f"{path} is encrypted with a password; {what_to_do}.", path=path)


def part_key(name: str) -> str:
    """What two names of the same part have in common (ECMA-376 part 2, 6.2.2.3)."""
    return name.replace("\\", "/").lstrip("/").lower()


def check_members(members: Iterable[Member], path: str, bounds: OpeningBounds) -> dict[str, Member]:
    """The members that are parts, by their keys, none of them over a bound.

    Raises WorkbookRefused for sizes, ratios and names that no workbook has,
    WorkbookEncrypted for an encrypted member.
    """
    by_key: dict[str, Member] = {}
    total = 0
    for member in members:
        _check_name(member, path)
        _check_member(member, path, bounds)
        total += member.size
        if total > bounds.max_total_mb * MB:
            why = f"its parts come to more than {bounds.max_total_mb} MB"
            raise refused(path, why, reason="parts too large", limit="max_total_mb")
        if member.is_folder:
            continue
        other = by_key.setdefault(part_key(member.name), member)
        if other is not member:
            why = f"it holds the part {other.name} twice, and programs differ in which they take"
            raise refused(path, why, reason="duplicate member")
    return by_key


def _check_name(member: Member, path: str) -> None:
    if _UNSAFE_NAME.search(member.name):
        why = f"its member {member.name!r} leads out of the archive"
        raise refused(path, why, reason="unsafe member name")


def _check_member(member: Member, path: str, bounds: OpeningBounds) -> None:
    if member.flags & 0x2041:
        raise _encrypted(path, f"unpack it, because its member {member.name} is locked as a zip")
    if member.method not in (STORED, DEFLATED):
        why = f"its member {member.name} is compressed by method {member.method}, not by deflate"
        raise refused(path, why, reason="unknown compression")
    if member.size > bounds.max_part_mb * MB:
        why = f"its part {member.name} has {member.size // MB} MB, over {bounds.max_part_mb}"
        raise refused(path, why, reason="part too large", limit="max_part_mb")
    ratio = member.size / max(member.compressed_size, 1)
    if member.size > bounds.ratio_floor_kb * KB and ratio > bounds.max_ratio:
        why = f"its part {member.name} grows {ratio:.0f} times when unpacked"
        raise refused(path, why, reason="compression ratio", limit="max_ratio")


def is_markup(name: str, media_type: str | None) -> bool:
    """Whether the part is XML, by its name or else by its declared type."""
    if name.lower().endswith(_MARKUP_ENDINGS):
        return True
    return (media_type or "").lower().endswith(_MARKUP_TYPES)


class _RootReached(Exception):
    """The first element began: what may stand before it has been seen."""


def check_prolog(stream: io.BufferedIOBase, path: str, part: str) -> None:
    """Read as far as the root element, so that no parser meets a DOCTYPE or a strange encoding.

    Markup that is not well-formed is left to whoever parses the part. Raises
    WorkbookRefused.
    """
    parser = expat.ParserCreate()

    def refuse_doctype(*_: object) -> NoReturn:
        raise doctype_refused(path, part)

    def check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            why = f"its part {part} is encoded as {encoding[:40]}, not as UTF-8 or UTF-16"
            raise refused(path, why, reason="encoding")

    def stop(*_: object) -> NoReturn:
        raise _RootReached

    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.XmlDeclHandler = check_encoding
    parser.StartElementHandler = stop
    length = 0
    try:
        while chunk := stream.read(_HEAD if length == 0 else 16 * _HEAD):
            length += len(chunk)
            parser.Parse(chunk, False)
            if length > _LONGEST_PROLOG:
                raise refused(path, f"its part {part} does not begin", reason="no root element")
    except (_RootReached, expat.ExpatError):
        return


def check_sheet_count(count: int, path: str, bounds: OpeningBounds) -> None:
    """Raise WorkbookRefused above the bound."""
    if count > bounds.max_sheets:
        why = f"it declares more than {bounds.max_sheets} sheets"
        raise refused(path, why, reason="too many sheets", limit="max_sheets")


def check_workbook_type(path: str, media_type: str) -> None:
    """Raise NotAWorkbook for another program's package, WorkbookDamaged for none that is known."""
    if media_type.endswith(_WORKBOOK_TYPES) or _MACRO_TYPES.search(media_type):
        return
    for mark, found in _OTHER_PACKAGES:
        if mark in media_type:
            raise not_a_workbook(path, found)
    raise WorkbookDamaged(
        f"{path} does not say that it is a workbook, but {media_type or 'nothing'!r}; "
        "let Excel repair the file.",
        path=path,
        part="[Content_Types].xml",
    )


def no_workbook_part(path: Path, names: tuple[str, ...]) -> WorkbookError:
    """The error for a zip in which no workbook part was found."""
    if any(part_key(name) in ("xl/workbook.xml", "xl/workbook.bin") for name in names):
        return WorkbookDamaged(
            f"{path} holds a workbook, but what should lead to it is missing; "
            "let Excel repair the file.",
            path=str(path),
            part="[Content_Types].xml",
        )
    found = "a zip archive without a workbook" if names else "an empty zip archive"
    return not_a_workbook(str(path), found)
