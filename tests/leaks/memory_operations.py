"""The monitor itself: it must not be what it looks for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from budgetinator import MemoryMonitor, force_memory_cleanup, get_system_memory_info
from budgetinator.memory import process_reading
from tests.leaks.ground import Ground, Operation

__all__ = ["OPERATIONS"]


def measure_operations(ground: Ground) -> None:
    monitor = ground.runtime.memory_monitor
    with monitor.monitor_operation("outer"), monitor.monitor_operation("inner"):
        pass
    monitor.monitor_operation("decorated")(list)()
    monitor.get_stats()


def measure_steps(ground: Ground) -> None:
    monitor = ground.runtime.memory_monitor

    @monitor.monitor_operation("generator")
    def steps() -> Iterator[int]:
        yield from range(3)

    @monitor.monitor_operation("coroutine")
    async def wait() -> None:
        await asyncio.sleep(0)

    list(steps())
    asyncio.run(wait())


def profile_operations(ground: Ground) -> None:
    monitor = ground.runtime.memory_monitor
    with monitor.profile_operation("profiled"):
        pass
    monitor.get_profile("profiled")


def profile_lines(ground: Ground) -> None:
    monitor = ground.runtime.memory_monitor
    with monitor.profile_operation("lines", mode="python"):
        pass


def compare_states(ground: Ground) -> None:
    monitor = ground.runtime.memory_monitor
    monitor.dump_memory_state("before")
    monitor.dump_memory_state("after")
    monitor.compare_states("before", "after")


def watch(ground: Ground) -> None:
    monitor = ground.runtime.memory_monitor
    undo = monitor.on_pressure(print)
    with monitor.start_monitoring(0.001):
        pass
    monitor.samples()
    undo()


def make_a_monitor(ground: Ground) -> None:
    with MemoryMonitor() as monitor, monitor.monitor_operation("once"):
        pass


def clean_up(ground: Ground) -> None:
    force_memory_cleanup()
    ground.runtime.force_cleanup()


def read(ground: Ground) -> None:
    process_reading()
    get_system_memory_info()


OPERATIONS: Mapping[str, Operation] = {
    "monitor, operations measured": measure_operations,
    "monitor, a generator and a coroutine measured": measure_steps,
    "monitor, an operation profiled": profile_operations,
    "monitor, lines of an operation": profile_lines,
    "monitor, states dumped and compared": compare_states,
    "monitor, started and stopped": watch,
    "monitor, made and closed": make_a_monitor,
    "clean-up forced": clean_up,
    "readings": read,
}
