"""Parts of a package as UTF-8, to be edited and written back in their own encoding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from budgetinator.errors import WorkbookDamaged, WorkbookRefused
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.encoding import UTF8, TextEncoding, detect_encoding

__all__ = ["KEPT", "PartSource", "SmallPart", "damaged_part", "has_formulas"]

# A sheet up to this size is inflated once and kept until it is written.
KEPT = 8 * 1024 * 1024
_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f[\s/>]")
_LONGEST_TAG_START = 128


class PartSource:
    """A part that is read from its start as often as needed.

    `on_piece` wants the pieces of whole rows that planning a change comes by.
    """

    on_piece: Callable[[bytes | memoryview, int, bool], None] | None = None

    def __init__(self, package: Package, name: str) -> None:
        self._package = package
        self._name = name
        self._kept: list[bytes] | None = None
        self._keeps = package.member(name).size <= KEPT
        self.encoding: TextEncoding = UTF8

    def text(self) -> Iterator[bytes]:
        """The part in UTF-8; WorkbookRefused for an encoding that is not known."""
        pieces = self._pieces()
        first = next(pieces, b"")
        self.encoding = _encoding(first, self._package, self._name)
        try:
            yield from self.encoding.decoded(chain((first,), pieces))
        except UnicodeDecodeError as error:
            raise damaged_part(self._package, self._name, str(error)) from error

    def _pieces(self) -> Iterator[bytes]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[bytes] = []
        for piece in self._package.chunks(self._name):
            if self._keeps:
                kept.append(piece)
            yield piece
        if self._keeps:
            self._kept = kept


@dataclass(slots=True)
class SmallPart:
    """A part that is edited in memory; `data` is its UTF-8."""

    package: Package
    name: str
    data: bytes
    encoding: TextEncoding
    changed: bool = False

    @classmethod
    def read(cls, package: Package, name: str) -> SmallPart:
        """The part of this name, in any case."""
        name = package.spelling(name)
        source = PartSource(package, name)
        return cls(package, name, b"".join(source.text()), source.encoding)

    def edit(self, change: Callable[[bytes], bytes]) -> None:
        """Put what `change` makes of the bytes in their place; WorkbookDamaged for bad markup."""
        try:
            data = change(self.data)
        except MarkupError as error:
            raise damaged_part(self.package, self.name, str(error)) from error
        self.changed = self.changed or data != self.data
        self.data = data

    def encoded(self) -> bytes:
        """The bytes to write."""
        return b"".join(self.encoding.encoded((self.data,)))


def has_formulas(chunks: Iterable[bytes]) -> bool:
    """Whether a sheet's stream has a formula; reads no further than the first."""
    carried = b""
    for chunk in chunks:
        data = carried + chunk
        if _FORMULA.search(data):
            return True
        carried = data[-_LONGEST_TAG_START:]
    return False


def damaged_part(package: Package, name: str, why: str) -> WorkbookDamaged:
    """The error for a part whose markup cannot be understood."""
    return WorkbookDamaged(
        f"The part {name} of {package.path} is broken: {why}. "
        "Get a fresh copy, or let Excel repair the file.",
        path=str(package.path),
        part=name,
    )


def _encoding(start: bytes, package: Package, name: str) -> TextEncoding:
    try:
        return detect_encoding(start)
    except LookupError as error:
        raise WorkbookRefused(
            f"The part {name} of {package.path} is in an encoding that workbooks do not use "
            f"({error}); save it anew in Excel.",
            path=str(package.path),
            reason="unknown encoding",
        ) from error
