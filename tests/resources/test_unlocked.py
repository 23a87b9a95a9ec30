"""Whatever is called is called with no lock held, and while another thread can use the service."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from budgetinator.resources import (
    ComponentState,
    ResourceCleanupManager,
    ResourceManagementService,
    ResourcePool,
    ResourceType,
    ThreadWorker,
    WorkerResourceCoordinator,
)
from tests.resources.things import PATIENCE, Component, Thing, assert_unlocked, in_thread


class Calls:
    """Makes callables that check, and remembers which of them were called."""

    def __init__(self, service: ResourceManagementService) -> None:
        self._service = service
        self.names: list[str] = []

    def __call__(self, name: str, answer: object = None) -> Callable[..., Any]:
        def check(*_arguments: object) -> object:
            assert_unlocked(self._service)
            self.names.append(name)
            return answer

        return check


@pytest.fixture
def calls(service: ResourceManagementService) -> Calls:
    return Calls(service)


def test_slots(service: ResourceManagementService, calls: Calls) -> None:
    """Every signal is emitted with no lock held, by both ways of tracking and by death."""
    service.component_registered.connect(calls("registered"))
    service.resource_tracked.connect(calls("tracked"))
    service.resource_released.connect(calls("released"))
    service.component_cleanup.connect(calls("cleanup"))
    service.memory_threshold_exceeded.connect(calls("exceeded"))
    component = Component()
    service.register_component(component, "one")
    plain, rich, dying = Thing(), Thing(), Thing()
    service.release_resource(component, service.track_resource(component, "memory", plain))
    service.release_resource(
        component, service.track_resource(component, ResourceType.MEMORY, plain, 5)
    )
    service.track_resource(component, ResourceType.MEMORY, dying)
    del dying
    service.tick()
    with service.scope(component) as scope:
        scope.add(plain)
        scope.add(rich, cleanup=calls("handler"))
    service.cleanup_component(component)
    assert set(calls.names) == {"registered", "tracked", "released", "cleanup", "handler"}
    assert calls.names.count("tracked") == calls.names.count("released") == 5


def test_the_slot_of_a_threshold(
    service: ResourceManagementService, component: Component, calls: Calls, expect_log: Any
) -> None:
    """The events of a component's limit and of the global one are emitted with no lock held."""
    expect_log("exceeded memory limit")
    service.memory_threshold_exceeded.connect(calls("exceeded"))
    service.set_memory_limit("component", 10)
    service.set_global_memory_limit(10)
    service.track_resource(component, ResourceType.MEMORY, None, 11)
    assert calls.names == ["exceeded", "exceeded"]


def test_callbacks_and_handlers_of_a_cleanup(
    service: ResourceManagementService, component: Component, calls: Calls
) -> None:
    """Callbacks, handlers, handlers of types, and those of children."""
    service.register_resource_type("thing", cleanup=calls("type"))
    child = Component()
    service.register_component(child, "child")
    service.add_child(component, child)
    service.register_cleanup(child, calls("child"))
    service.register_cleanup(component, calls("callback"))
    things = [Thing(), Thing()]
    service.track_resource(component, ResourceType.MEMORY, things[0], cleanup=calls("handler"))
    service.track_resource(component, "thing", things[1])
    service.cleanup_component(component)
    assert calls.names == ["child", "callback", "type", "handler"]


def test_the_close_of_a_file_like(
    service: ResourceManagementService, component: Component, calls: Calls
) -> None:
    """`close()` of a tracked file is called with no lock held."""

    class File:
        close = staticmethod(calls("close"))

    key = service.track_resource(component, ResourceType.FILE_HANDLE, File())
    service.release_resource(component, key)
    assert calls.names == ["close"]


def test_predicates_of_eviction(
    service: ResourceManagementService, component: Component, calls: Calls
) -> None:
    """`may_evict` is asked with no lock held, under a count limit and when all idle is closed."""
    things = [Thing(), Thing(), Thing()]
    service.set_resource_limit("component", ResourceType.CUSTOM, 1, policy="evict")
    for thing in things[:2]:
        service.track_resource(
            component, "custom", thing, may_evict=calls("ask", True), cleanup=calls("handler")
        )
    service.evict_idle()
    assert calls.names == ["ask", "handler", "ask", "handler"]


def test_predicates_under_a_byte_limit(
    service: ResourceManagementService, component: Component, calls: Calls, expect_log: Any
) -> None:
    """`may_evict` is asked with no lock held when bytes go above their mark."""
    expect_log("exceeded memory limit")
    service.set_memory_limit("component", 10, policy="evict")
    for _ in range(2):
        service.track_resource(component, "custom", [1], 6, may_evict=calls("ask", True))
    assert calls.names == ["ask"]


