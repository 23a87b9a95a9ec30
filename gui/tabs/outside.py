"""What happens to a workbook outside its tab, and the ways out: never modal, nothing lost."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

from PySide6.QtCore import QObject

from budgetinator.errors import HostDied
from budgetinator.workbooks import CellInput, WorkbookHost
from gui.mailbox import Mailbox
from gui.tabs.filewatch import FileWatch, lock_owner
from gui.widgets.message_bar import Action

if TYPE_CHECKING:
    from gui.tabs.workbook import WorkbookTab

__all__ = ["CHANGED", "DIED", "Outside"]

CHANGED = "changed on disk"
DIED = "process died"
OWNER = "owner"
STALE = "stale"


class Outside(QObject):
    """Watches the file and the process of a tab; `unsaved` are cells that a dead process held."""

    def __init__(self, tab: WorkbookTab) -> None:
        super().__init__(tab)
        self._tab = tab
        self._mail = Mailbox(self)
        self._told_of_stale = False
        self.unsaved: Mapping[str, CellInput] = {}
        self.watch = FileWatch(tab.path, self)
        self.watch.changed.connect(self._changed)
        self.watch.vanished.connect(self._vanished)

    def begin(self, host: WorkbookHost) -> None:
        """This process holds the workbook from now on."""
        # The process may end in any thread; a weak method keeps no tab that is gone.
        host.died.connect(partial(self._mail.post, _call, WeakMethod(self.died)))
        self._told_of_stale = False
        self.watch.take_note(self._tab.path)
        owner = lock_owner(self._tab.path)
        if owner is not None:
            self._tab.messages.show_message(
                f"{owner} has this workbook open in another program. What is saved here and "
                "there may overwrite each other; to be safe, save a copy.",
                "warning",
                [Action("Save a copy…", self._tab.save_copy)],
                OWNER,
            )

    def end(self) -> None:
        """Watch nothing more."""
        self._mail.close()
        self.watch.stop()

    def put_back(self) -> None:
        """Set what was unsaved when the process ended, in the one that holds it now."""
        unsaved, self.unsaved = self.unsaved, {}
        if unsaved:
            self._tab.recovery.put_back(unsaved)

    def died(self, error: HostDied) -> None:
        """The process ended, and nobody had asked for that."""
        tab = self._tab
        if tab.host is None:
            return
        tab.edits.died()
        tab.finish_entry()  # what is being typed is as good as what was entered last
        self.unsaved = {**error.unsaved, **tab.edits.under_way}
        tab.let_go()
        tab.recovery.note()
        count = len(self.unsaved)
        kept = f"{count} unsaved changes are" if count != 1 else "One unsaved change is"
        said = f" {kept} kept here." if count else " Everything had been saved."
        tab.messages.show_message(
            f"The process that held this workbook has ended unexpectedly.{said}",
            "error",
            [Action("Reopen and put them back" if count else "Reopen", tab.open)],
            DIED,
        )
        tab.title_changed.emit()

    def stale_seen(self) -> None:
        """There are results that are to be recalculated; said once for each opening."""
        tab = self._tab
        if self._told_of_stale or tab.is_modified or not tab.messages.isHidden():
            return
        self._told_of_stale = True
        tab.messages.show_message(
            "Cells with a corner mark have results that are to be recalculated. Excel does it "
            "when it opens the file; LibreOffice can do it now.",
            "info",
            [Action("Recalculate", tab.recalculate)],
            STALE,
        )

    def _changed(self) -> None:
        tab = self._tab
        if tab.host is None or tab.saving.is_running:
            return
        also = " Your own changes are not in it." if tab.is_modified else ""
        tab.messages.show_message(
            f"Another program has changed this file since it was opened.{also}",
            "warning",
            [Action("Reload", tab.reload), Action("Save a copy…", tab.save_copy)],
            CHANGED,
        )

    def _vanished(self) -> None:
        tab = self._tab
        if tab.host is not None and not tab.saving.is_running:
            tab.messages.show_message(
                f"{tab.path} is no longer there: it was moved, renamed or deleted.",
                "warning",
                [Action("Save a copy…", tab.save_copy)],
                CHANGED,
            )


def _call(method: WeakMethod[Any], error: HostDied) -> None:
    """Call the method, if its tab is still there."""
    bound = method()
    if bound is not None:
        bound(error)
