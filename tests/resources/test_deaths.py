"""Deaths of resources and components: booked once, by the next operation or the ticker."""

from __future__ import annotations

import gc
import threading
import traceback
import weakref
from typing import Any

import pytest

from budgetinator.resources import ComponentState, ResourceManagementService, ResourceType
from tests.resources.things import PATIENCE, Closable, Component, Thing, in_thread


class Knot(Component):
    """Refers to itself, so that only the collector finds it."""

    def __init__(self) -> None:
        self.itself = self


def test_a_dead_component_takes_no_close_with_it(
    service: ResourceManagementService, expect_log: Any
) -> None:
    """What a collected component held is closed by the next operation, callbacks run."""
    expect_log("forgetful was collected while it held 2 resources; they are closed now")
    closed: list[str] = []
    component = Component()
    service.register_component(component, "forgetful")
    service.register_cleanup(component, lambda: closed.append("callback"))
    for name in ("first", "second"):
        service.track_resource(component, ResourceType.FILE_HANDLE, Closable(name, closed), 10)
    del component
    assert closed == []
    assert service.get_statistics()["components_registered"] == 0
    assert closed == ["callback", "second", "first"]
    assert service.get_memory_usage() == {}


def test_a_death_under_another_threads_lock_does_not_hang(
    service: ResourceManagementService, expect_log: Any
) -> None:
    """A component dies while another thread holds the service's lock and waits for this one."""
    expect_log("knot was collected")
    closed: list[str] = []
    died, locked = threading.Event(), threading.Event()

    def hold_the_lock() -> None:
        with service._lock:
            locked.set()
            assert died.wait(PATIENCE), "the death waits for the lock"

    component = Knot()
    service.register_component(component, "knot")
    service.track_resource(component, ResourceType.FILE_HANDLE, Closable("file", closed))
    holder = threading.Thread(target=hold_the_lock)
    holder.start()
    locked.wait(PATIENCE)
    del component
    gc.collect()
    died.set()
    holder.join(PATIENCE)
    service.tick()
    assert (holder.is_alive(), closed) == (False, ["file"])


def test_a_death_within_the_lock_is_booked_later(
    service: ResourceManagementService, expect_log: Any
) -> None:
    """The collector runs inside the lock while another thread waits for it: both go on."""
    expect_log("knot was collected")
    component = Knot()
    service.register_component(component, "knot")
    service.track_resource(component, "custom", [1], 5, cleanup=lambda _r: None)
    ref = weakref.ref(component)
    del component
    with service._lock:
        waiting = threading.Thread(target=service.snapshot)
        waiting.start()
        gc.collect()
        assert ref() is None
    waiting.join(PATIENCE)
    assert not waiting.is_alive()
    service.tick()
    assert service.get_memory_usage() == {}


def test_what_a_component_left_is_closed_in_the_thread_that_registered_it(
    service: ResourceManagementService, expect_log: Any
) -> None:
    """Another thread that calls in between does not close it."""
    expect_log("mine was collected")
    threads: list[threading.Thread] = []
    component = Component()
    service.register_component(component, "mine")
    service.track_resource(
        component, "custom", [1], cleanup=lambda _r: threads.append(threading.current_thread())
    )
    del component
    in_thread(service.get_statistics)
    assert threads == []
    service.get_statistics()
    assert threads == [threading.current_thread()]


def test_what_the_component_of_an_ended_thread_left_is_closed_by_whoever_comes(
    service: ResourceManagementService, expect_log: Any
) -> None:
    """A thread that has ended is not waited for."""
    expect_log("of another thread was collected")
    closed: list[str] = []

    def work() -> None:
        component = Component()
        service.register_component(component, "of another thread")
        service.track_resource(component, ResourceType.FILE_HANDLE, Closable("file", closed))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    service.get_statistics()
    assert closed == ["file"]


def test_the_tick_closes_what_waited_for_its_thread(
    service: ResourceManagementService, expect_log: Any
) -> None:
    """A thread that never calls again has its component's resources closed at the second tick."""
    expect_log("waiting was collected")
    component = Component()
    service.register_component(component, "waiting")
    closed: list[str] = []
    service.track_resource(component, ResourceType.FILE_HANDLE, Closable("file", closed))
    del component
    in_thread(service.tick)
    assert closed == []
    in_thread(service.tick)
    assert closed == ["file"]
    assert service._tracking.orphans == []


def test_a_burial_that_fails_is_tried_again_at_the_end(
    service: ResourceManagementService, expect_log: Any
) -> None:
    """What a dead component's handler could not close stays in the book until it can."""
    for pattern in ("was collected while", "could not be closed", "Clean-up of"):
        expect_log(pattern)
    fails = True

    def close(_resource: object) -> None:
        if fails:
            raise OSError("not yet")

    component = Component()
    service.register_component(component, "failing")
    service.track_resource(component, "custom", [1], 5, cleanup=close)
    del component
    assert service.get_memory_usage() == {"failing": 5}
    fails = False
    service.close()
    assert service.get_memory_usage() == {}


