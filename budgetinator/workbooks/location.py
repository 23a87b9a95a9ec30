"""Where a workbook is, as its caller named it and for good."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["Location"]


class Location:
    """A path that keeps its meaning when the program changes its working folder."""

    __slots__ = ("_given", "absolute")

    def __init__(self, given: str | os.PathLike[str]) -> None:
        self._given = os.fsdecode(given)
        self.absolute = Path(os.path.abspath(self._given))

    @property
    def path(self) -> str:
        """The path as it was given, as long as that leads to the file, and else in full."""
        same = os.path.abspath(self._given) == str(self.absolute)
        return self._given if same else str(self.absolute)

    def leads_to_same(self, other: Location) -> bool:
        """Whether both lead to one file, or would if there were one; links are followed."""
        return os.path.realpath(self.absolute) == os.path.realpath(other.absolute)

    def __str__(self) -> str:
        return self.path
