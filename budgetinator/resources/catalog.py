"""The types of one service: how each is held, closed and given up under pressure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from budgetinator.errors import UnknownResourceType
from budgetinator.resources.closers import DEFAULT_CLEANUPS
from budgetinator.resources.kinds import Cleanup, RegisteredType, ResourceType, TypeLike

__all__ = ["Catalog", "Kind"]

_MUST_FINISH = frozenset(
    {
        ResourceType.WORKER,
        ResourceType.THREAD,
        ResourceType.FILE_HANDLE,
        ResourceType.WORKBOOK,
    }
)
"""Held strongly by default: letting go of one that has not ended loses data or aborts (Qt)."""

_EXPENDABLE = frozenset({ResourceType.MEMORY, ResourceType.THUMBNAIL, ResourceType.MAP})
"""What the policy "evict" may close without asking: it can be made again."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One type with its rules; `slot` is its place in the catalog."""

    type: ResourceType | RegisteredType
    slot: int
    name: str
    strong: bool
    cleanup: Cleanup | None
    expendable: bool

    @property
    def plain(self) -> bool:
        """Whether a resource of it can be tracked by a weak reference and nothing else."""
        return not self.strong and self.cleanup is None


class Catalog:
    """All types that one service knows, found by member, by registered type or by name."""

    def __init__(self, cleanups: Mapping[ResourceType, Cleanup] = DEFAULT_CLEANUPS) -> None:
        self._lock = threading.RLock()  # a finalizer may come in between and call again
        self._kinds: dict[int, Kind] = {}
        self._names: dict[str, Kind] = {}
        for kind in ResourceType:
            strong, expendable = kind in _MUST_FINISH, kind in _EXPENDABLE
            self._add(Kind(kind, kind.slot, kind.value, strong, cleanups.get(kind), expendable))
        self._next_slot = len(ResourceType)

    def register(
        self, name: str, *, cleanup: Cleanup | None, hold: str, expendable: bool
    ) -> Callable[[], None]:
        """Add a type under a new name; the undo takes it away again."""
        if not name or not isinstance(name, str):
            raise UnknownResourceType(f"A resource type needs a name, not {name!r}.")
        with self._lock:
            if name in self._names:
                raise UnknownResourceType(f"There is a resource type {name!r} already.")
            slot = self._next_slot
            self._next_slot += 1
            made = RegisteredType(name, slot)
            self._add(Kind(made, slot, name, hold == "strong", cleanup, expendable))

        def undo() -> None:
            with self._lock:
                if self._names.get(name) is self._kinds.get(slot):
                    self._names.pop(name, None)
                    self._kinds.pop(slot, None)

        return undo

    def kind(self, resource_type: TypeLike) -> Kind:
        """The kind of a type; UnknownResourceType if nobody registered it."""
        if isinstance(resource_type, ResourceType | RegisteredType):
            found = self._kinds.get(resource_type.slot)
        else:
            found = self._names.get(resource_type) if isinstance(resource_type, str) else None
        if found is None:
            known = ", ".join(sorted(self._names))
            raise UnknownResourceType(
                f"{resource_type!r} is no resource type; use one of {known}, "
                "or add it with register_resource_type."
            )
        return found

    def is_type(self, value: Any) -> bool:
        """Whether `value` names a type: tells type and resource apart in either order."""
        if isinstance(value, ResourceType | RegisteredType):
            return True
        return isinstance(value, str) and value in self._names

    def _add(self, kind: Kind) -> None:
        self._kinds[kind.slot] = kind
        self._names[kind.name] = kind
