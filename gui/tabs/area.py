"""The values of an area, read piece by piece: for copying, for sums, for emptying it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from budgetinator.budgets.numbers import Locale
from budgetinator.controllers import OpenController
from budgetinator.result import Result
from budgetinator.workbooks import ShownValue, StaleResult, WorkbookHost
from budgetinator.workbooks.addresses import Area
from gui.cells.numberformats import grouped
from gui.models.sheet_values import SheetValuesModel

__all__ = ["AreaReader", "Rows", "Summary", "described"]

Rows = Sequence[Sequence[ShownValue]]
Piece = Callable[[int, Rows], object]
"""Takes the number of a row, and the rows from it on, cut to the columns of the area."""

_AT_ONCE = 2_000
"""Rows at hand that are taken without a reading; more would hold the event loop."""
_CHUNK = 500


@dataclass(slots=True)
class Summary:
    """What an area comes to: numbers, filled cells, and old results, which are not summed."""

    total: float = 0.0
    numbers: int = 0
    filled: int = 0
    stale: int = 0

    def add(self, _first: int, rows: Rows) -> None:
        """Some rows more."""
        numbers = [self.total]
        for value in _filled(rows):
            self.filled += 1
            self.stale += isinstance(value, StaleResult)
            if isinstance(value, int | float) and not isinstance(value, bool):
                numbers.append(value)
        self.total = math.fsum(numbers)
        self.numbers += len(numbers) - 1

    @property
    def average(self) -> float | None:
        """The mean of the numbers, None where there are none."""
        return self.total / self.numbers if self.numbers else None


def _filled(rows: Rows) -> Iterator[ShownValue]:
    return (value for row in rows for value in row if value is not None)


def described(found: Summary, locale: Locale | None = None) -> str:
    """A summary as the status bar says it; empty where all cells are."""
    parts: list[str] = []
    if found.average is not None:
        average = round(found.average, 4)
        parts = [f"Sum {grouped(found.total, locale)}", f"Average {grouped(average, locale)}"]
    if found.filled:
        parts.append(f"Count {found.filled:,}")
    if found.stale:
        parts.append(f"{found.stale:,} to be recalculated")
    return "     ".join(parts)


class AreaReader(QObject):
    """Reads one area at a time; another area ends the reading of the one before."""

    def __init__(
        self, model: SheetValuesModel, controller: OpenController, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._controller = controller
        self._worker: Any = None
        # Slots know a reading by its number: one that held the worker would keep it for ever.
        self._reading = 0

    def stop(self) -> None:
        """Read nothing more; nobody is called."""
        worker, self._worker = self._worker, None
        self._reading += 1
        if worker is not None:
            worker.cancel()

    def read(
        self,
        host: WorkbookHost,
        sheet: str,
        area: Area,
        piece: Piece,
        done: Callable[[], object],
    ) -> None:
        """Hand over all rows of the area, now or as they are read; `done` is called at the end."""
        self.stop()
        last = min(area.max_row, self._model.rowCount())
        if area.rows <= _AT_ONCE and all(
            self._model.is_fresh(row) for row in range(area.min_row, last + 1)
        ):
            piece(area.min_row, [self._cells(row, area) for row in range(area.min_row, last + 1)])
            done()
            return
        result = self._controller.start_reading(host, sheet, area.min_row, area.rows, chunk=_CHUNK)
        if not result.success:
            return
        worker = self._worker = result.value
        worker.partial_ready.connect(partial(self._take, self._reading, area, piece))
        worker.result_ready.connect(partial(self._done, self._reading, done))
        worker.start()

    def _cells(self, row: int, area: Area) -> list[ShownValue]:
        last = min(area.max_col, self._model.columnCount())
        return [self._model.value(row, column) for column in range(area.min_col, last + 1)]

    def _take(self, reading: int, area: Area, piece: Piece, chunk: Any) -> None:
        if reading == self._reading:
            rows = [row[area.min_col - 1 : area.max_col] for row in chunk.rows]
            piece(chunk.first_row, rows)

    def _done(self, reading: int, done: Callable[[], object], result: Result[int]) -> None:
        if reading == self._reading:
            self._worker = None
            if result.success:
                done()
