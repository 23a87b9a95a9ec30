"""Seed 000: the service itself, its structures, signals, limits and statistics."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import pytest

from budgetinator.resources import (
    ComponentInfo,
    ResourceManagementService,
    ResourceType,
    TrackedResource,
)
from tests.seeds.workers import SECONDS
from tests.support.logs import ExpectLog

Service = ResourceManagementService


class Component:
    """Anything that owns resources."""


class Thumbnail:
    """Anything that can be referenced weakly."""


@pytest.fixture
def component(service: Service) -> Component:
    component = Component()
    service.register_component(component, "Component_1", "controller")
    return component


def test_the_structures_have_the_printed_fields(service: Service, component: Component) -> None:
    """TrackedResource and ComponentInfo hold what the seed prints, and can be read."""
    image = Thumbnail()
    service.track_resource(component, ResourceType.THUMBNAIL, image, 10, {"page": 1})

    info = service.snapshot().components[0]
    tracked = next(iter(info.resources.values()))

    assert {
        "resource_id",
        "resource_type",
        "resource_ref",
        "size_bytes",
        "metadata",
        "tracked_at",
        "component_id",
    } <= {field.name for field in fields(TrackedResource)}
    assert {
        "component_id",
        "component_type",
        "state",
        "resources",
        "cleanup_callbacks",
        "memory_usage",
        "registered_at",
    } <= {field.name for field in fields(ComponentInfo)}
    assert (info.component_id, info.component_type, info.memory_usage) == (
        "Component_1",
        "controller",
        10,
    )
    assert (tracked.resource_type, tracked.size_bytes) == (ResourceType.THUMBNAIL, 10)
    assert tracked.resource_ref() is image


def test_many_threads_track_at_once(service: Service, component: Component) -> None:
    """Each gets an id of its own and every resource is counted, whoever tracked it."""
    images = [Thumbnail() for _ in range(800)]

    def track(image: Thumbnail) -> str:
        return service.track_resource(component, ResourceType.THUMBNAIL, image, size_bytes=2)

    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(track, images))

    assert len(ids) == len(images)
    assert service.get_resource_count(component) == {"thumbnail": 800}
    assert service.get_component_memory_usage(component) == 1600


def test_a_callback_may_wait_for_another_thread_that_calls_the_service(
    service: Service, component: Component
) -> None:
    """Under the printed RLock this waits for ever: callbacks run outside of the lock."""
    image, ended = Thumbnail(), threading.Event()

    def use_the_service() -> None:
        service.track_resource(worker, ResourceType.THUMBNAIL, image)
        ended.set()

    def callback() -> None:
        thread.start()
        assert ended.wait(SECONDS)

    worker = Component()
    service.register_component(worker, "Worker_1")
    thread = threading.Thread(target=use_the_service)
    service.register_cleanup(component, callback)

    service.cleanup_component(component)
    thread.join(SECONDS)

    assert service.get_resource_count(worker) == {"thumbnail": 1}


def test_monitoring_signals_reach_the_printed_slots(service: Service) -> None:
    """`resource_tracked` brings (component_id, resource_id, type), also to bound methods."""

    class Monitor:
        def __init__(self) -> None:
            self.tracked: list[tuple[str, str, str]] = []
            self.warned: list[tuple[str, int]] = []

        def on_resource_tracked(self, component_id: str, resource_id: str, res_type: str) -> None:
            self.tracked.append((component_id, resource_id, res_type))

        def on_memory_warning(self, component_id: str, memory_usage: int) -> None:
            self.warned.append((component_id, memory_usage))

    component, image, monitor = Component(), Thumbnail(), Monitor()
    service.resource_tracked.connect(monitor.on_resource_tracked)
    service.memory_threshold_exceeded.connect(monitor.on_memory_warning)
    service.register_component(component, "Component_1")

    resource_id = service.track_resource(component, ResourceType.THUMBNAIL, image)

    assert monitor.tracked == [("Component_1", resource_id, "thumbnail")]
    assert monitor.warned == []


def test_component_memory_is_the_sum_of_its_sizes(service: Service, component: Component) -> None:
    """`get_component_memory_usage(component)`; no size counts as zero."""
    images = [Thumbnail() for _ in range(3)]
    for image, size in zip(images, (100, None, 20), strict=True):
        service.track_resource(component, ResourceType.THUMBNAIL, image, size)

    assert service.get_component_memory_usage(component) == 120


def test_limits_of_one_component_and_of_all_warn_once_an_excursion(
    service: Service, component: Component, expect_log: ExpectLog
) -> None:
    """`memory_usage > limit` emits the component's id; the limit of all has the empty id."""
    expect_log("Component_1 exceeded memory limit: 150 > 100 bytes")
    expect_log("All components together exceeded memory limit: 350 > 300 bytes")
    warned: list[tuple[str, int]] = []
    service.memory_threshold_exceeded.connect(lambda *event: warned.append(event))
    service.set_memory_limit("Component_1", 100)
    service.set_global_memory_limit(300)

    for size in (150, 50, 150):
        service.track_resource(component, ResourceType.MEMORY, bytearray(1), size)

    assert warned == [("Component_1", 150), ("", 350)]


