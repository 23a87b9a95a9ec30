"""The program's icon, drawn: a sheet with one marked cell and the sum beneath it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

__all__ = ["draw_icon"]

SIZES = (16, 24, 32, 48, 64, 128, 256)
GREEN, PAPER, LINE, MARK = "#1f6f54", "#ffffff", "#b9cfc6", "#e8a33d"
COLUMNS, ROWS = 3, 4
MARKED = (1, 1)


def draw_icon() -> QIcon:
    """The icon in all usual sizes; needs a QGuiApplication."""
    icon = QIcon()
    for size in SIZES:
        icon.addPixmap(_pixmap(size))
    return icon


def _pixmap(size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.scale(size / 32, size / 32)
    _draw(painter)
    painter.end()
    return pixmap


def _draw(painter: QPainter) -> None:
    """On a square of 32 by 32."""
    painter.setBrush(QColor(GREEN))
    painter.drawRoundedRect(QRectF(1, 1, 30, 30), 6, 6)
    painter.setBrush(QColor(LINE))
    painter.drawRect(QRectF(6, 6, 20, 20))
    for row in range(ROWS):
        for column in range(COLUMNS):
            painter.setBrush(QColor(_colour(row, column)))
            painter.drawRect(QRectF(6.5 + column * 6.5, 6.5 + row * 4.9, 6, 4.3))


def _colour(row: int, column: int) -> str:
    if (row, column) == MARKED:
        return MARK
    return GREEN if row == ROWS - 1 and column == COLUMNS - 1 else PAPER
