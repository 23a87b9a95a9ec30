"""Tabs and plugins that were written without resource management."""

from __future__ import annotations

import gc
import io
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from budgetinator.errors import ComponentNotRegistered, ServiceNotRegistered
from budgetinator.plugins import PluginResourceAdapter, ResourceMigrationHelper
from budgetinator.resources import (
    ComponentState,
    IResourceManagementService,
    ResourceManagementService,
    ResourceType,
    register_service,
)
from tests.support.logs import ExpectLog


class ForensicTab:
    """A tab of seed 003, without Qt."""

    def __init__(self) -> None:
        self.cleaned = 0

    def clean(self) -> None:
        self.cleaned += 1


class OldPlugin:
    """A plugin of another program: it lists what it holds, and knows its window."""

    plugin_id = "old"

    def __init__(self, window: Any = None) -> None:
        self.window = window
        self.buffer = io.BytesIO(b"1")
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.stop.wait, name="old")
        self.connection: Any = Connection()
        self.shut = 0

    def plugin_resources(self) -> dict[str, Any]:
        return {
            "buffer": (ResourceType.MEMORY, self.buffer),
            "connection": self.connection,
            "missing": None,
        }

    def shutdown(self) -> None:
        self.stop.set()
        self.shut += 1


class Connection:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def registered(service: ResourceManagementService) -> Iterator[ResourceManagementService]:
    undo = register_service(IResourceManagementService, service)  # type: ignore[type-abstract]
    yield service
    undo()


def test_a_migrated_tab_is_a_component_with_helpers(registered: ResourceManagementService) -> None:
    """It gets seed 003's `track_resource` and `release_resource`."""
    tab: Any = ForensicTab()

    done = ResourceMigrationHelper.migrate_tab(tab, "ForensicTab", tab.clean)
    resource_id = tab.track_resource(ResourceType.MEMORY, bytearray(3), 3, {"name": "three"})
    used = registered.get_memory_usage()
    released = tab.release_resource(resource_id)
    registered.cleanup_component(tab)

    assert done is True
    assert used == {"ForensicTab": 3}
    assert (released, tab.cleaned) == (True, 1)


def test_a_clean_up_that_refers_to_the_tab_does_not_keep_it_alive(
    registered: ResourceManagementService,
) -> None:
    """A lambda over the tab is how people write it; it runs, and the tab can go."""
    cleaned: list[str] = []
    tabs: list[Any] = [ForensicTab(), ForensicTab()]
    for number, tab in enumerate(tabs):
        ResourceMigrationHelper.migrate_tab(
            tab, f"tab_{number}", lambda tab=tab: cleaned.append(type(tab).__name__)
        )
    registered.cleanup_component(tabs[0])
    references = [weakref.ref(tab) for tab in tabs]
    del tab, tabs
    gc.collect()
    registered.tick()
    assert cleaned == ["ForensicTab"]
    assert [reference() for reference in references] == [None, None]


def test_helpers_of_a_tab_that_is_gone_say_so(registered: ResourceManagementService) -> None:
    """Somebody may have kept one of them."""
    tab: Any = ForensicTab()
    ResourceMigrationHelper.migrate_tab(tab, "tab")
    track = tab.track_resource
    del tab
    gc.collect()
    with pytest.raises(ComponentNotRegistered, match="is gone"):
        track(ResourceType.MEMORY, bytearray(1))
    assert registered.get_statistics()["components_registered"] == 0


def test_all_tabs_are_migrated_and_each_outcome_told(
    registered: ResourceManagementService, expect_log: ExpectLog
) -> None:
    """One that cannot be is False, and stays as it was; the others are done."""
    expect_log("Failed to migrate fixed")

    class Fixed:
        __slots__ = ("__weakref__",)

    tab, fixed = ForensicTab(), Fixed()

    outcomes = ResourceMigrationHelper.migrate_all_tabs(
        [(tab, "tab", None), (fixed, "fixed", None), (tab, "again", None)]
    )

    assert outcomes == {"tab": True, "fixed": False, "again": True}
    assert list(registered.get_memory_usage()) == ["tab"]


def test_without_a_service_nothing_is_migrated(expect_log: ExpectLog) -> None:
    """The log says so, as in the seed."""
    expect_log("ResourceManagementService not available for tab")
    tab = ForensicTab()
    assert ResourceMigrationHelper.migrate_tab(tab, "tab", tab.clean) is False
    assert not hasattr(tab, "track_resource")


def test_a_foreign_plugin_gets_tracked_what_it_lists(registered: ResourceManagementService) -> None:
    """Types are taken or told by what the object can do; its own ending runs at the end."""
    plugin = OldPlugin(window=Connection())
    plugin.thread.start()

    adapter = PluginResourceAdapter()
    ids = adapter.adapt_plugin_resources(plugin, attributes=["thread"])
    counted = registered.get_resource_count(plugin)
    again = adapter.adapt_plugin_resources(plugin, attributes=["thread"])
    registered.cleanup_component(plugin)

    assert len(ids) == 3
    assert counted == {"memory": 1, "custom": 1, "thread": 1}
    assert again == ()
    assert (plugin.shut, plugin.connection.closed) == (1, 1)
    assert not plugin.thread.is_alive()
    assert plugin.window.closed == 0
    assert registered.get_component_state(plugin) is ComponentState.DESTROYED


def test_an_adapted_plugin_is_held_weakly(service: ResourceManagementService) -> None:
    """Given a service, none need be registered; without either it says so."""
    with pytest.raises(ServiceNotRegistered):
        PluginResourceAdapter()
    plugin = OldPlugin()
    PluginResourceAdapter(service).adapt_plugin_resources(plugin)
    reference = weakref.ref(plugin)
    service.cleanup_component(plugin)
    del plugin
    gc.collect()
    assert reference() is None
