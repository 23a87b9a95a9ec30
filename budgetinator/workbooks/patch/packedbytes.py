"""Compressed bytes of a sheet, wherever they stand, to be copied as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from budgetinator.errors import WorkbookDamaged
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.parts import damaged_part

__all__ = ["PackedBytes", "PackedPart"]


class PackedBytes(Protocol):
    """Where the packed bytes of a segmented sheet stand."""

    def read_at(self, offset: int, length: int) -> bytes:
        """So many of them from there."""
        ...

    def copy_to(self, descriptor: int, at: int, offset: int, length: int) -> int:
        """Copy such bytes into another file within the system; how many, maybe none."""
        ...

    def changed(self) -> WorkbookDamaged:
        """The error for bytes that are not those that were written."""
        ...


@dataclass(frozen=True, slots=True)
class PackedPart:
    """The packed bytes of a package's part."""

    package: Package
    name: str

    def read_at(self, offset: int, length: int) -> bytes:
        """So many of them from there; WorkbookDamaged where there are fewer."""
        return self.package.raw_at(self.name, offset, length)

    def copy_to(self, descriptor: int, at: int, offset: int, length: int) -> int:
        """Copy such bytes into another file within the system; how many, maybe none."""
        return self.package.copy_raw(self.name, offset, length, descriptor, at)

    def changed(self) -> WorkbookDamaged:
        """The error for bytes that are not those that were written."""
        what = "its bytes are not those that were written"
        return damaged_part(self.package, self.name, what)
