"""Real memory for the tests: allocated, and touched so that it is resident.

It is mapped from the system, because the C library may serve a bytearray from pages
that the process has kept since an earlier test, and the resident size then does not move.
"""

from __future__ import annotations

import mmap

MEBIBYTE = 1024 * 1024


def touched(megabytes: int) -> mmap.mmap:
    """A buffer of this size, every page of which is resident; gone with its last reference."""
    buffer = mmap.mmap(-1, megabytes * MEBIBYTE)
    for place in range(0, len(buffer), mmap.PAGESIZE):
        buffer[place] = 1
    return buffer
