"""One version of a workbook as rows of contents: a file, streamed, or a loaded workbook."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from budgetinator.config import OpeningBounds
from budgetinator.errors import WorkbookDamaged
from budgetinator.workbooks.addresses import Area, parse_range
from budgetinator.workbooks.manager import ExcelManager
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.patch.calculation import is_marked
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.formulas import FormulaCell, formula_cells
from budgetinator.workbooks.patch.parts import PartSource, damaged_part, has_formulas
from budgetinator.workbooks.reading.celltexts import CellTexts, Value
from budgetinator.workbooks.reading.exactcells import Content
from budgetinator.workbooks.reading.numberformats import Calendar
from budgetinator.workbooks.reading.sharedstrings import SharedStrings
from budgetinator.workbooks.reading.sheetrows import read_contents, read_rows
from budgetinator.workbooks.reading.xmltext import with_characters

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["CellsOfRow", "ContentRow", "OpenVersion", "Side", "TabName", "open_version"]

Side: TypeAlias = "str | os.PathLike[str] | ExcelManager"
"""A file, or an open workbook as it stands."""

CellsOfRow: TypeAlias = "list[Content | Value]"
"""The cells of a row from column A on; those without a formula may be bare values."""

ContentRow: TypeAlias = tuple[int, CellsOfRow]

_SHARED = re.compile(rb"[\"'](?:shared|array|dataTable)[\"']")
_LONGEST_WORD = 16


@dataclass(frozen=True, slots=True)
class TabName:
    """A sheet and what kind it is."""

    name: str
    kind: str


class OpenVersion(Protocol):
    """What a comparison asks of one side."""

    @property
    def name(self) -> str:
        """What it is called in reports."""

    @property
    def tabs(self) -> tuple[TabName, ...]:
        """Its sheets in the order of their tabs."""

    @property
    def has_results(self) -> bool:
        """Whether the results of its formulas are current."""

    def rows(self, sheet: str) -> Iterator[ContentRow]:
        """The rows of a worksheet that hold something, ascending; WorkbookDamaged if they do not.

        A formula has its equals sign. Results are those that the file has.
        """

    def areas(self, sheet: str) -> tuple[Area, ...]:
        """What the formulas of the sheet fill that stand in one cell and fill several."""

    def digest(self, sheet: str) -> object:
        """Equal only where two files have the same content in the sheet; None if not known."""


@contextmanager
def open_version(side: Side, bounds: OpeningBounds | None = None) -> Iterator[OpenVersion]:
    """One side, open for the block; raises what opening a workbook raises."""
    if isinstance(side, ExcelManager):
        if side.is_modified or not os.path.lexists(side.file_path):
            yield _LoadedVersion(side.file_path, side.workbook)
            return
        side = side.file_path
    with Package.open(side, bounds) as package:
        yield _FileVersion(os.fspath(side), package)


class _FileVersion:
    def __init__(self, name: str, package: Package) -> None:
        self.name = name
        self._package = package
        self._texts = CellTexts(Calendar.of(package), SharedStrings(package))
        self._entries = {entry.name: entry for entry in package.sheets}
        self.tabs = tuple(TabName(entry.name, entry.kind) for entry in package.sheets)
        self.has_results = not is_marked(package)

    def rows(self, sheet: str) -> Iterator[ContentRow]:
        last = 0
        for number, cells in self._rows(self._entries[sheet]):
            if number <= last:
                raise WorkbookDamaged(
                    f"The row {number} of the sheet {sheet!r} is out of place; let Excel repair "
                    "the file.",
                    path=self.name,
                    sheet=sheet,
                )
            last = number
            yield number, cells

    def _rows(self, entry: SheetEntry) -> Iterator[ContentRow]:
        """By the quick reader of values, unless formulas are written in ways that take parsing."""
        source = PartSource(self._package, entry.part)
        if not has_formulas(source.text()):
            rows: Iterator[Any] = read_rows(self._package, entry, self._texts)
        elif _is_plain(source.text()):
            values = read_rows(self._package, entry, self._texts)
            rows = _joined(values, groupby(formula_cells(source.text), key=attrgetter("row")))
        else:
            rows = read_contents(self._package, entry, self._texts)
        try:
            yield from rows
        except MarkupError as error:
            raise damaged_part(self._package, entry.part, str(error)) from error

    def areas(self, sheet: str) -> tuple[Area, ...]:
        part = self._entries[sheet].part
        source = PartSource(self._package, part)
        try:
            found = (cell.area for cell in formula_cells(source.text))
            return tuple(area for area in found if area is not None)
        except MarkupError as error:
            raise damaged_part(self._package, part, str(error)) from error

    def digest(self, sheet: str) -> object:
        package = self._package
        targets = {each.kind: each.target for each in package.relationships(package.workbook_part)}
        shared = (targets.get(kind, "") for kind in ("sharedStrings", "styles"))
        parts = [self._entries[sheet].part, *shared]
        members = [package.member(part) if package.has(part) else None for part in parts]
        marks = tuple((each.crc, each.size) if each else None for each in members)
        return self.has_results, package.since_1904, marks


def _is_plain(chunks: Iterable[bytes]) -> bool:
    """Whether every formula stands in its own cell, and gives that cell its result."""
    carried = b""
    for chunk in chunks:
        data = carried + chunk
        if _SHARED.search(data):
            return False
        carried = data[-_LONGEST_WORD:]
    return True


def _joined(
    values: Iterator[tuple[int, list[Value]]],
    formulas: Iterable[tuple[int, Iterable[FormulaCell]]],
) -> Iterator[tuple[int, CellsOfRow]]:
    """The rows of values with the formulas in their cells, those without results too."""
    ahead = iter(formulas)
    following = next(ahead, None)
    for number, row in values:
        while following is not None and following[0] < number:
            yield following[0], _with_formulas([], following[1])
            following = next(ahead, None)
        cells = cast("CellsOfRow", row)
        if following is not None and following[0] == number:
            cells = _with_formulas(cells, following[1])
            following = next(ahead, None)
        yield number, cells
    while following is not None:
        yield following[0], _with_formulas([], following[1])
        following = next(ahead, None)


def _with_formulas(row: CellsOfRow, formulas: Iterable[FormulaCell]) -> CellsOfRow:
    for cell in formulas:
        row.extend([None] * (cell.column - len(row)))
        value = cast("Value", row[cell.column - 1])
        row[cell.column - 1] = Content(value, f"={with_characters(cell.text)}")
    return row


class _LoadedVersion:
    """A workbook in memory: formulas without their results."""

    has_results = False

    def __init__(self, name: str, workbook: Workbook) -> None:
        self.name = name
        self._workbook = workbook
        sheets = {sheet.title for sheet in workbook.worksheets}
        self.tabs = tuple(
            TabName(title, "worksheet" if title in sheets else "chartsheet")
            for title in workbook.sheetnames
        )

    def rows(self, sheet: str) -> Iterator[ContentRow]:
        from budgetinator.workbooks.reading.values import iter_values

        worksheet: Any = self._workbook[sheet]
        for number, row in enumerate(iter_values(self._workbook, sheet), 1):
            if row:
                yield (
                    number,
                    [
                        self._content(worksheet, number, column, value)
                        for column, value in enumerate(row, 1)
                    ],
                )

    def _content(self, worksheet: Any, row: int, column: int, value: Value) -> Content:
        if not isinstance(value, str) or not value.startswith("="):
            return Content(value, None)
        cell = worksheet.cell(row, column)
        if cell.data_type != "f":
            return Content(value, None)
        is_array = not isinstance(cell.value, str)
        return Content(None, f"{{{value}}}" if is_array else value)

    def areas(self, sheet: str) -> tuple[Area, ...]:
        worksheet: Any = self._workbook[sheet]
        return tuple(parse_range(reference) for reference in worksheet.array_formulae.values())

    def digest(self, sheet: str) -> object:  # noqa: ARG002  nothing is known of a sheet in memory
        return None
