"""What the names in formulas stand for: sheets, defined names, tables.

ECMA-376 part 1, sections 18.2.5 (definedName) and 18.5.1.2 (table). Names compare
without case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import Area, parse_range
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.elements import Element, MarkupError, parse_elements
from budgetinator.workbooks.patch.parts import SmallPart, damaged_part
from budgetinator.workbooks.patch.references import References, SheetArea, formula_references
from budgetinator.workbooks.reading.xmltext import with_characters

__all__ = ["BookNames", "Meaning"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """The cells, each as its sheet's place among the tabs and an area, that are read.

    `unbounded`, `volatile`, `external` and `functions` are those of `References`.
    """

    areas: tuple[tuple[int, Area], ...] = ()
    unbounded: bool = False
    volatile: bool = False
    external: bool = False
    functions: frozenset[str] = frozenset()


_ANYTHING = Meaning(unbounded=True)


class BookNames:
    """The names of one workbook; raises WorkbookDamaged for markup that is broken."""

    def __init__(self, package: Package) -> None:
        self.parts = {
            place: entry.part
            for place, entry in enumerate(package.sheets)
            if entry.kind == "worksheet"  # what macro sheets hold is no result of a formula
        }
        self._sheets = {entry.name.casefold(): n for n, entry in enumerate(package.sheets)}
        self._tables = dict(_tables(package, self.parts.items()))
        self._texts = dict(_defined_names(package))
        self._known: dict[tuple[int | None, str], Meaning] = {}

    def meaning(
        self, references: References, sheet: int, row: int, *, rows: int = 0, columns: int = 0
    ) -> Meaning:
        """What a formula in this row of a sheet reads, moved so far from where its text stands."""
        areas: list[tuple[int, Area]] = []
        unbounded, volatile = references.unbounded, references.volatile
        external, functions = references.external, references.functions
        for reference in references.areas:
            moved = reference.moved(rows, columns)
            places = self._places(reference, sheet)
            if moved is None or places is None:
                unbounded = True
            else:
                areas += [(place, moved) for place in places]
        for table in references.tables:
            if (found := self._tables.get(table.table.casefold())) is None:
                unbounded = True
            else:
                areas.append((found.sheet, found.part(table.item, row)))
        for prefix, name in references.names:
            meant = self._name(prefix, name, sheet)
            areas += meant.areas
            unbounded |= meant.unbounded
            volatile |= meant.volatile
            external |= meant.external
            functions |= meant.functions
        return Meaning(tuple(areas), unbounded, volatile, external, functions)

    def _places(self, reference: SheetArea, sheet: int) -> Iterable[int] | None:
        if reference.first is None:
            return (sheet,)
        first = self._sheets.get(reference.first.casefold())
        last = self._sheets.get((reference.last or reference.first).casefold())
        if first is None or last is None:
            return None
        return range(min(first, last), max(first, last) + 1)

    def _name(self, prefix: str | None, name: str, sheet: int) -> Meaning:
        scope = sheet if prefix is None else self._sheets.get(prefix.casefold())
        for key in ((scope, name.casefold()), (None, name.casefold())):
            if key in self._texts:
                return self._defined(key)
        return _ANYTHING

    def _defined(self, key: tuple[int | None, str]) -> Meaning:
        if key not in self._known:
            self._known[key] = _ANYTHING  # for a name that leads to itself
            references = formula_references(self._texts[key])
            meant = self.meaning(references, -1 if key[0] is None else key[0], 0)
            if any(each.first is None or not all(each.fixed) for each in references.areas):
                # What it means depends on the cell in which it is used.
                meant = Meaning((), True, meant.volatile, meant.external, meant.functions)
            self._known[key] = meant
        return self._known[key]


def _defined_names(package: Package) -> Iterable[tuple[tuple[int | None, str], str]]:
    names = _parsed(package, package.workbook_part).find("definedNames")
    for element in names.find_all("definedName") if names else ():
        scope = element.attributes.get("localSheetId", "")
        place = int(scope) if scope.isascii() and scope.isdigit() else None
        yield (place, element.attributes.get("name", "").casefold()), element.text


@dataclass(frozen=True, slots=True)
class _Table:
    """A table: the place of its sheet, its area, and the names of its columns without case."""

    sheet: int
    area: Area
    columns: tuple[str, ...]

    def part(self, item: str, row: int) -> Area:
        """The cells meant by what stands in the brackets, or more of the table.

        The row is that of the formula, for `#This Row`; 0 where there is none.
        """
        specifiers = {found.casefold() for found in _SPECIFIER.findall(item)}
        names = [_unescaped(found) for found in _COLUMN.findall(_SPECIFIER.sub("", item))]
        if not names and item and not specifiers:
            names = [_unescaped(item)]
        places = [self.columns.index(name) for name in names if name in self.columns]
        first, last = self.area.min_col, self.area.max_col
        if places and len(places) == len(names):
            first, last = first + min(places), first + max(places)
        only_row = specifiers == {"this row"} and self.area.min_row <= row <= self.area.max_row
        top, bottom = (row, row) if only_row else (self.area.min_row, self.area.max_row)
        return Area(top, first, bottom, last)


# The parts of a structured reference (section 18.17.2.5); a quote escapes what follows it.
_SPECIFIER = re.compile(r"\[?#([A-Za-z ]+)\]?")
_COLUMN = re.compile(r"\[((?:[^\[\]']|'.)*)\]")


def _unescaped(name: str) -> str:
    return re.sub(r"'(.)", r"\1", name).strip().casefold()


def _tables(package: Package, parts: Iterable[tuple[int, str]]) -> Iterable[tuple[str, _Table]]:
    for place, part in parts:
        for relationship in package.relationships(part):
            if relationship.kind != "table" or not package.has(relationship.target):
                continue
            table = _parsed(package, relationship.target)
            attributes, columns = table.attributes, table.find("tableColumns")
            name = attributes.get("displayName") or attributes.get("name", "")
            try:
                area = parse_range(attributes.get("ref", ""))
            except InvalidCellReference:
                continue  # then whoever refers to it may refer to anything
            names = tuple(
                with_characters(column.attributes.get("name", "")).strip().casefold()
                for column in (columns.find_all("tableColumn") if columns else ())
            )
            yield name.casefold(), _Table(place, area, names)


def _parsed(package: Package, name: str) -> Element:
    part = SmallPart.read(package, name)
    try:
        return parse_elements(part.data)
    except MarkupError as error:
        raise damaged_part(package, part.name, str(error)) from error
