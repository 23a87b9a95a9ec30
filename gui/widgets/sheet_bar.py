"""The sheets of a workbook, as tabs below the table and as a list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QMenu, QTabBar, QToolButton, QWidget

from budgetinator.workbooks import SheetInfo
from gui.icons import icon
from gui.theme import colours

__all__ = ["SheetBar"]


class SheetBar(QWidget):
    """One tab a sheet in the order of the file; hidden ones are there too, and say so."""

    sheet_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("foot")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._sheets: tuple[SheetInfo, ...] = ()
        self._list = QToolButton(self)
        self._list.setIconSize(QSize(16, 16))
        self._list.setAccessibleName("All sheets")
        self._list.setToolTip("All sheets")
        self._list.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_menu)
        self._list.setMenu(self._menu)
        self.tabs = QTabBar(self)
        self.tabs.setObjectName("sheets")
        self.tabs.setAccessibleName("Sheets")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self.tabs.currentChanged.connect(self._chosen)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 6, 0)
        row.setSpacing(4)
        row.addWidget(self._list)
        row.addWidget(self.tabs, 1)

    @property
    def current(self) -> str | None:
        """The title of the sheet that is shown."""
        index = self.tabs.currentIndex()
        return self._sheets[index].title if 0 <= index < len(self._sheets) else None

    def show_sheets(self, sheets: Sequence[SheetInfo], current: str | None = None) -> None:
        """These sheets; the current one stays, or the first that is not hidden is chosen."""
        titles = [sheet.title for sheet in sheets]
        wanted = current or self.current
        visible = (sheet.title for sheet in sheets if sheet.state == "visible")
        chosen = wanted if wanted in titles else next(visible, titles[0] if titles else None)
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        self._sheets = tuple(sheets)
        for sheet in sheets:
            self._add(sheet)
        if chosen is not None:
            self.tabs.setCurrentIndex(titles.index(chosen))
        self.tabs.blockSignals(False)
        self._list.setIcon(icon("sheets"))

    def choose(self, title: str) -> None:
        """Show this sheet."""
        for index, sheet in enumerate(self._sheets):
            if sheet.title == title:
                self.tabs.setCurrentIndex(index)

    def step(self, by: int) -> None:
        """The next sheet, or the one before."""
        if self._sheets:
            self.tabs.setCurrentIndex((self.tabs.currentIndex() + by) % len(self._sheets))

    def _add(self, sheet: SheetInfo) -> None:
        # An ampersand would underline the next letter.
        text = sheet.title.replace("&", "&&")
        is_hidden = sheet.state != "visible"
        index = self.tabs.addTab(f"{text}  (hidden)" if is_hidden else text)
        if is_hidden:
            self.tabs.setTabTextColor(index, QColor(colours().faint))
            kind = "hidden, and Excel does not offer to show it" if sheet.state != "hidden" else ""
            self.tabs.setTabToolTip(index, f"{sheet.title} is {kind or 'hidden in Excel'}")
        self.tabs.setAccessibleTabName(index, f"{sheet.title}{', hidden' if is_hidden else ''}")

    def _fill_menu(self) -> None:
        self._menu.clear()
        for sheet in self._sheets:
            suffix = "" if sheet.state == "visible" else "  (hidden)"
            action = self._menu.addAction(sheet.title.replace("&", "&&") + suffix)
            action.setCheckable(True)
            action.setChecked(sheet.title == self.current)
            action.triggered.connect(partial(self._choose_action, sheet.title))

    def _choose_action(self, title: str, _checked: bool = False) -> None:
        self.choose(title)

    def _chosen(self, index: int) -> None:
        if 0 <= index < len(self._sheets):
            self.sheet_chosen.emit(self._sheets[index].title)
