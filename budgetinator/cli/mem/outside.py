"""What the system tells of another process: its memory, and how much it holds open."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import click
import psutil

from budgetinator.errors import MonitorError

__all__ = [
    "Reading",
    "asked_process",
    "descendants",
    "find_process",
    "peak_of",
    "read_process",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """One process at one moment of `time.monotonic`; bytes.

    `descriptors` are handles on Windows, and None where the system does not tell them.
    `children` counts all processes below it, `children_rss` what is resident of them together.
    """

    at: float
    rss: int
    descriptors: int | None
    threads: int
    children: int
    children_rss: int


def find_process(pid: int) -> psutil.Process | None:
    """The process of this number, if there is one."""
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def asked_process(words: Sequence[str]) -> psutil.Process | None:
    """The process that the words of a call name by its number; None if they are a command.

    A number of no process is a wrong call.
    """
    if len(words) != 1 or not words[0].isdecimal():
        return None
    process = find_process(int(words[0]))
    if process is None:
        raise click.UsageError(
            f"there is no process {words[0]}; `budgetinator mem status` lists those of ours"
        )
    return process


def read_process(process: psutil.Process) -> Reading | None:
    """Read it now; None if it has ended. Raises MonitorError where the system refuses."""
    try:
        with process.oneshot():
            rss, threads = int(process.memory_info().rss), process.num_threads()
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
        below = descendants(process)
        return Reading(
            at=time.monotonic(),
            rss=rss,
            descriptors=_descriptors(process),
            threads=threads,
            children=len(below),
            children_rss=sum(map(_resident, below)),
        )
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied as error:
        raise MonitorError(
            f"the system does not let this user look at the process {process.pid}"
        ) from error


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """All live processes below it; none if it has ended."""
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def peak_of(process: psutil.Process) -> int | None:
    """The highest resident size of its life in bytes; None where the system does not tell."""
    try:
        if sys.platform == "win32":
            return int(process.memory_info().peak_wset)
        with open(f"/proc/{process.pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except (OSError, psutil.Error):
        pass
    return None


def _descriptors(process: psutil.Process) -> int | None:
    try:
        if sys.platform == "win32":
            return process.num_handles()
        return process.num_fds()
    except psutil.AccessDenied:
        return None


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