def test_the_functions_of_a_pool(service: ResourceManagementService, calls: Calls) -> None:
    """Factory, reset, ping, close and clock of a pool are called outside of its lock and ours."""
    names = ("make", "reset", "ping", "close", "clock")
    answers = {"make": Thing(), "ping": True, "clock": 0.0}

    def checked(name: str) -> Callable[..., Any]:
        def check(*_arguments: object) -> object:
            assert not pool._changed._lock._is_owned()  # type: ignore[attr-defined]
            in_thread(pool.get_statistics)
            return calls(name, answers.get(name))()

        return check

    make, reset, ping, close, clock = map(checked, names)
    pool = ResourcePool(
        make, service=service, reset=reset, ping=ping, close=close, clock=clock, max_age=60.0
    )
    for _ in range(2):
        pool.lease().release()
    pool.trim()
    pool.close()
    assert set(calls.names) == set(names)


def test_the_callbacks_of_a_cleanup_manager(
    service: ResourceManagementService, calls: Calls
) -> None:
    """Its callbacks and functions are called outside of its lock and of the service's."""
    manager = ResourceCleanupManager(service)

    def checked(name: str) -> Callable[..., Any]:
        def check(*_arguments: object) -> None:
            assert not manager._lock._is_owned()  # type: ignore[attr-defined]
            in_thread(manager.get_resource_stats)
            calls(name)()

        return check

    manager.add_cleanup_callback(checked("callback"))
    manager.register_resource("one", checked("function"))
    manager.register_resource("two", Thing(), checked("of resource"))
    manager.cleanup()
    assert calls.names == ["callback", "of resource", "function"]


def test_cancelling_a_worker(
    service: ResourceManagementService, component: Component, calls: Calls
) -> None:
    """A worker is cancelled and waited for with no lock held."""
    go = threading.Event()
    coordinator = WorkerResourceCoordinator("workers", service)
    coordinator.bind_to_component(owner := Component())

    def cancel() -> None:
        calls("cancel")()
        go.set()

    thread = threading.Thread(target=go.wait, args=(PATIENCE,))
    thread.start()
    coordinator.track_worker(ThreadWorker(thread, cancel))
    assert coordinator.cancel_all_workers()
    thread.join()
    assert (calls.names, type(owner)) == (["cancel"], Component)


def test_the_burial_of_a_dead_component(
    service: ResourceManagementService, calls: Calls, expect_log: Any
) -> None:
    """What a dead component left is closed with no lock held."""
    expect_log("was collected while it held 1 resources")
    component = Component()
    service.register_component(component, "left behind")
    service.track_resource(component, "custom", [1], cleanup=calls("handler"))
    del component
    gc.collect()
    service.get_statistics()
    assert calls.names == ["handler"]


def test_a_finalizer_within_an_operation_calls_nothing_out(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """A finalizer that comes in while this thread holds the lock leaves burials for later."""
    expect_log("was collected while it held 1 resources")
    locked: list[bool] = []
    doomed = Component()
    service.register_component(doomed, "doomed")
    service.track_resource(
        doomed,
        "custom",
        [1],
        cleanup=lambda _r: locked.append(service._lock._is_owned()),  # type: ignore[attr-defined]
    )
    del doomed
    with service._lock:  # as if the collector ran within one of the service's own operations
        service.track_resource(component, ResourceType.MEMORY, None, 1)
        assert service.get_resource_count(component) == {"memory": 1}
        assert locked == []
    service.get_statistics()
    assert locked == [False]


def test_log_handlers(service: ResourceManagementService, component: Component) -> None:
    """What the library logs reaches handlers with no lock of the service held."""
    seen: list[str] = []

    class Handler(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            # `handle` and not `emit`: the logging module holds a lock of its own around that.
            assert_unlocked(service)
            seen.append(record.getMessage())
            return True

    log = logging.getLogger("budgetinator.resources")
    handler = Handler(logging.DEBUG)
    level = log.level
    propagate, log.propagate = log.propagate, False
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        service.set_debug(False)
        service.register_component(component, "again")
        key = service.track_resource(component, ResourceType.MEMORY, thing := Thing())
        service.set_component_state(component, ComponentState.ACTIVE)
        service.release_resource(component, key)
        service.cleanup_component(component)
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagate
        service.set_debug(False)
    assert [text.split()[0] for text in seen] == [
        "Component",
        "Tracked",
        "Component",
        "Released",
        "Cleaning",
        "Component",
    ]
    assert isinstance(thing, Thing)
