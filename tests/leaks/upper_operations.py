"""Hosts, controllers, plugins and connections to databases, each as it is used."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from budgetinator.controllers import (
    EditController,
    OpenController,
    Progress,
    SaveController,
    WorkerController,
)
from budgetinator.errors import WorkbookDamaged
from budgetinator.plugins import PluginManager
from budgetinator.resources import DatabaseCoordinator
from budgetinator.workbooks import HostSpare, WorkbookHost, map_workbooks
from tests.leaks.ground import Ground, Operation, refused
from tests.plugins.building import plugin

__all__ = ["OPERATIONS"]

SECONDS = 20_000  # ms


def use_a_host(ground: Ground) -> None:
    with WorkbookHost.open(ground.budget, service=ground.runtime.surroundings) as host:
        list(host.rows("Budget"))
        host.set_cells({"Budget!B1": next(ground.numbers)})
        host.contents(["Budget!B1", "Budget!B2"])
        host.save()


def use_a_spare(ground: Ground) -> None:
    with HostSpare(ground.runtime.service) as spare:
        spare.warm()
        surroundings = ground.runtime.surroundings
        with WorkbookHost.open(ground.budget, spare=spare, service=surroundings):
            pass


def kill_a_host(ground: Ground) -> None:
    host = WorkbookHost.open(ground.budget, service=ground.runtime.surroundings)
    died = threading.Event()
    host.died.connect(lambda _error: died.set())
    host._line.process.kill()
    died.wait(SECONDS / 1000)
    host.close()


def open_a_damaged_file_in_a_host(ground: Ground) -> None:
    with refused(WorkbookDamaged):
        WorkbookHost.open(ground.damaged, service=ground.runtime.surroundings)


def bytes_of(path: Path) -> int:
    return len(path.read_bytes())


def map_three_workbooks(ground: Ground) -> None:
    mapping = map_workbooks(bytes_of, ground.others, workers=1, service=ground.runtime.surroundings)
    with mapping as found:
        assert sum(each.success for each in found) == len(ground.others)


def value_of(result: Any) -> Any:
    """What the worker of a started operation comes to."""
    worker = result.value
    got: list[Any] = []
    worker.result_ready.connect(got.append)
    worker.start()
    worker.wait(SECONDS)
    return got[0].value


def read_edit_and_save_with_controllers(ground: Ground) -> None:
    surroundings = ground.runtime.surroundings
    opening = OpenController(service=surroundings)
    editing = EditController(service=surroundings)
    saving = SaveController(service=surroundings)
    host = value_of(opening.start_open(ground.budget))
    value_of(opening.start_reading(host, "Budget", 1, 2))
    value_of(editing.start_edit(host, {"Budget!B1": next(ground.numbers)}))
    value_of(saving.start_save(host))
    for controller in (saving, editing, opening):
        controller.cleanup()


def cancel_an_opening(ground: Ground) -> None:
    opening = OpenController(service=ground.runtime.surroundings)
    worker = opening.start_open(ground.budget).value
    worker.start()
    opening.cancel_current_operation()
    opening.cleanup()


def until_cancelled(progress: Progress) -> None:
    progress.wait(SECONDS)
    progress.check()


def cancel_and_clean_up_a_controller(ground: Ground) -> None:
    controller = WorkerController(service=ground.runtime.service)
    for _ in range(2):
        controller.start_worker(until_cancelled, "work").value.start()
        controller.cancel_current_operation()
    controller.start_worker(until_cancelled, "work").value.start()
    controller.cleanup()


def load_and_unload_a_plugin(ground: Ground) -> None:
    folder = ground.folder / "plugins"
    if not folder.exists():
        folder.mkdir(mode=0o700)
        plugin(folder, "tallies", initialize="self.track_resource('custom', [1], 7)")
    manager = PluginManager(
        ground.runtime.service,
        state_dir=ground.folder / "state",
        folders=[folder],
        entry_points=False,
    )
    manager.discover_plugins()
    manager.trust("tallies")
    assert manager.load_plugin("tallies").success
    assert manager.unload_plugin("tallies").success
    manager.close()


class Table:
    """A component with connections."""


def connect_to_a_database(ground: Ground) -> None:
    component = Table()
    coordinator = DatabaseCoordinator("table", ground.runtime.service)
    coordinator.bind_to_component(component)
    connection = sqlite3.connect(ground.folder / "table.db", isolation_level=None)
    resource_id = coordinator.track_connection(connection)
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE IF NOT EXISTS costs (item, cost)")
    assert coordinator.statements(resource_id) == 2
    coordinator.cleanup_all()
    ground.runtime.service.unregister_component(component)


OPERATIONS: Mapping[str, Operation] = {
    "host, opened, read, edited and saved": use_a_host,
    "host, of a spare process": use_a_spare,
    "host, killed": kill_a_host,
    "host, of a damaged file": open_a_damaged_file_in_a_host,
    "map_workbooks, three files": map_three_workbooks,
    "controllers, opened, read, edited and saved": read_edit_and_save_with_controllers,
    "controller, opening cancelled": cancel_an_opening,
    "controller, cancelled and cleaned up": cancel_and_clean_up_a_controller,
    "plugin, loaded and unloaded": load_and_unload_a_plugin,
    "database, connected": connect_to_a_database,
}
