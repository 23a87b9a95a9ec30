"""The life of a plugin without a widget."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from budgetinator.plugins import Plugin
from budgetinator.resources import (
    ComponentState,
    IResourceManagementService,
    ResourceManagementService,
    ResourceType,
    register_service,
)
from tests.support.logs import ExpectLog


class Tallies(Plugin):
    """A plugin that notes what it is asked."""

    ready = True

    def __init__(self, service: ResourceManagementService | None = None) -> None:
        super().__init__("tallies", "test", service=service)
        self.asked: list[str] = []

    def initialize(self) -> bool:
        self.asked.append("initialize")
        return self.ready

    def _cleanup_resources(self) -> None:
        self.asked.append("clean up")


@pytest.fixture
def registered(service: ResourceManagementService) -> Iterator[ResourceManagementService]:
    undo = register_service(IResourceManagementService, service)  # type: ignore[type-abstract]
    yield service
    undo()


def test_a_plugin_registers_itself(registered: ResourceManagementService) -> None:
    """With its id and type, with the service that the program registered."""
    tallies = Tallies()
    (component,) = registered.snapshot().components
    assert (component.component_id, component.component_type) == ("tallies", "test")
    assert tallies.state is ComponentState.LOADED


def test_a_life_goes_through_all_its_states(service: ResourceManagementService) -> None:
    """Loaded, initialized, active, paused, cleaning, destroyed."""
    seen: list[ComponentState] = []

    class Watched(Tallies):
        def _cleanup_resources(self) -> None:
            seen.append(self.state)

    plugin = Watched(service)
    for step in (list, plugin.start, plugin.activate, plugin.deactivate, plugin.cleanup, list):
        step()
        seen.append(plugin.state)

    assert [state.value for state in seen] == [
        "loaded",
        "initialized",
        "active",
        "paused",
        "cleaning",
        "destroyed",
        "destroyed",
    ]


def test_signals_tell_of_activation(service: ResourceManagementService) -> None:
    """Once each: an active plugin is not activated again, nor a paused one paused."""
    plugin = Tallies(service)
    heard: list[str] = []
    plugin.plugin_activated.connect(lambda: heard.append("activated"))
    plugin.plugin_deactivated.connect(lambda: heard.append("deactivated"))

    for step in (plugin.deactivate, plugin.activate, plugin.activate, plugin.deactivate):
        step()
    plugin.deactivate()

    assert heard == ["activated", "deactivated"]


def test_a_plugin_is_initialized_once(service: ResourceManagementService) -> None:
    """Whoever starts it, and however often it is activated."""
    plugin = Tallies(service)
    plugin.start()
    plugin.activate()
    plugin.deactivate()
    plugin.activate()
    assert plugin.asked == ["initialize"]


def test_a_plugin_that_is_not_ready_is_not_activated(
    service: ResourceManagementService, expect_log: ExpectLog
) -> None:
    """It stays loaded, and the log says so."""
    expect_log("Failed to initialize plugin tallies")
    plugin = Tallies(service)
    plugin.ready = False
    plugin.activate()
    assert plugin.state is ComponentState.LOADED


def test_resources_are_tracked_and_told(service: ResourceManagementService) -> None:
    """`track_resource`, `release_resource` and `get_memory_usage`, as in seed 003."""
    plugin = Tallies(service)
    heard: list[str] = []
    plugin.resource_tracked.connect(heard.append)

    resource_id = plugin.track_resource(ResourceType.MEMORY, bytearray(5), 3 * 2**30)
    used = plugin.get_memory_usage()
    released = [plugin.release_resource(resource_id or "") for _ in range(2)]

    assert heard == [resource_id]
    assert used == 3 * 2**30
    assert released == [True, False]
    assert plugin.get_memory_usage() == 0


def test_cleanup_runs_the_plugins_own_first_and_once(service: ResourceManagementService) -> None:
    """Then what it registered besides, then its resources."""
    plugin = Tallies(service)
    plugin.start()
    service.register_cleanup(plugin, lambda: plugin.asked.append("callback"), priority=-5)
    plugin.track_resource(
        ResourceType.CUSTOM, [1], metadata={"cleanup_func": lambda _: plugin.asked.append("closed")}
    )

    plugin.cleanup()
    plugin.cleanup()

    assert plugin.asked == ["initialize", "clean up", "callback", "closed"]


def test_a_plugin_that_was_cleaned_up_does_not_start_again(
    service: ResourceManagementService, expect_log: ExpectLog
) -> None:
    """Its life has ended; another object begins another one."""
    expect_log("has been cleaned up and cannot start again")
    plugin = Tallies(service)
    plugin.cleanup()
    assert plugin.start() is False
    assert plugin.asked == ["clean up"]


def test_without_a_service_everything_works_and_nothing_is_tracked() -> None:
    """Seed 000's rule for controllers holds for plugins."""
    plugin = Tallies()
    plugin.activate()
    active = plugin.state
    tracked = plugin.track_resource(ResourceType.MEMORY, bytearray(5), 5)
    plugin.cleanup()
    plugin.cleanup()
    assert (active, tracked) == (ComponentState.ACTIVE, None)
    assert (plugin.release_resource("1"), plugin.get_memory_usage()) == (False, 0)
    assert (plugin.asked, plugin.state) == (["initialize", "clean up"], ComponentState.DESTROYED)


def test_a_class_that_overrides_too_little_cannot_be_made() -> None:
    """As with an abstract class, each missing method is named; bases between are fine."""

    class Half(Plugin):
        def initialize(self) -> bool:
            return True

    class Whole(Half):
        def _cleanup_resources(self) -> None:
            """Nothing is held."""

    with pytest.raises(TypeError, match=r"Half cannot be made.* override _cleanup_resources"):
        Half("half")
    with pytest.raises(TypeError, match="override initialize and _cleanup_resources"):
        Plugin("bare")
    assert Whole("whole").start() is True


def test_the_service_keeps_no_plugin_alive(service: ResourceManagementService) -> None:
    """Neither its registration nor its clean-up holds it."""
    plugin: Any = Tallies(service)
    reference = weakref.ref(plugin)
    del plugin
    gc.collect()
    assert reference() is None
