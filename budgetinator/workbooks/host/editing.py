"""Cells of the workbook in its process: what they hold, set so that it can be undone.

As long as nothing has loaded openpyxl's workbook, what a cell holds is read from the
file's own rows, and a cell that is set back to that is a change no longer. So undoing gives
back what a value alone does not tell: rich text, an array formula, the format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from budgetinator.workbooks.addresses import format_cell, parse_cell, quote_sheet, split_address
from budgetinator.workbooks.host.cellreading import read_cells
from budgetinator.workbooks.host.standing import Edits
from budgetinator.workbooks.manager import ExcelManager
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.patch.cells import Formula
from budgetinator.workbooks.patch.changes import sort_changes
from budgetinator.workbooks.patch.parts import SmallPart
from budgetinator.workbooks.patch.patching import losses_of_cells
from budgetinator.workbooks.patch.refusals import Site
from budgetinator.workbooks.patch.workbookxml import WorkbookPart
from budgetinator.workbooks.worksheets import normalised_changes

if TYPE_CHECKING:
    from openpyxl import Workbook

    from budgetinator.workbooks.opened import OpenWorkbook
    from budgetinator.workbooks.patch.cells import CellInput

__all__ = ["Editing"]


class _Place(NamedTuple):
    """Where a cell is; `address` is spelled as the manager spells cells that were set."""

    entry: SheetEntry
    row: int
    column: int
    address: str


class Editing:
    """Reads and sets cells of one manager's workbook, in its thread."""

    def __init__(self, manager: ExcelManager) -> None:
        self._manager = manager
        self._of_file: dict[str, CellInput] = {}
        self._edits = Edits()

    def take_edits(self) -> Edits:
        """What was set and taken back since the last call."""
        edits, self._edits = self._edits, Edits()
        return edits

    def forget(self) -> None:
        """The workbook is as its file."""
        self._of_file.clear()
        self._edits.clear()

    def contents(self, addresses: Iterable[str], opened: OpenWorkbook) -> dict[str, CellInput]:
        """What each of these cells holds; a formula as Formula.

        Raises WorksheetNotFound, InvalidCellReference, and what reading the sheet does.
        """
        if opened.workbook is not None:
            return {each: _held(opened.workbook, each, self._path) for each in addresses}
        with self._package(opened) as package:
            places = _places(package, addresses)
            of_file = self._read(package, places, opened)
        return {given: self._now(place, of_file, opened) for given, place in places.items()}

    def set_cells(
        self, changes: Mapping[str, CellInput], opened: OpenWorkbook
    ) -> tuple[dict[str, CellInput], list[str]]:
        """Set cells, all or none; what they held, and their addresses in one spelling.

        Raises what `ExcelManager.set_cells` does, and what otherwise the save would
        raise for these cells.
        """
        if opened.workbook is not None:
            return self._set_in_workbook(changes, opened.workbook)
        with self._package(opened) as package:
            places = _places(package, changes)
            if len({place.address for place in places.values()}) < len(places):
                normalised_changes(package, changes, self._path)  # raises: one is named twice
            of_file = self._read(package, places, opened)
            old = {given: self._now(place, of_file, opened) for given, place in places.items()}
            back = {
                place.address
                for given, place in places.items()
                if _same(changes[given], of_file[place.address])
            }
            new = {g: value for g, value in changes.items() if places[g].address not in back}
            _refuse_arrays(package, new, places)
            losses_of_cells(package, new)
        if new:
            self._manager.set_cells(new)
        if not back.isdisjoint(opened.pending):
            opened.pending = {a: v for a, v in opened.pending.items() if a not in back}
            opened.pending_written = opened.pending_written and not opened.pending
        self._note(places, new, back, of_file)
        return old, [place.address for place in places.values()]

    def _note(
        self,
        places: Mapping[str, _Place],
        new: Mapping[str, CellInput],
        back: set[str],
        of_file: Mapping[str, CellInput],
    ) -> None:
        added = {places[given].address: value for given, value in new.items()}
        for address in added:
            self._of_file[address] = of_file[address]
        for address in back:
            self._of_file.pop(address, None)
        self._edits.note_set(added)
        self._edits.note_taken_back(back)

    def _set_in_workbook(
        self, changes: Mapping[str, CellInput], workbook: Workbook
    ) -> tuple[dict[str, CellInput], list[str]]:
        old = {given: _held(workbook, given, self._path) for given in changes}
        self._manager.set_cells(changes)
        added = {_address(workbook, given, self._path): value for given, value in changes.items()}
        self._edits.note_set(added)
        return old, list(added)

    @property
    def _path(self) -> str:
        return self._manager.file_path

    def _package(self, opened: OpenWorkbook) -> Package:
        bounds = self._manager.custody.surroundings.settings.opening
        return Package.open(self._path, bounds, known=opened.layout)

    def _read(
        self, package: Package, places: Mapping[str, _Place], opened: OpenWorkbook
    ) -> dict[str, CellInput]:
        """What the file holds of the cells; those that were set before are known."""
        found: dict[str, CellInput] = {}
        unknown: dict[SheetEntry, list[_Place]] = {}
        for place in places.values():
            if place.address in opened.pending and place.address in self._of_file:
                found[place.address] = self._of_file[place.address]
            else:
                unknown.setdefault(place.entry, []).append(place)
        for entry, of_sheet in unknown.items():
            wanted: dict[int, set[int]] = {}
            for place in of_sheet:
                wanted.setdefault(place.row, set()).add(place.column)
            cells = read_cells(package, entry, wanted)
            for place in of_sheet:
                found[place.address] = _input(cells.get((place.row, place.column)))
        return found

    def _now(
        self, place: _Place, of_file: Mapping[str, CellInput], opened: OpenWorkbook
    ) -> CellInput:
        if place.address in opened.pending:
            return _spelled(opened.pending[place.address])
        return of_file[place.address]


