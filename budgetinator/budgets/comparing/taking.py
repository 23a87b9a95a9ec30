"""Chosen differences taken over: the earlier version is given what the later one has.

All of them or none. A cell that does not hold any more what was compared is a conflict, and
then nothing is set: somebody changed it since, and has to be asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeAlias

from budgetinator.budgets.comparing.cells import shown_as
from budgetinator.budgets.comparing.differences import (
    CellDifference,
    CellPlace,
    PartnerDifference,
    VersionComparison,
)
from budgetinator.budgets.comparing.equality import same_formula, same_value
from budgetinator.budgets.comparing.selecting import Chosen
from budgetinator.budgets.comparing.sides import ContentRow, open_version
from budgetinator.budgets.findings import CellContent, CellCorrection, Fix
from budgetinator.budgets.layout import input_cell, parse_partner_sheet
from budgetinator.budgets.sheetnames import renamed_sheet
from budgetinator.errors import BudgetError, TakeOverConflict, WouldLoseFigures
from budgetinator.workbooks import ExcelManager, Formula
from budgetinator.workbooks.addresses import parse_cell
from budgetinator.workbooks.reading.exactcells import Content

if TYPE_CHECKING:
    from budgetinator.budgets.amending import Amendment
    from budgetinator.budgets.budgetchange import BudgetChange
    from budgetinator.workbooks import CellInput

__all__ = ["TakenOver", "contents_to_take", "take_over"]

_LISTED = 12


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The cells that were set; `undoing` sets them back. `change` is what else became of a budget.

    What `undoing` does not take back are names of sheets and whole partners.
    """

    changes: tuple[CellCorrection, ...]
    undoing: Fix
    change: BudgetChange | None = None


def contents_to_take(
    comparison: VersionComparison, chosen: Iterable[CellDifference]
) -> dict[str, CellInput]:
    """What the cells of the earlier version are to hold, by their addresses.

    Sheets go by the names that they have there. Raises BudgetError for a difference that
    cannot be taken over: a result, or what names a sheet that is not there.
    """
    return {str(place): content for place, content in _contents(comparison, chosen).items()}


def take_over(
    manager: ExcelManager,
    comparison: VersionComparison,
    chosen: Iterable[Chosen],
    *,
    lose: bool = False,
    at: datetime | None = None,
) -> TakenOver:
    """Give the manager's workbook, which is the earlier version, what was chosen.

    Saving is the caller's. In a budget a partner's new acronym takes its sheet's name along,
    the overviews follow, and the history gets a row. Raises TakeOverConflict,
    WouldLoseFigures for a partner that would go unless `lose` is given, BudgetError, and what
    `ExcelManager.set_cells` raises; then the workbook is as it was.
    """
    cells, partners = _sorted(chosen)
    contents = _contents(comparison, cells)
    _refuse_conflicts(manager, cells)
    changes = tuple(
        CellCorrection(each.before_at.sheet, each.before_at.cell, each.before, content)
        for each, content in zip(cells, contents.values(), strict=True)
        if each.before_at is not None
    )
    undoing = Fix(f"Take over from {comparison.after}", changes, is_safe=True).undone()
    if any(parse_partner_sheet(name) for name in manager.sheet_names):
        change = _into_budget(manager, comparison, cells, partners, lose=lose, at=at)
        return TakenOver(changes, undoing, change)
    manager.set_cells({str(place): content for place, content in contents.items()})
    return TakenOver(changes, undoing)


def _sorted(chosen: Iterable[Chosen]) -> tuple[list[CellDifference], list[PartnerDifference]]:
    """The cells, those of partners that both have included; and partners that came or went."""
    cells: dict[CellPlace | None, CellDifference] = {}
    partners = []
    for each in chosen:
        if isinstance(each, CellDifference):
            cells.setdefault(each.before_at, each)
        elif each.change == "changed":
            cells |= {one.before_at: one for one in each.inputs if one.can_be_taken}
        else:
            partners.append(each)
    return list(cells.values()), partners


def _contents(
    comparison: VersionComparison, chosen: Iterable[CellDifference]
) -> dict[CellPlace, CellInput]:
    found: dict[CellPlace, CellInput] = {}
    for each in chosen:
        if not each.can_be_taken or each.before_at is None:
            place = each.before_at or each.after_at
            raise BudgetError(
                f"{place} cannot be taken over: it is a result, an array formula, or has no place "
                "in the earlier version; choose the input from which it follows."
            )
        found[each.before_at] = _translated(comparison, each)
    return found


