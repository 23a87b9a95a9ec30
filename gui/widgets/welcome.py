"""What the window shows while no workbook is open: recent ones, and ways to begin."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.icons import icon
from gui.theme import colours
from gui.widgets.dropping import dropped_files

__all__ = ["WelcomePage"]

_WIDTH = 780


class WelcomePage(QWidget):
    """Buttons, a place to drop files on, and the recent workbooks with their state."""

    open_requested = Signal()
    sample_requested = Signal()
    files_chosen = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        title, subtitle = QLabel("Budgetinator", self), QLabel(self)
        title.setObjectName("title")
        subtitle.setObjectName("subtitle")
        subtitle.setText("Budget workbooks: looked at, changed and saved, and nothing is lost.")
        self.open_button = QPushButton("Open a workbook…", self)
        self.open_button.setProperty("primary", True)
        self.open_button.clicked.connect(self.open_requested)
        self.sample_button = QPushButton("Open the sample consortium", self)
        self.sample_button.clicked.connect(self.sample_requested)
        for button in (self.open_button, self.sample_button):
            button.setAccessibleName(button.text().rstrip("…"))
            button.setMinimumHeight(34)
        self.drop = _DropPlace(self)
        self.drop.files_dropped.connect(self.files_chosen)
        self._heading = QLabel("Recent workbooks", self)
        self._heading.setObjectName("section")
        self.recent = QListWidget(self)
        self.recent.setAccessibleName("Recent workbooks")
        self.recent.setIconSize(QSize(18, 18))
        self.recent.itemActivated.connect(self._chosen)
        self._lay_out(title, subtitle)

    def _lay_out(self, title: QLabel, subtitle: QLabel) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.sample_button)
        buttons.addStretch(1)
        middle = QWidget(self)
        middle.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(middle)
        column.setContentsMargins(24, 40, 24, 24)
        column.setSpacing(10)
        column.addWidget(title)
        column.addWidget(subtitle)
        column.addSpacing(10)
        column.addLayout(buttons)
        column.addSpacing(10)
        column.addWidget(self.drop)
        column.addSpacing(14)
        column.addWidget(self._heading)
        column.addWidget(self.recent, 4)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.addStretch(1)
        row.addWidget(middle, 8)
        row.addStretch(1)

    def show_recent(self, paths: Sequence[str]) -> None:
        """These workbooks; one that is gone says so."""
        self.recent.clear()
        for path in paths:
            item = QListWidgetItem(icon("workbook", colours().accent), _described(path))
            item.setData(Qt.ItemDataRole.UserRole, path)
            item.setToolTip(path)
            if not os.path.isfile(path):
                item.setForeground(Qt.GlobalColor.gray)
            self.recent.addItem(item)
        for widget in (self._heading, self.recent):
            widget.setVisible(bool(paths))

    def _chosen(self, item: QListWidgetItem) -> None:
        self.files_chosen.emit([item.data(Qt.ItemDataRole.UserRole)])


class _DropPlace(QFrame):
    """Where files can be dropped."""

    files_dropped = Signal(list)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("drop")
        self.setAcceptDrops(True)
        self.setFixedHeight(150)
        picture, text = QLabel(self), QLabel("Drop workbooks here", self)
        picture.setPixmap(icon("drop", colours().faint).pixmap(28, 28))
        text.setObjectName("subtitle")
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(picture, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(text, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        if dropped_files(event.mimeData()):
            self._show_over(over=True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802  Qt's name
        self._show_over(over=False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        self._show_over(over=False)
        self.files_dropped.emit(dropped_files(event.mimeData()))
        event.acceptProposedAction()

    def _show_over(self, *, over: bool) -> None:
        self.setProperty("over", over)
        self.style().unpolish(self)
        self.style().polish(self)


def _described(path: str) -> str:
    file = Path(path)
    try:
        changed = time.strftime("%d %b %Y, %H:%M", time.localtime(file.stat().st_mtime))
    except OSError:
        changed = "no longer there"
    return f"{file.name}     {_short(file.parent)}     {changed}"


def _short(folder: Path) -> str:
    home = Path.home()
    text = str(folder)
    if folder.is_relative_to(home) and home != Path("/"):
        text = str(Path("~") / folder.relative_to(home))
    return text if len(text) <= 48 else f"…{text[-47:]}"
