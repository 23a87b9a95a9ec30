"""Seeds 000 and 003: what the service and the plugins write into the log, line by line."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from budgetinator.plugins import Plugin, PluginManager, ResourceMigrationHelper
from budgetinator.resources import (
    ComponentState,
    IResourceManagementService,
    ResourceManagementService,
    ResourceType,
    register_service,
)
from tests.plugins.building import plugin
from tests.support.logs import ExpectLog

Service = ResourceManagementService
LOGGER = "budgetinator"


class Component:
    """Anything that owns resources."""


class Thumbnail:
    """Anything that can be referenced weakly."""


class ExamplePlugin(Plugin):
    """A plugin without a widget; ready if it was told so."""

    def __init__(self, plugin_id: str = "example_plugin", *, ready: bool = True) -> None:
        super().__init__(plugin_id, "example")
        self.ready = ready

    def initialize(self) -> bool:
        return self.ready

    def _cleanup_resources(self) -> None: ...


@pytest.fixture
def component(service: Service) -> Component:
    component = Component()
    service.register_component(component, "Component_1", "controller")
    return component


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, service: Service) -> Callable[[], list[str]]:
    """What has been logged since the last call, at any level."""
    caplog.set_level(logging.DEBUG, LOGGER)
    service.tick()  # the level is looked at with each tick

    def take() -> list[str]:
        messages = list(caplog.messages)
        caplog.clear()
        return messages

    return take


@pytest.fixture
def manager(tmp_path: Path, service: Service) -> Iterator[PluginManager]:
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o700)
    manager = PluginManager(
        service, state_dir=tmp_path / "state", folders=[], deadline=20.0, entry_points=False
    )
    yield manager
    manager.close()


def test_making_and_registering_a_service_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """No "ResourceManagementService initialized", no "Resource Management Service registered"."""
    caplog.set_level(logging.DEBUG, LOGGER)

    service = ResourceManagementService()
    unregister = register_service(
        IResourceManagementService,  # type: ignore[type-abstract]
        service,
    )
    told = list(caplog.messages)
    unregister()
    service.close()

    assert told == []


def test_a_plugin_without_a_service_is_silent_and_works(caplog: pytest.LogCaptureFixture) -> None:
    """Seed 003 warns "Could not register ... with ResourceManagementService"; here it may be so."""
    caplog.set_level(logging.DEBUG, LOGGER)
    example = ExamplePlugin()

    example.activate()

    assert caplog.messages == ["Plugin example_plugin activated"]
    assert example.track_resource(ResourceType.MEMORY, bytearray(1), 1) is None
    example.cleanup()


def test_a_component_s_life_is_logged(
    service: Service, component: Component, lines: Callable[[], list[str]]
) -> None:
    """State changed, cleaning up, cleanup complete, in this order."""
    service.set_component_state(component, ComponentState.ACTIVE)
    service.cleanup_component(component)

    assert lines() == [
        "Component state changed: Component_1 -> active",
        "Cleaning up component: Component_1",
        "Component cleanup complete: Component_1",
    ]


def test_an_emergency_cleanup_says_where_it_begins_and_ends(
    service: Service, component: Component, lines: Callable[[], list[str]]
) -> None:
    """Emergency cleanup initiated and complete stand around what is done meanwhile."""
    service._emergency_cleanup()

    first, *between, last = lines()
    assert first == "ResourceManagementService: emergency cleanup initiated"
    assert last == "ResourceManagementService: emergency cleanup complete"
    assert "Component cleanup complete: Component_1" in between


def test_a_failing_emergency_cleanup_is_logged_and_goes_on(
    service: Service, component: Component, expect_log: ExpectLog, lines: Callable[[], list[str]]
) -> None:
    """Emergency cleanup failed: here it names the component, and the end is reached."""
    expect_log("Clean-up of Component_1: broken")

    def fail() -> None:
        raise OSError("broken")

    service.register_cleanup(component, fail)

    service._emergency_cleanup()

    assert lines()[-1] == "ResourceManagementService: emergency cleanup complete"


def test_an_orphan_that_is_swept_is_a_released_resource(
    service: Service, component: Component, lines: Callable[[], list[str]]
) -> None:
    """Seed 003 counts orphaned resources in one line; here each has its own, with its id."""
    image = Thumbnail()
    resource_id = service.track_resource(component, ResourceType.THUMBNAIL, image)
    lines()

    del image
    service._periodic_cleanup()

    assert lines() == [f"Released resource {resource_id} for Component_1"]


def test_a_printed_slot_logs_what_is_tracked(
    service: Service, component: Component, caplog: pytest.LogCaptureFixture
) -> None:
    """Seed 000's `on_resource_tracked`, connected as printed."""
    logger = logging.getLogger("printed")
    caplog.set_level(logging.INFO, "printed")

    class Monitor:
        def on_resource_tracked(self, component_id: str, resource_id: str, res_type: str) -> None:
            logger.info(f"Resource tracked: {resource_id} ({res_type})")  # noqa: G004 - as printed

    monitor, image = Monitor(), Thumbnail()
    service.resource_tracked.connect(monitor.on_resource_tracked)

    resource_id = service.track_resource(component, ResourceType.THUMBNAIL, image)

    assert caplog.messages == [f"Resource tracked: {resource_id} (thumbnail)"]


