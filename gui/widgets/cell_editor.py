"""How cells are edited in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from budgetinator.workbooks.addresses import format_cell

__all__ = ["CellDelegate"]

Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """Editing with a line in the cell; what is refused stays in it until it is right or given up.

    `check` is asked with the row and column, from 1, and the text, and answers why it is
    refused, or None.
    """

    entered = Signal(int, int, str)
    refused = Signal(int, int, str)
    moved_on = Signal(int, int)
    """Rows and columns by which the selection is to move after an entry."""

    def __init__(
        self, check: Callable[[int, int, str], str | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._check = check
        self.initial_text = ""
        """What the next editor starts with: the contents of the cell."""
        self._started_with = ""

    def createEditor(  # noqa: N802  Qt's name
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,  # noqa: ARG002  Qt's signature
        index: Index,
    ) -> QWidget:
        editor = QLineEdit(parent)
        editor.setProperty("inCell", True)
        editor.setFrame(False)
        editor.setAccessibleName(f"Contents of the cell {self._name(index)}")
        return editor

    def setEditorData(  # noqa: N802  Qt's name
        self,
        editor: QWidget,
        index: Index,  # noqa: ARG002  Qt's signature
    ) -> None:
        line = cast(QLineEdit, editor)
        self._started_with = self.initial_text.replace("\n", "\u2028")
        line.setText(self._started_with)
        line.setModified(False)

    def setModelData(  # noqa: N802  Qt's name
        self,
        editor: QWidget,
        model: object,  # noqa: ARG002  Qt's signature
        index: Index,
    ) -> None:
        line = cast(QLineEdit, editor)
        if line.text() == self._started_with:
            return
        text = line.text().replace("\u2028", "\n")
        row, column = index.row() + 1, index.column() + 1
        why = self._check(row, column, text)
        if why is None:
            self.entered.emit(row, column, text)
        else:
            self.refused.emit(row, column, why)

    def updateEditorGeometry(  # noqa: N802  Qt's name
        self,
        editor: QWidget,
        option: QStyleOptionViewItem,
        index: Index,  # noqa: ARG002  Qt's signature
    ) -> None:
        rect = option.rect.adjusted(-1, -1, 1, 1)
        rect.setWidth(max(rect.width(), 140))
        editor.setGeometry(rect)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Enter, Tab and the like end the editing, unless what was typed is refused."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(watched, QLineEdit):
            return super().eventFilter(watched, event)
        step = _STEPS.get(Qt.Key(cast(QKeyEvent, event).key()))
        if step is None:
            return super().eventFilter(watched, event)
        if cast(QKeyEvent, event).modifiers() & Qt.KeyboardModifier.ShiftModifier:
            step = -step[0], -step[1]
        if self.finish(watched):
            self.moved_on.emit(*step)
        return True

    def finish(self, editor: QLineEdit) -> bool:
        """Enter what is in the editor and close it; False where it is refused, and it stays."""
        index = cast(QTableView, self.parent()).currentIndex()
        text = editor.text().replace("\u2028", "\n")
        if editor.text() != self._started_with:
            row, column = index.row() + 1, index.column() + 1
            why = self._check(row, column, text)
            if why is not None:
                editor.setProperty("refused", True)
                editor.style().unpolish(editor)
                editor.style().polish(editor)
                self.refused.emit(row, column, why)
                return False
        self.commitData.emit(editor)
        editor.setProperty("inCell", False)  # it lives until the event loop deletes it
        self.closeEditor.emit(editor, QStyledItemDelegate.EndEditHint.NoHint)
        return True

    def _name(self, index: Index) -> str:
        return format_cell(index.row() + 1, index.column() + 1)


_STEPS = {
    Qt.Key.Key_Return: (1, 0),
    Qt.Key.Key_Enter: (1, 0),
    Qt.Key.Key_Tab: (0, 1),
    Qt.Key.Key_Backtab: (0, -1),
}
