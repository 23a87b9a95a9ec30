"""Coordinators: what stands between a component that works and the service that counts.

A coordinator tracks for one component and knows the names; the service knows
what is alive. So a coordinator never holds a resource or its component: it
keeps ids, and asks.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from typing import Any

from budgetinator.errors import ResourceError
from budgetinator.resources.closing import raise_all
from budgetinator.resources.interfaces import IResourceManagementService
from budgetinator.resources.kinds import Cleanup, ReleaseOutcome, ResourceType, TypeLike
from budgetinator.resources.registry import get_service
from budgetinator.resources.service import ResourceManagementService

__all__ = ["BaseResourceCoordinator"]

log = logging.getLogger("budgetinator.resources")

_PRUNE_BEYOND = 64


class BaseResourceCoordinator:
    """Tracks the resources of one component (seeds 000 to 002).

    Bind it to the component first; one that is not bound tracks for itself.
    Without a `service` it takes the registered one, and raises
    ServiceNotRegistered, a ValueError, if there is none.
    """

    def __init__(
        self,
        component_id: str,
        service: ResourceManagementService | None = None,
        component_type: str | None = None,
    ) -> None:
        self._component_id = component_id
        self._component_type = component_type
        self._service: Any = service
        if service is None:
            self._service = get_service(IResourceManagementService)  # type: ignore[type-abstract]
        self._component_ref: weakref.ref[Any] | None = None
        self._ids: dict[str, None] = {}
        self.debug_mode = False

    @property
    def component_id(self) -> str:
        return self._component_id

    @property
    def service(self) -> ResourceManagementService:
        """The service that this coordinator tracks with."""
        return self._service  # type: ignore[no-any-return]

    def bind_to_component(self, component: Any) -> BaseResourceCoordinator:
        """Register the component and track for it from now on; returns itself."""
        kind = self._component_type or component_type(component)
        self._service.register_component(component, self._component_id, kind)
        if component is not self:
            self._service.register_cleanup(component, self.cleanup_all, priority=10)
        self._component_ref = weakref.ref(component)
        return self

    def initialize(self, component: Any) -> BaseResourceCoordinator:
        """Seed 002's name for `bind_to_component`."""
        return self.bind_to_component(component)

    def track_resource(
        self,
        resource: Any,
        resource_type: Any = ResourceType.CUSTOM,
        name: str | None = None,
        cleanup_handler: Cleanup | None = None,
        size_bytes: int | None = None,
        hold: str | None = None,
        may_evict: Callable[[Any], bool] | None = None,
        **metadata: Any,
    ) -> str:
        """Track a resource; returns its id.

        Resource and type may come in either order (seeds 000 and 002 differ):
        exactly one of the two is a type. `cleanup_handler` is called with the
        resource; a bound method is held weakly.
        """
        resource, kind = self._in_order(resource, resource_type)
        resource_id: str = self._service.track_resource(
            self._component(),
            kind,
            resource,
            size_bytes,
            metadata=metadata or None,
            hold=hold,
            cleanup=cleanup_handler,
            name=name,
            may_evict=may_evict,
        )
        self._ids[resource_id] = None
        self._prune()
        if self.debug_mode:
            log.debug("%s tracks %s as %s", self._component_id, name or kind, resource_id)
        return resource_id

    def track_worker(self, worker: Any, name: str | None = None) -> str:
        """Track a worker until it has finished; cancelled and waited for on clean-up."""
        from budgetinator.resources.worker_coordinator import watch_worker

        return watch_worker(self, worker, name)

    def release(self, resource_id: str) -> ReleaseOutcome:
        """Close one resource that this coordinator tracked."""
        component = self._component_ref() if self._component_ref is not None else None
        if resource_id not in self._ids or component is None:
            return ReleaseOutcome.UNKNOWN  # what a dead component left is closed by the service
        if self.debug_mode:
            log.debug("Releasing %s from %s", resource_id, self._component_id)
        outcome: ReleaseOutcome = self._service.release_resource(component, resource_id)
        if outcome in (ReleaseOutcome.RELEASED, ReleaseOutcome.UNKNOWN):
            self._ids.pop(resource_id, None)
        if outcome:
            self.on_resource_released(resource_id)
        return outcome

    def on_resource_released(self, resource_id: str) -> None:
        """Called after each release through this coordinator; for subclasses."""

    def cleanup_all(self) -> None:
        """Release everything that this coordinator tracked, last in, first out.

        Everything is tried; what failed comes out in one ExceptionGroup and
        stays tracked.
        """
        failures: list[BaseException] = []
        for resource_id in reversed(tuple(self._ids)):
            try:
                if self.release(resource_id) is ReleaseOutcome.FAILED:
                    failure = self._service.failure_of(resource_id)
                    if failure is not None:
                        failures.append(failure)
            # An interrupt in one clean-up must not leave the others undone.
            except BaseException as error:  # noqa: BLE001 - said above
                failures.append(error)
        if failures:
            raise_all(f"{self._component_id} could not release everything", failures)

    def get_resource_count(self) -> int:
        """How many resources the component holds at this moment."""
        if self._component_ref is None:
            return 0
        component = self._component_ref()
        if component is None:
            return 0
        return sum(self._service.get_resource_count(component).values())

    def get_statistics(self) -> dict[str, Any]:
        """`total_tracked`, and for workers `active_workers` and `workers` (seed 000)."""
        return {"total_tracked": self.get_resource_count()}

    def _component(self) -> Any:
        if self._component_ref is None:
            self.bind_to_component(self)
        component = self._component_ref() if self._component_ref is not None else None
        if component is None:
            raise ResourceError(
                f"The component of {self._component_id} is gone; nothing can be tracked for it.",
                component_id=self._component_id,
            )
        return component

    def _in_order(self, first: Any, second: Any) -> tuple[Any, TypeLike]:
        is_type = self._service.ledger.catalog.is_type
        if is_type(second) and not isinstance(first, ResourceType):
            return first, second
        if is_type(first) and not is_type(second):
            return second, first
        raise TypeError("Give one resource and one resource type, in either order.")

    def _prune(self) -> None:
        if len(self._ids) > _PRUNE_BEYOND and len(self._ids) > 2 * self.get_resource_count():
            for resource_id in tuple(self._ids):
                if not self._lives(resource_id):
                    self._ids.pop(resource_id, None)

    def _lives(self, resource_id: str) -> bool:
        return self._service.ledger.find(resource_id) is not None

    def __del__(self) -> None:
        ref = getattr(self, "_component_ref", None)
        component = ref() if ref is not None else None
        if component is not None and component is not self and self._ids:
            active = self.get_resource_count()
            if active:
                log.warning(
                    "Coordinator %s destroyed with %d active resources",
                    self._component_id,
                    active,
                )


def component_type(component: Any) -> str:
    """What kind of component an object is, by the end of its class's name."""
    name = type(component).__name__.lower()
    for known in ("controller", "coordinator", "tab", "dialog", "widget", "manager", "plugin"):
        if name.endswith(known):
            return known
    return "component"
