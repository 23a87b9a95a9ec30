"""Work packages in an open workbook: their rows in the PM summary, and partners' months in them.

Each function changes all that belongs to the operation or nothing. Nothing is saved here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from budgetinator.budgets.amending import Amendment, amending
from budgetinator.budgets.budgetchange import BudgetChange, change_of
from budgetinator.budgets.history import append_version
from budgetinator.budgets.layout import PM_SUMMARY, input_cell
from budgetinator.budgets.looks import HEADING, INPUT, dress, set_up_pages, set_widths
from budgetinator.budgets.model import MAX_WORK_PACKAGES, WorkPackage
from budgetinator.budgets.overviews import known_sheet, renew_overviews
from budgetinator.budgets.partnersheets import partner_sheets, places_on
from budgetinator.errors import BudgetError, WouldLoseFigures
from budgetinator.workbooks.addresses import quote_sheet

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from budgetinator.workbooks import CellInput

__all__ = [
    "add_work_package",
    "delete_work_package",
    "edit_work_package",
    "figures_of_work_package",
    "lead_by",
    "lead_cells",
    "put_work_packages",
    "work_packages",
]

_WIDTHS: dict[str, float] = {"A": 7, "B": 45, "C": 3, "D": 18, "E": 3, "F": 13, "G": 13}


def work_packages(workbook: Workbook) -> tuple[WorkPackage, ...]:
    """The work packages of the PM summary; what is no month there counts as none."""
    sheet = known_sheet(workbook, PM_SUMMARY.sheet)
    if sheet is None:
        return ()
    found = (_read(sheet, number) for number in range(1, MAX_WORK_PACKAGES + 1))
    return tuple(each for each in found if each is not None)


def add_work_package(
    workbook: Workbook, package: WorkPackage, *, at: datetime | None = None
) -> BudgetChange:
    """Give the work package its row, and note that in the version history.

    Raises BudgetError for a number that is taken or beyond 15, and for months that no
    project has; then the workbook is as it was.
    """
    _check(package)
    if any(each.number == package.number for each in work_packages(workbook)):
        raise BudgetError(
            f"There is a work package {package.number} already; edit that one, or take a free "
            "number."
        )
    with amending(workbook) as amendment:
        put_work_packages(amendment, (package,))
        title = f": {package.title}" if package.title else ""
        return _ended(amendment, f"Work package {package.number} added{title}", at)


def edit_work_package(
    workbook: Workbook, number: int, changes: Mapping[str, Any], *, at: datetime | None = None
) -> BudgetChange:
    """Give fields of a work package other values, by the names that WorkPackage has for them.

    Raises BudgetError as adding does, and for a number that is not there.
    """
    old = _known(workbook, number)
    new = replace(old, **changes)
    if new.number != number:
        raise BudgetError(
            f"The number of work package {number} cannot change, because the person-months stand "
            "by it; add another one and delete this."
        )
    _check(new)
    with amending(workbook) as amendment:
        put_work_packages(amendment, (new,))
        changed = [name for name in changes if getattr(old, name) != getattr(new, name)]
        said = ", ".join(name.replace("_", " ") for name in changed) or "nothing"
        return _ended(amendment, f"Work package {number} changed: {said}", at)


def figures_of_work_package(workbook: Workbook, number: int) -> tuple[str, ...]:
    """The person-months that partners have planned in it, one text for each partner."""
    found = []
    for sheet in partner_sheets(workbook).values():
        cell = _months_cell(sheet, number)
        if sheet[cell].value is not None:
            address = f"{quote_sheet(sheet.title)}!{cell}"
            found.append(f"{address} {sheet[cell].value} person-months")
    return tuple(found)


def delete_work_package(
    workbook: Workbook, number: int, *, lose: bool = False, at: datetime | None = None
) -> BudgetChange:
    """Empty the work package's row and everybody's person-months in it.

    Raises WouldLoseFigures with them where there are person-months and `lose` is not given,
    and BudgetError for a number that is not there.
    """
    _known(workbook, number, with_months=True)
    figures = figures_of_work_package(workbook, number)
    if figures and not lose:
        raise WouldLoseFigures(
            f"Deleting work package {number} would lose {', '.join(figures)}; say that this is "
            "meant (--yes).",
            losses=figures,
        )
    with amending(workbook) as amendment:
        sheet = known_sheet(workbook, PM_SUMMARY.sheet)
        if sheet is not None:
            amendment.put(sheet, dict.fromkeys(_cells(number).values()))
        for each in partner_sheets(workbook).values():
            amendment.put(each, {_months_cell(each, number): None})
        return _ended(amendment, f"Work package {number} deleted", at, figures)


def _months_cell(sheet: Worksheet, number: int) -> str:
    """Where a partner's person-months of the work package stand."""
    cell = input_cell("person_months", number - 1)
    return places_on(sheet, (cell,)).actual(cell.cell)


