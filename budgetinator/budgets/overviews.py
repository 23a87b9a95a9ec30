"""The overviews in an open workbook: a row of links for each partner, and the total.

A row belongs to a partner by its number. The total stands under the last partner; when it
moves, formulas that point to it follow. What the layout does not know stays as it is, and a
typed figure is overwritten only in a row that had links.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from budgetinator.budgets.amending import Amendment
from budgetinator.budgets.layout import (
    BUDGET_OVERVIEW,
    FORMATS,
    PM_OVERVIEW,
    RULE_SET,
    Kind,
    Overview,
    parse_partner_sheet,
    quoted,
)
from budgetinator.budgets.looks import (
    HEADING,
    LABEL,
    RESULT,
    TOTAL,
    dress,
    set_up_pages,
    set_widths,
)
from budgetinator.budgets.model import MAX_PARTNERS
from budgetinator.budgets.partnersheets import partner_sheets, places_on
from budgetinator.budgets.referrers import referrers
from budgetinator.budgets.rules import RuleSet
from budgetinator.budgets.sheetnames import moved_row
from budgetinator.errors import BudgetError
from budgetinator.workbooks import Formula
from budgetinator.workbooks.reading.lazy import is_unread
from budgetinator.workbooks.worksheets import find_title

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from budgetinator.workbooks import CellInput

__all__ = ["OVERVIEWS", "known_sheet", "renew_overviews"]

OVERVIEWS = (BUDGET_OVERVIEW, PM_OVERVIEW)
_FREEZE = {BUDGET_OVERVIEW.sheet: "D8", PM_OVERVIEW.sheet: "C5"}
_WIDTHS: Mapping[str, dict[str, float]] = {
    BUDGET_OVERVIEW.sheet: {"A": 3, "B": 13, "C": 18, "D": 9, "E": 15},
    PM_OVERVIEW.sheet: {"A": 22, "B": 11},
}


def known_sheet(workbook: Workbook, title: str) -> Worksheet | None:
    """The sheet of this name in any case, if it is there."""
    found = find_title(workbook.sheetnames, title)
    return None if found is None else workbook[found]


def renew_overviews(
    amendment: Amendment, rules: RuleSet | None = None, *, thoroughly: bool = False
) -> None:
    """Bring both overviews to the partners' sheets as they are; missing ones are made.

    With `rules` the budget overview names them. A row whose links lead to its partner's sheet
    is left as it is while nobody has read that sheet, unless it shall be done `thoroughly`:
    reading a sheet takes longer than all the rest. Raises BudgetError where a row that a
    partner needs holds something else.
    """
    sheets = partner_sheets(amendment.workbook)
    staying = {n: sheet.title for n, sheet in sheets.items() if sheet not in amendment.going}
    if beyond := [number for number in staying if number > MAX_PARTNERS]:
        raise BudgetError(
            f"{staying[beyond[0]]!r} has a number beyond {MAX_PARTNERS}, for which the overviews "
            "have no row; give it a free number."
        )
    for overview in OVERVIEWS:
        sheet = known_sheet(amendment.workbook, overview.sheet)
        if sheet is None:
            sheet = _make(amendment, overview)
        _Rows(amendment, overview, sheet, staying).renew(thoroughly=thoroughly)
    if rules is not None:
        cell, label, name = RULE_SET
        sheet = known_sheet(amendment.workbook, BUDGET_OVERVIEW.sheet)
        assert sheet is not None
        amendment.put(sheet, {cell: label, name: rules.name})


class _Rows:
    """One overview while its rows are renewed."""

    def __init__(
        self,
        amendment: Amendment,
        overview: Overview,
        sheet: Worksheet,
        partners: Mapping[int, str],
    ) -> None:
        self._amendment = amendment
        self._overview = overview
        self._sheet = sheet
        self._partners = partners
        self._rows = {overview.row(number): number for number in range(1, MAX_PARTNERS + 1)}
        self._letters = [each.letter for each in overview.columns]
        if overview.row_sum is not None:
            self._letters.append(overview.row_sum)
        self._kinds: dict[str, Kind] = {each.letter: each.kind for each in overview.columns}

    def renew(self, *, thoroughly: bool) -> None:
        new = self._overview.total_row(self._partners)
        old = self._total_row()
        linked = {row for row in self._rows if row != old and self._has_links(row)}
        gone = [row for row in linked if self._rows[row] not in self._partners]
        if old is not None and old != new:
            gone.append(old)
        for row in gone:
            self._clear(row)
        for number, title in self._partners.items():
            if thoroughly or self._is_read(title) or not self._leads_to(number, title):
                self._put(self._overview.row(number), self._row(number, title), linked)
        self._put(new, self._totals(new), {old} if old is not None else set())
        self._dress(old, new, linked)
        if old is not None and old != new:
            self._lead_to(old, new)

    def _row(self, number: int, title: str) -> dict[str, CellInput]:
        places = places_on(self._amendment.workbook[title])
        found = self._overview.row_formulas(number, title, places.actual)
        contents: dict[str, CellInput] = {cell: Formula(text) for cell, text in found.items()}
        if self._overview.name_letter is not None:
            contents[f"{self._overview.name_letter}{self._overview.row(number)}"] = title
        return contents

    def _is_read(self, title: str) -> bool:
        return not is_unread(self._amendment.workbook[title])

    def _leads_to(self, number: int, title: str) -> bool:
        """Whether each cell of the row shows one of the sheet."""
        start, row = f"={quoted(title)}!".casefold(), self._overview.row(number)
        held = (self._sheet[f"{each.letter}{row}"].value for each in self._overview.columns)
        return all(isinstance(value, str) and value.casefold().startswith(start) for value in held)

    def _totals(self, row: int) -> dict[str, CellInput]:
        found = self._overview.total_formulas(self._partners)
        if not found:
            return {}
        label = f"{self._overview.total_letter}{row}"
        return {label: self._overview.total_label} | {c: Formula(t) for c, t in found.items()}

    def _put(self, row: int, contents: Mapping[str, CellInput], ours: Iterable[int]) -> None:
        if row not in ours:
            for cell in contents:
                held = self._sheet[cell].value
                if held is not None and not self._is_name(held):
                    raise BudgetError(
                        f"{cell} of {self._sheet.title!r} holds {held!r}, where the overview needs "
                        "its row; move that elsewhere first."
                    )
        self._amendment.put(self._sheet, contents)

    def _is_name(self, held: Any) -> bool:
        """Whether it names a partner's sheet, as a row prepared for one does."""
        return isinstance(held, str) and parse_partner_sheet(held) is not None

    def _clear(self, row: int) -> None:
        """Empty what the overview has filled in a row: formulas, name, word for the total."""
        label = f"{self._overview.total_letter}{row}"
        known = (self._overview.total_label.casefold(), "total", "sum")
        contents: dict[str, CellInput] = {}
        for letter in dict.fromkeys([*self._letters, self._overview.name_letter or ""]):
            cell = f"{letter}{row}"
            held = self._sheet[cell].value if letter else None
            if isinstance(held, str) and (held.startswith("=") or self._is_name(held)):
                contents[cell] = None
        held = self._sheet[label].value
        if isinstance(held, str) and held.strip().casefold() in known:
            contents[label] = None
        self._amendment.put(self._sheet, contents)

    def _has_links(self, row: int) -> bool:
        """Whether a cell of the row shows one of a partner's sheet."""
        held = (self._sheet[f"{each.letter}{row}"].value for each in self._overview.columns)
        return any(
            isinstance(value, str) and value.startswith("=") and "!" in value for value in held
        )

    def _total_row(self) -> int | None:
        """Where the total stands so far: the row whose sums run down their own columns."""
        summed = [each.letter for each in self._overview.columns if each.is_summed]
        for row in range(self._overview.row(1) + 1, self._overview.row(MAX_PARTNERS) + 3):
            for letter in summed:
                held = self._sheet[f"{letter}{row}"].value
                if isinstance(held, str) and held.upper().startswith(f"=SUM({letter}"):
                    return row
        return None

    def _lead_to(self, old: int, new: int) -> None:
        """Have formulas that point to a cell of the total follow it."""
        title = self._sheet.title
        for found in list(referrers(self._amendment.workbook)):
            own = found.sheet == title and found.kind in {"cell", "array", "rule", "validation"}
            if found.kind == "cell" and own and found.owner.row in {*self._rows, old, new}:
                continue  # a row of the overview itself, which is as it shall be
            text = moved_row(found.text, title, own, (old, new))
            if text != found.text:
                found.write(self._amendment, text)

    def _dress(self, old: int | None, new: int, linked: set[int]) -> None:
        """Give rows that are new the look of their kind; where the sheet has one, that one."""
        model = min(linked) if linked else None
        for number in self._partners:
            row = self._overview.row(number)
            if row not in linked:
                self._dress_row(row, model, RESULT)
        if old != new:
            plain = self._overview.label_row - 1
            self._dress_row(new, None, TOTAL)
            if old is not None and self._rows.get(old) not in self._partners:
                for letter in self._dressed():
                    self._amendment.dress_as(self._sheet, f"{letter}{old}", f"{letter}{plain}")

    def _dress_row(self, row: int, model: int | None, look: dict[str, Any]) -> None:
        for letter in self._dressed():
            cell = f"{letter}{row}"
            if model is not None:
                self._amendment.dress_as(self._sheet, cell, f"{letter}{model}")
                continue
            kind = self._kinds.get(letter, "text")
            if letter == self._overview.row_sum:
                kind = "months"
            self._amendment.style(self._sheet, cell, **look, number_format=FORMATS[kind])

    def _dressed(self) -> list[str]:
        ends = [self._overview.total_letter, self._overview.name_letter or ""]
        return sorted({*self._letters, *filter(None, ends)})


