"""The main window: what stands around the tabs, and what its actions do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QLocale, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QUndoGroup
from PySide6.QtWidgets import QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from budgetinator.budgets.numbers import Locale
from budgetinator.runtime import Runtime
from budgetinator.workbooks import HostSpare
from gui.bridge import SignalBridge
from gui.documents import ONCE_LATER, Documents
from gui.files import choose_files, choose_target
from gui.menus import Menus
from gui.pages import Pages
from gui.recent import RecentFiles
from gui.sampling import SampleController
from gui.tabs.area import Summary, described
from gui.tabs.workbook import WorkbookTab
from gui.widgets.dropping import dropped_files
from gui.widgets.memory_status import MemoryStatus
from gui.widgets.message_bar import Action, Kind, MessageBar
from gui.widgets.unsaved import Answer, ask_about_changes
from gui.widgets.welcome import WelcomePage
from gui.workers import QThreadTask

__all__ = ["MainWindow", "number_locale"]

_RECENT, _UNSAVED = "recent.json", "unsaved"
_SAMPLE = Path("samples", "Sample consortium.xlsx")
_SHOWN_FOR = 6_000  # ms


def number_locale(locale: QLocale | None = None) -> Locale | None:
    """How the user's language reads numbers; None, the strictest, where it is neither of ours."""
    known: dict[QLocale.Language, Locale] = {
        QLocale.Language.German: "de",
        QLocale.Language.English: "en",
    }
    return known.get((locale or QLocale()).language())


