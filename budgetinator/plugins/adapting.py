"""Plugins that were written for another program, with what they hold tracked (seed 000).

Such a plugin is an object with names of its own. What it holds is never guessed from its
attributes, because they lead to the program's windows as well: the plugin lists it in a
method `plugin_resources`, or the caller names the attributes.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from budgetinator.errors import ServiceNotRegistered
from budgetinator.plugins.lifecycle import registered_service
from budgetinator.resources import (
    ComponentState,
    ResourceManagementService,
    ResourceType,
    next_component_id,
)
from budgetinator.resources.closers import close
from budgetinator.resources.kinds import TypeLike

__all__ = ["PluginResourceAdapter"]

_ENDINGS = ("cleanup", "shutdown", "close")


class PluginResourceAdapter:
    """Books what foreign plugins hold; by default with the registered service.

    Raises ServiceNotRegistered where there is none.
    """

    def __init__(self, service: ResourceManagementService | None = None) -> None:
        found = service if service is not None else registered_service()
        if found is None:
            raise ServiceNotRegistered(
                "No service is registered to adapt plugins to; call register_service first."
            )
        self._service = found

    def adapt_plugin_resources(
        self, plugin: Any, attributes: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """Register the plugin, and track what it lists and what its `attributes` hold; the ids.

        `plugin.plugin_resources()` gives a mapping of names to objects, or to pairs of
        type and object. Where no type is given it is told by what the object can do. The
        plugin's own `cleanup`, `shutdown` or `close` runs when it is cleaned up. The plugin
        is held weakly. Asked again, what is tracked already is not tracked twice.
        """
        self._register(plugin)
        known = self._tracked(plugin)
        return tuple(
            self._track(plugin, name, kind, thing)
            for name, kind, thing in _listed(plugin, attributes)
            if id(thing) not in known
        )

    def _register(self, plugin: Any) -> None:
        if self._service.get_component_state(plugin) not in (None, ComponentState.DESTROYED):
            return
        given = getattr(plugin, "plugin_id", None)
        plugin_id = given if isinstance(given, str) else next_component_id(type(plugin).__name__)
        self._service.register_component(plugin, plugin_id, "adapted_plugin")
        for name in _ENDINGS:
            ending = getattr(plugin, name, None)
            if callable(ending):
                self._service.register_cleanup(plugin, ending)
                return

    def _tracked(self, plugin: Any) -> set[int]:
        """The addresses of what the plugin has tracked, which live as long as they are."""
        owner = self._service.owner(plugin)
        return {
            id(resource)
            for component in self._service.snapshot().components
            if component.component_id == owner.component_id
            for tracked in component.resources.values()
            if (resource := tracked.resource()) is not None
        }

    def _track(self, plugin: Any, name: str, kind: TypeLike | None, thing: Any) -> str:
        kind = kind or _kind_of(thing)
        closed = callable(getattr(thing, "close", None)) and kind is ResourceType.CUSTOM
        return self._service.track_resource(
            plugin,
            kind,
            thing,
            hold="strong" if closed else None,
            cleanup=close if closed else None,
            name=name,
        )


def _listed(plugin: Any, attributes: Iterable[str]) -> Iterable[tuple[str, TypeLike | None, Any]]:
    """(name, type or None, object) of everything that is there."""
    listing = getattr(plugin, "plugin_resources", None)
    listed: Mapping[str, Any] = listing() if callable(listing) else {}
    for name, each in (*listed.items(), *((name, getattr(plugin, name)) for name in attributes)):
        kind, thing = each if isinstance(each, tuple) and len(each) == 2 else (None, each)
        if thing is not None:
            yield name, kind, thing


def _kind_of(thing: Any) -> ResourceType:
    if isinstance(thing, threading.Thread):
        return ResourceType.THREAD
    if isinstance(thing, io.IOBase):
        return ResourceType.FILE_HANDLE
    if hasattr(thing, "isRunning") or hasattr(thing, "cancel"):
        return ResourceType.WORKER
    if hasattr(thing, "deleteLater"):
        return ResourceType.QOBJECT
    return ResourceType.CUSTOM
