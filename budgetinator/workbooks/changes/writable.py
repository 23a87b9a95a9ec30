"""What no workbook file can hold, found in an openpyxl workbook before anything is written.

openpyxl writes most of it without a word, and the file is one that Excel repairs or
refuses; the rest stops it in the middle of a save.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from numbers import Number
from typing import TYPE_CHECKING, Any

from budgetinator.errors import InvalidCellValue, SaveError

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = [
    "check_cell",
    "check_cells",
    "check_sheets",
    "check_title",
    "check_writable",
    "full_cells",
]

MAX_TITLE = 31
_MAX_TEXT = 32_767
_MAX_FORMULA = 8_192
_LONG = _MAX_TEXT // 2  # above it, characters may count twice
# XML 1.0, production [2]; surrogates stand alone only, as Python has whole characters.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")


def check_writable(workbook: Workbook, path: str, full_before: frozenset[tuple[str, str]]) -> None:
    """Raise SaveError for sheets and InvalidCellValue for cells that cannot be saved.

    openpyxl cuts text to 32,767 characters when it is assigned, and what was cut is
    gone; so a cell that has become exactly full is refused, unless it is one of
    `full_before` (`full_cells` after opening).
    """
    check_sheets(workbook, path)
    for sheet in workbook.worksheets:
        check_cells(sheet, path, full_before)


def check_sheets(workbook: Workbook, path: str) -> None:
    """Raise SaveError for names and states of sheets that Excel does not take."""
    sheets: list[Any] = [*workbook.worksheets, *workbook.chartsheets]
    if not any(sheet.sheet_state == "visible" for sheet in sheets):
        raise SaveError(
            f"{path} cannot be saved: none of its sheets is visible, and Excel needs one. "
            "The file is as it was.",
            path=path,
        )
    known: set[str] = set()
    for sheet in sheets:
        try:
            check_title(sheet.title)
            if sheet.title.casefold() in known:
                raise ValueError("another sheet has the same name")
        except ValueError as error:
            raise SaveError(
                f"{path} cannot be saved: {sheet.title!r} cannot be the name of a sheet, because "
                f"{error}. The file is as it was.",
                path=path,
                sheet=sheet.title,
            ) from None
        known.add(sheet.title.casefold())


def check_cells(sheet: Any, path: str, full_before: frozenset[tuple[str, str]]) -> None:
    """Raise InvalidCellValue for a cell of this sheet that cannot be saved."""
    for cell in _cells(sheet):
        check_cell(cell, path, full_before)


def check_cell(cell: Any, path: str, full_before: frozenset[tuple[str, str]]) -> None:
    """Raise InvalidCellValue for one cell that cannot be saved, as `check_writable` does."""
    reason = _reason(cell)
    if reason is None and _is_full(cell):
        known = (cell.parent.title, cell.coordinate) in full_before
        reason = None if known else "openpyxl has cut its text to 32,767 characters"
    if reason is not None:
        raise InvalidCellValue(
            f"{path} cannot be saved: {cell.coordinate} of the sheet {cell.parent.title!r} "
            f"cannot be written, because {reason}. The file is as it was.",
            path=path,
            sheet=cell.parent.title,
            cell=cell.coordinate,
        )


def full_cells(sheets: Iterable[Any]) -> frozenset[tuple[str, str]]:
    """The sheets and references of cells that hold as much text as a cell can."""
    return frozenset(
        (sheet.title, cell.coordinate)
        for sheet in sheets
        for cell in _cells(sheet)
        if _is_full(cell)
    )


def check_title(title: str) -> None:
    """Raise ValueError, with the reason, for what cannot be the name of a sheet."""
    if not title.strip():
        raise ValueError("it is empty")
    if len(title.encode("utf-16-le", "surrogatepass")) // 2 > MAX_TITLE:
        raise ValueError(f"it is longer than {MAX_TITLE} characters")
    if found := _NOT_IN_TITLES.search(title):
        raise ValueError(f"it holds {found[0]!r}")
    if title.startswith("'") or title.endswith("'"):
        raise ValueError("it begins or ends with an apostrophe")
    if _UNWRITABLE.search(title):
        raise ValueError("it holds a control character")


def _cells(sheet: Any) -> Iterator[Any]:
    return iter(vars(sheet).get("_cells", {}).values())


def _is_full(cell: Any) -> bool:
    value = cell._value  # noqa: SLF001  a merged cell has no other
    return type(value) is str and len(value) == _MAX_TEXT


def _reason(cell: Any) -> str | None:
    value = cell._value  # noqa: SLF001  a merged cell has no other
    if value is None:
        return None
    if isinstance(value, str):
        return _text_reason(value, is_formula=cell.data_type == "f")
    if isinstance(value, Number) and not _is_finite(value):
        return f"{value} is no number that a cell can hold"
    return None


def _text_reason(text: str, *, is_formula: bool) -> str | None:
    if (found := _UNWRITABLE.search(text)) is not None:
        return f"its text holds the character U+{ord(found[0]):04X}"
    if is_formula and len(text) > _MAX_FORMULA + 1:
        return f"its formula is longer than {_MAX_FORMULA:,} characters"
    if len(text) > _LONG and len(text.encode("utf-16-le")) // 2 > _MAX_TEXT:
        return f"its text is longer than {_MAX_TEXT:,} characters"
    return None


def _is_finite(number: Any) -> bool:
    try:
        return math.isfinite(number)
    except (TypeError, OverflowError):
        return False
