"""What a save through openpyxl would lose of a given file, named before it happens.

openpyxl reads what it knows and writes the whole file anew. Rather than list what it
does not know, the file itself is put to the test: without its cells, which are what
takes the time, it is loaded and saved by openpyxl in memory, and both are compared
as trees (`tree`). Whatever is gone or different and is not known to be harmless
(`rules`) is a loss. The cells are scanned apart (`cells`).

Harmless, and therefore not named: how things are numbered, ordered and spelt; cached
results, since a save asks for a full calculation; that a row which Excel had fitted
to its text keeps that height from then on; and formats of cells under a merge, other
than their outer borders, which nobody sees.
"""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from budgetinator.workbooks.losses.cells import CellScan, sheet_pieces, string_losses
from budgetinator.workbooks.losses.covered import covered_losses, watched_cells
from budgetinator.workbooks.losses.dates import date_check
from budgetinator.workbooks.losses.diff import missing
from budgetinator.workbooks.losses.kinds import kind_of
from budgetinator.workbooks.losses.tree import TreeReader
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.opc.relationships import (
    Relationship,
    parse_content_types,
    parse_relationships,
    relationships_name,
)

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["Loss", "losses_through_openpyxl"]

_CONTENT_TYPES = "[Content_Types].xml"
_NO_STRINGS = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
_DETAILS = 4
# What openpyxl raises on what it does not understand; it has no error of its own for that.
_OPENPYXL_FAILS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that would be gone or changed; `sheet` is None where it belongs to all.

    `kind` is a word for programs, as "chart" or "printer_settings"; `part` the part of
    the package that holds it; `what` a phrase for people.
    """

    kind: str
    part: str
    sheet: str | None
    what: str

    def __str__(self) -> str:
        where = f" (sheet {self.sheet})" if self.sheet else ""
        return f"{self.kind.replace('_', ' ')}{where}: {self.what}"


def losses_through_openpyxl(source: str | os.PathLike[str] | Package) -> tuple[Loss, ...]:
    """Everything that loading the file with openpyxl and saving it would not keep.

    The load is meant with `keep_vba` where the file has macros and without
    `rich_text`. Costs about what openpyxl takes for the file without its cells, and
    two passes over the cells' bytes. Raises what `Package.open` raises; a file that
    openpyxl cannot load has one loss of the kind "unreadable".
    """
    if isinstance(source, Package):
        return _losses(source)
    with Package.open(source) as package:
        return _losses(package)


def _losses(package: Package) -> tuple[Loss, ...]:
    skeleton = _skeleton(package)
    try:
        workbook, rewritten = _rewritten(skeleton, keep_vba=_has_macros(package))
        found = list(_of_tree(package, rewritten))
    except _OPENPYXL_FAILS as error:
        what = f"openpyxl cannot read it ({type(error).__name__}: {error})"
        return (Loss("unreadable", package.workbook_part, None, what),)
    found += _of_strings(package)
    for entry in package.sheets:
        if entry.kind == "worksheet" and entry.name in workbook.sheetnames:
            found += _of_cells(package, entry, workbook)
    return tuple(dict.fromkeys(found))


# The file without its cells, as it is and as openpyxl writes it.


def _has_macros(package: Package) -> bool:
    return any(name.lower().endswith("vbaproject.bin") for name in package.names)


def _rewritten(skeleton: io.BytesIO, *, keep_vba: bool) -> tuple[Workbook, _Archive]:
    import openpyxl

    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # each is about a loss, and all are found here
        workbook = openpyxl.load_workbook(skeleton, keep_vba=keep_vba)
        workbook.save(written)
    return workbook, _Archive(written)


def _skeleton(package: Package) -> io.BytesIO:
    made, stripped = io.BytesIO(), _Stripped(package)
    with zipfile.ZipFile(made, "w") as archive:
        for name in filter(package.has, package.names):
            archive.writestr(name, stripped.read(name))
    made.seek(0)
    return made


class _Stripped:
    """A package whose sheets have no cells and whose table of strings is empty."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._sheets = {sheet.part for sheet in package.sheets if sheet.kind == "worksheet"}
        self.names = tuple(filter(package.has, package.names))
        self.has = package.has
        self.content_type = package.content_type
        self.relationships = package.relationships

    def read(self, name: str) -> bytes:
        if name.lower() in map(str.lower, self._sheets):
            with self._package.stream(name) as stream:
                return b"".join(piece for cells, piece in sheet_pieces(stream) if not cells)
        if (self.content_type(name) or "").endswith("sharedStrings+xml"):
            return _NO_STRINGS
        return self._package.read(name)


