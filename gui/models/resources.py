"""The tables of the resource monitor: rows of a survey, shown when they come into view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from gui.formatting import format_age, format_bytes

__all__ = ["Column", "ComponentTableModel", "ResourceTableModel", "RowTableModel", "TypeTableModel"]

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
UNKNOWN = "\u2013"
"""Where no size was given."""

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_MIDDLE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what a row shows in it, and by what it is sorted."""

    title: str
    text: Callable[[Any], str]
    order: Callable[[Any], Any]
    align: Qt.AlignmentFlag = _LEFT
    tip: Callable[[Any], str] | None = None


class RowTableModel(QAbstractTableModel):
    """A table over a list of rows that each have a `key`; nothing is copied for a cell."""

    def __init__(self, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._rows: list[Any] = []
        self._sorted_by: tuple[int, bool] | None = None

    @property
    def rows(self) -> Sequence[Any]:
        return self._rows

    def replace(self, rows: list[Any]) -> None:
        """Show these rows, which are the model's own from now on.

        Where they are the same things in the same order only their cells are
        announced as changed, so that selection and place stay.
        """
        self._arrange(rows)
        if [row.key for row in rows] == [row.key for row in self._rows]:
            self._rows = rows
            self.announce()
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def announce(self) -> None:
        """Have what is in view painted anew."""
        if self._rows:
            last = self.index(len(self._rows) - 1, len(self._columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def row(self, index: Index) -> Any | None:
        """The row at an index, or None."""
        return self._rows[index.row()] if 0 <= index.row() < len(self._rows) else None

    def position(self, key: Any) -> int | None:
        """Where the row of this key stands, or None."""
        return next((at for at, row in enumerate(self._rows) if row.key == key), None)

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row(index)
        if row is None:
            return None
        column = self._columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip(row) if column.tip is not None else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return column.align
        return None

    def headerData(  # noqa: N802 - Qt's name
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return column.align
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted_by = (column, order == Qt.SortOrder.DescendingOrder) if column >= 0 else None
        rows = list(self._rows)
        self._arrange(rows)
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def _arrange(self, rows: list[Any]) -> None:
        if self._sorted_by is not None:
            column, descending = self._sorted_by
            rows.sort(key=self._columns[column].order, reverse=descending)


class ComponentTableModel(RowTableModel):
    """Every component: the four columns of seed 003, and what else is known."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            (
                Column("Component ID", _of("component_id"), _of("component_id"), tip=_part_of),
                Column("Type", _of("type"), _of("type")),
                Column("State", _of("state"), _of("state")),
                Column(
                    "Memory Usage",
                    lambda row: format_bytes(row.memory),
                    _of("memory"),
                    align=_RIGHT,
                    tip=lambda row: f"{row.memory:,} bytes",
                ),
                Column(
                    "Resources", lambda row: f"{row.resources:,}", _of("resources"), align=_RIGHT
                ),
                Column("Since", lambda row: f"{row.since:%H:%M:%S}", _of("since"), align=_MIDDLE),
            ),
            parent,
        )


class TypeTableModel(RowTableModel):
    """How many resources there are of each type, and their bytes (seed 003)."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            (
                Column("Resource Type", _of("key"), _of("key")),
                Column("Count", lambda row: f"{row.number:,}", _of("number"), align=_RIGHT),
                Column(
                    "Total Size",
                    lambda row: format_bytes(row.memory) if row.memory else UNKNOWN,
                    _of("memory"),
                    align=_RIGHT,
                    tip=lambda row: f"{row.memory:,} bytes",
                ),
            ),
            parent,
        )


class ResourceTableModel(RowTableModel):
    """Every resource, with owner, size, age, state, and where it was tracked.

    `clock` is the service's, on which the ages are counted. `filter` narrows
    the rows by a text in any of their columns.
    """

    def __init__(self, clock: Callable[[], float], parent: QObject | None = None) -> None:
        self._all: list[Any] = []
        self._filter = ""
        super().__init__(
            (
                Column("Name", lambda row: row.name or f"#{row.key}", _by_name, tip=_identity),
                Column("Type", _of("type"), _of("type")),
                Column("Owner", _of("owner"), _of("owner")),
                Column("Size", _size, lambda row: row.size or 0, align=_RIGHT, tip=_bytes),
                Column(
                    "Age",
                    lambda row: format_age(clock() - row.at),
                    lambda row: -row.at,
                    align=_MIDDLE,
                ),
                Column("State", _of("state"), _of("state"), tip=_of("state")),
                Column("Created at", _short_site, _of("site"), tip=_of("site")),
            ),
            parent,
        )

    @property
    def total(self) -> int:
        """How many rows there are without the filter."""
        return len(self._all)

    def replace(self, rows: list[Any]) -> None:
        self._all = rows
        super().replace(self._filtered())

    def set_filter(self, text: str) -> None:
        """Show only rows with this text in name, type, owner, state or place; empty shows all."""
        self._filter = text.strip().casefold()
        super().replace(self._filtered())

    def _filtered(self) -> list[Any]:
        text = self._filter
        if not text:
            return list(self._all)
        return [
            row
            for row in self._all
            if text in f"{row.name}\n{row.type}\n{row.owner}\n{row.state}\n{row.site}".casefold()
        ]


def _of(name: str) -> Callable[[Any], Any]:
    return attrgetter(name)


def _by_name(row: Any) -> str:
    return str(row.name.casefold())  # those without one stay in the order of their ids


def _identity(row: Any) -> str:
    return f"{row.name or row.type}, id {row.key}"


def _size(row: Any) -> str:
    return format_bytes(row.size) if row.size is not None else UNKNOWN


def _bytes(row: Any) -> str:
    return f"{row.size:,} bytes" if row.size is not None else "its size is not known"


def _short_site(row: Any) -> str:
    """`budget.py:12 in load` of the whole path, which is in the tip."""
    return str(row.site.rpartition("/")[2])


def _part_of(row: Any) -> str:
    return f"{row.component_id}, a part of {row.parent}" if row.parent else str(row.component_id)