def _make(amendment: Amendment, overview: Overview) -> Worksheet:
    """A new overview without rows."""
    sheet = amendment.create(overview.sheet, _place(amendment.workbook))
    row = overview.label_row
    contents: dict[str, CellInput] = {
        f"{each.letter}{row}": each.label for each in overview.columns
    }
    if overview.name_letter is not None:
        contents[f"{overview.name_letter}{row}"] = "Partner"
    if overview.row_sum is not None:
        contents[f"{overview.row_sum}{row}"] = "Total"
    amendment.put(sheet, contents)
    dress(sheet, contents, HEADING)
    if overview is BUDGET_OVERVIEW:
        dress(sheet, (RULE_SET[0],), LABEL)
    widths: dict[str, float] = {each.letter: 15.0 for each in overview.columns}
    if overview is PM_OVERVIEW:
        widths = dict.fromkeys(widths, 9.0)
    set_widths(sheet, widths | _WIDTHS[overview.sheet])
    sheet.row_dimensions[row].height = 45
    sheet.freeze_panes = _FREEZE[overview.sheet]
    set_up_pages(sheet, f"{row}:{row}")
    return sheet


def _place(workbook: Workbook) -> int:
    """Behind the partners' sheets, and behind the overviews that are there."""
    known = {overview.sheet.casefold() for overview in OVERVIEWS}
    places = [
        place
        for place, title in enumerate(workbook.sheetnames, 1)
        if parse_partner_sheet(title) is not None or title.casefold() in known
    ]
    return max(places, default=len(workbook.sheetnames))
