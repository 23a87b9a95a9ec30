"""How the cells of a sheet are painted: grounds, texts, lines and marks, row by row.

Chosen: all of it in one pass by hand. Through delegate, model indices and style sheet a
screen of cells takes ten times as long, and a text could not run on over the empty cells at
its right, as it does in spreadsheet programs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from PySide6.QtCore import QLine, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygon
from PySide6.QtWidgets import QTableView

from budgetinator.workbooks.addresses import Area
from gui.models.sheet_values import SheetValuesModel
from gui.theme import Colours, colours

__all__ = ["CellPainter"]

_PADDING = 4
_CORNER = 6
_FARTHEST = 12
"""So many columns a text may run on."""
_LEFT = int(Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignRight)
_ONE_LINE = int(Qt.TextFlag.TextSingleLine)


@dataclass(frozen=True, slots=True)
class _Column:
    number: int
    left: int
    width: int


@dataclass(slots=True)
class _Lines:
    """The lines of one painting by colour."""

    by_colour: dict[str, list[QLine]] = field(default_factory=dict)

    def add(self, colour: str, x1: int, y1: int, x2: int, y2: int) -> None:
        self.by_colour.setdefault(colour, []).append(QLine(x1, y1, x2, y2))

    def draw(self, painter: QPainter) -> None:
        for colour, lines in self.by_colour.items():
            painter.setPen(QColor(colour))
            painter.drawLines(lines)


class CellPainter:
    """Paints the cells of one view on a SheetValuesModel; `merged` are the areas of its sheet."""

    def __init__(self, view: QTableView, model: SheetValuesModel) -> None:
        self._view = view
        self._model = model
        self._anchors: dict[tuple[int, int], Area] = {}

    def set_merged(self, merged: tuple[Area, ...]) -> None:
        """Areas that are one cell each."""
        self._anchors = {
            (row, column): area
            for area in merged
            for row in range(area.min_row, area.max_row + 1)
            for column in range(area.min_col, area.max_col + 1)
        }

    def paint(self, painter: QPainter, exposed: QRect, selected: Area | None) -> None:
        """The cells within the exposed part of the viewport."""
        look = self._model.look = colours()
        columns = self._columns(exposed)
        lines = _Lines()
        seen: set[Area] = set()
        for number, top, height in self._rows(exposed):
            self._paint_row(painter, number, top, height, columns, selected, lines, look)
            seen.update(self._merged_in(number, columns))
        lines.draw(painter)
        for area in seen:
            self._paint_merged(painter, area, selected, look)
        self._paint_current(painter, look)

    # Where things stand

    def _columns(self, exposed: QRect) -> list[_Column]:
        """The exposed columns, and so many before them as a text may come from."""
        view, count = self._view, self._model.columnCount()
        first, last = view.columnAt(exposed.left()), view.columnAt(exposed.right())
        if first < 0:
            return []
        last = last if last >= 0 else count - 1
        return [
            _Column(column + 1, view.columnViewportPosition(column), view.columnWidth(column))
            for column in range(max(0, first - _FARTHEST), last + 1)
            if not view.isColumnHidden(column)
        ]

    def _rows(self, exposed: QRect) -> Iterator[tuple[int, int, int]]:
        view, count = self._view, self._model.rowCount()
        first, last = view.rowAt(exposed.top()), view.rowAt(exposed.bottom())
        if first < 0:
            return
        for row in range(first, (last if last >= 0 else count - 1) + 1):
            yield row + 1, view.rowViewportPosition(row), view.rowHeight(row)

    def _merged_in(self, row: int, columns: list[_Column]) -> Iterator[Area]:
        if self._anchors:
            for column in columns:
                if (area := self._anchors.get((row, column.number))) is not None:
                    yield area

    # One row

    def _paint_row(
        self,
        painter: QPainter,
        row: int,
        top: int,
        height: int,
        columns: list[_Column],
        selected: Area | None,
        lines: _Lines,
        look: Colours,
    ) -> None:
        model = self._model
        model.note_painted(row)
        for column in columns:
            ground = model.ground(row, column.number)
            rect = QRect(column.left, top, column.width, height)
            if ground is not None:
                painter.fillRect(rect, QColor(ground))
            if selected is not None and selected.contains(row, column.number):
                painter.fillRect(rect, _selection(look, has_ground=ground is not None))
            colour = look.grid if ground is None else _darker(ground)
            bottom, right = top + height - 1, column.left + column.width - 1
            lines.add(colour, column.left, bottom, right, bottom)
        run_over = self._paint_texts(painter, row, top, height, columns, look)
        for column in columns:
            if column.number not in run_over:
                ground = model.ground(row, column.number)
                right = column.left + column.width - 1
                colour = look.grid if ground is None else _darker(ground)
                lines.add(colour, right, top, right, top + height - 1)

    def _paint_texts(
        self,
        painter: QPainter,
        row: int,
        top: int,
        height: int,
        columns: list[_Column],
        look: Colours,
    ) -> set[int]:
        """The texts of a row; the columns at whose right end a text runs on."""
        model = self._model
        run_over: set[int] = set()
        for index, column in enumerate(columns):
            cell = model.shown(row, column.number)
            if not cell.text or (row, column.number) in self._anchors:
                continue
            rect = QRect(column.left, top, column.width, height)
            font = model.font(row, column.number) or self._view.font()
            if model.side(row, column.number) & _LEFT:
                wanted = _width(cell.text, font) + 2 * _PADDING
                for before, following in pairwise(columns[index:]):
                    if rect.width() >= wanted:
                        break
                    if self._is_taken(row, following.number):
                        break
                    run_over.add(before.number)
                    rect.setRight(following.left + following.width - 1)
            self._paint_text(painter, rect, row, column.number, cell.text, font, look)
            if cell.is_stale:
                _paint_corner(painter, QRect(column.left, top, column.width, height), look)
        return run_over

    def _is_taken(self, row: int, column: int) -> bool:
        return bool(self._model.shown(row, column).text) or (row, column) in self._anchors

    def _paint_text(
        self,
        painter: QPainter,
        rect: QRect,
        row: int,
        column: int,
        text: str,
        font: QFont,
        look: Colours,
    ) -> None:
        side = self._model.side(row, column)
        inner = rect.adjusted(_PADDING, 0, -_PADDING - 1, -1)
        width = _width(text, font)
        if width > inner.width():
            if side & _RIGHT:
                # A number without its last digits would be another number.
                text = "#" * max(1, inner.width() // max(1, _width("#", font)))
            elif not side & _LEFT:
                mode = Qt.TextElideMode.ElideRight
                text = QFontMetrics(font).elidedText(text, mode, inner.width())
        painter.setFont(font)
        painter.setPen(QColor(self._model.colour(row, column) or look.text))
        painter.drawText(inner, side | _ONE_LINE, text)

    # What lies over the rows

    def _paint_merged(
        self, painter: QPainter, area: Area, selected: Area | None, look: Colours
    ) -> None:
        row, column = area.min_row, area.min_col
        rect = self._view.visualRect(self._model.index(row - 1, column - 1))
        ground = self._model.ground(row, column)
        painter.fillRect(rect, QColor(ground or look.base))
        if selected is not None and selected.contains(row, column):
            painter.fillRect(rect, _selection(look, has_ground=ground is not None))
        painter.setPen(QColor(look.grid if ground is None else _darker(ground)))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.drawLine(rect.topRight(), rect.bottomRight())
        cell = self._model.shown(row, column)
        if cell.text:
            font = self._model.font(row, column) or self._view.font()
            top = QRect(rect.left(), rect.top(), rect.width(), self._view.rowHeight(row - 1))
            self._paint_text(painter, top, row, column, cell.text, font, look)
        if cell.is_stale:
            _paint_corner(painter, rect, look)

    def _paint_current(self, painter: QPainter, look: Colours) -> None:
        rect = self._view.visualRect(self._view.currentIndex())
        if rect.isValid():
            painter.setPen(QPen(QColor(look.accent), 2))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))


def _paint_corner(painter: QPainter, rect: QRect, look: Colours) -> None:
    corner = rect.topRight()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(look.stale))
    painter.drawPolygon(
        QPolygon([corner, corner - QPoint(_CORNER, 0), corner + QPoint(0, _CORNER)])
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _selection(look: Colours, *, has_ground: bool) -> QColor:
    if not has_ground:
        return QColor(look.accent_soft)
    colour = QColor(look.accent)
    colour.setAlpha(60)
    return colour


@lru_cache(maxsize=256)
def _darker(colour: str) -> str:
    return QColor(colour).darker(107).name()


@lru_cache(maxsize=4_096)
def _measured(text: str, font: tuple[str, int, int, bool, bool]) -> int:
    family, points, pixels, bold, italic = font
    described = QFont(family)
    if pixels > 0:
        described.setPixelSize(pixels)
    else:
        described.setPointSize(points)
    described.setBold(bold)
    described.setItalic(italic)
    return QFontMetrics(described).horizontalAdvance(text)


def _width(text: str, font: QFont) -> int:
    key = font.family(), font.pointSize(), font.pixelSize(), font.bold(), font.italic()
    return _measured(text, key)
