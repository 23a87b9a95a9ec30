"""A table of rows to look at: walked through by the keyboard, and saying so where it is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QLocale, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QTableView,
    QWidget,
)

__all__ = ["RowTable"]

ROW_PADDING = 10
SPACE = "\u2002"
"""An en space on either side of a text: room that every style leaves, with a style sheet or not."""


class RowTable(QTableView):
    """Sorted by its headers, selected row by row, never edited.

    `stretch` is the column that takes the room that is left; `empty` is what
    it says where it has no row.
    """

    def __init__(
        self,
        model: QAbstractItemModel,
        name: str,
        *,
        stretch: int = 0,
        empty: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.empty = empty
        self.setModel(model)
        self.setItemDelegate(_Spaced(self))
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self._set_headers(stretch)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)

    def set_widths(self, examples: Mapping[int, str]) -> None:
        """Make columns wide enough for these texts."""
        metrics = self.fontMetrics()
        for column, text in examples.items():
            self.setColumnWidth(column, metrics.horizontalAdvance(f"{text}{SPACE * 4}"))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        super().paintEvent(event)
        if self.empty and self.model().rowCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, self.empty)
            painter.end()

    def _set_headers(self, stretch: int) -> None:
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # else each row is measured
        rows.setDefaultSectionSize(self.fontMetrics().height() + ROW_PADDING)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)


class _Spaced(QStyledItemDelegate):
    """Leaves room between a text and the edges of its cell."""

    def displayText(self, value: Any, locale: QLocale | QLocale.Language) -> str:  # noqa: N802 - Qt's name
        return f"{SPACE}{super().displayText(value, locale)}{SPACE}"
