"""Where in the caller's code something was made: the first frame that is not ours."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

__all__ = ["creation_site"]

_OURS = str(Path(__file__).resolve().parent.parent)


def creation_site(depth: int = 1) -> str:
    """`file:line in function` of the nearest frame outside of this library."""
    frame: FrameType | None = sys._getframe(depth)  # noqa: SLF001 - its documented use
    nearest = frame
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_OURS) and "contextlib" not in name and "/weakref" not in name:
            nearest = frame
            break
        frame = frame.f_back
    if nearest is None:
        return "unknown"
    return f"{nearest.f_code.co_filename}:{nearest.f_lineno} in {nearest.f_code.co_name}"
