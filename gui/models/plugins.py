"""The table of plugins: one row for each that is known, and for what is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from budgetinator.plugins import PluginInfo, PluginProblem
from gui.formatting import format_bytes
from gui.theme import colours

__all__ = ["PluginTableModel", "trust_of"]

Index = QModelIndex | QPersistentModelIndex
_HERE = QModelIndex()
_ROLE = Qt.ItemDataRole
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class PluginColumn:
    """One column: what a plugin shows in it."""

    title: str
    text: Callable[[PluginInfo], str]
    is_number: bool = False


def trust_of(info: PluginInfo) -> str:
    """Why it may run, or that it may not."""
    if info.source == "shipped":
        return "with the program"
    return "trusted" if info.trusted else "not trusted"


def _state_of(info: PluginInfo) -> str:
    if info.state is not None:
        return info.state.value
    return "off" if info.off is not None else "not loaded"


def _problem_of(info: PluginInfo) -> str:
    return info.off or info.problem or ""


def _start_of(info: PluginInfo) -> str:
    return "" if info.start_seconds is None else f"{info.start_seconds * 1000:.0f} ms"


COLUMNS = (
    PluginColumn("Plugin", lambda info: info.name),
    PluginColumn("Version", lambda info: info.version),
    PluginColumn("State", _state_of),
    PluginColumn("Trust", trust_of),
    PluginColumn(
        "Memory", lambda info: format_bytes(info.memory_bytes) if info.is_loaded else "", True
    ),
    PluginColumn("Start", _start_of, True),
    PluginColumn("Problem", _problem_of),
)
_LAST = len(COLUMNS) - 1


class PluginTableModel(QAbstractTableModel):
    """Rows of plugins, then of what was found and cannot be used."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[PluginInfo | PluginProblem] = []

    def show(self, plugins: Sequence[PluginInfo], problems: Sequence[PluginProblem]) -> None:
        """Show these; where they are the same as before only their cells are announced."""
        rows: list[PluginInfo | PluginProblem] = [*plugins, *problems]
        if rows == self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, _LAST))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row(self, number: int) -> PluginInfo | PluginProblem | None:
        """What a row shows."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def row_of(self, plugin_id: str) -> int:
        """Where a plugin stands, -1 if nowhere."""
        for number, row in enumerate(self._rows):
            if isinstance(row, PluginInfo) and row.plugin_id == plugin_id:
                return number
        return -1

    def rowCount(self, parent: Index = _HERE) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _HERE) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == _ROLE.DisplayRole:
            return COLUMNS[section].title
        if role == _ROLE.TextAlignmentRole:
            return _RIGHT if COLUMNS[section].is_number else _LEFT
        return None

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role in (_ROLE.DisplayRole, _ROLE.ToolTipRole):
            return _text(row, column)
        if role == _ROLE.TextAlignmentRole:
            return _RIGHT if COLUMNS[column].is_number else _LEFT
        if role == _ROLE.ForegroundRole:
            return _colour(row, column)
        return None


def _text(row: PluginInfo | PluginProblem, column: int) -> str:
    if isinstance(row, PluginInfo):
        return COLUMNS[column].text(row)
    texts = {0: row.path.name or str(row.path), 2: "unusable", _LAST: row.reason}
    return texts.get(column, "")


def _colour(row: PluginInfo | PluginProblem, column: int) -> QColor | None:
    """Problems in the colour of errors, what does not run fainter."""
    if column == _LAST:
        return QColor(colours().error)
    if not isinstance(row, PluginInfo) or (column in (2, 3) and not row.trusted):
        return QColor(colours().muted)
    return None
