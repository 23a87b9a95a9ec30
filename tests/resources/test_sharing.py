"""One object that is tracked more than once counts its bytes once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from budgetinator.errors import LimitExceeded
from budgetinator.resources import ResourceManagementService, ResourceType
from budgetinator.resources.tracking import Options
from tests.resources.things import Component, Thing

MAKERS: dict[str, Callable[[], Any]] = {"weak": Thing, "strong": lambda: bytearray(9)}
ORDERS = tuple(itertools.permutations(range(3)))
MORE: tuple[dict[str, Any], ...] = ({}, {"name": "rich"}, {"hold": "strong"})


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("maker", MAKERS)
def test_in_every_order_of_release(
    service: ResourceManagementService, component: Component, maker: str, order: tuple[int, ...]
) -> None:
    """The bytes stay until the last record of the object is released, in whatever order."""
    thing = MAKERS[maker]()
    keys = [service.track_resource(component, "memory", thing, 10, **more) for more in MORE]
    seen = [service.get_component_memory_usage(component)]
    for number in order:
        service.release_resource(component, keys[number])
        seen.append(service.get_component_memory_usage(component))
    assert seen == [10, 10, 10, 0]
    assert (service.ledger.shared, service.ledger._by_identity) == (0, {})


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("maker", MAKERS)
def test_across_components(
    service: ResourceManagementService, maker: str, order: tuple[int, ...]
) -> None:
    """All together hold the bytes once, and the last component that holds it is charged."""
    components = [Component() for _ in range(3)]
    thing = MAKERS[maker]()
    keys = []
    for number, component in enumerate(components):
        service.register_component(component, str(number))
        keys.append(service.track_resource(component, ResourceType.MEMORY, thing, 10))
    for count, number in enumerate(order):
        assert sum(service.get_memory_usage().values()) == 10
        assert service.get_statistics()["memory_bytes"] == 10
        if count == 2:
            assert service.get_memory_usage()[str(number)] == 10
        service.release_resource(components[number], keys[number])
    assert service.get_memory_usage() == {"0": 0, "1": 0, "2": 0}
    assert service.get_statistics()["memory_bytes"] == 0


def test_the_death_of_an_object_ends_all_its_records(
    service: ResourceManagementService, component: Component
) -> None:
    """Two records of one object that dies leave no bytes and no debt."""
    thing = Thing()
    for more in ({}, {"name": "rich"}):
        service.track_resource(component, ResourceType.MEMORY, thing, 10, **more)
    del thing
    assert service.get_memory_usage() == {"component": 0}
    assert service.ledger.shared == 0


def test_one_service_does_not_see_what_another_tracks(
    service: ResourceManagementService, component: Component
) -> None:
    """An object that two services track is charged in each."""
    other = ResourceManagementService()
    other.register_component(component, "component")
    thing = Thing()
    for one in (service, other):
        one.track_resource(component, ResourceType.MEMORY, thing, 10)
    usage = [one.get_memory_usage() for one in (service, other)]
    other.close()
    assert usage == [{"component": 10}, {"component": 10}]


def test_the_counts_count_every_record(
    service: ResourceManagementService, component: Component
) -> None:
    """Only bytes are counted once; each record is a resource of its own."""
    thing = Thing()
    for _ in range(3):
        service.track_resource(component, ResourceType.MEMORY, thing, 10)
    assert service.get_resource_count(component) == {"memory": 3}


def test_a_second_record_costs_nothing_under_a_limit(
    service: ResourceManagementService, component: Component
) -> None:
    """A limit does not refuse what would add no bytes."""
    service.set_memory_limit("component", 10, policy="refuse")
    thing = Thing()
    service.track_resource(component, ResourceType.MEMORY, thing, 8)
    service.track_resource(component, ResourceType.MEMORY, thing, 8)
    with pytest.raises(LimitExceeded):
        service.track_resource(component, ResourceType.MEMORY, Thing(), 8)
    assert service.get_memory_usage() == {"component": 8}


def test_bytes_that_pass_to_a_twin_have_not_fallen(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """Releasing one of two records of an object above the mark begins no new excursion."""
    expect_log("exceeded memory limit")
    events: list[int] = []
    service.set_memory_limit("component", 10)
    service.memory_threshold_exceeded.connect(lambda _id, size: events.append(size))
    thing, small = Thing(), Thing()
    key = service.track_resource(component, ResourceType.MEMORY, thing, 15)
    service.track_resource(component, ResourceType.MEMORY, thing, 15)
    service.release_resource(component, key)
    service.track_resource(component, ResourceType.MEMORY, small, 1)
    assert events == [15]


def test_a_snapshot_counts_a_shared_object_once(
    service: ResourceManagementService, component: Component
) -> None:
    """The totals of a snapshot are those of the service."""
    thing = Thing()
    for _ in range(2):
        service.track_resource(component, ResourceType.MEMORY, thing, 10)
    snapshot = service.snapshot()
    assert (snapshot.memory_bytes, snapshot.active_resources) == (10, 2)
    assert {resource.size_bytes for resource in snapshot.resources()} == {10}


def test_a_type_by_its_name_shares_as_the_type_does(
    service: ResourceManagementService, component: Component
) -> None:
    """Tracked by the general way first, an object is charged once all the same, in any order."""
    thing = Thing()
    keys = [service.track_resource(component, "memory", thing, 10) for _ in range(2)]
    keys.append(service.track_resource(component, ResourceType.MEMORY, thing, 10))
    seen = [service.get_component_memory_usage(component)]
    for key in keys:
        service.release_resource(component, key)
        seen.append(service.get_component_memory_usage(component))
    assert (seen, service.ledger.shared) == ([10, 10, 10, 0], 0)


def test_two_threads_that_track_an_object_first_at_once_share_it(
    service: ResourceManagementService, component: Component
) -> None:
    """Both have made their record before either is entered; the charge is still passed on."""
    ledger, tracking = service.ledger, service._tracking
    holding = ledger.holding(
        ledger.owner_of(component),  # type: ignore[arg-type]
        ledger.catalog.kind("memory"),
    )
    thing, options = Thing(), Options(10)
    other = tracking._make(holding, thing, options)
    first = tracking.enter(holding, thing, options)
    second = tracking.enter(holding, thing, options)
    del other
    for key in (first, second):
        assert service.get_component_memory_usage(component) == 10
        service.release_resource(component, key)
    assert (service.get_component_memory_usage(component), ledger.shared) == (0, 0)


@pytest.mark.parametrize("first", [0, 1])
def test_resizing_one_of_two_to_nothing_leaves_the_other_charged(
    service: ResourceManagementService, component: Component, first: int
) -> None:
    """Whichever of the two gives its size up, the object's bytes stay until the other goes."""
    thing = Thing()
    keys = [service.track_resource(component, "memory", thing, 10) for _ in range(2)]
    service.resize_resource(keys[first], 0)
    assert service.get_component_memory_usage(component) == 10
    service.resize_resource(keys[1 - first], 25)
    assert service.get_component_memory_usage(component) == 25
    service.resize_resource(keys[first], 5)
    assert service.get_component_memory_usage(component) == 25
    for key in keys:
        service.release_resource(component, key)
    assert (service.get_component_memory_usage(component), service.ledger.shared) == (0, 0)


def test_a_record_that_was_replaced_charges_nothing(
    service: ResourceManagementService, component: Component
) -> None:
    """Protecting replaces the record; the old one, still in another thread's hands, is void."""
    thing = Thing()
    key = service.track_resource(component, ResourceType.MEMORY, thing, 10)
    old = service.ledger.find(key)
    service.protect(key)
    service.release_resource(component, key)
    service.track_resource(component, ResourceType.MEMORY, thing, 10)
    assert (service.get_component_memory_usage(component), service.ledger.shared) == (10, 0)
    assert old is not None
