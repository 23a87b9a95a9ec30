"""The line above the sheet: which cell, and what it really holds."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

__all__ = ["FormulaBar"]


class FormulaBar(QWidget):
    """The name box, in which a cell to go to can be typed, and the cell's contents."""

    go_to_requested = Signal(str)
    entered = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("formulas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.name_box = _Line(self)
        self.name_box.setFixedWidth(110)
        self.name_box.setAccessibleName("Cell; type a reference to go there")
        self.name_box.setToolTip("The selected cell. Type a reference, as in B7, to go there.")
        self.name_box.returnPressed.connect(self._go)
        self.name_box.escaped.connect(self.left)
        sign = QLabel("fx", self)
        sign.setObjectName("sign")
        self.contents = _Line(self)
        self.contents.setAccessibleName("Contents of the cell")
        self.contents.setToolTip("What the cell holds: its formula or its value.")
        self.contents.returnPressed.connect(self._enter)
        self.contents.escaped.connect(self._restore)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 8, 5)
        row.setSpacing(8)
        row.addWidget(self.name_box)
        row.addWidget(sign)
        row.addWidget(self.contents, 1)
        self._shown = ""

    @property
    def is_edited(self) -> bool:
        """Whether something was typed that has not been entered."""
        return self.contents.isModified()

    @property
    def typed(self) -> str:
        """The text as it stands, with its line ends."""
        return self.contents.text().replace("\u2028", "\n")

    def show_cell(self, reference: str) -> None:
        """Another cell is selected; its contents come with `show_contents`."""
        self.name_box.setText(reference)
        self.show_contents("")

    def show_contents(self, text: str) -> None:
        """What the cell holds, as a text that can be edited."""
        self._shown = text
        # A line edit has one line; the sign stands for the line ends and is read back as such.
        self.contents.setText(text.replace("\n", "\u2028"))
        self.contents.setCursorPosition(0)
        self.contents.setModified(False)

    def set_read_only(self, read_only: bool) -> None:
        """Whether contents can be typed."""
        self.contents.setReadOnly(read_only)

    def begin_go_to(self) -> None:
        """Have the cell to go to typed."""
        self.name_box.setFocus()
        self.name_box.selectAll()

    def _go(self) -> None:
        self.go_to_requested.emit(self.name_box.text())

    def _enter(self) -> None:
        if self.contents.isModified():
            self.entered.emit(self.typed)
        else:
            self.left.emit()

    def _restore(self) -> None:
        self.show_contents(self._shown)
        self.left.emit()


class _Line(QLineEdit):
    """A line that says when Escape was pressed."""

    escaped = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
            return
        super().keyPressEvent(event)
