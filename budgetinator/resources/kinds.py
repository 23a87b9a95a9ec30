"""What can be tracked, the states it goes through, and how it is shown.

The values here are frozen: they are what the service hands out. What it keeps
for itself stands in `references` and `ledger`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Literal

__all__ = [
    "Cleanup",
    "ComponentInfo",
    "ComponentState",
    "Hold",
    "RegisteredType",
    "ReleaseOutcome",
    "ResourceType",
    "Snapshot",
    "TrackedResource",
    "TypeLike",
]

Cleanup = Callable[[Any], object]
"""A clean-up handler: it is called with the resource, never with the component."""

Hold = Literal["weak", "strong"]


class ResourceType(Enum):
    """The types of seed 003, and `WORKBOOK`.

    `slot` is the type's place in tables; further types are made with
    `ResourceManagementService.register_resource_type`.
    """

    MEMORY = "memory"
    FILE_HANDLE = "file_handle"
    THREAD = "thread"
    QOBJECT = "qobject"
    THUMBNAIL = "thumbnail"
    MAP = "map"
    WORKER = "worker"
    CUSTOM = "custom"
    WORKBOOK = "workbook"

    slot: int

    def __init__(self, _value: str) -> None:
        self.slot = len(type(self).__members__)


@dataclass(frozen=True, slots=True)
class RegisteredType:
    """A type that a program added; `value` is its name, as with `ResourceType`."""

    value: str
    slot: int

    @property
    def name(self) -> str:
        return self.value.upper()


TypeLike = ResourceType | RegisteredType | str
"""A member of ResourceType, or the name of a registered type."""


class ComponentState(Enum):
    """The life of a component, in the order of seed 003."""

    LOADED = "loaded"
    INITIALIZED = "initialized"
    ACTIVE = "active"
    PAUSED = "paused"
    CLEANING = "cleaning"
    DESTROYED = "destroyed"


class ReleaseOutcome(Enum):
    """What became of a release; only `RELEASED` is true."""

    RELEASED = "released"
    UNKNOWN = "unknown"
    """Not tracked by this component: never was, or has been released before."""
    FAILED = "failed"
    """Its clean-up raised. It stays tracked and the release can be tried again."""
    CLOSING = "closing"
    """Another call is closing it at this moment."""

    def __bool__(self) -> bool:
        return self is ReleaseOutcome.RELEASED


@dataclass(frozen=True, slots=True)
class TrackedResource:
    """One tracked resource as it stood at one moment (seed 000, `TrackedResource`)."""

    resource_id: str
    resource_type: ResourceType | RegisteredType
    resource_ref: Any = field(repr=False, compare=False)
    """A weak reference, or the object itself where it is held strongly."""
    size_bytes: int | None
    metadata: Mapping[str, Any]
    tracked_at: datetime
    """Local time with its zone, exact to 10 ms."""
    component_id: str
    name: str | None = None
    protected: bool = False
    failure: str | None = None
    """Why its last clean-up failed."""
    created_at: str | None = None
    """`file:line in function` where it was tracked; known while debugging is on."""

    def resource(self) -> Any | None:
        """The object, or None once it is gone."""
        ref = self.resource_ref
        return ref() if isinstance(ref, weakref.ref) else ref


@dataclass(frozen=True, slots=True)
class ComponentInfo:
    """One component as it stood at one moment (seed 000, `ComponentInfo`)."""

    component_id: str
    component_type: str
    state: ComponentState
    resources: Mapping[str, TrackedResource]
    cleanup_callbacks: tuple[tuple[int, Any], ...]
    """(priority, callback), in the order in which they run."""
    memory_usage: int
    """Bytes."""
    registered_at: datetime
    parent_id: str | None = None
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a service holds, seen once: totals are the sums of the parts."""

    taken_at: datetime
    components: tuple[ComponentInfo, ...]
    active_resources: int
    memory_bytes: int

    def resources(self) -> tuple[TrackedResource, ...]:
        """All resources, component by component."""
        return tuple(r for c in self.components for r in c.resources.values())
