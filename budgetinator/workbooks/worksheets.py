"""Sheets by name, and cells set in an openpyxl workbook as `patch_cells` sets them in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from budgetinator.errors import (
    InvalidCellReference,
    InvalidCellValue,
    WorkbookRefused,
    WorksheetNotFound,
)
from budgetinator.workbooks.addresses import (
    Area,
    format_cell,
    parse_cell,
    parse_range,
    quote_sheet,
    split_address,
)

if TYPE_CHECKING:
    from openpyxl import Workbook

    from budgetinator.workbooks.opc.package import Package
    from budgetinator.workbooks.patch import CellInput

__all__ = [
    "check_new_title",
    "find_title",
    "normalised_changes",
    "put_into_workbook",
    "worksheet_not_found",
]


def find_title(titles: Iterable[str], name: str) -> str | None:
    """The sheet of this name; in another case if only one fits, as Excel compares them."""
    titles = list(titles)
    if name in titles:
        return name
    alike = [title for title in titles if title.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None


def worksheet_not_found(path: str, name: str, titles: Iterable[str]) -> WorksheetNotFound:
    """The error for a sheet that there is not."""
    available = tuple(titles)
    listed = ", ".join(map(repr, available)) or "none"
    return WorksheetNotFound(
        f"{path} has no sheet {name!r}; it has {listed}.",
        path=path,
        sheet=name,
        available=available,
    )


def check_new_title(titles: Iterable[str], title: str, path: str) -> None:
    """Raise InvalidCellValue for what cannot be the name of one more sheet."""
    from budgetinator.workbooks.changes.writable import check_title

    try:
        check_title(title)
        if title.casefold() in {known.casefold() for known in titles}:
            raise ValueError("there is a sheet of this name")
    except ValueError as error:
        raise InvalidCellValue(
            f"{title!r} cannot be the name of a new sheet of {path}, because {error}.",
            path=path,
            sheet=title,
        ) from None


def normalised_changes(
    package: Package, changes: Mapping[str, CellInput], path: str
) -> dict[str, CellInput]:
    """The changes under one spelling for each cell, checked as far as that needs no sheet.

    Raises WorksheetNotFound, InvalidCellReference (also for a cell named twice),
    InvalidCellValue and WorkbookRefused.
    """
    from budgetinator.workbooks.patch.changes import sort_changes
    from budgetinator.workbooks.patch.parts import SmallPart
    from budgetinator.workbooks.patch.workbookxml import WorkbookPart

    book = WorkbookPart.parse(SmallPart.read(package, package.workbook_part).data)
    normalised: dict[str, CellInput] = {}
    for address, value in changes.items():
        (sheet,) = sort_changes(package, book, {address: value})
        ((row, columns),) = sheet.contents.items()
        (column,) = columns
        _enter(normalised, _address(sheet.entry.name, row, column), address, value, path)
    return normalised


def put_into_workbook(workbook: Workbook, changes: Mapping[str, CellInput], path: str) -> None:
    """Set the cells in an openpyxl workbook, all or none; raises as `normalised_changes` does.

    Text stays text whatever it begins with; only a `Formula` becomes a formula.
    """
    found: dict[str, CellInput] = {}
    places: list[tuple[Any, int, int, CellInput]] = []
    obstacles: dict[str, _Obstacles] = {}
    for address, value in changes.items():
        sheet, row, column = _place(workbook, address, path)
        _enter(found, _address(sheet.title, row, column), address, value, path)
        if sheet.title not in obstacles:
            obstacles[sheet.title] = _Obstacles(sheet, path)
        _check_value(workbook, obstacles[sheet.title], row, column, value)
        obstacles[sheet.title].check(row, column)
        places.append((sheet, row, column, value))
    for sheet, row, column, value in places:
        _set(sheet.cell(row, column), value)


def _address(sheet: str, row: int, column: int) -> str:
    return f"{quote_sheet(sheet)}!{format_cell(row, column)}"


def _enter(
    known: dict[str, CellInput], address: str, given: str, value: CellInput, path: str
) -> None:
    if address in known:
        raise InvalidCellReference(
            f"{address} is given twice, once as {given!r}; give each cell one value.",
            path=path,
            cell=given,
        )
    known[address] = value


def _place(workbook: Workbook, address: str, path: str) -> tuple[Any, int, int]:
    name, reference = split_address(address)
    row, column = parse_cell(reference)
    if name is None:
        sheet: Any = workbook.active
    else:
        title = find_title(workbook.sheetnames, name)
        if title is None:
            raise worksheet_not_found(path, name, workbook.sheetnames)
        sheet = workbook[title]
    if not hasattr(sheet, "_cells"):
        shown = getattr(sheet, "title", name)
        raise WorkbookRefused(
            f"The sheet {shown!r} has no cells; name a worksheet.",
            path=path,
            sheet=shown,
            reason="no worksheet",
        )
    return sheet, row, column


def _check_value(
    workbook: Workbook, sheet: _Obstacles, row: int, column: int, value: CellInput
) -> None:
    from openpyxl.utils.datetime import MAC_EPOCH

    from budgetinator.workbooks.patch.cells import cell_content

    try:
        cell_content(value, since_1904=workbook.epoch == MAC_EPOCH)
    except ValueError as error:
        raise sheet.invalid(row, column, str(error)) from error


class _Obstacles:
    """Where the cells of a sheet cannot be set, as a change of the file's own XML would see it."""

    def __init__(self, sheet: Any, path: str) -> None:
        from budgetinator.workbooks.patch.refusals import Site

        self._sheet = sheet
        self._site = Site(path, sheet.title, sheet.title)
        self._merged = [
            Area(merged.min_row, merged.min_col, merged.max_row, merged.max_col)
            for merged in sheet.merged_cells.ranges
        ]
        self._arrays = [parse_range(reference) for reference in sheet.array_formulae.values()]

    def check(self, row: int, column: int) -> None:
        """Raise for a cell that is hidden, computed by another one, or names a table's column."""
        for area in self._merged:
            if area.contains(row, column) and (row, column) != (area.min_row, area.min_col):
                raise self._site.merged(row, column, area)
        for area in self._arrays:
            if area.cells > 1 and area.contains(row, column):
                raise self._site.in_formula_area(row, column, area, "array")
        for table in self._sheet.tables.values():
            area = parse_range(table.ref)
            heads = table.headerRowCount != 0 and row == area.min_row
            if heads and area.contains(row, column):
                raise self._site.table_header(row, column, table.displayName)

    def invalid(self, row: int, column: int, reason: str) -> InvalidCellValue:
        return self._site.invalid(row, column, reason)


def _set(cell: Any, value: CellInput) -> None:
    from budgetinator.workbooks.patch import Formula
    from budgetinator.workbooks.reading.values import CellError

    if isinstance(value, Formula):
        cell.value = "=" + value.text.removeprefix("=")
        cell.data_type = "f"
        return
    cell.value = str.__str__(value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "e" if isinstance(value, CellError) else "s"
