"""The coordinator of Qt objects: released by Qt's own deletion, touched on the GUI thread only."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from budgetinator.errors import NotGuiThread
from budgetinator.resources import (
    BaseResourceCoordinator,
    ComponentState,
    ResourceManagementService,
)
from gui.coordinators import UIResourceCoordinator
from gui.workers import QThreadTask


class Controller:
    """Stands for whatever owns the coordinator."""


class Filter(QObject):
    """Counts what it sees."""

    def __init__(self):
        super().__init__()
        self.seen = 0

    def eventFilter(self, _watched, event):  # noqa: N802 - Qt's name
        self.seen += event.type() == QEvent.Type.User
        return False


class Tab(QWidget):
    """A tab as the seeds have it."""

    def __init__(self):
        super().__init__()
        layout = QVBoxLayout(self)
        self.log_console = QTextEdit()
        self.files_panel = QLabel()
        layout.addWidget(self.log_console)
        layout.addWidget(self.files_panel)
        self._refresh_timer = QTimer(self)
        self._refresh_timer.start(1000)
        self.worker = QThreadTask(lambda progress: progress.wait(10), "of the tab")
        self.settings_dialog = QDialog(self)


@pytest.fixture
def controller(service):
    made = Controller()
    yield made
    service.unregister_component(made)


@pytest.fixture
def coordinator(qapp, service, controller):
    made = UIResourceCoordinator("Controller_1", service)
    made.bind_to_component(controller)
    return made


def test_it_is_a_coordinator(coordinator: UIResourceCoordinator) -> None:
    """It is one of the library's coordinators, and does what they do."""
    assert isinstance(coordinator, BaseResourceCoordinator)


def test_a_widget_without_a_parent_is_deleted(
    coordinator: UIResourceCoordinator, collect_qt: Callable[[], None]
) -> None:
    """On release a window of its own is hidden and deleted; one with a parent is left to that."""
    window, panel = QWidget(), QWidget()
    label = QLabel(panel)
    window.show()
    first, second = coordinator.track_widget(window), coordinator.track_widget(label)

    coordinator.release(first)
    coordinator.release(second)
    hidden = not window.isVisible()
    collect_qt()

    assert (hidden, isValid(window), isValid(label)) == (True, False, True)


def test_deleted_by_qt_it_is_released(
    coordinator: UIResourceCoordinator, collect_qt: Callable[[], None]
) -> None:
    """A widget that goes with its parent is tracked no more; nothing touches it."""
    panel = QWidget()
    label = QLabel(panel)
    coordinator.track_widget(label)
    before = coordinator.get_resource_count()

    panel.deleteLater()
    collect_qt()

    assert (before, coordinator.get_resource_count()) == (1, 0)


def test_dropped_by_python_it_is_released(
    coordinator: UIResourceCoordinator, collect_qt: Callable[[], None]
) -> None:
    """A widget whose last reference goes is tracked no more: the coordinator does not keep it."""
    widget = QWidget()
    coordinator.track_widget(widget)
    ref = weakref.ref(widget)
    del widget
    collect_qt()

    assert (ref(), coordinator.get_resource_count()) == (None, 0)


def test_a_timer_is_stopped(
    coordinator: UIResourceCoordinator, collect_qt: Callable[[], None]
) -> None:
    """On release a timer stops, and is deleted if it has no parent."""
    timer = QTimer()
    timer.start(10_000)
    coordinator.track_timer(timer)

    coordinator.cleanup_all()
    active = timer.isActive()
    collect_qt()

    assert (active, isValid(timer)) == (False, False)


def test_a_dialog_is_closed(
    coordinator: UIResourceCoordinator, collect_qt: Callable[[], None]
) -> None:
    """On release an open dialog is closed; it says so by `finished`."""
    panel = QWidget()
    dialog = QDialog(panel)
    results = []
    dialog.finished.connect(results.append)
    dialog.show()
    coordinator.track_dialog(dialog)

    coordinator.cleanup_all()

    assert (results, dialog.isVisible(), isValid(dialog)) == ([0], False, True)


