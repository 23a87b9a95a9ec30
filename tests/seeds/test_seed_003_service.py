"""Seed 003, phase 1: interface, service and registration, as printed where that can run."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import pytest

from budgetinator.errors import FSAError
from budgetinator.resources import (
    ComponentState,
    IResourceManagementService,
    ReleaseOutcome,
    ResourceManagementService,
    ResourceType,
    ServiceRegistry,
    get_service,
    register_service,
)
from tests.support.logs import ExpectLog

Service = ResourceManagementService
PRINTED_METHODS = {
    "register_component": ["component", "component_id", "component_type"],
    "unregister_component": ["component"],
    "track_resource": ["component", "resource_type", "resource", "size_bytes", "metadata"],
    "release_resource": ["component", "resource_id"],
    "register_cleanup": ["component", "callback", "priority"],
    "managed_resource": ["component", "resource_type"],
    "cleanup_component": ["component", "force"],
    "get_memory_usage": [],
    "get_resource_count": ["component"],
    "set_component_state": ["component", "state"],
    "get_component_state": ["component"],
    "set_memory_limit": ["component_id", "limit_bytes"],
    "set_global_memory_limit": ["limit_bytes"],
    "get_statistics": [],
    "_periodic_cleanup": [],
    "_emergency_cleanup": [],
}
PRINTED_SIGNALS = [
    "resource_tracked",
    "resource_released",
    "component_registered",
    "component_cleanup",
    "memory_threshold_exceeded",
]


class Component:
    """Anything that owns resources."""


class Thumbnail:
    """Anything that can be referenced weakly."""


@pytest.fixture
def component(service: Service) -> Component:
    component = Component()
    service.register_component(component, "Component_1")
    return component


@pytest.mark.parametrize(("method", "printed"), PRINTED_METHODS.items())
def test_the_service_has_the_printed_methods(method: str, printed: list[str]) -> None:
    """Each begins with the printed parameters, in the printed order."""
    parameters = list(inspect.signature(getattr(Service, method)).parameters)

    assert parameters[1 : 1 + len(printed)] == printed


@pytest.mark.parametrize("name", PRINTED_SIGNALS)
def test_the_service_has_the_printed_signals(service: Service, name: str) -> None:
    """Each has `connect`, `disconnect` and `emit`."""
    signal = getattr(service, name)

    assert [callable(getattr(signal, word)) for word in ("connect", "disconnect", "emit")] == [
        True,
        True,
        True,
    ]


def test_a_qt_object_cannot_be_an_abc_so_the_interface_is_a_protocol(service: Service) -> None:
    """`class X(QObject, IResourceManagementService)`: a "metaclass TypeError on import"."""

    class QtMetaclass(type): ...

    class QObject(metaclass=QtMetaclass): ...

    class Printed(ABC):
        @abstractmethod
        def register_component(self) -> None: ...

    with pytest.raises(TypeError, match="metaclass conflict"):
        type("ResourceManagementService", (QObject, Printed), {})
    assert isinstance(service, IResourceManagementService)
    assert Service.__bases__ == (object,)


def test_states_are_those_printed(service: Service, component: Component) -> None:
    """loaded → initialized → active → paused → cleaning → destroyed."""
    names = [state.name for state in ComponentState]
    values = [state.value for state in ComponentState]
    service.set_component_state(component, ComponentState.ACTIVE)

    active = service.get_component_state(component)
    service.cleanup_component(component)

    assert names == ["LOADED", "INITIALIZED", "ACTIVE", "PAUSED", "CLEANING", "DESTROYED"]
    assert values == ["loaded", "initialized", "active", "paused", "cleaning", "destroyed"]
    assert active is ComponentState.ACTIVE
    assert service.get_component_state(component) is ComponentState.DESTROYED
    assert service.get_component_state(Component()) is None


def test_registering_twice_warns_and_changes_nothing(
    service: Service, component: Component, expect_log: ExpectLog
) -> None:
    """The warning names the id that was asked for, as printed; the first one stays."""
    expect_log("Component Component_2 already registered")

    service.register_component(component, "Component_2")

    assert service.get_memory_usage() == {"Component_1": 0}


def test_tracking_for_a_stranger_is_an_fsa_error(service: Service) -> None:
    """`raise FSAError("Component not registered ...")`, also for `register_cleanup`."""
    with pytest.raises(FSAError, match="not registered"):
        service.track_resource(Component(), ResourceType.MEMORY, bytearray(1))
    with pytest.raises(FSAError, match="not registered"):
        service.register_cleanup(Component(), print)


def test_releasing_what_is_not_tracked_is_false(service: Service, component: Component) -> None:
    """`release_resource` returns False for a stranger's component and for an unknown id."""
    outcomes = [
        service.release_resource(Component(), "1"),
        service.release_resource(component, "1"),
    ]

    assert outcomes == [ReleaseOutcome.UNKNOWN, ReleaseOutcome.UNKNOWN]
    assert [bool(outcome) for outcome in outcomes] == [False, False]


