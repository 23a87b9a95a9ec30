"""Named clean-up, and the registry of services."""

from __future__ import annotations

import gc
import weakref
from typing import Any, Protocol

import pytest

from budgetinator.errors import ServiceNotRegistered
from budgetinator.resources import (
    ReleaseOutcome,
    ResourceCleanupManager,
    ResourceManagementService,
    clear_services,
    get_service,
    register_service,
)
from tests.resources.things import Closable, Thing


@pytest.fixture
def manager(service: ResourceManagementService) -> ResourceCleanupManager:
    return ResourceCleanupManager(service)


def test_both_call_forms(
    service: ResourceManagementService, manager: ResourceCleanupManager
) -> None:
    """`(id, func)` and `(id, resource, func)`; the latter's func may take the resource or not."""
    ran: list[Any] = []
    resource = Thing()
    manager.register_resource("a", lambda: ran.append("a"))
    manager.register_resource("b", resource, ran.append)
    manager.register_resource("c", resource, lambda: ran.append("c"))
    assert manager.get_resource_stats() == {
        "total_resources": 3,
        "registered_resources": ["a", "b", "c"],
        "cleanup_callbacks": 0,
    }
    assert service.get_resource_count() == {"custom": 3}
    manager._cleanup_all_resources()
    assert ran == ["c", resource, "a"]
    assert manager.get_resource_stats()["total_resources"] == 0
    manager.cleanup()
    assert len(ran) == 3


def test_callbacks_run_last_in_first_out_and_once(manager: ResourceCleanupManager) -> None:
    """The undo takes one away, harmless when used twice."""
    ran: list[str] = []
    for name in "ab":
        manager.add_cleanup_callback(lambda name=name: ran.append(name))
    undo = manager.add_cleanup_callback(lambda: ran.append("undone"))
    undo()
    undo()
    assert manager.get_resource_stats()["cleanup_callbacks"] == 2
    manager.cleanup()
    manager.cleanup()
    assert ran == ["b", "a"]


def test_a_bound_method_does_not_keep_its_object(manager: ResourceCleanupManager) -> None:
    """An object that goes takes its callback with it."""
    closable = Closable()
    closed = closable.closed
    manager.add_cleanup_callback(closable.close)
    ref = weakref.ref(closable)
    del closable
    manager.cleanup()
    assert (ref(), closed) == (None, [])


def test_unregistering_closes_nothing(
    service: ResourceManagementService, manager: ResourceCleanupManager
) -> None:
    """By name or by the undo; whether there was one is the answer."""
    ran: list[str] = []
    manager.register_resource("a", lambda: ran.append("a"))
    undo = manager.register_resource("b", lambda: ran.append("b"))
    assert (manager.unregister_resource("a"), manager.unregister_resource("a")) == (True, False)
    undo()
    undo()
    manager.cleanup()
    assert (ran, service.get_resource_count()) == ([], {})


def test_one_resource_is_cleaned_up_by_its_name(manager: ResourceCleanupManager) -> None:
    """All registrations of the name are closed, the last one first; unknown ones say so."""
    ran: list[int] = []
    for number in (1, 2):
        manager.register_resource("a", lambda number=number: ran.append(number))
    assert manager.cleanup_resource("a") is ReleaseOutcome.RELEASED
    assert (manager.cleanup_resource("a"), ran) == (ReleaseOutcome.UNKNOWN, [2, 1])


def test_a_failing_one_stays_and_the_others_run(
    manager: ResourceCleanupManager, expect_log: Any
) -> None:
    """Failures come out together; what failed can be tried again."""
    expect_log("could not be closed: busy")
    ran: list[str] = []
    fails = [True]

    def fail() -> None:
        if fails:
            raise OSError("busy")
        ran.append("at last")

    manager.register_resource("first", lambda: ran.append("first"))
    manager.register_resource("failing", fail)
    manager.register_resource("last", lambda: ran.append("last"))
    manager.add_cleanup_callback(lambda: 1 // 0)
    with pytest.raises(ExceptionGroup) as caught:
        manager.cleanup()
    assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError, OSError]
    assert manager.get_resource_stats()["registered_resources"] == ["failing"]
    assert manager.cleanup_resource("failing") is ReleaseOutcome.FAILED
    fails.clear()
    manager.cleanup()
    assert ran == ["last", "first", "at last"]


def test_the_services_end_is_its_end(
    service: ResourceManagementService, manager: ResourceCleanupManager
) -> None:
    """Closing the service runs callbacks and closes resources, once."""
    ran: list[str] = []
    manager.register_resource("a", lambda: ran.append("a"))
    manager.add_cleanup_callback(lambda: ran.append("callback"))
    service.close()
    service.close()
    assert ran == ["callback", "a"]


def test_what_cannot_be_called_is_refused(manager: ResourceCleanupManager) -> None:
    """The TypeError names the id, and nothing is registered."""
    with pytest.raises(TypeError, match="page"):
        manager.register_resource("page", Thing())
    assert manager.get_resource_stats()["total_resources"] == 0


def test_an_undo_in_a_finalizer_does_not_hang(manager: ResourceCleanupManager) -> None:
    """The collector may run an undo in the midst of a registration, in the same thread."""

    class Owner:
        def __init__(self) -> None:
            self.itself = self
            self.undo = manager.register_resource("owned", lambda: None)
            self.undo_callback = manager.add_cleanup_callback(lambda: None)

        def __del__(self) -> None:
            self.undo()
            self.undo_callback()

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(300):
            Owner()
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert manager.get_resource_stats() == {
        "total_resources": 0,
        "registered_resources": [],
        "cleanup_callbacks": 0,
    }


# The registry


class Greeter(Protocol):
    def greet(self) -> str: ...


class Hello:
    def greet(self) -> str:
        return "hello"


def test_what_was_never_registered_is_a_value_error() -> None:
    """The error names the interface and says what to call."""
    with pytest.raises(ValueError, match="Greeter; call register_service first") as caught:
        get_service(Greeter)  # type: ignore[type-abstract]
    assert isinstance(caught.value, ServiceNotRegistered)


def test_registering_returns_the_undo() -> None:
    """It brings back what stood before, and is harmless when used twice or too late."""
    first, second = Hello(), Hello()
    undo_first = register_service(Greeter, first)  # type: ignore[type-abstract]
    undo_second = register_service(Greeter, second)  # type: ignore[type-abstract]
    undo_first()
    assert get_service(Greeter) is second  # type: ignore[type-abstract]
    undo_second()
    undo_second()
    assert get_service(Greeter) is first  # type: ignore[type-abstract]
    clear_services()
    undo_first()
    with pytest.raises(ServiceNotRegistered):
        get_service(Greeter)  # type: ignore[type-abstract]
