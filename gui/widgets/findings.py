"""What is wrong with a budget, as a list beside the sheet: choosing one goes to its cell."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from budgetinator.budgets import Finding
from gui.icons import icon
from gui.theme import colours

__all__ = ["FindingsPanel"]

_ORDER = {"error": 0, "warning": 1, "note": 2}


class FindingsPanel(QWidget):
    """Findings, errors first; the chosen one is explained below, with its fix where it has one."""

    go_to_requested = Signal(str, str)
    fix_requested = Signal(object)
    """The Fix, to be applied as one step."""
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(260)
        self._heading = QLabel("Checks", self)
        self._heading.setObjectName("section")
        close = QToolButton(self)
        close.setIconSize(QSize(14, 14))
        close.setIcon(icon("close"))
        close.setAccessibleName("Close the findings")
        close.clicked.connect(self.closed)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Findings")
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentItemChanged.connect(self._explain)
        self.list.itemActivated.connect(self._go)
        self.list.itemClicked.connect(self._go)
        self._why = QLabel(self)
        self._why.setWordWrap(True)
        self._why.setAccessibleName("Why this is a finding")
        self._why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.fix_button = QPushButton(self)
        self.fix_button.clicked.connect(self._fix)
        self.fix_button.hide()
        head = QHBoxLayout()
        head.addWidget(self._heading, 1)
        head.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 10, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        column.addWidget(self._why)
        column.addWidget(self.fix_button)

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """These findings in place of the ones before."""
        self.list.clear()
        self._why.clear()
        self.fix_button.hide()
        for finding in sorted(findings, key=lambda each: _ORDER[each.severity]):
            item = QListWidgetItem(_picture(finding), _titled(finding))
            item.setData(Qt.ItemDataRole.UserRole, finding)
            self.list.addItem(item)
        count = len(findings)
        said = "nothing found" if not count else "1 finding" if count == 1 else f"{count} findings"
        self._heading.setText(f"Checks: {said}")

    @property
    def current(self) -> Finding | None:
        """The finding that is chosen."""
        item = self.list.currentItem()
        found: Finding | None = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        return found

    def _explain(self, *_: object) -> None:
        finding = self.current
        if finding is None:
            return
        self._why.setText(f"{finding.why}\n\n{finding.source}")
        self.fix_button.setVisible(finding.fix is not None)
        if finding.fix is not None:
            self.fix_button.setText("Mend it")
            self.fix_button.setToolTip(finding.fix.title)
            self.fix_button.setAccessibleName(finding.fix.title)

    def _go(self, *_: object) -> None:
        finding = self.current
        if finding is not None and finding.sheet is not None:
            self.go_to_requested.emit(finding.sheet, finding.cell or "A1")

    def _fix(self) -> None:
        if self.current is not None and self.current.fix is not None:
            self.fix_requested.emit(self.current.fix)


def _picture(finding: Finding) -> QIcon:
    c = colours()
    colour = {"error": c.error, "warning": c.warning, "note": c.accent}[finding.severity]
    return icon(finding.severity, colour)


def _titled(finding: Finding) -> str:
    place = f"{finding.place}\n" if finding.place else ""
    return f"{place}{finding.what}"