def test_resources_are_counted_by_type_of_one_and_of_all(
    service: Service, component: Component
) -> None:
    """`get_resource_count()` sums up, `get_resource_count(component)` is one's own."""
    other, images = Component(), [Thumbnail() for _ in range(3)]
    service.register_component(other, "Component_2")
    service.track_resource(component, ResourceType.THUMBNAIL, images[0])
    service.track_resource(component, ResourceType.MAP, images[1])
    service.track_resource(other, ResourceType.THUMBNAIL, images[2])

    assert service.get_resource_count() == {"thumbnail": 2, "map": 1}
    assert service.get_resource_count(component) == {"thumbnail": 1, "map": 1}
    assert service.get_resource_count(Component()) == {}


def test_the_statistics_have_the_printed_keys(service: Service, component: Component) -> None:
    """Six keys, with the totals by component and by type among them."""
    service.track_resource(component, ResourceType.MEMORY, bytearray(7), 7)

    statistics = service.get_statistics()

    assert {key: statistics[key] for key in statistics if key != "memory_bytes"} == {
        "components_registered": 1,
        "total_resources_tracked": 1,
        "total_resources_released": 0,
        "active_resources": 1,
        "memory_usage": {"Component_1": 7},
        "resource_counts": {"memory": 1},
    }


@pytest.mark.parametrize(
    ("resource_type", "method"),
    [
        (ResourceType.QOBJECT, "deleteLater"),
        (ResourceType.THREAD, "quit"),
        (ResourceType.FILE_HANDLE, "close"),
        (ResourceType.WORKER, "cancel"),
    ],
)
def test_each_type_is_closed_in_its_own_way(
    service: Service, component: Component, resource_type: ResourceType, method: str
) -> None:
    """`_cleanup_resource`: deleteLater, quit and wait, close, cancel."""
    calls: list[str] = []

    class Closable:
        def isRunning(self) -> bool:  # noqa: N802 - QThread's name
            return method not in calls

        def wait(self, msecs: int) -> bool:
            return True

    closable: Any = Closable()
    setattr(closable, method, lambda: calls.append(method))
    resource_id = service.track_resource(component, resource_type, closable)

    service.release_resource(component, resource_id)

    assert calls == [method]


def test_a_cleanup_func_in_the_metadata_gets_the_resource(
    service: Service, component: Component, tmp_path: Path
) -> None:
    """`metadata={'cleanup_func': f}`: called with the resource, in place of its type's way."""
    calls: list[Any] = []
    with (tmp_path / "notes.txt").open("w") as file:
        resource_id = service.track_resource(
            component, ResourceType.FILE_HANDLE, file, metadata={"cleanup_func": calls.append}
        )

        service.release_resource(component, resource_id)

        assert calls == [file]
        assert not file.closed


def test_unregistering_cleans_up_first(service: Service, component: Component) -> None:
    """`unregister_component`: a clean-up with force, then the component is forgotten."""
    cleaned: list[str] = []
    service.register_cleanup(component, lambda: cleaned.append("cleaned"))

    service.unregister_component(component)

    assert cleaned == ["cleaned"]
    assert service.get_statistics()["components_registered"] == 0


def test_services_are_registered_with_a_registry(service: Service) -> None:
    """Step 1.3, as printed: `registry.register(IResourceManagementService, resource_service)`."""

    def register_services(registry: ServiceRegistry) -> None:
        # Register Resource Management Service (singleton)
        resource_service = ResourceManagementService()
        registry.register(
            IResourceManagementService,  # type: ignore[type-abstract]
            resource_service,
        )

    registry = ServiceRegistry()

    register_services(registry)

    found = registry.get(IResourceManagementService)  # type: ignore[type-abstract]
    assert isinstance(found, ResourceManagementService)
    assert found is not service


def test_get_service_raises_a_value_error_when_nothing_is_registered() -> None:
    """Where the seeds test for None: "`get_service` raises `ValueError`"."""

    class IUnknown: ...

    with pytest.raises(ValueError, match="No service is registered for IUnknown"):
        get_service(IUnknown)
    undo = register_service(IUnknown, unknown := IUnknown())
    assert get_service(IUnknown) is unknown
    undo()
