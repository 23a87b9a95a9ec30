"""The life of a plugin: loaded, initialized, active, paused, cleaning, destroyed (seed 003).

Everything that a plugin is besides its widget stands here, so that plugins without
widgets exist and none of this needs Qt. `Plugin` is the base of the former; the seeds'
`PluginBase(QWidget)` in `gui.plugin_base` mixes the same class in.

The seeds derive from QWidget and ABC, whose metaclasses exclude each other. Here each
subclass is looked at when it is made, and an object of one that lacks an override is
refused, as an abstract class would.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from budgetinator.errors import ServiceNotRegistered
from budgetinator.plugins.workbench import Workbench
from budgetinator.resources import (
    ComponentState,
    IResourceManagementService,
    ResourceManagementService,
    Signal,
    get_service,
)
from budgetinator.resources.kinds import TypeLike

__all__ = ["Plugin", "PluginLifeCycle", "registered_service"]

log = logging.getLogger("budgetinator.plugins")

OWN_CLEANUP = -10
"""The plugin's own clean-up runs before what it registers besides: lower is earlier."""

_OVERRIDES = ("initialize", "_cleanup_resources")


def registered_service() -> ResourceManagementService | None:
    """The service that the program registered, None if there is none."""
    try:
        service = get_service(IResourceManagementService)  # type: ignore[type-abstract]
    except ServiceNotRegistered:
        return None
    return service if isinstance(service, ResourceManagementService) else None


