"""What the journal records, as it stands in the file and as callers see it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from budgetinator.resources.processes import ProcessIdentity

__all__ = ["EntryKind", "JournalEntry", "JournalRow", "OpenMode", "Stamp", "stamp_of"]

EntryKind = Literal["open", "save"]
OpenMode = Literal["edit", "read", "values"]

Stamp = tuple[int, int, int]
"""Inode, modification time in nanoseconds, size in bytes."""


def stamp_of(path: Path) -> Stamp | None:
    """The file's stamp, None if there is no file (or none that may be looked at)."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """An open workbook or a save under way, of any process that shares the journal.

    `alive` is False only when the process is surely gone; other hosts' processes count as alive.
    `temp` and `backup` belong to saves, `mode`, `size_bytes` and `component_id` to open workbooks.
    """

    kind: EntryKind
    path: Path
    temp: Path | None
    backup: Path | None
    host: str
    pid: int
    alive: bool
    opened_at: datetime
    mode: OpenMode | None
    size_bytes: int | None
    component_id: str | None


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row as written by `process`; `stamp` is the target's when its save was announced.

    Paths are stored as bytes, since a file name need not be valid text, and the stamp as
    text, since an inode may exceed the 63 bits of an SQLite integer. `opened_at` is in seconds
    since the epoch and is shown to people, never compared.
    """

    key: int
    kind: EntryKind
    path: Path
    process: ProcessIdentity
    opened_at: float
    temp: Path | None = None
    backup: Path | None = None
    stamp: Stamp | None = None
    mode: OpenMode | None = None
    size_bytes: int | None = None
    component_id: str | None = None

    def columns(self) -> tuple[Any, ...]:
        owner = self.process
        return (
            self.key,
            self.kind,
            os.fsencode(self.path),
            None if self.temp is None else os.fsencode(self.temp),
            None if self.backup is None else os.fsencode(self.backup),
            None if self.stamp is None else ":".join(map(str, self.stamp)),
            owner.pid,
            owner.start_ticks,
            owner.boot_id,
            owner.host,
            owner.namespace,
            self.opened_at,
            self.mode,
            self.size_bytes,
            _storable(self.component_id),
        )

    @classmethod
    def from_columns(cls, columns: tuple[Any, ...]) -> JournalRow:
        key, kind, path, temp, backup, stamp, *owner = columns[:11]
        opened_at, mode, size_bytes, component_id = columns[11:]
        return cls(
            key,
            kind,
            Path(os.fsdecode(path)),
            ProcessIdentity(*owner),
            opened_at,
            None if temp is None else Path(os.fsdecode(temp)),
            None if backup is None else Path(os.fsdecode(backup)),
            _parsed(stamp),
            mode,
            size_bytes,
            component_id,
        )

    def entry(self, alive: bool) -> JournalEntry:
        return JournalEntry(
            kind=self.kind,
            path=self.path,
            temp=self.temp,
            backup=self.backup,
            host=self.process.host,
            pid=self.process.pid,
            alive=alive,
            opened_at=datetime.fromtimestamp(self.opened_at, UTC),
            mode=self.mode,
            size_bytes=self.size_bytes,
            component_id=self.component_id,
        )


def _parsed(stamp: str | None) -> Stamp | None:
    if stamp is None:
        return None
    inode, modified, size = map(int, stamp.split(":"))
    return inode, modified, size


def _storable(text: str | None) -> str | None:
    """Lone surrogates cannot be stored as text; they are written out instead."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
