"""The values of a managed workbook: its file's, with the cells in place that were set since."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, NamedTuple

from budgetinator.config import OpeningBounds
from budgetinator.errors import WorkbookError
from budgetinator.workbooks.addresses import parse_cell, split_address
from budgetinator.workbooks.location import Location
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opened import OpenWorkbook
from budgetinator.workbooks.worksheets import find_title, worksheet_not_found

if TYPE_CHECKING:
    from budgetinator.workbooks.patch import CellInput
    from budgetinator.workbooks.reading.currency import ShownValue
    from budgetinator.workbooks.reading.values import Value

__all__ = ["SheetValues", "stream_values", "worksheet_names"]


class SheetValues(NamedTuple):
    """The rows of one sheet, as `ExcelManager.values` gives them."""

    sheet: str
    rows: list[tuple[ShownValue, ...]]


def worksheet_names(
    location: Location, opened: OpenWorkbook | None, bounds: OpeningBounds
) -> list[str]:
    """The sheets that have cells, in the order of their tabs."""
    if opened is not None and opened.workbook is not None:
        return [sheet.title for sheet in opened.workbook.worksheets]
    with Package.open(location.path, bounds) as package:
        return [entry.name for entry in package.sheets if entry.kind == "worksheet"]


def stream_values(
    location: Location, name: str, opened: OpenWorkbook | None, bounds: OpeningBounds
) -> Iterator[tuple[Value, ...]]:
    """The rows of the sheet; WorksheetNotFound at once, everything else with the first row."""
    from budgetinator.workbooks.reading.values import iter_values

    names = worksheet_names(location, opened, bounds)
    title = find_title(names, name)
    if title is None:
        raise worksheet_not_found(location.path, name, names)
    if opened is not None and opened.workbook is not None and opened.is_changed:
        return _naming_file(location, iter_values(opened.workbook, title))
    rows = _naming_file(location, iter_values(location.path, title, bounds=bounds))
    pending = opened.pending if opened is not None else {}
    return _overlaid(rows, _by_row(pending, title)) if pending else rows


def _naming_file(
    location: Location, rows: Iterator[tuple[Value, ...]]
) -> Generator[tuple[Value, ...], None, None]:
    try:
        yield from rows
    except WorkbookError as error:
        error.path = error.path or location.path
        raise


def _by_row(pending: dict[str, CellInput], title: str) -> dict[int, dict[int, Value]]:
    from budgetinator.workbooks.patch import Formula

    found: dict[int, dict[int, Value]] = {}
    for address, value in pending.items():
        sheet, reference = split_address(address)
        if sheet == title:
            row, column = parse_cell(reference)
            shown = "=" + value.text.removeprefix("=") if isinstance(value, Formula) else value
            found.setdefault(row, {})[column] = shown  # type: ignore[assignment]
    return found


def _overlaid(
    rows: Iterator[tuple[Value, ...]], changes: dict[int, dict[int, Value]]
) -> Generator[tuple[Value, ...], None, None]:
    number = 0
    for number, row in enumerate(rows, 1):
        yield _changed(row, changes.pop(number)) if number in changes else row
    last = max((row for row, cells in changes.items() if _any_value(cells)), default=0)
    for further in range(number + 1, last + 1):
        yield _changed((), changes.get(further, {}))


def _changed(row: tuple[Value, ...], cells: dict[int, Value]) -> tuple[Value, ...]:
    values = list(row)
    for column, value in cells.items():
        values.extend([None] * (column - len(values)))
        values[column - 1] = value
    while values and values[-1] is None:
        values.pop()
    return tuple(values)


def _any_value(cells: dict[int, Value]) -> bool:
    return any(value is not None for value in cells.values())
