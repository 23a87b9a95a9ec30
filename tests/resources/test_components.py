"""Components that are part of others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from budgetinator.errors import ComponentDestroyed
from budgetinator.resources import ComponentState, ResourceManagementService, ResourceType
from tests.resources.things import Closable, Component

Register = Callable[[str], Component]


def test_grandchildren_go_before_children_before_parents(
    service: ResourceManagementService, register: Register
) -> None:
    """The deepest first, and among siblings the youngest first."""
    order: list[str] = []
    one = {name: register(name) for name in ("root", "left", "right", "leaf")}
    for parent, child in (("root", "left"), ("root", "right"), ("left", "leaf")):
        service.add_child(one[parent], one[child])
    for name, component in one.items():
        service.track_resource(component, ResourceType.FILE_HANDLE, Closable(name, order))
    service.cleanup_component(one["root"])
    assert order == ["right", "leaf", "left", "root"]
    assert {service.get_component_state(c) for c in one.values()} == {ComponentState.DESTROYED}


def test_cycles_are_refused(service: ResourceManagementService, register: Register) -> None:
    """A component can be part of itself neither directly nor through others."""
    first, second, third = (register(name) for name in "abc")
    service.add_child(first, second)
    service.add_child(second, third)
    for parent, child in ((first, first), (second, first), (third, first)):
        with pytest.raises(ValueError, match="cannot be part of itself"):
            service.add_child(parent, child)
    snapshot = {c.component_id: (c.parent_id, c.children) for c in service.snapshot().components}
    assert snapshot == {"a": (None, ("b",)), "b": ("a", ("c",)), "c": ("b", ())}


def test_a_child_has_one_parent(service: ResourceManagementService, register: Register) -> None:
    """Given to another parent it leaves the first."""
    first, second, child = (register(name) for name in ("first", "second", "child"))
    service.add_child(first, child)
    service.add_child(second, child)
    service.cleanup_component(first)
    assert service.get_component_state(child) is ComponentState.LOADED
    service.cleanup_component(second)
    assert service.get_component_state(child) is ComponentState.DESTROYED


def test_nothing_is_added_to_a_destroyed_parent(
    service: ResourceManagementService, register: Register
) -> None:
    """The error says where the parent was cleaned up."""
    parent, child = register("parent"), register("child")
    service.cleanup_component(parent)
    with pytest.raises(ComponentDestroyed, match="test_nothing_is_added_to_a_destroyed_parent"):
        service.add_child(parent, child)


def test_a_child_that_goes_first_leaves_its_parent(
    service: ResourceManagementService, register: Register
) -> None:
    """An unregistered child is no child any more, and the parent's clean-up does not miss it."""
    parent, child = register("parent"), register("child")
    service.add_child(parent, child)
    service.unregister_component(child)
    assert [c.children for c in service.snapshot().components] == [()]
    service.cleanup_component(parent)


def test_a_failing_child_does_not_keep_its_parent_from_being_cleaned_up(
    service: ResourceManagementService, register: Register
) -> None:
    """The child's failures come out as a group within the parent's."""
    parent, child = register("parent"), register("child")
    service.add_child(parent, child)
    closed: list[str] = []
    service.register_cleanup(child, lambda: 1 / 0)
    service.track_resource(parent, ResourceType.FILE_HANDLE, Closable("file", closed))
    with pytest.raises(ExceptionGroup) as caught:
        service.cleanup_component(parent)
    (group,) = caught.value.exceptions
    assert isinstance(group, ExceptionGroup)
    assert ([type(e) for e in group.exceptions], closed) == ([ZeroDivisionError], ["file"])
