"""A sample consortium: a budget workbook of made-up partners, for the demonstration.

Inputs, formulas and formats only. The figures that the formulas give appear once
a program that calculates opens the file; none is made up here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from budgetinator.workbooks.addresses import quote_sheet

__all__ = ["make_sample", "partner_names"]

Content = str | int | float | datetime | None

MONEY = "#,##0.00 €"
MONTHS = "#,##0.00"
SHARE = "0%"
_HEADING = Font(bold=True)
_INPUT = PatternFill("solid", fgColor="FFF2CC")

# Acronym, country, EUR per person-month, funding rate, person-months of WP 1 to 15 as a pattern.
_PARTNERS = (
    ("Coord", "DE", 6000, 1.0, (4, 2, 3)),
    ("L'ORE", "FR", 5300, 0.7, (0, 5, 2)),
    ("NORDLYS", "NO", 7100, 1.0, (1, 0, 6)),
    ("TERRA", "IT", 4800, 0.7, (2, 3, 0)),
    ("KYMA", "GR", 3900, 1.0, (3, 3, 1)),
    ("VELES", "SI", 3600, 1.0, (0, 0, 4)),
    ("AURIGA", "ES", 4500, 0.7, (5, 1, 1)),
    ("DUNA", "HU", 3400, 1.0, (2, 2, 2)),
    ("BRISE", "BE", 6200, 0.7, (1, 4, 0)),
    ("FJORD", "DK", 7000, 1.0, (0, 2, 3)),
)
_PACKAGES = ("Management", "Requirements", "Method", "Data", "Models", "Tools", "Pilots", "Trials")
_LABELS = ("Number", "Acronym", "PIC", "Country", "Role", "Rate per PM")
_TITLES = (
    *("No.", "PIC", "Name", "Country", "Role", "Personnel", "Subcontracting", "Travel"),
    *("Equipment", "Other", "Third parties", "Internal", "Indirect", "Total", "Rate", "Maximum"),
    *("Requested", "Grant", "Income", "Contributions", "In kind", "Own", "Total income"),
)
_NUMBERS = (*range(20), None, 20, 21)  # the column of what is given in kind has none
_INDIRECT = "=0.25*(G13+I13+J13+K13)"
_ROW_13 = (
    *("=D2", "=D4", "=D3", "=D5", "=D6"),
    *("=D7*B18", "=F24", "=F28", "=F29", "=F30", "=F35", "=F36", _INDIRECT, "=SUM(G13:N13)"),
    *("=G3", "=O13*P13", "=Q13", "=R13", "=F42", "=F43", None, "=F44", "=S13+T13+U13+V13+W13"),
)
_SUMS = {"F24": "=SUM(F22:F23)", "F31": "=SUM(F28:F30)", "F37": "=SUM(F35:F36)"}
_TABLES = (
    (20, "Table B: subcontracting", {22: 5000, 23: None}),
    (26, "Table C: travel, equipment, other goods, works, services", {28: 12000, 29: 8000, 30: 0}),
    (33, "Table D: third parties, internally invoiced", {35: None, 36: 4000}),
    (40, "Table X: income, contributions, own resources", {42: None, 43: 0, 44: 1000}),
)


def partner_names(count: int) -> Iterator[tuple[int, str]]:
    """The number and the acronym of each partner: the ten that there are, then numbered anew."""
    for number in range(1, count + 1):
        turn, place = divmod(number - 1, len(_PARTNERS))
        yield number, _PARTNERS[place][0] + (str(turn + 1) if turn else "")


def make_sample(path: Path, partners: int = 20) -> Path:
    """Write a workbook of so many partners in the layout of budget workbooks; the path."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    names = [(number, f"P{number}-{name}") for number, name in partner_names(partners)]
    for number, sheet in names:
        _partner(workbook.create_sheet(sheet), number, sheet.partition("-")[2])
    _summary(workbook.create_sheet("PM Summary"), partners)
    _overview_of_months(workbook.create_sheet("PM Overview"), names)
    _overview(workbook.create_sheet("Budget Overview"), names)
    history = workbook.create_sheet("Version History")
    _row(history, 1, 1, ("Timestamp", "Version Info", "Summary"), font=_HEADING)
    _row(history, 2, 1, (datetime(2026, 3, 2, 9, 30), "0.1", "Sample consortium"))  # noqa: DTZ001
    workbook.active = len(names) + 2
    workbook.save(path)
    workbook.close()
    return path