def test_cleanup_runs_lower_priorities_first(service: Service, component: Component) -> None:
    """`priority=10  # Lower = earlier`: seed 003 sorts the other way; lower first was decided."""
    order: list[str] = []
    service.register_cleanup(component, lambda: order.append("ten"), priority=10)
    service.register_cleanup(component, lambda: order.append("zero"), priority=0)
    service.register_cleanup(component, lambda: order.append("ten, later"), priority=10)

    service.cleanup_component(component)

    assert order == ["zero", "ten, later", "ten"]


def test_the_statistics_count_tracked_and_released(service: Service, component: Component) -> None:
    """`_total_resources_tracked` and `_total_resources_released` under seed 003's keys."""
    image = Thumbnail()
    resource_id = service.track_resource(component, ResourceType.THUMBNAIL, image)
    service.track_resource(component, ResourceType.THUMBNAIL, image)
    service.release_resource(component, resource_id)

    statistics = service.get_statistics()

    assert statistics["total_resources_tracked"] == 2
    assert statistics["total_resources_released"] == 1


def test_periodic_cleanup_forgets_the_dead_with_their_bytes(
    service: Service, component: Component
) -> None:
    """The printed sweep drops the references only: bytes and released counts would stay."""
    image = Thumbnail()
    service.track_resource(component, ResourceType.THUMBNAIL, image, 100)

    del image
    service._periodic_cleanup()

    assert service.get_component_memory_usage(component) == 0
    assert service.get_statistics()["total_resources_released"] == 1


def test_the_ticker_is_the_net_where_a_timer_before_the_application_never_fires(
    expect_log: ExpectLog,
) -> None:
    """What a dead component left is closed by the ticker though nobody calls the service."""
    expect_log("Component_1 was collected while it held 1 resources")
    closed = threading.Event()
    service = ResourceManagementService(tick_seconds=0.01)
    component = Component()
    service.register_component(component, "Component_1")
    service.track_resource(
        component, ResourceType.CUSTOM, Thumbnail, cleanup=lambda resource: closed.set()
    )

    del component
    closed_in_time = closed.wait(SECONDS)
    service.close()

    assert closed_in_time


def test_emergency_cleanup_reaches_every_component(
    service: Service, component: Component, expect_log: ExpectLog
) -> None:
    """One component that cannot be cleaned up does not keep the next one from it."""
    expect_log("Clean-up of Component_1: broken")
    cleaned: list[str] = []

    def fail() -> None:
        raise OSError("broken")

    other = Component()
    service.register_component(other, "Component_2")
    service.register_cleanup(other, lambda: cleaned.append("Component_2"))
    service.register_cleanup(component, fail)

    service._emergency_cleanup()

    assert cleaned == ["Component_2"]


def test_tracking_is_stamped_with_the_time(service: Service, component: Component) -> None:
    """`tracked_at` is now, with its zone."""
    before = time.time()
    image = Thumbnail()

    tracked = service.get_resource(service.track_resource(component, ResourceType.CUSTOM, image))

    assert tracked is not None
    assert tracked.tracked_at.tzinfo is not None
    assert before - 1 <= tracked.tracked_at.timestamp() <= time.time() + 1
