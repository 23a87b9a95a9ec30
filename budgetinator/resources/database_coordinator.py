"""A coordinator for connections to databases: the example of an extension (seed 000).

It adds what an extension needs to add, and nothing else: a resource type of its
own, a clean-up that respects the type's rules, and figures. Connections are those
of sqlite3, whose rule is that a connection belongs to the thread that opened it,
unless it was opened with `check_same_thread=False`.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import Any

from budgetinator.errors import ResourceError, UnknownResource
from budgetinator.resources.coordinators import BaseResourceCoordinator

__all__ = ["DATABASE", "DatabaseCoordinator"]

log = logging.getLogger("budgetinator.resources")

DATABASE = "database"
"""The resource type; registered with a service by its first DatabaseCoordinator."""


class DatabaseCoordinator(BaseResourceCoordinator):
    """Tracks the connections of one component, and counts their statements.

    On release an open transaction is rolled back, and the connection is closed. In
    another thread than the connection's own that is a ResourceError, and the connection
    stays tracked, to be released where it belongs. If that thread has ended, nobody
    may close it any more: it is let go, and SQLite rolls back what was open.
    """

    def __init__(
        self, component_id: str, service: Any = None, component_type: str | None = None
    ) -> None:
        super().__init__(component_id, service, component_type)
        self._handles: dict[str, _Handle] = {}
        if not self._service.ledger.catalog.is_type(DATABASE):
            self._service.register_resource_type(DATABASE, cleanup=_close, hold="strong")

    def track_connection(self, connection: sqlite3.Connection, name: str | None = None) -> str:
        """Track a connection, in the thread that opened it; returns the id.

        `name` is the database's file if it is not given. The connection's trace
        callback is used for counting. ResourceError in another thread, or for a
        connection that is closed.
        """
        handle = _Handle(self._component_id, name or _file_of(connection, self._component_id))
        connection.set_trace_callback(handle.count)
        resource_id = self.track_resource(
            connection, DATABASE, name=handle.name, cleanup_handler=handle
        )
        self._handles[resource_id] = handle
        return resource_id

    def statements(self, resource_id: str) -> int:
        """How many statements a connection has run since it was tracked; UnknownResource if none.

        What sqlite3 does by itself counts too: the BEGIN before a change, the COMMIT.
        """
        handle = self._handles.get(resource_id)
        if handle is None:
            raise UnknownResource(
                f"{self._component_id} tracks no connection {resource_id!r}.",
                component_id=self._component_id,
                resource_id=resource_id,
            )
        return handle.statements

    def get_statistics(self) -> dict[str, Any]:
        """`total_tracked`, and the `statements` of each connection by its id."""
        counts = {key: handle.statements for key, handle in self._handles.items()}
        return {**super().get_statistics(), "statements": counts}

    def on_resource_released(self, resource_id: str) -> None:
        self._handles.pop(resource_id, None)


class _Handle:
    """How one connection is let go, and how many statements it ran; does not refer to it."""

    def __init__(self, component_id: str, name: str) -> None:
        self.name = name
        self.statements = 0
        self._component_id = component_id
        self._thread = threading.current_thread()

    def count(self, _statement: str) -> None:
        self.statements += 1

    def __call__(self, connection: sqlite3.Connection) -> None:
        try:
            _close(connection)
        except sqlite3.ProgrammingError as error:
            if not self._thread.is_alive():
                log.info("%s is let go: its thread %s has ended", self.name, self._thread.name)
                return
            raise ResourceError(
                f"{self.name} belongs to the thread {self._thread.name}; release it there.",
                component_id=self._component_id,
            ) from error


def _close(connection: sqlite3.Connection) -> None:
    """Roll back what is open, and close; a connection that is closed already is no error."""
    if _is_open(connection) and connection.in_transaction:
        connection.rollback()
    connection.close()


def _is_open(connection: sqlite3.Connection) -> bool:
    try:
        connection.total_changes  # noqa: B018 - the one thing that is asked in any thread
    except sqlite3.ProgrammingError:
        return False
    return True


def _file_of(connection: sqlite3.Connection, component_id: str) -> str:
    try:
        path: str = connection.execute("pragma database_list").fetchone()[2]
    except sqlite3.ProgrammingError as error:
        raise ResourceError(
            f"A connection can only be tracked open, and in its own thread: {error}",
            component_id=component_id,
        ) from error
    return path or "a database in memory"
