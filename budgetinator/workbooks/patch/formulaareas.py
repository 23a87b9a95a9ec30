"""Array formulas and data tables, whose areas belong to one formula.

ECMA-376 part 1, section 18.3.1.40: the formula stands in the first cell of the area, and
what the other cells hold are its results.
"""

from __future__ import annotations

import re

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import Area, parse_range
from budgetinator.workbooks.patch.elements import parse_elements
from budgetinator.workbooks.patch.refusals import Site
from budgetinator.workbooks.patch.sheetedit import SheetEdit, columns_within

__all__ = ["FormulaAreas"]

_AREA_FORMULA = re.compile(
    rb"<(?:[\w.-]+:)?f(?=\s)[^>]*?\st\s*=\s*[\"'](?:array|dataTable)[\"'][^>]*>"
)
_ATTRIBUTE = re.compile(rb"\s(t|ref)\s*=\s*[\"']([^\"']*)[\"']")


class FormulaAreas:
    """Looks whether changes reach into the area of a formula, which only stands as a whole.

    Raises what `Site` makes, or collects losses (a kind and what it is), as the edit wants it.
    """

    def __init__(self, edit: SheetEdit, site: Site) -> None:
        self._edit = edit
        self._site = site
        self.losses: list[tuple[str, str]] = []

    def look_at(self, data: bytes, end: int) -> None:
        """Look at the rows in the data, up to its end."""
        if b"array" in data or b"dataTable" in data:
            for found in _AREA_FORMULA.finditer(data, 0, end):
                attributes = dict(_ATTRIBUTE.findall(found[0]))
                self._check(
                    attributes.get(b"ref", b"").decode("utf-8", "replace"),
                    attributes.get(b"t", b"").decode("utf-8", "replace"),
                )

    def look_at_row(self, row: bytes) -> None:
        """The same for a row in any markup."""
        for element in parse_elements(row).descendants():
            kind = element.attributes.get("t", "")
            if element.local == "f" and kind in {"array", "dataTable"}:
                self._check(element.attributes.get("ref", ""), kind)

    def _check(self, reference: str, kind: str) -> None:
        area = _area(reference)
        if area is None or area.cells == 1:
            return
        touched = {
            (row, column)
            for row, column, edit in columns_within(self._edit.cells, area)
            if edit.changes_value
        }
        if not touched:
            return
        if self._edit.respects_areas:
            raise self._site.in_formula_area(*min(touched), area, kind)
        if self._is_filled_anew(area):
            touched.discard((area.min_row, area.min_col))
        elif len(touched) == area.cells:
            return
        if touched:
            what = "the data table" if kind == "dataTable" else "the array formula"
            self.losses.append((_KINDS[kind], f"{what} that fills {area} is broken up"))

    def _is_filled_anew(self, area: Area) -> bool:
        """Whether the formula gives way to another one of the same area."""
        edit = self._edit.cells.get(area.min_row, {}).get(area.min_col)
        if edit is None or edit.content is None or edit.content.area is None:
            return False
        return _area(edit.content.area) == area


_KINDS = {"array": "array_formula", "dataTable": "data_table"}


def _area(reference: str) -> Area | None:
    try:
        return parse_range(reference)
    except InvalidCellReference:
        return None
