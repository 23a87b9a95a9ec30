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
        self._told_of_too_many = False
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
        self._write(is_left=False)

    def _write(self, *, is_left: bool) -> None:
        tab = self._tab
        if (kept := self._kept) is None:
            return
        unsaved = tab.host.unsaved if tab.host is not None else tab.outside.unsaved
        changes = {**self._offered, **unsaved, **tab.edits.under_way}
        if kept.keep(changes, is_left=is_left) or self._told_of_too_many:
            return
        self._told_of_too_many = True
        tab.messages.show_message(
            f"{len(changes):,} changes are unsaved, more than are kept for the case that the "
            "program is killed or the power fails. Save soon.",
            "warning",
            [Action("Save", tab.save)],
        )

    def forget(self) -> None:
        """Keep nothing: it was given up."""
        self._offered = {}
        self.give_up_unsaved()

    def give_up_unsaved(self) -> None:
        """What is unsaved was given up or saved elsewhere; what is still offered stays."""
        self._timer.stop()
        if (kept := self._kept) is not None:
            kept.keep(self._offered, is_left=True)

    def end(self) -> None:
        """Nothing follows any more; what is unsaved or not answered at this moment is kept."""
        if self._timer.isActive() or self._offered or self._tab.edits.is_busy:
            self._timer.stop()
            self._write(is_left=True)

    def put_back(self, changes: Mapping[str, CellInput]) -> None:
        """Set these cells; until the workbook has taken them they are kept and offered."""
        self._offered = dict(changes)
        self._tab.edits.enter(changes, "changes put back", self._taken, self._refused)

    def _taken(self) -> None:
        self._offered = {}

    def _refused(self, error: object) -> None:
        count = len(self._offered)
        cells = "One change" if count == 1 else f"{count:,} changes"
        self._tab.messages.show_message(
            f"{cells} cannot be put back, and stay kept: {error}",
            "error",
            [Action("Put back", self._put_back), Action("Forget", self.forget)],
            TOPIC,
        )

    def _put_back(self) -> None:
        self.put_back(self._offered)
