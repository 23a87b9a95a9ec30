"""What monitors see: sums in no time, and one frozen view of everything."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from typing import Any

from budgetinator.resources.kinds import ComponentInfo, Snapshot, TrackedResource
from budgetinator.resources.ledger import Ledger
from budgetinator.resources.owners import Owner, in_order
from budgetinator.resources.references import Record, RichRecord

__all__ = ["memory_usage", "older_than", "snapshot", "statistics", "tracked_resource"]


def memory_usage(ledger: Ledger) -> dict[str, int]:
    """Bytes by component id; components of one id are added up."""
    usage: dict[str, int] = {}
    for owner in tuple(ledger.everyone.values()):
        usage[owner.component_id] = usage.get(owner.component_id, 0) + owner.bytes
    return usage


def statistics(ledger: Ledger) -> dict[str, Any]:
    """The keys of seed 003, and `memory_bytes`."""
    counts = ledger.counts()
    active = sum(counts.values())
    tracked = ledger.tracked()  # after the counts: what is active has been tracked
    return {
        "components_registered": len(ledger.everyone),
        "total_resources_tracked": tracked,
        "total_resources_released": tracked - active,
        "active_resources": active,
        "memory_usage": memory_usage(ledger),
        "resource_counts": counts,
        "memory_bytes": ledger.bytes,
    }


def snapshot(ledger: Ledger) -> Snapshot:
    """Every owner and record, copied; tracking goes on meanwhile."""
    with ledger.lock:
        copies = [(owner, owner.copies()) for owner in ledger.everyone.values()]
        # Sizes are read here as well: a twin is charged in the place of one that is released.
        usage = [sum(record.size or 0 for record in records) for _owner, records in copies]
    components = tuple(
        _component(ledger, owner, in_order(records), used)
        for (owner, records), used in zip(copies, usage, strict=True)
    )
    return Snapshot(
        taken_at=datetime.now().astimezone(),
        components=components,
        active_resources=sum(len(component.resources) for component in components),
        memory_bytes=sum(component.memory_usage for component in components),
    )


def older_than(ledger: Ledger, seconds: float) -> list[Record]:
    """The records that have been held for longer, oldest first."""
    border = ledger.clock() - seconds
    found = [
        record
        for owner in tuple(ledger.everyone.values())
        for record in owner.records()
        if record.at < border
    ]
    return in_order(found)


def tracked_resource(ledger: Ledger, record: Record) -> TrackedResource:
    """One record as a value."""
    rich = record if isinstance(record, RichRecord) else None
    strong = rich.strong if rich is not None else None
    declared = rich.declared if rich is not None else None
    failure = rich.failure if rich is not None else None
    return TrackedResource(
        resource_id=record.key,
        resource_type=record.holding.kind.type,
        resource_ref=strong if strong is not None else _another_ref(record),
        size_bytes=declared if declared is not None else record.size,
        metadata=MappingProxyType(dict(rich.metadata if rich is not None else {})),
        tracked_at=ledger.wall_time(record.at),
        component_id=record.holding.owner.component_id,
        name=rich.name if rich is not None else None,
        protected=rich is not None and rich.protected,
        failure=str(failure) if failure is not None else None,
        created_at=rich.site if rich is not None else None,
    )


def _another_ref(record: Record) -> Callable[[], Any] | None:
    target = record.target() if isinstance(record, RichRecord) else record()
    return weakref.ref(target) if target is not None else None


def _component(
    ledger: Ledger, owner: Owner, records: list[Record], memory_usage: int
) -> ComponentInfo:
    resources = {record.key: tracked_resource(ledger, record) for record in records}
    callbacks = sorted(owner.callbacks, key=lambda entry: (entry[0], -entry[1]))
    return ComponentInfo(
        component_id=owner.component_id,
        component_type=owner.component_type,
        state=owner.state,
        resources=MappingProxyType(resources),
        cleanup_callbacks=tuple((p, c.resolve()) for p, _order, c in callbacks),
        memory_usage=memory_usage,
        registered_at=owner.registered_at,
        parent_id=owner.parent.component_id if owner.parent is not None else None,
        children=tuple(child.component_id for child in owner.children),
    )