def _translated(comparison: VersionComparison, each: CellDifference) -> CellInput:
    """The later content; a formula with the names that its sheets have in the earlier version."""
    if not isinstance(each.after, Formula):
        return each.after
    text = each.after.text
    new = [sheet.sheet for sheet in comparison.sheets if sheet.change == "added"]
    new += [one.after.sheet for one in comparison.partners if one.after and not one.before]
    for sheet in new:
        if renamed_sheet(text, sheet, "\x02") != text:
            raise BudgetError(
                f"{each.before_at} cannot be taken over: its formula {text} names {sheet!r}, which "
                f"{comparison.before} has not; take that over first."
            )
    for number, later in enumerate(comparison.names):
        text = renamed_sheet(text, later, f"\x02{number}")
    for number, earlier in enumerate(comparison.names.values()):
        text = renamed_sheet(text, f"\x02{number}", earlier)
    return Formula(text)


def _refuse_conflicts(manager: ExcelManager, cells: Iterable[CellDifference]) -> None:
    by_sheet: dict[str, dict[tuple[int, int], CellDifference]] = {}
    for each in cells:
        if each.before_at is not None:
            place = parse_cell(each.before_at.cell)
            by_sheet.setdefault(each.before_at.sheet, {})[place] = each
    conflicts: list[str] = []
    with open_version(manager) as version:
        there = {tab.name for tab in version.tabs}
        for sheet, wanted in by_sheet.items():
            rows = _rows(version.rows(sheet), wanted) if sheet in there else None
            for place, each in wanted.items():
                if rows is None or not _is_as_compared(rows.get(place), each.before):
                    conflicts.append(str(each.before_at))
    if conflicts:
        more = f" and {len(conflicts) - _LISTED} more" if len(conflicts) > _LISTED else ""
        raise TakeOverConflict(
            f"{', '.join(conflicts[:_LISTED])}{more} of {manager.file_path} do not hold what was "
            "compared; compare again, and nothing was set.",
            conflicts=tuple(conflicts),
        )


def _rows(
    rows: Iterable[ContentRow], wanted: Mapping[tuple[int, int], object]
) -> dict[tuple[int, int], Content]:
    """The contents of these cells."""
    columns: dict[int, list[int]] = {}
    for row, column in wanted:
        columns.setdefault(row, []).append(column)
    last = max(columns)
    found: dict[tuple[int, int], Content] = {}
    for number, cells in rows:
        if number > last:
            break
        for column in columns.get(number, ()):
            if column <= len(cells):
                cell = cells[column - 1]
                held = cell if isinstance(cell, Content) else Content(cell, None)
                found[number, column] = held
    return found


def _is_as_compared(held: Content | None, before: CellContent) -> bool:
    now = None if held is None else shown_as(held)
    if isinstance(now, Formula) and isinstance(before, Formula):
        return same_formula(now.text, before.text)
    if isinstance(now, Formula) or isinstance(before, Formula):
        return False
    return same_value(now, before)


def _into_budget(
    manager: ExcelManager,
    comparison: VersionComparison,
    cells: list[CellDifference],
    partners: list[PartnerDifference],
    *,
    lose: bool,
    at: datetime | None,
) -> BudgetChange:
    from budgetinator.budgets.amending import amending
    from budgetinator.budgets.budgetchange import change_of
    from budgetinator.budgets.history import append_version
    from budgetinator.budgets.overviews import renew_overviews

    workbook = manager.workbook
    lost: tuple[str, ...] = ()
    with amending(workbook) as amendment:
        has_renamed = _put(amendment, comparison, cells)
        # Otherwise no link leads elsewhere than before.
        if has_renamed or partners:
            kept = _overview_rows(amendment)
            for each in partners:
                lost += _go_or_come(amendment, each, lose=lose)
            renew_overviews(amendment)
            _put_back(amendment, kept)
        version = append_version(amendment, _summary(comparison, cells, partners), at=at)
        return change_of(amendment, version, lost)


