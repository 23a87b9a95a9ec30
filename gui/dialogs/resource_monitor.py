"""Every component and every resource, live: the dialog of seed 003.

The bridge says that something changed, at most four times a second; a survey
then reads the service in steps of a few milliseconds between the other events
of the loop. The more there is to read the rarer it is read, so that looking
never takes more than a tenth of the GUI thread.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QFontDatabase, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from budgetinator.resources import IResourceManagementService, get_service
from gui.bridge import SignalBridge
from gui.dialogs.monitor_pages import ResourcesPage, show_rows, statistics_text
from gui.dialogs.releasing import ask_force_cleanup, ask_release
from gui.formatting import format_bytes, format_count
from gui.models.resources import ComponentTableModel
from gui.models.survey import Survey
from gui.widgets.row_table import RowTable

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService

__all__ = ["ResourceMonitorDialog"]

REFRESH_MS = 2000
STEP_SECONDS = 0.004
SHARE = 0.1
"""Of the GUI thread's time, for surveys."""


class ResourceMonitorDialog(QDialog):
    """Shows what a service holds, and lets go of it when asked twice.

    Without a `service` the registered one is shown; ServiceNotRegistered if
    there is none. Without a `bridge` it makes one, and closes it with itself.
    It holds no resource: a row is text and numbers.
    """

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        service: ResourceManagementService | None = None,
        bridge: SignalBridge | None = None,
    ) -> None:
        super().__init__(parent)
        found = service or get_service(IResourceManagementService)  # type: ignore[type-abstract]
        self._service: ResourceManagementService = found  # type: ignore[assignment]
        self._own_bridge = SignalBridge(self._service, self) if bridge is None else None
        self._bridge = bridge if bridge is not None else self._own_bridge
        self._survey: Survey | None = None
        self._earliest = 0.0
        self.setWindowTitle(self.tr("Resource Monitor"))
        self.setModal(False)
        self.resize(860, 600)
        self._setup_ui()
        self._setup_timer()
        self.refresh()

    # What it shows

    def refresh(self) -> None:
        """Read everything anew; at once where there is little, else between other events."""
        self._survey = Survey(self._service)
        self._read_on()

    @property
    def is_reading(self) -> bool:
        """Whether a survey is under way."""
        return self._survey is not None

    def _read_on(self) -> None:
        survey = self._survey
        if survey is None:
            return
        if survey.step(STEP_SECONDS):
            self._survey = None
            self._show(survey)
        else:
            self._stepping.start()

    def _show(self, survey: Survey) -> None:
        began = time.perf_counter()
        show_rows(self.components_table, self._components, survey.components)
        self.resources_page.show_rows(survey.types, survey.resources)
        self._show_totals()
        took = survey.seconds + time.perf_counter() - began
        self._earliest = time.monotonic() + took / SHARE

    def _show_totals(self) -> None:
        statistics = self._service.get_statistics()
        self._summary.setText(
            f"{format_count(statistics['components_registered'], 'component')}, "
            f"{format_count(statistics['active_resources'], 'resource')}, "
            f"{format_bytes(statistics['memory_bytes'])}"
        )
        text = statistics_text(statistics)
        if text != self.stats_text.toPlainText():
            place = self.stats_text.verticalScrollBar().value()
            self.stats_text.setPlainText(text)
            self.stats_text.verticalScrollBar().setValue(place)

    def _on_changed(self) -> None:
        """Something was tracked or released; read it when it is time again."""
        if self._wants_news() and not self.is_reading and not self._again.isActive():
            wait = max(0.0, self._earliest - time.monotonic())
            self._again.start(round(wait * 1000))

    def _on_clock(self) -> None:
        if self._wants_news():
            self.resources_page.announce_ages()
            self._on_changed()

    def _on_auto_refresh(self, on: bool) -> None:
        if on:
            self._on_changed()
        else:
            self._again.stop()

    def _wants_news(self) -> bool:
        return self.auto_refresh.isChecked() and self.isVisible() and not self.isMinimized()

    # What it does

    def force_cleanup(self) -> None:
        """Ask, then let go of what is idle, or of everything."""
        ask_force_cleanup(self, self._service).finished.connect(self.refresh)

    def release_selected(self) -> None:
        """Ask, then close the one resource that is selected."""
        row = self.resources_page.selected()
        if row is not None:
            ask_release(self, self._service, row).finished.connect(self.refresh)

    # How it is built

    def _setup_ui(self) -> None:
        layout = QVBoxLayout(self)
        self._summary = QLabel()
        self._summary.setAccessibleName(self.tr("Totals"))
        font = self._summary.font()
        font.setPointSizeF(font.pointSizeF() * 1.2)
        font.setBold(True)
        self._summary.setFont(font)
        layout.addWidget(self._summary)
        self._components = ComponentTableModel(self)
        self.components_table = RowTable(
            self._components, self.tr("Components"), empty=self.tr("No component is registered")
        )
        self.components_table.set_widths(
            {1: "controller", 2: "initialized", 3: "Memory Usage", 4: "Resources", 5: "00:00:00"}
        )
        self.resources_page = ResourcesPage(self._service.ledger.clock)
        self.resources_table = self.resources_page.types_table
        self.stats_text = self._make_statistics()
        self.tabs = QTabWidget()
        self.tabs.setObjectName("documents")  # the theme's name for tabs of pages
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.setAccessibleName(self.tr("Views"))
        self.tabs.addTab(self.components_table, self.tr("&Components"))
        self.tabs.addTab(self.resources_page, self.tr("&Resources"))
        self.tabs.addTab(self.stats_text, self.tr("&Statistics"))
        layout.addWidget(self.tabs)
        layout.addLayout(self._make_buttons())
        self.resources_page.resources_table.activated.connect(self._on_activated)

    def _make_statistics(self) -> QPlainTextEdit:
        text = QPlainTextEdit()
        text.setReadOnly(True)
        text.setTabChangesFocus(True)
        text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        text.setAccessibleName(self.tr("Statistics"))
        return text

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.auto_refresh = QCheckBox(self.tr("&Auto refresh"))
        self.auto_refresh.setChecked(True)
        self.auto_refresh.toggled.connect(self._on_auto_refresh)
        row.addWidget(self.auto_refresh)
        row.addStretch()
        self.refresh_button = self._button(self.tr("Re&fresh"), self.refresh)
        self.release_button = self._button(self.tr("C&lose Resource..."), self.release_selected)
        self.cleanup_button = self._button(self.tr("Force Clean&up..."), self.force_cleanup)
        self.close_button = self._button(self.tr("Close"), self.close)
        for button in (
            self.refresh_button,
            self.release_button,
            self.cleanup_button,
            self.close_button,
        ):
            row.addWidget(button)
        self._offer_release()
        self.resources_page.selection_changed.connect(self._offer_release)
        self.tabs.currentChanged.connect(self._offer_release)
        return row

    def _offer_release(self) -> None:
        in_sight = self.tabs.currentWidget() is self.resources_page
        self.release_button.setEnabled(in_sight and self.resources_page.selected() is not None)

    def _button(self, text: str, slot: object) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button

    def _setup_timer(self) -> None:
        self.refresh_timer = QTimer(self)
        self.refresh_timer.setInterval(REFRESH_MS)
        self.refresh_timer.timeout.connect(self._on_clock)
        self._stepping = _single_shot(self, 0)
        self._stepping.timeout.connect(self._read_on)
        self._again = _single_shot(self, 0)
        self._again.timeout.connect(self.refresh)
        if self._bridge is not None:
            self._bridge.changed.connect(self._on_changed)

    def _on_activated(self, _index: QModelIndex) -> None:
        self.release_selected()

    # When it is seen

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        super().showEvent(event)
        self.refresh_timer.start()
        self._on_changed()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        for timer in (self.refresh_timer, self._stepping, self._again):
            timer.stop()
        self._survey = None
        super().hideEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        self.refresh_timer.stop()
        if self._own_bridge is not None and self.testAttribute(Qt.WidgetAttribute.WA_DeleteOnClose):
            self._own_bridge.close()
        super().closeEvent(event)


def _single_shot(parent: QWidget, interval: int) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval)
    return timer
