"""Copy and paste of cells as tab-separated text, one step that can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QGuiApplication

from budgetinator.budgets.numbers import Locale
from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks import CellInput
from budgetinator.workbooks.addresses import format_cell, quote_sheet
from gui.cells.tables import CELLS_FORMAT, read_table, table_text
from gui.tabs.area import Rows
from gui.tabs.cells import MOST_CELLS

if TYPE_CHECKING:
    from gui.tabs.workbook import WorkbookTab

__all__ = ["Clipboard"]


class Clipboard(QObject):
    """What the tab copies and pastes; a paste that is refused in one cell changes none."""

    def __init__(self, tab: WorkbookTab) -> None:
        super().__init__(tab)
        self._tab = tab

    def copy(self) -> None:
        """Put the selected cells on the clipboard, when all of them have been read."""
        tab = self._tab
        sheet, area = tab.sheet_bar.current, tab.grid.area
        if tab.host is not None and sheet is not None:
            width = min(area.columns, tab.model.columnCount() - area.min_col + 1)
            copied = _Copied(width, tab.locale_of_numbers)
            tab.area_reader.read(tab.host, sheet, area, copied.add, copied.put)

    def paste(self) -> None:
        """Set the cells from the current one on to what the clipboard holds."""
        data = QGuiApplication.clipboard().mimeData()
        if data.hasFormat(CELLS_FORMAT):
            table = read_table(bytes(data.data(CELLS_FORMAT).data()).decode())
        elif data.hasText():
            table = read_table(data.text())
        else:
            return
        self._paste(table)

    def _paste(self, table: list[list[str]]) -> None:
        tab = self._tab
        row, column = tab.grid.area.min_row, tab.grid.area.min_col
        cells = sum(map(len, table))
        if cells > MOST_CELLS:
            tab.messages.show_message(
                f"The clipboard holds {cells:,} cells; at most {MOST_CELLS:,} can be pasted "
                "at once.",
                "warning",
            )
            return
        changes: dict[str, CellInput] = {}
        for down, line in enumerate(table):
            for right, text in enumerate(line):
                place = row + down, column + right
                try:
                    contents = tab.cells.parsed(*place, text)
                    reference = format_cell(*place)
                except (ValueError, InvalidCellReference) as error:
                    tab.grid.go_to(row, column)
                    tab.messages.show_message(
                        f"Nothing was pasted: {error}", "warning", topic="paste"
                    )
                    return
                changes[f"{quote_sheet(tab.sheet_bar.current or '')}!{reference}"] = contents
        if changes:
            tab.set_cells(changes, f"paste of {len(changes)} cells")


class _Copied:
    """Rows as text, as they come, both for other programs and for this one."""

    def __init__(self, width: int, locale: Locale | None) -> None:
        self._width = width
        self._locale = locale
        self._plain: list[str] = []
        self._exact: list[str] = []

    def add(self, _first: int, rows: Rows) -> None:
        """Some rows more."""
        self._plain.append(table_text(rows, self._width, self._locale))
        self._exact.append(table_text(rows, self._width, self._locale, exact=True))

    def put(self) -> None:
        """All of them onto the clipboard."""
        data = QMimeData()
        data.setText("".join(self._plain))
        data.setData(CELLS_FORMAT, "".join(self._exact).encode())
        QGuiApplication.clipboard().setMimeData(data)