class _Archive:
    """A package in memory, as openpyxl wrote it."""

    def __init__(self, written: io.BytesIO) -> None:
        with zipfile.ZipFile(written) as archive:
            self._parts = {name.lower(): archive.read(name) for name in archive.namelist()}
            self.names = tuple(archive.namelist())
        self._types = parse_content_types(self.read(_CONTENT_TYPES), "", _CONTENT_TYPES)

    def has(self, name: str) -> bool:
        return name.lower() in self._parts

    def read(self, name: str) -> bytes:
        return self._parts[name.lower()]

    def content_type(self, name: str) -> str | None:
        return self._types.of(name)

    def relationships(self, part: str = "") -> tuple[Relationship, ...]:
        name = relationships_name(part)
        return parse_relationships(self.read(name), "", name, part) if self.has(name) else ()


# The comparison.


def _of_tree(package: Package, rewritten: _Archive) -> Iterator[Loss]:
    reader = TreeReader(_Stripped(package))
    old = reader.package()
    new = TreeReader(rewritten).package()
    grouped: dict[tuple[str, str, str | None], list[str]] = {}
    for gone in missing(old, new):
        kind = kind_of(gone.path, gone.node)
        grouped.setdefault((kind, gone.part, gone.sheet), []).append(gone.phrase)
    for (kind, part, sheet), phrases in grouped.items():
        different = list(dict.fromkeys(phrases))
        more = f" and {len(different) - _DETAILS} more" if len(different) > _DETAILS else ""
        yield Loss(kind, part, sheet, "; ".join(different[:_DETAILS]) + more)
    yield from _of_unmet(package, reader.met)
    yield from _of_type(package, rewritten)


def _of_unmet(package: Package, met: set[str]) -> Iterator[Loss]:
    for name in filter(package.has, package.names):
        if name.lower() not in met and name != _CONTENT_TYPES and not name.endswith(".rels"):
            yield Loss("part", name, None, f"{name} is dropped, as nothing refers to it")


def _of_type(package: Package, rewritten: _Archive) -> Iterator[Loss]:
    part = package.workbook_part
    kinds = {
        (rewritten.content_type(entry.target) or "").lower()
        for entry in rewritten.relationships()
        if entry.kind == "officeDocument"
    }
    if package.workbook_type not in kinds:
        what = "a workbook for macros that has none becomes one without, under a name for macros"
        yield Loss("file_type", part, None, what)


def _of_strings(package: Package) -> Iterator[Loss]:
    for name in filter(package.has, package.names):
        if (package.content_type(name) or "").endswith("sharedStrings+xml"):
            with package.stream(name) as stream:
                for kind, what in string_losses(stream).items():
                    yield Loss(kind, name, None, what)


def _of_cells(package: Package, entry: SheetEntry, workbook: Workbook) -> Iterator[Loss]:
    sheet = workbook[entry.name]
    scan = CellScan(
        date_styles=vars(workbook)["_date_formats"],
        survives=date_check(workbook),
        watched=watched_cells(sheet),
    )
    seen = False
    with package.stream(entry.part) as stream:
        for cells, piece in sheet_pieces(stream):
            if cells:
                scan.feed(piece)
            seen = seen or b"sheetData" in piece
    if not seen:
        yield Loss("cells", entry.part, entry.name, "its cells cannot be looked through")
    for kind, what in scan.found.items():
        yield Loss(kind, entry.part, entry.name, what)
    for kind, what in covered_losses(workbook, sheet, scan.placed):
        yield Loss(kind, entry.part, entry.name, what)
