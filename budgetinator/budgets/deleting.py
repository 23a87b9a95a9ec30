"""A partner deleted from an open workbook, with every reference to it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from budgetinator.budgets.amending import Amendment, amending
from budgetinator.budgets.budgetchange import BudgetChange, change_of
from budgetinator.budgets.history import append_version
from budgetinator.budgets.layout import (
    INPUTS,
    PARTNER_TITLES,
    PM_SUMMARY,
    partner_formulas,
)
from budgetinator.budgets.model import MAX_PARTNERS
from budgetinator.budgets.overviews import OVERVIEWS, renew_overviews
from budgetinator.budgets.partnersheets import (
    names_of_partner,
    partner_sheet,
    places_on,
    said,
    typed_in,
)
from budgetinator.budgets.referrers import Referrer, pivot_sources, referrers
from budgetinator.budgets.sheetnames import GoneSheet, without_sheet
from budgetinator.budgets.workpackages import lead_by, lead_cells
from budgetinator.errors import BudgetError, WouldLoseFigures

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["delete_partner", "lost_with_partner", "remove_partner"]

_LISTED = 12


def lost_with_partner(workbook: Workbook, number: int) -> tuple[str, ...]:
    """What deleting the partner would lose: its figures, what others put there, who shows it."""
    sheet = partner_sheet(workbook, number)
    found = [f"{said(each)} {_shown(value)}" for each, value in typed_in(sheet).items()]
    found += _strangers(sheet)
    gone = _gone(workbook, sheet)
    for each in _pointing(workbook, sheet, gone):
        verb = "goes" if without_sheet(each.text, gone) is None else "loses a term"
        found.append(f"{each.where}, which {verb}")
    names = names_of_partner(sheet, number)
    for cell in lead_cells(workbook, names):
        found.append(f"the lead at {PM_SUMMARY.sheet}!{cell}")
    return tuple(found)


def delete_partner(
    workbook: Workbook, number: int, *, lose: bool = False, at: datetime | None = None
) -> BudgetChange:
    """Take away the partner's sheet, its rows in the overviews, and every reference to it.

    In other formulas a term of a sum that showed it becomes 0; a cell whose formula can say
    nothing without it is emptied; names and links to it go, and it leads no work package.
    Raises WouldLoseFigures, with what would be lost, unless `lose` is given or there is
    nothing; BudgetError for the coordinator, and where a chart, a rule, a validation, an
    array formula or a pivot table takes its figures. Then the workbook is as it was.
    """
    sheet = partner_sheet(workbook, number)
    if number == 1:
        raise _needed(sheet)
    _refuse_bound(workbook, sheet)
    lost = lost_with_partner(workbook, number)
    if lost and not lose:
        more = f" and {len(lost) - _LISTED} more" if len(lost) > _LISTED else ""
        raise WouldLoseFigures(
            f"Deleting {sheet.title!r} would lose {', '.join(lost[:_LISTED])}{more}; say that this "
            "is meant (--yes).",
            losses=lost,
        )
    with amending(workbook) as amendment:
        remove_partner(amendment, number)
        version = append_version(amendment, f"Partner {sheet.title} deleted", at=at)
        return change_of(amendment, version, lost)


def remove_partner(amendment: Amendment, number: int) -> None:
    """Have the partner go with all that refers to it; raises as `delete_partner` does."""
    workbook = amendment.workbook
    sheet = partner_sheet(workbook, number)
    if number == 1:
        raise _needed(sheet)
    _refuse_bound(workbook, sheet)
    names = names_of_partner(sheet, number)
    gone = _gone(workbook, sheet)
    amendment.remove(sheet)
    renew_overviews(amendment)
    for each in _pointing(workbook, sheet, gone):
        text = without_sheet(each.text, gone)
        if text is None:
            each.drop(amendment)
        else:
            each.write(amendment, text)
    lead_by(amendment, names, None)


def _needed(sheet: Worksheet) -> BudgetError:
    return BudgetError(
        f"{sheet.title!r} is the coordinator, without whom there is no consortium; edit it instead."
    )


def _gone(workbook: Workbook, sheet: Worksheet) -> GoneSheet:
    """The sheet with the workbook's names that say nothing without it."""
    gone = GoneSheet(sheet.title, tuple(workbook.sheetnames))
    names = {
        name.casefold()
        for name, defined in workbook.defined_names.items()
        if without_sheet(f"={defined.attr_text}", gone) is None
    }
    return GoneSheet(sheet.title, tuple(workbook.sheetnames), frozenset(names))


def _pointing(workbook: Workbook, sheet: Worksheet, gone: GoneSheet) -> list[Referrer]:
    """Everything outside the sheet and the overviews' own rows that refers to it."""
    return [
        each
        for each in referrers(workbook)
        if each.sheet != sheet.title
        and not _is_overview_row(each)
        and without_sheet(each.text, gone) != each.text
    ]


def _is_overview_row(each: Referrer) -> bool:
    """Whether it is a cell that the overviews fill themselves."""
    for overview in OVERVIEWS:
        if each.kind == "cell" and (each.sheet or "").casefold() == overview.sheet.casefold():
            cell = each.owner
            letters = {column.letter for column in overview.columns} | {overview.row_sum}
            last = overview.row(MAX_PARTNERS) + 1
            return cell.column_letter in letters and overview.row(1) <= cell.row <= last
    return False


def _refuse_bound(workbook: Workbook, sheet: Worksheet) -> None:
    """Raise BudgetError for what cannot be led elsewhere, and has no use without the sheet."""
    pointing = _pointing(workbook, sheet, _gone(workbook, sheet))
    bound = [each.where for each in pointing if not each.can_go]
    for user, source in pivot_sources(workbook):
        if source.casefold() == sheet.title.casefold() and user != sheet.title:
            bound.append(f"a pivot table on {user}")
    if bound:
        raise BudgetError(
            f"{sheet.title!r} cannot be deleted, because {', '.join(dict.fromkeys(bound))} would "
            "have nothing to show; change that in Excel first."
        )


def _strangers(sheet: Any) -> list[str]:
    """What stands on the sheet that the layout does not know."""
    places = places_on(sheet)
    usual = {each.cell for each in INPUTS} | partner_formulas().keys()
    known = {each.label_cell for each in INPUTS} | PARTNER_TITLES.keys()
    known |= {places.actual(cell) for cell in usual} | places.labels
    cells = list(sheet._cells.values())  # noqa: SLF001  asking by rows would make cells
    found = [
        f"{cell.coordinate} {_shown(cell.value)}"
        for cell in cells
        if cell.value is not None and cell.coordinate not in known
    ]
    found += [f"the comment at {cell.coordinate}" for cell in cells if cell.comment]
    for count, what in ((len(sheet._charts), "chart"), (len(sheet._images), "picture")):  # noqa: SLF001
        found += [f"{count} {what}{'s' if count > 1 else ''}"] if count else []
    return found


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
