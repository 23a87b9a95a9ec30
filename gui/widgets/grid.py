"""The table of a sheet: keys and mouse as in a spreadsheet program."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLineEdit, QTableView, QWidget

from budgetinator.workbooks.addresses import Area
from gui.looks import SheetLooks
from gui.models.sheet_values import SheetValuesModel
from gui.widgets.cell_editor import CellDelegate
from gui.widgets.cell_painter import CellPainter
from gui.widgets.headers import SheetHeader

__all__ = ["Grid"]

_WIDTH, _HEIGHT = 96, 23
_WIDEST = 480
_CHARACTER = 7.4
"""Pixels a character of a column's width as files tell it, at 96 dots per inch."""


class Grid(QTableView):
    """Shows a `SheetValuesModel`; what is typed is emitted, and nothing is changed here."""

    cell_entered = Signal(int, int, str)
    cell_refused = Signal(int, int, str)
    cell_chosen = Signal(int, int)
    clear_requested = Signal()
    copy_requested = Signal()
    paste_requested = Signal()
    contents_requested = Signal()
    """Before a cell is edited, when its contents are not at hand."""

    def __init__(
        self,
        model: SheetValuesModel,
        check: Callable[[int, int, str], str | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setAccessibleName("Cells of the sheet")
        self.contents: str | None = None
        """The contents of the current cell as text, None where they are not known yet."""
        self._edit_when_known = False
        self.is_read_only = False
        self.delegate = CellDelegate(check, self)
        self.delegate.entered.connect(self.cell_entered)
        self.delegate.refused.connect(self.cell_refused)
        self.delegate.moved_on.connect(self.move_by)
        self.setItemDelegate(self.delegate)
        self._painter = CellPainter(self, model)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(True)
        self._set_up_headers()

    def _set_up_headers(self) -> None:
        across = SheetHeader(Qt.Orientation.Horizontal, self)
        down = SheetHeader(Qt.Orientation.Vertical, self)
        self.setHorizontalHeader(across)
        self.setVerticalHeader(down)
        across.setDefaultSectionSize(_WIDTH)
        across.setMinimumSectionSize(16)
        down.setDefaultSectionSize(_HEIGHT)
        down.setMinimumSectionSize(10)
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setMinimumWidth(44)

    @property
    def cell(self) -> tuple[int, int]:
        """Row and column of the current cell, from 1."""
        index = self.currentIndex()
        return (index.row() + 1, index.column() + 1) if index.isValid() else (1, 1)

    @property
    def area(self) -> Area:
        """The selected cells, or the current one."""
        ranges = self.selectionModel().selection().toList()
        if not ranges:
            return Area(*self.cell, *self.cell)
        found = ranges[0]
        return Area(found.top() + 1, found.left() + 1, found.bottom() + 1, found.right() + 1)

    def go_to(self, row: int, column: int) -> None:
        """Make this cell the current one and show it; the table grows where it is too small."""
        model = self.model()
        assert isinstance(model, SheetValuesModel)
        model.reach(row, column)
        index = model.index(row - 1, column - 1)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def select(self, area: Area) -> None:
        """Select these cells; the first becomes the current one."""
        self.go_to(area.min_row, area.min_col)
        model = self.model()
        last = model.index(
            min(area.max_row, model.rowCount()) - 1, min(area.max_col, model.columnCount()) - 1
        )
        self.selectionModel().select(
            QItemSelection(self.currentIndex(), last),
            QItemSelectionModel.SelectionFlag.ClearAndSelect,
        )

    def move_by(self, rows: int, columns: int) -> None:
        """Make the cell so far away the current one, within the table."""
        row, column = self.cell
        self.go_to(max(1, row + rows), max(1, column + columns))

    def show_looks(self, looks: SheetLooks) -> None:
        """Widths, hidden columns and merged areas of the sheet that is shown."""
        header = self.horizontalHeader()
        usual = _pixels(looks.default_width) if looks.default_width else _WIDTH
        for column in range(1, header.count() + 1):
            width = looks.widths.get(column)
            header.resizeSection(column - 1, usual if width is None else _pixels(width))
            self.setColumnHidden(column - 1, column in looks.hidden_columns)
        self.show_merged(looks.merged)

    def show_merged(self, merged: tuple[Area, ...]) -> None:
        """Areas of the sheet that are one cell each."""
        header = self.horizontalHeader()
        self.clearSpans()
        self._painter.set_merged(merged)
        for area in merged:
            if area.max_row <= self.model().rowCount() and area.max_col <= header.count():
                self.setSpan(area.min_row - 1, area.min_col - 1, area.rows, area.columns)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        painter = QPainter(self.viewport())
        try:
            area = self.area
            self._painter.paint(painter, event.rect(), area if area.cells > 1 else None)
        finally:
            painter.end()

    def selectionChanged(  # noqa: N802  Qt's name
        self, selected: QItemSelection, deselected: QItemSelection
    ) -> None:
        super().selectionChanged(selected, deselected)
        self.viewport().update()
        self.horizontalHeader().viewport().update()
        self.verticalHeader().viewport().update()

    # Editing

    def contents_known(self, text: str) -> None:
        """The current cell's contents, as they are edited."""
        self.contents = text
        if self._edit_when_known:
            self._edit_when_known = False
            self.edit_cell()

    def edit_cell(self, typed: QKeyEvent | None = None) -> None:
        """Open the editor with the contents, or with what was typed in their place."""
        index = self.currentIndex()
        if self.is_read_only or not index.isValid() or self.is_editing:
            return
        if typed is None and self.contents is None:
            self._edit_when_known = True
            self.contents_requested.emit()
            return
        self.delegate.initial_text = self.contents or ""
        trigger = QAbstractItemView.EditTrigger.AllEditTriggers
        self.setEditTriggers(trigger)
        if typed is None:
            self.edit(index, trigger, QEvent(QEvent.Type.None_))
        else:
            self.edit(index, QAbstractItemView.EditTrigger.AnyKeyPressed, typed)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    def finish_editing(self) -> bool:
        """Enter what is in the open editor; False where it is refused, and the editor stays."""
        editor = self._editor()
        return editor is None or self.delegate.finish(editor)

    def give_up_editing(self) -> None:
        """Close the open editor without entering anything."""
        editor = self._editor()
        if editor is not None:
            self.delegate.closeEditor.emit(editor, CellDelegate.EndEditHint.NoHint)

    def _editor(self) -> QLineEdit | None:
        if not self.is_editing:
            return None
        lines = self.viewport().findChildren(QLineEdit)
        return next((each for each in lines if each.property("inCell")), None)

    @property
    def is_editing(self) -> bool:
        """Whether an editor is open."""
        return self.state() == QAbstractItemView.State.EditingState

    def currentChanged(  # noqa: N802  Qt's name
        self,
        current: QModelIndex | QPersistentModelIndex,
        previous: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().currentChanged(current, previous)
        self.contents = None
        self._edit_when_known = False
        if current.isValid():
            self.cell_chosen.emit(current.row() + 1, current.column() + 1)

    def mouseDoubleClickEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        super().mouseDoubleClickEvent(event)  # type: ignore[arg-type]
        self.edit_cell()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste_requested.emit()
        elif not self._pressed(event):
            super().keyPressEvent(event)

    def _pressed(self, event: QKeyEvent) -> bool:
        """Keys with a meaning of ours; whether this was one."""
        key, modifiers = event.key(), event.modifiers()
        back = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        if key == Qt.Key.Key_F2:
            self.edit_cell()
        elif key in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.clear_requested.emit()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.move_by(-1 if back else 1, 0)
        elif key in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab}:
            self.move_by(0, -1 if back or key == Qt.Key.Key_Backtab else 1)
        elif _is_typed(event):
            self.edit_cell(event)
        else:
            return False
        return True


def _pixels(characters: float) -> int:
    return max(16, min(int(characters * _CHARACTER) + 6, _WIDEST))


def _is_typed(event: QKeyEvent) -> bool:
    held = event.modifiers() & ~(
        Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
    )
    return not held and bool(event.text()) and event.text().isprintable()
