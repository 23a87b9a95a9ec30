"""The rows of the file as a table, with what is wrong marked where it stands."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from gui.plugins.partner_csv.partners import Preview, Problem
from gui.theme import colours

__all__ = ["PreviewModel"]

Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
_HERE = QModelIndex()
FIRST = 2
"""Columns before those of the file: the line, and what becomes of it."""


class PreviewModel(QAbstractTableModel):
    """Shows a preview; it holds text and numbers, and is made for one preview after another."""

    def __init__(self) -> None:
        super().__init__()
        self._preview: Preview | None = None
        self._problems: dict[tuple[int, int | None], list[Problem]] = {}

    def show(self, preview: Preview | None) -> None:
        """Show another preview, or none."""
        self.beginResetModel()
        self._preview = preview
        self._problems = {}
        for problem in preview.problems if preview is not None else ():
            self._problems.setdefault((problem.row, problem.column), []).append(problem)
        self.endResetModel()

    def rowCount(self, parent: Index = _HERE) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() or self._preview is None else len(self._preview.table.rows)

    def columnCount(self, parent: Index = _HERE) -> int:  # noqa: N802 - Qt's name
        if parent.isValid() or self._preview is None:
            return 0
        return FIRST + len(self._preview.table.heading)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole
    ) -> Any:
        if role != _ROLE.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        if section < FIRST:
            return (self.tr("Line"), self.tr("Becomes"))[section]
        return self._preview.table.heading[section - FIRST] if self._preview is not None else None

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        if self._preview is None or not index.isValid():
            return None
        row, column = index.row(), index.column() - FIRST
        if role == _ROLE.DisplayRole:
            return self._text(self._preview, row, column)
        if role in (_ROLE.ToolTipRole, _ROLE.AccessibleDescriptionRole):
            return "\n".join(each.text for each in self._told(row, column)) or None
        if role == _ROLE.BackgroundRole and self._told(row, column):
            return QColor(colours().error_soft)
        if role == _ROLE.ForegroundRole and self._is_ignored(self._preview, column):
            return QColor(colours().faint)
        return None

    def _text(self, preview: Preview, row: int, column: int) -> str:
        if column == -2:
            return str(preview.table.lines[row])
        if column == -1:
            partner = preview.partners[row]
            return self.tr("not imported") if partner is None else f"P{partner.number}"
        cells = preview.table.rows[row]
        return cells[column] if column < len(cells) else ""

    def _told(self, row: int, column: int) -> list[Problem]:
        """The problems of a cell; the second column tells those of the whole row."""
        if column == -2:
            return []
        return self._problems.get((row, None if column == -1 else column), [])

    def _is_ignored(self, preview: Preview, column: int) -> bool:
        return column >= 0 and preview.table.heading[column] in preview.ignored
