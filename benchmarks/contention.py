"""Eight threads at work while a monitor polls: the slowest hundredth of the operations."""

from __future__ import annotations

import statistics
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.timing import Figure
from benchmarks.tracking import Component, Thing, nothing
from budgetinator.resources import ResourceManagementService, ResourceType

THREADS = 8
OPERATIONS = 8_000
ROUNDS = 7


def contention() -> Iterator[Figure]:
    """p99 of track + release against p99 of create + call of a finalizer, in turns."""
    ratios = []
    for _ in range(ROUNDS):
        theirs = p99(finalizing, lambda: None)
        service, component = ResourceManagementService(), Component()
        service.register_component(component, "benchmark")
        mine = p99(partial(tracking, service, component), partial(poll, service))
        service.close()
        ratios.append(mine / theirs)
    ratio = statistics.median(ratios)
    yield Figure(
        f"p99 of track + release, {THREADS} threads and a monitor polling",
        f"{ratio:.2f} × finalize",
        "≤ 1.2",
        ratio <= 1.2,
    )


def finalizing() -> Callable[[], None]:
    thing = Thing()

    def run() -> None:
        weakref.finalize(thing, nothing)()

    return run


def tracking(service: ResourceManagementService, component: Component) -> Callable[[], None]:
    thing = Thing()
    kind = ResourceType.MEMORY

    def run() -> None:
        service.release_resource(component, service.track_resource(component, kind, thing))

    return run


def poll(service: ResourceManagementService) -> None:
    service.get_statistics()
    service.snapshot()


def p99(make: Callable[[], Callable[[], None]], monitor: Callable[[], None]) -> float:
    """Seconds that 99 of 100 operations stay below, over all threads."""
    samples: list[list[float]] = [[] for _ in range(THREADS)]
    done = threading.Event()
    barrier = threading.Barrier(THREADS + 1)

    def work(mine: list[float]) -> None:
        operation = make()
        barrier.wait()
        for _ in range(OPERATIONS):
            start = time.perf_counter()
            operation()
            mine.append(time.perf_counter() - start)

    def watch() -> None:
        barrier.wait()
        while not done.wait(0.01):
            monitor()

    threads = [threading.Thread(target=work, args=(mine,)) for mine in samples]
    watcher = threading.Thread(target=watch)
    for thread in (*threads, watcher):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watcher.join()
    together = sorted(sample for mine in samples for sample in mine)
    return together[int(len(together) * 0.99)]