def test_a_plugin_s_life_is_logged(lines: Callable[[], list[str]]) -> None:
    """Registered, activated, deactivated, with the plugin's id."""
    example = ExamplePlugin()
    example.activate()
    example.deactivate()
    told = lines()
    example.cleanup()

    assert [line for line in told if line.startswith("Plugin ")] == [
        "Plugin example_plugin registered with ResourceManagementService",
        "Plugin example_plugin activated",
        "Plugin example_plugin deactivated",
    ]


def test_a_plugin_that_is_not_ready_is_logged(
    expect_log: ExpectLog, lines: Callable[[], list[str]]
) -> None:
    """Failed to initialize plugin, and it is not activated."""
    expect_log("Failed to initialize plugin example_plugin")
    example = ExamplePlugin(ready=False)

    example.activate()

    assert "Plugin example_plugin activated" not in lines()
    example.cleanup()


def test_the_manager_logs_each_step(
    manager: PluginManager, tmp_path: Path, lines: Callable[[], list[str]]
) -> None:
    """Added plugin path, Discovered n plugins, Loaded plugin, Unloaded plugin."""
    plugin(tmp_path / "plugins", "tallies")

    manager.add_plugin_path(tmp_path / "plugins")
    manager.discover_plugins()
    manager.trust("tallies")
    manager.load_plugin("tallies")
    manager.unload_plugin("tallies")

    steps = ("Added plugin path", "Discovered", "Loaded plugin", "Unloaded plugin")
    assert [line for line in lines() if line.startswith(steps)] == [
        f"Added plugin path: {tmp_path / 'plugins'}",
        "Discovered 1 plugins",
        "Loaded plugin: tallies",
        "Unloaded plugin: tallies",
    ]


def test_an_error_of_the_manager_is_logged_and_told(
    manager: PluginManager, lines: Callable[[], list[str]]
) -> None:
    """`plugin_error` brings the id and the text of the Result's error, which the log has too."""
    told: list[tuple[str, str]] = []
    manager.plugin_error.connect(lambda plugin_id, error: told.append((plugin_id, error)))

    result = manager.load_plugin("nobody")

    assert told == [("nobody", str(result.error))] == [("nobody", "Plugin nobody not found.")]
    assert "Plugin nobody not found." in lines()


def test_a_migration_is_logged(service: Service, lines: Callable[[], list[str]]) -> None:
    """Successfully migrated, once the tab has its helpers."""
    tab = Component()

    ResourceMigrationHelper.migrate_tab(tab, "ForensicTab")

    assert "Successfully migrated ForensicTab to resource management" in lines()
    service.cleanup_component(tab)


def test_a_migration_that_fails_is_logged(service: Service, expect_log: ExpectLog) -> None:
    """Failed to migrate, with the tab's id; the tab is not left half registered."""
    expect_log("Failed to migrate ForensicTab")

    class WithoutRoom:
        __slots__ = ("__weakref__",)

    migrated = ResourceMigrationHelper.migrate_tab(WithoutRoom(), "ForensicTab")

    assert migrated is False
    assert service.get_statistics()["components_registered"] == 0


def test_every_line_is_one_line(
    service: Service, component: Component, lines: Callable[[], list[str]]
) -> None:
    """One event a line, each of the library's own logger."""
    service.set_component_state(component, ComponentState.ACTIVE)
    service.cleanup_component(component)

    assert [line for line in lines() if re.search(r"\n", line)] == []
