"""Copy and paste of cells as tab-separated text, one step that can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QGuiApplication

from budgetinator.budgets.numbers import Locale
from budgetinator.errors import InvalidCellReference, InvalidCellValue
from budgetinator.result import Result
from budgetinator.workbooks import CellInput, ShownValue
from budgetinator.workbooks.addresses import Area, format_cell, quote_sheet
from gui.cells.entering import parse_entry
from gui.cells.tables import CELLS_FORMAT, read_table, table_text
from gui.looks import RowLooks
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
            # A reader of its own: an emptying that follows at once does not end the copy.
            read = partial(tab.copy_reader.read, tab.host, sheet, area, copied.add, copied.put)
            tab.edits.when_idle(read)

    def paste(self) -> None:
        """Set the cells from the current one on to what the clipboard holds."""
        data = QGuiApplication.clipboard().mimeData()
        is_exact = data.hasFormat(CELLS_FORMAT)
        if not is_exact and not data.hasText():
            return
        text = bytes(data.data(CELLS_FORMAT).data()).decode() if is_exact else data.text()
        try:
            table = read_table(text)
        except InvalidCellValue as error:
            self._say_why(error)
        else:
            self._paste(table, is_exact=is_exact)

    def _say_why(self, error: object) -> None:
        self._tab.messages.show_message(f"Nothing was pasted: {error}", "warning", topic="paste")

    def _paste(self, table: list[list[str]], *, is_exact: bool) -> None:
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
        if tab.host is None or tab.sheet is None or not cells:
            return
        width = max(map(len, table))
        area = Area(row, column, row + len(table) - 1, column + width - 1)
        under = _Under(table, area, tab.sheet, is_exact=is_exact)
        if is_exact or tab.model.knows(area.min_row, area.max_row):
            under.add(row, [self._at_hand(each, area) for each in range(row, area.max_row + 1)])
            self._set(under)
            return
        # What a text means depends on the cell: 70 in a share, digits over a PIC.
        result = tab.looks_controller.start_rows(tab.host, tab.sheet, row, area.rows)
        if not result.success:
            self._say_why(result.error)
            return
        result.value.result_ready.connect(partial(self._formats_known, under))
        result.value.start()

    def _at_hand(self, row: int, area: Area) -> list[ShownValue]:
        value = self._tab.model.value
        return [value(row, column) for column in range(area.min_col, area.max_col + 1)]

    def _formats_known(self, under: _Under, result: Result[RowLooks]) -> None:
        tab = self._tab
        if tab.host is None or tab.sheet != under.sheet or not result.success:
            self._say_why(result.error or "another sheet was shown meanwhile.")
            return
        tab.model.put_looks(result.value.rows)
        done = partial(self._set, under)
        tab.copy_reader.read(tab.host, under.sheet, under.area, under.add, done)

    def _set(self, under: _Under) -> None:
        tab, area = self._tab, under.area
        if tab.sheet != under.sheet:
            self._say_why("another sheet was shown meanwhile.")
            return
        changes: dict[str, CellInput] = {}
        for row, line in enumerate(under.table, area.min_row):
            for column, text in enumerate(line, area.min_col):
                try:
                    # Copied cells have one reading: 1 is 100 % in a cell of per cents too.
                    contents = (
                        parse_entry(text, tab.locale_of_numbers)
                        if under.is_exact
                        else tab.cells.parsed_over(under.value(row, column), row, column, text)
                    )
                    address = f"{quote_sheet(under.sheet)}!{format_cell(row, column)}"
                except (ValueError, InvalidCellReference) as error:
                    tab.grid.go_to(area.min_row, area.min_col)
                    self._say_why(error)
                    return
                changes[address] = contents
        tab.set_cells(changes, f"paste of {len(changes)} cells")


class _Under:
    """A table that is to be pasted, and what stands in the cells where it goes."""

    def __init__(self, table: list[list[str]], area: Area, sheet: str, *, is_exact: bool) -> None:
        self.table = table
        self.area = area
        self.sheet = sheet
        self.is_exact = is_exact
        self._rows: dict[int, Sequence[ShownValue]] = {}

    def add(self, first: int, rows: Rows) -> None:
        """Some rows of the area."""
        self._rows.update(enumerate(rows, first))

    def value(self, row: int, column: int) -> ShownValue:
        """What stands in a cell, counted from 1."""
        cells = self._rows.get(row, ())
        place = column - self.area.min_col
        return cells[place] if place < len(cells) else None


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
