"""What a tab shows in place of a workbook that is not there: why, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

__all__ = ["FailurePage"]


class FailurePage(QWidget):
    """A heading, a sentence, and two ways on."""

    retry_requested = Signal()
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = QLabel(self)
        self._title.setObjectName("title")
        self._text = QLabel(self)
        self._text.setObjectName("subtitle")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setMaximumWidth(620)
        self._text.setAccessibleName("Why there is no workbook")
        self.retry_button = QPushButton("Try again", self)
        self.retry_button.setProperty("primary", True)
        self.retry_button.setAccessibleName("Try again")
        self.retry_button.clicked.connect(self.retry_requested)
        self.close_button = QPushButton("Close", self)
        self.close_button.setAccessibleName("Close this tab")
        self.close_button.clicked.connect(self.close_requested)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.retry_button)
        buttons.addWidget(self.close_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(56, 48, 56, 48)
        column.setSpacing(14)
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addLayout(buttons)
        column.addStretch(1)

    @property
    def text(self) -> str:
        """The sentence."""
        return self._text.text()

    def show_failure(self, title: str, text: str) -> None:
        """Why there is no workbook."""
        self._title.setText(title)
        self._text.setText(text)
