"""The widgets of a workbook's tab and where they stand; nothing is done here."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from budgetinator.budgets.numbers import Locale
from gui.models.sheet_values import SheetValuesModel
from gui.widgets.failure_page import FailurePage
from gui.widgets.find_bar import FindBar
from gui.widgets.findings import FindingsPanel
from gui.widgets.formula_bar import FormulaBar
from gui.widgets.grid import Grid
from gui.widgets.hint import Hint
from gui.widgets.job_bar import JobBar
from gui.widgets.message_bar import MessageBar
from gui.widgets.sheet_bar import SheetBar

__all__ = ["WorkbookView"]

Check = Callable[[int, int, str], str | None]


class WorkbookView(QWidget):
    """Messages, formula bar, cells with findings beside them, search, sheets, running job."""

    def __init__(self, locale: Locale | None, check: Check, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.locale_of_numbers = locale
        self.model = SheetValuesModel(locale, self)
        self.messages = MessageBar(self)
        self.formula_bar = FormulaBar(self)
        self.grid = Grid(self.model, check, self)
        self.findings = FindingsPanel(self)
        self.findings.hide()
        self.find_bar = FindBar(self)
        self.sheet_bar = SheetBar(self)
        self.job_bar = JobBar(self)
        self.failure_page = FailurePage(self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._sheet())
        self._pages.addWidget(self.failure_page)
        column = _column(self)
        column.addWidget(self.messages)
        column.addWidget(self._pages, 1)
        column.addWidget(self.job_bar)
        self.hint = Hint(self)
        self.set_read_only(True)
        self.grid.verticalScrollBar().valueChanged.connect(self.hint.hide)
        self.grid.horizontalScrollBar().valueChanged.connect(self.hint.hide)

    def _sheet(self) -> QWidget:
        sheet = QWidget(self)
        middle = QSplitter(Qt.Orientation.Horizontal, sheet)
        middle.addWidget(self.grid)
        middle.addWidget(self.findings)
        middle.setStretchFactor(0, 1)
        middle.setSizes([800, 330])
        middle.setCollapsible(0, False)
        middle.setHandleWidth(1)
        column = _column(sheet)
        column.addWidget(self.formula_bar)
        column.addWidget(middle, 1)
        column.addWidget(self.find_bar)
        column.addWidget(self.sheet_bar)
        return sheet

    def set_read_only(self, read_only: bool) -> None:
        """Whether something can be typed; without a workbook it would go nowhere."""
        self.formula_bar.set_read_only(read_only)
        self.grid.is_read_only = read_only

    def show_cells(self) -> None:
        """The workbook, in place of why there is none."""
        self._pages.setCurrentIndex(0)

    def show_failure(self, title: str, text: str) -> None:
        """Why there is no workbook."""
        self.failure_page.show_failure(title, text)
        self._pages.setCurrentIndex(1)

    def hint_at_cell(self, why: str, row: int, column: int) -> None:
        """A note beside a cell, counted from 1."""
        rect = self.grid.visualRect(self.model.index(row - 1, column - 1))
        corner = self.grid.viewport().mapTo(self, rect.topLeft())
        self.hint.show_beside(why, QRect(corner, rect.size()))

    def hint_at(self, why: str, widget: QWidget) -> None:
        """A note beside a widget."""
        self.hint.show_beside(why, QRect(widget.mapTo(self, QPoint(0, 0)), widget.size()))


def _column(widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column
