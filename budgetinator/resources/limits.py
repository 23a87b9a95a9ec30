"""Limits on bytes and counts: what happens at the mark, and what goes first.

A byte limit has two marks. Going above the high one is one event, however often
more is tracked; the next event is due only after usage has fallen to the low
mark. The policy says what else happens:

- "warn": nothing else;
- "evict": what may go is closed, oldest first, until usage is at the low mark;
- "refuse": what would go above is not tracked, and LimitExceeded is raised.

Evicted is only what is not protected and either belongs to an expendable type
or has said through its own `may_evict` that it may go now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from budgetinator.errors import LimitExceeded
from budgetinator.resources.references import Phase, Record, RichRecord

__all__ = ["ByteLimit", "CountLimit", "Policy", "candidates", "checked", "validated"]

Policy = Literal["warn", "evict", "refuse"]

LOW_MARK = 0.8
"""The low mark as a share of the high one, where none is given."""


@dataclass(slots=True)
class ByteLimit:
    """A byte limit and whether usage is above it at the moment."""

    high: int
    low: int
    policy: Policy
    above: bool = False

    def crossed(self, usage: int) -> bool:
        """Whether this usage begins an excursion."""
        if usage > self.high and not self.above:
            self.above = True
            return True
        return False

    def fell_to(self, usage: int) -> None:
        """End the excursion if usage is at the low mark or below."""
        if usage <= self.low:
            self.above = False

    def refuse(self, usage: int, more: int, component_id: str | None) -> None:
        """Raise LimitExceeded if the policy refuses `more` bytes on top of `usage`."""
        if self.policy == "refuse" and usage + more > self.high:
            whose = f"{component_id} " if component_id else "All components together "
            raise LimitExceeded(
                f"{whose}may hold {self.high} bytes, hold{'s' if component_id else ''} {usage} "
                f"and would hold {usage + more}; release something first.",
                component_id=component_id,
                limit=self.high,
                wanted=usage + more,
            )


@dataclass(frozen=True, slots=True)
class CountLimit:
    """How many resources of one type one component may hold."""

    count: int
    policy: Policy


def validated(high: int, low: int | None, policy: str) -> ByteLimit:
    """A byte limit from what a caller gave; ValueError says what does not fit."""
    low = int(high * LOW_MARK) if low is None else low
    if high < 0 or not 0 <= low <= high:
        raise ValueError(f"A limit needs 0 <= low <= high, not low {low} and high {high}.")
    return ByteLimit(high, low, checked(policy))


def checked(policy: str) -> Policy:
    """The policy, or ValueError naming those that there are."""
    for known in get_args(Policy):
        if policy == known:
            return known  # type: ignore[no-any-return]
    raise ValueError(f"A limit's policy is one of {get_args(Policy)}, not {policy!r}.")


def candidates(records: Iterable[Record]) -> list[Record]:
    """The records that may be evicted, oldest first, before their own word is asked."""
    return sorted(
        (record for record in records if _may_go(record)), key=lambda record: int(record.key)
    )


def _may_go(record: Record) -> bool:
    if not isinstance(record, RichRecord):
        return record.holding.kind.expendable
    if record.protected or record.phase is not Phase.OPEN:
        return False
    return record.may_evict is not None or record.holding.kind.expendable
