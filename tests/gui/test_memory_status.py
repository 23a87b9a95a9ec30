"""The corner of the status bar: memory and resources, current, and a door to the monitor."""

from __future__ import annotations

import os

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from budgetinator.resources import ResourceManagementService, ResourceType
from gui.application import Application
from gui.widgets.memory_status import MemoryStatus


class Component:
    """Anything that owns resources."""


class Held:
    """Anything that can be referenced weakly."""


@pytest.fixture
def owner(service):
    made = Component()
    service.register_component(made, "Tab_1", "tab")
    yield made
    service.unregister_component(made)


def test_it_says_what_is_held(
    qtbot: QtBot, application: Application, service: ResourceManagementService, owner: Component
) -> None:
    """Memory of the process and of the hosts, and the number of resources."""
    status = MemoryStatus(service, application.bridge, host_pids=lambda: [os.getppid(), 2**22 + 1])
    qtbot.addWidget(status)
    own, _, rest = status.text().partition(" + ")

    assert own.endswith("MB")
    assert rest.endswith("·  0 resources")
    assert "Workbooks, in 1 process" in status.toolTip()


def test_it_follows_what_is_tracked(
    qtbot: QtBot, application: Application, service: ResourceManagementService, owner: Component
) -> None:
    """Something tracked is counted soon after."""
    status = MemoryStatus(service, application.bridge)
    qtbot.addWidget(status)
    status.show()
    held = Held()
    service.track_resource(owner, ResourceType.CUSTOM, held)

    qtbot.waitUntil(lambda: status.text().endswith("1 resource"))


@pytest.mark.parametrize("how", ["click", "key"])
def test_it_asks_for_the_monitor(
    qtbot: QtBot, service: ResourceManagementService, how: str
) -> None:
    """A click or the space bar asks for the resource monitor."""
    status = MemoryStatus(service)
    qtbot.addWidget(status)
    status.show()
    with qtbot.waitSignal(status.monitor_requested):
        if how == "click":
            qtbot.mouseClick(status, Qt.MouseButton.LeftButton)
        else:
            qtbot.keyClick(status, Qt.Key.Key_Space)


def test_hidden_it_reads_nothing(qtbot: QtBot, service: ResourceManagementService) -> None:
    """While it is not seen no timer of it runs."""
    status = MemoryStatus(service)
    qtbot.addWidget(status)
    status.show()
    shown = status._timer.isActive()
    status.hide()

    assert (shown, status._timer.isActive()) == (True, False)
