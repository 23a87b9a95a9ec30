"""The workbook's own part as openpyxl writes it, without reading or changing a sheet.

openpyxl's own writer asks each worksheet for its names and titles, sets numbers in
defined names and the active tab in views, and goes on to another active sheet where
the one is hidden.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator
from typing import Any

from openpyxl.packaging.workbook import ChildSheet, WorkbookPackage
from openpyxl.utils import quote_sheetname
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook.defined_name import DefinedName, DefinedNameList
from openpyxl.workbook.properties import WorkbookProperties
from openpyxl.worksheet.print_settings import PrintTitles

from budgetinator.workbooks.merging.rendering.copies import shallow

__all__ = ["active_index", "defined_names", "workbook_tree"]


def workbook_tree(workbook: Any, whole: Collection[int]) -> Any:
    """The element of the workbook; `whole` are the ids of the sheets whose filters it names.

    Left out: what leads to external links and pivot caches.
    """
    package: Any = WorkbookPackage()
    package.workbookPr = _properties(workbook)
    package.workbookProtection = copy.deepcopy(workbook.security)
    package.calcPr = copy.deepcopy(workbook.calculation)
    package.bookViews = copy.deepcopy(workbook.views)
    if package.bookViews:
        package.bookViews[0].activeTab = active_index(workbook)
    for number, sheet in enumerate(workbook._sheets, 1):  # noqa: SLF001
        child = ChildSheet(name=sheet.title, sheetId=number, id=f"rId{number}")
        child.state = sheet.sheet_state
        package.sheets.append(child)
    package.definedNames = DefinedNameList(definedName=defined_names(workbook, whole))
    return package.to_tree()


def active_index(workbook: Any) -> int | None:
    """The place of the active sheet, or of the next one that is visible."""
    sheets = workbook._sheets  # noqa: SLF001
    active = workbook._active_sheet_index  # noqa: SLF001
    visible = [at for at, sheet in enumerate(sheets) if sheet.sheet_state == "visible"]
    if active in visible:
        return int(active)
    return next(iter(visible[active:]), visible[0] if visible else None)


def _properties(workbook: Any) -> Any:
    properties: Any = WorkbookProperties()
    if workbook.code_name is not None:
        properties.codeName = workbook.code_name
    if workbook.excel_base_date == CALENDAR_MAC_1904:
        properties.date1904 = True
    return properties


def defined_names(workbook: Any, whole: Collection[int]) -> list[Any]:
    """openpyxl's names, with those that it makes of print settings and filters.

    A local name's `localSheetId` is the place of its sheet among all sheets.
    """
    return list(_names(workbook, whole))


def _names(workbook: Any, whole: Collection[int]) -> Iterator[Any]:
    yield from workbook.defined_names.values()
    for at, sheet in enumerate(workbook._sheets):  # noqa: SLF001
        held = vars(sheet)
        for name in held.get("defined_names", {}).values():
            local = shallow(name)
            local.localSheetId = at
            yield local
        if "_print_area" in held:
            yield from _print_names(held, at, sheet.title)
        if id(sheet) in whole and sheet.auto_filter:
            yield _local("_FilterDatabase", at, _area(sheet.title, sheet.auto_filter), hidden=True)


def _print_names(held: dict[str, Any], at: int, title: str) -> Iterator[Any]:
    titles = PrintTitles(cols=held["_print_cols"], rows=held["_print_rows"], title=title)
    if str(titles):
        yield _local("Print_Titles", at, str(titles))
    area = shallow(held["_print_area"])
    area.title = title
    if str(area):
        yield _local("Print_Area", at, str(area))


def _area(title: str, area: Any) -> str:
    return f"{quote_sheetname(title)}!{area}"


def _local(name: str, at: int, value: str, *, hidden: bool | None = None) -> Any:
    return DefinedName(name=name, localSheetId=at, hidden=hidden, attr_text=value)
