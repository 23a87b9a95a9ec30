"""Coordinators of one component: base and mock."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from budgetinator.resources import (
    BaseResourceCoordinator,
    IResourceManagementService,
    MockResourceCoordinator,
    ReleaseOutcome,
    ResourceManagementService,
    ResourceType,
    WorkerResourceCoordinator,
    register_service,
)
from tests.resources.things import Closable, Component, Thing


class BudgetController(Component):
    """A component whose class name says what it is."""


def test_binding_registers_the_component(service: ResourceManagementService) -> None:
    """It returns the coordinator, and the component's type comes from its class's name."""
    controller = BudgetController()
    coordinator = BaseResourceCoordinator("BudgetController_1", service)
    assert coordinator.bind_to_component(controller) is coordinator
    (info,) = service.snapshot().components
    assert (info.component_id, info.component_type) == ("BudgetController_1", "controller")
    assert (info.cleanup_callbacks[0][0], coordinator.component_id) == (10, info.component_id)


def test_initialize_is_another_name_for_binding(service: ResourceManagementService) -> None:
    """Seed 002's name does the same."""
    component = Component()
    coordinator = BaseResourceCoordinator("one", service)
    assert coordinator.initialize(component) is coordinator
    assert service.get_component_state(component) is not None


def test_resource_and_type_come_in_either_order(
    service: ResourceManagementService,
) -> None:
    """Exactly one of the two is a type; a name of a registered type counts as one."""
    service.register_resource_type("database")
    component = Component()
    coordinator = BaseResourceCoordinator("one", service).bind_to_component(component)
    thing = Thing()
    coordinator.track_resource(thing, ResourceType.MEMORY)
    coordinator.track_resource(ResourceType.MEMORY, thing)
    coordinator.track_resource("database", thing)
    coordinator.track_resource(thing, "database")
    coordinator.track_resource(thing)
    coordinator.track_resource("some text", ResourceType.CUSTOM)
    assert service.get_resource_count(component) == {"memory": 2, "database": 2, "custom": 2}
    for two in ((thing, thing), (ResourceType.MEMORY, ResourceType.CUSTOM)):
        with pytest.raises(TypeError, match="either order"):
            coordinator.track_resource(*two)
    service.cleanup_component(component)


def test_name_handler_size_and_metadata(service: ResourceManagementService) -> None:
    """Everything said of a resource arrives at the service."""
    component, thing, seen = Component(), Thing(), []
    coordinator = BaseResourceCoordinator("one", service).bind_to_component(component)
    key = coordinator.track_resource(thing, ResourceType.MEMORY, "preview", seen.append, 12, page=3)
    shown = service.get_resource(key)
    assert shown is not None
    assert (shown.name, shown.size_bytes, dict(shown.metadata)) == ("preview", 12, {"page": 3})
    assert coordinator.release(key) is ReleaseOutcome.RELEASED
    assert coordinator.release(key) is ReleaseOutcome.UNKNOWN
    assert seen == [thing]


def test_cleaning_up_goes_last_in_first_out_and_tries_everything(
    service: ResourceManagementService, expect_log: Any
) -> None:
    """Failures come out together, and what failed can be tried again."""
    expect_log("could not be closed")
    order: list[str] = []
    fails = [True]

    def close(_resource: object) -> None:
        if fails:
            raise OSError("busy")

    component = Component()
    coordinator = BaseResourceCoordinator("one", service).bind_to_component(component)
    for name in "ab":
        coordinator.track_resource(Closable(name, order), ResourceType.FILE_HANDLE)
    coordinator.track_resource([1], cleanup_handler=close)
    coordinator.track_resource(Closable("c", order), ResourceType.FILE_HANDLE)
    with pytest.raises(ExceptionGroup) as caught:
        coordinator.cleanup_all()
    assert ([str(e) for e in caught.value.exceptions], order) == (["busy"], ["c", "b", "a"])
    assert coordinator.get_resource_count() == 1
    fails.clear()
    coordinator.cleanup_all()
    assert coordinator.get_statistics() == {"total_tracked": 0}


