"""One frozen reading of this process, and one of the system it runs on; bytes as int."""

from __future__ import annotations

import ctypes
import functools
import gc
import os
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from budgetinator.memory.containers import container_limit
from budgetinator.memory.peaks import process_meter

if TYPE_CHECKING:
    from collections.abc import Callable

    from budgetinator.memory.types import SystemMemoryInfo

__all__ = [
    "ProcessReading",
    "SystemReading",
    "descriptor_count",
    "get_system_memory_info",
    "heap_in_use",
    "process_reading",
    "resident_bytes",
    "system_reading",
    "trim_heap",
]

GIBIBYTE = 1024**3


@dataclass(frozen=True, slots=True)
class ProcessReading:
    """This process at one moment.

    `uss` is what ending the process would free, `peak` the highest `rss` of its
    life, `objects` what the cyclic garbage collector tracks; `uss` and `objects` are None
    in a brief reading, and `uss` where the system does not tell. `at` is seconds since the epoch.
    """

    rss: int
    uss: int | None
    vms: int
    peak: int
    open_descriptors: int
    threads: int
    objects: int | None
    at: float


@dataclass(frozen=True, slots=True)
class SystemReading:
    """The memory that this process can have: the container's where it is in one."""

    total: int
    available: int
    used: int
    swap_total: int
    swap_used: int
    container_limit: int | None


def process_reading(*, brief: bool = False) -> ProcessReading:
    """Read this process. `brief` leaves out `uss` and `objects`, whose cost grows with the heap."""
    process = psutil.Process()
    memory = process.memory_info()
    return ProcessReading(
        rss=int(memory.rss),
        uss=None if brief else _unique_bytes(process),
        vms=int(memory.vms),
        peak=process_meter().lifetime_peak(),
        open_descriptors=descriptor_count(),
        threads=threading.active_count(),
        objects=None if brief else len(gc.get_objects()),
        at=time.time(),
    )


def _unique_bytes(process: psutil.Process) -> int | None:
    try:
        return int(process.memory_full_info().uss)
    except (psutil.AccessDenied, AttributeError):
        return None


def system_reading() -> SystemReading:
    """Read the system's memory, bounded by the limit of the container, cgroup v1 or v2."""
    memory = psutil.virtual_memory()
    swap = psutil.swap_memory()
    limit = container_limit() if sys.platform == "linux" else None
    if limit is None or limit.limit >= memory.total:
        available, total = int(memory.available), int(memory.total)
        return SystemReading(
            total, available, total - available, int(swap.total), int(swap.used), None
        )
    available = min(int(memory.available), limit.available)
    bound = limit.swap_limit
    return SystemReading(
        total=limit.limit,
        available=available,
        used=limit.limit - available,
        swap_total=int(swap.total) if bound is None else min(int(swap.total), bound),
        swap_used=int(swap.used) if bound is None else limit.swap_used,
        container_limit=limit.limit,
    )


def get_system_memory_info() -> SystemMemoryInfo:
    """`system_reading` under the names of seed 004; 1 GB is 1024**3 bytes."""
    reading = system_reading()
    return {
        "total_memory_gb": reading.total / GIBIBYTE,
        "available_memory_gb": reading.available / GIBIBYTE,
        "used_memory_gb": reading.used / GIBIBYTE,
        "memory_percent": 100 * reading.used / reading.total,
        "swap_total_gb": reading.swap_total / GIBIBYTE,
        "swap_used_gb": reading.swap_used / GIBIBYTE,
        "swap_percent": 100 * reading.swap_used / reading.swap_total if reading.swap_total else 0.0,
    }


def resident_bytes() -> int:
    """The resident size now: the cheapest reading there is, 2 microseconds on Linux."""
    if sys.platform != "linux":
        return int(psutil.Process().memory_info().rss)
    descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    try:
        pages = os.read(descriptor, 256).split(b" ", 2)[1]
    finally:
        os.close(descriptor)
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def descriptor_count() -> int:
    """Open file descriptors; handles on Windows."""
    if sys.platform == "linux":
        return len(os.listdir("/proc/self/fd")) - 1  # less the one that lists
    elif sys.platform == "win32":  # noqa: RET505 - mypy reads platforms in branches only
        return int(psutil.Process().num_handles())
    else:
        return int(psutil.Process().num_fds())


class _Mallinfo2(ctypes.Structure):
    """What glibc's mallinfo2(3) returns."""

    _fields_ = [
        ("arena", ctypes.c_size_t),
        ("ordblks", ctypes.c_size_t),
        ("smblks", ctypes.c_size_t),
        ("hblks", ctypes.c_size_t),
        ("hblkhd", ctypes.c_size_t),
        ("usmblks", ctypes.c_size_t),
        ("fsmblks", ctypes.c_size_t),
        ("uordblks", ctypes.c_size_t),
        ("fordblks", ctypes.c_size_t),
        ("keepcost", ctypes.c_size_t),
    ]


@functools.cache
def _allocator_call(name: str) -> Callable[..., object] | None:
    """A function of the C library's allocator; None where it is not glibc's."""
    if sys.platform != "linux":
        return None
    try:
        call = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):
        return None
    call.restype = _Mallinfo2 if name == "mallinfo2" else ctypes.c_int
    found: Callable[..., object] = call
    return found


def heap_in_use() -> int | None:
    """Bytes that the C allocator has given out; None where it does not tell (glibc 2.33 does)."""
    call = _allocator_call("mallinfo2")
    if call is None:
        return None
    info = call()
    return int(info.uordblks) + int(info.hblkhd) if isinstance(info, _Mallinfo2) else None


def trim_heap() -> None:
    """Hand free pages of the C allocator back to the system, where it can."""
    call = _allocator_call("malloc_trim")
    if call is not None:
        call(0)
