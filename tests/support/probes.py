"""What there is at one moment, by kind: descriptors, threads, children, things of the runtime.

A probe's `take` gives what is there now, each thing under a key that is the same
as long as it is the same thing; `line` tells where one was made. A new kind of
leftover is one more Probe.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.lines import Lines


@dataclass(frozen=True, slots=True)
class Probe:
    """One kind of thing that a test may leave behind; a key is what `take` found it under."""

    kind: str
    take: Callable[[], Mapping[Any, str]]
    line: Callable[[Any], str | None] = lambda key: None
    settle: Callable[[Any], None] = lambda key: None

    def describe(self, key: Hashable, text: str) -> str:
        line = self.line(key)
        return f"{self.kind}: {text}" + (f", made by {line}" if line else "")


def system_probes(lines: Lines) -> tuple[Probe, ...]:
    return (
        Probe("descriptor", descriptors, line=lambda key: lines.of_descriptor(*key)),
        Probe("thread", threads, line=lines.of_thread, settle=lambda thread: thread.join(0.5)),
        Probe("child process", children, line=lines.of_child),
    )


def descriptors() -> dict[tuple[int, str], str]:
    """Every open descriptor by number and target; none where the system does not list them."""
    found = {}
    for number in _listed("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except FileNotFoundError:  # the listing's own
            continue
        found[int(number), target] = f"{number} on {target}"
    tracker = _multiprocessing_tracker()
    return {key: text for key, text in found.items() if key[0] != getattr(tracker, "_fd", None)}


def threads() -> dict[threading.Thread, str]:
    return {thread: repr(thread.name) for thread in threading.enumerate()}


def children() -> dict[int, str]:
    """Children that run, or ended and were never waited for."""
    tracker = getattr(_multiprocessing_tracker(), "_pid", None)
    return {pid: f"{pid} {_command(pid)}" for pid in _child_pids() if pid != tracker}


def things_of_the_runtime() -> dict[str, str]:
    """What `budgetinator.runtime.leftovers` says that the default runtime still holds."""
    leftovers = getattr(sys.modules.get("budgetinator.runtime"), "leftovers", list)
    return {text: text for text in leftovers()}


RUNTIME = Probe("runtime", things_of_the_runtime)


def close_the_default_runtime() -> None:
    """So that its journal and ticker are no leftovers, and the next test starts with a new one."""
    close = getattr(sys.modules.get("budgetinator.runtime"), "close_default_runtime", None)
    if close is not None:
        close()


def _child_pids() -> Iterator[int]:
    for task in _listed("/proc/self/task"):
        try:
            text = Path(f"/proc/self/task/{task}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):  # the thread has ended
            continue
        yield from map(int, text.split())


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return "(ended)"
    return b" ".join(words).decode(errors="replace").strip()[:120] or "(ended, not waited for)"


def _multiprocessing_tracker() -> object:
    """The helper process that multiprocessing keeps as long as this one lives."""
    return getattr(sys.modules.get("multiprocessing.resource_tracker"), "_resource_tracker", None)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
