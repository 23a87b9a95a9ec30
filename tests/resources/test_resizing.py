"""Resources that grow and shrink while they are tracked."""

from __future__ import annotations

import pytest

from budgetinator.errors import UnknownResource
from budgetinator.resources import ResourceManagementService, ResourceType


class Owner:
    """Something that holds resources."""


class Thing:
    """Something that is held."""


def test_a_resource_that_has_grown_counts_with_its_new_size() -> None:
    """All sums follow, and nothing is left of either size after the release."""
    service, owner, thing = ResourceManagementService(), Owner(), Thing()
    service.register_component(owner, "owner")
    resource_id = service.track_resource(owner, ResourceType.MEMORY, thing, 100)
    service.resize_resource(resource_id, 250)
    assert service.get_memory_usage() == {"owner": 250}
    assert service.get_statistics()["memory_bytes"] == 250
    service.resize_resource(resource_id, 10)
    assert service.snapshot().memory_bytes == 10
    assert service.release_resource(owner, resource_id)
    assert service.get_statistics()["memory_bytes"] == 0
    service.close()


def test_growth_over_a_mark_is_an_event_once() -> None:
    """The mark is passed by growing as by tracking, and left by shrinking."""
    service, owner, thing = ResourceManagementService(), Owner(), Thing()
    events: list[tuple[str, int]] = []
    service.register_component(owner, "owner")
    service.set_memory_limit("owner", 100)
    undo = service.memory_threshold_exceeded.connect(lambda *event: events.append(event))
    resource_id = service.track_resource(owner, ResourceType.MEMORY, thing, 50)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("budgetinator.resources.pressure.log.disabled", True)
        for size in (150, 160, 20, 130):
            service.resize_resource(resource_id, size)
    undo()
    assert events == [("owner", 150), ("owner", 130)]
    service.close()


def test_one_object_tracked_twice_counts_the_charged_size() -> None:
    """Its second record stays free of charge, and takes over with its own size."""
    service, owner, thing = ResourceManagementService(), Owner(), Thing()
    service.register_component(owner, "owner")
    first = service.track_resource(owner, ResourceType.MEMORY, thing, 100)
    second = service.track_resource(owner, ResourceType.MEMORY, thing, 100)
    service.resize_resource(second, 70)
    assert service.get_memory_usage() == {"owner": 100}
    service.release_resource(owner, first)
    assert service.get_memory_usage() == {"owner": 70}
    service.close()


def test_only_a_live_resource_can_be_resized() -> None:
    """An id that is not tracked is an error that names it."""
    service = ResourceManagementService()
    with pytest.raises(UnknownResource, match="'77'"):
        service.resize_resource("77", 1)
    service.close()
