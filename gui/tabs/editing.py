"""Edits of one workbook: one after the other, each a step that can be undone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from budgetinator.controllers import EditController
from budgetinator.errors import HostDied
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
        self._under_way: list[Changes] = []
        self._waiting: deque[Callable[[], object]] = deque()
        self._is_dead = False
        self.stack = QUndoStack(self)

    @property
    def is_busy(self) -> bool:
        """Whether the host has not taken all yet."""
        return bool(self._under_way)

    @property
    def under_way(self) -> dict[str, CellInput]:
        """The cells that the host has been asked to set and has not confirmed."""
        return {address: value for each in self._under_way for address, value in each.items()}

    def begin(self, host: WorkbookHost | None) -> None:
        """Edit this workbook, with nothing to undo."""
        self._host = host
        self._is_dead = False
        self._under_way.clear()
        self._waiting.clear()
        self.stack.clear()
        self.stack.setClean()

    def died(self) -> None:
        """The host has ended: what is entered from now on stays under way, until `begin`."""
        self._is_dead = True

    def enter(
        self,
        changes: Changes,
        text: str,
        taken: Callable[[], object] | None = None,
        refused: Callable[[object], object] | None = None,
    ) -> None:
        """Set the cells as one step called `text`; `taken` or `refused` is told what came of it."""
        self._set(changes, partial(self._push, changes, text, taken), refused)

    def when_idle(self, do: Callable[[], object]) -> None:
        """Do it now, or as soon as the host has taken what is under way.

        An undo that overtook an entry would undo the step before it.
        """
        if self.is_busy or self._waiting:
            self._waiting.append(do)
        else:
            do()

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

    def _push(
        self, changes: Changes, text: str, taken: Callable[[], object] | None, before: Changes
    ) -> None:
        self.stack.push(SetCells(before, changes, text, self.apply))
        if taken is not None:
            taken()

    def _set(
        self,
        changes: Changes,
        then: Callable[[Changes], None] | None,
        refused: Callable[[object], object] | None = None,
    ) -> None:
        if self._host is None:
            return
        if self._is_dead:
            self._under_way.append(changes)
            return
        result = self._controller.start_edit(self._host, changes)
        if not result.success:
            if refused is not None:
                refused(result.error)
            self.failed.emit(result.error, changes)
            return
        worker: Any = result.value
        self._under_way.append(changes)
        worker.result_ready.connect(partial(self._done, self._host, changes, then, refused))
        worker.start()

    def _done(
        self,
        host: WorkbookHost,
        changes: Changes,
        then: Callable[[Changes], None] | None,
        refused: Callable[[object], object] | None,
        result: Result[dict[str, CellInput]],
    ) -> None:
        if host is not self._host:
            return
        if isinstance(result.error, HostDied):
            # Still under way for whoever keeps what the process has not taken.
            self.failed.emit(result.error, changes)
            return
        self._under_way = [each for each in self._under_way if each is not changes]
        if result.success:
            if then is not None:
                then(result.value)
            self.applied.emit()
        else:
            if refused is not None:
                refused(result.error)
            self.failed.emit(result.error, changes)
        while self._waiting and not self.is_busy:
            self._waiting.popleft()()
