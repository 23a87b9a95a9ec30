"""The central directory of a zip file, read by bounds, and its members' bytes.

The standard library's zipfile reads a whole directory before anyone can object,
and takes the last of two members of the same name. Here the directory is parsed
member by member, so that a bound ends the reading; a member knows where its
bytes stand in the file, so that others can copy it as it is. Layout: APPNOTE
6.3.9, sections 4.3 and 4.5.3 (Zip64). Only what OPC permits is understood:
stored and deflated members on one disk (ECMA-376 part 2, annex B).
"""

from __future__ import annotations

import errno
import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from budgetinator.errors import WorkbookDamaged, WorkbookRefused, WorkbookUnreadable

__all__ = ["DEFLATED", "STORED", "Member", "MemoryFile", "SourceFile", "read_members"]

STORED = 0
DEFLATED = 8

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_NO_COPYING = {
    errno.EXDEV,
    errno.EINVAL,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
    errno.EBADF,
    errno.ETXTBSY,
    errno.EPERM,
}
_LONGEST_COMMENT = 0xFFFF
_UNKNOWN = 0xFFFFFFFF
_ZIP64_EXTRA = 1
_UTF8_NAMES = 0x800


@dataclass(frozen=True, slots=True)
class Member:
    """One member as the central directory describes it; sizes and offsets in bytes.

    `raw_name` is the name as it stands in the file; `date_time` is the raw pair
    of MS-DOS words, time then date; `extra` is the central directory's field.
    """

    name: str
    header_offset: int
    data_offset: int
    compressed_size: int
    size: int
    crc: int
    method: int
    flags: int
    date_time: tuple[int, int]
    external_attr: int
    extra: bytes
    raw_name: bytes
    comment: bytes
    create_version: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder's entry, which no part is."""
        return self.name.endswith(("/", "\\")) and self.size == 0


class SourceFile:
    """An open descriptor that is read by offset; owns the descriptor.

    Any thread may read. Closing twice does nothing.
    """

    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor = descriptor
        self._seeking = threading.Lock()
        self.path = path
        self.size = os.fstat(descriptor).st_size

    @property
    def closed(self) -> bool:
        """Whether the descriptor was given back."""
        return self._descriptor < 0

    def status(self) -> os.stat_result:
        """The fstat of the open file, which no rename changes."""
        return os.fstat(self._descriptor)

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly so many bytes from there; WorkbookDamaged where the file ends before."""
        try:
            data = self._read(offset, length)
        except OSError as error:
            raise WorkbookUnreadable(
                f"{self.path} cannot be read: {error.strerror}.", path=self.path, errno=error.errno
            ) from error
        if len(data) < length:
            raise WorkbookDamaged(
                f"{self.path} ends in the middle of what it announces; "
                "it was truncated, so get a fresh copy.",
                path=self.path,
            )
        return data

    def _read(self, offset: int, length: int) -> bytes:
        pieces: list[bytes] = []
        while length > 0:
            piece = self._read_some(offset, length)
            if not piece:
                break
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read_some(self, offset: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, length, offset)
        with self._seeking:  # Windows has no pread
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, length)

    def copy_to(self, descriptor: int, at: int, offset: int, length: int) -> int:
        """Copy bytes into another open file without reading them; how many it has copied.

        None of them where the system or the disks cannot; raises OSError for a full disk.
        """
        copied = 0
        while hasattr(os, "copy_file_range") and copied < length:
            try:
                count = os.copy_file_range(
                    self._descriptor, descriptor, length - copied, offset + copied, at + copied
                )
            except OSError as error:
                if error.errno in _NO_COPYING:
                    break
                raise
            if count == 0:
                break
            copied += count
        return copied

    def close(self) -> None:
        """Give the descriptor back."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class MemoryFile(SourceFile):
    """A copy of a file's bytes, read like the file itself; no descriptor stays open."""

    def __init__(self, data: bytes, path: str, status: os.stat_result) -> None:
        self._data = data
        self._status = status
        self._open = True
        self.path = path
        self.size = len(data)

    @property
    def closed(self) -> bool:
        return not self._open

    def status(self) -> os.stat_result:
        """The fstat of the file that was copied, at that moment."""
        return self._status

    def close(self) -> None:
        """Let go of the copy."""
        self._open = False
        self._data = b""

    def copy_to(self, descriptor: int, at: int, offset: int, length: int) -> int:
        """Nothing is copied that way from memory."""
        del descriptor, at, offset, length
        return 0

    def _read_some(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]


@dataclass(frozen=True, slots=True)
class _Directory:
    offset: int
    size: int
    count: int


def read_members(source: SourceFile, max_members: int) -> tuple[Member, ...]:
    """All members in the directory's order, with their places checked against each other.

    Raises WorkbookDamaged where the structure does not hold, and WorkbookRefused
    for more members than allowed or two that share bytes.
    """
    directory = _find_directory(source)
    if directory.count > max_members:
        raise _too_many(source, max_members)
    # A directory that lies about its count is bounded by its bytes: 46 and a name each.
    if directory.size > max_members * 1024:
        raise _too_many(source, max_members)
    members: list[Member] = []
    for member in _parse_directory(source, directory):
        members.append(member)
        if len(members) > max_members:
            raise _too_many(source, max_members)
    _check_places(source, members, directory)
    return tuple(members)


