"""The pictures of the window's actions, drawn as lines in the colour of the text."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

from gui.theme import colours

__all__ = ["icon"]

_SIZE = 18
# Paths on a grid of 24, stroked with round ends.
_PATHS = {
    "open": "M3 7v11h16l2-8H7l-3 8 M3 7V5h6l2 3h8v2",
    "save": "M5 4h11l3 3v13H5z M8 4v5h7V4 M8 20v-6h8v6",
    "undo": "M8 5L4 9l4 4 M4 9h10a5 5 0 0 1 0 10h-4",
    "redo": "M16 5l4 4-4 4 M20 9H10a5 5 0 0 0 0 10h4",
    "find": "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 1 0 0-13z M15.5 15.5L20 20",
    "check": "M4 12.5l5 5L20 6.5",
    "calculate": "M5 3h14v18H5z M8 7h8 M8 12h1 M12 12h.5 M15.5 12h.5 M8 16h1 M12 16h.5 M15.5 16h.5",
    "close": "M6 6l12 12 M18 6L6 18",
    "sheets": "M4 6h16 M4 12h16 M4 18h16",
    "error": "M12 3l10 18H2z M12 10v5 M12 17.5v.5",
    "warning": "M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18z M12 7v6 M12 16v.5",
    "note": "M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18z M12 11v6 M12 7.5v.5",
    "workbook": "M6 3h9l4 4v14H6z M9 12h7 M9 16h7 M12.5 12v7 M9 12v7h7v-7",
    "drop": "M12 4v11 M7.5 10.5L12 15l4.5-4.5 M4 20h16",
}


def icon(name: str, colour: str | None = None) -> QIcon:
    """The picture of that name; disabled it is faint."""
    shown = QIcon()
    shown.addPixmap(_pixmap(name, colour or colours().text))
    shown.addPixmap(_pixmap(name, colours().line), QIcon.Mode.Disabled)
    return shown


def _pixmap(name: str, colour: str, scale: int = 2) -> QPixmap:
    markup = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="'
        f'{_PATHS[name]}" fill="none" stroke="{colour}" stroke-width="1.7" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
    key = f"budgetinator {name} {colour} {scale}"
    pixmap = QPixmap()
    if QPixmapCache.find(key, pixmap):
        return pixmap
    side = _SIZE * scale
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    try:
        QSvgRenderer(QByteArray(markup.encode())).render(painter, QRectF(0, 0, side, side))
    finally:
        painter.end()
    pixmap.setDevicePixelRatio(scale)
    QPixmapCache.insert(key, pixmap)
    return pixmap
