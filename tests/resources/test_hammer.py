"""Eight threads at once, switching as often as they can: nothing is lost, nothing is left."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from budgetinator.errors import BudgetinatorError
from budgetinator.resources import ResourceManagementService, ResourceType
from tests.resources.things import Component, Thing

THREADS = 8
ROUNDS = 250


@pytest.fixture(autouse=True)
def switch_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def together(*functions: Callable[[], None]) -> None:
    """Run each in a thread of its own, and raise what any of them raised."""
    errors: list[BaseException] = []
    barrier = threading.Barrier(len(functions))

    def run(function: Callable[[], None]) -> None:
        try:
            barrier.wait()
            function()
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def assert_empty(service: ResourceManagementService) -> None:
    gc.collect()
    service.tick()
    service.tick()
    statistics = service.get_statistics()
    assert (
        statistics["active_resources"],
        statistics["memory_bytes"],
        statistics["resource_counts"],
        set(statistics["memory_usage"].values()) - {0},
        statistics["total_resources_tracked"] - statistics["total_resources_released"],
        service.ledger.shared,
        service.ledger._by_identity,
    ) == (0, 0, {}, set(), 0, 0, {})


def test_everything_at_once(
    service: ResourceManagementService, register: Callable[[str], Component]
) -> None:
    """Track, release, scope, clean up, migrate, protect and die, on own and shared components."""
    shared = register("shared")
    common, strong = Thing(), bytearray(3)
    ids: list[list[str]] = []
    lock = threading.Lock()
    closed: list[int] = []

    def worker(number: int) -> Callable[[], None]:
        own = register(str(number))
        mine: list[str] = []
        ids.append(mine)

        def track(component: Component, thing: Any, *more: Any, **options: Any) -> str:
            key = service.track_resource(component, ResourceType.MEMORY, thing, *more, **options)
            mine.append(key)
            return key

        def close(_thing: Any) -> None:
            with lock:
                closed.append(number)

        def run() -> None:
            for turn in range(ROUNDS):
                thing = Thing()
                keys = [
                    track(own, thing),
                    track(own, thing, 7),
                    track(shared, thing, 7),
                    track(shared, common, 5),
                    track(shared, strong, 3, cleanup=close),
                ]
                with service.scope(own, ResourceType.MEMORY) as scope:
                    scope.add(thing)
                    scope.add(common, size_bytes=5)
                service.migrate_resource(keys[1], shared)
                service.protect(keys[4])()
                service.release_resource(shared, keys[1])
                service.release_resource(shared, keys[3])
                service.release_resource(shared, keys[4])
                if turn % 10 == 0:
                    service.release_resource(own, keys[0])
                    service.cleanup_component(own)
                    service.register_component(own, str(number))
                del thing

        return run

    together(*(worker(number) for number in range(THREADS)))
    found = [key for mine in ids for key in mine]
    assert len(found) == len(set(found)) == THREADS * ROUNDS * 5
    assert len(closed) == THREADS * ROUNDS
    assert_empty(service)


def test_cleaning_up_what_others_track(
    service: ResourceManagementService, register: Callable[[str], Component]
) -> None:
    """Whatever is tracked while clean-ups begin is closed once, or its tracking was refused."""
    component = register("contested")
    handled: list[Thing] = []
    accepted: list[Thing] = []
    stop = threading.Event()

    def track() -> None:
        while not stop.is_set():
            thing = Thing()
            try:
                service.track_resource(component, ResourceType.MEMORY, thing)
                service.track_resource(component, ResourceType.MEMORY, thing, 9)
                service.track_resource(component, "custom", thing, cleanup=handled.append)
            except BudgetinatorError:
                continue
            accepted.append(thing)

    def clean() -> None:
        try:
            for _ in range(100):
                service.cleanup_component(component)
                service.register_component(component, "contested")
        finally:
            stop.set()

    together(*[track] * (THREADS - 1), clean)
    service.cleanup_component(component)
    assert len(accepted) > 0
    assert Counter(map(id, handled)) == Counter(map(id, accepted))
    assert_empty(service)


def test_one_object_of_all_threads(
    service: ResourceManagementService, register: Callable[[str], Component]
) -> None:
    """An object that eight threads track and release at once is charged once or not at all."""
    component, thing = register("one"), Thing()
    seen: set[int] = set()

    def run() -> None:
        for _ in range(ROUNDS * 4):
            key = service.track_resource(component, ResourceType.MEMORY, thing, 11)
            seen.add(service.get_component_memory_usage(component))
            service.release_resource(component, key)

    together(*[run] * THREADS)
    assert seen == {11}
    assert_empty(service)


def test_components_come_and_die(
    service: ResourceManagementService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Components that the collector finds, in any thread, leave nothing, and all is closed."""
    monkeypatch.setattr(logging.getLogger("budgetinator.resources"), "disabled", True)
    closed: list[int] = []
    lock = threading.Lock()

    class Knot(Component):
        def __init__(self) -> None:
            self.itself = self

    def close(_resource: Any) -> None:
        with lock:
            closed.append(1)

    def run() -> None:
        for turn in range(ROUNDS):
            component = Knot() if turn % 2 else Component()
            service.register_component(component, "passing")
            service.track_resource(component, "custom", [turn], 4, cleanup=close)
            service.track_resource(component, ResourceType.MEMORY, Thing(), 4)
            del component
            if turn % 50 == 0:
                gc.collect()

    together(*[run] * THREADS)
    assert_empty(service)
    assert len(closed) == THREADS * ROUNDS
    assert (service.ledger.everyone, service.ledger.owners) == ({}, {})


def test_limits_hold_whoever_comes(
    service: ResourceManagementService, register: Callable[[str], Component]
) -> None:
    """No thread ever sees more than the limits allow, of bytes and of counts."""
    component = register("limited")
    service.set_memory_limit("limited", 50, policy="refuse")
    service.set_resource_limit("limited", "custom", 3)
    refused: list[int] = []

    def run() -> None:
        for _ in range(ROUNDS):
            for kind in ("memory", "custom"):
                try:
                    key = service.track_resource(component, kind, None, 9)
                except BudgetinatorError:
                    refused.append(1)
                    continue
                assert service.get_component_memory_usage(component) <= 50
                assert service.get_resource_count(component).get("custom", 0) <= 3
                service.release_resource(component, key)

    together(*[run] * THREADS)
    assert_empty(service)


def test_finalizers_call_the_service_from_the_collector(
    service: ResourceManagementService, register: Callable[[str], Component]
) -> None:
    """Finalizers that release, track and ask, in whatever thread collects, do no harm."""
    component = register("called")

    class Calling:
        def __init__(self, key: str) -> None:
            self.itself, self.key = self, key

        def __del__(self) -> None:
            assert service.release_resource(component, self.key)
            thing = Thing()
            service.track_resource(component, ResourceType.MEMORY, thing, 3)
            service.get_statistics()

    def run() -> None:
        for turn in range(ROUNDS):
            thing = Thing()
            key = service.track_resource(component, ResourceType.MEMORY, thing, 6)
            Calling(service.track_resource(component, "custom", None, 5, name="rich"))
            service.snapshot() if turn % 20 == 0 else service.get_memory_usage()
            service.release_resource(component, key)

    threshold = gc.get_threshold()
    gc.set_threshold(5)
    try:
        together(*[run] * THREADS)
    finally:
        gc.set_threshold(*threshold)
    assert_empty(service)