class PluginLifeCycle:
    """Mixed into the bases of plugins; a plugin overrides `initialize`, `_cleanup_resources`.

    A base calls `_enlist` in its `__init__`, and provides the signals `plugin_activated`,
    `plugin_deactivated` and `resource_tracked`. Without a service everything works, and
    nothing is tracked (seed 000). To be used in one thread, the GUI thread for widgets.
    """

    plugin_activated: Any
    plugin_deactivated: Any
    resource_tracked: Any

    workbench: Workbench | None = None
    """What the program lends; None outside of one, and again when the plugin is unloaded."""

    plugin_id = ""
    plugin_type = "plugin"
    _is_initialized = False
    _own_state = ComponentState.LOADED
    _resource_manager: ResourceManagementService | None = None
    _lacks: ClassVar[tuple[str, ...]] = _OVERRIDES

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._lacks = tuple(
            name for name in _OVERRIDES if getattr(cls, name) is getattr(PluginLifeCycle, name)
        )

    @classmethod
    def lacks(cls) -> tuple[str, ...]:
        """The methods that this class has to override, and does not."""
        return cls._lacks

    def _enlist(
        self, plugin_id: str, plugin_type: str, service: ResourceManagementService | None = None
    ) -> None:
        """Become a component of a service: the given, else the manager's, else the registered."""
        if self._lacks:
            raise TypeError(
                f"{type(self).__name__} cannot be made: it does not override "
                f"{' and '.join(self._lacks)}"
            )
        self.plugin_id = plugin_id
        self.plugin_type = plugin_type
        self._resource_manager = service or self._resource_manager or registered_service()
        if self._resource_manager is not None:
            self._register_with_resource_manager(self._resource_manager)

    def _register_with_resource_manager(self, service: ResourceManagementService) -> None:
        service.register_component(self, self.plugin_id, self.plugin_type)
        service.register_cleanup(self, self._cleanup_resources, priority=OWN_CLEANUP)
        log.info("Plugin %s registered with ResourceManagementService", self.plugin_id)

    # To be overridden

    def initialize(self) -> bool:
        """Get ready; False where that is not possible. Called once, and waits for nobody."""
        raise NotImplementedError

    def _cleanup_resources(self) -> None:
        """Let go of what the plugin holds; called once, when it is cleaned up."""
        raise NotImplementedError

    # The life

    @property
    def service(self) -> ResourceManagementService | None:
        """What it is registered with, None where nothing is tracked."""
        return self._resource_manager

    @property
    def state(self) -> ComponentState:
        """Where in its life the plugin is."""
        if self._resource_manager is not None:
            return self._resource_manager.get_component_state(self) or self._own_state
        return self._own_state

    def start(self) -> bool:
        """Initialize it if that has not been done; whether it is ready."""
        if self._is_initialized:
            return True
        if self.state in (ComponentState.CLEANING, ComponentState.DESTROYED):
            log.error("Plugin %s has been cleaned up and cannot start again", self.plugin_id)
            return False
        if not self.initialize():
            log.error("Failed to initialize plugin %s", self.plugin_id)
            return False
        self._is_initialized = True
        self._turn(ComponentState.INITIALIZED)
        return True

    def activate(self) -> None:
        """Have it work, initialized first; no effect on one that is active."""
        if self.start() and self.state in (ComponentState.INITIALIZED, ComponentState.PAUSED):
            self._turn(ComponentState.ACTIVE)
            self.plugin_activated.emit()
            log.info("Plugin %s activated", self.plugin_id)

    def deactivate(self) -> None:
        """Have it pause; no effect on one that is not active."""
        if self.state is ComponentState.ACTIVE:
            self._turn(ComponentState.PAUSED)
            self.plugin_deactivated.emit()
            log.info("Plugin %s deactivated", self.plugin_id)

    def cleanup(self) -> None:
        """End its life: paused, then everything let go; may be called twice.

        What fails comes out together in an ExceptionGroup when all has been tried.
        """
        self.deactivate()
        self._is_initialized = False
        if self._resource_manager is not None:
            self._resource_manager.cleanup_component(self)
        elif self.plugin_id and self._own_state is not ComponentState.DESTROYED:
            self._own_state = ComponentState.DESTROYED
            self._cleanup_resources()

    def _turn(self, state: ComponentState) -> None:
        self._own_state = state
        if self._resource_manager is not None:
            self._resource_manager.set_component_state(self, state)

    # Its resources

    def track_resource(
        self,
        resource_type: TypeLike,
        resource: Any,
        size_bytes: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> str | None:
        """Track a resource of this plugin; its id, None without a service."""
        if self._resource_manager is None:
            return None
        resource_id = self._resource_manager.track_resource(
            self, resource_type, resource, size_bytes, metadata
        )
        self.resource_tracked.emit(resource_id)
        return resource_id

    def release_resource(self, resource_id: str) -> bool:
        """Close a tracked resource; whether that is what happened."""
        if self._resource_manager is None:
            return False
        return bool(self._resource_manager.release_resource(self, resource_id))

    def get_memory_usage(self) -> int:
        """Bytes of what this plugin tracks."""
        if self._resource_manager is None:
            return 0
        return self._resource_manager.get_component_memory_usage(self)

    # For the plugin manager

    def adopt(self, service: ResourceManagementService | None, workbench: Workbench | None) -> None:
        """Say before its `__init__` which service it is to register with, and what it is lent."""
        self._resource_manager = service
        self.workbench = workbench

    def take_leave(self) -> None:
        """Come out of whatever shows the plugin; a base with a widget overrides this."""

    def abandon(self) -> None:
        """Let go of the rest, when something holds it after all; for a base with a widget."""

    def parts(self, package: str) -> list[Any]:  # noqa: ARG002  for those that have some
        """What must be gone together with the plugin, whose modules are those of `package`."""
        return []


class Plugin(PluginLifeCycle):
    """Base of plugins without widgets.

    Signals: `plugin_activated()`, `plugin_deactivated()`, `resource_tracked(resource_id)`,
    in the calling thread.
    """

    def __init__(
        self,
        plugin_id: str,
        plugin_type: str = "plugin",
        *,
        service: ResourceManagementService | None = None,
    ) -> None:
        self.plugin_activated: Signal[()] = Signal("plugin_activated")
        self.plugin_deactivated: Signal[()] = Signal("plugin_deactivated")
        self.resource_tracked: Signal[str] = Signal("resource_tracked")
        self._enlist(plugin_id, plugin_type, service)
