"""Whose line a warning is about: the nearest frame outside of this library."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from types import FrameType

__all__ = ["callers_stacklevel"]

_OURS = str(Path(__file__).resolve().parent.parent)
_BETWEEN = contextlib.__file__


def callers_stacklevel() -> int:
    """The `stacklevel` that makes a warning of the calling function name the user's line."""
    level = 1
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  its documented use
    while frame is not None and frame.f_back is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_OURS) and name != _BETWEEN:
            break
        level += 1
        frame = frame.f_back
    return level
