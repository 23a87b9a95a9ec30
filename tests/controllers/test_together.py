"""All controllers over one workbook, as a tab has them, again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from budgetinator.controllers import (
    CheckController,
    EditController,
    OpenController,
    SaveController,
)
from budgetinator.errors import HostDied
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager
from tests.controllers.tasks import ran, started
from tests.support.probes import children, descriptors
from tests.workbooks.builders import make_workbook

Service = ResourceManagementService


class Tab:
    """A workbook with what a tab does to it; nothing in it tracks or closes anything."""

    def __init__(self, path: Path) -> None:
        self.opening, self.editing = OpenController(), EditController()
        self.saving, self.checking = SaveController(), CheckController()
        self.host = ran(self.opening.start_open(path).value).result.value

    def cleanup(self) -> None:
        for controller in (self.checking, self.saving, self.editing, self.opening):
            controller.cleanup()


def _finished(tab: Tab) -> None:
    ran(tab.opening.start_reading(tab.host, "Budget").value)
    ran(tab.editing.start_edit(tab.host, {"Budget!B1": 7}).value)
    ran(tab.checking.start_check(tab.host).value)
    ran(tab.saving.start_save(tab.host).value)


def _cancelled(tab: Tab) -> None:
    reading = tab.opening.start_reading(tab.host, "Budget", chunk=1).value
    checking = tab.checking.start_check([tab.host.path] * 50).value
    for worker in (reading, checking):
        started(worker)
    tab.opening.cancel_current_operation()


def _never_started(tab: Tab) -> None:
    tab.opening.start_reading(tab.host, "Budget")
    tab.editing.start_edit(tab.host, {"Budget!B1": 7})
    tab.saving.start_save(tab.host)
    tab.checking.start_check(tab.host)


def _killed(tab: Tab) -> None:
    import os
    import signal

    os.kill(tab.host.pid, signal.SIGKILL)
    heard = ran(tab.editing.start_contents(tab.host, ["Budget!B1"]).value)
    assert isinstance(heard.result.error, HostDied)


@pytest.mark.parametrize("use", [_finished, _cancelled, _never_started, _killed])
def test_tabs_opened_and_closed_leave_nothing(
    service: Service, tmp_path: Path, use: Callable[[Tab], None]
) -> None:
    """Whatever was under way: no process, thread, descriptor, component or resource."""
    path = make_workbook(tmp_path / "budget.xlsx", {"Budget": [("Travel", 1)] * 300})
    counts: list[Any] = []

    for _ in range(4):
        tab = Tab(path)
        use(tab)
        tab.cleanup()
        del tab
        left = set(service.snapshot().components)
        names = {component.component_type for component in left}
        counts.append((len(descriptors()), children(), threading.active_count(), names))

    assert counts[1:] == counts[:-1]
    assert counts[-1][1:3] == ({}, 1)
    assert service.get_resource_count() == {}


def test_a_tab_edits_and_saves_what_it_shows(service: Service, tmp_path: Path) -> None:
    """Edited, saved and closed by four controllers, the file has the new figure."""
    path = make_workbook(tmp_path / "budget.xlsx")
    tab = Tab(path)

    _finished(tab)
    tab.cleanup()

    with ExcelManager(path, service=service) as manager:
        assert next(iter(manager.values("Budget"))) == ("Travel", 7)
