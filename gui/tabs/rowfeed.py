"""Rows for the table: what is wanted is read by the host, and what is no longer wanted is not."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from budgetinator.controllers import OpenController
from budgetinator.errors import Cancelled
from budgetinator.result import Result
from budgetinator.workbooks import StaleResult, WorkbookHost
from gui.models.chunks import CHUNK_ROWS
from gui.models.sheet_values import SheetValuesModel

__all__ = ["RowFeed"]


class RowFeed(QObject):
    """Feeds one model from one sheet of a host; at most one reading is under way.

    A wish that the reading under way does not serve replaces it.
    """

    began = Signal(str)
    rows_wanted = Signal(int, int)
    """Rows that are read from now on: the first and how many."""
    stale_seen = Signal()
    """There are results among the rows that are to be recalculated."""
    ended = Signal()
    failed = Signal(object)

    def __init__(
        self, model: SheetValuesModel, controller: OpenController, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._controller = controller
        self._host: WorkbookHost | None = None
        self._sheet = ""
        self._span: tuple[int, int] | None = None
        self._worker: Any = None
        # Slots know a reading by its number: one that held the worker would keep it for ever.
        self._reading = 0
        model.rows_wanted.connect(self._want)

    @property
    def is_reading(self) -> bool:
        """Whether rows are on their way."""
        return self._worker is not None

    def show_sheet(self, host: WorkbookHost, title: str) -> None:
        """Read this sheet from now on."""
        self.stop()
        self._host, self._sheet = host, title
        rows, columns = next(
            ((sheet.rows, sheet.columns) for sheet in host.sheets if sheet.title == title), (0, 0)
        )
        self._model.show_sheet(rows, columns)
        self._read(1, CHUNK_ROWS)

    def refresh(self) -> None:
        """Read again what is shown, because something was changed."""
        self.stop()
        self._model.refresh()

    def stop(self) -> None:
        """Cancel what is under way; nothing of it arrives any more."""
        worker, self._worker = self._worker, None
        self._span = None
        self._reading += 1
        if worker is not None:
            worker.cancel()
            self.ended.emit()

    def end(self) -> None:
        """Read nothing more of this host."""
        self.stop()
        self._host = None

    def _want(self, first: int, count: int) -> None:
        span = first, first + count - 1
        if self._span is not None and self._span[0] <= span[0] and span[1] <= self._span[1]:
            return
        self.stop()
        self._read(first, count)

    def _read(self, first: int, count: int) -> None:
        if self._host is None:
            return
        result = self._controller.start_reading(self._host, self._sheet, first, count)
        if not result.success:
            self.failed.emit(result.error)
            return
        worker = self._worker = result.value
        self._span = first, first + count - 1
        self._reading += 1
        worker.partial_ready.connect(partial(self._rows, self._reading))
        worker.result_ready.connect(partial(self._done, self._reading))
        self.rows_wanted.emit(first, count)
        self.began.emit(f"Reading rows {first:,} to {first + count - 1:,} of {self._sheet}")
        worker.start()

    def _rows(self, reading: int, chunk: Any) -> None:
        if reading != self._reading:
            return
        self._model.put(chunk.first_row, chunk.rows)
        if any(isinstance(value, StaleResult) for row in chunk.rows for value in row):
            self.stale_seen.emit()

    def _done(self, reading: int, result: Result[int]) -> None:
        if reading != self._reading:
            return
        span, self._span, self._worker = self._span, None, None
        self.ended.emit()
        if not result.success:
            if not isinstance(result.error, Cancelled):
                self.failed.emit(result.error)
            return
        assert span is not None
        if result.value < span[1] - span[0] + 1:
            self._model.end(span[0] + result.value - 1)
