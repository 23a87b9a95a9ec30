"""A package seen without the rows of its sheets."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from io import BytesIO
from typing import BinaryIO

from budgetinator.workbooks.merging.parts.frames import SheetFrame
from budgetinator.workbooks.opc.guard import part_key
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.encoding import UTF8, detect_encoding
from budgetinator.workbooks.patch.parts import PartSource, damaged_part

__all__ = ["RowlessPackage"]

_NO_STRINGS = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'


class RowlessPackage(Package):
    """The same package, whose worksheets have no rows and whose table of strings is empty.

    Only good for as long as the package itself is open; closing this one does nothing.
    A sheet in another encoding than UTF-8 keeps its rows, and the strings with it.
    """

    def __init__(self, package: Package, sheets: Collection[str]) -> None:
        vars(self).update(vars(package))
        self._whole = package
        keys = {part_key(name) for name in sheets}
        self._rowless = {key for key in keys if _is_utf8(package, key)}
        strings = {
            part_key(entry.target)
            for entry in package.relationships(package.workbook_part)
            if entry.kind == "sharedStrings"
        }
        self._emptied = strings if self._rowless == keys else set()

    def stream(self, name: str) -> BinaryIO:
        """The part without its rows."""
        key = part_key(name)
        if key in self._emptied:
            return _Bytes(_NO_STRINGS)
        if key not in self._rowless:
            return super().stream(name)
        try:
            return _Bytes(SheetFrame.read(PartSource(self._whole, name), name).data)
        except MarkupError as error:
            raise damaged_part(self._whole, name, str(error)) from error

    def close(self) -> None:
        """Do nothing: the file belongs to the package itself."""


class _Bytes(BytesIO):
    """Bytes that can be read in pieces, as a member of a package can."""

    def chunks(self) -> Iterator[bytes]:
        yield self.getvalue()


def _is_utf8(package: Package, name: str) -> bool:
    with package.stream(name) as stream:
        try:
            return detect_encoding(stream.read(512)) == UTF8
        except LookupError:
            return False
