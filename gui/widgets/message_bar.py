"""A line of text above the sheet, with what can be done about it; never modal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from gui.icons import icon

__all__ = ["Action", "Kind", "MessageBar"]

Kind = Literal["info", "warning", "error"]
_SIGNS: dict[Kind, str] = {"info": "i", "warning": "!", "error": "!"}


@dataclass(frozen=True, slots=True)
class Action:
    """A button of the message: what it is called and what it does; the message goes first."""

    text: str
    do: Callable[[], object]


class MessageBar(QFrame):
    """Shows one message at a time; the next one takes its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self.topic = ""
        """What the message is about, so that who showed it can take it away again."""
        self._bullet = QLabel(self)
        self._bullet.setObjectName("bullet")
        self._label = QLabel(self)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._label.setAccessibleName("Message")
        self._buttons: list[QPushButton] = []
        self._close = QToolButton(self)
        self._close.setIconSize(QSize(14, 14))
        self._close.setAccessibleName("Close the message")
        self._close.setToolTip("Close the message")
        self._close.clicked.connect(self.clear)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 6, 8, 6)
        self._row.setSpacing(8)
        self._row.addWidget(self._bullet)
        self._row.addWidget(self._label, 1)
        self._row.addWidget(self._close)
        self.hide()

    @property
    def text(self) -> str:
        """What is shown, or was last."""
        return self._label.text()

    @property
    def actions_offered(self) -> tuple[str, ...]:
        """The texts of the buttons."""
        return tuple(button.text() for button in self._buttons)

    def show_message(
        self, text: str, kind: Kind = "info", actions: Iterable[Action] = (), topic: str = ""
    ) -> None:
        """Show the text with a button for each action."""
        self.clear()
        self.topic = topic
        self.setProperty("kind", kind)
        self._bullet.setText(_SIGNS[kind])
        self._label.setText(text)
        self._close.setIcon(icon("close"))
        for action in actions:
            self._add(action)
        self.style().unpolish(self)
        self.style().polish(self)
        for child in (self._bullet, self._label):
            child.style().unpolish(child)
            child.style().polish(child)
        self.show()

    def clear(self) -> None:
        """Take the message away."""
        self.hide()
        self.topic = ""
        for button in self._buttons:
            self._row.removeWidget(button)
            button.deleteLater()
        self._buttons.clear()

    def press(self, text: str) -> None:
        """Do what the button of this text does."""
        next(button for button in self._buttons if button.text() == text).click()

    def _add(self, action: Action) -> None:
        button = QPushButton(action.text, self)
        button.setAccessibleName(action.text)
        button.clicked.connect(partial(self._do, action.do))
        self._row.insertWidget(self._row.count() - 1, button)
        self._buttons.append(button)

    def _do(self, do: Callable[[], object], _checked: bool = False) -> None:
        self.clear()
        do()
