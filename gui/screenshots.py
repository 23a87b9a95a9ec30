"""Pictures of the window in each of its states: `python -m gui.screenshots FOLDER`.

Offscreen, with the sample consortium, in the light and the dark look. Made to be looked at.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget

from budgetinator.budgets import write_sample
from budgetinator.config import load_settings
from budgetinator.errors import WorkbookError
from budgetinator.runtime import Runtime, make_runtime
from budgetinator.workbooks import ExcelManager
from gui.application import make_application
from gui.main_window import MainWindow
from gui.tabs.workbook import WorkbookTab
from gui.theme import DARK, LIGHT, apply_theme
from gui.waiting import settle, wait_until

__all__ = ["main"]

_LOOKS = {"light": LIGHT, "dark": DARK}


class Photographer:
    """Drives one window from state to state, and takes a picture of each."""

    def __init__(self, folder: Path, files: Path, window: MainWindow, look: str) -> None:
        self._folder = folder
        self._files = files
        self._window = window
        self._look = look

    def all(self) -> None:
        """Every state, in an order in which one leads to the next."""
        self.take("welcome")
        tab = self._open("Consortium 2026.xlsx")
        self.take("sheet")
        self._overview(tab)
        self._refusal(tab)
        self._findings(tab)
        self._find(tab)
        self._edited(tab)
        self._question()
        self._changed_on_disk(tab)
        self._died(tab)
        self._failure()
        self._many()

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """The window, or another widget, as it is when everything has been painted."""
        settle(120)
        path = self._folder / f"{name}-{self._look}.png"
        (widget or self._window).grab().save(str(path))
        print(path)  # noqa: T201  a program of its own

    def _open(self, name: str) -> WorkbookTab:
        self._window.open_files([self._files / name])
        tab = self._window.current_workbook()
        assert tab is not None
        wait_until(lambda: tab.is_open and tab.model.is_here(1))
        settle(200)
        return tab

    def _overview(self, tab: WorkbookTab) -> None:
        tab.sheet_bar.choose("Budget Overview")
        settle(200)
        tab.cells.go_to_reference("F8:N13")
        self.take("overview")

    def _refusal(self, tab: WorkbookTab) -> None:
        tab.go_to("P1-Coord", 18, 3)
        settle(200)
        QTest.keyClick(tab.grid, Qt.Key.Key_1)
        editor = next(
            line for line in tab.grid.viewport().findChildren(QLineEdit) if line.isVisible()
        )
        QTest.keyClicks(editor, ".234")
        QTest.keyClick(editor, Qt.Key.Key_Return)
        self.take("refused")
        QTest.keyClick(editor, Qt.Key.Key_Escape)
        tab.hint.hide()

    def _edited(self, tab: WorkbookTab) -> None:
        tab.set_cells({"P1-Coord!C18": 12.5}, "entry in C18")
        wait_until(lambda: tab.undo_stack.count() == 1 and not tab.edits.is_busy)
        settle(200)
        tab.go_to("P1-Coord", 13, 15)
        self.take("edited")

    def _findings(self, tab: WorkbookTab) -> None:
        tab.check()
        wait_until(tab.findings.isVisible)
        tab.findings.list.setCurrentRow(1)
        tab.go_to("P2-L'ORE", 13, 14)
        self.take("checks")
        tab.checking.end()
        tab.reload()
        wait_until(lambda: tab.is_open and tab.model.is_here(1))
        settle(200)

    def _find(self, tab: WorkbookTab) -> None:
        tab.find_bar.begin()
        tab.find_bar.text.setText("WP")
        tab.find_bar.wanted.emit("WP", False)
        wait_until(lambda: " of " in tab.find_bar.status.text())
        self.take("find")
        tab.find_bar.end()

    def _question(self) -> None:
        self._window.tabs.close_current()
        box = next(
            child for child in self._window.findChildren(QWidget) if child.objectName() == "unsaved"
        )
        self.take("unsaved", box)
        box.close()

    def _changed_on_disk(self, tab: WorkbookTab) -> None:
        with ExcelManager(tab.path) as manager:
            manager.set_cells({"P1-Coord!D5": "AT"})
            manager.save()
        tab.outside.watch.look()
        self.take("changed-on-disk")

    def _died(self, tab: WorkbookTab) -> None:
        assert tab.host is not None
        os.kill(tab.host.pid, signal.SIGKILL)
        wait_until(lambda: not tab.is_open)
        self.take("died")

    def _failure(self) -> None:
        path = self._files / "Letter.xlsx"
        path.write_text("Dear colleagues")
        self._window.open_files([path])
        wait_until(self._window.workbooks()[-1].failure_page.isVisible)
        self.take("cannot-be-opened")

    def _many(self) -> None:
        self._window.pages.show_monitor()
        settle(500)
        monitor = self._window.pages.monitor
        assert monitor is not None
        self.take("monitor", monitor)
        monitor.hide()


def main(arguments: list[str]) -> int:
    """Take all pictures, in both looks, into the folder."""
    folder = Path(arguments[0] if arguments else "build/pictures")
    folder.mkdir(parents=True, exist_ok=True)
    for look in _LOOKS:
        with tempfile.TemporaryDirectory() as files:
            _take_all(folder, Path(files), look)
    return 0


def _take_all(folder: Path, files: Path, look: str) -> None:
    write_sample(files / "Consortium 2026.xlsx")
    try:
        with ExcelManager(files / "Consortium 2026.xlsx") as manager:
            manager.recalculate()
    except WorkbookError as error:
        print(f"Results are not computed: {error}")  # noqa: T201  a program of its own
    overrides = {"resources.state_dir": str(files / "state")}
    with make_runtime(load_settings(overrides=overrides)) as runtime:
        _photograph(folder, files, runtime, look)


def _photograph(folder: Path, files: Path, runtime: Runtime, look: str) -> None:
    with make_application(runtime=runtime, signals=False) as application:
        apply_theme(application.qt, _LOOKS[look])
        window = MainWindow(runtime, bridge=application.bridge)
        window.show()
        try:
            Photographer(folder, files, window, look).all()
        finally:
            window.cleanup()
            window.close()
            window.deleteLater()
            settle(50)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
