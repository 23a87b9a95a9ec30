"""The bridge: the library's signals on the GUI thread, whole, in order, weakly held."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from budgetinator.resources import ResourceManagementService, ResourceType, Signal
from gui.bridge import SignalBridge
from gui.mailbox import on_gui_thread


class Component:
    """Anything that owns resources."""


class Held:
    """Anything that can be referenced weakly."""


@pytest.fixture
def bridge(service: ResourceManagementService, qapp):
    made = SignalBridge(service, interval_ms=20)
    yield made
    made.close()


@pytest.fixture
def component(service: ResourceManagementService):
    made = Component()
    service.register_component(made, "Component_1", "test")
    yield made
    service.unregister_component(made)


def _in_a_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


def test_events_arrive_on_the_gui_thread_in_order(
    qtbot: QtBot, bridge: SignalBridge, service: ResourceManagementService, component: Component
) -> None:
    """What a worker thread tracks and releases is told on the GUI thread, in that order."""
    seen = []
    bridge.resource_tracked.connect(lambda *a: seen.append(("tracked", a, on_gui_thread())))
    bridge.resource_released.connect(lambda *a: seen.append(("released", a, on_gui_thread())))
    held = [Held() for _ in range(50)]
    ids = []

    def work():
        for one in held:
            key = service.track_resource(component, ResourceType.MEMORY, one)
            service.release_resource(component, key)
            ids.append(key)

    _in_a_thread(work)
    qtbot.waitUntil(lambda: len(seen) == 100)

    expected = []
    for key in ids:
        expected.append(("tracked", ("Component_1", key, "memory"), True))
        expected.append(("released", ("Component_1", key), True))
    assert seen == expected


def test_bytes_beyond_32_bits_arrive_as_they_are(
    qtbot: QtBot, bridge: SignalBridge, service: ResourceManagementService
) -> None:
    """3 GiB and 5 EiB arrive as the same Python ints."""
    seen = []
    bridge.memory_threshold_exceeded.connect(lambda name, size: seen.append((name, size)))

    _in_a_thread(lambda: service.memory_threshold_exceeded.emit("", 3 * 2**30))
    _in_a_thread(lambda: service.memory_threshold_exceeded.emit("big", 5 * 2**60))
    qtbot.waitUntil(lambda: len(seen) == 2)

    assert seen == [("", 3 * 2**30), ("big", 5 * 2**60)]


def test_a_burst_is_one_change(
    qtbot: QtBot, bridge: SignalBridge, service: ResourceManagementService, component: Component
) -> None:
    """20,000 events in a burst are told as a handful of changes; the last one has seen all."""
    changes = []
    bridge.changed.connect(lambda: changes.append(service.get_resource_count(component)))
    held = [Held() for _ in range(20_000)]

    for one in held:
        service.track_resource(component, ResourceType.MEMORY, one)
    qtbot.waitUntil(lambda: bool(changes) and changes[-1].get("memory") == 20_000)
    qtbot.wait(60)

    assert len(changes) <= 3


def test_what_nobody_listens_to_is_not_queued(
    qtbot: QtBot, bridge: SignalBridge, service: ResourceManagementService, component: Component
) -> None:
    """Without a listener to the single events only the one note of a change waits."""
    bridge.changed.connect(lambda: None)
    held = [Held() for _ in range(1000)]

    for one in held:
        service.track_resource(component, ResourceType.MEMORY, one)

    assert len(bridge._mailbox) <= 1


def test_neither_side_is_kept_alive(qapp: QApplication, service: ResourceManagementService) -> None:
    """A bridge that is dropped without close goes, and the library's signals forget it."""
    bridge = SignalBridge(service)
    ref = weakref.ref(bridge)
    del bridge
    gc.collect()

    service.component_registered.emit("anybody")

    assert (ref(), len(service.component_registered)) == (None, 0)


def test_deleted_by_qt_it_is_disconnected(
    qapp: QApplication, service: ResourceManagementService, collect_qt: Callable[[], None]
) -> None:
    """A bridge that goes with its parent leaves no slot, although Python still has it."""
    parent = QObject()
    bridge = SignalBridge(service, parent)
    parent.deleteLater()
    collect_qt()
    left = len(service.component_registered)
    service.component_registered.emit("anybody")
    bridge.close()

    assert left == 0


def test_the_service_is_not_kept_alive(qtbot: QtBot) -> None:
    """A bridge does not keep its service."""
    service = ResourceManagementService()
    bridge = SignalBridge(service)
    ref = weakref.ref(service)
    del service
    gc.collect()

    assert ref() is None
    bridge.close()


def test_nothing_arrives_after_close(
    qtbot: QtBot, bridge: SignalBridge, service: ResourceManagementService, component: Component
) -> None:
    """What waited is dropped at close, and the library's signals have no slot of it any more."""
    seen = []
    bridge.component_registered.connect(seen.append)
    bridge.changed.connect(lambda: seen.append("changed"))
    service.component_registered.emit("before")

    bridge.close()
    bridge.close()
    service.component_registered.emit("after")
    qtbot.wait(50)

    assert (seen, len(service.component_registered)) == ([], 0)


def test_any_signal_can_be_carried(qtbot: QtBot, bridge: SignalBridge) -> None:
    """A signal of the library's kind reaches a slot on the GUI thread until it is undone."""
    signal: Signal[int] = Signal("numbers")
    seen = []
    undo = bridge.carry(signal, lambda number: seen.append((number, on_gui_thread())))

    _in_a_thread(lambda: [signal.emit(number) for number in range(3)])
    qtbot.waitUntil(lambda: len(seen) == 3)
    undo()
    undo()
    signal.emit(4)
    qtbot.wait(20)

    assert seen == [(0, True), (1, True), (2, True)]


def test_a_carried_slot_goes_with_its_object(qtbot: QtBot, bridge: SignalBridge) -> None:
    """A bound method as a slot does not keep its object, and is not called after it."""

    class Listener:
        def hear(self, number):
            seen.append(number)

    seen, signal = [], Signal("numbers")
    listener = Listener()
    bridge.carry(signal, listener.hear)
    ref = weakref.ref(listener)
    del listener
    signal.emit(1)
    qtbot.wait(20)

    assert (ref(), seen) == (None, [])


EMITS = """
import os
os.environ["QT_QPA_PLATFORM"] = "offscreen"
import threading
from PySide6.QtCore import QCoreApplication, QObject, Signal
from budgetinator.resources import ResourceManagementService
from gui.bridge import SignalBridge

application = QCoreApplication([])
service = ResourceManagementService()
bridge = SignalBridge(service)
seen = []

class Plain(QObject):
    told = Signal(bool, int, object)

plain = Plain()
plain.told.connect(lambda *arguments: None)
for number in range(100_000):
    plain.told.emit(True, number, True)

def hear(name, size):
    seen.append(size)
    if len(seen) == 100_000:
        application.quit()

bridge.memory_threshold_exceeded.connect(hear)

def work():
    for number in range(100_000):
        service.memory_threshold_exceeded.emit("c", 2**33 + number)

thread = threading.Thread(target=work)
thread.start()
application.exec()
thread.join()
assert seen == [2**33 + number for number in range(100_000)]
bridge.close()
print("whole")
"""


def test_a_hundred_thousand_emits_are_survived() -> None:
    """The pinned PySide6 survives 100,000 emits, and the bridge carries 100,000 in order."""
    done = subprocess.run(
        [sys.executable, "-c", EMITS], capture_output=True, text=True, timeout=100, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "whole\n", "")
