"""What the tab shows; it knows no file and no workbook."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from budgetinator.budgets import Locale
from gui.plugins.partner_csv.partners import Preview, Problem
from gui.plugins.partner_csv.previewing import FIRST, PreviewModel
from gui.plugins.partner_csv.tables import DELIMITERS

__all__ = ["ImportForm"]


class ImportForm(QWidget):
    """The widgets of the tab, filling it."""

    reading_changed = Signal()
    """The delimiter or the way of writing numbers is another one."""

    def __init__(self, tab: QWidget) -> None:
        super().__init__(tab)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        filling = QVBoxLayout(tab)
        filling.setContentsMargins(0, 0, 0, 0)
        filling.addWidget(self)
        self._make_choices()
        self._make_preview()
        self._make_foot()
        self._lay_out()

    @property
    def delimiter(self) -> str | None:
        """What parts the cells, None to find out."""
        place = self.delimiter_box.currentIndex()
        return None if place == 0 else list(DELIMITERS)[place - 1]

    @property
    def number_format(self) -> Locale:
        return "de" if self.format_box.currentIndex() == 0 else "en"

    # Making

    def _make_choices(self) -> None:
        self.choose_button = QPushButton(self.tr("&Choose a CSV file…"))
        self.choose_button.setProperty("primary", True)
        self.headings_button = QPushButton(self.tr("Copy &headings"))
        self.headings_button.setToolTip(
            self.tr("Put the names of all columns on the clipboard, to begin a file with.")
        )
        self.delimiter_box = QComboBox()
        self.delimiter_box.addItem(self.tr("automatic"))
        self.delimiter_box.addItems(list(DELIMITERS.values()))
        self.delimiter_box.setAccessibleName(self.tr("What parts the cells"))
        self.format_box = QComboBox()
        self.format_box.addItems([self.tr("1.234,50 (German)"), self.tr("1,234.50 (English)")])
        self.format_box.setAccessibleName(self.tr("How numbers are written"))
        self.format_box.setCurrentIndex(0 if QLocale.system().decimalPoint() == "," else 1)
        for box in (self.delimiter_box, self.format_box):
            box.currentIndexChanged.connect(self.reading_changed)
        self.file_label = _line("subtitle")
        self.target_label = _line("subtitle")

    def _make_preview(self) -> None:
        self.model = PreviewModel()
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Preview of the partners"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.problems = QListWidget()
        self.problems.setAccessibleName(self.tr("Problems"))
        self.problems.setMaximumHeight(150)
        self.problems.setWordWrap(True)
        self.problems.currentItemChanged.connect(self._go_to_problem)
        self.problems.itemActivated.connect(self._go_to_problem)
        self.problems_label = QLabel(self.tr("&Problems"))
        self.problems_label.setObjectName("section")
        self.problems_label.setBuddy(self.problems)

    def _make_foot(self) -> None:
        self.message = _line("")
        self.import_button = QPushButton(self.tr("&Import"))
        self.import_button.setProperty("primary", True)
        self.import_button.setEnabled(False)
        self.refresh_button = QPushButton(self.tr("&Look again"))
        self.refresh_button.setToolTip(self.tr("Read the file and the open workbook once more."))

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(self.choose_button)
        top.addWidget(self.headings_button)
        top.addStretch(1)
        for text, box in (
            (self.tr("C&ells parted by"), self.delimiter_box),
            (self.tr("&Numbers"), self.format_box),
        ):
            label = QLabel(text)
            label.setBuddy(box)
            top.addWidget(label)
            top.addWidget(box)
        foot = QHBoxLayout()
        foot.setSpacing(10)
        foot.addWidget(self.message, 1)
        foot.addWidget(self.refresh_button)
        foot.addWidget(self.import_button)
        page = QVBoxLayout(self)
        page.setContentsMargins(28, 24, 28, 20)
        page.setSpacing(10)
        page.addLayout(top)
        page.addWidget(self.file_label)
        page.addWidget(self.target_label)
        page.addWidget(self.table, 1)
        page.addWidget(self.problems_label)
        page.addWidget(self.problems)
        page.addLayout(foot)
        self.show_preview(None)

    # Showing

    def show_preview(self, preview: Preview | None) -> None:
        """The rows, and below them what is wrong with them."""
        self.model.show(preview)
        self.table.resizeColumnsToContents()
        self.problems.clear()
        found = preview.problems if preview is not None else ()
        for problem in found:
            item = QListWidgetItem(self._sentence(preview, problem))
            item.setData(Qt.ItemDataRole.UserRole, (problem.row, problem.column))
            self.problems.addItem(item)
        for widget in (self.problems, self.problems_label):
            widget.setVisible(bool(found))

    def show_problem(self, text: str) -> None:
        """One problem with the file as a whole."""
        self.show_preview(None)
        self.say(text)

    def say(self, text: str) -> None:
        self.message.setText(text)

    def _sentence(self, preview: Preview | None, problem: Problem) -> str:
        table = preview.table if preview is not None else None
        if table is None or problem.row >= len(table.lines):
            return problem.text
        where = self.tr("Line {0}").format(table.lines[problem.row])
        if problem.column is not None and problem.column < len(table.heading):
            where += f", {table.heading[problem.column]}"
        return f"{where}: {problem.text}"

    def _go_to_problem(self, item: QListWidgetItem | None) -> None:
        """Select the cell that the chosen problem is about."""
        place = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if place is None:
            return
        row, column = place
        index = self.model.index(row, FIRST - 1 if column is None else FIRST + column)
        self.table.setCurrentIndex(index if index.isValid() else QModelIndex())
        self.table.scrollTo(index)


def _line(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
