"""Tabs that were written without resource management, brought into it (seed 003)."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from budgetinator.errors import ComponentNotRegistered, ResourceError
from budgetinator.plugins.lifecycle import registered_service
from budgetinator.resources import ComponentState, ResourceManagementService
from budgetinator.resources.kinds import TypeLike

__all__ = ["ResourceMigrationHelper"]

log = logging.getLogger("budgetinator.plugins")

Ending = Callable[[], object]


class ResourceMigrationHelper:
    """Registers tabs as they are, and gives them `track_resource` and `release_resource`."""

    @staticmethod
    def migrate_tab(tab: Any, tab_id: str, cleanup_func: Ending | None = None) -> bool:
        """Register a tab with the registered service; whether that was done.

        `cleanup_func` runs when the tab is cleaned up, and may refer to the tab: the
        service holds it weakly, and the tab holds it. A tab that is registered already
        stays as it is.
        """
        service = registered_service()
        if service is None:
            log.warning("ResourceManagementService not available for %s", tab_id)
            return False
        if service.get_component_state(tab) not in (None, ComponentState.DESTROYED):
            log.info("%s is under resource management already", tab_id)
            return True
        try:
            service.register_component(tab, tab_id, "legacy_tab")
            _equip(tab, service, cleanup_func)
        except (ResourceError, AttributeError, TypeError):
            # The tab takes no attributes, or cannot be referenced weakly.
            log.exception("Failed to migrate %s", tab_id)
            service.unregister_component(tab)
            return False
        log.info("Successfully migrated %s to resource management", tab_id)
        return True

    @staticmethod
    def migrate_all_tabs(
        tabs: Iterable[tuple[Any, str, Ending | None]],
    ) -> dict[str, bool]:
        """Migrate each (tab, id, clean-up or None); whether it was done, by id."""
        return {
            tab_id: ResourceMigrationHelper.migrate_tab(tab, tab_id, cleanup_func)
            for tab, tab_id, cleanup_func in tabs
        }


def _equip(tab: Any, service: ResourceManagementService, cleanup_func: Ending | None) -> None:
    migrated = _Migrated(tab, service, cleanup_func)
    tab._resource_manager = service  # noqa: SLF001 - seed 003's names
    tab._migrated = migrated  # noqa: SLF001
    tab.track_resource = migrated.track_resource
    tab.release_resource = migrated.release_resource
    if cleanup_func is not None:
        service.register_cleanup(tab, migrated.run_cleanup)


class _Migrated:
    """What a migrated tab has of its own: it belongs to the tab and knows it weakly."""

    def __init__(
        self, tab: Any, service: ResourceManagementService, cleanup_func: Ending | None
    ) -> None:
        self._tab = weakref.ref(tab)
        self._service = service
        self._cleanup_func = cleanup_func

    def run_cleanup(self) -> None:
        """Run what the tab asked for, once."""
        cleanup_func, self._cleanup_func = self._cleanup_func, None
        if cleanup_func is not None:
            cleanup_func()

    def track_resource(
        self,
        resource_type: TypeLike,
        resource: Any,
        size_bytes: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """Track a resource of the tab; its id."""
        tab = self._tab()
        if tab is None:
            raise ComponentNotRegistered("The tab of this helper is gone; nothing can be tracked.")
        return self._service.track_resource(tab, resource_type, resource, size_bytes, metadata)

    def release_resource(self, resource_id: str) -> bool:
        """Close a resource of the tab; whether that is what happened."""
        return bool(self._service.release_resource(self._tab(), resource_id))
