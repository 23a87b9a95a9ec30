"""A scope: what is added to it is tracked now and released, last in first out, at its end."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from budgetinator.errors import ComponentNotRegistered
from budgetinator.resources.closing import raise_all
from budgetinator.resources.kinds import Cleanup, ResourceType, TypeLike
from budgetinator.resources.owners import Holding
from budgetinator.resources.references import Record

if TYPE_CHECKING:
    from budgetinator.resources.service import ResourceManagementService

__all__ = ["Scope"]

Resource = TypeVar("Resource")


class Scope:
    """Resources of one component that live for one `with` block.

    They are counted, shown and limited like all others, and can be released
    before the end by their id. Adding to a scope that has ended is an error.
    A clean-up that raises is tried with the others and comes out of the block
    in an ExceptionGroup; that resource stays with the component, FAILED.
    """

    def __init__(
        self,
        service: ResourceManagementService,
        component: Any,
        resource_type: TypeLike = ResourceType.CUSTOM,
    ) -> None:
        self._service = service
        self._component = component
        self._default = resource_type
        self._ledger = service.ledger
        self._on_death = service.ledger.dead.append
        self._serial = service.ledger.serial
        self._clock = service.ledger.clock
        self._tracked = service.resource_tracked
        self._holdings: dict[int, Holding] = {}
        self._type: Any = None
        self._holding: Holding | None = None
        self._ended = False
        self._plain = True

    def __enter__(self) -> Scope:
        return self

    def add(
        self,
        resource: Resource,
        resource_type: TypeLike | None = None,
        size_bytes: int | None = None,
        cleanup: Cleanup | None = None,
        name: str | None = None,
    ) -> Resource:
        """Track a resource until the scope ends, and hand it back."""
        holding: Any = self._holding
        try:
            if (
                not holding.fast
                or size_bytes
                or cleanup
                or name
                or not (resource_type is None or resource_type is self._type)
            ):
                raise TypeError
            record = Record(resource, self._on_death)
        except (TypeError, AttributeError):
            return self._add(resource, resource_type, size_bytes, cleanup, name)
        now = self._clock()
        ledger = self._ledger
        if now > ledger.until:
            ledger.tick(now)
        record.at = ledger.moment
        record.holding = holding
        record.size = None
        record.key = key = f"{self._serial()}"
        holding.plain[key] = record
        if not holding.fast:
            self._service.withdraw(record)
        if self._tracked.slots:
            self._service.announce(record)
        return resource

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release everything; may be called twice."""
        self._ended = True
        holdings = list(self._holdings.values())
        self._holdings.clear()
        self._holding = None
        failures = self._service.end_scope(holdings, plain=self._plain)
        if failures:
            raise_all("A scope could not be closed", failures)

    def _add(
        self,
        resource: Resource,
        resource_type: TypeLike | None,
        size_bytes: int | None,
        cleanup: Cleanup | None,
        name: str | None,
    ) -> Resource:
        if self._ended:
            raise ComponentNotRegistered("This scope has ended; open another one.")
        wanted = self._default if resource_type is None else resource_type
        kind = self._ledger.catalog.kind(wanted)
        owner = self._service.owner(self._component)
        holding = self._holdings.get(kind.slot)
        if holding is None:
            holding = self._ledger.add_holding(owner, kind)
            self._holdings[kind.slot] = holding
        if resource_type is None or self._holding is None:
            self._holding, self._type = holding, wanted
        self._plain = self._plain and not size_bytes
        self._service.track_in(holding, resource, size_bytes=size_bytes, cleanup=cleanup, name=name)
        return resource