def test_releases_call_the_hook(service: ResourceManagementService) -> None:
    """`on_resource_released` is for subclasses."""
    released: list[str] = []

    class Noting(BaseResourceCoordinator):
        def on_resource_released(self, resource_id: str) -> None:
            released.append(resource_id)

    component = Component()
    coordinator = Noting("one", service).bind_to_component(component)
    key = coordinator.track_resource(thing := Thing())
    coordinator.cleanup_all()
    assert (released, type(thing)) == ([key], Thing)


def test_the_components_cleanup_goes_through_its_coordinator(
    service: ResourceManagementService,
) -> None:
    """`cleanup_component` calls `cleanup_all`, and neither keeps the component alive."""
    order: list[str] = []
    component = Component()
    coordinator = BaseResourceCoordinator("one", service).bind_to_component(component)
    coordinator.track_resource(Closable("a", order), ResourceType.FILE_HANDLE)
    service.register_cleanup(component, lambda: order.append("after"), priority=11)
    service.cleanup_component(component)
    assert order == ["a", "after"]
    ref = weakref.ref(component)
    del component
    assert ref() is None


def test_what_a_dead_component_left_is_not_the_coordinators_any_more(
    service: ResourceManagementService, expect_log: Any
) -> None:
    """A release that comes late, from a worker say, finds nothing and raises nothing."""
    expect_log("one was collected while it held 1 resources")
    component = Component()
    coordinator = BaseResourceCoordinator("one", service).bind_to_component(component)
    key = coordinator.track_resource([1])
    del component
    assert coordinator.release(key) is ReleaseOutcome.UNKNOWN
    coordinator.cleanup_all()
    assert (coordinator.get_resource_count(), service.get_resource_count()) == (0, {})


def test_a_coordinator_that_is_not_bound_tracks_for_itself(
    service: ResourceManagementService,
) -> None:
    """It is a component then, until it is bound to another one."""
    coordinator = BaseResourceCoordinator("alone", service)
    key = coordinator.track_resource(thing := Thing())
    assert service.get_statistics()["components_registered"] == 1
    assert (bool(coordinator.release(key)), type(thing)) == (True, Thing)
    ref = weakref.ref(coordinator)
    del coordinator
    gc.collect()
    assert ref() is None


def test_ids_of_what_died_are_forgotten(service: ResourceManagementService) -> None:
    """A coordinator that tracks ten thousand passing objects does not remember them all."""
    component = Component()
    coordinator = BaseResourceCoordinator("one", service).bind_to_component(component)
    for _ in range(10_000):
        coordinator.track_resource(Thing())
    assert len(coordinator._ids) <= 66


def test_a_coordinator_that_goes_with_resources_complains(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """The warning names how many resources it leaves to the service."""
    expect_log("already registered")
    expect_log("Coordinator one destroyed with 1 active resources")
    coordinator = BaseResourceCoordinator("one", service).bind_to_component(component)
    coordinator.track_resource([1])
    del coordinator
    gc.collect()
    assert service.get_resource_count(component) == {"custom": 1}


@pytest.mark.parametrize("kind", [BaseResourceCoordinator, WorkerResourceCoordinator])
def test_without_a_service_it_takes_the_registered_one(
    service: ResourceManagementService, kind: type[BaseResourceCoordinator]
) -> None:
    """There is a ValueError where none was registered."""
    with pytest.raises(ValueError, match="register_service"):
        kind("one")
    undo = register_service(IResourceManagementService, service)  # type: ignore[type-abstract]
    try:
        assert kind("one").service is service
    finally:
        undo()


def test_the_mock_tracks_without_a_service() -> None:
    """It keeps (resource, name) in order, calls handlers, and closes nothing else."""
    mock, seen = MockResourceCoordinator(), []
    worker, closable = Thing(), Closable()
    assert mock.bind_to_component(worker) is mock
    first = mock.track_worker(worker, name="loading")
    second = mock.track_resource(ResourceType.FILE_HANDLE, closable, cleanup_handler=seen.append)
    assert mock.tracked_resources == [(worker, "loading"), (closable, None)]
    assert (mock.get_resource_count(), mock.get_statistics()) == (2, {"total_tracked": 2})
    mock.cleanup_all()
    assert mock.released_resources == [second, first]
    assert (seen, closable.closed, mock.component) == ([closable], [], worker)
    assert mock.release(first) is ReleaseOutcome.UNKNOWN
