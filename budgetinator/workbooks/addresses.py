"""Cell references in the A1 style, on the grid A1:XFD1048576.

What is accepted is what Excel's own formulas and Name Box accept for one area:
either case, `$` anywhere it may stand, corners in any order, whole columns
(`B:D`) and whole rows (`2:9`), spaces around the reference. Refused, because
each has more than one reading: an empty reference, a leading zero (`A01`), a
half-open range (`A1:`, `A:B2`), unions (`A1,C3`), R1C1, references into another
file (`[Plan.xlsx]Sheet1!A1`) or across sheets (`Q1:Q4!A1`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from budgetinator.errors import InvalidCellReference

__all__ = [
    "MAX_COLUMN",
    "MAX_ROW",
    "Area",
    "column_letters",
    "column_number",
    "format_cell",
    "parse_cell",
    "parse_range",
    "quote_sheet",
    "split_address",
]

MAX_ROW = 1_048_576
MAX_COLUMN = 16_384

_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")
_COLUMN = re.compile(r"\$?([A-Za-z]{1,3})")
_ROW = re.compile(r"\$?([1-9][0-9]{0,6})")
_QUOTED_SHEET = re.compile(r"'((?:[^']|'')+)'!")
# Names that stand in a formula without quotes: those that nothing else can be mistaken for.
_PLAIN_SHEET = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_LOOKS_LIKE_REFERENCE = re.compile(r"[A-Z]{1,3}[0-9]+|R[0-9]*(C[0-9]*)?|C[0-9]*|TRUE|FALSE")


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells, both corners within; rows and columns count from 1."""

    min_row: int
    min_col: int
    max_row: int
    max_col: int

    @property
    def rows(self) -> int:
        """How many rows it spans."""
        return self.max_row - self.min_row + 1

    @property
    def columns(self) -> int:
        """How many columns it spans."""
        return self.max_col - self.min_col + 1

    @property
    def cells(self) -> int:
        """How many cells it covers."""
        return self.rows * self.columns

    def contains(self, row: int, column: int) -> bool:
        """Whether the cell lies within."""
        return self.min_row <= row <= self.max_row and self.min_col <= column <= self.max_col

    def __str__(self) -> str:
        first = format_cell(self.min_row, self.min_col)
        return first if self.cells == 1 else f"{first}:{format_cell(self.max_row, self.max_col)}"


def column_number(letters: str) -> int:
    """The column that the letters name, from 1; InvalidCellReference beyond XFD."""
    number = 0
    if re.fullmatch(r"[A-Za-z]{1,3}", letters):
        for letter in letters.upper():
            number = number * 26 + ord(letter) - 64
    if not 1 <= number <= MAX_COLUMN:
        raise _invalid(letters, "there is no such column; columns go from A to XFD")
    return number


def column_letters(number: int) -> str:
    """The letters of a column counted from 1; InvalidCellReference outside 1..16384."""
    if not 1 <= number <= MAX_COLUMN:
        raise _invalid(str(number), f"columns are numbered from 1 to {MAX_COLUMN}")
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def format_cell(row: int, column: int) -> str:
    """The reference of a cell, `format_cell(7, 2) == "B7"`."""
    return f"{column_letters(column)}{_checked_row(row, str(row))}"


def parse_cell(text: str) -> tuple[int, int]:
    """The row and the column, from 1, of a reference to one cell.

    Raises InvalidCellReference, whose `cell` is the text as it was given.
    """
    found = _CELL.fullmatch(text.strip())
    if found is None:
        raise _invalid(text, "a cell is named by its column and its row, as in B7")
    return _checked_row(int(found[2]), text), _checked_column(found[1], text)


def parse_range(text: str) -> Area:
    """The area of a cell, a range, whole columns or whole rows.

    Corners may come in any order. Raises InvalidCellReference.
    """
    first, colon, last = text.strip().partition(":")
    if not colon:
        row, column = parse_cell(text)
        return Area(row, column, row, column)
    for shape, corner in ((_CELL, _cell), (_COLUMN, _column), (_ROW, _row)):
        one, other = shape.fullmatch(first), shape.fullmatch(last)
        if one and other:
            return _spanning(corner(one, text), corner(other, text))
    raise _invalid(text, "a range is named by two corners, as in A1:D9")


def split_address(text: str) -> tuple[str | None, str]:
    """The sheet, or None, and the reference of `Sheet!A1`.

    `'P2-L''ORE'!G13` gives `("P2-L'ORE", "G13")`. The reference is handed on
    without the spaces around it and is not looked at: give it to `parse_cell`
    or `parse_range`. A sheet's name keeps its spaces. Raises InvalidCellReference.
    """
    sheet: str | None = None
    reference = text
    if text.lstrip().startswith("'"):
        quoted = _QUOTED_SHEET.match(text.lstrip())
        if quoted is None:
            raise _invalid(text, "the quotes around its sheet's name do not match")
        sheet, reference = quoted[1].replace("''", "'"), text.lstrip()[quoted.end() :]
    elif "!" in text:
        sheet, _, reference = text.rpartition("!")
    if sheet is not None and not sheet.strip():
        raise _invalid(text, "it names no sheet before the exclamation mark")
    if sheet is not None and any(sign in sheet for sign in "[]:"):
        raise _invalid(text, "it must stay within one sheet of this workbook")
    if not reference.strip():
        raise _invalid(text, "it names no cell")
    return sheet, reference.strip()


def quote_sheet(name: str) -> str:
    """The sheet's name as it stands in a formula, in quotes where it needs them."""
    if _PLAIN_SHEET.fullmatch(name) and not _LOOKS_LIKE_REFERENCE.fullmatch(name.upper()):
        return name
    return "'" + name.replace("'", "''") + "'"


def _cell(found: re.Match[str], text: str) -> Area:
    row, column = _checked_row(int(found[2]), text), _checked_column(found[1], text)
    return Area(row, column, row, column)


def _column(found: re.Match[str], text: str) -> Area:
    column = _checked_column(found[1], text)
    return Area(1, column, MAX_ROW, column)


def _row(found: re.Match[str], text: str) -> Area:
    row = _checked_row(int(found[1]), text)
    return Area(row, 1, row, MAX_COLUMN)


def _spanning(one: Area, other: Area) -> Area:
    return Area(
        min(one.min_row, other.min_row),
        min(one.min_col, other.min_col),
        max(one.max_row, other.max_row),
        max(one.max_col, other.max_col),
    )


def _checked_row(row: int, text: str) -> int:
    if not 1 <= row <= MAX_ROW:
        raise _invalid(text, f"rows are numbered from 1 to {MAX_ROW}")
    return row


def _checked_column(letters: str, text: str) -> int:
    try:
        return column_number(letters)
    except InvalidCellReference:
        raise _invalid(text, "there is no such column; columns go from A to XFD") from None


def _invalid(text: str, why: str) -> InvalidCellReference:
    shown = text if len(text) <= 80 else text[:77] + "..."
    return InvalidCellReference(f"{shown!r} is not a cell reference: {why}.", cell=text)
