"""Edits of one workbook: one after the other, each a step that can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from budgetinator.controllers import EditController
from budgetinator.result import Result
from budgetinator.workbooks import CellInput, WorkbookHost
from gui.undo import SetCells

__all__ = ["Edits"]

Changes = Mapping[str, CellInput]


class Edits(QObject):
    """Sets cells in the host by workers; a step is on the stack once the host has taken it."""

    applied = Signal()
    """Cells have changed."""
    failed = Signal(object, object)
    """The error, and the changes that were not made."""

    def __init__(self, controller: EditController, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._host: WorkbookHost | None = None
        self._running = 0
        self.stack = QUndoStack(self)

    @property
    def is_busy(self) -> bool:
        """Whether the host has not taken all yet."""
        return self._running > 0

    def begin(self, host: WorkbookHost | None) -> None:
        """Edit this workbook, with nothing to undo."""
        self._host = host
        self.stack.clear()
        self.stack.setClean()

    def enter(self, changes: Changes, text: str) -> None:
        """Set the cells as one step called `text`."""
        self._set(changes, partial(self._push, changes, text))

    def apply(self, changes: Changes) -> None:
        """Set the cells without a step of its own: for undo and redo."""
        self._set(changes, None)

    def read(
        self, addresses: tuple[str, ...], known: Callable[[dict[str, CellInput]], None]
    ) -> None:
        """Hand over the contents of cells when the host has told them."""
        if self._host is None:
            return
        result = self._controller.start_contents(self._host, addresses)
        if result.success:
            worker: Any = result.value
            worker.result_ready.connect(partial(self._read, self._host, known))
            worker.start()

    def _read(
        self,
        host: WorkbookHost,
        known: Callable[[dict[str, CellInput]], None],
        result: Result[dict[str, CellInput]],
    ) -> None:
        # What arrives when the workbook was let go of has nobody to go to.
        if host is self._host and result.success:
            known(result.value)

    def _push(self, changes: Changes, text: str, before: Changes) -> None:
        self.stack.push(SetCells(before, changes, text, self.apply))

    def _set(self, changes: Changes, then: Callable[[Changes], None] | None) -> None:
        if self._host is None:
            return
        result = self._controller.start_edit(self._host, changes)
        if not result.success:
            self.failed.emit(result.error, changes)
            return
        worker: Any = result.value
        self._running += 1
        worker.result_ready.connect(partial(self._done, self._host, changes, then))
        worker.start()

    def _done(
        self,
        host: WorkbookHost,
        changes: Changes,
        then: Callable[[Changes], None] | None,
        result: Result[dict[str, CellInput]],
    ) -> None:
        self._running -= 1
        if host is not self._host:
            return
        if not result.success:
            self.failed.emit(result.error, changes)
            return
        if then is not None:
            then(result.value)
        self.applied.emit()
