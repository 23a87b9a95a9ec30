"""The parts that the resource monitor is put together from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui.formatting import format_bytes, format_count
from gui.models.resources import ResourceTableModel, RowTableModel, TypeTableModel
from gui.widgets.row_table import RowTable

__all__ = ["ResourcesPage", "show_rows", "statistics_text"]

FILTER_DELAY_MS = 120


def show_rows(table: QTableView, model: RowTableModel, rows: list[Any]) -> None:
    """Show other rows, and keep what was selected where it still is there, and the place."""
    current = model.row(table.currentIndex())
    top = table.verticalScrollBar().value()
    model.replace(rows)
    if current is not None and not table.currentIndex().isValid():
        place = model.position(current.key)
        if place is not None:
            table.setCurrentIndex(model.index(place, 0))
        table.verticalScrollBar().setValue(top)


class ResourcesPage(QWidget):
    """The types with their counts, and below them every single resource."""

    selection_changed = Signal()

    def __init__(self, clock: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._types = TypeTableModel(self)
        self._resources = ResourceTableModel(clock, self)
        nothing = self.tr("Nothing is tracked")
        self.types_table = RowTable(self._types, self.tr("Resource types"), empty=nothing)
        self.resources_table = RowTable(
            self._resources, self.tr("Resources"), stretch=6, empty=nothing
        )
        self.resources_table.set_widths(
            {
                0: "a worker of some name",
                1: "file_handle",
                2: "WorkbookController_123",
                3: "999.9 MB",
                4: "23 h 59 min",
                5: "protected",
            },
        )
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.filter_line = QLineEdit()
        self.filter_line.setPlaceholderText(self.tr("Filter by name, type, owner, state or place"))
        self.filter_line.setAccessibleName(self.tr("Filter resources"))
        self.filter_line.setClearButtonEnabled(True)
        self._shown = QLabel()
        self._shown.setAccessibleName(self.tr("Resources shown"))
        below = QWidget()
        layout = QVBoxLayout(below)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.filter_line, self.resources_table, self._shown):
            layout.addWidget(part)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.types_table)
        splitter.addWidget(below)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([190, 350])
        splitter.setChildrenCollapsible(False)
        outer = QVBoxLayout(self)
        outer.addWidget(splitter)

    def _connect(self) -> None:
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(FILTER_DELAY_MS)
        self._typing.timeout.connect(self._apply_filter)
        self.filter_line.textChanged.connect(self._typing.start)
        self.resources_table.selectionModel().currentChanged.connect(self._tell_selection)
        self._resources.modelReset.connect(self._tell_selection)
        self.types_table.activated.connect(self._filter_by_type)

    def show_rows(self, types: list[Any], resources: list[Any]) -> None:
        """Show the rows of a survey, which are the page's own from now on."""
        show_rows(self.types_table, self._types, types)
        show_rows(self.resources_table, self._resources, resources)
        self._tell_shown()

    def announce_ages(self) -> None:
        """Have the ages in view painted anew."""
        self._resources.announce()

    def selected(self) -> Any | None:
        """The row of the selected resource, or None."""
        return self._resources.row(self.resources_table.currentIndex())

    def _apply_filter(self) -> None:
        self._resources.set_filter(self.filter_line.text())
        found = not self.filter_line.text().strip()
        self.resources_table.empty = (
            self.tr("Nothing is tracked") if found else self.tr("No resource has this text")
        )
        self._tell_shown()

    def _filter_by_type(self, index: Any) -> None:
        row = self._types.row(index)
        if row is not None:
            self.filter_line.setText(row.key)

    def _tell_shown(self) -> None:
        shown, total = self._resources.rowCount(), self._resources.total
        text = format_count(total, "resource")
        self._shown.setText(text if shown == total else f"{shown:,} of {text}")

    def _tell_selection(self, *_arguments: object) -> None:
        self.selection_changed.emit()


def statistics_text(statistics: Mapping[str, Any]) -> str:
    """The statistics of a service as a page of plain text (seed 003)."""
    usage, counts = statistics["memory_usage"], statistics["resource_counts"]
    numbers = {
        "Components Registered": statistics["components_registered"],
        "Total Resources Tracked": statistics["total_resources_tracked"],
        "Total Resources Released": statistics["total_resources_released"],
        "Active Resources": statistics["active_resources"],
    }
    width = max(map(len, numbers)) + 1
    lines = ["Resource Management Statistics", "=" * 30, ""]
    lines += [f"{name + ':':{width}} {number:>14,}" for name, number in numbers.items()]
    lines += ["", "Memory Usage by Component:"]
    lines += _aligned({name: format_bytes(size) for name, size in usage.items()}) or [
        "  No components with tracked memory"
    ]
    lines += ["", "Resource Counts:"]
    lines += _aligned({name: f"{count:,}" for name, count in counts.items()}) or [
        "  No resources tracked"
    ]
    return "\n".join(lines)


def _aligned(entries: Mapping[str, str]) -> list[str]:
    width = max(map(len, entries), default=0)
    return [f"  {name:{width}}  {text:>12}" for name, text in sorted(entries.items())]
