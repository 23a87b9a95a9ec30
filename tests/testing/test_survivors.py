from __future__ import annotations

from collections.abc import Iterator

import pytest

from budgetinator.resources import ResourceManagementService, ResourceType
from budgetinator.testing import survivors


class Panel:
    """A component."""


class Thing:
    """A resource that may hold others."""

    def __init__(self, *held: object) -> None:
        self.held = list(held)


@pytest.fixture
def service() -> Iterator[ResourceManagementService]:
    service = ResourceManagementService(debug=True)
    yield service
    service.close()


@pytest.fixture
def panel(service: ResourceManagementService) -> Panel:
    panel = Panel()
    service.register_component(panel, "Panel_1")
    return panel


def test_nothing_left_is_no_line(service: ResourceManagementService, panel: Panel) -> None:
    """What was released, or has died, does not survive."""
    kept = Thing()
    service.release_resource(panel, service.track_resource(panel, ResourceType.CUSTOM, kept))
    service.track_resource(panel, ResourceType.CUSTOM, Thing())

    assert survivors(service) == []


def test_survivors_are_grouped_by_the_place_that_made_them(
    service: ResourceManagementService, panel: Panel
) -> None:
    """A line for each place, with how many, of what kind, by which names, and whose."""
    kept = [Thing() for _ in range(5)]
    for number, thing in enumerate(kept[:4]):
        service.track_resource(panel, ResourceType.CUSTOM, thing, name=f"n{number}")
    service.track_resource(panel, ResourceType.MEMORY, kept[4], name="other")

    first, second = survivors(service)

    assert "test_survivors.py:" in first
    assert first.endswith(
        " in test_survivors_are_grouped_by_the_place_that_made_them:"
        " 4 custom (n0, n1, n2 and 1 more) of Panel_1"
    )
    assert second.endswith("1 memory (other) of Panel_1")


def test_what_a_survivor_holds_is_only_counted(
    service: ResourceManagementService, panel: Panel
) -> None:
    """The root is named, whichever was tracked first; what it refers to goes with it."""
    leaf = Thing()
    root = Thing(Thing(leaf))
    service.track_resource(panel, ResourceType.CUSTOM, leaf, name="leaf")
    service.track_resource(panel, ResourceType.CUSTOM, root, name="root")

    line, beneath = survivors(service)

    assert "1 custom (root)" in line
    assert beneath == "held by these: 1 more"


def test_ring_has_one_root(service: ResourceManagementService, panel: Panel) -> None:
    """Of survivors that hold each other the first is named."""
    one, other = Thing(), Thing()
    one.held.append(other)
    other.held.append(one)
    service.track_resource(panel, ResourceType.CUSTOM, one, name="one")
    service.track_resource(panel, ResourceType.CUSTOM, other, name="other")

    line, beneath = survivors(service)

    assert "1 custom (one)" in line
    assert beneath == "held by these: 1 more"


def test_resource_that_knows_its_component_does_not_hold_the_others(
    service: ResourceManagementService, panel: Panel
) -> None:
    """The way through the component or the service is no way: each survivor is a root."""
    things = [Thing(panel, service), Thing(panel, service)]
    panel.things = things  # type: ignore[attr-defined]
    for thing in things:
        service.track_resource(panel, ResourceType.FILE_HANDLE, thing, cleanup=id)

    (line,) = survivors(service)

    assert "2 file_handle" in line


def test_parts_of_a_component_go_with_it(service: ResourceManagementService, panel: Panel) -> None:
    """What a child component holds is only counted if the parent holds something itself."""
    part, kept = Panel(), [Thing(), Thing()]
    service.register_component(part, "Part_1")
    service.add_child(panel, part)
    service.track_resource(part, ResourceType.CUSTOM, kept[0], name="of the part")
    (alone,) = survivors(service)
    service.track_resource(panel, ResourceType.CUSTOM, kept[1], name="of the whole")

    line, beneath = survivors(service)

    assert "(of the part) of Part_1" in alone
    assert "(of the whole) of Panel_1" in line
    assert beneath == "held by these: 1 more"
