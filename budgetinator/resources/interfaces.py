"""What a resource management service offers: the interface of seed 003, as a Protocol."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from budgetinator.resources.kinds import ComponentState, ReleaseOutcome, TypeLike

__all__ = ["IResourceManagementService", "next_component_id"]

_serials = itertools.count(1).__next__


@runtime_checkable
class IResourceManagementService(Protocol):
    """The service as its users see it; `ResourceManagementService` is the one there is."""

    def register_component(
        self, component: Any, component_id: str, component_type: str = "plugin"
    ) -> None: ...

    def unregister_component(self, component: Any) -> None: ...

    def track_resource(
        self,
        component: Any,
        resource_type: TypeLike,
        resource: Any,
        size_bytes: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> str: ...

    def release_resource(self, component: Any, resource_id: str) -> ReleaseOutcome: ...

    def register_cleanup(
        self, component: Any, callback: Callable[[], object], priority: int = 0
    ) -> Callable[[], None]: ...

    def managed_resource(
        self, component: Any, resource_type: TypeLike, source: Any = None
    ) -> AbstractContextManager[Any]: ...

    def cleanup_component(self, component: Any, force: bool = False) -> None: ...

    def get_memory_usage(self) -> dict[str, int]: ...

    def get_resource_count(self, component: Any = None) -> dict[str, int]: ...

    def set_component_state(self, component: Any, state: ComponentState) -> None: ...

    def get_component_state(self, component: Any) -> ComponentState | None: ...


def next_component_id(name: str) -> str:
    """`name_<serial>`, unique in this process.

    The address of the object, which the seeds print, is taken again as soon as
    the object is gone.
    """
    return f"{name}_{_serials()}"
