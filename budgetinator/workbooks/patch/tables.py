"""Tables of a sheet, whose column names are the texts of their header cells.

ECMA-376 part 1, section 18.5.1.2: Excel repairs, that is removes, a table whose
header cells and column names differ.
"""

from __future__ import annotations

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import Area, parse_range
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.elements import Element, MarkupError, parse_elements
from budgetinator.workbooks.patch.parts import SmallPart, damaged_part
from budgetinator.workbooks.patch.refusals import Site
from budgetinator.workbooks.patch.sheetxml import Contents

__all__ = ["check_table_headers"]


def check_table_headers(package: Package, contents: Contents, site: Site) -> None:
    """Raise WouldLose if a cell to be changed heads a column of a table."""
    for relationship in package.relationships(site.part):
        if relationship.kind == "table" and package.has(relationship.target):
            table = _table(package, relationship.target)
            header = _header(table)
            for column in contents.get(header.min_row, ()) if header else ():
                if header is not None and header.contains(header.min_row, column):
                    name = table.attributes.get("displayName") or table.attributes.get("name", "")
                    raise site.table_header(header.min_row, column, name)


def _table(package: Package, name: str) -> Element:
    part = SmallPart.read(package, name)
    try:
        return parse_elements(part.data)
    except MarkupError as error:
        raise damaged_part(package, part.name, str(error)) from error


def _header(table: Element) -> Area | None:
    if table.attributes.get("headerRowCount", "1").strip() == "0":
        return None
    try:
        area = parse_range(table.attributes.get("ref", ""))
    except InvalidCellReference:
        return None
    return Area(area.min_row, area.min_col, area.min_row, area.max_col)
