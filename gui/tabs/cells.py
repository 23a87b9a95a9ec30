"""What is typed and chosen in the cells of a tab: entries, contents, places to go to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks import CellInput, ShownValue, StaleResult
from budgetinator.workbooks.addresses import (
    Area,
    format_cell,
    parse_range,
    quote_sheet,
    split_address,
)
from gui.cells.entering import entry_text, parse_entry
from gui.tabs.area import Rows

if TYPE_CHECKING:
    from gui.tabs.workbook import WorkbookTab

__all__ = ["MOST_CELLS", "CellWork"]

MOST_CELLS = 200_000
"""So many are changed in one step."""


class CellWork(QObject):
    """Joins the cells and the formula bar of a tab with its edits."""

    def __init__(self, tab: WorkbookTab) -> None:
        super().__init__(tab)
        self._tab = tab
        self._cell_above = 1, 1
        grid, bar = tab.grid, tab.formula_bar
        grid.cell_chosen.connect(self._chosen)
        grid.cell_entered.connect(self._entered)
        grid.cell_refused.connect(self._refused)
        grid.clear_requested.connect(self.clear)
        grid.contents_requested.connect(self.ask_contents)
        bar.entered.connect(self._entered_above)
        bar.left.connect(self.back_to_cells)
        bar.go_to_requested.connect(self.go_to_reference)
        tab.find_bar.wanted.connect(self._find)
        tab.find_bar.left.connect(self.back_to_cells)
        tab.search.found.connect(self._found)
        tab.search.nothing_found.connect(self._not_found)

    def address(self, row: int, column: int) -> str:
        """The address of a cell of the sheet that is shown."""
        return f"{quote_sheet(self._tab.sheet or '')}!{format_cell(row, column)}"

    # Places

    def go_to_reference(self, text: str) -> None:
        """Show what was typed into the name box: `B7`, `A1:D9`, `'My sheet'!C3`."""
        tab = self._tab
        try:
            name, reference = split_address(text)
            area = parse_range(reference)
        except InvalidCellReference as error:
            tab.hint_at(str(error), tab.formula_bar.name_box)
            return
        title = self._title_of(name) if name is not None else tab.sheet_bar.current
        if title is None:
            tab.hint_at(f"There is no sheet {name!r}.", tab.formula_bar.name_box)
            return
        tab.go_to(title, area.min_row, area.min_col)
        if area.cells > 1:
            tab.grid.select(area)
        tab.grid.setFocus()

    def _title_of(self, name: str) -> str | None:
        sheets = self._tab.host.sheets if self._tab.host is not None else ()
        folded = name.casefold()
        return next((each.title for each in sheets if each.title.casefold() == folded), None)

    def _chosen(self, row: int, column: int) -> None:
        tab = self._tab
        tab.note_place(row, column)
        tab.hint.hide()
        if tab.formula_bar.is_edited and self._cell_above != (row, column):
            self._enter_above(*self._cell_above)
        self._cell_above = row, column
        tab.formula_bar.show_cell(format_cell(row, column))
        self.ask_contents()

    def back_to_cells(self) -> None:
        """The keyboard is the table's again."""
        self._tab.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    # Contents

    def ask_contents(self) -> None:
        """Have the formula bar show what the current cell holds."""
        address = self.address(*self._tab.grid.cell)
        self._tab.edits.read((address,), partial(self._known, address))

    def _known(self, address: str, contents: Mapping[str, CellInput]) -> None:
        tab = self._tab
        if address == self.address(*tab.grid.cell) and not tab.formula_bar.is_edited:
            text = entry_text(contents[address], tab.locale_of_numbers)
            tab.formula_bar.show_contents(text)
            tab.grid.contents_known(text)

    # Entries

    def parsed(self, row: int, column: int, text: str) -> CellInput:
        """What a text means in this cell; raises what `parse_entry` does."""
        return self.parsed_over(self._tab.model.value(row, column), row, column, text)

    def parsed_over(self, before: ShownValue, row: int, column: int, text: str) -> CellInput:
        """The same, where the value that is there now was read apart."""
        model = self._tab.model
        if isinstance(before, StaleResult):
            before = None
        return parse_entry(
            text, self._tab.locale_of_numbers, before=before, number_format=model.code(row, column)
        )

    def refusal(self, row: int, column: int, text: str) -> str | None:
        """Why a text is refused in this cell."""
        try:
            self.parsed(row, column, text)
        except ValueError as error:
            return str(error)
        return None

    def clear(self) -> None:
        """Empty the selected cells; all of them, so what was not read yet is read first."""
        tab = self._tab
        sheet, area = tab.sheet_bar.current, tab.grid.area
        if tab.host is not None and sheet is not None:
            found: list[str] = []
            piece = partial(self._note_filled, found, area.min_col)
            done = partial(self._clear, found, area)
            read = partial(tab.area_reader.read, tab.host, sheet, area, piece, done)
            tab.edits.when_idle(read)  # what was typed just now is not in the rows at hand

    def _note_filled(self, found: list[str], left: int, first: int, rows: Rows) -> None:
        for row, cells in enumerate(rows, first):
            for column, value in enumerate(cells, left):
                if value is not None:
                    found.append(self.address(row, column))

    def _clear(self, cells: list[str], area: Area) -> None:
        if len(cells) > MOST_CELLS:
            self._tab.messages.show_message(
                f"{len(cells):,} cells are selected; at most {MOST_CELLS:,} are emptied at once.",
                "warning",
            )
        elif cells:
            self._tab.set_cells(dict.fromkeys(cells), f"clear {area}")

    def _entered(self, row: int, column: int, text: str) -> None:
        self._tab.hint.hide()
        contents = self.parsed(row, column, text)
        step = f"entry in {format_cell(row, column)}"
        self._tab.set_cells({self.address(row, column): contents}, step)

    def finish_entry(self) -> bool:
        """Enter what is being typed in a cell or above; False where it is refused."""
        if not self._tab.grid.finish_editing():
            return False
        bar = self._tab.formula_bar
        if not bar.is_edited:
            return True
        why = self._enter_above(*self._cell_above)
        if why is not None:
            self._tab.hint_at(why, bar.contents)
        return why is None

    def _enter_above(self, row: int, column: int) -> str | None:
        """Enter what stands in the formula bar; why it is refused."""
        bar = self._tab.formula_bar
        why = self.refusal(row, column, bar.typed)
        if why is None:
            bar.contents.setModified(False)
            self._entered(row, column, bar.typed)
        else:
            self._refused(row, column, why)
        return why

    def _entered_above(self, _text: str) -> None:
        if self.finish_entry():
            self.back_to_cells()

    def _refused(self, row: int, column: int, why: str) -> None:
        self._tab.hint_at_cell(why, row, column)

    # Search

    def _find(self, text: str, backwards: bool) -> None:
        tab = self._tab
        sheet = tab.sheet_bar.current
        if tab.host is not None and sheet is not None:
            tab.find_bar.status.setText("Searching…")
            tab.search.find(tab.host, sheet, text, tab.grid.cell, backwards=backwards)

    def _found(self, row: int, column: int, which: int, count: int) -> None:
        self._tab.find_bar.status.setText(f"{which:,} of {count:,}")
        self._tab.grid.go_to(row, column)

    def _not_found(self) -> None:
        self._tab.find_bar.status.setText("Nothing found")
