"""DatabaseCoordinator: connections counted, rolled back and closed, each in its own thread."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from budgetinator.errors import ResourceError, UnknownResource
from budgetinator.resources import (
    BaseResourceCoordinator,
    DatabaseCoordinator,
    ResourceManagementService,
)
from tests.support.logs import ExpectLog

Service = ResourceManagementService


class Component:
    """Anything that works with a database."""


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


@pytest.fixture
def component() -> Component:
    return Component()


@pytest.fixture
def databases(service: Service, component: Component) -> DatabaseCoordinator:
    coordinator = DatabaseCoordinator("Costs_1", service)
    coordinator.bind_to_component(component)
    return coordinator


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "costs.db"
    connection = sqlite3.connect(path)
    connection.execute("create table cost (amount)")
    connection.close()
    return path


def costs_in(path: Path) -> list[Any]:
    connection = sqlite3.connect(path)
    rows = connection.execute("select amount from cost").fetchall()
    connection.close()
    return [amount for (amount,) in rows]


def is_closed(connection: sqlite3.Connection) -> bool:
    try:
        connection.total_changes  # noqa: B018
    except sqlite3.ProgrammingError:
        return True
    return False


def in_a_thread(call: Callable[[], object]) -> Any:
    """What the call comes to, or raises, in another thread."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(call())
        except Exception as error:  # noqa: BLE001 - it is what the test looks at
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def test_a_connection_is_a_resource_of_its_own_type(
    service: Service, component: Component, databases: DatabaseCoordinator, path: Path
) -> None:
    """Counted as "database", named by its file, closed on release."""
    connection = sqlite3.connect(path)

    resource_id = databases.track_connection(connection)
    tracked = service.get_resource(resource_id)
    counted = service.get_resource_count(component)
    databases.release(resource_id)

    assert isinstance(databases, BaseResourceCoordinator)
    assert tracked is not None
    assert (tracked.resource_type.value, tracked.name) == ("database", str(path))
    assert counted == {"database": 1}
    assert is_closed(connection)
    assert service.get_resource_count(component) == {}


def test_an_open_transaction_is_rolled_back(databases: DatabaseCoordinator, path: Path) -> None:
    """What was committed stays; what was not is gone, and nobody waits for its lock."""
    connection = sqlite3.connect(path)
    databases.track_connection(connection)
    connection.execute("insert into cost values (1)")
    connection.commit()
    connection.execute("insert into cost values (2)")

    databases.cleanup_all()

    assert costs_in(path) == [1]


def test_the_rollback_comes_before_the_close(databases: DatabaseCoordinator, path: Path) -> None:
    """It is said to SQLite, and not left to what closing makes of it; without one, only closed."""
    said: list[str] = []

    class Recording(sqlite3.Connection):
        def rollback(self) -> None:
            said.append("rollback")
            super().rollback()

        def close(self) -> None:
            said.append("close")
            super().close()

    changed, unchanged = (sqlite3.connect(path, factory=Recording) for _ in range(2))
    ids = [databases.track_connection(connection) for connection in (changed, unchanged)]
    changed.execute("insert into cost values (1)")

    for resource_id in ids:
        databases.release(resource_id)

    assert said == ["rollback", "close", "close"]


def test_statements_are_counted(databases: DatabaseCoordinator) -> None:
    """Each that SQLite runs, also those that sqlite3 adds; told by connection."""
    connection = sqlite3.connect(":memory:")
    resource_id = databases.track_connection(connection, name="figures")

    connection.execute("create table cost (amount)")
    connection.executemany("insert into cost values (?)", [(1,), (2,)])
    connection.commit()

    assert databases.statements(resource_id) == 5  # create, BEGIN, two inserts, COMMIT
    assert databases.get_statistics() == {"total_tracked": 1, "statements": {resource_id: 5}}
    databases.cleanup_all()
    with pytest.raises(UnknownResource):
        databases.statements(resource_id)


def test_in_another_thread_a_connection_is_not_closed(
    service: Service, databases: DatabaseCoordinator, path: Path, expect_log: ExpectLog
) -> None:
    """The error names its thread; it stays tracked and is released where it belongs."""
    expect_log("belongs to the thread MainThread; release it there")
    connection = sqlite3.connect(path)
    resource_id = databases.track_connection(connection)

    outcome = in_a_thread(databases.cleanup_all)
    still_open = not is_closed(connection)
    released = databases.release(resource_id)

    (error,) = outcome.exceptions
    assert isinstance(error, ResourceError)
    assert still_open
    assert released
    assert is_closed(connection)


def test_a_connection_without_the_rule_is_closed_in_any_thread(
    databases: DatabaseCoordinator, path: Path
) -> None:
    """`check_same_thread=False` says that its owner sees to that."""
    connection = sqlite3.connect(path, check_same_thread=False)
    databases.track_connection(connection)

    in_a_thread(databases.cleanup_all)

    assert is_closed(connection)


def test_a_connection_of_a_thread_that_has_ended_is_let_go(
    service: Service, component: Component, databases: DatabaseCoordinator, path: Path
) -> None:
    """Nobody may close it; it is forgotten, and SQLite rolls back what was open."""

    def insert() -> str:
        connection = sqlite3.connect(path)
        connection.execute("insert into cost values (1)")
        return databases.track_connection(connection)

    resource_id = in_a_thread(insert)

    outcome = databases.release(resource_id)

    assert outcome
    assert service.get_resource_count(component) == {}
    assert costs_in(path) == []


def test_a_closed_connection_and_one_of_another_thread_cannot_be_tracked(
    service: Service, component: Component, databases: DatabaseCoordinator
) -> None:
    """A ResourceError at once, and nothing is tracked."""
    connection = sqlite3.connect(":memory:")

    elsewhere = in_a_thread(lambda: databases.track_connection(connection))
    connection.close()

    assert isinstance(elsewhere, ResourceError)
    with pytest.raises(ResourceError, match="only be tracked open"):
        databases.track_connection(connection)
    assert service.get_resource_count(component) == {}


def test_a_connection_that_was_closed_by_hand_is_released(
    databases: DatabaseCoordinator, path: Path
) -> None:
    """Closing twice is no error."""
    connection = sqlite3.connect(path)
    resource_id = databases.track_connection(connection)
    connection.close()

    assert databases.release(resource_id)


def test_several_coordinators_share_the_type(service: Service) -> None:
    """The first one registers it; a hundred do no harm, and each counts its own."""
    coordinators = [DatabaseCoordinator(f"Tab_{number}", service) for number in range(3)]
    connections = [sqlite3.connect(":memory:") for _ in coordinators]
    for coordinator, connection in zip(coordinators, connections, strict=True):
        coordinator.track_connection(connection)

    counted = service.get_resource_count()
    service.close()

    assert counted == {"database": 3}
    assert [is_closed(connection) for connection in connections] == [True] * 3
