"""Limits on bytes and counts: one event per excursion, three policies, protection."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

from budgetinator.errors import LimitExceeded, UnknownResource
from budgetinator.resources import ReleaseOutcome, ResourceManagementService, ResourceType
from tests.resources.things import Closable, Component, Thing

Register = Callable[[str], Component]
GIB3 = 3 * 1024**3


@pytest.fixture
def events(service: ResourceManagementService) -> list[tuple[str, int]]:
    seen: list[tuple[str, int]] = []
    service.memory_threshold_exceeded.connect(lambda *event: seen.append(event))
    return seen


def test_three_gibibytes_arrive_as_such(
    service: ResourceManagementService,
    component: Component,
    events: list[tuple[str, int]],
    expect_log: Any,
) -> None:
    """Bytes are Python ints all the way; through a C int they would arrive as -1073741824."""
    expect_log(f"Component component exceeded memory limit: {GIB3} > 100 bytes")
    service.set_memory_limit("component", 100)
    service.track_resource(component, ResourceType.MEMORY, None, GIB3)
    assert events == [("component", GIB3)]
    assert service.get_statistics()["memory_bytes"] == GIB3


@pytest.mark.parametrize("scope", ["component", "global"])
def test_one_event_per_excursion(
    service: ResourceManagementService,
    component: Component,
    events: list[tuple[str, int]],
    scope: str,
    expect_log: Any,
) -> None:
    """Above the high mark is one event, until usage has been at the low mark again."""
    expect_log("exceeded memory limit")
    if scope == "component":
        service.set_memory_limit("component", 100, low_bytes=50)
    else:
        service.set_global_memory_limit(100, low_bytes=50)
    first = service.track_resource(component, ResourceType.MEMORY, None, 101)
    second = service.track_resource(component, ResourceType.MEMORY, None, 100)
    service.release_resource(component, second)
    second = service.track_resource(component, ResourceType.MEMORY, None, 60)
    service.release_resource(component, first)  # 60: above the low mark, the excursion goes on
    third = service.track_resource(component, ResourceType.MEMORY, None, 60)
    service.release_resource(component, third)
    service.release_resource(component, second)  # 0: it has ended
    service.track_resource(component, ResourceType.MEMORY, None, 102)
    name = "component" if scope == "component" else ""
    assert events == [(name, 101), (name, 102)]


def test_usage_at_the_mark_is_no_excursion(
    service: ResourceManagementService, component: Component, events: list[tuple[str, int]]
) -> None:
    """Only above the high mark is above it."""
    service.set_memory_limit("component", 100)
    service.track_resource(component, ResourceType.MEMORY, None, 100)
    assert events == []


def test_a_limit_set_below_the_usage_tells_at_once(
    service: ResourceManagementService,
    component: Component,
    events: list[tuple[str, int]],
    expect_log: Any,
) -> None:
    """Setting a limit that is exceeded already is an event, and taking it away ends it."""
    expect_log("exceeded memory limit")
    service.track_resource(component, ResourceType.MEMORY, None, 200)
    service.set_memory_limit("component", 100)
    service.set_global_memory_limit(150)
    service.set_memory_limit("component", None)
    service.set_global_memory_limit(None)
    service.track_resource(component, ResourceType.MEMORY, None, 200)
    assert events == [("component", 200), ("", 200)]


def test_a_limit_may_be_set_before_the_component_is_registered(
    service: ResourceManagementService, events: list[tuple[str, int]], expect_log: Any
) -> None:
    """It is the id that is limited, in this life of the component and in the next."""
    expect_log("exceeded memory limit")
    service.set_memory_limit("later", 10)
    component = Component()
    for _ in range(2):
        service.register_component(component, "later")
        service.track_resource(component, ResourceType.MEMORY, None, 11)
        service.cleanup_component(component)
    assert events == [("later", 11), ("later", 11)]


@pytest.mark.parametrize("where", ["component", "global"])
def test_refuse_tracks_nothing_above_the_mark(
    service: ResourceManagementService, component: Component, where: str
) -> None:
    """LimitExceeded says limit and demand; counts, bytes and ids are as they were."""
    if where == "component":
        service.set_memory_limit("component", 100, policy="refuse")
    else:
        service.set_global_memory_limit(100, policy="refuse")
    service.track_resource(component, ResourceType.MEMORY, None, 60)
    before = service.get_statistics()
    with pytest.raises(LimitExceeded) as caught:
        service.track_resource(component, ResourceType.MEMORY, Thing(), 41)
    assert (caught.value.limit, caught.value.wanted) == (100, 101)
    assert service.get_statistics() == before
    service.track_resource(component, ResourceType.MEMORY, None, 40)


def test_refuse_holds_for_migration(
    service: ResourceManagementService, component: Component
) -> None:
    """What does not fit the new component stays with the old one."""
    other = Component()
    service.register_component(other, "other")
    service.set_memory_limit("other", 10, policy="refuse")
    key = service.track_resource(component, ResourceType.MEMORY, None, 11)
    with pytest.raises(LimitExceeded):
        service.migrate_resource(key, other)
    assert service.get_memory_usage() == {"component": 11, "other": 0}


@pytest.mark.parametrize("where", ["component", "global"])
def test_evict_closes_the_oldest_down_to_the_low_mark(
    service: ResourceManagementService, component: Component, where: str, expect_log: Any
) -> None:
    """What may go goes, oldest first, and never the one that was just tracked."""
    expect_log("exceeded memory limit")
    closed: list[str] = []
    if where == "component":
        service.set_memory_limit("component", 100, low_bytes=45, policy="evict")
    else:
        service.set_global_memory_limit(100, low_bytes=45, policy="evict")
    things = [Closable(name, closed) for name in "abcde"]
    for thing in things:
        service.track_resource(component, "memory", thing, 24, cleanup=Closable.close)
    assert closed == ["a", "b", "c", "d"]
    assert service.get_component_memory_usage(component) == 24


def test_eviction_spares_what_may_not_go(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """Protected ones, types that cannot be made again, and those that say no, stay."""
    expect_log("exceeded memory limit")
    closed: list[str] = []
    service.set_memory_limit("component", 100, low_bytes=0, policy="evict")

    def track(name: str, kind: str, **more: Any) -> str:
        return service.track_resource(
            component,
            kind,
            Closable(name, closed),
            20,
            hold="strong",
            cleanup=Closable.close,
            **more,
        )

    undo = service.protect(track("protected", "memory"))
    track("custom", "custom")
    track("refuses", "memory", may_evict=lambda _r: False)
    track("agrees", "custom", may_evict=lambda _r: True)
    track("expendable", "thumbnail")
    track("last", "custom")
    assert closed == ["agrees", "expendable"]
    undo()
    assert (service.evict_idle(), closed) == (1, ["agrees", "expendable", "protected"])


def test_a_predicate_that_raises_means_no(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """It is logged, and the resource that was being tracked is tracked, with its id returned."""
    for pattern in ("exceeded memory limit", "may_evict of resource 1 failed"):
        expect_log(pattern)

    def ask(_resource: object) -> bool:
        raise ValueError("no answer")

    service.set_memory_limit("component", 10, policy="evict")
    first = service.track_resource(component, "custom", [1], 6, may_evict=ask)
    second = service.track_resource(component, "custom", [2], 6)
    assert [bool(service.release_resource(component, key)) for key in (first, second)] == [
        True,
        True,
    ]


@pytest.mark.parametrize("rich", [False, True])
def test_a_count_limit_refuses_by_default(
    service: ResourceManagementService, component: Component, rich: bool
) -> None:
    """One more than allowed is refused, for its type only, in scopes as well."""
    more: dict[str, Any] = {"name": "rich"} if rich else {}
    things = [Thing() for _ in range(3)]
    service.set_resource_limit("component", ResourceType.MEMORY, 2)
    keys = [service.track_resource(component, "memory", thing, **more) for thing in things[:2]]
    with pytest.raises(LimitExceeded):
        service.track_resource(component, ResourceType.MEMORY, things[2])
    with service.scope(component, ResourceType.MEMORY) as scope, pytest.raises(LimitExceeded):
        scope.add(things[2])
    service.track_resource(component, ResourceType.CUSTOM, things[2])
    service.release_resource(component, keys[0])
    service.track_resource(component, ResourceType.MEMORY, things[2])
    assert service.get_resource_count(component) == {"memory": 2, "custom": 1}
    service.set_resource_limit("component", ResourceType.MEMORY, None)
    service.track_resource(component, ResourceType.MEMORY, things[2])


def test_a_count_limit_may_warn(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """Going over is logged, and everything is tracked."""
    expect_log("component goes over its limit of 1 memory resources")
    service.set_resource_limit("component", "memory", 1, policy="warn")
    things = [Thing(), Thing(), Thing()]
    for thing in things:
        service.track_resource(component, ResourceType.MEMORY, thing)
    assert service.get_resource_count() == {"memory": 3}


def test_a_count_limit_may_evict(service: ResourceManagementService, component: Component) -> None:
    """The oldest that may go makes room; where none may, the new one is refused."""
    closed: list[str] = []
    service.set_resource_limit("component", "thumbnail", 2, policy="evict")
    keys = [
        service.track_resource(
            component, "thumbnail", Closable(name, closed), hold="strong", cleanup=Closable.close
        )
        for name in "abc"
    ]
    assert (closed, service.get_resource_count()) == (["a"], {"thumbnail": 2})
    for key in keys[1:]:
        service.protect(key)
    with pytest.raises(LimitExceeded):
        service.track_resource(component, "thumbnail", Thing())


def test_only_the_id_that_is_limited_is_limited(
    service: ResourceManagementService, register: Register
) -> None:
    """Another component's resources do not count."""
    service.set_resource_limit("0", "memory", 1)
    service.set_memory_limit("0", 10, policy="refuse")
    components = [register(name) for name in "01"]
    for component in components:
        service.track_resource(component, "memory", None, 10)
    service.track_resource(components[1], "memory", None, 10)
    with pytest.raises(LimitExceeded):
        service.track_resource(components[0], "custom", None, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit_bytes": -1},
        {"limit_bytes": 10, "low_bytes": 11},
        {"limit_bytes": 10, "low_bytes": -1},
        {"limit_bytes": 10, "policy": "panic"},
    ],
)
def test_a_wrong_limit_is_an_error(
    service: ResourceManagementService, register: Register, wrong: dict[str, Any]
) -> None:
    """It says what does not fit, and sets nothing."""
    with pytest.raises(ValueError, match="limit"):
        service.set_memory_limit("component", **wrong)
    with pytest.raises(ValueError, match="limit"):
        service.set_global_memory_limit(**wrong)
    service.track_resource(register("component"), "memory", None, 10**12)


