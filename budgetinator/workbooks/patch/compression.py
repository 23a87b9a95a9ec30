"""Deflate, by the fastest library that is installed.

`isal` inflates and deflates three to five times as fast as zlib, at about the
ratio of zlib's default level. It is an extra; without it zlib does the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Literal, Protocol

from budgetinator.errors import ConfigError, WorkbookDamaged
from budgetinator.workbooks.opc.package import Package

__all__ = ["Deflater", "Level", "check_level", "deflater", "inflated"]

Level = Literal["auto", 1, 2, 3, 4, 5, 6, 7, 8, 9]

# From this size on, smaller files are not worth the time that they take.
_LARGE = 4 * 1024 * 1024
_READ = 256 * 1024
_DEFLATED = 8


def _find_isal() -> Any:
    try:
        return import_module("isal.isal_zlib")
    except ImportError:
        return None


_isal = _find_isal()
_codec: Any = _isal or zlib

_FASTEST, _ISAL_LEVELS = 1, 3


class Deflater(Protocol):
    """A stream of bytes that comes out compressed."""

    def compress(self, data: bytes, /) -> bytes:
        """What is ready of the compressed bytes."""
        ...

    def flush(self) -> bytes:
        """The rest of them."""
        ...


def check_level(level: Level) -> None:
    """Raise ConfigError for what is neither "auto" nor a level from 1 to 9."""
    if level != "auto" and level not in range(1, 10):
        raise ConfigError(
            f"{level!r} is no compression level; give 1 (fast) to 9 (small), or 'auto'.",
            source="argument",
            key="level",
            expected="'auto' or 1 to 9",
        )


def deflater(level: Level, size: int) -> Deflater:
    """A raw deflate stream for so many bytes; "auto" takes 1 for large parts and else 6.

    Levels up to 3, and the automatic one, use isal where it is installed.
    """
    if _isal is not None and (level == "auto" or level <= _ISAL_LEVELS):
        chosen = _FASTEST if level == "auto" and size >= _LARGE else level
        number = _ISAL_LEVELS if chosen == "auto" else chosen
        compressor: Deflater = _isal.compressobj(number, _isal.DEFLATED, -15)
        return compressor
    if level == "auto":
        level = 1 if size >= _LARGE else 6
    return zlib.compressobj(level, zlib.DEFLATED, -15)


def inflated(package: Package, name: str) -> Iterator[bytes]:
    """The decompressed part in pieces of up to 256 KB; raises as `Package.stream` does."""
    member = package.member(name)
    package.stream(name).close()  # which refuses unsafe prologs, whoever inflates the rest
    pieces = _inflate(package, name) if member.method == _DEFLATED else package.raw(name)
    produced, checksum = 0, 0
    for piece in pieces:
        produced += len(piece)
        if produced > member.size:
            raise _damaged(package, name)
        checksum = _codec.crc32(piece, checksum)
        yield piece
    if produced != member.size or checksum != member.crc:
        raise _damaged(package, name)


def _inflate(package: Package, name: str) -> Iterator[bytes]:
    inflate = _codec.decompressobj(-15)
    try:
        for raw in package.raw(name):
            left = raw
            while left and not inflate.eof:
                if piece := inflate.decompress(left, _READ):
                    yield piece
                left = inflate.unconsumed_tail
    except _codec.error as error:
        raise _damaged(package, name) from error
    if not inflate.eof:
        raise _damaged(package, name)


def _damaged(package: Package, name: str) -> WorkbookDamaged:
    return WorkbookDamaged(
        f"The part {name} of {package.path} cannot be decompressed; "
        "get a fresh copy, or let Excel repair the file.",
        path=str(package.path),
        part=name,
    )
