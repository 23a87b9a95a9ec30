"""What the record of open workbooks says of the processes on this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.resources import JournalEntry

__all__ = ["OpenFile", "open_workbooks"]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """One workbook that a process has open; `size` is what it was estimated at, in bytes."""

    file: str
    mode: str | None
    size: int | None
    since: str
    component: str | None


def open_workbooks(entries: Iterable[JournalEntry]) -> dict[int, list[OpenFile]]:
    """The open workbooks of each live process of this machine, by its number."""
    here = socket.gethostname()
    found: dict[int, list[OpenFile]] = {}
    for entry in entries:
        if entry.kind == "open" and entry.alive and entry.host == here:
            found.setdefault(entry.pid, []).append(
                OpenFile(
                    file=str(entry.path),
                    mode=entry.mode,
                    size=entry.size_bytes,
                    since=entry.opened_at.astimezone().isoformat(timespec="seconds"),
                    component=entry.component_id,
                )
            )
    return found
