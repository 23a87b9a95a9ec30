"""How much memory, and for how long: readings, measured operations, leaks."""

from __future__ import annotations

from budgetinator.memory.leaks import LeakFinding, LeakReport, find_leaks
from budgetinator.memory.monitor import MemoryMonitor
from budgetinator.memory.operations import MeasuredOperation
from budgetinator.memory.pressure import PressureEvent, Watermarks
from budgetinator.memory.readings import (
    ProcessReading,
    SystemReading,
    get_system_memory_info,
    process_reading,
    system_reading,
)
from budgetinator.memory.release import CleanupReport, release_memory
from budgetinator.memory.sampling import Sample
from budgetinator.memory.spans import Span, SpanReading, current_span
from budgetinator.memory.states import MemoryState
from budgetinator.memory.suspects import Suspect
from budgetinator.memory.trends import Trend, mann_kendall, theil_sen
from budgetinator.memory.types import (
    AllocatingLine,
    GrownType,
    MonitorStats,
    NewDescriptor,
    OperationProfile,
    StateComparison,
    SystemMemoryInfo,
)

__all__ = [
    "AllocatingLine",
    "CleanupReport",
    "GrownType",
    "LeakFinding",
    "LeakReport",
    "MeasuredOperation",
    "MemoryMonitor",
    "MemoryState",
    "MonitorStats",
    "NewDescriptor",
    "OperationProfile",
    "PressureEvent",
    "ProcessReading",
    "Sample",
    "Span",
    "SpanReading",
    "StateComparison",
    "Suspect",
    "SystemMemoryInfo",
    "SystemReading",
    "Trend",
    "Watermarks",
    "current_span",
    "find_leaks",
    "get_system_memory_info",
    "mann_kendall",
    "process_reading",
    "release_memory",
    "system_reading",
    "theil_sen",
]
