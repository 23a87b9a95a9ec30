"""A package in the shape of the ZipFile that openpyxl reads from.

openpyxl looks parts up by exact spelling and in fixed places, and stops at
markup that Excel reads without a word. It is given each part under whatever
spelling the file has, and for a part that it cannot take a substitute: a style
sheet without the odd markup, an empty drawing. File and package stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

from budgetinator.workbooks.opc.guard import part_key
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.reading.plainstyles import plain_styles

__all__ = ["PartArchive"]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_FIXED_PLACES = {"styles": "xl/styles.xml", "theme": "xl/theme/theme1.xml"}
# By what the name of the part, or its media type, ends or begins with.
_EMPTY_PARTS = (
    ("core", f'<coreProperties xmlns="{_PACKAGE}"/>'),
    ("custom", f'<Properties xmlns="{_PROPERTIES}"/>'),
    ("comments", f'<comments xmlns="{_MAIN}"><authors/><commentList/></comments>'),
    ("drawing", f'<wsDr xmlns="{_DRAWING}"/>'),
)

Substitute = Callable[[bytes], bytes]


class _Names(list[str]):
    """Part names among which any spelling of a name is found."""

    def __init__(self, package: Package) -> None:
        super().__init__(package.names)
        self._package = package

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._package.has(name)


class PartArchive:
    """Reading from a package by the names of ZipFile's methods; owns the package.

    `last_part` is the part that was asked for last, for telling where a reader
    stopped; `left_out` are the parts that it sees nothing of, or a plainer form.
    """

    def __init__(self, package: Package) -> None:
        self._package = package
        self._elsewhere = _fixed_places(package)
        self._substitutes: dict[str, Substitute] = {}
        self.filename = str(package.path)
        self.last_part: str | None = None
        self.left_out: tuple[str, ...] = ()

    def namelist(self) -> list[str]:
        """The names of the parts."""
        return _Names(self._package)

    def read(self, name: str) -> bytes:
        """The part's bytes; KeyError where there is none, as ZipFile has it."""
        place = self._place(name)
        substitute = self._substitutes.get(part_key(place))
        if substitute is not None:
            return substitute(self._package.read(place) if self._package.has(place) else b"")
        if not self._package.has(place):
            raise KeyError(f"There is no part {place}")
        return self._package.read(place)

    def open(self, name: str, mode: str = "r") -> BinaryIO:
        """A stream of the part's bytes; KeyError where there is none."""
        del mode
        place = self._place(name)
        if part_key(place) in self._substitutes:
            return BytesIO(self.read(name))
        if not self._package.has(place):
            raise KeyError(f"There is no part {place}")
        return self._package.stream(place)

    def close(self) -> None:
        """Close the package; openpyxl calls this when a workbook is closed."""
        self._package.close()

    def substitute(self, part: str | None) -> bool:
        """Give something that openpyxl can take for a part that stopped it.

        False where nothing may stand in for it, because figures would be lost, or
        where something already does.
        """
        if part is None or part_key(part) in self._substitutes:
            return False
        role = next((fixed for fixed, place in self._elsewhere.items() if place == part), part)
        substitute = _substitute_for(role)
        if substitute is None:
            return False
        self._substitutes[part_key(part)] = substitute
        self.left_out = (*self.left_out, part)
        return True

    def _place(self, name: str) -> str:
        self.last_part = self._elsewhere.get(part_key(name), name)
        return self.last_part


def _fixed_places(package: Package) -> dict[str, str]:
    """Where the parts really are that openpyxl looks for in one place only."""
    return {
        _FIXED_PLACES[relationship.kind]: relationship.target
        for relationship in reversed(package.relationships(package.workbook_part))
        if relationship.kind in _FIXED_PLACES and package.has(relationship.target)
    }


def _substitute_for(part: str) -> Substitute | None:
    folder, _, name = part_key(part).rpartition("/")
    if name.startswith("styles"):
        return plain_styles
    if folder.endswith("charts"):
        return _unreadable_chart
    if folder.endswith("media"):
        return _unreadable_image
    for start, empty in _EMPTY_PARTS:
        if name.startswith(start) and not folder.endswith("worksheets"):
            return lambda _: empty.encode()
    return None


def _unreadable_chart(_: bytes) -> bytes:
    raise TypeError("the chart has markup that openpyxl does not know")  # openpyxl goes on


def _unreadable_image(_: bytes) -> bytes:
    raise OSError("the image cannot be decoded")  # openpyxl goes on
