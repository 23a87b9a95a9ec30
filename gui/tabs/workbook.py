"""The tab of one workbook: its sheets, their values, and everything that is done to them.

The seeds' tab pattern (001): no resource is handled here. Controllers open, read, edit
and save; they own the host process and the workers, and `cleanup` is theirs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QWidget

from budgetinator.budgets.numbers import Locale
from budgetinator.controllers import (
    CheckController,
    EditController,
    OpenController,
    RecalculationController,
    SaveController,
)
from budgetinator.errors import Cancelled, HostDied
from budgetinator.resources import ResourceManagementService
from budgetinator.result import Result
from budgetinator.workbooks import CellInput, HostSpare, SaveReport, Surroundings, WorkbookHost
from gui.looks import SheetLooks
from gui.tabs.area import AreaReader
from gui.tabs.cells import CellWork
from gui.tabs.checking import Checking
from gui.tabs.copying import Clipboard
from gui.tabs.editing import Edits
from gui.tabs.finding import SheetSearch
from gui.tabs.looking import Looks, LooksController
from gui.tabs.outside import Outside
from gui.tabs.recovery import Recovery
from gui.tabs.rowfeed import RowFeed
from gui.tabs.saving import Saving
from gui.tabs.view import WorkbookView
from gui.workers import QThreadTask

__all__ = ["WorkbookTab"]


class WorkbookTab(WorkbookView):
    """One workbook file. Opens with `open`; `cleanup` ends everything, and may be called twice."""

    title_changed = Signal()
    opened = Signal()
    open_failed = Signal(object)
    saved = Signal(str)
    closing_requested = Signal()
    selection_changed = Signal()
    copy_requested = Signal()

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        service: ResourceManagementService | Surroundings | None = None,
        spare: HostSpare | None = None,
        unsaved_folder: Path | None = None,
        locale: Locale | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(locale, self._refusal, parent)
        self.path = os.path.abspath(path)
        self.host: WorkbookHost | None = None
        """Lent by the controller, which owns it; None until it is open and after it died."""
        self.current_worker: Any = None
        self._unsaved_folder = unsaved_folder
        self.sheet: str | None = None
        """The sheet whose cells are shown; the bar below may be ahead of them."""
        self._places: dict[str, tuple[int, int]] = {}
        self._create_controllers(service, spare)
        self._create_work()
        self._connect_signals()

    # Building

    def _create_controllers(
        self,
        service: ResourceManagementService | Surroundings | None,
        spare: HostSpare | None,
    ) -> None:
        given: dict[str, Any] = {"service": service, "make_worker": QThreadTask.factory}
        self.controller = OpenController(spare=spare, **given)
        self.edit_controller = EditController(**given)
        self.save_controller = SaveController(**given)
        self.check_controller = CheckController(**given)
        self.recalculation_controller = RecalculationController(**given)
        self.looks_controller = LooksController(**given)

    def _create_work(self) -> None:
        self.feed = RowFeed(self.model, self.controller, self)
        self.looks = Looks(self.model, self.looks_controller, self)
        self.area_reader = AreaReader(self.model, self.controller, self)
        self.copy_reader = AreaReader(self.model, self.controller, self)
        self.sum_reader = AreaReader(self.model, self.controller, self)
        self.search = SheetSearch(self.controller, self.locale_of_numbers, self)
        self.edits = Edits(self.edit_controller, self)
        self.saving = Saving(self.save_controller, self.messages, self, self)
        self.checking = Checking(self.check_controller, self.findings, self)
        self.outside = Outside(self)
        self.recovery = Recovery(self, self._unsaved_folder)
        self.clipboard = Clipboard(self)
        self.cells = CellWork(self)

    def _connect_signals(self) -> None:
        self.grid.copy_requested.connect(self.clipboard.copy)
        self.grid.paste_requested.connect(self.clipboard.paste)
        self.grid.selectionModel().selectionChanged.connect(self._selected)
        self.sheet_bar.sheet_chosen.connect(self.show_sheet)
        self.job_bar.cancel_requested.connect(self.cancel_job)
        self.failure_page.retry_requested.connect(self.open)
        self.failure_page.close_requested.connect(self.closing_requested)
        self.feed.began.connect(self.job_bar.begin)
        self.feed.ended.connect(self.job_bar.end)
        self.feed.failed.connect(self._failed)
        self.feed.rows_wanted.connect(self.looks.show_rows)
        self.feed.stale_seen.connect(self.outside.stale_seen)
        self.looks.known.connect(self._looks_known)
        self.looks.merged_known.connect(self.grid.show_merged)
        self.edits.applied.connect(self._applied)
        self.edits.failed.connect(self._edit_failed)
        self.edits.stack.cleanChanged.connect(self._clean_changed)
        self.saving.began.connect(self.job_bar.begin)
        self.saving.ended.connect(self.job_bar.end)
        self.saving.saved.connect(self._saved)
        self.saving.died.connect(self.outside.died)

    # What the window asks

    @property
    def title(self) -> str:
        """The file's name, with a mark before it where there are unsaved changes."""
        return f"{'• ' if self.is_modified else ''}{Path(self.path).name}"

    @property
    def is_modified(self) -> bool:
        """Whether there are changes that were not saved."""
        by_others = self.host is not None and not self.edits.is_busy and self.host.is_modified
        return (
            self.edits.is_busy
            or by_others
            or not self.edits.stack.isClean()
            or bool(self.outside.unsaved)
        )

    @property
    def is_open(self) -> bool:
        """Whether the workbook is there."""
        return self.host is not None

    @property
    def undo_stack(self) -> QUndoStack:
        """The steps of this workbook."""
        return self.edits.stack

    def selected_cell(self) -> tuple[str, int, int]:
        """The sheet, the row and the column, from 1, of the current cell."""
        return (self.sheet_bar.current or "", *self.grid.cell)

    # Opening

    def open(self) -> None:
        """Start opening the file; `opened` or `open_failed` follows."""
        self.show_cells()
        result = self.controller.start_open(self.path)
        if not result.success:
            self._open_failed(result.error)
            return
        self.current_worker = result.value
        self.current_worker.progress_update.connect(self.job_bar.progress)
        self.current_worker.result_ready.connect(self._opened)
        self.job_bar.begin(f"Opening {Path(self.path).name}")
        self.current_worker.start()

    def _opened(self, result: Result[WorkbookHost]) -> None:
        self.current_worker = None
        self.job_bar.end()
        if not result.success:
            self._open_failed(result.error)
            return
        host = self.host = result.value
        self.edits.begin(host)
        self.saving.begin(host)
        self.outside.begin(host)
        self.set_read_only(False)
        self.sheet_bar.show_sheets(host.sheets)
        if (title := self.sheet_bar.current) is not None:
            self.show_sheet(title)
        self.grid.setFocus()
        if self.outside.unsaved:
            self.outside.put_back()
        else:
            self.recovery.offer()
        self.title_changed.emit()
        self.opened.emit()

    def _open_failed(self, error: object) -> None:
        self.current_worker = None
        name = Path(self.path).name
        if isinstance(error, Cancelled):
            self.show_failure(f"{name} was not opened", "Opening was cancelled.")
        else:
            self.show_failure(f"{name} cannot be opened", str(error))
        self.open_failed.emit(error)

    def reload(self) -> None:
        """Open the file as it is now, without the changes that were not saved."""
        self.recovery.give_up_unsaved()
        self.let_go()
        self.open()

    def let_go(self) -> None:
        """Show no workbook any more, and end its process."""
        host, self.host = self.host, None
        self.grid.give_up_editing()
        self.sheet = None
        self._stop_reading()
        self.edits.begin(None)
        self.saving.begin(None)
        self.set_read_only(True)
        self.messages.clear()
        if host is not None:
            self.controller.close_host(host, discard=True)

    # Sheets and cells

    def show_sheet(self, title: str) -> None:
        """Show this sheet, at the cell where it was left."""
        if self.host is None:
            return
        if self.sheet not in (None, title) and not self.finish_entry():
            self.sheet_bar.show_sheets(self.host.sheets, self.sheet)
            return
        self.sheet_bar.choose(title)
        self.sheet = title
        self.hint.hide()
        self.looks.show_sheet(self.host, title)
        self.feed.show_sheet(self.host, title)
        self.grid.go_to(*self._places.get(title, (1, 1)))

    def go_to(self, sheet: str, row: int, column: int) -> None:
        """Show this cell."""
        self._places[sheet] = row, column
        if sheet == self.sheet_bar.current:
            self.grid.go_to(row, column)
        else:
            self.sheet_bar.choose(sheet)

    def finish_entry(self) -> bool:
        """Enter what is being typed; False where it is refused, and stays where it is."""
        return self.host is None or self.cells.finish_entry()

    def undo(self) -> None:
        """Undo the latest step, when the workbook has it."""
        self.edits.when_idle(self.undo_stack.undo)

    def redo(self) -> None:
        """Redo the step that was undone last."""
        self.edits.when_idle(self.undo_stack.redo)

    def note_place(self, row: int, column: int) -> None:
        """Where the sheet that is shown is left."""
        if (sheet := self.sheet_bar.current) is not None:
            self._places[sheet] = row, column

    def set_cells(self, changes: Mapping[str, CellInput], text: str) -> None:
        """Set cells, `{"Sheet!A1": value}`, as one step that can be undone."""
        self.edits.enter(changes, text)

    def _refusal(self, row: int, column: int, text: str) -> str | None:
        return self.cells.refusal(row, column, text)

    def _looks_known(self, looks: SheetLooks) -> None:
        self.grid.show_looks(looks)

    def _selected(self, *_: object) -> None:
        self.selection_changed.emit()

    def _applied(self) -> None:
        if self.host is not None:
            self.sheet_bar.show_sheets(self.host.sheets)
        self.feed.refresh()
        self.search.forget()
        self.recovery.note()
        self.cells.ask_contents()
        self.title_changed.emit()
        self.selection_changed.emit()

    def _edit_failed(self, error: object, _changes: object) -> None:
        if isinstance(error, HostDied):
            self.outside.died(error)
        elif not isinstance(error, Cancelled):
            self.hint_at_cell(str(error), *self.grid.cell)
            self.feed.refresh()
        self.title_changed.emit()

    def changed_elsewhere(self) -> None:
        """Show the workbook as it is now: a plugin has changed it, without a step of its own."""
        self._applied()

    def _clean_changed(self, _clean: bool) -> None:
        self.title_changed.emit()

    # Saving and computing

    def save(self, then: Callable[[], object] | None = None) -> bool:
        """Save to the workbook's own file; `then` is called when it is done."""
        return self.finish_entry() and self.saving.save(then=then)

    def save_copy(self) -> None:
        """Have asked where to save a copy; the tab stays with its own file."""
        self.copy_requested.emit()

    def save_copy_to(self, path: str) -> None:
        """Save a copy there; the dialog has asked whether a file there may be replaced."""
        if self.finish_entry():
            self.saving.save(path, overwrite=True)

    def save_as(self, path: str) -> None:
        """Save there and go on with that file."""
        if os.path.abspath(path) == self.path:
            self.save()
        elif self.finish_entry():
            self.saving.save(path, then=partial(self._go_on_with, path), overwrite=True)

    def _go_on_with(self, path: str) -> None:
        self.recovery.give_up_unsaved()
        self.let_go()
        self.path = os.path.abspath(path)
        self.open()

    def _saved(self, _report: SaveReport, path: str | None) -> None:
        if path is None:
            self.recovery.note()
            self.edits.stack.setClean()
            self.outside.watch.take_note()
            self.feed.refresh()
        self.title_changed.emit()
        self.saved.emit(path or self.path)

    def check(self) -> None:
        """Check the budget, and show the findings beside the sheet."""
        self.checking.start()

    def recalculate(self) -> None:
        """Have LibreOffice compute the saved workbook, and show the results."""
        if self.host is None:
            return
        if self.is_modified:
            self.messages.show_message("Save the workbook first; then it can be computed.")
            return
        result = self.recalculation_controller.start_recalculation(self.host)
        if not result.success:
            self._failed(result.error)
            return
        self.current_worker = result.value
        self.current_worker.progress_update.connect(self.job_bar.progress)
        self.current_worker.result_ready.connect(self._recalculated)
        self.job_bar.begin("LibreOffice computes the formulas")
        self.current_worker.start()

    def _recalculated(self, result: Result[Any]) -> None:
        self.current_worker = None
        self.job_bar.end()
        self.outside.watch.take_note()
        if result.success:
            self.feed.refresh()
            self.cells.ask_contents()
        else:
            self._failed(result.error)

    def cancel_job(self) -> None:
        """Cancel what is shown to run; a save is not cut short."""
        if self.current_worker is not None:
            self.current_worker.cancel()
        self.checking.cancel()
        self.feed.stop()

    def _failed(self, error: object) -> None:
        if isinstance(error, HostDied):
            self.outside.died(error)
        elif self.host is not None and not isinstance(error, Cancelled):
            self.messages.show_message(str(error), "error")

    # The end

    def _stop_reading(self) -> None:
        self.feed.end()
        for reading in (self.looks, self.area_reader, self.copy_reader, self.sum_reader):
            reading.stop()
        self.search.forget()

    def cleanup(self) -> None:
        """End everything of this tab; what fails at it is raised together at the end."""
        self.recovery.end()
        self.outside.end()
        self._stop_reading()
        self.edits.begin(None)
        self.saving.begin(None)
        self.current_worker = None
        host, self.host = self.host, None
        if host is not None:
            self.controller.close_host(host, discard=True)
        failures: list[Exception] = []
        for controller in (
            self.edit_controller,
            self.save_controller,
            self.check_controller,
            self.recalculation_controller,
            self.looks_controller,
            self.controller,
        ):
            try:
                controller.cleanup()
            except ExceptionGroup as group:
                failures.extend(group.exceptions)
        if failures:
            raise ExceptionGroup(f"Closing {Path(self.path).name}", failures)
