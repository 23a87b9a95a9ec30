"""Copies of openpyxl's sheets that its writers may change as they please.

openpyxl's writers leave traces: numbers of drawings and tables, ids of relationships,
bounds of columns, streams of images that are closed. So they are given a second sheet,
which shares the cells with the first and has its own copy of all that is written on.
"""

from __future__ import annotations

import copy
from typing import Any

from openpyxl.chartsheet import Chartsheet
from openpyxl.worksheet.table import TableList
from openpyxl.worksheet.worksheet import Worksheet

from budgetinator.workbooks.reading.lazy import is_unread

__all__ = ["copied_dimension", "shallow", "stand_in"]

_COPIED = (
    "HeaderFooter",
    "auto_filter",
    "col_breaks",
    "conditional_formatting",
    "data_validations",
    "page_margins",
    "page_setup",
    "print_options",
    "protection",
    "row_breaks",
    "scenarios",
    "sheet_format",
    "sheet_properties",
    "views",
)


def stand_in(sheet: Any) -> Any:
    """A second sheet of the same contents; the cells and merged areas are the first one's.

    Reads a sheet that is not read yet.
    """
    if isinstance(sheet, Chartsheet):
        return _chart_stand_in(sheet)
    second: Any = object.__new__(Worksheet)
    if is_unread(sheet):
        sheet.calculate_dimension()  # any touch reads it
    held = vars(sheet)
    vars(second).update(held)
    memo = _memo(sheet, second)
    for name in _COPIED:
        if name in held:
            vars(second)[name] = copy.deepcopy(held[name], memo)
    vars(second)["column_dimensions"] = _columns(second, held["column_dimensions"])
    vars(second)["_tables"] = _tables(held["_tables"])
    vars(second)["_charts"] = [_chart(chart, memo) for chart in held["_charts"]]
    vars(second)["_images"] = [_image(image, memo) for image in held["_images"]]
    return second


def shallow(thing: Any) -> Any:
    """Another object of the same attributes; openpyxl's own copies go by way of XML."""
    second = object.__new__(type(thing))
    vars(second).update(vars(thing))
    return second


def _chart(chart: Any, memo: dict[int, Any]) -> Any:
    """A chart with an anchor of its own, though another one may share the first."""
    return copy.deepcopy(chart, dict(memo))


def _image(image: Any, memo: dict[int, Any]) -> Any:
    """An image with an anchor of its own."""
    second = shallow(image)
    second.anchor = copy.deepcopy(image.anchor, dict(memo))
    return second


def _memo(sheet: Any, second: Any) -> dict[int, Any]:
    """What is not followed: a chart may know a sheet, and a sheet's page setup knows its sheet."""
    workbook = sheet.parent
    memo = {id(other): other for other in workbook._sheets}  # noqa: SLF001
    memo[id(workbook)] = workbook
    memo[id(sheet)] = second
    return memo


def _chart_stand_in(sheet: Any) -> Any:
    second: Any = object.__new__(Chartsheet)
    memo = _memo(sheet, second)
    for name, value in vars(sheet).items():
        if name == "_charts":
            vars(second)[name] = [_chart(chart, memo) for chart in value]
        else:
            vars(second)[name] = copy.deepcopy(value, memo)
    return second


def copied_dimension(dimension: Any, sheet: Any) -> Any:
    """A row's or column's dimension, for the table of styles keeps the array that it is given."""
    made = shallow(dimension)
    made.parent = sheet
    made._style = copy.copy(dimension._style)  # noqa: SLF001
    return made


def _columns(sheet: Any, columns: Any) -> Any:
    second = type(columns)(sheet, default_factory=columns.default_factory)
    for key, column in columns.items():
        dict.__setitem__(second, key, copied_dimension(column, sheet))
    return second


def _tables(tables: Any) -> TableList:
    second = TableList()
    for table in tables.values():
        second.add(copy.deepcopy(table))
    return second