class Sender(QObject):
    told = Signal(int)


def test_a_connection_is_undone(coordinator: UIResourceCoordinator) -> None:
    """On release the slot is not called any more, and what it refers to is let go."""
    sender, seen = Sender(), []
    slot = seen.append
    resource_id = coordinator.track_connection(sender.told, slot)
    sender.told.emit(1)
    coordinator.release(resource_id)
    sender.told.emit(2)

    assert seen == [1]


def test_the_slot_is_let_go_with_its_connection(
    coordinator: UIResourceCoordinator, collect_qt: Callable[[], None]
) -> None:
    """A lambda as a slot, and all that it refers to, goes when the connection is released."""
    sender, held = Sender(), Controller()
    ref = weakref.ref(held)
    resource_id = coordinator.track_connection(sender.told, lambda number, held=held: None)
    del held
    coordinator.release(resource_id)
    collect_qt()

    assert ref() is None


class Listener:
    """A plain object, which Qt knows nothing of."""

    def __init__(self, seen):
        self.seen = seen

    def hear(self, number):
        self.seen.append(number)


def test_a_plain_object_may_die_while_it_is_told(
    coordinator: UIResourceCoordinator, qtbot: QtBot
) -> None:
    """A queued call to a method of an object that is gone by then is passed over."""
    sender, seen = Sender(), []
    listener, other = Listener(seen), Listener(seen)
    for one in (listener, other):
        coordinator.track_connection(sender.told, one.hear, sender=sender)
    thread = threading.Thread(target=sender.told.emit, args=(7,))
    thread.start()
    thread.join()
    del listener
    qtbot.waitUntil(lambda: bool(seen))
    coordinator.cleanup_all()

    assert seen == [7]


def test_a_connection_ends_with_its_sender(
    coordinator: UIResourceCoordinator, collect_qt: Callable[[], None]
) -> None:
    """Given the sender, the tracking ends when that is deleted."""
    sender = Sender()
    coordinator.track_connection(sender.told, print, sender=sender)
    sender.deleteLater()
    collect_qt()

    assert coordinator.get_resource_count() == 0


def test_an_event_filter_is_removed(coordinator: UIResourceCoordinator, qapp: QApplication) -> None:
    """On release the filter sees nothing more."""
    target, event_filter = QObject(), Filter()
    resource_id = coordinator.track_event_filter(target, event_filter)
    qapp.sendEvent(target, QEvent(QEvent.Type.User))
    coordinator.release(resource_id)
    qapp.sendEvent(target, QEvent(QEvent.Type.User))

    assert event_filter.seen == 1


@pytest.mark.parametrize("gone", ["target", "filter"])
def test_an_event_filter_ends_with_either_object(
    coordinator: UIResourceCoordinator, collect_qt: Callable[[], None], gone: str
) -> None:
    """When target or filter is deleted, the tracking ends, and nothing is touched."""
    target, event_filter = QObject(), Filter()
    coordinator.track_event_filter(target, event_filter)
    (target if gone == "target" else event_filter).deleteLater()
    collect_qt()

    assert coordinator.get_resource_count() == 0


def test_a_tabs_resources_are_tracked_by_kind(
    coordinator: UIResourceCoordinator, collect_qt: Callable[[], None]
) -> None:
    """The standard set-up finds panels, timer, worker and dialog, and each is put away its way."""
    tab = Tab()
    found = coordinator.setup_standard_tab_resources(tab)
    tab.worker.start()
    tab.settings_dialog.show()
    counts = coordinator.service.get_resource_count(coordinator._component())

    coordinator.cleanup_all()
    after = (
        tab._refresh_timer.isActive(),
        tab.worker.isRunning(),
        tab.settings_dialog.isVisible(),
        coordinator.get_resource_count(),
    )
    tab.deleteLater()
    collect_qt()

    assert (len(found), counts) == (5, {"qobject": 4, "worker": 1})
    assert after == (False, False, False, 0)


