"""The tabs of the window: workbooks, plugins and pages; opened, shown, closed."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QTabBar, QTabWidget, QToolButton, QWidget

from budgetinator.budgets.numbers import Locale
from budgetinator.workbooks import HostSpare, Surroundings
from budgetinator.workbooks.releasing import return_memory
from gui.icons import icon
from gui.tabs.workbook import WorkbookTab
from gui.widgets.unsaved import Answer, ask_about_changes

__all__ = ["ONCE_LATER", "Documents"]

ONCE_LATER: Any = Qt.ConnectionType(
    Qt.ConnectionType.SingleShotConnection.value | Qt.ConnectionType.QueuedConnection.value
)
"""A connection that is used once, when the event loop is next at it."""

_GIVE_BACK_AFTER = 300  # ms: several tabs that are closed one after the other cost it once

log = logging.getLogger("budgetinator.gui")


class Documents(QTabWidget):
    """All tabs from left to right; a workbook that is open already is shown, not opened twice."""

    changed = Signal()
    """Another tab is shown, or what is said of one has changed."""
    opened = Signal(str)
    saved = Signal(str)
    selection_changed = Signal()
    copy_requested = Signal()
    problem = Signal(str)
    """What did not end as it should."""
    tab_added = Signal(object)
    tab_removed = Signal(object)

    def __init__(
        self,
        surroundings: Surroundings,
        locale: Locale | None,
        parent: QWidget,
        *,
        spare: HostSpare | None = None,
        unsaved_folder: Path | None = None,
    ) -> None:
        super().__init__(parent)
        self._surroundings = surroundings
        self._spare = spare
        self._unsaved_folder = unsaved_folder
        self._closers: dict[int, Callable[[], object]] = {}
        self._latest: WorkbookTab | None = None
        self._locale = locale
        self.setObjectName("documents")
        self.setAccessibleName("Workbooks and other tabs")
        self.setDocumentMode(True)
        self.setMovable(True)
        self.tabBar().setAccessibleName("Open workbooks")
        self.currentChanged.connect(self._shown)
        self._giver = QTimer(self)
        self._giver.setSingleShot(True)
        self._giver.setInterval(_GIVE_BACK_AFTER)
        self._giver.timeout.connect(return_memory)

    # Which there are

    def workbooks(self) -> tuple[WorkbookTab, ...]:
        """The workbook tabs."""
        tabs = (self.widget(index) for index in range(self.count()))
        return tuple(tab for tab in tabs if isinstance(tab, WorkbookTab))

    def current_workbook(self) -> WorkbookTab | None:
        """The workbook tab that is shown."""
        tab = self.currentWidget()
        return tab if isinstance(tab, WorkbookTab) else None

    def latest_workbook(self) -> WorkbookTab | None:
        """The workbook tab that is shown, or was shown last."""
        return self._latest if self._latest in self.workbooks() else None

    def modified(self) -> list[WorkbookTab]:
        """Those with changes that were not saved."""
        return [tab for tab in self.workbooks() if tab.is_modified]

    def saving(self) -> list[WorkbookTab]:
        """Those that are being saved."""
        return [tab for tab in self.workbooks() if tab.saving.is_running]

    # Opening

    def open_files(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        """A tab for each file, opened side by side."""
        for path in paths:
            tab = self._tab_of(os.fspath(path))
            if tab is None:
                tab = self._new(os.fspath(path))
                tab.open()
            self.setCurrentWidget(tab)

    def add_page(
        self, page: QWidget, title: str, close: Callable[[], object] | None = None
    ) -> None:
        """Show any other widget as a tab, once; `close` is how its owner closes it."""
        if self.indexOf(page) < 0:
            if close is not None:
                self._closers[id(page)] = close
            self.addTab(page, title)
            self._add_close_button(page, title)
        self.setCurrentWidget(page)

    def remove_page(self, page: QWidget) -> None:
        """Take it out again; it is its owner's."""
        self._closers.pop(id(page), None)
        index = self.indexOf(page)
        if index >= 0:
            self.removeTab(index)
            page.setParent(None)
            self.tab_removed.emit(page)
            self.changed.emit()

    def _tab_of(self, path: str) -> WorkbookTab | None:
        for tab in self.workbooks():
            if tab.path == os.path.abspath(path) or _same_file(tab.path, path):
                return tab
        return None

    def _new(self, path: str) -> WorkbookTab:
        tab = WorkbookTab(
            path,
            service=self._surroundings,
            spare=self._spare,
            unsaved_folder=self._unsaved_folder,
            locale=self._locale,
            parent=self,
        )
        tab.title_changed.connect(self._titles_changed)
        tab.opened.connect(self._opened)
        tab.open_failed.connect(self._titles_changed)
        tab.saved.connect(self._saved)
        tab.closing_requested.connect(self._closing_requested)
        tab.selection_changed.connect(self.selection_changed)
        tab.copy_requested.connect(self.copy_requested)
        self.addTab(tab, tab.title)
        self._add_close_button(tab, tab.title)
        self.tab_added.emit(tab)
        self._titles_changed()
        return tab

    def _add_close_button(self, widget: QWidget, title: str) -> None:
        button = QToolButton(self)
        button.setObjectName("closeTab")
        button.setIconSize(QSize(12, 12))
        button.setIcon(icon("close"))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Ctrl+W is the keyboard's way
        button.setAccessibleName(f"Close {title}")
        button.setToolTip("Close  (Ctrl+W)")
        button.clicked.connect(self._close_clicked)
        side = QTabBar.ButtonPosition.RightSide
        self.tabBar().setTabButton(self.indexOf(widget), side, button)

    # Closing

    def close_current(self) -> None:
        """Close the tab that is shown, asking first where it has unsaved changes."""
        if self.currentWidget() is not None:
            self.close_asking(self.currentWidget())

    def close_asking(self, tab: QWidget) -> None:
        """Close a tab; with unsaved changes the question comes first."""
        if isinstance(tab, WorkbookTab) and not tab.finish_entry():
            self.setCurrentWidget(tab)
            return
        close = self._closers.get(id(tab))
        if close is not None:
            # Later, when nothing on the stack holds the widget: its owner looks who does.
            QTimer.singleShot(0, self, close)
        elif isinstance(tab, WorkbookTab) and tab.is_modified:
            ask_about_changes(self, [Path(tab.path).name], partial(self._answered, tab))
        else:
            self.close_tab(tab)

    def close_tab(self, tab: QWidget) -> None:
        """Close a tab without asking; a save that runs is waited for."""
        if isinstance(tab, WorkbookTab) and tab.saving.is_running:
            tab.saving.ended.connect(partial(self.close_tab, tab), ONCE_LATER)
            return
        index = self.indexOf(tab)
        if index < 0:
            return
        self.removeTab(index)
        if self._latest is tab:  # it would be kept, rows and all, until another one is shown
            self._latest = None
        self.tab_removed.emit(tab)
        self.clean(tab)
        tab.deleteLater()
        self._giver.start()
        self.changed.emit()

    def clean(self, tab: Any) -> None:
        """Have a tab end its work; what fails at it is told and keeps nothing."""
        cleanup: Callable[[], object] | None = getattr(tab, "cleanup", None)
        if cleanup is None:
            return
        try:
            cleanup()
        except ExceptionGroup as group:
            log.warning("A tab was not closed completely", exc_info=group)
            self.problem.emit("; ".join(map(str, group.exceptions)))

    def finish_entries(self) -> WorkbookTab | None:
        """Enter what is being typed; the tab in which it is refused."""
        return next((tab for tab in self.workbooks() if not tab.finish_entry()), None)

    def save_as(self, tab: WorkbookTab, path: str) -> None:
        """Save elsewhere; a file that another tab has open is that tab's to save."""
        other = self._tab_of(path)
        if other is None or other is tab:
            tab.save_as(path)
        else:
            tab.messages.show_message(
                f"{Path(path).name} is open in another tab. Close it there first, or choose "
                "another name; nothing was saved.",
                "warning",
            )

    def save_all(self, then: Callable[[], object]) -> None:
        """Save one after the other; the first that cannot be saved is shown, and ends it."""
        modified = self.modified()
        if not modified:
            then()
            return
        self.setCurrentWidget(modified[0])
        modified[0].save(then=partial(self.save_all, then))

    def _answered(self, tab: WorkbookTab, answer: Answer) -> None:
        if answer == "discard":
            tab.recovery.forget()
            self.close_tab(tab)
        elif answer == "save":
            tab.save(then=partial(self.close_tab, tab))

    def _close_clicked(self) -> None:
        # Found by its button: a slot that held the tab would keep it when it is gone.
        button, bar = self.sender(), self.tabBar()
        for index in range(self.count()):
            if bar.tabButton(index, QTabBar.ButtonPosition.RightSide) is button:
                if (tab := self.widget(index)) is not None:
                    self.close_asking(tab)
                return

    def _closing_requested(self) -> None:
        tab = self.sender()
        if isinstance(tab, WorkbookTab):
            self.close_asking(tab)

    # What tabs tell

    def step(self, by: int) -> None:
        """The next tab, or the one before."""
        if self.count():
            self.setCurrentIndex((self.currentIndex() + by) % self.count())

    def _opened(self) -> None:
        tab = self.sender()
        if isinstance(tab, WorkbookTab):
            self.opened.emit(tab.path)
        self._titles_changed()

    def _saved(self, path: str) -> None:
        self.saved.emit(path)
        self._titles_changed()

    def _titles_changed(self, *_: object) -> None:
        for tab in self.workbooks():
            index = self.indexOf(tab)
            self.setTabText(index, tab.title.replace("&", "&&"))
            self.setTabToolTip(index, tab.path)
        self.changed.emit()

    def _shown(self, _index: int) -> None:
        tab = self.current_workbook()
        if tab is not None:
            self._latest = tab
            if tab.is_open:
                tab.grid.setFocus()
        self.changed.emit()


def _same_file(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
