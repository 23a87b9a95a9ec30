"""What a service holds, read a few milliseconds at a time.

`service.snapshot()` is one consistent view, and takes 0.6 s for a hundred
thousand resources: the window would stand still. Taking it in a worker thread
is worse. It looks at each object for a moment, and whoever looks last deletes
it: a widget would die on the wrong thread. So the ledger's records are read
here on the GUI thread, without touching an object, in steps that end on time.
What comes or goes meanwhile is seen or not; the next survey sees it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from budgetinator.resources.references import Phase, RichRecord

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService
    from budgetinator.resources.ledger import Ledger
    from budgetinator.resources.owners import Owner
    from budgetinator.resources.references import Record

__all__ = ["ComponentRow", "ResourceRow", "Survey", "TypeRow"]

AT_ONCE = 200
"""Records between two looks at the clock: some tenths of a millisecond."""


class ResourceRow(NamedTuple):
    """One tracked resource; `size` in bytes or None, `at` on the service's clock."""

    key: str
    owner: str
    type: str
    name: str
    size: int | None
    at: float
    state: str
    site: str


class ComponentRow(NamedTuple):
    """One component; `address` tells apart those of one id."""

    key: int
    component_id: str
    type: str
    state: str
    memory: int
    resources: int
    since: datetime
    parent: str


class TypeRow(NamedTuple):
    """All resources of one type."""

    key: str
    number: int
    memory: int


class Survey:
    """One look at everything, in steps; `is_done` once all of it is in the lists."""

    def __init__(self, service: ResourceManagementService) -> None:
        self.resources: list[ResourceRow] = []
        self.components: list[ComponentRow] = []
        self.types: list[TypeRow] = []
        self.seconds = 0.0
        """The time that its steps have taken together."""
        self._sums: dict[str, list[int]] = {}
        self._reading = _read(service.ledger)
        self.is_done = False

    def step(self, seconds: float) -> bool:
        """Read on for so long; whether it is done. On the GUI thread."""
        began = time.perf_counter()
        while not self.is_done and time.perf_counter() - began < seconds:
            self._read_some()
        self.seconds += time.perf_counter() - began
        return self.is_done

    def _read_some(self) -> None:
        found = next(self._reading, None)
        if found is None:
            self.types = sorted(
                TypeRow(name, number, memory) for name, (number, memory) in self._sums.items()
            )
            self.is_done = True
        elif isinstance(found, ComponentRow):
            self.components.append(found)
        else:
            self.resources += found
            for row in found:
                sums = self._sums.setdefault(row.type, [0, 0])
                sums[0] += 1
                sums[1] += row.size or 0


def _read(ledger: Ledger) -> Iterator[ComponentRow | list[ResourceRow]]:
    for owner in tuple(ledger.everyone.values()):
        yield _component(owner)
        name = owner.component_id
        for holding in owner.held:
            kind = holding.kind.name
            records = iter(holding.records())
            while some := list(itertools.islice(records, AT_ONCE)):
                yield [_resource(record, name, kind) for record in some]


def _component(owner: Owner) -> ComponentRow:
    return ComponentRow(
        key=owner.address,
        component_id=owner.component_id,
        type=owner.component_type,
        state=owner.state.value,
        memory=owner.bytes,
        resources=len(owner),
        since=owner.registered_at,
        parent=owner.parent.component_id if owner.parent is not None else "",
    )


def _resource(record: Record, owner: str, kind: str) -> ResourceRow:
    if not isinstance(record, RichRecord):
        return ResourceRow(record.key, owner, kind, "", record.size, record.at, "held", "")
    size = record.declared if record.declared is not None else record.size
    name, site = record.name or "", record.site or ""
    return ResourceRow(record.key, owner, kind, name, size, record.at, _state(record), site)


def _state(record: RichRecord) -> str:
    if record.phase is Phase.CLOSING:
        return "closing"
    if record.phase is Phase.FAILED:
        return f"failed: {record.failure}" if record.failure is not None else "failed"
    return "protected" if record.protected else "held"
