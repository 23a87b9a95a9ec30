"""A zip file written from another: members copied as they are, or given new bytes.

Compressed bytes are copied without inflating them; headers are made anew, with
sizes and checksum in place, so that no data descriptors are needed. Layout:
APPNOTE 6.3.9, sections 4.3 and 4.5.3 (Zip64).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from budgetinator.workbooks.opc.codec import crc32
from budgetinator.workbooks.opc.package import Member, Package
from budgetinator.workbooks.patch.compression import Deflater
from budgetinator.workbooks.patch.packedbytes import PackedBytes, PackedPart

__all__ = ["OpenMember", "ZipRewriter"]

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_LOCATOR = struct.Struct("<4sLQL")

_UNKNOWN = 0xFFFFFFFF
_MANY = 0xFFFF
_ZIP64_EXTRA = 1
_DEFLATED = 8
_VERSION, _VERSION64 = 20, 45
_UTF8_NAME = 0x800
_DEFLATE_HINTS = 0x006
_COPY = 1024 * 1024
_COPY_WITHIN = 2 * _COPY  # after which the target may look at what was written
# 1980-01-01, the first day that the format knows: new members get no clock time,
# so that the same change gives the same file.
_NEW_MEMBER_TIME = (0, 0x21)


@dataclass(slots=True)
class _Written:
    raw_name: bytes
    flags: int
    method: int
    date_time: tuple[int, int]
    crc: int
    packed: int
    size: int
    offset: int
    external_attr: int = 0
    extra: bytes = b""
    comment: bytes = b""
    create_version: int = _VERSION


class OpenMember:
    """A member under construction; whoever writes into it tells its checksum and its size."""

    def __init__(self, zip_file: ZipRewriter, start: int) -> None:
        self.crc = 0
        self.size = 0
        self._zip = zip_file
        self._start = start

    @property
    def packed(self) -> int:
        """How many compressed bytes it has."""
        return self._zip._at - self._start  # noqa: SLF001  they are one

    def write(self, data: bytes) -> None:
        """Write compressed bytes."""
        if data:
            self._zip._write(data)  # noqa: SLF001

    def copy(self, packed: PackedBytes, offset: int, length: int) -> None:
        """Copy some of the compressed bytes that stand there."""
        self._zip._copy_raw(packed, offset, length)  # noqa: SLF001


class ZipRewriter:
    """Writes one zip file into a target that can seek; the target stays the caller's.

    The order of the calls is the order of the members; `close` writes the directory.
    """

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._base = target.tell()
        self._at = 0
        self._members: list[_Written] = []

    def copy(self, package: Package, name: str) -> None:
        """Copy a member's compressed bytes as they are."""
        member = package.member(name)
        entry = self._entry(member)
        entry.flags = member.flags & (_UTF8_NAME | _DEFLATE_HINTS)
        wide = entry.packed >= _UNKNOWN or entry.size >= _UNKNOWN
        self._write(self._local_header(entry, wide=wide))
        if member.compressed_size < _COPY:
            for chunk in package.raw(name):
                self._write(chunk)
        else:
            self._copy_raw(PackedPart(package, name), 0, member.compressed_size)
        self._members.append(entry)

    def replace(
        self, member: Member, chunks: Iterable[bytes], deflate: Deflater, size: int
    ) -> None:
        """Write new bytes in the place of a member; `size` is about how many."""
        self._compress(self._entry(member), chunks, deflate, size)

    def add(self, name: str, data: bytes, deflate: Deflater) -> None:
        """Write a member that was not there."""
        entry = _Written(
            name.encode(), _flags(name), _DEFLATED, _NEW_MEMBER_TIME, 0, 0, 0, self._at
        )
        self._compress(entry, (data,), deflate, len(data))

    def close(self) -> int:
        """Write the directory; returns how many bytes the file has."""
        start = self._at
        for entry in self._members:
            self._write(_central_header(entry))
        self._write_end(start, self._at - start)
        return self._at

    def _entry(self, member: Member) -> _Written:
        return _Written(
            raw_name=member.raw_name,
            flags=member.flags & _UTF8_NAME,
            method=member.method,
            date_time=member.date_time,
            crc=member.crc,
            packed=member.compressed_size,
            size=member.size,
            offset=self._at,
            external_attr=member.external_attr,
            extra=_without_zip64(member.extra),
            comment=member.comment,
            create_version=member.create_version,
        )

    @contextmanager
    def begin_known(self, member: Member, crc: int, size: int, packed: int) -> Iterator[OpenMember]:
        """The same where all of this is known beforehand: nothing is written a second time."""
        entry = self._entry(member)
        entry.method, entry.crc, entry.size, entry.packed = _DEFLATED, crc, size, packed
        self._write(self._local_header(entry, wide=max(size, packed) >= _UNKNOWN))
        output = OpenMember(self, self._at)
        yield output
        assert output.packed == packed
        self._members.append(entry)

    @contextmanager
    def begin(self, member: Member, size: int) -> Iterator[OpenMember]:
        """Write compressed bytes in the place of a member; `size` is about what they unpack to."""
        with self._open(self._entry(member), size) as output:
            yield output

    def _compress(
        self, entry: _Written, chunks: Iterable[bytes], deflate: Deflater, size: int
    ) -> None:
        with self._open(entry, size) as output:
            for chunk in chunks:
                output.crc = crc32(chunk, output.crc)
                output.size += len(chunk)
                output.write(deflate.compress(chunk))
            output.write(deflate.flush())

    @contextmanager
    def _open(self, entry: _Written, size: int) -> Iterator[OpenMember]:
        entry.method = _DEFLATED
        # Deflate may grow a little, and the guess may be low: room for both.
        wide = size > _UNKNOWN // 2
        entry.crc = entry.packed = entry.size = 0
        self._write(self._local_header(entry, wide=wide))
        output = OpenMember(self, self._at)
        yield output
        entry.crc, entry.size, entry.packed = output.crc, output.size, output.packed
        self._target.seek(self._base + entry.offset)
        self._target.write(self._local_header(entry, wide=wide))
        self._target.seek(self._base + self._at)
        self._members.append(entry)

    def _copy_raw(self, packed: PackedBytes, offset: int, length: int) -> None:
        copied = self._copy_within_system(packed, offset, length)
        self._at += copied
        while copied < length:
            count = min(_COPY, length - copied)
            self._write(packed.read_at(offset + copied, count))
            copied += count

    def _copy_within_system(self, packed: PackedBytes, offset: int, length: int) -> int:
        """Copy what is large from descriptor to descriptor; how many bytes."""
        if length < _COPY:
            return 0
        try:
            descriptor = self._target.fileno()
        except OSError:  # it is in memory
            return 0
        self._target.flush()
        at, copied = self._base + self._at, 0
        while copied < length:
            step = min(_COPY_WITHIN, length - copied)
            count = packed.copy_to(descriptor, at + copied, offset + copied, step)
            if count == 0:
                break
            copied += count
            self._target.seek(at + copied)
            self._target.flush()
        return copied

    def _write(self, data: bytes) -> None:
        self._target.write(data)
        self._at += len(data)

    def _local_header(self, entry: _Written, *, wide: bool) -> bytes:
        extra = b""
        packed, size = entry.packed, entry.size
        if wide:
            extra = struct.pack("<2H2Q", _ZIP64_EXTRA, 16, size, packed)
            packed = size = _UNKNOWN
        header = _LOCAL.pack(
            b"PK\x03\x04",
            _VERSION64 if wide else _VERSION,
            entry.flags,
            entry.method,
            *entry.date_time,
            entry.crc,
            packed,
            size,
            len(entry.raw_name),
            len(extra),
        )
        return header + entry.raw_name + extra

    def _write_end(self, start: int, length: int) -> None:
        count = len(self._members)
        if count >= _MANY or start >= _UNKNOWN or length >= _UNKNOWN:
            end64 = _END64.pack(
                b"PK\x06\x06", 44, _VERSION64, _VERSION64, 0, 0, count, count, length, start
            )
            locator = _END64_LOCATOR.pack(b"PK\x06\x07", 0, self._at, 1)
            self._write(end64 + locator)
            count = min(count, _MANY)
            start, length = min(start, _UNKNOWN), min(length, _UNKNOWN)
        self._write(_END.pack(b"PK\x05\x06", 0, 0, count, count, length, start, 0))


def _central_header(entry: _Written) -> bytes:
    wide = [value for value in (entry.size, entry.packed, entry.offset) if value >= _UNKNOWN]
    extra = entry.extra
    if wide:
        field = struct.pack(f"<2H{len(wide)}Q", _ZIP64_EXTRA, 8 * len(wide), *wide)
        extra = field + extra
    header = _CENTRAL.pack(
        b"PK\x01\x02",
        entry.create_version,
        _VERSION64 if wide else _VERSION,
        entry.flags,
        entry.method,
        *entry.date_time,
        entry.crc,
        min(entry.packed, _UNKNOWN),
        min(entry.size, _UNKNOWN),
        len(entry.raw_name),
        len(extra),
        len(entry.comment),
        0,
        0,
        entry.external_attr,
        min(entry.offset, _UNKNOWN),
    )
    return header + entry.raw_name + extra + entry.comment


def _without_zip64(extra: bytes) -> bytes:
    return b"".join(field for tag, field in _extra_fields(extra) if tag != _ZIP64_EXTRA)


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, at)
        yield tag, extra[at : at + 4 + length]
        at += 4 + length


def _flags(name: str) -> int:
    return 0 if name.isascii() else _UTF8_NAME
