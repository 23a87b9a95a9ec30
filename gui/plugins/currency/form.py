"""What the tab shows; it knows no rule, and says what was typed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from PySide6.QtCore import QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from budgetinator.budgets import Locale
from gui.plugins.currency.rates import BASE, Rates, parse_rate

__all__ = ["CurrencyForm"]

NOTHING = "\u2013"
RULE = (
    "Rounded once, at the end, half to even, to the smallest unit of the currency: "
    "cents, whole yen, thousandths of a dinar."
)


class CurrencyForm(QWidget):
    """The widgets of the tab, filling it."""

    changed = Signal()
    """The amount, a currency or the way of writing numbers is another one."""
    rates_changed = Signal()
    """A line of the table was edited, added or removed."""

    def __init__(self, tab: QWidget) -> None:
        super().__init__(tab)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        filling = QVBoxLayout(tab)
        filling.setContentsMargins(0, 0, 0, 0)
        filling.addWidget(self)
        self._make_converter()
        self._make_table()
        self._lay_out()

    @property
    def number_format(self) -> Locale:
        """How the amount is read and the result written."""
        return "de" if self.format_box.currentIndex() == 0 else "en"

    @property
    def source_code(self) -> str:
        return self.source.currentText()

    @property
    def target_code(self) -> str:
        return self.target.currentText()

    # Making

    def _make_converter(self) -> None:
        self.amount = QLineEdit()
        self.amount.setPlaceholderText("1234,50")
        self.amount.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.amount.setAccessibleName(self.tr("Amount"))
        self.amount.setMaxLength(24)
        self.amount.textChanged.connect(self.changed)
        self.source, self.target = QComboBox(), QComboBox()
        self.source.setAccessibleName(self.tr("From currency"))
        self.target.setAccessibleName(self.tr("To currency"))
        self.swap_button = QPushButton(self.tr("S&wap"))
        self.swap_button.clicked.connect(self.swap)
        self.format_box = QComboBox()
        self.format_box.addItems([self.tr("1.234,50 (German)"), self.tr("1,234.50 (English)")])
        self.format_box.setAccessibleName(self.tr("How numbers are written"))
        comma = QLocale.system().decimalPoint() == ","
        self.format_box.setCurrentIndex(0 if comma else 1)
        for box in (self.source, self.target, self.format_box):
            box.currentIndexChanged.connect(self.changed)
        self.result = _selectable("title", self.tr("Result"))
        self.detail = _selectable("subtitle", self.tr("How it was computed"))

    def _make_table(self) -> None:
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels([self.tr("Currency"), self.tr("Units for 1 EUR")])
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.verticalHeader().hide()
        self.table.setAccessibleName(self.tr("Exchange rates"))
        self.table.setAlternatingRowColors(True)
        self.table.setTabKeyNavigation(False)
        self.table.setMaximumWidth(420)
        self.table.cellChanged.connect(self._edited)
        self.add_button = QPushButton(self.tr("&Add rate"))
        self.add_button.clicked.connect(self.add_line)
        self.remove_button = QPushButton(self.tr("&Remove"))
        self.remove_button.clicked.connect(self.remove_line)
        self.open_button = QPushButton(self.tr("&Open…"))
        self.save_button = QPushButton(self.tr("&Save as…"))
        self.origin = QLabel(self.tr("Rates are typed here or opened from a TOML or CSV file."))
        self.origin.setObjectName("subtitle")
        self.origin.setWordWrap(True)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setAccessibleName(self.tr("What is wrong with the rates"))

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        for column, (text, widget) in enumerate(
            (
                (self.tr("A&mount"), self.amount),
                (self.tr("&From"), self.source),
                (self.tr("&To"), self.target),
                ("", self.swap_button),
                (self.tr("&Numbers"), self.format_box),
            )
        ):
            if text:
                label = QLabel(text)
                label.setBuddy(widget)
                grid.addWidget(label, 0, column)
            grid.addWidget(widget, 1, column)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(5, 1)
        rule = QLabel(self.tr(RULE))
        rule.setObjectName("subtitle")
        rule.setWordWrap(True)
        heading = QLabel(self.tr("Rates"))
        heading.setObjectName("section")
        buttons = QHBoxLayout()
        for button in (self.add_button, self.remove_button, self.open_button, self.save_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        page = QVBoxLayout(self)
        page.setContentsMargins(32, 28, 32, 24)
        page.setSpacing(10)
        page.addLayout(grid)
        page.addSpacing(6)
        for widget in (self.result, self.detail, rule):
            page.addWidget(widget)
        page.addSpacing(14)
        for widget in (heading, self.origin):
            page.addWidget(widget)
        page.addWidget(self.table, 1)
        page.addWidget(self.problem)
        page.addLayout(buttons)

    # Showing

    def show_result(self, text: str, detail: str) -> None:
        self.result.setText(text)
        self.detail.setText(detail)
        _mark(self.amount, refused=False)

    def show_nothing(self) -> None:
        """There is no amount: nothing is not zero."""
        self.show_result(NOTHING, self.tr("Type an amount."))

    def show_problem(self, text: str) -> None:
        self.show_result(NOTHING, text)
        _mark(self.amount, refused=True)

    def show_origin(self, text: str) -> None:
        self.origin.setText(text)

    def show_rates_problem(self, text: str) -> None:
        self.problem.setText(text)

    def show_rates(self, rates: Rates) -> None:
        """The table and the boxes as these rates have them."""
        with QSignalBlocker(self.table):
            self.table.setRowCount(0)
            for code in rates.codes:
                if code != BASE:
                    self._append(code, f"{rates.per_euro[code]:f}")
        self.show_rates_problem("")
        self.show_codes(rates.codes)

    def show_codes(self, codes: Iterable[str]) -> None:
        """The currencies to choose from; what is chosen stays where it can."""
        listed = list(codes)
        for box, other in ((self.source, 0), (self.target, 1)):
            chosen = box.currentText()
            with QSignalBlocker(box):
                box.clear()
                box.addItems(listed)
                place = listed.index(chosen) if chosen in listed else min(other, len(listed) - 1)
                box.setCurrentIndex(place)

    # The table

    def typed_rates(self) -> dict[str, Decimal]:
        """What the table holds; raises InvalidNumber or ValueError, naming the line."""
        found: dict[str, Decimal] = {}
        for row in range(self.table.rowCount()):
            code, text = self._text(row, 0).upper(), self._text(row, 1)
            if not code and not text:
                continue
            if code in found:
                raise ValueError(self.tr("{0} stands in the table twice.").format(code))
            found[code] = parse_rate(text)
        return found

    def add_line(self) -> None:
        """An empty line, ready to be typed in."""
        with QSignalBlocker(self.table):
            self._append("", "")
        row = self.table.rowCount() - 1
        self.table.setCurrentCell(row, 0)
        self.table.edit(self.table.model().index(row, 0))

    def remove_line(self) -> None:
        """Remove the line of the current cell."""
        row = self.table.currentRow()
        if row >= 0:
            self.table.removeRow(row)
            self.rates_changed.emit()

    def swap(self) -> None:
        """From there to here."""
        source, target = self.source.currentIndex(), self.target.currentIndex()
        with QSignalBlocker(self.source), QSignalBlocker(self.target):
            self.source.setCurrentIndex(target)
            self.target.setCurrentIndex(source)
        self.changed.emit()

    def _append(self, code: str, rate: str) -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        self.table.setItem(row, 0, QTableWidgetItem(code))
        item = QTableWidgetItem(rate)
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.table.setItem(row, 1, item)

    def _edited(self, row: int, column: int) -> None:
        """Tell of a line as soon as both of its cells are filled, or both empty."""
        if column == 0:
            with QSignalBlocker(self.table):
                self._item(row, 0).setText(self._text(row, 0).upper())
        if bool(self._text(row, 0)) == bool(self._text(row, 1)):
            self.rates_changed.emit()

    def _text(self, row: int, column: int) -> str:
        return self._item(row, column).text().strip()

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item: QTableWidgetItem | None = self.table.item(row, column)
        assert item is not None  # every line has both of its cells
        return item


def _selectable(name: str, accessible: str) -> QLabel:
    label = QLabel(NOTHING)
    label.setObjectName(name)
    label.setAccessibleName(accessible)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(name == "subtitle")
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label


def _mark(field: QLineEdit, *, refused: bool) -> None:
    """Have the style sheet draw the field as one whose text is refused."""
    if bool(field.property("refused")) is not refused:
        field.setProperty("refused", refused)
        field.style().unpolish(field)
        field.style().polish(field)
