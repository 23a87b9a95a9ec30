"""A worksheet's part as openpyxl writes it, without its rows.

The rows are left out because the cells are merged by themselves; the hyperlinks that
openpyxl collects while it writes rows are collected here. Comments and the drawing
that shows them are no part of it either.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from openpyxl.styles.differential import DifferentialStyle
from openpyxl.worksheet._writer import WorksheetWriter

from budgetinator.workbooks.merging.rendering.copies import shallow

__all__ = ["FrameWriter", "is_written"]

_NO_ROWS = b"<sheetData></sheetData>"


class FrameWriter(WorksheetWriter):
    """Writes a stand-in of a worksheet to `out`; `_rels` are its relationships then.

    `formats` is the table of differential styles that the numbers in its rules mean; it
    grows by what is not in it yet.
    """

    ws: Any
    xf: Any
    _rels: Any

    def __init__(self, sheet: Any, formats: list[Any]) -> None:
        self._content = BytesIO()
        super().__init__(sheet, self._content)
        self.formats = formats

    def content(self) -> bytes:
        """The whole part."""
        try:
            rows = b"".join(self.row_markup())
            self.write()
        finally:
            self.close()  # or the generator would complain when it is collected
        before, _, after = self._content.getvalue().partition(_NO_ROWS)
        return before + b"<sheetData>" + rows + b"</sheetData>" + after

    def row_markup(self) -> Iterable[bytes]:
        """The rows that are written."""
        return ()

    def write_dimensions(self) -> None:
        """Leave it out: it says where the cells are."""

    def write_legacy(self) -> None:
        """Leave it out: it shows the comments."""

    def write_format(self) -> None:
        # openpyxl writes the depth of the outline that it found at the last writing.
        columns = self.ws.column_dimensions
        columns.to_tree()
        self.ws.sheet_format.outlineLevelCol = columns.max_outline or None
        self.xf.send(self.ws.sheet_format.to_tree())

    def write_rows(self) -> None:
        stream = self.xf.send(True)
        with stream.element("sheetData"):
            pass
        self.xf.send(None)
        self.ws._hyperlinks = _hyperlinks(self.ws)  # noqa: SLF001

    def write_formatting(self) -> None:
        usual = DifferentialStyle()
        for area in self.ws.conditional_formatting:
            for rule in area.rules:
                if rule.dxf and rule.dxf != usual:
                    rule.dxfId = self._format_number(rule.dxf)
            self.xf.send(area.to_tree())

    def write_tables(self) -> None:
        # Their columns are named after cells, which looking at would make.
        if any(not table.tableColumns for table in self.ws.tables.values()):
            self.ws._cells = dict(self.ws._cells)  # noqa: SLF001
        super().write_tables()

    def _format_number(self, wanted: Any) -> int:
        if wanted not in self.formats:
            self.formats.append(wanted)
        return self.formats.index(wanted)


def is_written(cell: Any) -> bool:
    """Whether openpyxl writes the cell at all."""
    return bool(cell._value is not None or cell.has_style or cell._comment)  # noqa: SLF001


def _hyperlinks(sheet: Any) -> list[Any]:
    """Copies of the links, but for those of cells that were emptied since.

    openpyxl gives an empty cell the link's target as its value when it reads it, and
    writes no link of a cell that it does not write.
    """
    linked = sorted(
        (place, cell)
        for place, cell in sheet._cells.items()  # noqa: SLF001
        if cell.hyperlink is not None
    )
    return [
        shallow(cell.hyperlink)
        for _, cell in linked
        if is_written(cell) or not (cell.hyperlink.target or cell.hyperlink.location)
    ]