def _find_directory(source: SourceFile) -> _Directory:
    tail_size = min(source.size, _LONGEST_COMMENT + _END.size)
    tail = source.read_at(source.size - tail_size, tail_size)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise _damaged(source, "its directory is missing, as in a file that was cut short")
    _, disk, first_disk, here, count, size, offset, _ = _END.unpack_from(tail, at)
    end_at = source.size - tail_size + at
    wide = _find_wide_directory(source, end_at)
    if wide is not None:
        return _within(source, wide, end_at)
    if disk != first_disk or here != count:
        raise _damaged(source, "it is one piece of an archive split over several files")
    return _within(source, _Directory(offset, size, count), end_at)


def _find_wide_directory(source: SourceFile, end_at: int) -> _Directory | None:
    if end_at < _END64_LOCATOR.size + _END64.size:
        return None
    locator = source.read_at(end_at - _END64_LOCATOR.size, _END64_LOCATOR.size)
    signature, _, offset, _ = _END64_LOCATOR.unpack(locator)
    if signature != b"PK\x06\x07" or offset + _END64.size > end_at:
        return None
    record = _END64.unpack(source.read_at(offset, _END64.size))
    if record[0] != b"PK\x06\x06":
        raise _damaged(source, "its Zip64 directory is not where it says")
    return _Directory(offset=record[9], size=record[8], count=record[7])


def _within(source: SourceFile, directory: _Directory, end_at: int) -> _Directory:
    if directory.offset + directory.size > end_at:
        raise _damaged(source, "its directory is not where it says")
    return directory


def _parse_directory(source: SourceFile, directory: _Directory) -> Iterator[Member]:
    data = source.read_at(directory.offset, directory.size)
    at = 0
    while at < len(data):
        if len(data) - at < _CENTRAL.size or data[at : at + 4] != b"PK\x01\x02":
            raise _damaged(source, "its directory is broken")
        fields = _CENTRAL.unpack_from(data, at)
        name_end = at + _CENTRAL.size + fields[10]
        extra_end = name_end + fields[11]
        end = extra_end + fields[12]
        if end > len(data):
            raise _damaged(source, "its directory is broken")
        raw_name = data[at + _CENTRAL.size : name_end]
        yield _member(source, fields, raw_name, data[name_end:extra_end], data[extra_end:end])
        at = end


def _member(
    source: SourceFile, fields: tuple[int, ...], raw_name: bytes, extra: bytes, comment: bytes
) -> Member:
    created, _, flags, method, time, date, crc, packed, size = fields[1:10]
    external_attr, header_offset = fields[15], fields[16]
    name = _decode(source, raw_name, flags)
    size, packed, header_offset = _widened(source, (size, packed, header_offset), extra)
    return Member(
        name=name,
        header_offset=header_offset,
        data_offset=_data_offset(source, header_offset, raw_name),
        compressed_size=packed,
        size=size,
        crc=crc,
        method=method,
        flags=flags,
        date_time=(time, date),
        external_attr=external_attr,
        extra=extra,
        raw_name=raw_name,
        comment=comment,
        create_version=created,
    )


def _decode(source: SourceFile, raw_name: bytes, flags: int) -> str:
    try:
        name = raw_name.decode("utf-8" if flags & _UTF8_NAMES else "cp437")
    except UnicodeDecodeError as error:
        raise _damaged(source, f"the member name {raw_name!r} is not UTF-8") from error
    if not name or "\0" in name:
        raise _damaged(source, f"{name!r} cannot be a member's name")
    return name


def _widened(
    source: SourceFile, narrow: tuple[int, int, int], extra: bytes
) -> tuple[int, int, int]:
    if _UNKNOWN not in narrow:
        return narrow
    wide = _zip64_field(extra)
    values: list[int] = []
    for value in narrow:
        if value != _UNKNOWN:
            values.append(value)
            continue
        if len(wide) < 8:
            raise _damaged(source, "a member's size is missing")
        values.append(int.from_bytes(wide[:8], "little"))
        wide = wide[8:]
    return values[0], values[1], values[2]


def _zip64_field(extra: bytes) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == _ZIP64_EXTRA:
            return extra[at + 4 : at + 4 + length]
        at += 4 + length
    return b""


def _data_offset(source: SourceFile, header_offset: int, raw_name: bytes) -> int:
    if header_offset + _LOCAL.size + len(raw_name) > source.size:
        raise _damaged(source, f"its member {raw_name!r} lies beyond its end")
    header = source.read_at(header_offset, _LOCAL.size + len(raw_name))
    fields = _LOCAL.unpack_from(header)
    if fields[0] != b"PK\x03\x04" or header[_LOCAL.size :][: fields[9]] != raw_name:
        raise _damaged(source, f"its member {raw_name!r} is not where it says")
    return int(header_offset + _LOCAL.size + fields[9] + fields[10])


def _check_places(source: SourceFile, members: list[Member], directory: _Directory) -> None:
    end, before = 0, ""
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise WorkbookRefused(
                f"{source.path} is refused: its members {before!r} and {member.name!r} share the "
                "same bytes, which no program that writes workbooks does.",
                path=source.path,
                reason="overlapping members",
            )
        end, before = member.data_offset + member.compressed_size, member.name
        if end > directory.offset:
            raise _damaged(source, f"its member {member.name!r} runs into the directory")


def _too_many(source: SourceFile, max_members: int) -> WorkbookRefused:
    return WorkbookRefused(
        f"{source.path} is refused: it holds more than {max_members} members; "
        "raise max_members if you trust it.",
        path=source.path,
        reason="too many members",
        limit="max_members",
    )


def _damaged(source: SourceFile, why: str) -> WorkbookDamaged:
    return WorkbookDamaged(
        f"{source.path} is a damaged zip file: {why}. Get a fresh copy, or let Excel repair it.",
        path=source.path,
    )
