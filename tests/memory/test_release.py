from __future__ import annotations

import pytest

from budgetinator.memory import release_memory
from tests.memory.touching import MEBIBYTE, touched


def test_cleanup_gives_back_memory_and_says_what_is_still_held() -> None:
    """A cycle with 64 MB goes, and what is released and what is still held are told apart."""
    held = {"Book1.xlsx": 2, "Book2.xlsx": 1}
    ring: list[object] = [touched(64)]
    ring.append(ring)
    del ring

    report = release_memory(cleanup=lambda: held.update({"Book1.xlsx": 0}), resources=lambda: held)

    assert report.released_bytes >= 60 * MEBIBYTE
    assert report.collected_objects >= 1
    assert report.released == {"Book1.xlsx": 2}
    assert report.still_held == {"Book1.xlsx": 0, "Book2.xlsx": 1}


def test_cleanup_that_fails_still_collects() -> None:
    """The error of the clean-up comes out after the garbage was collected."""
    import weakref

    class Node:
        def __init__(self) -> None:
            self.itself = self

    gone = weakref.ref(Node())

    def broken() -> None:
        raise OSError("cannot close")

    with pytest.raises(OSError, match="cannot close"):
        release_memory(cleanup=broken)
    assert gone() is None
