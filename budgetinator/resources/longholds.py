"""Resources that are held for longer than they should be: reported once each."""

from __future__ import annotations

import logging

from budgetinator.resources import observing
from budgetinator.resources.kinds import TrackedResource
from budgetinator.resources.ledger import Ledger

__all__ = ["LongHolds"]

log = logging.getLogger("budgetinator.resources")


class LongHolds:
    """Watches the age of what a ledger holds; without a threshold it does nothing by itself."""

    def __init__(self, ledger: Ledger, seconds: float | None) -> None:
        self._ledger = ledger
        self._seconds = seconds
        self._told: set[str] = set()

    def find(self, seconds: float | None = None) -> tuple[TrackedResource, ...]:
        """Everything held for longer than `seconds`, or than the threshold; oldest first."""
        limit = self._seconds if seconds is None else seconds
        if limit is None:
            return ()
        return tuple(
            observing.tracked_resource(self._ledger, record)
            for record in observing.older_than(self._ledger, limit)
        )

    def report(self) -> None:
        """Log each resource that is over the threshold and was not reported before."""
        found = self.find()
        for resource in found:
            if resource.resource_id not in self._told:
                log.warning(
                    "%s holds %s resource %s%s for more than %g s%s",
                    resource.component_id,
                    resource.resource_type.value,
                    resource.resource_id,
                    f" ({resource.name})" if resource.name else "",
                    self._seconds,
                    f"; tracked at {resource.created_at}" if resource.created_at else "",
                )
        self._told = {resource.resource_id for resource in found}
