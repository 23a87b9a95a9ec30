"""The ticker: deaths are booked and long holds told although nobody calls."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

from budgetinator.resources import ResourceManagementService, ResourceType
from tests.resources.things import PATIENCE, Component, Thing


def ticking() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "budgetinator-ticker"]


def test_nobody_calls_and_what_died_is_booked_and_closed(expect_log: Any) -> None:
    """The ticker alone tells of a death and closes what a dead component left."""
    expect_log("left was collected")
    service = ResourceManagementService(tick_seconds=0.01)
    told, closed = threading.Event(), threading.Event()
    kept, left = Component(), Component()
    service.register_component(kept, "kept")
    service.register_component(left, "left")
    service.resource_released.connect(lambda *_: told.set())
    thing = Thing()
    service.track_resource(kept, ResourceType.MEMORY, thing)
    service.track_resource(left, "custom", [1], cleanup=lambda _r: closed.set())
    del thing, left
    assert told.wait(PATIENCE)
    assert closed.wait(PATIENCE)
    service.close()
    assert ticking() == []


def test_the_ticker_starts_with_the_first_component_and_ends_with_close() -> None:
    """A service without components has no thread; closing twice is harmless."""
    service = ResourceManagementService(tick_seconds=60.0)
    assert ticking() == []
    component = Component()
    service.register_component(component, "one")
    service.register_component(other := Component(), "two")
    assert len(ticking()) == 1
    service.close()
    service.close()
    assert (ticking(), type(other)) == ([], Component)


def test_the_ticker_does_not_keep_its_service_alive() -> None:
    """A service that is dropped is collected, and its ticker ends at once."""
    service = ResourceManagementService(tick_seconds=60.0)
    service.register_component(component := Component(), "one")
    (thread,) = ticking()
    ref = weakref.ref(service)
    del service
    gc.collect()
    thread.join(PATIENCE)
    assert (ref(), thread.is_alive(), type(component)) == (None, False, Component)


def test_the_ticker_outlives_a_failing_tick(expect_log: Any) -> None:
    """An error in one tick is logged and the next one comes."""
    expect_log("could not be closed")
    expect_log("Clean-up of")
    expect_log("was collected")
    service = ResourceManagementService(tick_seconds=0.01)
    tried = threading.Semaphore(0)
    fails = [True]

    def close(_resource: object) -> None:
        tried.release()
        if fails:
            raise OSError("busy")

    for name in ("first", "second"):
        component = Component()
        service.register_component(component, name)
        service.track_resource(component, "custom", [1], cleanup=close)
        del component
        assert tried.acquire(timeout=PATIENCE)
    fails.clear()
    service.close()
    assert service.get_resource_count() == {}


def test_a_tick_may_close_the_service() -> None:
    """Closing from within the ticker's own thread does not wait for itself."""
    service = ResourceManagementService(tick_seconds=0.01)
    component = Component()
    service.register_component(component, "one")
    closed = threading.Event()
    (thread,) = ticking()

    def close(*_ids: str) -> None:
        service.close()
        closed.set()

    service.resource_released.connect(close)
    thing = Thing()
    service.track_resource(component, ResourceType.MEMORY, thing)
    del thing
    assert closed.wait(PATIENCE)
    thread.join(PATIENCE)
    assert not thread.is_alive()
