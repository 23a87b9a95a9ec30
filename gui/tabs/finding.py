"""Finding a text in the sheet that is shown: all of it is read once, in pieces."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from budgetinator.budgets.numbers import Locale
from budgetinator.controllers import OpenController
from budgetinator.result import Result
from budgetinator.workbooks import ShownValue, WorkbookHost
from gui.cells.showing import shown

__all__ = ["SheetSearch"]

Place = tuple[int, int]
_MOST = 10_000


class SheetSearch(QObject):
    """The places of one text in one sheet, in the order of rows; kept until something changes."""

    found = Signal(int, int, int, int)
    """Row and column, which of the places it is, from 1, and how many there are."""
    nothing_found = Signal()

    def __init__(self, controller: OpenController, locale: Locale | None, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._locale = locale
        self._places: list[Place] = []
        self._key: tuple[str, str] | None = None
        self._worker: Any = None
        self._reading = 0

    def forget(self) -> None:
        """Something has changed: the next search reads again."""
        self._reading += 1
        worker, self._worker = self._worker, None
        self._key = None
        if worker is not None:
            worker.cancel()

    def find(
        self, host: WorkbookHost, sheet: str, text: str, start: Place, *, backwards: bool
    ) -> None:
        """Go to the next place after `start`, or before it; around the end of the sheet."""
        key = sheet, text.casefold()
        if key == self._key and self._worker is None:
            self._go(start, backwards)
            return
        self.forget()
        result = self._controller.start_reading(host, sheet)
        if not result.success:
            return
        self._key, self._places = key, []
        worker = self._worker = result.value
        worker.partial_ready.connect(partial(self._look, self._reading, key[1]))
        worker.result_ready.connect(partial(self._done, self._reading, start, backwards))
        worker.start()

    def _look(self, reading: int, text: str, chunk: Any) -> None:
        if reading != self._reading or len(self._places) >= _MOST:
            return
        for number, row in enumerate(chunk.rows, chunk.first_row):
            for column, value in enumerate(row, 1):
                if value is not None and self._matches(value, text):
                    self._places.append((number, column))

    def _matches(self, value: ShownValue, text: str) -> bool:
        if isinstance(value, str):
            return text in value.casefold()
        return text in shown(value, locale=self._locale).text.casefold() or text in str(value)

    def _done(self, reading: int, start: Place, backwards: bool, result: Result[int]) -> None:
        if reading != self._reading:
            return
        self._worker = None
        if result.success:
            self._go(start, backwards)

    def _go(self, start: Place, backwards: bool) -> None:
        places = self._places
        if not places:
            self.nothing_found.emit()
            return
        if backwards:
            before = [place for place in places if place < start]
            place = before[-1] if before else places[-1]
        else:
            place = next((each for each in places if each > start), places[0])
        self.found.emit(*place, places.index(place) + 1, len(places))
