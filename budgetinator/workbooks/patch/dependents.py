"""Which formulas depend on given cells, directly or through others, over all sheets.

Careful rather than exact: a formula that may refer to anything, or that cannot be
understood, counts as dependent. Every formula is read once, and what it reads is kept as
cells and areas, so that time and memory grow with the formulas, about 0.3 KB each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from budgetinator.workbooks.addresses import Area
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.booknames import BookNames, Meaning
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.formulas import FormulaCell, formula_cells
from budgetinator.workbooks.patch.parts import PartSource, damaged_part
from budgetinator.workbooks.patch.references import References, formula_references

__all__ = ["FormulaGraph", "Places"]

Places = Mapping[str, Collection[tuple[int, int]]]
"""Cells by the part of their sheet, as row and column."""

_BAND = 8  # areas are found by bands of 256 rows
_MOST_BANDS = 64


class FormulaGraph:
    """The formulas of a workbook and what each reads; `functions` are all that they call.

    Raises WorkbookDamaged for a sheet whose markup is broken. It holds no part.
    """

    def __init__(self, package: Package) -> None:
        self.functions: set[str] = set()
        self.count = 0
        self._names = BookNames(package)
        self._places = {part: place for place, part in self._names.parts.items()}
        self._areas: list[tuple[int, Area]] = []  # of each formula, by its number
        self._unbounded: list[int] = []
        self._volatile: list[int] = []
        self._calls: dict[int, frozenset[str]] = {}
        self._spilling: list[int] = []
        self._hiding: list[int] = []
        self._readers = _Readers()
        for place, part in self._names.parts.items():
            source = PartSource(package, part)
            try:
                self._read_sheet(place, formula_cells(source.text))
            except MarkupError as error:
                raise damaged_part(package, part, str(error)) from error

    def dependents(
        self, changed: Places, *, volatile: bool = True
    ) -> dict[str, set[tuple[int, int]]]:
        """The cells whose results depend on these, those that other formulas fill included.

        With `volatile` those count too that give another result at another time. Called once.
        """
        found: dict[str, set[tuple[int, int]]] = defaultdict(set)
        waiting = [
            (self._places[part], row, column)
            for part, cells in changed.items()
            if part in self._places
            for row, column in cells
        ]
        fired: set[int] = set()
        numbers = self._unbounded + (self._volatile if volatile else [])
        while True:
            for number in numbers:
                if number not in fired:
                    fired.add(number)
                    waiting += self._fire(number, found)
            if not waiting:
                return found
            numbers = self._readers.of(*waiting.pop())

    def cells(self) -> dict[str, set[tuple[int, int]]]:
        """The cells of all formulas, those that they fill included, by the part of their sheet."""
        return self._all(range(self.count))

    def calling(self, functions: Collection[str]) -> dict[str, set[tuple[int, int]]]:
        """The cells of formulas that call one of these functions, themselves or by a name."""
        wanted = frozenset(functions)
        return self._all(number for number, calls in self._calls.items() if calls & wanted)

    def spilling(self) -> dict[str, set[tuple[int, int]]]:
        """The cells that formulas fill whose size depends on the values."""
        return self._all(self._spilling)

    def unbounded(self) -> dict[str, set[tuple[int, int]]]:
        """The cells of formulas that may read anything."""
        return self._all(self._unbounded)

    def hiding(self) -> dict[str, set[tuple[int, int]]]:
        """The cells of formulas that read other workbooks and may give a value for an error."""
        return self._all(self._hiding)

    def _all(self, numbers: Iterable[int]) -> dict[str, set[tuple[int, int]]]:
        found = defaultdict[str, set[tuple[int, int]]](set)
        for number in numbers:
            self._fire(number, found)
        return found

    def _fire(
        self, number: int, found: dict[str, set[tuple[int, int]]]
    ) -> Iterable[tuple[int, int, int]]:
        place, area = self._areas[number]
        cells = list(_cells(area))
        found[self._names.parts[place]].update(cells)
        return [(place, row, column) for row, column in cells]

    def _read_sheet(self, place: int, cells: Iterator[FormulaCell]) -> None:
        masters: dict[str, tuple[References, int, int]] = {}
        for cell in cells:
            rows = columns = 0
            if cell.index is not None and not cell.text and cell.index in masters:
                references, row, column = masters[cell.index]
                rows, columns = cell.row - row, cell.column - column
            elif cell.kind == "dataTable" or not cell.text:
                references = _ANYTHING
            else:
                references = formula_references(cell.text)
                if cell.index is not None:
                    masters[cell.index] = references, cell.row, cell.column
            area = cell.area or Area(cell.row, cell.column, cell.row, cell.column)
            meaning = self._names.meaning(references, place, cell.row, rows=rows, columns=columns)
            if cell.is_dynamic and area.cells > 1:
                self._spilling.append(self.count)
            self._add(place, area, meaning)

    def _add(self, place: int, area: Area, meaning: Meaning) -> None:
        number, self.count = self.count, self.count + 1
        self._areas.append((place, area))
        if meaning.unbounded:
            self._unbounded.append(number)
        elif meaning.volatile:
            self._volatile.append(number)
        if meaning.functions:
            self.functions |= meaning.functions
            self._calls[number] = meaning.functions
        if meaning.external and not _HIDING.isdisjoint(map(str.upper, meaning.functions)):
            self._hiding.append(number)
        for sheet, read in meaning.areas:
            self._readers.add(number, sheet, read)


_ANYTHING = References(unbounded=True)
_HIDING = frozenset(
    {"IFERROR", "IFNA", "_XLFN.IFNA", "ISERROR", "ISERR", "ISNA", "ERROR.TYPE", "AGGREGATE"}
)


class _Readers:
    """Who reads a cell; a reader is told once, and forgotten then."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int, int], list[int]] = {}
        self._areas: dict[tuple[int, Area], list[int]] = {}
        self._bands: dict[tuple[int, int], list[Area]] = {}
        self._wide: dict[int, list[Area]] = {}

    def add(self, reader: int, sheet: int, area: Area) -> None:
        if area.cells == 1:
            self._cells.setdefault((sheet, area.min_row, area.min_col), []).append(reader)
            return
        key = (sheet, area)
        if key in self._areas:
            self._areas[key].append(reader)
            return
        self._areas[key] = [reader]
        first, last = area.min_row >> _BAND, area.max_row >> _BAND
        if last - first >= _MOST_BANDS:
            self._wide.setdefault(sheet, []).append(area)
            return
        for band in range(first, last + 1):
            self._bands.setdefault((sheet, band), []).append(area)

    def of(self, sheet: int, row: int, column: int) -> list[int]:
        readers = self._cells.pop((sheet, row, column), [])
        for areas in (self._bands.get((sheet, row >> _BAND)), self._wide.get(sheet)):
            for area in [each for each in areas or () if each.contains(row, column)]:
                assert areas is not None
                areas.remove(area)
                readers += self._areas.pop((sheet, area), ())
        return readers


def _cells(area: Area) -> Iterable[tuple[int, int]]:
    for row in range(area.min_row, area.max_row + 1):
        for column in range(area.min_col, area.max_col + 1):
            yield row, column
