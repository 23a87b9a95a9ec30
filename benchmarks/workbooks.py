"""What is measured with: a budget in the layout of a consortium, and one large sheet."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["make_budget", "make_sheet"]

_THIN = Side(style="thin", color="999999")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_HEAD = PatternFill("solid", fgColor="DCE6F1")
_HEAD_ROWS = (12, 17, 21, 27, 34, 41)
_MONEY = "#,##0.00 €"


def make_budget(path: Path, *, partners: int) -> Path:
    """A workbook of one sheet a partner and two overviews, with formulas and formats."""
    workbook = Workbook()
    overview = workbook.active
    overview.title = "Budget Overview"
    months = workbook.create_sheet("PM Overview")
    for number in range(1, partners + 1):
        name = "P1-Coord" if number == 1 else f"P{number}-ACRO{number:02}"
        _partner(workbook.create_sheet(name), number)
        for column in range(6, 24):
            cell = overview.cell(number + 7, column, f"='{name}'!{_letter(column + 1)}13")
            cell.number_format = _MONEY
        for column in range(3, 18):
            months.cell(number + 4, column, f"='{name}'!{_letter(column)}18")
    workbook.save(path)
    workbook.close()
    return path


def make_sheet(path: Path, *, rows: int, columns: int) -> Path:
    """One sheet "Data" of numbers and some texts."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Data")
    for row in range(rows):
        sheet.append(
            [f"item {row}" if column % 5 == 0 else row * column / 7 for column in range(columns)]
        )
    workbook.save(path)
    workbook.close()
    return path


def _partner(sheet: Worksheet, number: int) -> None:
    _labels(sheet, number)
    _tables(sheet)
    for column in range(3, 18):
        sheet.cell(18, column, (number * column) % 7 / 2)
    sheet["B18"], sheet["G13"] = "=SUM(C18:Q18)", "=D7*B18"
    sheet["N13"], sheet["O13"] = "=0.25*(G13+I13+J13+K13)", "=SUM(G13:N13)"
    sheet["P13"], sheet["Q13"], sheet["R13"] = "=G3", "=O13*P13", "=Q13"
    for row in (22, 23, 28, 29, 30, 35, 36, 42, 43, 44):
        sheet.cell(row, 6, row * number * 10.5)
    _cost_lines(sheet, number)
    for column in range(2, 25):
        sheet.column_dimensions[_letter(column)].width = 14


def _labels(sheet: Worksheet, number: int) -> None:
    for label, row in (("number", 2), ("acronym", 3), ("PIC", 4), ("country", 5), ("rate", 7)):
        sheet.cell(row, 2, label)
        sheet.merge_cells(start_row=row, start_column=2, end_row=row, end_column=3)
        sheet.merge_cells(start_row=row, start_column=4, end_row=row, end_column=5)
    sheet["D2"], sheet["D3"], sheet["D4"] = number, f"ACRO{number:02}", f"{999_999_000 + number}"
    sheet["D5"], sheet["D7"], sheet["G3"] = "DE", 5_000 + 10 * number, 1.0


def _tables(sheet: Worksheet) -> None:
    for row in range(10, 46):
        for column in range(2, 25):
            cell = sheet.cell(row, column)
            cell.border = _BOX
            if row in _HEAD_ROWS:
                cell.fill, cell.font = _HEAD, Font(bold=True)
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                cell.value = f"label {column}"
            elif column >= 6:
                cell.number_format = _MONEY


def _cost_lines(sheet: Worksheet, number: int) -> None:
    """The lines behind the sums."""
    for row in range(50, 120):
        for column in range(2, 25):
            value = row * column * number / 8 if column > 4 else f"line {row}"
            cell = sheet.cell(row, column, value)
            cell.border = _BOX
            cell.number_format = _MONEY


def _letter(column: int) -> str:
    return chr(64 + column)