def test_a_registered_component_is_a_child(
    coordinator: UIResourceCoordinator,
    controller: Controller,
    service: ResourceManagementService,
    collect_qt: Callable[[], None],
) -> None:
    """A registered tab is a component of its own, cleaned up before its controller."""
    tab = QWidget()
    order = []
    coordinator.register_ui_component(tab, "Tab")
    service.register_cleanup(tab, lambda: order.append("tab"))
    service.register_cleanup(controller, lambda: order.append("controller"), priority=-1)
    children = [
        c.children for c in service.snapshot().components if c.component_id == "Controller_1"
    ]

    service.cleanup_component(controller)
    state = service.get_component_state(tab)
    collect_qt()

    assert len(children[0]) == 1
    assert (order, state) == (["tab", "controller"], ComponentState.DESTROYED)
    assert not isValid(tab)


def test_a_destroyed_component_is_forgotten(
    coordinator: UIResourceCoordinator,
    service: ResourceManagementService,
    collect_qt: Callable[[], None],
) -> None:
    """When Qt deletes a registered tab it is no component any more."""
    panel = QWidget()
    tab = QWidget(panel)
    coordinator.register_ui_component(tab)
    before = len(service.snapshot().components)
    panel.deleteLater()
    collect_qt()

    assert (before, len(service.snapshot().components)) == (2, 1)


def test_tracking_elsewhere_is_refused(coordinator: UIResourceCoordinator) -> None:
    """To track a Qt object on another thread is a typed error."""
    widget, caught = QWidget(), []

    def work():
        for call in (coordinator.track_widget, coordinator.register_ui_component):
            with pytest.raises(NotGuiThread) as error:
                call(widget)
            caught.append(error.type)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert caught == [NotGuiThread, NotGuiThread]


def test_cleaned_up_elsewhere_the_widget_is_touched_here(
    qtbot: QtBot, coordinator: UIResourceCoordinator, collect_qt: Callable[[], None]
) -> None:
    """A clean-up on another thread closes the books there, and touches the timer on this one."""
    timer = QTimer()
    timer.start(10_000)
    stopped_on = []
    timer.destroyed.connect(lambda: stopped_on.append(threading.get_ident()))
    coordinator.track_timer(timer)
    thread = threading.Thread(target=coordinator.cleanup_all)
    thread.start()
    thread.join()
    between = (coordinator.get_resource_count(), timer.isActive())

    qtbot.waitUntil(lambda: not isValid(timer))
    collect_qt()

    assert between == (0, True)
    assert stopped_on == [threading.get_ident()]


def test_a_coordinator_that_goes_still_delivers(
    qtbot: QtBot, service: ResourceManagementService, collect_qt: Callable[[], None]
) -> None:
    """What was handed to the GUI thread is done although the coordinator has gone meanwhile."""
    owner = Controller()
    coordinator = UIResourceCoordinator("Short_1", service)
    coordinator.bind_to_component(owner)
    timer = QTimer()
    timer.start(10_000)
    coordinator.track_timer(timer)
    thread = threading.Thread(target=coordinator.cleanup_all)
    thread.start()
    thread.join()
    service.unregister_component(owner)
    del coordinator, thread
    gc.collect()

    qtbot.waitUntil(lambda: not isValid(timer))


def test_two_hundred_tabs_leave_nothing(
    qtbot: QtBot, service: ResourceManagementService, collect_qt: Callable[[], None]
) -> None:
    """200 tabs set up, half of their workers started, closed: no object of theirs is left."""
    refs = []
    for number in range(200):
        owner = Controller()
        coordinator = UIResourceCoordinator(f"Tab_{number}", service)
        coordinator.bind_to_component(owner)
        tab = Tab()
        coordinator.register_ui_component(tab)
        coordinator.setup_standard_tab_resources(tab)
        if number % 2:
            tab.worker.start()
        coordinator.cleanup_all()
        service.unregister_component(owner)
        tab.deleteLater()
        refs += [weakref.ref(thing) for thing in (owner, coordinator, tab, tab.worker)]
        del owner, coordinator, tab
    collect_qt()

    assert [ref() for ref in refs if ref() is not None] == []
    assert service.get_statistics()["active_resources"] == 0
