"""Kinds of change that a user makes, by way of openpyxl or of set cells."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from budgetinator.workbooks import ExcelManager, excel_context
from budgetinator.workbooks.addresses import format_cell, quote_sheet
from budgetinator.workbooks.releasing import release_workbook
from budgetinator.workbooks.surroundings import Surroundings

__all__ = ["KINDS", "Kind", "change_by_openpyxl", "change_by_us", "is_shown"]

_VALUE = 1234.5
_WIDTH = 33.25
_LAST_ROW = 1_048_000

Change = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """`parts` are the beginnings of the names of parts that it concerns; others keep their bytes.

    `shown` tells of a workbook whether the change is in it; `kinds` are the words for
    what it may change in the tree of those parts.
    """

    name: str
    change: Change
    shown: Callable[[Any], bool]
    parts: tuple[str, ...]
    kinds: frozenset[str] = frozenset()
    by_cells: bool = False


def free_row(sheet: Any) -> int:
    """A row below all that there is, or one that is as good as sure to be free."""
    return int(sheet.max_row) + 3 if sheet.max_row < _LAST_ROW else 70_000


def _value(workbook: Any) -> None:
    for sheet in workbook.worksheets:
        sheet.cell(free_row(sheet), 2).value = _VALUE


def _style(workbook: Any) -> None:
    for sheet in workbook.worksheets:
        cells = [cell for cell in _cells(sheet) if type(cell.value) in (int, float, str)]
        plain = (cell for cell in cells if cell.data_type != "f")
        formulas = (cell for cell in cells if cell.data_type == "f")
        free = sheet.cell(free_row(sheet), 2)
        for cell in (next(plain, free), next(formulas, free)):
            font = copy(cell.font)
            font.b, font.sz, font.name = True, 13, "Georgia"
            cell.font = font


def _frame(workbook: Any) -> None:
    for sheet in workbook.worksheets:
        row = free_row(sheet)
        sheet.column_dimensions["D"].width = _WIDTH
        sheet.merge_cells(start_row=row, end_row=row + 1, start_column=2, end_column=4)


def _sheet(workbook: Any) -> None:
    workbook.create_sheet("A new sheet")["A1"] = _VALUE


def _name(workbook: Any) -> None:
    title = quote_sheet(workbook.worksheets[0].title)
    workbook.defined_names["a_new_name"] = DefinedName("a_new_name", attr_text=f"{title}!$A$1")


def _comment(workbook: Any) -> None:
    for sheet in workbook.worksheets:
        sheet.cell(free_row(sheet), 2).comment = Comment("A new comment", "Somebody new")


def _all(workbook: Any) -> None:
    for change in (_value, _style, _frame, _comment, _name, _sheet):
        change(workbook)


def _has_value(workbook: Any) -> bool:
    return all(any(c.value == _VALUE for c in _cells(s)) for s in workbook.worksheets)


def _has_style(workbook: Any) -> bool:
    return all(
        any((c.font.name, c.font.sz, c.font.b) == ("Georgia", 13, True) for c in _cells(sheet))
        for sheet in workbook.worksheets
    )


def _has_frame(workbook: Any) -> bool:
    return all(
        sheet.column_dimensions["D"].width == _WIDTH
        and any(area.min_col == 2 and area.max_col == 4 for area in sheet.merged_cells.ranges)
        for sheet in workbook.worksheets
    )


def _has_sheet(workbook: Any) -> bool:
    return "A new sheet" in workbook.sheetnames and workbook["A new sheet"]["A1"].value == _VALUE


def _has_name(workbook: Any) -> bool:
    return "a_new_name" in workbook.defined_names


def _has_comment(workbook: Any) -> bool:
    return all(
        any(c.comment and c.comment.text == "A new comment" for c in _cells(sheet))
        for sheet in workbook.worksheets
    )


def _has_all(workbook: Any) -> bool:
    if not (_has_sheet(workbook) and _has_name(workbook)):
        return False
    del workbook["A new sheet"]
    checks = (_has_value, _has_style, _has_frame, _has_comment)
    return all(check(workbook) for check in checks)


_SHEETS = ("xl/worksheets/sheet", "xl/worksheets/", "[Content_Types].xml")
_BOOK = ("xl/workbook.xml", "xl/_rels/workbook", "xl/calcChain.xml", "docProps/")
_NOTES = ("xl/comments", "xl/drawings/vml")

KINDS = (
    Kind("a-value", _value, _has_value, (*_SHEETS, *_BOOK)),
    Kind("set-cells", _value, _has_value, (*_SHEETS, *_BOOK), by_cells=True),
    Kind("a-style", _style, _has_style, (*_SHEETS, *_BOOK, "xl/styles.xml")),
    Kind(
        "a-width-and-a-merged-area",
        _frame,
        _has_frame,
        (*_SHEETS, *_BOOK, "xl/styles.xml"),  # cells within a merged area have looks of their own
        frozenset({"column"}),
    ),
    Kind(
        "a-new-sheet",
        _sheet,
        _has_sheet,
        (*_SHEETS, *_BOOK, "xl/styles.xml", "xl/sharedStrings.xml"),
    ),
    Kind("a-defined-name", _name, _has_name, (*_SHEETS, *_BOOK)),
    Kind("a-comment", _comment, _has_comment, (*_SHEETS, *_BOOK, *_NOTES)),
    Kind(
        "all-at-once",
        _all,
        _has_all,
        (*_SHEETS, *_BOOK, *_NOTES, "xl/styles.xml"),
        frozenset({"column"}),
    ),
)


def change_by_us(path: Path, kind: Kind, surroundings: Surroundings) -> None:
    """Change the file through the library."""
    if not kind.by_cells:
        with excel_context(path, save=True, service=surroundings) as workbook:
            kind.change(workbook)
        return
    places = dict(_free_cells(path, surroundings))
    with ExcelManager(path, service=surroundings) as manager:
        manager.set_cells(places)
        manager.save()


def is_shown(path: Path, kind: Kind) -> bool:
    """Whether openpyxl finds the change in the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(path)
    shown = kind.shown(workbook)
    release_workbook(workbook)
    return shown


def change_by_openpyxl(path: Path, target: Path, kind: Kind) -> None:
    """The same change and save without us."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(path, keep_vba=path.suffix == ".xlsm")
        kind.change(workbook)
        workbook.save(target)
    release_workbook(workbook)


def _free_cells(path: Path, surroundings: Surroundings) -> Iterator[tuple[str, float]]:
    with excel_context(path, service=surroundings) as workbook:
        for sheet in workbook.worksheets:
            yield f"{quote_sheet(sheet.title)}!{format_cell(free_row(sheet), 2)}", _VALUE


def _cells(sheet: Any) -> Iterator[Any]:
    return (cell for place, cell in sheet._cells.items() if place[0] > 0)