def _places(package: Package, addresses: Iterable[str]) -> dict[str, _Place]:
    book = WorkbookPart.parse(SmallPart.read(package, package.workbook_part).data)
    places: dict[str, _Place] = {}
    for address in addresses:
        (sheet,) = sort_changes(package, book, {address: None})
        ((row, columns),) = sheet.contents.items()
        (column,) = columns
        spelled = f"{quote_sheet(sheet.entry.name)}!{format_cell(row, column)}"
        places[address] = _Place(sheet.entry, row, column, spelled)
    return places


def _input(content: Any) -> CellInput:
    """What is set to have this content: a formula, or the value."""
    if content is None:
        return None
    value = Formula(content.formula) if content.formula is not None else content.value
    return cast("CellInput", value)


def _spelled(value: CellInput) -> CellInput:
    """A formula with its equals sign, as a file's are shown."""
    if isinstance(value, Formula) and not value.text.startswith(("=", "{")):
        return Formula(f"={value.text}")
    return value


def _same(one: CellInput, other: CellInput) -> bool:
    """Whether both are the same content; True is not 1, and an error is not its text."""
    one, other = _spelled(one), _spelled(other)
    return type(one) is type(other) and one == other


def _refuse_arrays(
    package: Package, changes: Mapping[str, CellInput], places: Mapping[str, _Place]
) -> None:
    """An array formula is shown in braces, and set in another way than a formula is."""
    for given, value in changes.items():
        if isinstance(value, Formula) and value.text.startswith("{"):
            place = places[given]
            site = Site(str(package.path), place.entry.name, place.entry.part)
            raise site.invalid(
                place.row, place.column, "array formulas and data tables are made in Excel"
            )


# In a loaded workbook


def _cell(workbook: Workbook, address: str, path: str) -> tuple[Any, int, int]:
    from budgetinator.workbooks.worksheets import find_title, worksheet_not_found

    name, reference = split_address(address)
    row, column = parse_cell(reference)
    title = cast(Any, workbook.active).title if name is None else name
    found = find_title((sheet.title for sheet in workbook.worksheets), title)
    if found is None:
        raise worksheet_not_found(path, title, workbook.sheetnames)
    return workbook[found], row, column


def _address(workbook: Workbook, address: str, path: str) -> str:
    sheet, row, column = _cell(workbook, address, path)
    return f"{quote_sheet(sheet.title)}!{format_cell(row, column)}"


def _held(workbook: Workbook, address: str, path: str) -> CellInput:
    from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

    from budgetinator.workbooks.reading.values import CellError

    sheet, row, column = _cell(workbook, address, path)
    _ = sheet.sheet_properties  # reads it, if nobody has
    cell = vars(sheet)["_cells"].get((row, column))  # asking openpyxl for one would make it
    value = cell.value if cell is not None else None
    if isinstance(value, ArrayFormula):
        return Formula("{" + (value.text or "") + "}")
    if isinstance(value, DataTableFormula):
        return Formula("{=TABLE()}")
    if cell is not None and cell.data_type == "f":
        return Formula(str(value))
    if cell is not None and cell.data_type == "e" and isinstance(value, str):
        return CellError(value)
    return str(value) if isinstance(value, str) else cast("CellInput", value)
