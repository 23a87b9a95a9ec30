"""The CRC-32 of a whole from those of its pieces, without looking at the pieces again.

A checksum is a polynomial over GF(2); to append n bytes is to multiply it by x to the
power of 8n, modulo the polynomial of the CRC. So a part of 100 MB of which 300 KB
changed gets its new checksum in less than a millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Checksum", "Checksums"]

_POLYNOMIAL = 0xEDB88320  # of zip, its lowest power at the highest bit
_ONE = 1 << 31
_X = 1 << 30


class Checksum(NamedTuple):
    """The CRC-32 of so many bytes."""

    crc: int
    size: int

    def followed_by(self, other: Checksum) -> Checksum:
        """The checksum of these bytes and the other ones after them."""
        moved = _product(_power(other.size), self.crc)
        return Checksum(moved ^ other.crc, self.size + other.size)


class Checksums:
    """The checksums of pieces in their order; a tree, so that one of them changes cheaply."""

    def __init__(self, pieces: Iterable[Checksum]) -> None:
        self._levels = [list(pieces) or [Checksum(0, 0)]]
        while len(self._levels[-1]) > 1:
            level = self._levels[-1]
            self._levels.append([_pair(level, at) for at in range(0, len(level), 2)])

    @property
    def whole(self) -> Checksum:
        """The checksum of all pieces together."""
        return self._levels[-1][0]

    def replaced(self, pieces: dict[int, Checksum]) -> Checksums:
        """These checksums with other ones at some places."""
        new = Checksums(())
        new._levels = [list(level) for level in self._levels]
        for index, piece in pieces.items():
            new._levels[0][index] = piece
            for height, (below, level) in enumerate(pairwise(new._levels), 1):
                level[index >> height] = _pair(below, index >> height << 1)
        return new


def _pair(level: list[Checksum], at: int) -> Checksum:
    first = level[at]
    return first.followed_by(level[at + 1]) if at + 1 < len(level) else first


def _power(count: int) -> int:
    """x to the power of 8 times the count."""
    result, place = _ONE, 0
    while count:
        if count & 0xFF:
            result = _product(_power_of_byte(count & 0xFF, place), result)
        place += 8
        count >>= 8
    return result


@cache
def _power_of_byte(byte: int, place: int) -> int:
    """x to the power of 8 times the byte, which stands at this bit of a count."""
    result = _ONE
    for bit in range(8):
        if byte >> bit & 1:
            result = _product(_power_of_two(3 + place + bit), result)
    return result


@cache
def _power_of_two(exponent: int) -> int:
    """x to the power of 2 to the power of the exponent."""
    if exponent == 0:
        return _X
    root = _power_of_two(exponent - 1)
    return _product(root, root)


def _product(one: int, other: int) -> int:
    """The product of two polynomials modulo the CRC's."""
    result = 0
    while one:
        if one & _ONE:
            result ^= other
        one = one << 1 & 0xFFFFFFFF
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return result
