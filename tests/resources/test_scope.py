"""Scopes and managed resources: tracked for one block."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from budgetinator.errors import ComponentDestroyed, ComponentNotRegistered, LimitExceeded
from budgetinator.resources import (
    ReleaseOutcome,
    ResourceManagementService,
    ResourceType,
)
from tests.resources.things import Closable, Component, Thing, in_thread


def test_a_scope_counts_while_it_lasts(
    service: ResourceManagementService, component: Component
) -> None:
    """What is in a scope is counted, sized and listed like all else, and gone at its end."""
    things = [Thing(), Thing(), Thing()]
    with service.scope(component, ResourceType.MEMORY) as scope:
        scope.add(things[0])
        scope.add(things[1], size_bytes=10)
        assert scope.add(things[2], ResourceType.CUSTOM, name="named") is things[2]
        assert service.get_resource_count(component) == {"memory": 2, "custom": 1}
        assert service.get_component_memory_usage(component) == 10
        assert len(service.snapshot().resources()) == 3
    assert (service.get_resource_count(), service.get_memory_usage()) == ({}, {"component": 0})
    assert len(service.ledger.owner_of(component).held) == 3 - 3  # type: ignore[union-attr]


def test_a_scope_closes_last_in_first_out(
    service: ResourceManagementService, component: Component
) -> None:
    """Across its types, and after an exception in the block as well."""
    order: list[str] = []

    def work() -> None:
        with service.scope(component) as scope:
            scope.add(Closable("a", order), ResourceType.FILE_HANDLE)
            b = scope.add(Closable("b", order), cleanup=Closable.close)
            scope.add(Closable("c", order), ResourceType.WORKBOOK)
            raise KeyError(b.name)

    with pytest.raises(KeyError):
        work()
    assert order == ["c", "b", "a"]


def test_a_failing_resource_of_a_scope_stays_with_the_component(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """All are tried, the failures come out together, and what failed can be released later."""
    expect_log("could not be closed")
    order: list[str] = []
    fails = [True]

    def close(_resource: object) -> None:
        if fails:
            raise OSError("busy")

    scope = service.scope(component)
    scope.add(Closable("a", order), ResourceType.FILE_HANDLE)
    scope.add([1], cleanup=close, size_bytes=4)
    scope.add(Closable("c", order), ResourceType.FILE_HANDLE)
    with pytest.raises(ExceptionGroup) as caught:
        scope.close()
    assert ([str(e) for e in caught.value.exceptions], order) == (["busy"], ["c", "a"])
    assert service.get_memory_usage() == {"component": 4}
    (left,) = service.snapshot().resources()
    fails.clear()
    assert service.release_resource(component, left.resource_id) is ReleaseOutcome.RELEASED


def test_a_scope_that_has_ended_takes_nothing(
    service: ResourceManagementService, component: Component
) -> None:
    """Adding to it is an error, and closing it twice is none."""
    with service.scope(component) as scope:
        scope.add(thing := Thing())
    scope.close()
    for more in ({}, {"size_bytes": 5}):
        with pytest.raises(ComponentNotRegistered, match="scope has ended"):
            scope.add(thing, **more)


def test_adding_from_a_thread_that_meets_the_end_of_its_scope(
    service: ResourceManagementService, component: Component
) -> None:
    """What is entered into a holding that has ended meanwhile is refused, not lost."""
    scope = service.scope(component, ResourceType.CUSTOM)
    kept = Thing()
    scope.add(kept)
    (holding,) = scope._holdings.values()
    scope.close()
    scope._holding, scope._type = holding, ResourceType.CUSTOM  # as another thread had read it
    with pytest.raises(ComponentNotRegistered, match="scope has ended"):
        service.track_in(holding, [1], size_bytes=3, cleanup=print, name=None)
    assert service.get_statistics()["memory_bytes"] == 0
    assert len(holding) == 0


def test_scopes_nest_and_release_early(
    service: ResourceManagementService, component: Component
) -> None:
    """A resource of a scope can be released by its id before the end."""
    keys: list[str] = []
    service.resource_tracked.connect(lambda _component, key, _type: keys.append(key))
    things = [Thing(), Thing()]
    with service.scope(component) as outer:
        outer.add(things[0])
        with service.scope(component) as inner:
            inner.add(things[1])
            assert service.release_resource(component, keys[1]) is ReleaseOutcome.RELEASED
        assert service.get_resource_count() == {"custom": 1}
    assert service.get_resource_count() == {}


def test_listeners_hear_of_each_resource_of_a_scope(
    service: ResourceManagementService, component: Component
) -> None:
    """Tracked and released are told for each, in order, as outside of scopes."""
    told: list[tuple[str, str]] = []
    service.resource_tracked.connect(lambda _c, key, _t: told.append(("tracked", key)))
    service.resource_released.connect(lambda _c, key: told.append(("released", key)))
    things = [Thing(), Thing()]
    with service.scope(component) as scope:
        for thing in things:
            scope.add(thing)
    assert told == [("tracked", "1"), ("tracked", "2"), ("released", "2"), ("released", "1")]


def test_a_resource_that_moves_away_outlives_its_scope(
    service: ResourceManagementService, component: Component
) -> None:
    """Migration takes it out of the scope."""
    key = ""
    other = Component()
    service.register_component(other, "other")
    service.resource_tracked.connect(lambda _c, found, _t: moved.append(found))
    moved: list[str] = []
    thing = Thing()
    with service.scope(component) as scope:
        scope.add(thing)
        (key,) = moved
        service.migrate_resource(key, other)
    assert service.get_resource_count() == {"custom": 1}
    assert service.release_resource(other, key)


def test_a_scope_of_a_component_that_is_cleaned_up_meanwhile(
    service: ResourceManagementService, component: Component
) -> None:
    """The clean-up closes what is in the scope; the scope then refuses and ends in peace."""
    order: list[str] = []
    thing = Thing()
    with service.scope(component) as scope:
        scope.add(thing)
        scope.add(Closable("a", order), ResourceType.FILE_HANDLE)
        service.cleanup_component(component)
        assert order == ["a"]
        for more in ({}, {"name": "rich"}):
            with pytest.raises(ComponentDestroyed):
                scope.add(thing, **more)
    assert (order, service.get_resource_count()) == (["a"], {})


def test_a_scope_for_a_stranger_is_an_error(service: ResourceManagementService) -> None:
    """It is refused at once, not at the first add."""
    with pytest.raises(ComponentNotRegistered):
        service.scope(Component())


# managed_resource, the three forms


def test_managed_by_a_factory(
    service: ResourceManagementService, component: Component, tmp_path: Path
) -> None:
    """The factory is called within; its file is tracked in the block and closed after it."""
    path = tmp_path / "note.txt"
    with service.managed_resource(
        component, ResourceType.FILE_HANDLE, lambda: path.open("w")
    ) as file:
        assert service.get_resource_count() == {"file_handle": 1}
        file.write("kept")
    assert (file.closed, path.read_text(), service.get_resource_count()) == (True, "kept", {})


def test_managed_by_the_object(service: ResourceManagementService, component: Component) -> None:
    """The object itself may be given; it is closed after an exception as well."""
    closable = Closable()

    def work() -> None:
        with service.managed_resource(component, ResourceType.FILE_HANDLE, closable) as same:
            raise KeyError(same is closable)

    with pytest.raises(KeyError, match="True"):
        work()
    assert (closable.closed, service.get_resource_count()) == (["it"], {})


def test_managed_without_a_source_is_a_scope(
    service: ResourceManagementService, component: Component
) -> None:
    """With two arguments the block gets something to add to, of the type that was named."""
    closable = Closable()
    with service.managed_resource(component, ResourceType.FILE_HANDLE) as scope:
        assert scope.add(closable) is closable
        assert service.get_resource_count() == {"file_handle": 1}
    assert closable.closed == ["it"]


def test_managed_keeps_its_object_for_the_block(
    service: ResourceManagementService, component: Component
) -> None:
    """A weakly held object that the block gives no name to lives until its end, and no longer."""
    refs: list[weakref.ref[Thing]] = []

    def make() -> Thing:
        thing = Thing()
        refs.append(weakref.ref(thing))
        return thing

    with service.managed_resource(component, ResourceType.MEMORY, make):
        assert service.get_resource_count() == {"memory": 1}
    assert refs[0]() is None


def test_managed_closes_what_cannot_be_tracked(
    service: ResourceManagementService, component: Component
) -> None:
    """A file that a limit refuses is closed again before the error comes out."""
    closable = Closable()
    service.set_resource_limit("component", ResourceType.FILE_HANDLE, 0)
    with (
        pytest.raises(LimitExceeded),
        service.managed_resource(component, ResourceType.FILE_HANDLE, lambda: closable),
    ):
        pytest.fail("the block must not run")
    assert closable.closed == ["it"]


def test_managed_by_a_factory_that_raises(
    service: ResourceManagementService, component: Component
) -> None:
    """Its error comes out and nothing is tracked."""
    factory: Callable[[], Any] = lambda: 1 // 0  # noqa: E731 - the shortest that raises
    with (
        pytest.raises(ZeroDivisionError),
        service.managed_resource(component, ResourceType.FILE_HANDLE, factory),
    ):
        pytest.fail("the block must not run")
    assert service.get_statistics()["total_resources_tracked"] == 0


def test_managed_raises_what_the_closing_raised(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """The block's end is where the failure is seen, with the place where it was raised."""
    expect_log("could not be closed: disk full")

    class Full:
        fails = True

        def close(self) -> None:
            if self.fails:
                raise OSError("disk full")

    full = Full()
    with (
        pytest.raises(OSError, match="disk full") as caught,
        service.managed_resource(component, ResourceType.FILE_HANDLE, full),
    ):
        pass
    assert any(f"{__file__}:" in note for note in caught.value.__notes__)
    full.fails = False


def test_a_scope_is_seen_from_other_threads(
    service: ResourceManagementService, component: Component
) -> None:
    """Another thread counts what a scope holds at this moment."""
    thing = Thing()
    with service.scope(component) as scope:
        scope.add(thing)
        assert in_thread(service.get_resource_count) == {"custom": 1}
