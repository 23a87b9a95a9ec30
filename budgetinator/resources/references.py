"""How the ledger refers to what it tracks: weakly where that is possible.

A record is itself the weak reference, so that a tracked object costs one small
object and not two, and its death callback is the bound `append` of a deque:
one C call that takes no lock, whatever thread the collector happens to run in.
What died is booked later, by the next operation (`Ledger.settle`).

An object that cannot be referenced weakly (a list, bytes, an int), one that
must be held until it has finished (a worker, a file), and one with metadata, a
name or a handler of its own gets a `RichRecord`. Its weak reference then points
to the object where that can be, and to a stand-in that lives for ever where not.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from enum import IntEnum
from types import MethodType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from budgetinator.resources.owners import Holding

__all__ = ["Callback", "Phase", "Record", "RichRecord", "weakly"]


class Record(weakref.ref[Any]):
    """A resource that is held weakly and has nothing but a type and a size."""

    __slots__ = ("at", "holding", "key", "size")

    holding: Holding
    key: str
    at: float
    size: int | None
    """The bytes that this record is charged for, None when none were given."""

    # A weak reference hashes and compares by its object, and by that alone two records of one
    # object would be equal. Records are compared by identity.
    __hash__ = object.__hash__
    __eq__ = object.__eq__
    __ne__ = object.__ne__


class Phase(IntEnum):
    """Where a rich record stands between tracking and release."""

    OPEN = 0
    CLOSING = 1
    FAILED = 2


class _StandIn:
    __slots__ = ("__weakref__",)


_STAND_IN = _StandIn()


class RichRecord(Record):
    """A resource with more to it than a size."""

    __slots__ = (
        "cleanup",
        "declared",
        "failure",
        "may_evict",
        "metadata",
        "name",
        "phase",
        "protected",
        "site",
        "strong",
    )

    strong: Any
    declared: int | None
    metadata: dict[str, Any]
    name: str | None
    cleanup: Callback | None
    phase: Phase
    protected: bool
    failure: BaseException | None
    may_evict: Callback | None
    site: str | None

    @classmethod
    def of(cls, resource: Any, *, strong: bool, on_death: Callable[[Any], object]) -> RichRecord:
        """A record of `resource`; held strongly if asked, or if it must be."""
        try:
            record = cls(resource, on_death)
        except TypeError:
            record, strong = cls(_STAND_IN), True
        record.strong = resource if strong else None
        record.declared = record.size = record.name = record.cleanup = None
        record.failure = record.may_evict = record.site = None
        record.metadata = {}
        record.phase = Phase.OPEN
        record.protected = False
        return record

    @property
    def stands_in(self) -> bool:
        """Whether the resource is of a kind that cannot be referenced weakly."""
        return self() is _STAND_IN

    def target(self) -> Any | None:
        """The resource, or None if it is gone (or never was an object)."""
        if self.strong is not None:
            return self.strong
        target = self()
        return None if target is _STAND_IN else target


class Callback:
    """A callable that does not keep the object alive whose method it is."""

    __slots__ = ("_call",)

    def __init__(self, callback: Callable[..., object]) -> None:
        self._call: Any = weakly(callback)

    def resolve(self) -> Callable[..., object] | None:
        """The callable, or None if the object of a bound method is gone."""
        call = self._call
        return call() if isinstance(call, weakref.WeakMethod) else call


def weakly(callback: Callable[..., object]) -> Any:
    """A WeakMethod of a bound Python method, and anything else as it is."""
    if isinstance(callback, MethodType):
        try:
            return weakref.WeakMethod(callback)
        except TypeError:  # the object cannot be referenced weakly
            return callback
    return callback
