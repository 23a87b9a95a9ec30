"""One step that can be undone: cells with what they held and what they hold now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtGui import QUndoCommand

from budgetinator.workbooks import CellInput

__all__ = ["SetCells"]

Changes = Mapping[str, CellInput]


class SetCells(QUndoCommand):
    """Cells that were set already when the step is made; `apply` sets cells later on."""

    def __init__(
        self, before: Changes, after: Changes, text: str, apply: Callable[[Changes], object]
    ) -> None:
        super().__init__(text)
        self.before = dict(before)
        self.after = dict(after)
        self._apply = apply
        self._is_done = True

    def redo(self) -> None:
        """Set the new contents; nothing at the first time, when they are set."""
        if self._is_done:
            self._is_done = False
        else:
            self._apply(self.after)

    def undo(self) -> None:
        """Set the contents that were there before."""
        self._apply(self.before)
