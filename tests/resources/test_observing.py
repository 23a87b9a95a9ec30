"""What monitors see: counts in no time, one consistent view, what is held for too long."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from budgetinator.resources import ComponentState, ResourceManagementService, ResourceType
from tests.resources.things import Component, Thing

Register = Callable[[str], Component]


class Small:
    __slots__ = ("__weakref__",)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_keys_of_the_statistics(
    service: ResourceManagementService, component: Component
) -> None:
    """They are those of seed 003, and the bytes of all together."""
    thing = Thing()
    service.track_resource(component, "memory", thing, 4)
    service.release_resource(component, service.track_resource(component, "custom", thing))
    assert service.get_statistics() == {
        "components_registered": 1,
        "total_resources_tracked": 2,
        "total_resources_released": 1,
        "active_resources": 1,
        "memory_usage": {"component": 4},
        "resource_counts": {"memory": 1},
        "memory_bytes": 4,
    }


def test_counts_take_the_same_time_however_much_is_held(
    service: ResourceManagementService, component: Component
) -> None:
    """Asking with 100,000 live resources takes no longer than with 10 (a wide margin: 20 times)."""

    def best() -> float:
        times = []
        for _ in range(30):
            start = time.perf_counter()
            service.get_statistics()
            service.get_resource_count(component)
            service.get_memory_usage()
            times.append(time.perf_counter() - start)
        return min(times)

    things = [Small() for _ in range(100_000)]
    for thing in things[:10]:
        service.track_resource(component, ResourceType.MEMORY, thing, 8)
    few = best()
    for thing in things[10:]:
        service.track_resource(component, ResourceType.MEMORY, thing, 8)
    assert best() < 20 * few
    assert service.get_component_memory_usage(component) == 800_000


def test_released_is_never_negative(
    service: ResourceManagementService, component: Component
) -> None:
    """A monitor that polls while others track sees no more active than were ever tracked."""
    stop = threading.Event()
    lowest: list[int] = []

    def poll() -> None:
        while not stop.is_set():
            lowest.append(service.get_statistics()["total_resources_released"])

    monitor = threading.Thread(target=poll)
    monitor.start()
    things = [Thing() for _ in range(20_000)]
    for thing in things:
        service.track_resource(component, ResourceType.MEMORY, thing)
    stop.set()
    monitor.join()
    assert min(lowest) == 0


def test_a_snapshot_is_frozen(service: ResourceManagementService, component: Component) -> None:
    """It neither changes nor can be changed when the service goes on."""
    key = service.track_resource(component, "memory", None, 5, {"page": 1})
    snapshot = service.snapshot()
    service.release_resource(component, key)
    service.set_component_state(component, ComponentState.ACTIVE)
    (info,) = snapshot.components
    assert (info.state, info.memory_usage, list(info.resources)) == (
        ComponentState.LOADED,
        5,
        [key],
    )
    with pytest.raises(FrozenInstanceError):
        snapshot.memory_bytes = 0  # type: ignore[misc]
    with pytest.raises(TypeError):
        info.resources["x"] = info.resources[key]  # type: ignore[index]
    with pytest.raises(TypeError):
        info.resources[key].metadata["page"] = 2  # type: ignore[index]


def test_the_cleanup_callbacks_of_a_snapshot_are_in_their_order(
    service: ResourceManagementService, component: Component
) -> None:
    """As they would run: lower first, ties last in first out."""
    callbacks = [lambda: None for _ in range(3)]
    for callback, priority in zip(callbacks, (5, 1, 5), strict=True):
        service.register_cleanup(component, callback, priority)
    (info,) = service.snapshot().components
    assert info.cleanup_callbacks == ((1, callbacks[1]), (5, callbacks[2]), (5, callbacks[0]))


def test_snapshots_are_consistent_while_others_work(
    service: ResourceManagementService, register: Register
) -> None:
    """Every snapshot's totals are the sums of its parts, whatever four threads do meanwhile."""
    components = [register(str(number)) for number in range(4)]
    stop = threading.Event()
    shared = Thing()

    def work(component: Component) -> None:
        while not stop.is_set():
            thing = Thing()
            keys = [
                service.track_resource(component, "memory", thing, 7),
                service.track_resource(component, "memory", shared, 5),
                service.track_resource(component, "custom", None, 3),
            ]
            for key in keys:
                service.release_resource(component, key)

    threads = [threading.Thread(target=work, args=(component,)) for component in components]
    for thread in threads:
        thread.start()
    try:
        for _ in range(200):
            snapshot = service.snapshot()
            resources = snapshot.resources()
            assert snapshot.active_resources == len(resources)
            assert snapshot.memory_bytes == sum(c.memory_usage for c in snapshot.components)
            most = sum(r.size_bytes or 0 for r in resources if r.size_bytes != 5)
            assert most <= snapshot.memory_bytes <= most + 5
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert service.get_statistics()["memory_bytes"] == 0


def test_what_is_held_too_long_is_reported_once_with_holder_and_site(expect_log: Any) -> None:
    """In debug the report names the component, the resource and the line that tracked it."""
    expect_log(
        r"^holder holds memory resource 1 \(page\) for more than 60 s; tracked at "
        r".*test_observing\.py:\d+ in test_what_is_held_too_long"
    )
    clock = Clock()
    service = ResourceManagementService(debug=True, held_too_long=60.0, clock=clock)
    component, thing, young = Component(), Thing(), Thing()
    service.register_component(component, "holder")
    key = service.track_resource(component, ResourceType.MEMORY, thing, name="page")
    clock.now += 59.0
    service.tick()
    assert service.held_too_long() == ()
    clock.now += 2.0
    service.track_resource(component, ResourceType.MEMORY, young)
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("budgetinator.resources")
    log.addHandler(handler)
    service.tick()
    service.tick()
    log.removeHandler(handler)
    assert [r.resource_id for r in service.held_too_long()] == [key]
    assert service.held_too_long()[0].created_at is not None
    assert len(service.held_too_long(0.0)) == 1  # the other one is of this very moment
    assert len([text for text in told if "for more than" in text]) == 1
    service.close()


def test_without_debug_the_site_is_not_known(expect_log: Any) -> None:
    """The report names holder and resource all the same."""
    expect_log(r"^holder holds memory resource 1 for more than 5 s$")
    clock = Clock()
    service = ResourceManagementService(held_too_long=5.0, clock=clock)
    component, thing = Component(), Thing()
    service.register_component(component, "holder")
    service.track_resource(component, ResourceType.MEMORY, thing)
    clock.now += 6.0
    service.tick()
    service.set_debug(True)
    other = service.track_resource(component, ResourceType.MEMORY, thing)
    shown = service.get_resource(other)
    assert shown is not None
    assert "test_without_debug_the_site_is_not_known" in str(shown.created_at)
    service.close()
