"""The looks of sheets, asked of the host: widths, merged areas, formats of the cells shown."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from budgetinator.controllers import Progress, WorkerController
from budgetinator.result import Result
from budgetinator.workbooks import WorkbookHost
from budgetinator.workbooks.addresses import Area
from gui.looks import RowLooks, SheetLooks, merged_areas, row_looks, sheet_looks
from gui.models.chunks import CHUNK_ROWS
from gui.models.sheet_values import SheetValuesModel

__all__ = ["Looks", "LooksController"]


FIRST_ROWS = CHUNK_ROWS
"""Rows whose formats come with the sheet's own, so that they are there before the values."""


class LooksController(WorkerController):
    """Asks a host how its sheets look; changes nothing in it."""

    def start_sheet(self, host: WorkbookHost, title: str) -> Result[Any]:
        """Result of the worker: the SheetLooks."""
        task = _Looking(host, sheet_looks, title, FIRST_ROWS)
        return self.start_worker(task, "looks", mode="together")

    def start_rows(self, host: WorkbookHost, title: str, first: int, count: int) -> Result[Any]:
        """Result of the worker: the RowLooks of these rows."""
        task = _Looking(host, row_looks, title, first, count)
        return self.start_worker(task, "row_looks", mode="together")

    def start_merged(self, host: WorkbookHost, title: str) -> Result[Any]:
        """Result of the worker: the merged areas of a large sheet."""
        return self.start_worker(
            _Looking(host, merged_areas, title), "merged_areas", mode="together"
        )


class _Looking:
    def __init__(self, host: WorkbookHost, function: Any, *arguments: Any) -> None:
        self._host = host
        self._function = function
        self._arguments = arguments

    def __call__(self, progress: Progress) -> Any:
        return self._host.inspect(
            self._function, *self._arguments, cancelled=lambda: progress.cancelled
        )


class Looks(QObject):
    """Keeps the model's formats up with what is shown, and tells the grid of the rest."""

    known = Signal(object)
    """The SheetLooks of the sheet that is shown."""
    merged_known = Signal(object)
    """Its merged areas, where they come later."""

    def __init__(
        self, model: SheetValuesModel, controller: LooksController, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._controller = controller
        self._host: WorkbookHost | None = None
        self._title = ""
        self._sheet = 0

    def show_sheet(self, host: WorkbookHost, title: str) -> None:
        """This sheet is shown from now on."""
        self._host, self._title = host, title
        self._sheet += 1
        self._start(self._controller.start_sheet(host, title), self._sheet_known)

    def show_rows(self, first: int, count: int) -> None:
        """These rows are about to be shown."""
        if self._host is not None and first + count - 1 > FIRST_ROWS:
            result = self._controller.start_rows(self._host, self._title, first, count)
            self._start(result, self._rows_known)

    def stop(self) -> None:
        """Nothing that is under way arrives any more."""
        self._sheet += 1
        self._host = None

    def _start(self, result: Result[Any], known: Any) -> None:
        if result.success:
            worker = result.value
            worker.result_ready.connect(partial(known, self._sheet))
            worker.start()

    def _sheet_known(self, sheet: int, result: Result[SheetLooks]) -> None:
        if sheet == self._sheet and result.success:
            self._model.put_styles(result.value.styles)
            self._model.put_looks(result.value.rows)
            self.known.emit(result.value)
            if not result.value.knows_merged and self._host is not None:
                asked = self._controller.start_merged(self._host, self._title)
                self._start(asked, self._merged_known)

    def _merged_known(self, sheet: int, result: Result[tuple[Area, ...]]) -> None:
        if sheet == self._sheet and result.success:
            self.merged_known.emit(result.value)

    def _rows_known(self, sheet: int, result: Result[RowLooks]) -> None:
        if sheet == self._sheet and result.success:
            self._model.put_looks(result.value.rows)