class Ways:
    """The ways in which resources go, each with plain, rich and strongly held ones."""

    def __init__(self, service: ResourceManagementService, one: Component, other: Component):
        self.service, self.one, self.other = service, one, other

    def track(self, owner: Component, thing: object, **more: Any) -> str:
        return self.service.track_resource(owner, ResourceType.MEMORY, thing, 10, **more)

    def release(self) -> None:
        for more in ({}, {"name": "rich"}, {"hold": "strong"}):
            thing = Thing()
            self.service.release_resource(self.one, self.track(self.one, thing, **more))

    def death(self) -> None:
        for more in ({}, {"name": "rich"}):
            self.track(self.one, Thing(), **more)

    def cleanup(self) -> None:
        things = [Thing(), Thing()]
        self.track(self.other, things[0])
        self.track(self.other, things[1], name="rich")
        self.service.cleanup_component(self.other)

    def scope(self) -> None:
        with self.service.scope(self.one, ResourceType.MEMORY) as scope:
            things = [scope.add(Thing(), size_bytes=size) for size in (None, 10, 10)]
            scope.add([1], size_bytes=10)
            things.pop()

    def migration(self) -> None:
        thing, rich = Thing(), Thing()
        for key in (self.track(self.one, thing), self.track(self.one, rich, name="rich")):
            self.service.migrate_resource(key, self.other)
        self.service.cleanup_component(self.other)

    def eviction(self) -> None:
        thing = Thing()
        self.track(self.one, thing)
        self.service.evict_idle()


@pytest.mark.parametrize("way", ["release", "death", "cleanup", "scope", "migration", "eviction"])
def test_one_way_to_forget(
    service: ResourceManagementService, component: Component, way: str
) -> None:
    """However a resource goes, no bytes, no count and no entry stay behind."""
    other = Component()
    service.register_component(other, "other")
    getattr(Ways(service, component, other), way)()
    found = service.get_statistics()
    assert found == {
        "components_registered": 2,
        "total_resources_tracked": found["total_resources_tracked"],
        "total_resources_released": found["total_resources_tracked"],
        "active_resources": 0,
        "memory_usage": {"component": 0, "other": 0},
        "resource_counts": {},
        "memory_bytes": 0,
    }
    assert (service.ledger.shared, service.ledger._by_identity) == (0, {})


def test_a_death_is_told_and_counted_once(
    service: ResourceManagementService, component: Component
) -> None:
    """A resource that dies gives one release event; one that was released before it dies too."""
    told: list[str] = []
    service.resource_released.connect(lambda _component, key: told.append(key))
    thing, released = Thing(), Thing()
    keys = [
        service.track_resource(component, ResourceType.MEMORY, one) for one in (thing, released)
    ]
    service.release_resource(component, keys[1])
    del thing, released
    service.tick()
    assert sorted(told) == sorted(keys)


def test_a_resource_that_died_cannot_be_protected(
    service: ResourceManagementService, component: Component
) -> None:
    """It is unknown from its death on, even before that was booked, and stays forgotten."""
    thing = Thing()
    key = service.track_resource(component, ResourceType.MEMORY, thing, 5)
    del thing
    with pytest.raises(LookupError):
        service.protect(key)
    assert service.get_statistics()["active_resources"] == 0


def test_a_thousand_components_leave_nothing_behind(service: ResourceManagementService) -> None:
    """Components and resources that come and go leave no entry in any of the tables."""
    for _ in range(1000):
        component = Component()
        service.register_component(component, "passing")
        service.register_cleanup(component, lambda: None)
        service.track_resource(component, ResourceType.MEMORY, None, 3)
        service.cleanup_component(component)
        del component
    service.tick()
    ledger, tracking = service.ledger, service._tracking
    tables = (
        ledger.owners,
        ledger.everyone,
        ledger.dead,
        ledger._by_identity,
        tracking.orphans,
        tracking.closing._waiting,
        service._long_holds._told,
    )
    assert [len(table) for table in tables] == [0] * len(tables)


def test_what_was_refused_and_dies_leaves_the_service_alone(
    service: ResourceManagementService, component: Component
) -> None:
    """An object that a limit refused may die while the error still refers to its record."""
    service.set_resource_limit("component", ResourceType.MEMORY, 0)
    service.set_memory_limit("component", 5, policy="refuse")
    errors: list[BaseException] = []
    for kind, more in (("memory", {}), ("custom", {"size_bytes": 6}), ("custom", {"name": "no"})):
        thing = Thing()
        service.set_component_state(component, ComponentState.ACTIVE)
        if "name" in more:
            service.cleanup_component(component)
        with pytest.raises(RuntimeError) as caught:
            service.track_resource(component, kind, thing, **more)
        errors.append(caught.value)
        del thing
    del caught
    traceback_frames = [error.__traceback__ for error in errors]
    for error in errors:
        traceback.clear_frames(error.__traceback__)
    assert (service.get_resource_count(), len(traceback_frames)) == ({}, 3)
