"""What openpyxl writes of a workbook, in memory, with the workbook left as it was.

Two of these are compared for a save: one of the workbook as it was read, one of the
workbook as it is. Rows of sheets that come from the file are in neither.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from openpyxl.chartsheet import Chartsheet
from openpyxl.xml.functions import tostring

from budgetinator.workbooks.merging.rendering.copies import stand_in
from budgetinator.workbooks.merging.rendering.newcells import WholeWriter
from budgetinator.workbooks.merging.rendering.partstore import PartStore
from budgetinator.workbooks.merging.rendering.sheetparts import SheetParts
from budgetinator.workbooks.merging.rendering.sheetwriting import FrameWriter
from budgetinator.workbooks.merging.rendering.stripped import RowlessPackage
from budgetinator.workbooks.merging.rendering.workbookwriting import defined_names, workbook_tree
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.reading.deferred import Original
from budgetinator.workbooks.reading.loading import load_package

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["Rendering", "render", "render_original"]

_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_OPTIONS = {"read_only": False, "data_only": False, "keep_vba": False, "keep_links": False}


class Rendering(PartStore):
    """The parts that openpyxl writes; relationships are only to be had by `relationships`.

    `sheets` are the names of the sheets' parts here by the keys that were given for them.
    `differential_styles` is openpyxl's table of them with what the rules of these sheets
    need beyond it: their numbers in this rendering are places in it, and it grows while
    sheets are included.
    """

    workbook_part = "xl/workbook.xml"

    def __init__(self, workbook: Workbook) -> None:
        super().__init__()
        self.workbook = workbook
        self.sheets: dict[str, str] = {}
        held: Any = workbook
        self.differential_styles: list[Any] = list(held._differential_styles.styles)  # noqa: SLF001
        self._worksheets: dict[str, Any] = {}
        self._parts = SheetParts(self)

    def sheet(self, key: str) -> Worksheet:
        """The openpyxl sheet of this key; a chart sheet where it is one."""
        found: Worksheet = self._worksheets[key]
        return found

    def defined_names(self) -> list[Any]:
        """openpyxl's defined names, with those for the filters of the sheets included so far."""
        whole = {
            id(sheet) for sheet in self._worksheets.values() if not isinstance(sheet, Chartsheet)
        }
        return defined_names(self.workbook, whole)

    def include(self, key: str, sheet: Any, *, with_rows: bool = False) -> str:
        """Write one more sheet, with its parts; the name of the sheet's own."""
        number = len(self.sheets) + 1
        self._worksheets[key] = sheet
        second = stand_in(sheet)
        if isinstance(sheet, Chartsheet):
            name = f"xl/chartsheets/sheet{number}.xml"
            self._parts.add_chartsheet(name, second)
        else:
            if with_rows:
                _drop_taken_code_name(second, sheet)
            writer = (WholeWriter if with_rows else FrameWriter)(second, self.differential_styles)
            name = f"xl/worksheets/sheet{number}.xml"
            self._parts.add_worksheet(name, second, writer)
        self.sheets[key] = name
        return name


def _drop_taken_code_name(second: Any, sheet: Any) -> None:
    """A copied sheet has the name that macros know the first one by; no two may have one."""
    others = [vars(other) for other in sheet.parent.worksheets if other is not sheet]
    taken = {held["sheet_properties"].codeName for held in others if "sheet_properties" in held}
    if second.sheet_properties.codeName in taken:
        second.sheet_properties.codeName = None


def render(workbook: Workbook, sheets: Mapping[str, Worksheet]) -> Rendering:
    """What openpyxl writes of the workbook's own part and of these sheets, without rows.

    In the workbook's own thread. No unread sheet is read, unless it is one of `sheets`.
    The same workbook gives the same rendering again.
    """
    rendering = Rendering(workbook)
    for key, sheet in sheets.items():
        rendering.include(key, sheet)
    whole = {id(sheet) for sheet in sheets.values() if not isinstance(sheet, Chartsheet)}
    tree = workbook_tree(workbook, whole)
    rendering.add(Rendering.workbook_part, tostring(tree), _SHEET_TYPE)
    return rendering


def render_original(package: Package, parts: Collection[str]) -> Rendering:
    """What openpyxl writes of a file as it reads it, and of the sheets in these parts.

    The keys of its sheets are `parts`. The other sheets are not read, nor are the rows of
    any. The package stays the caller's, and has to be open for as long as this is used.
    Raises what opening the file raises.
    """
    original = Original(RowlessPackage(package, parts))
    loaded = load_package(original.package, dict(_OPTIONS), original)
    held: Any = loaded.workbook
    by_part = {original.part_of(sheet): sheet for sheet in held._sheets}  # noqa: SLF001
    return render(loaded.workbook, {name: by_part[package.spelling(name)] for name in parts})
