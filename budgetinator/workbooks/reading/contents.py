"""What a workbook file contains, told without opening it in openpyxl.

One pass over the sheets' bytes; the rest comes from the package's directory,
its content types and relationships. Memory stays the same for any size.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from budgetinator.config import OpeningBounds
from budgetinator.workbooks.opc.guard import part_key
from budgetinator.workbooks.opc.package import Package, SheetEntry, SheetKind
from budgetinator.workbooks.opc.partguard import tag_blocks, tag_names
from budgetinator.workbooks.opc.relationships import Attributes, read_elements

__all__ = ["Contents", "SheetContents", "describe", "describe_package"]

_DIMENSION = re.compile(rb"<(?:[\w.-]+:)?dimension\s[^<]*?ref\s*=\s*[\"']([^\"'<]*)")
_EMPTY_CELL = re.compile(rb"<(?:[\w.-]+:)?c(?:\s[^<>]*)?/>")
_PROTECTED = re.compile(rb"sheetProtection\s[^<>]*?\bsheet\s*=\s*[\"'](?:1|true|on)[\"']")
_TRUE = {"1", "true", "on"}
_LOCKS = ("lockStructure", "lockWindows", "lockRevision")
_STRICT = "http://purl.oclc.org/ooxml/"


@dataclass(frozen=True, slots=True)
class SheetContents:
    """One sheet; `cells` and `formulas` count what holds something, `size` is unpacked bytes.

    `dimension` is what the sheet declares, which can be wrong or None.
    """

    name: str
    state: str
    kind: SheetKind
    part: str
    size: int
    dimension: str | None
    rows: int
    cells: int
    formulas: int
    merged_ranges: int
    hyperlinks: int
    data_validations: int
    conditional_formats: int
    sparklines: int
    protected: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """A whole file; `size` is its bytes on disk, and counts are of parts or elements."""

    path: str
    size: int
    unpacked_size: int
    parts: int
    sheets: tuple[SheetContents, ...]
    template: bool
    strict: bool
    macros: bool
    macros_signed: bool
    signed: bool
    calc_chain: bool
    workbook_protected: bool
    defined_names: int
    charts: int
    images: int
    tables: int
    pivot_tables: int
    pivot_caches: int
    slicers: int
    timelines: int
    comments: int
    threaded_comments: int
    form_controls: int
    ole_objects: int
    external_links: int
    connections: int
    query_tables: int
    custom_xml: int

    @property
    def cells(self) -> int:
        """Cells that hold something, in all sheets."""
        return sum(sheet.cells for sheet in self.sheets)

    @property
    def formulas(self) -> int:
        """Cells with a formula, in all sheets."""
        return sum(sheet.formulas for sheet in self.sheets)

    @property
    def hyperlinks(self) -> int:
        """Hyperlinks in all sheets."""
        return sum(sheet.hyperlinks for sheet in self.sheets)

    @property
    def sparklines(self) -> int:
        """Sparklines in all sheets."""
        return sum(sheet.sparklines for sheet in self.sheets)

    @property
    def data_validations(self) -> int:
        """Data validations in all sheets."""
        return sum(sheet.data_validations for sheet in self.sheets)

    @property
    def conditional_formats(self) -> int:
        """Rules of conditional formats in all sheets."""
        return sum(sheet.conditional_formats for sheet in self.sheets)

    @property
    def protected_sheets(self) -> tuple[str, ...]:
        """The names of the sheets that are protected."""
        return tuple(sheet.name for sheet in self.sheets if sheet.protected)


def describe(path: str | os.PathLike[str], bounds: OpeningBounds | None = None) -> Contents:
    """What the file contains; raises as `Package.open` does."""
    with Package.open(path, bounds) as package:
        return describe_package(package)


def describe_package(package: Package) -> Contents:
    """What an open package contains; leaves it open."""
    types = {name: (package.content_type(name) or "").lower() for name in package.names}
    keys = [part_key(name) for name in package.names]
    workbook = _workbook_elements(package)
    return Contents(
        path=str(package.path),
        size=package.size,
        unpacked_size=sum(package.member(name).size for name in package.names),
        parts=len(package.names),
        sheets=tuple(_describe_sheet(package, entry) for entry in package.sheets),
        template="template" in package.workbook_type,
        strict=any(entry.type.startswith(_STRICT) for entry in package.relationships()),
        macros=_any_part(keys, r"vbaproject\.bin$"),
        macros_signed=_any_part(keys, r"vbaprojectsignature\w*\.bin$"),
        signed=_any_part(keys, r"^_xmlsignatures/.*\.xml$"),
        calc_chain=_typed(types, "calcchain+xml") > 0,
        workbook_protected=workbook["protected"] > 0,
        defined_names=workbook["definedName"],
        charts=_typed(types, "drawingml.chart+xml", "chartex+xml"),
        images=sum(media.startswith("image/") for media in types.values()),
        tables=_typed(types, "spreadsheetml.table+xml"),
        pivot_tables=_typed(types, "pivottable+xml"),
        pivot_caches=_typed(types, "pivotcachedefinition+xml"),
        slicers=_elements(package, _parts(types, "slicer+xml"), b"slicer"),
        timelines=_elements(package, _parts(types, "timeline+xml"), b"timeline"),
        comments=_elements(package, _parts(types, "spreadsheetml.comments+xml"), b"comment"),
        threaded_comments=_elements(
            package, _parts(types, "threadedcomments+xml"), b"threadedComment"
        ),
        form_controls=_typed(types, "controlproperties+xml", "activex+xml"),
        ole_objects=sum("/embeddings/" in key for key in keys),
        external_links=_typed(types, "externallink+xml"),
        connections=_elements(package, _parts(types, "connections+xml"), b"connection"),
        query_tables=_typed(types, "querytable+xml"),
        custom_xml=sum(bool(re.match(r"customxml/[^/]+\.xml$", key)) for key in keys)
        - _typed(types, "customxmlproperties+xml"),
    )


def _describe_sheet(package: Package, entry: SheetEntry) -> SheetContents:
    counts: Counter[bytes] = Counter()
    dimension: str | None = None
    empty_cells = 0
    protected = False
    for block in tag_blocks(package, entry.part):
        counts.update(tag_names(block))
        empty_cells += len(_EMPTY_CELL.findall(block))
        protected = protected or (b"sheetProtection" in block and bool(_PROTECTED.search(block)))
        found = _DIMENSION.search(block) if dimension is None else None
        dimension = found[1].decode("utf-8", "replace") if found else dimension
    return SheetContents(
        name=entry.name,
        state=entry.state,
        kind=entry.kind,
        part=entry.part,
        size=package.member(entry.part).size,
        dimension=dimension,
        rows=counts[b"row"],
        cells=counts[b"c"] - empty_cells,
        formulas=counts[b"f"],
        merged_ranges=counts[b"mergeCell"],
        hyperlinks=counts[b"hyperlink"],
        data_validations=counts[b"dataValidation"],
        conditional_formats=counts[b"cfRule"],
        sparklines=counts[b"sparkline"],
        protected=protected,
    )


def _workbook_elements(package: Package) -> Counter[str]:
    counts: Counter[str] = Counter()

    def note(name: str, attributes: Attributes) -> None:
        counts[name] += 1
        if name == "workbookProtection":
            counts["protected"] += any(attributes.get(lock) in _TRUE for lock in _LOCKS)

    read_elements(
        package.read(package.workbook_part), str(package.path), package.workbook_part, note
    )
    return counts


def _parts(types: dict[str, str], *endings: str) -> list[str]:
    return [name for name, media in types.items() if media.endswith(endings)]


def _typed(types: dict[str, str], *endings: str) -> int:
    return len(_parts(types, *endings))


def _any_part(keys: Iterable[str], pattern: str) -> bool:
    return any(re.search(pattern, key) for key in keys)


def _elements(package: Package, parts: Iterable[str], name: bytes) -> int:
    return sum(
        tag_names(block).count(name) for part in parts for block in tag_blocks(package, part)
    )
