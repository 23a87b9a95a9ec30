"""What a program knows of a workbook in another process, and what that process's end means."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from budgetinator.errors import HostDied, WorkbookClosed
from budgetinator.resources.signals import Signal
from budgetinator.workbooks.host.sheets import SheetInfo
from budgetinator.workbooks.host.standing import Standing

if TYPE_CHECKING:
    from budgetinator.workbooks.patch import CellInput

__all__ = ["Knowledge", "ended_by"]


class Knowledge:
    """The line's peer for a workbook: kept by the line's thread, read by all.

    It knows nothing of the `WorkbookHost`, so that one that is forgotten can be collected.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.died_signal: Signal[HostDied] = Signal("died")
        self.on_death: Callable[[], object] | None = None
        self.is_dead = False
        self.sheets: tuple[SheetInfo, ...] = ()
        self.is_modified = False
        self.has_unsaved_changes = False
        self._unsaved: dict[str, CellInput] = {}
        self._lock = threading.Lock()

    @property
    def unsaved(self) -> dict[str, CellInput]:
        """A copy of the cells that were set and are not in the file."""
        with self._lock:
            return dict(self._unsaved)

    # For the line

    def note(self, news: Standing) -> None:
        with self._lock:
            news.edits.put_into(self._unsaved)
        self.sheets = news.sheets
        self.is_modified = news.is_modified
        self.has_unsaved_changes = news.has_unsaved_changes

    def closed_error(self) -> WorkbookClosed:
        return WorkbookClosed(f"{self.path} was closed; open it again to use it.", path=self.path)

    def death_error(self, exit_code: int, last_words: str) -> HostDied:
        error = HostDied(
            f"The process that held {self.path} {ended_by(exit_code)}; {self._what_is_lost()}",
            path=self.path,
            exit_code=exit_code,
            unsaved=self.unsaved,
        )
        if last_words:
            error.add_note(f"Its last words: {last_words}")
        return error

    def died(self, error: Exception) -> None:
        self.is_dead = True
        if self.on_death is not None:
            self.on_death()
        if isinstance(error, HostDied):
            self.died_signal.emit(error)

    def _what_is_lost(self) -> str:
        if not self.has_unsaved_changes:
            return "nothing unsaved was in it. Open it again."
        cells: Mapping[str, CellInput] = self._unsaved
        if cells:
            return (
                "its file is as it was last saved, and the cells that were set since "
                f"({len(cells)}) are in `unsaved`, to be set again in a new host."
            )
        return "its file is as it was last saved, and what was changed since is lost."


def ended_by(exit_code: int) -> str:
    """How a process ended, for a sentence."""
    if exit_code >= 0:
        return f"ended with the exit code {exit_code}"
    try:
        return f"was ended by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"was ended by the signal {-exit_code}"
