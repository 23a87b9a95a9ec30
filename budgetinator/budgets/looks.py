"""How our sheets look: fonts, fills, borders, widths and the set-up for printing.

Only sheets that we make are dressed; those that stand keep the look that they have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from budgetinator.budgets.layout import FORMATS, Kind

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = [
    "HEADING",
    "INPUT",
    "LABEL",
    "NUMBERING",
    "RESULT",
    "TITLE",
    "TOTAL",
    "Look",
    "dress",
    "set_up_pages",
    "set_widths",
]

Look = dict[str, Any]

_LINE = Side("thin", color="BFBFBF")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_WRAPPED = Alignment(wrap_text=True, vertical="center")

TITLE: Look = {"font": Font(bold=True, size=12, color="1F3864")}
HEADING: Look = {
    "font": Font(bold=True, color="FFFFFF"),
    "fill": PatternFill("solid", fgColor="1F3864"),
    "border": _BOX,
    "alignment": Alignment(wrap_text=True, vertical="center", horizontal="center"),
}
NUMBERING: Look = {
    "font": Font(italic=True, size=9, color="7F7F7F"),
    "alignment": Alignment(horizontal="center"),
}
LABEL: Look = {"font": Font(bold=True), "border": _BOX, "alignment": _WRAPPED}
INPUT: Look = {
    "fill": PatternFill("solid", fgColor="FFF2CC"),
    "border": _BOX,
}
RESULT: Look = {"border": _BOX}
TOTAL: Look = {
    "font": Font(bold=True),
    "fill": PatternFill("solid", fgColor="DDE4F0"),
    "border": Border(left=_LINE, right=_LINE, top=Side("medium", color="1F3864"), bottom=_LINE),
}


def dress(
    sheet: Worksheet, references: Iterable[str], look: Look, kind: Kind | None = None
) -> None:
    """Give cells a look, and the number format of their kind."""
    for reference in references:
        cell: Any = sheet[reference]
        for name, value in look.items():
            setattr(cell, name, value)
        if kind is not None:
            cell.number_format = FORMATS[kind]


def set_widths(sheet: Worksheet, widths: dict[str, float]) -> None:
    """Set the widths of columns, in characters."""
    for letters, width in widths.items():
        sheet.column_dimensions[letters].width = width


def set_up_pages(sheet: Any, title_rows: str | None = None) -> None:
    """Print in landscape on A4, one page wide, with the sheet's name and the page's number."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = int(sheet.PAPERSIZE_A4)
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    header, footer = sheet.oddHeader, sheet.oddFooter
    header.left.text, header.right.text = "&F", "&A"
    footer.center.text = "&P / &N"
    if title_rows is not None:
        sheet.print_title_rows = title_rows
