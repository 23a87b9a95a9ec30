"""What the caller wants changed, checked and sorted by sheet before a part is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from budgetinator.errors import (
    InvalidCellReference,
    InvalidCellValue,
    WorkbookRefused,
    WorksheetNotFound,
)
from budgetinator.workbooks.addresses import format_cell, parse_cell, split_address
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.patch.cells import CellContent, CellInput, cell_content
from budgetinator.workbooks.patch.workbookxml import WorkbookPart

__all__ = ["SheetChanges", "sort_changes"]


@dataclass(slots=True)
class SheetChanges:
    """The new contents of one sheet, by row and column."""

    entry: SheetEntry
    contents: dict[int, dict[int, CellContent]] = field(default_factory=dict)


def sort_changes(
    package: Package, workbook: WorkbookPart, changes: Mapping[str, CellInput]
) -> list[SheetChanges]:
    """The changes by sheet, in the order of first mention.

    Raises WorksheetNotFound, InvalidCellReference (also for a cell that is named
    twice), InvalidCellValue, or WorkbookRefused for a sheet that has no cells.
    """
    by_part: dict[str, SheetChanges] = {}
    for address, value in changes.items():
        name, reference = split_address(address)
        entry = _sheet(package, workbook, name)
        row, column = parse_cell(reference)
        sheet = by_part.setdefault(entry.part, SheetChanges(entry))
        cells = sheet.contents.setdefault(row, {})
        if column in cells:
            raise InvalidCellReference(
                f"{format_cell(row, column)} of the sheet {entry.name!r} is given twice, "
                f"once as {address!r}; give each cell one value.",
                path=str(package.path),
                sheet=entry.name,
                cell=address,
            )
        cells[column] = _content(package, entry, row, column, value, workbook)
    return list(by_part.values())


def _content(
    package: Package,
    entry: SheetEntry,
    row: int,
    column: int,
    value: CellInput,
    workbook: WorkbookPart,
) -> CellContent:
    try:
        return cell_content(value, since_1904=workbook.since_1904)
    except ValueError as error:
        cell = format_cell(row, column)
        raise InvalidCellValue(
            f"{cell} of the sheet {entry.name!r} cannot be set: {error}.",
            path=str(package.path),
            sheet=entry.name,
            cell=cell,
        ) from error


def _sheet(package: Package, workbook: WorkbookPart, name: str | None) -> SheetEntry:
    entry = _active(package, workbook) if name is None else _named(package, name)
    if entry.kind not in {"worksheet", "macrosheet"}:
        raise WorkbookRefused(
            f"The sheet {entry.name!r} is a {entry.kind} and has no cells; name a worksheet.",
            path=str(package.path),
            sheet=entry.name,
            reason=f"{entry.kind} without cells",
        )
    return entry


def _active(package: Package, workbook: WorkbookPart) -> SheetEntry:
    if not package.sheets:
        raise _not_found(package, "")
    index = workbook.active_index
    return package.sheets[index if index < len(package.sheets) else 0]


def _named(package: Package, name: str) -> SheetEntry:
    """The sheet of this name; in another case if only one sheet fits, as Excel compares them."""
    for entry in package.sheets:
        if entry.name == name:
            return entry
    alike = [entry for entry in package.sheets if entry.name.casefold() == name.casefold()]
    if len(alike) != 1:
        raise _not_found(package, name)
    return alike[0]


def _not_found(package: Package, name: str) -> WorksheetNotFound:
    available = tuple(entry.name for entry in package.sheets)
    listed = ", ".join(map(repr, available)) or "none"
    return WorksheetNotFound(
        f"{package.path} has no sheet {name!r}; it has {listed}.",
        path=str(package.path),
        sheet=name,
        available=available,
    )
