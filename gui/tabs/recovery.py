"""Unsaved changes of a tab, kept while they are unsaved, and offered after an unhappy end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from budgetinator.workbooks import CellInput
from gui.unsaved import UnsavedChanges
from gui.widgets.message_bar import Action

if TYPE_CHECKING:
    from gui.tabs.workbook import WorkbookTab

__all__ = ["Recovery"]

TOPIC = "recovery"
_AFTER = 300  # ms: entries that follow each other are written once


class Recovery(QObject):
    """Writes what is unsaved a moment after it was entered; `folder` None keeps nothing."""

    def __init__(self, tab: WorkbookTab, folder: Path | None) -> None:
        super().__init__(tab)
        self._tab = tab
        self._folder = folder
        self._offered: Mapping[str, CellInput] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_AFTER)
        self._timer.timeout.connect(self.write)

    @property
    def _kept(self) -> UnsavedChanges | None:
        return UnsavedChanges(self._folder, self._tab.path) if self._folder is not None else None

    def offer(self) -> None:
        """Ask about what an earlier run left of this workbook."""
        kept = self._kept
        self._offered = kept.left() if kept is not None else {}
        count = len(self._offered)
        if count:
            cells = "One change" if count == 1 else f"{count:,} changes"
            self._tab.messages.show_message(
                f"{cells} to this workbook had not been saved when the program ended last.",
                "warning",
                [Action("Put back", self._put_back), Action("Forget", self.forget)],
                TOPIC,
            )

    def note(self) -> None:
        """Something was entered, undone or saved: what is kept follows soon."""
        self._timer.start()

    def write(self) -> None:
        """Keep what is unsaved now, and what was offered and not answered."""
        kept, host = self._kept, self._tab.host
        if kept is not None and host is not None:
            kept.keep({**self._offered, **host.unsaved})

    def forget(self) -> None:
        """Keep nothing: it was given up."""
        self._timer.stop()
        self._offered = {}
        if (kept := self._kept) is not None:
            kept.forget()

    def end(self) -> None:
        """Nothing follows any more; what is unsaved at this moment is kept."""
        if self._timer.isActive():
            self._timer.stop()
            self.write()

    def _put_back(self) -> None:
        offered, self._offered = self._offered, {}
        self._tab.set_cells(offered, "changes put back")
