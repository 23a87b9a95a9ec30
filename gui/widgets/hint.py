"""Why something typed was refused, beside the place where it was typed."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

__all__ = ["Hint"]

_SECONDS = 9
_WIDTH = 380


class Hint(QFrame):
    """A note that lies over its parent, next to a rectangle of it, and goes by itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._ground = parent
        self.setObjectName("hint")
        self._label = QLabel(self)
        self._label.setWordWrap(True)
        self._label.setAccessibleName("Why this was refused")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._label)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SECONDS * 1000)
        self._timer.timeout.connect(self.hide)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, or said last."""
        return self._label.text()

    def show_beside(self, text: str, place: QRect) -> None:
        """Show the text below the rectangle, above it where there is no room."""
        self._label.setText(text)
        self._label.setFixedWidth(min(_WIDTH, self._ground.width() - 20))
        self.adjustSize()
        corner = QPoint(place.left(), place.bottom() + 4)
        room = self._ground.rect()
        if corner.y() + self.height() > room.bottom():
            corner.setY(max(4, place.top() - self.height() - 4))
        corner.setX(max(4, min(corner.x(), room.right() - self.width() - 4)))
        self.move(corner)
        self.show()
        self.raise_()
        self._timer.start()

    def hideEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        self._timer.stop()
        super().hideEvent(event)  # type: ignore[arg-type]
