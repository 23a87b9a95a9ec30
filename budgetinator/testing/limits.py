"""How much growth a call is let pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.memory import LeakFinding, LeakReport

__all__ = ["Limits"]

COUNTED = {"objects": "objects", "descriptors": "fds", "threads": "threads"}


@dataclass(frozen=True, slots=True)
class Limits:
    """The growth a call that is allowed; with none, every growth that the leak rule proves is one.

    `objects` are those that the garbage collector tracks, `fds` open descriptors (handles on
    Windows). What is allowed takes memory: once one of the three is allowed, memory is
    judged only if `bytes` is given.
    """

    objects: float = 0
    fds: float = 0
    threads: float = 0
    bytes: float | None = None

    def __post_init__(self) -> None:
        for name in ("objects", "fds", "threads", "bytes"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, (int, float)) or value < 0):
                raise ValueError(f"{name}={value!r} is no growth a call: give a number from 0 up")

    def exceeded(self, report: LeakReport) -> tuple[LeakFinding, ...]:
        """The findings of a report that are over these limits."""
        return tuple(each for each in report.findings if self._over(each, report))

    def _over(self, finding: LeakFinding, report: LeakReport) -> bool:
        counted = COUNTED.get(finding.metric)
        if counted is not None:
            allowed: float = getattr(self, counted)
            return finding.trend.slope > allowed
        if self.bytes is None:
            return not (self.objects or self.fds or self.threads)
        if self.bytes == 0:
            return True
        # What Python's allocators gave out, or the C allocator: whichever saw more of it.
        heap = finding.trend.slope if finding.metric == "heap" else 0.0
        return max(report.bytes_per_call, heap) > self.bytes
