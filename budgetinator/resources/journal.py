"""The machine-wide record of open workbooks and of saves that are under way.

Every process of a user writes to one SQLite file. A row says what is open or being saved, and by
which process; it goes when its owner calls the undo, and by the next sweep when the
owner was killed. How the file is reached, and what happens when it cannot be, is in
`journal_link`; what a killed save left is judged in `recovery`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from budgetinator.resources import recovery
from budgetinator.resources.journal_link import JournalLink
from budgetinator.resources.journal_rows import JournalEntry, JournalRow, OpenMode, stamp_of
from budgetinator.resources.processes import ProcessIdentity
from budgetinator.resources.recovery import TEMP_SUFFIX, Recoverable

if TYPE_CHECKING:
    from budgetinator.resources.journal_file import JournalFile

__all__ = ["TEMP_SUFFIX", "Journal", "JournalEntry", "Recoverable", "Sweep"]


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep did: rows removed, temps deleted, and what waits for the user's word."""

    removed_rows: int
    deleted_temps: int
    recoverable: tuple[Recoverable, ...]


class Journal:
    """Open workbooks and running saves of all processes of this user on this machine.

    `path` is the folder that the file stands in, by default the user's own state folder. Nothing
    is opened or made before the first use. All methods may be called from any thread; after a
    fork the child begins with a connection and an identity of its own and no rows.

    Raises JournalError for a given `path` on a network file system, where SQLite's locks cannot
    be relied on; when the default folder lies on one, the journal is off instead.
    Every method but `close` and the undos raises JournalError after `close`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        process: ProcessIdentity | None = None,
        retry_after: float = 60.0,
    ) -> None:
        """`process` stands for the calling one, until a fork.

        `retry_after` is in seconds: so long a journal that is off waits before it tries again.
        """
        self._link = JournalLink(path, process, retry_after)

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return self._link.path

    @property
    def problem(self) -> str | None:
        """Why the journal is off, None while it works or has not been used."""
        return self._link.problem

    def opened(
        self,
        path: str | os.PathLike[str],
        *,
        component_id: str,
        mode: OpenMode,
        size_bytes: int | None = None,
    ) -> Callable[[], None]:
        """Record an open workbook until the returned undo is called.

        The undo is harmless when called twice, from another thread, in a forked child or after
        `close`.
        """
        return self._record(
            JournalRow(
                key=_new_key(),
                kind="open",
                path=Path(os.path.realpath(path)),
                process=self._link.identity(),
                opened_at=time.time(),
                mode=mode,
                size_bytes=size_bytes,
                component_id=component_id,
            )
        )

    def intend_save(
        self,
        target: str | os.PathLike[str],
        temp: str | os.PathLike[str],
        backup: str | os.PathLike[str] | None = None,
    ) -> Callable[[], None]:
        """Record a save before its temp is made; the undo is for when nothing of it is left.

        The row is committed when this returns. Only a temp in the real target's folder whose name
        ends in TEMP_SUFFIX is ever deleted by a sweep. `backup` is what a save in place falls
        back on; it is offered when a kill has left the target broken, and never deleted.
        """
        real = Path(os.path.realpath(target))
        return self._record(
            JournalRow(
                key=_new_key(),
                kind="save",
                path=real,
                process=self._link.identity(),
                opened_at=time.time(),
                temp=_placed(temp),
                backup=None if backup is None else _placed(backup),
                stamp=stamp_of(real),
            )
        )

    def entries(self, *, alive_only: bool = False) -> tuple[JournalEntry, ...]:
        """All rows, oldest first; none while the journal is off."""
        found = (row.entry(alive) for row, alive in self._judged())
        return tuple(entry for entry in found if entry.alive or not alive_only)

    def sweep(self) -> Sweep:
        """Clear away what dead processes of this host left, but what is worth recovering.

        Reads the temps of killed saves in full. Rows and temps of living processes and of
        other hosts stay, and so do a recoverable temp and its row until `recover` or `discard`.
        """
        dead = [row for row, alive in self._judged() if not alive]
        removed = self._removed(row.key for row in dead if row.kind == "open")
        deleted, kept = 0, []
        for row in dead:
            if row.kind != "save":
                continue
            found = recovery.recoverable_in(row)
            if found is not None:
                kept.append(found)
                continue
            rows, temps = self._cleared(row.key, row.temp, row.path)
            removed, deleted = removed + rows, deleted + temps
        return Sweep(removed, deleted, tuple(kept))

    def recover(
        self,
        recoverable: Recoverable,
        to: str | os.PathLike[str] | None = None,
        *,
        overwrite: bool = False,
    ) -> Path:
        """Put what a killed save left in its place, or at `to`, and return where it is.

        Durable when this returns. Without `overwrite` raises ChangedOnDisk if the target has
        changed since the save began, and SaveError if there is a file at `to`. Raises
        JournalError if the file found is not there any more, SaveError if the system refuses;
        then it still lies where it was found, and so does its row.
        """
        destination = Path(os.path.realpath(recoverable.target if to is None else to))
        temp = destination.with_name(f".{os.urandom(8).hex()}{TEMP_SUFFIX}")
        done = self.intend_save(destination, temp)
        try:
            recovery.restore(recoverable, destination, temp, overwrite=overwrite)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temp)
            done()
        self._cleared(recoverable.key, recoverable.temp, recoverable.target)
        return destination

    def discard(self, recoverable: Recoverable) -> None:
        """Delete the temp of a killed save and its row; a backup stays."""
        self._cleared(recoverable.key, recoverable.temp, recoverable.target)

    def close(self) -> None:
        """Let go of the file; harmless when called twice.

        Rows of workbooks that are still open go. Rows of running saves stay for the sweep that
        finds this process dead, since their temps may outlive it.
        """
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _record(self, row: JournalRow) -> Callable[[], None]:
        self._link.record(row)
        return partial(self._link.undo, row.key)

    def _judged(self) -> list[tuple[JournalRow, bool]]:
        rows: list[JournalRow] = self._link.use(lambda file: file.rows(), [])
        here = self._link.identity()
        alive = {owner: owner.is_alive(here) for owner in {row.process for row in rows}}
        return [(row, alive[row.process]) for row in rows]

    def _removed(self, keys: Iterable[int]) -> int:
        doomed = tuple(keys)
        return self._link.use(lambda file: file.remove(doomed), 0) if doomed else 0

    def _cleared(self, key: int, temp: Path | None, target: Path) -> tuple[int, int]:
        """Delete the temp if that is allowed, then its row; the numbers of rows and of temps.

        No row is written meanwhile: a living process that is given the same name for its temp
        either stands in the journal already, and the temp is its own, or makes it afterwards.
        """
        here = self._link.identity()

        def clear(file: JournalFile) -> tuple[int, int]:
            with file.exclusive():
                others = file.rows_with_temp(temp) if temp is not None else []
                taken = any(row.key != key and row.process.is_alive(here) for row in others)
                deleted = 0 if temp is None or taken else _deleted(temp, target)
                return file.remove((key,)), deleted

        return self._link.use(clear, (0, 0))


def _new_key() -> int:
    """63 random bits: a number counted up would be given again when a new file is begun."""
    return int.from_bytes(os.urandom(8), "big") >> 1


def _placed(path: str | os.PathLike[str]) -> Path:
    """The folder resolved, the name not: the file itself must not be a link to elsewhere."""
    folder, name = os.path.split(os.path.abspath(path))
    return Path(os.path.realpath(folder), name)


def _deleted(temp: Path, target: Path) -> int:
    if not recovery.is_ours(temp, target):
        return 0
    try:
        os.unlink(temp)
    except OSError:
        return 0
    return 1
