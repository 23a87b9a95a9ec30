"""What the tests of this package track, and how they see that no lock is held."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from budgetinator.resources import ResourceManagementService

__all__ = ["Closable", "Component", "Thing", "assert_unlocked", "in_thread"]

PATIENCE = 10.0
"""Seconds after which something that should have happened has not."""


class Component:
    """Something that holds resources."""


class Thing:
    """A resource with no more to it than that it can be referenced weakly."""


class Closable:
    """A resource that notes in a list, which may be shared, that it was closed."""

    def __init__(self, name: str = "it", closed: list[str] | None = None) -> None:
        self.name = name
        self.closed = [] if closed is None else closed

    def close(self) -> None:
        self.closed.append(self.name)


def assert_unlocked(service: ResourceManagementService) -> None:
    """This thread holds no lock of the service, and another one can use it at this moment."""
    assert not service._lock._is_owned()  # type: ignore[attr-defined]
    in_thread(service.snapshot)


def in_thread(function: Callable[[], Any]) -> Any:
    """What a function returns in another thread, which must end in time."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), f"{function} waits for something that is held here"
    return results[0]