def test_a_death_ends_an_excursion(
    service: ResourceManagementService,
    component: Component,
    events: list[tuple[str, int]],
    expect_log: Any,
) -> None:
    """Bytes that go by themselves count as fallen."""
    expect_log("exceeded memory limit")
    service.set_memory_limit("component", 100)
    for size in (101, 102):
        thing = Thing()
        service.track_resource(component, ResourceType.MEMORY, thing, size)
        del thing
        gc.collect()
    assert events == [("component", 101), ("component", 102)]


def test_moving_bytes_between_components_is_no_global_fall(
    service: ResourceManagementService,
    component: Component,
    register: Register,
    events: list[tuple[str, int]],
    expect_log: Any,
) -> None:
    """A migration above the global mark begins no new excursion."""
    expect_log("exceeded memory limit")
    other = register("other")
    service.set_global_memory_limit(100)
    key = service.track_resource(component, ResourceType.MEMORY, None, 150)
    service.migrate_resource(key, other)
    assert events == [("", 150)]


def test_a_limit_set_after_fast_tracking_began_is_obeyed(
    service: ResourceManagementService, component: Component, events: list[tuple[str, int]]
) -> None:
    """What was tracked before the limit counts under it."""
    thing, other = Thing(), Thing()
    service.track_resource(component, ResourceType.MEMORY, thing, 60)
    service.set_memory_limit("component", 100, policy="refuse")
    service.set_resource_limit("component", ResourceType.MEMORY, 5)
    with pytest.raises(LimitExceeded):
        service.track_resource(component, ResourceType.MEMORY, other, 60)
    assert events == []


