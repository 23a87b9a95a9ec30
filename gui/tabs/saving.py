"""Saving one workbook: what it would lose and what stands in its way is shown, with a way out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from budgetinator.controllers import SaveController
from budgetinator.errors import (
    Cancelled,
    ChangedOnDisk,
    HostDied,
    TargetReadOnly,
    ValuesOnly,
    WorkbookBusy,
    WouldLose,
)
from budgetinator.result import Result
from budgetinator.workbooks import SaveReport, WorkbookHost
from gui.widgets.message_bar import Action, MessageBar

__all__ = ["Saving"]

TOPIC = "saving"
_LISTED = 6


class _Saver(Protocol):
    """What the tab does about a save that did not go through."""

    def save_copy(self) -> None: ...
    def reload(self) -> None: ...


class Saving(QObject):
    """One save at a time; `saved` carries the report and the path, None for its own file."""

    began = Signal(str)
    ended = Signal()
    saved = Signal(object, object)
    died = Signal(object)

    def __init__(
        self, controller: SaveController, messages: MessageBar, tab: QObject, ways: _Saver
    ) -> None:
        super().__init__(tab)
        self._controller = controller
        self._messages = messages
        self._ways = ways
        self._host: WorkbookHost | None = None
        self._then: Callable[[], object] | None = None
        self.is_running = False

    def begin(self, host: WorkbookHost | None) -> None:
        """Save this workbook from now on."""
        self._host = host
        self.is_running = False

    def save(
        self,
        path: str | None = None,
        *,
        then: Callable[[], object] | None = None,
        allow_loss: bool = False,
        overwrite: bool = False,
    ) -> bool:
        """Start saving to its own file, or to a copy; `then` is called when it is saved.

        False where nothing was started: nothing is open, or a save is under way.
        """
        if self._host is None or self.is_running:
            return False
        result = self._controller.start_save(
            self._host, path, allow_loss=allow_loss, overwrite=overwrite
        )
        if not result.success:
            self._tell(path, result.error, then, allow_loss=allow_loss)
            return False
        self.is_running = True
        worker: Any = result.value
        worker.result_ready.connect(
            partial(self._done, self._host, path, then, allow_loss=allow_loss)
        )
        self.began.emit("Saving")
        worker.start()
        return True

    def _done(
        self,
        host: WorkbookHost,
        path: str | None,
        then: Callable[[], object] | None,
        result: Result[SaveReport],
        *,
        allow_loss: bool,
    ) -> None:
        if host is not self._host:
            return
        self.is_running = False
        self.ended.emit()
        if result.success:
            if self._messages.topic == TOPIC:
                self._messages.clear()
            self.saved.emit(result.value, path)
            if then is not None:
                then()
        elif isinstance(result.error, HostDied):
            self.died.emit(result.error)
        elif not isinstance(result.error, Cancelled):
            self._tell(path, result.error, then, allow_loss=allow_loss)

    def _tell(
        self,
        path: str | None,
        error: object,
        then: Callable[[], object] | None,
        *,
        allow_loss: bool,
    ) -> None:
        again = partial(self.save, path, then=then)
        copy = Action("Save a copy…", self._ways.save_copy)
        reload = Action("Reload", self._ways.reload)
        text, kind = str(error), "error"
        match error:
            case WouldLose():
                text, kind = _losses(error), "warning"
                anyway = partial(self.save, path, then=then, allow_loss=True)
                actions = [Action("Save anyway", anyway), copy]
            case ChangedOnDisk():
                kind = "warning"
                overwrite = partial(
                    self.save, path, then=then, allow_loss=allow_loss, overwrite=True
                )
                actions = [Action("Overwrite", overwrite), copy]
                if path is None:
                    actions.insert(0, reload)
            case WorkbookBusy():
                kind = "warning"
                actions = [Action("Try again", again), copy]
            case TargetReadOnly() | ValuesOnly():
                actions = [copy]
            case _:
                actions = [Action("Try again", again), copy]
        self._messages.show_message(text, kind, actions, TOPIC)  # type: ignore[arg-type]


def _losses(error: WouldLose) -> str:
    listed = [f"  •  {loss}" for loss in error.losses[:_LISTED]]
    if len(error.losses) > _LISTED:
        listed.append(f"  •  and {len(error.losses) - _LISTED} more")
    return "\n".join(["A save cannot keep everything that is in this file:", *listed])