def _put(amendment: Amendment, comparison: VersionComparison, cells: list[CellDifference]) -> bool:
    """Set the cells, and have sheets follow their partner's acronym; whether any did.

    Formulas are set first, with the names that sheets have so far, so that they follow too.
    """
    from budgetinator.budgets.model import Partner
    from budgetinator.budgets.partners import rename_partner

    sheets = {sheet.title: sheet for sheet in amendment.workbook.worksheets}
    acronyms = {each.before_at: each for each in cells if each.before_at and _is_acronym(each)}
    by_sheet: dict[str, dict[str, CellInput]] = {}
    named: dict[str, dict[str, CellInput]] = {}
    for place, content in _contents(comparison, cells).items():
        into = named if place in acronyms else by_sheet
        into.setdefault(place.sheet, {})[place.cell] = content
    for title, contents in by_sheet.items():
        amendment.put(sheets[title], contents)
    for place, each in acronyms.items():
        name = parse_partner_sheet(place.sheet)
        if name is not None:
            renamed = Partner(name.number, str(each.after or ""))
            rename_partner(amendment, sheets[place.sheet], renamed)
    for title, contents in named.items():
        amendment.put(sheets[title], contents)
    return bool(acronyms)


def _is_acronym(each: CellDifference) -> bool:
    return each.partner is not None and each.label == input_cell("acronym").label


_Rows: TypeAlias = "dict[tuple[str, int], dict[str, CellInput]]"


def _overview_rows(amendment: Amendment) -> _Rows:
    """What the overviews' rows hold, typed over or not, by sheet and by the partner's number."""
    from budgetinator.budgets.overviews import OVERVIEWS, known_sheet
    from budgetinator.budgets.partnersheets import partner_sheets

    found: _Rows = {}
    for overview in OVERVIEWS:
        sheet: Any = known_sheet(amendment.workbook, overview.sheet)
        if sheet is None:
            continue
        letters = [each.letter for each in overview.columns]
        letters += [overview.row_sum] if overview.row_sum is not None else []
        for number in partner_sheets(amendment.workbook):
            cells = (sheet[f"{letter}{overview.row(number)}"] for letter in letters)
            found[sheet.title, number] = {
                cell.coordinate: Formula(cell.value) if cell.data_type == "f" else cell.value
                for cell in cells
                if cell.value is not None
            }
    return found


def _put_back(amendment: Amendment, rows: _Rows) -> None:
    """Give the rows of partners that stay what they held: links, or what people typed there."""
    from budgetinator.budgets.partnersheets import partner_sheets

    going = [sheet.title for sheet in amendment.going]
    staying = {
        number
        for number, sheet in partner_sheets(amendment.workbook).items()
        if sheet.title not in going
    }
    for (title, number), contents in rows.items():
        if number in staying:
            amendment.put(amendment.workbook[title], contents)


def _go_or_come(amendment: Amendment, each: PartnerDifference, *, lose: bool) -> tuple[str, ...]:
    """Have a whole partner go, or come with the inputs that the later version has."""
    from dataclasses import replace

    from budgetinator.budgets.deleting import lost_with_partner, remove_partner
    from budgetinator.budgets.partners import free_number, refuse_taken, rules_of
    from budgetinator.budgets.partnersheets import make_partner_sheet, partner_sheets

    workbook = amendment.workbook
    if each.before is not None:
        number = parse_partner_sheet(each.before.sheet)
        assert number is not None
        lost = lost_with_partner(workbook, number.number)
        if lost and not lose:
            raise WouldLoseFigures(
                f"Taking over that {each.before} has gone would lose {', '.join(lost[:_LISTED])}; "
                "say that this is meant (--yes).",
                losses=lost,
            )
        remove_partner(amendment, number.number)
        return lost
    assert each.partner is not None
    partner = each.partner
    if partner.number in partner_sheets(workbook):
        partner = replace(partner, number=free_number(workbook))
    refuse_taken(workbook, partner.acronym)
    make_partner_sheet(amendment, partner, rules_of(workbook))
    return ()


def _summary(
    comparison: VersionComparison, cells: list[CellDifference], partners: list[PartnerDifference]
) -> str:
    said = [f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"] if cells else []
    said += [f"{each.name} {each.change}" for each in partners]
    return f"Taken over from {PurePath(comparison.after).name}: {', '.join(said)}"
