"""Limits at work: refusing, making room, and saying once that a mark was passed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from budgetinator.errors import LimitExceeded
from budgetinator.resources.closing import Closing
from budgetinator.resources.kinds import TypeLike
from budgetinator.resources.ledger import Ledger
from budgetinator.resources.limits import (
    ByteLimit,
    CountLimit,
    Policy,
    candidates,
    checked,
    validated,
)
from budgetinator.resources.owners import Holding, Owner
from budgetinator.resources.references import Record, RichRecord

if TYPE_CHECKING:
    from budgetinator.resources.service import ResourceManagementService

__all__ = ["Pressure"]

log = logging.getLogger("budgetinator.resources")


class Pressure:
    """The limits of one service, by component id and for all together."""

    def __init__(
        self, service: ResourceManagementService, ledger: Ledger, closing: Closing
    ) -> None:
        self._service = service
        self._ledger = ledger
        self._closing = closing
        self._bytes: dict[str, tuple[int, int | None, Policy]] = {}
        self._counts: dict[str, dict[int, CountLimit]] = {}
        self._all: ByteLimit | None = None

    # Setting

    def limit_component(
        self, component_id: str, high: int | None, low: int | None, policy: Policy
    ) -> None:
        if high is None:
            self._bytes.pop(component_id, None)
        else:
            validated(high, low, policy)
            self._bytes[component_id] = (high, low, policy)
        self._apply_to(component_id)

    def limit_all(self, high: int | None, low: int | None, policy: Policy) -> None:
        self._all = None if high is None else validated(high, low, policy)
        self._ledger.global_limit = self._all
        self._ledger.refresh_all()
        if self._all is not None:
            self._cross(self._all, None)

    def limit_count(
        self, component_id: str, resource_type: TypeLike, count: int | None, policy: Policy
    ) -> None:
        slot = self._ledger.catalog.kind(resource_type).slot
        limits = self._counts.setdefault(component_id, {})
        if count is None:
            limits.pop(slot, None)
        elif count < 0:
            raise ValueError(f"A count limit cannot be {count}.")
        else:
            limits[slot] = CountLimit(count, checked(policy))
        self._apply_to(component_id)

    def apply(self, owner: Owner) -> None:
        """Give an owner the limits of its id."""
        with self._ledger.lock:
            given = self._bytes.get(owner.component_id)
            owner.byte_limit = validated(*given) if given is not None else None
            owner.count_limits = dict(self._counts.get(owner.component_id, {}))
            self._ledger.refresh(owner)

    def _apply_to(self, component_id: str) -> None:
        for owner in tuple(self._ledger.everyone.values()):
            if owner.component_id == component_id:
                self.apply(owner)
                self.relieve(owner)

    # At work

    def refuse(self, holding: Holding, more: int) -> None:
        """Raise LimitExceeded if a limit refuses one more resource of `more` bytes."""
        owner = holding.owner
        if owner.byte_limit is not None:
            owner.byte_limit.refuse(owner.bytes, more, owner.component_id)
        if self._all is not None:
            self._all.refuse(self._ledger.bytes, more, None)
        limit = owner.count_limits.get(holding.kind.slot)
        if limit is not None and limit.policy != "warn":
            count = self._count(holding)
            if count >= limit.count:
                raise LimitExceeded(
                    f"{owner.component_id} may hold {limit.count} {holding.kind.name} resources "
                    f"and holds {count}; release one first.",
                    component_id=owner.component_id,
                    limit=limit.count,
                    wanted=count + 1,
                )

    def make_room(self, holding: Holding) -> None:
        """Under a count limit with the policy "evict", close the oldest that may go."""
        limit = holding.owner.count_limits.get(holding.kind.slot)
        if limit is None:
            return
        over = self._count(holding) + 1 - limit.count
        if over > 0 and limit.policy == "evict":
            same = [r for r in holding.owner.records() if r.holding.kind is holding.kind]
            for record in candidates(same):
                if over <= 0:
                    return
                over -= self._evict(record)
        elif over == 1 and limit.policy == "warn":
            log.warning(
                "%s goes over its limit of %d %s resources",
                holding.owner.component_id,
                limit.count,
                holding.kind.name,
            )

    def relieve(self, owner: Owner, sparing: Record | None = None) -> None:
        """After a change: say that a mark was passed, and evict if that is the policy."""
        limit, total = owner.byte_limit, self._all
        if limit is not None:
            self._cross(limit, owner, sparing)
        if total is not None:
            self._cross(total, None, sparing)

    def _cross(
        self,
        limit: ByteLimit,
        owner: Owner | None,
        sparing: Record | None = None,
    ) -> None:
        component_id = owner.component_id if owner is not None else ""
        with self._ledger.lock:
            usage = self._usage(owner)
            crossed = limit.crossed(usage)
        if crossed:
            log.warning(
                "%s exceeded memory limit: %d > %d bytes",
                f"Component {component_id}" if component_id else "All components together",
                usage,
                limit.high,
            )
            self._service.memory_threshold_exceeded.emit(component_id, usage)
        if limit.policy == "evict" and usage > limit.high:
            self._evict_down_to(limit.low, owner, sparing)

    def evict_all(self) -> int:
        """Close everything that may go, oldest first; how many there were."""
        records = [r for owner in tuple(self._ledger.everyone.values()) for r in owner.records()]
        return sum(self._evict(record) for record in candidates(records))

    def _evict_down_to(self, low: int, owner: Owner | None, sparing: Record | None) -> None:
        owners = [owner] if owner is not None else list(self._ledger.everyone.values())
        records = [record for one in owners for record in one.records()]
        for record in candidates(records):
            if self._usage(owner) <= low:
                return
            if record is not sparing and record.size:
                self._evict(record)

    def _evict(self, record: Record) -> bool:
        if isinstance(record, RichRecord) and record.may_evict is not None:
            target, ask = record.target(), record.may_evict.resolve()
            if target is None or ask is None or not self._agrees(record, ask, target):
                return False
        log.info("Evicting resource %s of %s", record.key, record.holding.owner.component_id)
        return bool(self._closing.close(record))

    def _agrees(self, record: Record, ask: Callable[..., object], target: Any) -> bool:
        try:
            return bool(ask(target))
        # Foreign code: what it raises must not undo the operation that asks for room.
        except Exception:
            log.exception("may_evict of resource %s failed; it stays", record.key)
            return False

    def _usage(self, owner: Owner | None) -> int:
        return owner.bytes if owner is not None else self._ledger.bytes

    def _count(self, holding: Holding) -> int:
        return sum(len(other) for other in holding.owner.held if other.kind is holding.kind)