def _partner(sheet: Worksheet, number: int, acronym: str) -> None:
    _, country, rate, funding, months = _PARTNERS[(number - 1) % len(_PARTNERS)]
    role = "Coordinator" if number == 1 else "Beneficiary"
    inputs: tuple[Content, ...] = (
        number,
        acronym,
        f"{999_000_000 + 7_919 * number}",
        country,
        role,
        rate,
    )
    for row, (label, value) in enumerate(zip(_LABELS, inputs, strict=True), 2):
        sheet.merge_cells(f"B{row}:C{row}")
        sheet.merge_cells(f"D{row}:E{row}")
        _row(sheet, row, 2, (label,), font=_HEADING)
        _row(sheet, row, 4, (value,), fill=_INPUT)
    sheet["F3"], sheet["G3"] = "Funding rate", funding
    sheet["D7"].number_format, sheet["G3"].number_format = MONEY, SHARE
    _costs(sheet)
    _row(sheet, 16, 2, ("Table 2: person-months",), font=_HEADING)
    _row(sheet, 17, 2, ("Total", *(f"WP{package}" for package in range(1, 16))), font=_HEADING)
    planned = [months[package % 3] if package < len(_PACKAGES) else None for package in range(15)]
    _row(sheet, 18, 2, ("=SUM(C18:Q18)", *planned), number_format=MONTHS)
    for first, title, sums in _TABLES:
        _row(sheet, first, 2, (title,), font=_HEADING)
        for row, amount in sums.items():
            _row(sheet, row, 6, (amount,), number_format=MONEY, fill=_INPUT)
    for cell, formula in {**_SUMS, "F45": "=SUM(F42:F44)"}.items():
        sheet[cell] = formula
        sheet[cell].number_format = MONEY


def _costs(sheet: Worksheet) -> None:
    _row(sheet, 10, 2, ("Table 1: costs and income",), font=_HEADING)
    _row(sheet, 11, 2, _NUMBERS)
    _row(sheet, 12, 2, _TITLES, font=_HEADING)
    _row(sheet, 13, 2, _ROW_13)
    for column in "GHIJKLMNOQRSTUVWX":
        sheet[f"{column}13"].number_format = sheet[f"{column}14"].number_format = MONEY
        sheet[f"{column}14"] = f"=SUM({column}13)"
    sheet["B14"], sheet["P13"].number_format = "Total", SHARE
    sheet.column_dimensions["V"].hidden = True
    sheet.freeze_panes = "C14"
    for place in range(2, 25):
        sheet.column_dimensions[get_column_letter(place)].width = 15


def _summary(sheet: Worksheet, partners: int) -> None:
    _row(sheet, 3, 1, ("WP", "Title", None, "Lead", None, "Start", "End"), font=_HEADING)
    for place, title in enumerate(_PACKAGES):
        lead = place % partners + 1
        _row(sheet, place + 4, 1, (place + 1, title, None, lead, None, 1 + 3 * place, 36))


def _overview_of_months(sheet: Worksheet, names: list[tuple[int, str]]) -> None:
    packages = [f"WP{package}" for package in range(1, 16)]
    _row(sheet, 4, 1, ("Partner", "Total", *packages), font=_HEADING)
    for number, name in names:
        row = number + 4
        links = [f"={quote_sheet(name)}!{get_column_letter(place)}18" for place in range(3, 18)]
        _row(sheet, row, 1, (name, f"=SUM(C{row}:Q{row})", *links), number_format=MONTHS)
    sheet.freeze_panes = "C5"


def _overview(sheet: Worksheet, names: list[tuple[int, str]]) -> None:
    _row(sheet, 7, 2, ("PIC", "Name", "Country", "Role", *_TITLES[5:]), font=_HEADING)
    first, last = names[0][0] + 7, names[-1][0] + 7
    for number, name in names:
        link = f"={quote_sheet(name)}!"
        _row(sheet, number + 7, 2, [link + cell for cell in ("D4", "D13", "D5", "D6")])
        costs = [f"{link}{get_column_letter(place)}13" for place in range(7, 25)]
        _row(sheet, number + 7, 6, costs, number_format=MONEY)
        sheet.cell(number + 7, 15).number_format = SHARE
    columns = [get_column_letter(place) for place in range(6, 24)]
    totals = [f"=SUM({c}{first}:{c}{last})" if c != "O" else None for c in columns]
    _row(sheet, last + 1, 2, ("Consortium",), font=_HEADING)
    _row(sheet, last + 1, 6, totals, font=_HEADING, number_format=MONEY)
    sheet.freeze_panes = "F8"


def _row(
    sheet: Worksheet, row: int, first: int, values: Iterable[Content], **formats: object
) -> None:
    """Write values side by side from this column on, None as no value, with these formats."""
    for column, value in enumerate(values, first):
        cell = sheet.cell(row, column, value)
        for name, form in formats.items():
            setattr(cell, name, form)
