"""The dictionaries of seed 004's border: MB and GB as floats, where the inside has bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from budgetinator.memory.peaks import PeakMethod
    from budgetinator.memory.suspects import Suspect

__all__ = [
    "AllocatingLine",
    "Figures",
    "GrownType",
    "MonitorStats",
    "NewDescriptor",
    "OperationProfile",
    "StateComparison",
    "SystemMemoryInfo",
]


class SystemMemoryInfo(TypedDict):
    """Of `get_system_memory_info`."""

    total_memory_gb: float
    available_memory_gb: float
    used_memory_gb: float
    memory_percent: float
    swap_total_gb: float
    swap_used_gb: float
    swap_percent: float


class Figures(TypedDict):
    """One statistic over the calls of an operation."""

    peak_memory_mb: float
    memory_delta_mb: float
    retained_mb: float
    duration_seconds: float


class AllocatingLine(TypedDict):
    """A line of source whose memory was still held when the operation ended."""

    file: str
    line: int
    size_mb: float
    count: int


class OperationProfile(TypedDict):
    """Of `get_profile`: `peak_memory_mb` of all calls, the other figures of the latest.

    `peak_increase_mb` is the most that a call needed above what it began with.
    `retained_mb` is measured after a garbage collection if `collected`, else it
    is the latest delta. `min` and `max` are of all calls, `median` of the latest 64.
    """

    operation: str
    calls: int
    failures: int
    peak_memory_mb: float
    peak_increase_mb: float
    memory_delta_mb: float
    retained_mb: float
    duration_seconds: float
    total_seconds: float
    min: Figures
    median: Figures
    max: Figures
    method: PeakMethod
    shared: bool
    collected: bool
    lines: list[AllocatingLine]
    file: str | None


class MonitorStats(TypedDict):
    """Of `get_stats`: `total_operations` counts calls, `potential_leaks` the suspects."""

    operations: dict[str, OperationProfile]
    total_operations: int
    potential_leaks: int
    leaks: list[Suspect]
    monitoring: bool
    samples: int


class GrownType(TypedDict):
    """A type with more objects, or more bytes, than before; `held_by` are reference paths."""

    type: str
    count_delta: int
    bytes_delta: int
    held_by: list[str]


class NewDescriptor(TypedDict):
    """An open file descriptor that was not open before."""

    descriptor: int
    path: str


class StateComparison(TypedDict):
    """Of `compare_states`; `components` are the counts that rose."""

    memory_delta_mb: float
    types: list[GrownType]
    descriptors: list[NewDescriptor]
    threads: list[str]
    components: dict[str, int]