class MainWindow(QMainWindow):
    """All workbooks and plugins of one program; `cleanup` ends them.

    On the GUI thread. The runtime, and the `spare` process that the next workbook is
    opened in, belong to whoever made them.
    """

    closing = Signal()
    """The window is about to end; nothing can be asked from now on."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        bridge: SignalBridge | None = None,
        spare: HostSpare | None = None,
        locale: Locale | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._spare = spare
        self.runtime = runtime
        self.bridge = bridge
        self._locale = locale if locale is not None else number_locale()
        self.recent_files = RecentFiles(runtime.state_dir / _RECENT)
        self.samples = SampleController(runtime.surroundings, make_worker=QThreadTask.factory)
        self._undo = QUndoGroup(self)
        self._is_ending = False
        self._create_ui()
        self._connect_signals()
        self._refresh()

    # Building

    def _create_ui(self) -> None:
        self.setWindowTitle("Budgetinator")
        self.resize(1180, 760)
        self.setAcceptDrops(True)
        self.menus = Menus(self)
        self.messages = MessageBar(self)
        self.welcome = WelcomePage(self)
        self.tabs = Documents(
            self.runtime.surroundings,
            self._locale,
            self,
            spare=self._spare,
            unsaved_folder=self.runtime.state_dir / _UNSAVED,
        )
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.welcome)
        self._stack.addWidget(self.tabs)
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self._stack, 1)
        self.setCentralWidget(centre)
        self.sums = QLabel(self)
        self.sums.setAccessibleName("Sum, average and count of the selected cells")
        self.memory = MemoryStatus(
            self.runtime.service, self.bridge, host_pids=self.host_pids, parent=self
        )
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addPermanentWidget(self.sums)
        self.statusBar().addPermanentWidget(self.memory)
        self.pages = Pages(self)

    def _connect_signals(self) -> None:
        self.menus.do(self._functions())
        self.tabs.changed.connect(self._refresh)
        self.tabs.opened.connect(self.recent_files.add)
        self.tabs.saved.connect(self._saved)
        self.tabs.selection_changed.connect(self._sum_up)
        self.tabs.copy_requested.connect(self.choose_copy)
        self.tabs.problem.connect(partial(self.show_message, kind="warning"))
        self.tabs.tab_added.connect(self._tab_added)
        self.tabs.tab_removed.connect(self._tab_removed)
        self.welcome.open_requested.connect(self.choose_files)
        self.welcome.sample_requested.connect(self.open_sample)
        self.welcome.files_chosen.connect(self.open_files)
        self.menus.plugins.aboutToShow.connect(self.pages.fill_plugins)
        self.memory.monitor_requested.connect(self.pages.show_monitor)
        self._undo.canUndoChanged.connect(self.menus.actions["undo"].setEnabled)
        self._undo.canRedoChanged.connect(self.menus.actions["redo"].setEnabled)
        self._undo.undoTextChanged.connect(partial(self.menus.name_step, "undo"))
        self._undo.redoTextChanged.connect(partial(self.menus.name_step, "redo"))

    def _functions(self) -> dict[str, Callable[[], object]]:
        on_tab = self._on_tab
        return {
            "new": self.choose_new,
            "open": self.choose_files,
            "save": on_tab(WorkbookTab.save),
            "save_as": self.choose_save_as,
            "save_copy": self.choose_copy,
            "reload": on_tab(_reload),
            "close_tab": self.tabs.close_current,
            "quit": self.close,
            "undo": on_tab(WorkbookTab.undo),
            "redo": on_tab(WorkbookTab.redo),
            "copy": on_tab(lambda tab: tab.clipboard.copy()),
            "paste": on_tab(lambda tab: tab.clipboard.paste()),
            "clear": on_tab(lambda tab: tab.cells.clear()),
            "edit_cell": on_tab(lambda tab: tab.grid.edit_cell()),
            "find": on_tab(lambda tab: tab.find_bar.begin()),
            "go_to": on_tab(lambda tab: tab.formula_bar.begin_go_to()),
            "next_sheet": on_tab(lambda tab: tab.sheet_bar.step(1)),
            "previous_sheet": on_tab(lambda tab: tab.sheet_bar.step(-1)),
            "next_tab": partial(self.tabs.step, 1),
            "previous_tab": partial(self.tabs.step, -1),
            "welcome": self.show_welcome,
            "check": on_tab(WorkbookTab.check),
            "recalculate": on_tab(WorkbookTab.recalculate),
            "monitor": self.pages.show_monitor,
            "plugins": self.pages.show_plugins,
            "about": self.pages.show_about,
        }

    def _on_tab(self, do: Callable[[WorkbookTab], object]) -> Callable[[], object]:
        return partial(self._with_tab, do)

    def _with_tab(self, do: Callable[[WorkbookTab], object]) -> None:
        tab = self.current_workbook()
        if tab is not None and tab.is_open:
            do(tab)

    # Tabs

    def workbooks(self) -> tuple[WorkbookTab, ...]:
        """The workbook tabs from left to right."""
        return self.tabs.workbooks()

    def current_workbook(self) -> WorkbookTab | None:
        """The workbook tab that is shown."""
        return self.tabs.current_workbook() if self._stack.currentIndex() == 1 else None

    def host_pids(self) -> tuple[int, ...]:
        """The processes that hold the workbooks."""
        return tuple(tab.host.pid for tab in self.workbooks() if tab.host is not None)

    def open_files(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        """A tab for each, opened side by side; one that is open already is shown."""
        self.tabs.open_files(paths)
        self._show_tabs()

    def remove_plugin_tab(self, widget: QWidget) -> None:
        """Take the widget out again; it is its plugin's."""
        self.tabs.remove_page(widget)

    def show_page(
        self, page: QWidget, title: str, close: Callable[[], object] | None = None
    ) -> None:
        """Show a page of the window as a tab; `close` is how its owner closes it."""
        self.tabs.add_page(page, title, close)
        self._show_tabs()

    def _show_tabs(self) -> None:
        if self.tabs.count():
            self._stack.setCurrentIndex(1)
        self._refresh()

    def _tab_added(self, tab: WorkbookTab) -> None:
        self._undo.addStack(tab.undo_stack)

    def _tab_removed(self, tab: object) -> None:
        if isinstance(tab, WorkbookTab):
            self._undo.removeStack(tab.undo_stack)

    # What is shown around the tabs

    def show_message(self, text: str, kind: Kind = "info", actions: Iterable[Action] = ()) -> None:
        """A line above the tabs."""
        self.messages.show_message(text, kind, actions)

    def show_welcome(self) -> None:
        """The start page."""
        self._stack.setCurrentIndex(0)
        self._refresh()

    def _refresh(self) -> None:
        if self._is_ending:
            return
        if self.tabs.count() == 0:
            self._stack.setCurrentIndex(0)
        paths = self.recent_files.paths
        is_welcome = self._stack.currentIndex() == 0
        if is_welcome:
            self.welcome.show_recent(paths)
        self.menus.show_recent(paths, self.open_files)
        tab = self.current_workbook()
        self._undo.setActiveStack(tab.undo_stack if tab is not None else None)  # type: ignore[arg-type]
        self.menus.update(has_tab=not is_welcome, has_workbook=tab is not None and tab.is_open)
        self.menus.actions["undo"].setEnabled(self._undo.canUndo())
        self.menus.actions["redo"].setEnabled(self._undo.canRedo())
        self.setWindowTitle(
            f"{Path(tab.path).name}[*] - Budgetinator" if tab is not None else "Budgetinator"
        )
        self.setWindowModified(tab is not None and tab.is_modified)
        self._sum_up()

    def _sum_up(self) -> None:
        tab = self.current_workbook()
        self.sums.clear()
        sheet = tab.sheet_bar.current if tab is not None else None
        if tab is not None and tab.host is not None and sheet and tab.grid.area.cells > 1:
            found = Summary()
            shown = partial(self._show_sums, found)
            tab.sum_reader.read(tab.host, sheet, tab.grid.area, found.add, shown)

    def _show_sums(self, found: Summary) -> None:
        if not self._is_ending:
            self.sums.setText(described(found, self._locale))

    def _saved(self, path: str) -> None:
        self.recent_files.add(path)
        self.statusBar().showMessage(f"Saved {path}", _SHOWN_FOR)

    # Files

    def choose_files(self) -> None:
        """Ask which workbooks to open."""
        choose_files(self, self._folder(), self.open_files)

    def choose_new(self) -> None:
        """Ask where to write a blank budget, and open it."""
        target = str(Path(self._folder()) / "Budget.xlsx")
        choose_target(self, "New budget", target, self._begin_blank)

    def choose_save_as(self) -> None:
        """Ask where to save, and go on with that file."""
        tab = self.current_workbook()
        if tab is not None and tab.is_open:
            choose_target(self, "Save as", tab.path, partial(self.tabs.save_as, tab))

    def choose_copy(self) -> None:
        """Ask where to save a copy."""
        tab = self.current_workbook()
        if tab is not None and tab.is_open:
            file = Path(tab.path)
            beside = str(file.with_name(f"{file.stem} copy{file.suffix}"))
            choose_target(self, "Save a copy", beside, tab.save_copy_to)

    def open_sample(self) -> None:
        """Write the sample consortium into the user's state folder, and open it."""
        self._begin(self.samples.start_sample(self.runtime.state_dir / _SAMPLE))

    def _begin_blank(self, path: str) -> None:
        self._begin(self.samples.start_blank(Path(path)))

    def _begin(self, result: Any) -> None:
        if not result.success:
            self.show_message(str(result.error), "error")
            return
        worker = result.value
        worker.result_ready.connect(self._begun)
        self.statusBar().showMessage("Writing the workbook…")
        worker.start()

    def _begun(self, result: Any) -> None:
        if self._is_ending:
            return
        self.statusBar().clearMessage()
        if result.success:
            self.open_files([result.value])
        else:
            self.show_message(str(result.error), "error")

    def _folder(self) -> str:
        tab = self.current_workbook()
        paths = self.recent_files.paths
        latest = tab.path if tab is not None else paths[0] if paths else ""
        return str(Path(latest).parent) if latest else str(Path.home())

    # Events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        self.open_files(dropped_files(event.mimeData()))
        event.acceptProposedAction()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "menus"):
            self.menus.refresh_icons()
        elif event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            for tab in self.workbooks():
                if tab.is_open:
                    tab.outside.watch.look()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        if self._is_ending:
            event.accept()
            return
        refused = self.tabs.finish_entries()
        saving, modified = self.tabs.saving(), self.tabs.modified()
        if refused is not None:
            event.ignore()
            self.tabs.setCurrentWidget(refused)
        elif saving:
            event.ignore()
            saving[0].saving.ended.connect(self.close, ONCE_LATER)
        elif modified:
            event.ignore()
            ask_about_changes(self, [Path(tab.path).name for tab in modified], self._end_answered)
        else:
            self.cleanup()
            event.accept()

    def _end_answered(self, answer: Answer) -> None:
        if answer == "discard":
            for tab in self.tabs.modified():
                tab.recovery.forget()
            self.cleanup()
            self.close()
        elif answer == "save":
            self.tabs.save_all(then=self.close)

    def cleanup(self) -> None:
        """End all tabs and everything they hold; may be called twice."""
        if self._is_ending:
            return
        self._is_ending = True
        self.closing.emit()
        self.pages.end()
        for tab in self.workbooks():
            self._undo.removeStack(tab.undo_stack)
            self.tabs.clean(tab)
        self.tabs.clean(self.samples)


def _reload(tab: WorkbookTab) -> None:
    if tab.is_modified:
        tab.messages.show_message(
            "Reloading drops your unsaved changes.",
            "warning",
            [Action("Reload", tab.reload)],
            "reload",
        )
    else:
        tab.reload()
