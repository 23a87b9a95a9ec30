"""A budget read from its workbook: as far as it goes, with what is odd told as findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from budgetinator.budgets.catalogue import finding
from budgetinator.budgets.entries import Entries
from budgetinator.budgets.findings import Finding
from budgetinator.budgets.layout import (
    BUDGET_OVERVIEW,
    HISTORY,
    OWN_SHEETS,
    PM_SUMMARY,
    RULE_SET,
    parse_partner_sheet,
)
from budgetinator.budgets.model import MAX_WORK_PACKAGES, Budget, Version, WorkPackage
from budgetinator.budgets.partnerreading import ReadPartner, read_partner
from budgetinator.budgets.places import normalised
from budgetinator.budgets.rules import RuleSet, rule_set
from budgetinator.budgets.sheetcells import SheetCells, Source, read_cells
from budgetinator.budgets.sums import BudgetFigures, total
from budgetinator.config import OpeningBounds
from budgetinator.errors import ConfigError
from budgetinator.workbooks.addresses import format_cell

__all__ = ["ReadBudget", "read_budget"]

_MOST_LABEL_ROWS = 10


@dataclass(frozen=True, slots=True)
class ReadBudget:
    """A budget and how it was read.

    `rules` are those that the caller or the workbook names. `consortium` sums what the
    partners' sheets show. `work_package_cells` says in which row of the summary each
    work package stands, `sheets` holds the cells of the budget's own sheets by their
    usual names.
    """

    budget: Budget
    partners: tuple[ReadPartner, ...]
    findings: tuple[Finding, ...]
    rules: RuleSet
    sheets: dict[str, SheetCells]
    work_package_rows: dict[int, int]

    @property
    def consortium(self) -> BudgetFigures:
        """The sum over all partners of what is shown for each."""
        sums = {
            field.name: total(getattr(each.figures, field.name) for each in self.partners)
            for field in fields(BudgetFigures)
            if field.name != "funding_rate"
        }
        return BudgetFigures(funding_rate=None, **sums)

    @property
    def is_computed(self) -> bool:
        """Whether a figure was computed here, because the file has no current result of it."""
        return any(each.computed for each in self.partners)


def read_budget(
    source: Source,
    *,
    rules: RuleSet | None = None,
    bounds: OpeningBounds | None = None,
    hidden: bool = False,
) -> ReadBudget:
    """Read a budget; nothing in the sheets raises, everything odd is a finding.

    `hidden` asks for hidden rows and columns, which checks need. Raises what opening a
    workbook raises, and BudgetError for a source that is none.
    """
    cells = read_cells(source, bounds=bounds, hidden=hidden)
    findings: list[Finding] = []
    sheets = _own_sheets(cells, findings)
    named = _rule_set_name(sheets.get(BUDGET_OVERVIEW.sheet))
    rules = rules or _rules(named, findings)
    partners = []
    for sheet in cells:
        name = parse_partner_sheet(sheet.name)
        if name is None or _is_other(sheet):
            continue
        read, odd = read_partner(sheet, name, rules)
        partners.append(read)
        findings += odd
    if not partners:
        findings.append(finding("no-partner", None, None, "There is no partner's sheet"))
    packages, rows = _work_packages(sheets.get(PM_SUMMARY.sheet), findings)
    budget = Budget(
        partners=tuple(each.partner for each in sorted(partners, key=_number)),
        work_packages=packages,
        versions=_versions(sheets.get(HISTORY.sheet)),
        rule_set=named,
    )
    ordered = tuple(sorted(partners, key=_number))
    return ReadBudget(budget, ordered, tuple(findings), rules, sheets, rows)


def _number(read: ReadPartner) -> int:
    return read.partner.number


def _is_other(sheet: SheetCells) -> bool:
    """Whether a sheet with a partner's name has nothing of a partner, such as a chart's notes."""
    return (
        bool(sheet.values or sheet.formulas)
        and all(
            sheet.is_empty(cell) for cell in ("D2", "D3", "D4", "B18", "C18", "G13", "O13", "D7")
        )
        and not any(normalised(text) in _SIGNS for _, text in sheet.texts())
    )


_SIGNS = frozenset({"pic", "acronym", "funding rate", "wp1", "personnel"})


def _own_sheets(cells: Iterable[SheetCells], findings: list[Finding]) -> dict[str, SheetCells]:
    by_name = {sheet.name.casefold(): sheet for sheet in cells}
    found = {}
    for name in OWN_SHEETS:
        sheet = by_name.get(name.casefold())
        if sheet is None:
            what = f"There is no sheet {name!r}"
            findings.append(finding("sheet-missing", None, None, what))
        else:
            found[name] = sheet
    return found


def _rule_set_name(sheet: SheetCells | None) -> str | None:
    label_cell, label, cell = RULE_SET
    if sheet is None:
        return None
    there = sheet.value(label_cell)
    if not isinstance(there, str) or normalised(there) != normalised(label):
        return None
    return Entries(sheet).text(cell)


def _rules(name: str | None, findings: list[Finding]) -> RuleSet:
    try:
        return rule_set(name)
    except ConfigError as error:
        cell = RULE_SET[2]
        findings.append(finding("unknown-rule-set", BUDGET_OVERVIEW.sheet, cell, str(error)))
        return rule_set()


def _work_packages(
    sheet: SheetCells | None, findings: list[Finding]
) -> tuple[tuple[WorkPackage, ...], dict[int, int]]:
    if sheet is None:
        return (), {}
    entries = Entries(sheet, findings)
    found: list[WorkPackage] = []
    rows: dict[int, int] = {}
    for place in range(1, MAX_WORK_PACKAGES + 1):
        package = _work_package(entries, place)
        if package is None:
            continue
        if package.number in rows or not 1 <= package.number <= MAX_WORK_PACKAGES:
            why = "twice" if package.number in rows else "and goes beyond 1 to 15"
            what = f"The work package number {package.number} stands here {why}"
            cell = PM_SUMMARY.cell("number", place)
            findings.append(finding("package-number", sheet.name, cell, what))
            continue
        rows[package.number] = place
        found.append(package)
    return tuple(sorted(found, key=lambda each: each.number)), rows


def _work_package(entries: Entries, place: int) -> WorkPackage | None:
    """The work package of a row, None for an empty one."""
    cells = {field: PM_SUMMARY.cell(field, place) for field in PM_SUMMARY.columns}
    if all(entries.sheet.is_empty(cell) for cell in cells.values()):
        return None
    number = entries.whole(cells["number"])
    package = WorkPackage(
        number=place if number is None else number,
        title=entries.text(cells["title"]),
        lead=entries.text(cells["lead"]),
    )
    return replace(
        package,
        start_month=entries.whole(cells["start_month"]),
        end_month=entries.whole(cells["end_month"]),
    )


def _versions(sheet: SheetCells | None) -> tuple[Version, ...]:
    if sheet is None:
        return ()
    entries = Entries(sheet)
    last = max((row for row, _ in sheet.values), default=0)
    found = []
    for row in range(_history_label_row(sheet) + 1, last + 1):
        stamp = sheet.values.get((row, 1))
        texts = [entries.text(format_cell(row, column)) for column in (1, 2, 3)]
        if any(text is not None for text in texts):
            when = stamp if isinstance(stamp, dt.datetime) else texts[0] or ""
            found.append(Version(when, texts[1] or "", texts[2] or ""))
    return tuple(found)


def _history_label_row(sheet: SheetCells) -> int:
    label = normalised(HISTORY.columns["timestamp"][1])
    for row in range(1, _MOST_LABEL_ROWS + 1):
        value = sheet.values.get((row, 1))
        if isinstance(value, str) and normalised(value) == label:
            return row
    return HISTORY.label_row
