"""A workbook file as what it is: a zip of parts that point at each other.

Opened once, read by offset through one descriptor, checked by `guard` on the
way in. Nothing is extracted and no part is parsed before it is asked for, so
that a large file costs its directory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, cast

from budgetinator.config import OpeningBounds
from budgetinator.errors import WorkbookClosed, WorkbookDamaged
from budgetinator.workbooks.opc import guard
from budgetinator.workbooks.opc.memberstream import MemberStream, raw_chunks
from budgetinator.workbooks.opc.relationships import (
    Attributes,
    ContentTypes,
    Relationship,
    parse_content_types,
    parse_relationships,
    read_elements,
    relationships_name,
)
from budgetinator.workbooks.opc.zipdirectory import Member, MemoryFile, read_members

__all__ = ["Layout", "Member", "Package", "Relationship", "SheetEntry", "SheetKind"]

SheetKind = Literal["worksheet", "chartsheet", "dialogsheet", "macrosheet"]

CONTENT_TYPES = "[Content_Types].xml"

_SHEET_KINDS: dict[str, SheetKind] = {
    "worksheet": "worksheet",
    "chartsheet": "chartsheet",
    "dialogsheet": "dialogsheet",
    "xlMacrosheet": "macrosheet",
    "xlIntlMacrosheet": "macrosheet",
}
_MAIN_TYPES = ("main+xml", "macroenabled.main")
_RELATIONSHIP_IDS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """One sheet as the workbook part declares it, in the order of its tabs."""

    name: str
    state: str
    part: str
    kind: SheetKind
    sheet_id: str
    relationship_id: str


@dataclass(frozen=True, slots=True)
class _Declared:
    """What the workbook part says: its sheets, and its properties."""

    sheets: list[Attributes] = field(default_factory=list)
    properties: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """What was found out about a file, for opening the same file again."""

    identity: tuple[int, ...]
    members: tuple[Member, ...]
    by_key: dict[str, Member]
    safe: set[str]
    relationships: dict[str, tuple[Relationship, ...]]
    known: dict[str, object]


class Package:
    """The parts of one workbook file; owns a descriptor until it is closed.

    Part names compare without case (ECMA-376 part 2, 6.2.2.3) and take either
    slash; answers are in the file's own spelling. Any thread may read. `names` are
    the parts in the order of the zip's directory; folders' entries are no parts.
    """

    def __init__(
        self,
        path: Path,
        source: guard.SourceFile,
        bounds: OpeningBounds,
        known: Layout | None = None,
    ) -> None:
        self.path = path
        self.bounds = bounds
        self._source = source
        if known is not None and known.identity == _identity(source.status()):
            self._members, self._by_key, self._safe = known.members, known.by_key, known.safe
            self._relationships = known.relationships
            vars(self).update(known.known)
        else:
            self._members = read_members(source, bounds.max_members)
            self._by_key = guard.check_members(self._members, source.path, bounds)
            self._safe = set[str]()
            self._relationships = dict[str, tuple[Relationship, ...]]()
        self.names = tuple(member.name for member in self._members if not member.is_folder)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        bounds: OpeningBounds | None = None,
        *,
        known: Layout | None = None,
    ) -> Package:
        """The package at the path; a symbolic link leads to the file behind it.

        With the layout of the same file and bounds, its directory is not read again.
        Raises WorkbookNotFound, WorkbookUnreadable, NotAWorkbook, WorkbookEncrypted,
        WorkbookDamaged or WorkbookRefused; never blocks, and never leaves it open then.
        """
        bounds = bounds or OpeningBounds()
        source = guard.open_workbook_file(path, bounds)
        try:
            package = cls(Path(path), source, bounds, known)
            package._check_is_workbook()
        except BaseException:
            source.close()
            raise
        return package

    @classmethod
    def of_bytes(
        cls, data: bytes, path: Path, status: os.stat_result, bounds: OpeningBounds
    ) -> Package:
        """The package that the bytes are, named for the file that they are a copy of.

        They are held until it is closed. Raises what `open` does for its contents.
        """
        package = cls(path, MemoryFile(data, str(path), status), bounds)
        package._check_is_workbook()
        return package

    def layout(self) -> Layout:
        """What is known of the file so far; the file may be closed."""
        known = {name: value for name, value in vars(self).items() if name in _CACHED}
        identity = _identity(self.status())
        return Layout(identity, self._members, self._by_key, self._safe, self._relationships, known)

    def copied(self) -> Package:
        """A copy of this package in memory, which nothing that happens to the file can change."""
        data = self._source.read_at(0, self._source.size)
        return Package.of_bytes(data, self.path, self.status(), self.bounds)

    def __enter__(self) -> Package:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptor back; closing again does nothing."""
        self._source.close()

    @property
    def closed(self) -> bool:
        """Whether the package was closed."""
        return self._source.closed

    @property
    def size(self) -> int:
        """The file's size in bytes when it was opened."""
        return self._source.size

    def status(self) -> os.stat_result:
        """The fstat of the file that is really open, whatever its path now leads to."""
        self._check_open()
        return self._source.status()

    def has(self, name: str) -> bool:
        """Whether there is a part of this name, in any case."""
        return guard.part_key(name) in self._by_key

    def spelling(self, name: str) -> str:
        """The name as the file spells it; WorkbookDamaged where there is no such part."""
        return self.member(name).name

    def member(self, name: str) -> Member:
        """Where the part stands in the file, and how; WorkbookDamaged where there is none."""
        found = self._by_key.get(guard.part_key(name))
        if found is None:
            raise WorkbookDamaged(
                f"{self.path} has no part {name}, which it needs; get a fresh copy, "
                "or let Excel repair the file.",
                path=str(self.path),
                part=name,
            )
        return found

    def stream(self, name: str) -> BinaryIO:
        """The decompressed part, to be closed by the caller and before the package.

        Raises WorkbookDamaged while reading where size or CRC do not hold, and
        WorkbookRefused at once for XML that `guard` does not let in.
        """
        self._check_open()
        member = self.member(name)
        self._check_markup(member)
        return cast(BinaryIO, MemberStream(self._source, member))

    def read(self, name: str) -> bytes:
        """The whole decompressed part; raises as `stream` does."""
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """The decompressed part in pieces of up to 64 KB; raises as `stream` does."""
        with self.stream(name) as stream:
            yield from cast(MemberStream, stream).chunks()

    def raw(self, name: str) -> Iterator[bytes]:
        """The part's bytes as they stand in the file, compressed by `member(name).method`."""
        self._check_open()
        return raw_chunks(self._source, self.member(name))

    def raw_at(self, name: str, offset: int, length: int) -> bytes:
        """So many of the bytes of `raw`, from there; WorkbookDamaged where there are fewer."""
        self._check_open()
        member = self.member(name)
        if offset < 0 or offset + length > member.compressed_size:
            raise WorkbookDamaged(
                f"The part {name} of {self.path} ends before what is sought in it; "
                "get a fresh copy.",
                path=str(self.path),
                part=name,
            )
        return self._source.read_at(member.data_offset + offset, length)

    def copy_raw(self, name: str, offset: int, length: int, descriptor: int, at: int) -> int:
        """Copy such bytes into another file within the system; how many of them it has copied.

        That may be none, where the system or its disks do not do this.
        """
        self._check_open()
        return self._source.copy_to(descriptor, at, self.member(name).data_offset + offset, length)

    @cached_property
    def content_types(self) -> ContentTypes:
        """What `[Content_Types].xml` says."""
        return parse_content_types(self.read(CONTENT_TYPES), str(self.path), CONTENT_TYPES)

    def content_type(self, name: str) -> str | None:
        """The media type of a part, or None where none is declared."""
        return self.content_types.of(name.replace("\\", "/").lstrip("/"))

    def is_markup(self, name: str) -> bool:
        """Whether the part is XML, by its name or else by its declared type."""
        return guard.is_markup(name, None) or guard.is_markup(name, self.content_type(name))

    def relationships(self, part: str = "") -> tuple[Relationship, ...]:
        """Where a part leads, in the file's order; the package itself for ""."""
        if part not in self._relationships:
            name = relationships_name(part)
            self._relationships[part] = (
                parse_relationships(self.read(name), str(self.path), name, part)
                if self.has(name)
                else ()
            )
        return self._relationships[part]

    @cached_property
    def workbook_part(self) -> str:
        """The part that declares the sheets, by relationship or else by content type."""
        for relationship in self.relationships():
            if relationship.kind == "officeDocument" and self.has(relationship.target):
                return self.spelling(relationship.target)
        for name in self.names:
            if (self.content_type(name) or "").lower().endswith(_MAIN_TYPES):
                return name
        raise guard.no_workbook_part(self.path, self.names)

    @cached_property
    def workbook_type(self) -> str:
        """The media type of the workbook part, in lower case; says template and macros."""
        return (self.content_type(self.workbook_part) or "").lower()

    @cached_property
    def sheets(self) -> tuple[SheetEntry, ...]:
        """The declared sheets; WorkbookDamaged where one leads to no part."""
        relationships = {entry.id: entry for entry in self.relationships(self.workbook_part)}
        return tuple(self._sheet(sheet, relationships) for sheet in self._declared.sheets)

    @property
    def since_1904(self) -> bool:
        """Whether its dates count from 1904 (ECMA-376 part 1, section 18.2.28)."""
        return self._declared.properties.get("date1904", "").strip().lower() in ("1", "true", "on")

    @cached_property
    def _declared(self) -> _Declared:
        declared = _Declared()

        def note(name: str, attributes: Attributes) -> None:
            # Files of Excel 2007 list Visual Basic modules as sheets that lead nowhere.
            if name == "sheet" and _relationship_id(attributes) != "":
                guard.check_sheet_count(len(declared.sheets) + 1, str(self.path), self.bounds)
                declared.sheets.append(attributes)
            elif name == "workbookPr":
                declared.properties.update(attributes)

        read_elements(self.read(self.workbook_part), str(self.path), self.workbook_part, note)
        return declared

    def _sheet(self, attributes: Attributes, known: dict[str, Relationship]) -> SheetEntry:
        name = attributes.get("name", "")
        relationship_id = _relationship_id(attributes)
        relationship = known.get(relationship_id or "")
        kind = _SHEET_KINDS.get(relationship.kind) if relationship else None
        if relationship is None or kind is None or not self.has(relationship.target):
            missing = relationship.target if relationship else relationship_id or ""
            raise WorkbookDamaged(
                f"The sheet {name!r} of {self.path} is declared, but its part "
                f"({missing or 'not named'}) is missing; let Excel repair the file.",
                path=str(self.path),
                sheet=name,
                part=missing,
            )
        return SheetEntry(
            name=name,
            state=attributes.get("state", "visible"),
            part=self.spelling(relationship.target),
            kind=kind,
            sheet_id=attributes.get("sheetId", ""),
            relationship_id=relationship.id,
        )

    def _check_is_workbook(self) -> None:
        if not self.has(CONTENT_TYPES):
            raise guard.no_workbook_part(self.path, self.names)
        guard.check_workbook_type(str(self.path), self.workbook_type)

    def _check_markup(self, member: Member) -> None:
        if member.name in self._safe or not self.is_markup(member.name):
            return
        with MemberStream(self._source, member) as stream:
            guard.check_prolog(stream, str(self.path), member.name)
        self._safe.add(member.name)

    def _check_open(self) -> None:
        if self._source.closed:
            raise WorkbookClosed(
                f"{self.path} was closed; open it again to read from it.", path=str(self.path)
            )


_CACHED = frozenset(
    name for name, value in vars(Package).items() if isinstance(value, cached_property)
)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _relationship_id(attributes: Attributes) -> str | None:
    return next((attributes[key] for key in _RELATIONSHIP_IDS if key in attributes), None)