def put_work_packages(amendment: Amendment, packages: tuple[WorkPackage, ...]) -> None:
    """Write the rows of these work packages; the sheet is made if it is missing."""
    sheet = known_sheet(amendment.workbook, PM_SUMMARY.sheet)
    if sheet is None:
        sheet = _make(amendment)
    contents: dict[str, CellInput] = {}
    for package in packages:
        _check_number(package.number)
        cells = _cells(package.number)
        for field, cell in cells.items():
            value = getattr(package, field)
            contents[cell] = None if isinstance(value, str) and not value.strip() else value
    amendment.put(sheet, contents)


def lead_cells(workbook: Workbook, names: frozenset[str]) -> dict[str, Any]:
    """The cells of the PM summary that name one of these as the lead, in any case."""
    sheet = known_sheet(workbook, PM_SUMMARY.sheet)
    if sheet is None:
        return {}
    cells = [PM_SUMMARY.cell("lead", number) for number in range(1, MAX_WORK_PACKAGES + 1)]
    held = {cell: sheet[cell].value for cell in cells}
    return {
        cell: value
        for cell, value in held.items()
        if value is not None and str(value).strip().casefold() in names
    }


def lead_by(amendment: Amendment, names: frozenset[str], new: str | None) -> None:
    """Have the work packages that these names lead be led by another one, or by nobody."""
    cells = lead_cells(amendment.workbook, names)
    sheet = known_sheet(amendment.workbook, PM_SUMMARY.sheet)
    if sheet is not None and cells:
        amendment.put(sheet, dict.fromkeys(cells, new))


def _ended(
    amendment: Amendment, summary: str, at: datetime | None, lost: tuple[str, ...] = ()
) -> BudgetChange:
    renew_overviews(amendment)
    version = append_version(amendment, summary, at=at)
    return change_of(amendment, version, lost)


def _known(workbook: Workbook, number: int, *, with_months: bool = False) -> WorkPackage:
    found = {each.number: each for each in work_packages(workbook)}
    if number in found:
        return found[number]
    in_range = 1 <= number <= MAX_WORK_PACKAGES
    if with_months and in_range and figures_of_work_package(workbook, number):
        return WorkPackage(number)
    listed = ", ".join(map(str, found)) or "none"
    raise BudgetError(f"There is no work package {number}; there are {listed}.")


def _check_number(number: int) -> None:
    if not 1 <= number <= MAX_WORK_PACKAGES:
        raise BudgetError(
            f"There is no room for a work package {number}; they are numbered from 1 to "
            f"{MAX_WORK_PACKAGES}."
        )


def _check(package: WorkPackage) -> None:
    _check_number(package.number)
    start, end = package.start_month, package.end_month
    for name, month in (("starts", start), ("ends", end)):
        if month is not None and month < 1:
            raise BudgetError(
                f"Work package {package.number} {name} in month {month}; months count from 1."
            )
    if start is not None and end is not None and start > end:
        raise BudgetError(
            f"Work package {package.number} starts in month {start} and ends in month {end}; give "
            "an end that is not before the start."
        )


def _cells(number: int) -> dict[str, str]:
    return {field: PM_SUMMARY.cell(field, number) for field in PM_SUMMARY.columns}


def _read(sheet: Worksheet, number: int) -> WorkPackage | None:
    held = {field: sheet[cell].value for field, cell in _cells(number).items()}
    if all(value is None for value in held.values()):
        return None
    return WorkPackage(
        number,
        title=None if held["title"] is None else str(held["title"]),
        lead=None if held["lead"] is None else str(held["lead"]),
        start_month=_month(held["start_month"]),
        end_month=_month(held["end_month"]),
    )


def _month(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and value == int(value) else None


def _make(amendment: Amendment) -> Worksheet:
    sheet = amendment.create(PM_SUMMARY.sheet)
    row = PM_SUMMARY.label_row
    labels: dict[str, CellInput] = {
        f"{letters}{row}": label for letters, label in PM_SUMMARY.columns.values()
    }
    amendment.put(sheet, labels)
    dress(sheet, labels, HEADING)
    for number in range(1, MAX_WORK_PACKAGES + 1):
        dress(sheet, _cells(number).values(), INPUT)
    set_widths(sheet, _WIDTHS)
    sheet.freeze_panes = f"A{PM_SUMMARY.first_row}"
    set_up_pages(sheet, f"{row}:{row}")
    return sheet
