"""Builders of small budget workbooks, by the one table."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook, load_workbook

from budgetinator.budgets import MAX_WORK_PACKAGES, Amount, Budget, Partner, Subcontract
from budgetinator.budgets.layout import (
    BUDGET_OVERVIEW,
    HIDDEN_COLUMNS,
    HISTORY,
    INPUTS,
    MERGES,
    PARTNER_TITLES,
    PM_OVERVIEW,
    PM_SUMMARY,
    RULE_SET,
    Overview,
    input_value,
    partner_formulas,
    partner_sheet_name,
)
from budgetinator.budgets.model import Version, WorkPackage

__all__ = ["SAMPLE", "Change", "build", "example", "months", "named", "with_results", "write"]

Change = Callable[[Workbook], None]


def months(*given: int | str | None) -> tuple[Amount, ...]:
    """The person-months of the first work packages, and none for the rest."""
    found = [None if each is None else Decimal(each) for each in given]
    return (*found, *(None,) * (MAX_WORK_PACKAGES - len(found)))


def example(number: int = 2, acronym: str = "ACME") -> Partner:
    """The partner of the worked example."""
    return Partner(
        number=number,
        acronym=acronym,
        pic=f"99900000{number}",
        country="FR",
        role="Beneficiary",
        rate=Decimal(6000),
        funding_rate=Decimal(1),
        person_months=months(20, 12, 9),
        subcontracts=(Subcontract("Lab", Decimal(5000), "Tests"), Subcontract()),
        travel=Decimal(12000),
        equipment=Decimal(8000),
        other_goods=Decimal(3000),
        third_parties=Decimal(60000),
        internal_goods=Decimal(4000),
        own_resources=Decimal(1000),
    )


def _plain(number: int, acronym: str, country: str) -> Partner:
    """A partner with which nothing is wrong."""
    return Partner(
        number=number,
        acronym=acronym,
        pic=f"99900000{number}",
        country=country,
        role="Coordinator" if number == 1 else "Beneficiary",
        rate=Decimal(5000),
        funding_rate=Decimal(1),
        person_months=months(4, "2.5", 0),
        travel=Decimal(3000),
        own_resources=Decimal(0),
    )


SAMPLE = Budget(
    partners=(_plain(1, "COORD", "DE"), _plain(2, "L'ORE", "FR"), _plain(3, "Öko Lab", "AT")),
    work_packages=(
        WorkPackage(1, "Management", "COORD", 1, 36),
        WorkPackage(2, "Method", "L'ORE", 4, 30),
    ),
    versions=(Version("2026-03-02 09:30", "0.1", "First draft"),),
    rule_set="HE-RIA",
)
"""Three partners of three countries, two work packages, and nothing wrong."""


def build(budget: Budget = SAMPLE, change: Change | None = None) -> Workbook:
    """The workbook of a budget, with formulas and without results; then changed."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    names = {each.number: partner_sheet_name(each.number, each.acronym) for each in budget.partners}
    for partner in budget.partners:
        _partner(workbook, names[partner.number], partner)
    _summary(workbook, budget)
    for overview in (PM_OVERVIEW, BUDGET_OVERVIEW):
        _overview(workbook, overview, names)
    sheet = workbook[BUDGET_OVERVIEW.sheet]
    sheet[RULE_SET[0]], sheet[RULE_SET[2]] = RULE_SET[1], budget.rule_set
    if change is not None:
        change(workbook)
    return workbook


def write(path: Path, budget: Budget = SAMPLE, change: Change | None = None) -> Path:
    """Write such a workbook."""
    workbook = build(budget, change)
    workbook.save(path)
    workbook.close()
    return path


def named(*partners: Partner) -> Budget:
    """A budget of these partners alone, with the work packages of the sample."""
    return replace(SAMPLE, partners=partners)


def _partner(workbook: Workbook, name: str, partner: Partner) -> None:
    sheet = workbook.create_sheet(name)
    for area in MERGES:
        sheet.merge_cells(area)
    for cell, text in PARTNER_TITLES.items():
        sheet[cell] = text
    for each in INPUTS:
        if each.label_cell is not None:
            sheet[each.label_cell] = _label(each.label_cell, each.label)
    for cell, formula in partner_formulas().items():
        sheet[cell] = formula
    for each in INPUTS:
        value = input_value(partner, each)
        if value is not None:
            sheet[each.cell] = value
    for letter in HIDDEN_COLUMNS:
        sheet.column_dimensions[letter].hidden = True


def _label(cell: str, label: str) -> str:
    return PARTNER_TITLES.get(cell, label)


def _summary(workbook: Workbook, budget: Budget) -> None:
    sheet = workbook.create_sheet(PM_SUMMARY.sheet)
    for package in budget.work_packages:
        for field in PM_SUMMARY.columns:
            sheet[PM_SUMMARY.cell(field, package.number)] = getattr(package, field)
    history = workbook.create_sheet(HISTORY.sheet)
    for letter, label in HISTORY.columns.values():
        history[f"{letter}{HISTORY.label_row}"] = label
    for place, version in enumerate(budget.versions, 1):
        for field in HISTORY.columns:
            history[HISTORY.cell(field, place)] = getattr(version, field)


def _overview(workbook: Workbook, overview: Overview, names: dict[int, str]) -> None:
    sheet = workbook.create_sheet(overview.sheet)
    for number, name in names.items():
        for cell, formula in overview.row_formulas(number, name).items():
            sheet[cell] = formula
    for cell, formula in overview.total_formulas(names).items():
        sheet[cell] = formula
    sheet[f"{overview.total_letter}{overview.total_row(names)}"] = overview.total_label


def with_results(path: Path, results: Mapping[str, float | str], *, marked: bool = False) -> Path:
    """Put results of formulas into a file, as a program that computes leaves them.

    The cells are `Sheet!A1`; unless `marked`, the file is no longer one to be recalculated.
    """
    workbook = load_workbook(path)
    parts = {
        name: f"xl/worksheets/sheet{place}.xml" for place, name in enumerate(workbook.sheetnames, 1)
    }
    workbook.close()
    with zipfile.ZipFile(path) as file:
        data = {name: file.read(name).decode() for name in file.namelist()}
    for address, result in results.items():
        sheet, _, cell = address.rpartition("!")
        kind = (
            "" if isinstance(result, int | float) else ' t="e"' if result[0] == "#" else ' t="str"'
        )
        found = re.compile(rf'<c r="{cell}"( s="\d+")?[^>]*>(<f>[^<]*</f>)<v ?/?>(?:</v>)?</c>')
        text, count = found.subn(
            lambda match, kind=kind, cell=cell, result=result: (
                f'<c r="{cell}"{match[1] or ""}{kind}>{match[2]}<v>{result}</v></c>'
            ),
            data[parts[sheet]],
        )
        assert count == 1, address
        data[parts[sheet]] = text
    if not marked:
        data["xl/workbook.xml"] = re.sub(r' fullCalcOnLoad="1"', "", data["xl/workbook.xml"])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in data.items():
            file.writestr(name, text)
    return path