def test_migrate_keeps_id_size_and_handler(
    service: ResourceManagementService, component: Component
) -> None:
    """The new component closes it, and the old one does not know it any more."""
    other, closed = Component(), []
    service.register_component(other, "other")
    rich = service.track_resource(component, "custom", [1], 7, cleanup=closed.append)
    plain = service.track_resource(component, "memory", thing := Thing(), 5)
    for key in (rich, plain):
        service.migrate_resource(key, other)
    assert service.get_memory_usage() == {"component": 0, "other": 12}
    assert service.release_resource(component, plain) is ReleaseOutcome.UNKNOWN
    service.cleanup_component(component)
    assert closed == []
    service.cleanup_component(other)
    assert (closed, service.get_memory_usage()["other"], type(thing)) == ([[1]], 0, Thing)


def test_what_is_unknown_can_neither_be_moved_nor_protected(
    service: ResourceManagementService, component: Component
) -> None:
    """UnknownResource names the id."""
    for act in (service.protect, lambda key: service.migrate_resource(key, component)):
        with pytest.raises(UnknownResource, match="'99'"):
            act("99")


def test_nothing_moves_to_a_destroyed_component(
    service: ResourceManagementService, component: Component
) -> None:
    """The resource stays where it was."""
    gone = Component()
    service.register_component(gone, "gone")
    service.cleanup_component(gone)
    key = service.track_resource(component, "memory", None, 5)
    with pytest.raises(RuntimeError):
        service.migrate_resource(key, gone)
    assert service.get_memory_usage() == {"component": 5, "gone": 0}
