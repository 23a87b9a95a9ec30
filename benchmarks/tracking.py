"""What tracking costs: time against `weakref.finalize`, bytes, and the time of a count."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
import weakref
from collections.abc import Callable, Iterator

from benchmarks.timing import Figure, interleaved, median_ratio
from budgetinator.resources import ResourceManagementService, ResourceType

OBJECTS = 2_000
ROUNDS = 60
MANY = 1_000_000


class Component:
    """Something that holds resources."""


class Thing:
    """The smallest object that can be referenced weakly."""

    __slots__ = ("__weakref__",)


def nothing(*_arguments: object) -> None:
    """A finalizer, and a listener."""


def with_finalize(things: list[Thing]) -> Callable[[], None]:
    def run() -> None:
        for thing in things:
            weakref.finalize(thing, nothing)()

    return run


def with_service(
    things: list[Thing], size: int | None = None, *, listeners: int = 0
) -> Callable[[], None]:
    service, component = ResourceManagementService(), Component()
    service.register_component(component, "benchmark")
    for _ in range(listeners):
        service.resource_tracked.connect(nothing)
        service.resource_released.connect(nothing)

    def run() -> None:
        kind = ResourceType.MEMORY
        for thing in things:
            service.release_resource(
                component, service.track_resource(component, kind, thing, size)
            )

    return run


def with_scope(things: list[Thing]) -> Callable[[], None]:
    service, component = ResourceManagementService(), Component()
    service.register_component(component, "benchmark")

    def run() -> None:
        with service.scope(component, ResourceType.MEMORY) as scope:
            for thing in things:
                scope.add(thing)

    return run


def cost() -> Iterator[Figure]:
    """Track and release against create and call of a finalizer."""
    things = [Thing() for _ in range(OBJECTS)]
    seconds = interleaved(
        {
            "finalize": with_finalize(things),
            "plain": with_service(things),
            "sized": with_service(things, 4096),
            "listener": with_service(things, listeners=1),
            "scope": with_scope(things),
        },
        ROUNDS,
    )
    for name, what, reach in (
        ("plain", "track + release, no listener", 1.0),
        ("sized", "track + release with a size in bytes, no listener", 1.0),
        ("listener", "track + release, one listener to each of the two signals", 1.5),
        ("scope", "track + release in a scope", 0.6),
    ):
        ratio = median_ratio(seconds, name, "finalize")
        yield Figure(what, f"{ratio:.2f} × finalize", f"≤ {reach}", ratio <= reach)


def memory() -> Iterator[Figure]:
    """Bytes that the service adds for each live resource."""
    for count in (100_000, MANY):
        service, component = ResourceManagementService(), Component()
        service.register_component(component, "benchmark")
        things = [Thing() for _ in range(count)]
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for thing in things:
            service.track_resource(component, ResourceType.MEMORY, thing, 4096)
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        each = (after - before) / count
        yield Figure(f"bytes a resource, {count:,} of them", f"{each:.0f}", "≤ 220", each <= 220)
        service.close()


def counts() -> Iterator[Figure]:
    """The time of each question with a million live resources."""
    service = ResourceManagementService()
    components = [Component() for _ in range(10)]
    for number, component in enumerate(components):
        service.register_component(component, f"benchmark_{number}")
    things = [Thing() for _ in range(MANY)]
    for number, thing in enumerate(things):
        service.track_resource(components[number % 10], ResourceType.MEMORY, thing, 8)
    questions: dict[str, Callable[[], object]] = {
        "get_resource_count()": service.get_resource_count,
        "get_resource_count(component)": lambda: service.get_resource_count(components[0]),
        "get_memory_usage()": service.get_memory_usage,
        "get_component_memory_usage(component)": lambda: service.get_component_memory_usage(
            components[0]
        ),
        "get_statistics()": service.get_statistics,
    }
    for name, question in questions.items():
        micros = statistics.median(_timed(question) for _ in range(1_000)) * 1e6
        yield Figure(
            f"{name} with {MANY:,} live resources in 10 components",
            f"{micros:.1f} µs",
            "≤ 10 µs",
            micros <= 10,
        )
    service.close()


def _timed(question: Callable[[], object]) -> float:
    start = time.perf_counter()
    question()
    return time.perf_counter() - start
