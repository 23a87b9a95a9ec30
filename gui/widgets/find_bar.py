"""The line in which a text to be found is typed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from gui.icons import icon

__all__ = ["FindBar"]


class FindBar(QFrame):
    """Enter finds the next place, Shift and Enter the one before, Escape goes away."""

    wanted = Signal(str, bool)
    """The text, and whether the place before is meant."""
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("job")
        self.text = _Line(self)
        self.text.setPlaceholderText("Find in this sheet")
        self.text.setAccessibleName("Text to find in this sheet")
        self.text.setMaximumWidth(320)
        self.text.entered.connect(self._want)
        self.status = QLabel(self)
        self.next_button = QPushButton("Next", self)
        self.next_button.setAccessibleName("Find the next place")
        self.next_button.clicked.connect(self._next)
        self.previous_button = QPushButton("Previous", self)
        self.previous_button.setAccessibleName("Find the place before")
        self.previous_button.clicked.connect(self._previous)
        self._close = QToolButton(self)
        self._close.setIconSize(QSize(14, 14))
        self._close.setAccessibleName("Close the search")
        self._close.clicked.connect(self.end)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 10, 5)
        row.setSpacing(8)
        row.addWidget(self.text)
        row.addWidget(self.next_button)
        row.addWidget(self.previous_button)
        row.addWidget(self.status, 1)
        row.addWidget(self._close)
        self.hide()

    def begin(self) -> None:
        """Show it, with the last text selected."""
        self._close.setIcon(icon("close"))
        self.status.clear()
        self.show()
        self.text.setFocus()
        self.text.selectAll()

    def end(self) -> None:
        """Go away."""
        self.hide()
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        else:
            super().keyPressEvent(event)

    def _next(self) -> None:
        self._want(False)

    def _previous(self) -> None:
        self._want(True)

    def _want(self, backwards: bool) -> None:
        if self.text.text():
            self.wanted.emit(self.text.text(), backwards)


class _Line(QLineEdit):
    """A line that tells Enter from Shift and Enter."""

    entered = Signal(bool)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.entered.emit(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)
