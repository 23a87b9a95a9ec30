"""Partners in an open workbook: added and edited, with all that depends on them.

Each function changes all that belongs to the operation or nothing. Nothing is saved here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from budgetinator.budgets.amending import Amendment, amending
from budgetinator.budgets.budgetchange import BudgetChange, change_of
from budgetinator.budgets.history import append_version
from budgetinator.budgets.layout import (
    BUDGET_OVERVIEW,
    REQUESTED,
    RULE_SET,
    InputCell,
    input_cell,
    parse_partner_sheet,
    partner_formulas,
)
from budgetinator.budgets.model import MAX_PARTNERS, Partner
from budgetinator.budgets.overviews import known_sheet, renew_overviews
from budgetinator.budgets.partnersheets import (
    check_partner,
    make_partner_sheet,
    names_of_partner,
    partner_sheet,
    partner_sheets,
    places_on,
    said,
    written,
)
from budgetinator.budgets.places import Places
from budgetinator.budgets.referrers import rename_sheet
from budgetinator.budgets.rules import RuleSet, rule_set
from budgetinator.budgets.workpackages import lead_by
from budgetinator.errors import BudgetError, ConfigError
from budgetinator.workbooks import Formula

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from budgetinator.workbooks import CellInput

__all__ = [
    "add_partner",
    "add_partners",
    "edit_partner",
    "free_number",
    "refuse_taken",
    "rename_partner",
    "rules_of",
    "update_overviews",
]


def rules_of(workbook: Workbook) -> RuleSet:
    """The rules that the budget overview names, or the default ones.

    Raises BudgetError for a name that no rule set has: its rates are not known.
    """
    sheet = known_sheet(workbook, BUDGET_OVERVIEW.sheet)
    cell, label, named = RULE_SET
    if sheet is None or _folded(sheet[cell].value) != label.casefold() or not sheet[named].value:
        return rule_set()
    try:
        return rule_set(str(sheet[named].value).strip())
    except ConfigError as error:
        raise BudgetError(f"{named} of {sheet.title!r} names no rules: {error}") from error


def free_number(workbook: Workbook) -> int:
    """The lowest number that no partner has; BudgetError where all are taken."""
    taken = partner_sheets(workbook)
    for number in range(1, MAX_PARTNERS + 1):
        if number not in taken:
            return number
    raise BudgetError(
        f"There are {MAX_PARTNERS} partners already, and the layout has no room for more."
    )


def add_partner(
    workbook: Workbook, partner: Partner, *, at: datetime | None = None
) -> BudgetChange:
    """Make the partner's sheet, its rows in the overviews, and a row in the version history.

    Raises BudgetError for a number or acronym that is taken or that no sheet can have; then
    the workbook is as it was.
    """
    return add_partners(workbook, (partner,), at=at)


def add_partners(
    workbook: Workbook, partners: Iterable[Partner], *, at: datetime | None = None
) -> BudgetChange:
    """The same for several at once: all of them or none, and one row in the history."""
    rules = rules_of(workbook)
    names = []
    with amending(workbook) as amendment:
        for partner in partners:
            check_partner(partner)
            sheets = partner_sheets(workbook)
            if partner.number in sheets:
                raise BudgetError(
                    f"The number {partner.number} is that of {sheets[partner.number].title!r}; "
                    f"take {free_number(workbook)}, which is free."
                )
            refuse_taken(workbook, partner.acronym)
            names.append(make_partner_sheet(amendment, partner, rules).title)
        if not names:
            return change_of(amendment, None)
        said = "Partner" if len(names) == 1 else "Partners"
        return _ended(amendment, f"{said} {', '.join(names)} added", at)


def edit_partner(
    workbook: Workbook,
    number: int,
    changes: Mapping[InputCell, Decimal | str | None],
    *,
    at: datetime | None = None,
) -> BudgetChange:
    """Give inputs of a partner other values; None empties, and 0 is no budget.

    With the acronym the sheet gets its new name, and every formula that names the sheet
    follows. To empty the requested contribution brings its formula back. Raises BudgetError
    as adding does, for the number, and for a cell that cannot be told by its label.
    """
    sheet = partner_sheet(workbook, number)
    if input_cell("number") in changes:
        raise BudgetError(
            f"The number of {sheet.title!r} cannot change, because its rows in the overviews go by "
            "it; add another partner and delete this one."
        )
    places = places_on(sheet, changes)
    contents = {
        places.actual(each.cell): _content(each, value, places) for each, value in changes.items()
    }
    name = sheet.title
    with amending(workbook) as amendment:
        if input_cell("acronym") in changes:
            rename_partner(
                amendment, sheet, Partner(number, str(changes[input_cell("acronym")] or ""))
            )
        amendment.put(sheet, contents)
        put = {each.cell for each in amendment.cells if each.sheet == sheet.title}
        changed = [said(each) for each in changes if places.actual(each.cell) in put]
        return _ended(amendment, f"Partner {name} changed: {', '.join(changed) or 'nothing'}", at)


def update_overviews(workbook: Workbook, *, at: datetime | None = None) -> BudgetChange:
    """Bring the overviews to the partners' sheets; noted in the history if that changed any."""
    with amending(workbook) as amendment:
        renew_overviews(amendment, thoroughly=True)
        if not amendment.cells and not amendment.created:
            return change_of(amendment, None)
        return change_of(amendment, append_version(amendment, "Overviews updated", at=at))


def _ended(amendment: Amendment, summary: str, at: datetime | None) -> BudgetChange:
    renew_overviews(amendment)
    return change_of(amendment, append_version(amendment, summary, at=at))


def _content(each: InputCell, value: Decimal | str | None, places: Places) -> CellInput:
    content = written(value, each)
    if content is None and each.cell == REQUESTED:
        return Formula(places.translated(partner_formulas()[REQUESTED]))
    return content


def rename_partner(amendment: Amendment, sheet: Worksheet, renamed: Partner) -> None:
    """Have the sheet, and the work packages that the partner leads, go by its new acronym."""
    title = check_partner(renamed)
    refuse_taken(amendment.workbook, renamed.acronym, renamed.number)
    names = names_of_partner(sheet, renamed.number)
    if renamed.number != 1:
        rename_sheet(amendment, sheet, title)
    lead_by(amendment, names, renamed.acronym)


def refuse_taken(workbook: Workbook, acronym: str, number: int | None = None) -> None:
    """Raise BudgetError if a partner has this acronym, but for the one of that number."""
    for other, sheet in partner_sheets(workbook).items():
        name = parse_partner_sheet(sheet.title)
        held = sheet[places_on(sheet).actual(input_cell("acronym").cell)].value
        known = {_folded(held)} if held or name is None else {name.acronym.casefold()}
        if other != number and acronym.casefold() in known:
            raise BudgetError(
                f"{sheet.title!r} has the acronym {acronym!r} already; each partner needs its own."
            )


def _folded(value: Any) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""
