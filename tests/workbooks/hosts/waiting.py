"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["until"]


def until(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until it is so; AssertionError if that takes too long."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)
