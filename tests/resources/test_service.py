"""What the service promises of components, types, ids and the way resources are held."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from dataclasses import dataclass
from typing import Any

import pytest

from budgetinator.errors import (
    ComponentDestroyed,
    ComponentNotRegistered,
    FSAError,
    UnknownResourceType,
)
from budgetinator.resources import (
    ComponentState,
    IResourceManagementService,
    ReleaseOutcome,
    ResourceManagementService,
    ResourceType,
    next_component_id,
)
from tests.resources.things import Closable, Component, Thing


@dataclass
class Unhashable:
    name: str


@dataclass(frozen=True)
class Equal:
    name: str


class Sealed:
    """Cannot be referenced weakly."""

    __slots__ = ("name",)


def test_the_service_is_imported_without_qt() -> None:
    """The service needs no Qt, and none is loaded with it."""
    code = (
        "import sys; from budgetinator.resources import ResourceManagementService as S;"
        "S().close(); print([m for m in sys.modules if m.startswith(('PySide', 'shiboken'))])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_interface_is_a_protocol_that_the_service_fits() -> None:
    """A service is an IResourceManagementService without inheriting from it."""
    service = ResourceManagementService()
    assert isinstance(service, IResourceManagementService)
    assert IResourceManagementService not in ResourceManagementService.__mro__


def test_an_unhashable_component_is_welcome(service: ResourceManagementService) -> None:
    """A dataclass with a generated __eq__ has no hash and is registered all the same."""
    one = Unhashable("one")
    service.register_component(one, "one")
    service.track_resource(one, ResourceType.MEMORY, None, 5)
    assert service.get_memory_usage() == {"one": 5}
    service.unregister_component(one)


def test_equal_components_are_not_merged(service: ResourceManagementService) -> None:
    """Two components that are equal hold what is theirs."""
    first, second = Equal("same"), Equal("same")
    service.register_component(first, "first")
    service.register_component(second, "second")
    service.track_resource(first, ResourceType.MEMORY, None, 5)
    assert service.get_memory_usage() == {"first": 5, "second": 0}
    service.cleanup_component(first)
    assert service.get_component_state(second) is ComponentState.LOADED


def test_a_component_that_cannot_be_referenced_weakly_is_held(
    service: ResourceManagementService,
) -> None:
    """A component with slots is held until it is unregistered."""
    sealed = Sealed()
    service.register_component(sealed, "sealed")
    service.track_resource(sealed, ResourceType.MEMORY, None, 5)
    assert service.get_resource_count(sealed) == {"memory": 1}
    service.unregister_component(sealed)
    assert service.get_component_state(sealed) is None


def test_an_object_at_the_address_of_a_dead_component_is_a_stranger(
    service: ResourceManagementService,
) -> None:
    """The address of a dead component does not make another object its heir."""
    for _ in range(200):
        component = Component()
        service.register_component(component, "old")
        address = id(component)
        del component
        stranger = Component()
        if id(stranger) == address:
            with pytest.raises(ComponentNotRegistered):
                service.track_resource(stranger, ResourceType.MEMORY, Thing())
            return
    pytest.skip("the allocator reused no address")


def test_registering_twice_logs_and_changes_nothing(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """The first registration stands (seed 003)."""
    expect_log("already registered")
    service.register_component(component, "another", "tab")
    assert list(service.get_memory_usage()) == ["component"]


def test_a_component_begins_a_new_life_when_registered_after_its_cleanup(
    service: ResourceManagementService, component: Component
) -> None:
    """A DESTROYED component that is registered again is LOADED and can track."""
    service.cleanup_component(component)
    service.register_component(component, "second life")
    service.track_resource(component, ResourceType.MEMORY, None, 3)
    assert service.get_memory_usage() == {"second life": 3}


def test_what_a_last_life_could_not_close_is_found_in_the_new_one(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """A FAILED resource can still be released by its id after its component registered again."""
    expect_log("could not be closed")
    works = False

    def close(_thing: object) -> None:
        if not works:
            raise OSError("not yet")

    thing = Thing()
    key = service.track_resource(component, ResourceType.CUSTOM, thing, 7, cleanup=close)
    with pytest.raises(ExceptionGroup):
        service.cleanup_component(component)
    service.register_component(component, "second life")
    works = True
    assert service.get_memory_usage() == {"second life": 7}
    assert service.release_resource(component, key) is ReleaseOutcome.RELEASED
    assert service.get_memory_usage() == {"second life": 0}


def test_adding_to_a_destroyed_component_is_refused_with_the_place(
    service: ResourceManagementService, component: Component
) -> None:
    """The error names file, line and function of the clean-up, in text and as an attribute."""
    service.cleanup_component(component)
    for add in (
        lambda: service.track_resource(component, ResourceType.MEMORY, Thing()),
        lambda: service.track_resource(component, ResourceType.MEMORY, None, 5),
        lambda: service.register_cleanup(component, print),
        lambda: service.add_child(component, component),
    ):
        with pytest.raises(ComponentDestroyed) as caught:
            add()
        assert f"{__file__}:" in str(caught.value)
        assert caught.value.destroyed_at is not None
        assert caught.value.destroyed_at.endswith(
            "in test_adding_to_a_destroyed_component_is_refused_with_the_place"
        )


def test_tracking_for_a_stranger_is_an_error(service: ResourceManagementService) -> None:
    """It raises ComponentNotRegistered, which is the FSAError of the seeds."""
    with pytest.raises(ComponentNotRegistered) as caught:
        service.track_resource(Component(), ResourceType.MEMORY, Thing())
    assert isinstance(caught.value, FSAError)


def test_cleaning_up_a_stranger_is_no_error(service: ResourceManagementService) -> None:
    """Cleaning up, unregistering and asking for the state of a stranger do nothing."""
    stranger = Component()
    service.cleanup_component(stranger)
    service.unregister_component(stranger)
    service.set_component_state(stranger, ComponentState.ACTIVE)
    assert service.get_component_state(stranger) is None
    assert service.release_resource(stranger, "1") is ReleaseOutcome.UNKNOWN
    assert service.get_resource_count(stranger) == {}


@pytest.mark.parametrize("state", ComponentState)
def test_every_state_can_be_noted_and_cleaned_up(
    service: ResourceManagementService, component: Component, state: ComponentState
) -> None:
    """Whatever state a component says it is in, its clean-up does its work and ends."""
    calls: list[str] = []
    service.register_cleanup(component, lambda: calls.append("called"))
    service.set_component_state(component, state)
    assert service.get_component_state(component) is state
    service.cleanup_component(component)
    assert (calls, service.get_component_state(component)) == (["called"], ComponentState.DESTROYED)


def test_ids_are_serials(service: ResourceManagementService, component: Component) -> None:
    """Resource ids count up and never come again, whatever address an object has."""
    keys = []
    for _ in range(1000):
        key = service.track_resource(component, ResourceType.MEMORY, Thing())
        service.release_resource(component, key)
        keys.append(int(key))
    assert keys == list(range(keys[0], keys[0] + 1000))


def test_component_ids_are_serials() -> None:
    """A thousand components that come and go get a thousand ids."""
    ids = {next_component_id(type(Component()).__name__) for _ in range(1000)}
    assert len(ids) == 1000
    assert all(one.startswith("Component_") for one in ids)


def test_a_registered_type_is_taken_by_name(
    service: ResourceManagementService, component: Component
) -> None:
    """A type is added by registering it, closes its resources, and goes with its undo."""
    closed: list[str] = []
    undo = service.register_resource_type("database", cleanup=lambda one: one.close())
    service.track_resource(component, "database", connection := Closable("db", closed))
    key = service.track_resource(component, "memory", thing := Thing())
    assert service.get_resource_count() == {"database": 1, "memory": 1}
    assert service.get_resource(key).resource_type is ResourceType.MEMORY  # type: ignore[union-attr]
    service.cleanup_component(component)
    assert (closed, connection.name, thing) == (["db"], "db", thing)
    undo()
    undo()
    with pytest.raises(UnknownResourceType):
        service.managed_resource(component, "database")


def test_a_type_cannot_be_registered_twice(service: ResourceManagementService) -> None:
    """Neither a name of the seeds nor one that was added may be taken again."""
    service.register_resource_type("database")
    for name in ("database", "memory", ""):
        with pytest.raises(UnknownResourceType):
            service.register_resource_type(name)


@pytest.mark.parametrize("wrong", ["no such type", None, 7, ComponentState.ACTIVE])
def test_an_unknown_type_is_an_error(
    service: ResourceManagementService, component: Component, wrong: Any
) -> None:
    """What is neither a ResourceType nor a registered name is refused, and nothing is tracked."""
    with pytest.raises(UnknownResourceType):
        service.track_resource(component, wrong, Thing())
    assert service.get_resource_count() == {}


def test_a_negative_size_is_an_error(
    service: ResourceManagementService, component: Component
) -> None:
    """A size counts bytes; nothing is tracked, and no id is used up."""
    for resource in (Thing(), None):
        with pytest.raises(ValueError, match="cannot be -1"):
            service.track_resource(component, ResourceType.MEMORY, resource, -1)
    assert service.get_statistics()["total_resources_tracked"] == 0


def test_resources_are_held_weakly_where_they_can_be(
    service: ResourceManagementService, component: Component
) -> None:
    """Tracking does not keep a resource alive, with a handler or without."""
    plain, rich = Thing(), Thing()
    service.track_resource(component, ResourceType.MEMORY, plain, 5)
    service.track_resource(component, ResourceType.MEMORY, rich, 5, cleanup=print)
    refs = [weakref.ref(plain), weakref.ref(rich)]
    del plain, rich
    assert [ref() for ref in refs] == [None, None]
    assert (service.get_resource_count(), service.get_memory_usage()) == ({}, {"component": 0})


@pytest.mark.parametrize(
    "kind", [ResourceType.FILE_HANDLE, ResourceType.WORKBOOK, ResourceType.WORKER]
)
def test_what_must_finish_is_held_strongly(
    service: ResourceManagementService, component: Component, kind: ResourceType
) -> None:
    """A file or a worker that nobody else refers to stays until it is released."""
    closable = Closable()
    ref = weakref.ref(closable)
    key = service.track_resource(component, kind, closable)
    del closable
    gc.collect()
    assert ref() is not None
    service.release_resource(component, key)
    assert ref() is None


def test_what_cannot_be_referenced_weakly_is_held_strongly(
    service: ResourceManagementService, component: Component
) -> None:
    """Bytes and lists stay tracked until they are released."""
    keys = [
        service.track_resource(component, ResourceType.MEMORY, data, len(data))
        for data in (bytes(range(9)), [1, 2, 3])
    ]
    assert service.get_component_memory_usage(component) == 12
    assert [bool(service.release_resource(component, key)) for key in keys] == [True, True]
    assert service.get_component_memory_usage(component) == 0


def test_hold_says_how(service: ResourceManagementService, component: Component) -> None:
    """hold= overrules the default, and is "weak" or "strong"."""
    thing, closable = Thing(), Closable()
    refs = [weakref.ref(thing), weakref.ref(closable)]
    service.track_resource(component, ResourceType.MEMORY, thing, hold="strong")
    service.track_resource(component, ResourceType.FILE_HANDLE, closable, hold="weak")
    del thing, closable
    assert [ref() is None for ref in refs] == [False, True]
    with pytest.raises(ValueError, match="hold"):
        service.track_resource(component, ResourceType.MEMORY, Thing(), hold="tight")  # type: ignore[arg-type]


def test_a_handler_takes_the_place_of_its_types(
    service: ResourceManagementService, component: Component
) -> None:
    """With a handler of its own a file is not closed a second time by its type."""
    closable, seen = Closable(), []
    key = service.track_resource(
        component, ResourceType.FILE_HANDLE, closable, metadata={"cleanup_func": seen.append}
    )
    resource = service.get_resource(key)
    assert resource is not None
    assert dict(resource.metadata) == {}
    service.release_resource(component, key)
    assert (seen, closable.closed) == ([closable], [])


def test_a_handler_that_is_false_is_called_all_the_same(
    service: ResourceManagementService, component: Component
) -> None:
    """A callable with a length of nought is a handler like any other."""

    class Empty(list[Any]):
        def __call__(self, resource: Any) -> None:
            calls.append(resource)

    calls: list[Any] = []
    thing = Thing()
    key = service.track_resource(component, ResourceType.MEMORY, thing, cleanup=Empty())
    service.release_resource(component, key)
    assert calls == [thing]


def test_a_handler_of_no_object_is_told_none(
    service: ResourceManagementService, component: Component
) -> None:
    """A size without an object may have a handler, which is called with None."""
    calls: list[Any] = []
    key = service.track_resource(component, ResourceType.CUSTOM, None, 9, cleanup=calls.append)
    assert service.release_resource(component, key) is ReleaseOutcome.RELEASED
    assert calls == [None]


def test_unregistering_forgets_the_component(
    service: ResourceManagementService, component: Component
) -> None:
    """What it held is closed, and it is a stranger from then on."""
    closable = Closable()
    service.track_resource(component, ResourceType.FILE_HANDLE, closable, 4)
    service.unregister_component(component)
    assert closable.closed == ["it"]
    assert service.get_component_state(component) is None
    assert service.get_statistics()["components_registered"] == 0


def test_unregistering_keeps_what_could_not_be_closed(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """The component stays in the book while something of it is open, and says so in the log."""
    for pattern in ("could not be closed", "Clean-up of", "stays registered"):
        expect_log(pattern)
    fails = True

    def close(_thing: object) -> None:
        if fails:
            raise OSError("busy")

    service.track_resource(component, ResourceType.CUSTOM, thing := Thing(), cleanup=close)
    service.unregister_component(component)
    assert service.get_resource_count(component) == {"custom": 1}
    fails = False
    service.unregister_component(component)
    assert (service.get_component_state(component), thing) == (None, thing)


def test_get_resource_shows_what_was_said_of_it(
    service: ResourceManagementService, component: Component
) -> None:
    """The value carries the seeds' fields; an id that is gone gives None."""
    thing = Thing()
    key = service.track_resource(component, "memory", thing, 11, {"page": 3}, name="preview")
    shown = service.get_resource(key)
    assert shown is not None
    assert (shown.resource_id, shown.resource_type, shown.size_bytes) == (
        key,
        ResourceType.MEMORY,
        11,
    )
    assert (dict(shown.metadata), shown.component_id, shown.name) == (
        {"page": 3},
        "component",
        "preview",
    )
    assert shown.resource() is thing
    assert shown.tracked_at.tzinfo is not None
    service.release_resource(component, key)
    assert service.get_resource(key) is None
