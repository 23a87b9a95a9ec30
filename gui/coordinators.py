"""The coordinator of what Qt owns: widgets, timers, connections, dialogs, event filters.

Two sides own a Qt object: Python's wrapper and C++. Either may go first. So the
service holds the wrapper weakly, `QObject.destroyed` ends the tracking when C++
deletes, and a clean-up asks shiboken whether there still is a C++ object before
it touches one.

Qt objects may be touched on the GUI thread only. To track on another one is a
mistake and raises. To clean up on another one is not - a worker's last
reference may fall there, and the service's ticker closes what a dead component
left - so the books are closed at once, and the object is handed to the GUI
thread. Blocking until that is done would be a deadlock as soon as the GUI thread
waits for that worker.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, QTimer, SignalInstance
from PySide6.QtWidgets import QDialog, QWidget
from shiboken6 import isValid

from budgetinator.resources import (
    ComponentState,
    ReleaseOutcome,
    ResourceType,
    WorkerResourceCoordinator,
    next_component_id,
)
from budgetinator.resources.coordinators import component_type
from gui.mailbox import Mailbox, require_gui_thread
from gui.slots import safe_slot

__all__ = ["UIResourceCoordinator"]

log = logging.getLogger("budgetinator.gui")


class UIResourceCoordinator(WorkerResourceCoordinator):
    """Tracks the Qt objects of one component, and its workers (seed 002).

    Nothing here keeps a widget alive, and nothing refers to the component.
    Made and used on the GUI thread; see the module for clean-ups elsewhere.
    """

    def __init__(
        self, component_id: str, service: Any = None, component_type: str | None = None
    ) -> None:
        require_gui_thread("A UIResourceCoordinator is made")
        super().__init__(component_id, service, component_type)
        self._mailbox = Mailbox()

    def register_ui_component(self, widget: QWidget, name: str | None = None) -> str:
        """Make a widget a part of this component; returns the id under which it is tracked.

        It is registered as a component of its own, cleaned up before the one
        that this coordinator stands for, and forgotten when Qt destroys it.
        """
        require_gui_thread("A user interface component is registered")
        owner = self._component()
        if self._service.get_component_state(widget) in (None, ComponentState.DESTROYED):
            component_id = next_component_id(name or type(widget).__name__)
            self._service.register_component(widget, component_id, component_type(widget))
        if owner is not widget:
            self._service.add_child(owner, widget)
        resource_id = self.track_widget(widget, name)
        forget = partial(_unregister, self._service, weakref.ref(widget))
        widget.destroyed.connect(forget)
        return resource_id

    def setup_standard_tab_resources(self, tab: QWidget) -> tuple[str, ...]:
        """Track everything of Qt among the tab's attributes, each by its kind (seed 002).

        That is its `log_console`, its `files_panel`, and whatever else it
        keeps: panels, dialogs, timers, workers.
        """
        require_gui_thread("A tab's resources are tracked")
        found = [(name, value) for name, value in vars(tab).items() if isinstance(value, QObject)]
        return tuple(
            self._track_by_kind(value, name.lstrip("_")) for name, value in found if isValid(value)
        )

    def track_widget(
        self, widget: QWidget, name: str | None = None, size_bytes: int | None = None
    ) -> str:
        """Track a widget: on release one without a parent is hidden and deleted later."""
        return self._track_object(widget, name, _put_away_widget, size_bytes)

    def track_dialog(self, dialog: QDialog, name: str | None = None) -> str:
        """Track a dialog: on release it is closed, and deleted later if it has no parent."""
        return self._track_object(dialog, name, _put_away_dialog)

    def track_timer(self, timer: QTimer, name: str | None = None) -> str:
        """Track a timer: on release it is stopped, and deleted later if it has no parent."""
        return self._track_object(timer, name, _put_away_timer)

    def track_connection(
        self,
        signal: SignalInstance,
        slot: Callable[..., object],
        *,
        sender: QObject | None = None,
        name: str | None = None,
        connection_type: Qt.ConnectionType = Qt.ConnectionType.AutoConnection,
    ) -> str:
        """Connect, and disconnect on release; given the `sender`, it ends with that as well.

        Qt holds a function, a partial or a lambda for as long as the
        connection stands, and with it all that it refers to.
        """
        require_gui_thread("A connection is tracked")
        connection = signal.connect(safe_slot(slot), connection_type)
        resource_id = self.track_resource(
            connection,
            ResourceType.QOBJECT,
            name=name or "connection",
            hold="strong",
            cleanup_handler=self._on_gui_thread(_disconnect),
        )
        self._follow(sender, resource_id)
        return resource_id

    def track_event_filter(
        self, target: QObject, event_filter: QObject, name: str | None = None
    ) -> str:
        """Install an event filter, and remove it on release; it ends with either object."""
        require_gui_thread("An event filter is tracked")
        target.installEventFilter(event_filter)
        installed = _InstalledFilter(target, event_filter)
        resource_id = self.track_resource(
            installed,
            ResourceType.QOBJECT,
            name=name or f"event filter {type(event_filter).__name__}",
            hold="strong",
            cleanup_handler=self._on_gui_thread(_InstalledFilter.remove),
        )
        self._follow(target, resource_id)
        self._follow(event_filter, resource_id)
        return resource_id

    def _track_by_kind(self, value: QObject, name: str) -> str:
        if isinstance(value, QThread):
            return self.track_worker(value, name)
        if isinstance(value, QTimer):
            return self.track_timer(value, name)
        if isinstance(value, QDialog):
            return self.track_dialog(value, name)
        return self._track_object(value, name, _put_away_widget)

    def _track_object(
        self,
        value: QObject,
        name: str | None,
        put_away: Callable[[Any], None],
        size_bytes: int | None = None,
    ) -> str:
        require_gui_thread(f"A {type(value).__name__} is tracked")
        resource_id = self.track_resource(
            value,
            ResourceType.QOBJECT,
            name=name or value.objectName() or type(value).__name__,
            hold="weak",
            size_bytes=size_bytes,
            cleanup_handler=self._on_gui_thread(put_away),
        )
        self._follow(value, resource_id)
        return resource_id

    def _follow(self, value: QObject | None, resource_id: str) -> None:
        """Release when C++ deletes the object."""
        if value is not None:
            value.destroyed.connect(partial(_on_destroyed, weakref.ref(self), resource_id))

    def _on_gui_thread(self, put_away: Callable[[Any], None]) -> _OnGuiThread:
        return _OnGuiThread(put_away, self._mailbox)


class _OnGuiThread:
    """A clean-up handler that touches its object on the GUI thread, now or soon."""

    __slots__ = ("_mailbox", "_put_away")

    def __init__(self, put_away: Callable[[Any], None], mailbox: Mailbox) -> None:
        self._put_away = put_away
        self._mailbox = mailbox

    def __call__(self, resource: Any) -> None:
        if self._mailbox.is_at_home():
            self._put_away(resource)
        else:
            self._mailbox.post(self._arrive, resource)

    def _arrive(self, resource: Any) -> None:
        """A method, so that what is posted keeps the mailbox until it is delivered."""
        self._put_away(resource)


class _InstalledFilter:
    """An event filter on its target; keeps neither alive."""

    __slots__ = ("__weakref__", "_event_filter", "_target")

    def __init__(self, target: QObject, event_filter: QObject) -> None:
        self._target = weakref.ref(target)
        self._event_filter = weakref.ref(event_filter)

    def remove(self) -> None:
        target, event_filter = self._target(), self._event_filter()
        if target is None or event_filter is None:
            return
        if isValid(target) and isValid(event_filter):
            target.removeEventFilter(event_filter)


def _on_destroyed(
    ref: weakref.ref[UIResourceCoordinator], resource_id: str, *_arguments: object
) -> None:
    coordinator = ref()
    if coordinator is not None and coordinator.release(resource_id) is ReleaseOutcome.RELEASED:
        log.debug("Released resource %s: Qt destroyed its object", resource_id)


def _unregister(service: Any, ref: weakref.ref[QWidget], *_arguments: object) -> None:
    widget = ref()
    if widget is not None:
        service.unregister_component(widget)


def _disconnect(connection: Any) -> None:
    QObject.disconnect(connection)  # False, and no harm, where one end is gone


def _put_away_widget(widget: QObject) -> None:
    if not isValid(widget):
        return
    if isinstance(widget, QWidget) and widget.isWindow():
        widget.hide()
    _delete_later(widget)


def _put_away_dialog(dialog: QDialog) -> None:
    if isValid(dialog):
        dialog.done(QDialog.DialogCode.Rejected)
        _delete_later(dialog)


def _put_away_timer(timer: QTimer) -> None:
    if isValid(timer):
        timer.stop()
        _delete_later(timer)


def _delete_later(value: QObject) -> None:
    """One with a parent goes with it."""
    if isValid(value) and value.parent() is None:
        value.deleteLater()
