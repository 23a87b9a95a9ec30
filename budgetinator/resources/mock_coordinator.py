"""A coordinator for tests of components: tracks in a list, and needs no service."""

from __future__ import annotations

import itertools
from typing import Any

from budgetinator.resources.coordinators import BaseResourceCoordinator
from budgetinator.resources.kinds import ReleaseOutcome, ResourceType

__all__ = ["MockResourceCoordinator"]


class MockResourceCoordinator(BaseResourceCoordinator):
    """Seed 000's test double: `tracked_resources` holds (resource, name) in order.

    Nothing is closed: handlers are called when `cleanup_all` or `release` is,
    so that a test sees them run.
    """

    def __init__(self, component_id: str = "mock") -> None:
        self._component_id = component_id
        self._component_ref = None
        self._ids = {}
        self._resources: dict[str, tuple[Any, Any]] = {}
        self._serial = itertools.count(1).__next__
        self.debug_mode = False
        self.component: Any = None
        self.tracked_resources: list[tuple[Any, str | None]] = []
        self.released_resources: list[str] = []

    def bind_to_component(self, component: Any) -> BaseResourceCoordinator:
        self.component = component
        return self

    def track_resource(
        self,
        resource: Any,
        resource_type: Any = ResourceType.CUSTOM,
        name: str | None = None,
        cleanup_handler: Any = None,
        size_bytes: int | None = None,  # noqa: ARG002 - as in the base class
        hold: str | None = None,  # noqa: ARG002
        may_evict: Any = None,  # noqa: ARG002
        **metadata: Any,  # noqa: ARG002
    ) -> str:
        if isinstance(resource, ResourceType):
            resource, resource_type = resource_type, resource
        resource_id = f"mock_{self._serial()}"
        self._resources[resource_id] = (resource, cleanup_handler)
        self.tracked_resources.append((resource, name))
        return resource_id

    def track_worker(self, worker: Any, name: str | None = None, **_options: Any) -> str:
        return self.track_resource(worker, ResourceType.WORKER, name=name)

    def release(self, resource_id: str) -> ReleaseOutcome:
        found = self._resources.pop(resource_id, None)
        if found is None:
            return ReleaseOutcome.UNKNOWN
        resource, handler = found
        if handler is not None:
            handler(resource)
        self.released_resources.append(resource_id)
        self.on_resource_released(resource_id)
        return ReleaseOutcome.RELEASED

    def cleanup_all(self) -> None:
        for resource_id in reversed(tuple(self._resources)):
            self.release(resource_id)

    def get_resource_count(self) -> int:
        return len(self._resources)
