"""Seed 000: what a coordinator does for its component, section "Core Components"."""

from __future__ import annotations

import gc
import logging
import weakref
from typing import Any

import pytest

from budgetinator.resources import (
    BaseResourceCoordinator,
    ResourceManagementService,
    ResourceType,
)
from tests.support.logs import ExpectLog

Service = ResourceManagementService


class Component:
    """Anything that owns resources."""


class Thumbnail:
    """Anything that can be referenced weakly."""


def test_binding_registers_the_component_and_is_fluent(service: Service) -> None:
    """Bound by `bind_to_component`, which returns the coordinator, the component is registered."""
    component = Component()
    coordinator = BaseResourceCoordinator("Component_1")

    bound = coordinator.bind_to_component(component)

    assert bound is coordinator
    assert service.get_memory_usage() == {"Component_1": 0}


def test_track_resource_returns_the_id_under_which_it_is_found(service: Service) -> None:
    """Name, handler and further metadata go with the resource, and the id is a text."""
    component, image = Component(), Thumbnail()
    coordinator = BaseResourceCoordinator("Component_1").bind_to_component(component)

    resource_id = coordinator.track_resource(
        image, ResourceType.THUMBNAIL, name="cover", cleanup_handler=None, source="page 1"
    )

    tracked = service.get_resource(resource_id)
    assert tracked is not None
    assert isinstance(resource_id, str)
    assert (tracked.resource(), tracked.name, dict(tracked.metadata)) == (
        image,
        "cover",
        {"source": "page 1"},
    )


def test_a_custom_cleanup_handler_gets_the_resource(service: Service) -> None:
    """`cleanup_map_widget` runs as printed when the map is released."""
    calls: list[str] = []

    class MapWidget:
        def clear_markers(self) -> None:
            calls.append("clear_markers")

        def close(self) -> None:
            calls.append("close")

    def cleanup_map_widget(widget: Any) -> None:
        if widget:
            widget.clear_markers()
            widget.close()

    component, map_widget = Component(), MapWidget()
    resources = BaseResourceCoordinator("Component_1").bind_to_component(component)
    resource_id = resources.track_resource(
        map_widget, ResourceType.MAP, cleanup_handler=cleanup_map_widget
    )

    resources.release(resource_id)

    assert calls == ["clear_markers", "close"]


def test_subclasses_hear_of_each_release(service: Service) -> None:
    """`on_resource_released` is called with the id, also by `cleanup_all`."""
    heard: list[str] = []

    class Listening(BaseResourceCoordinator):
        def on_resource_released(self, resource_id: str) -> None:
            heard.append(resource_id)

    component, one, two = Component(), Thumbnail(), Thumbnail()
    coordinator = Listening("Component_1").bind_to_component(component)
    first = coordinator.track_resource(one)
    second = coordinator.track_resource(two)

    coordinator.cleanup_all()

    assert heard == [second, first]
    assert coordinator.get_resource_count() == 0


def test_cleanup_all_goes_on_after_a_failure_and_tells_it(
    service: Service, expect_log: ExpectLog
) -> None:
    """Printed, `except Exception: pass` loses the failure; here all are tried, then one group."""
    expect_log("could not be closed: stuck")
    closed: list[str] = []

    def fail(resource: Any) -> None:
        raise OSError("stuck")

    component, one, two = Component(), Thumbnail(), Thumbnail()
    coordinator = BaseResourceCoordinator("Component_1").bind_to_component(component)
    coordinator.track_resource(one, cleanup_handler=lambda resource: closed.append("one"))
    failing = coordinator.track_resource(two, cleanup_handler=fail)

    with pytest.raises(ExceptionGroup) as raised:
        coordinator.cleanup_all()

    assert closed == ["one"]
    assert [str(error) for error in raised.value.exceptions] == ["stuck"]
    assert service.get_resource(failing) is not None
    expect_log("stays registered|Clean-up of")
    with pytest.raises(ExceptionGroup):
        service.cleanup_component(component)


def test_a_coordinator_that_dies_early_complains_and_closes_nothing(
    service: Service, expect_log: ExpectLog
) -> None:
    """`__del__` only complains: what the component holds stays its own and is closed with it."""
    expect_log("Coordinator Component_1 destroyed with 1 active resources")
    closed: list[str] = []
    component, image = Component(), Thumbnail()
    coordinator = BaseResourceCoordinator("Component_1").bind_to_component(component)
    coordinator.track_resource(image, cleanup_handler=lambda resource: closed.append("image"))

    del coordinator
    gc.collect()

    assert closed == []
    service.cleanup_component(component)
    assert closed == ["image"]


def test_coordinator_and_service_keep_neither_component_nor_resource_alive(
    service: Service,
) -> None:
    """Service and coordinator refer weakly: a business card rather than handcuffs."""
    component, image = Component(), Thumbnail()
    coordinator = BaseResourceCoordinator("Component_1").bind_to_component(component)
    coordinator.track_resource(image, ResourceType.THUMBNAIL)
    of_component, of_image = weakref.ref(component), weakref.ref(image)
    gc.disable()
    try:
        del image
        count_without_image = coordinator.get_resource_count()
        del component
        gone = of_component() is None and of_image() is None
    finally:
        gc.enable()

    assert gone
    assert count_without_image == 0
    assert service.get_statistics()["components_registered"] == 0


def test_printed_cleanup_that_closes_over_its_component_keeps_it_for_ever() -> None:
    """A handler of the component in a strong list is a cycle: only the collector ends it."""

    class Printed:
        def __init__(self) -> None:
            self.cleanup_callbacks = [self.cleanup]

        def cleanup(self) -> None: ...

    gc.disable()
    try:
        component = Printed()
        reference = weakref.ref(component)
        del component
        alive = reference() is not None
    finally:
        gc.enable()
        gc.collect()

    assert alive


def test_debug_mode_logs_tracking_and_release(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    """`coordinator.debug_mode = True` logs "Releasing <id> from <component>"."""
    caplog.set_level(logging.DEBUG, "budgetinator.resources")
    component, image = Component(), Thumbnail()
    coordinator = BaseResourceCoordinator("Component_1").bind_to_component(component)

    coordinator.debug_mode = True
    resource_id = coordinator.track_resource(image, name="cover")
    coordinator.release(resource_id)

    assert f"Component_1 tracks cover as {resource_id}" in caplog.messages
    assert f"Releasing {resource_id} from Component_1" in caplog.messages


def test_statistics_of_a_coordinator_count_what_is_tracked(service: Service) -> None:
    """`get_statistics()["total_tracked"]` is `get_resource_count()`."""
    component, image = Component(), Thumbnail()
    coordinator = BaseResourceCoordinator("Component_1").bind_to_component(component)
    coordinator.track_resource(image)

    assert coordinator.get_statistics() == {"total_tracked": 1}
    assert coordinator.get_resource_count() == 1
