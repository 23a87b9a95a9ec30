"""One process's way to the journal's file: its lock, its own rows, forks and failures.

Decisions:

* Losing the journal never stops anybody from working. What the file system or SQLite refuses
  (a full disk, a closed folder, a writer that does not let go) turns the journal off: one log
  warning, the calls do nothing, and after a minute the next one tries again. Rows of what is
  still open are kept in memory and written when it works again.
* One connection under one lock, not one for each thread: SQLite lets one writer in at a time
  anyhow, an undo is often called from another thread, and a connection for each worker thread
  would outlive it with three descriptors. The lock is reentrant, so that a collection that
  runs an undo while its thread is in here cannot hang it.
* The connection is closed before a fork and opened again, on either side, by the next use. A
  child that opened the file while it inherited an open connection would share SQLite's
  accounts of locks that it does not have.
* Nothing is logged while the lock is held.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from budgetinator.errors import JournalError
from budgetinator.resources.journal_rows import JournalRow
from budgetinator.resources.mounts import network_file_system
from budgetinator.resources.processes import ProcessIdentity

if TYPE_CHECKING:
    from budgetinator.resources.journal_file import JournalFile

__all__ = ["JournalLink"]

_log = logging.getLogger("budgetinator.resources")
_T = TypeVar("_T")

_FILE_NAME = "journal.sqlite3"


class JournalLink:
    """What a Journal writes and reads through; of its methods `close` and `undo` never raise."""

    def __init__(
        self,
        folder: str | os.PathLike[str] | None,
        process: ProcessIdentity | None,
        retry_after: float,
    ) -> None:
        self._own_folder = folder is None
        self._folder = Path(os.path.realpath(_state_folder() if folder is None else folder))
        if not self._own_folder:
            self._refuse_network()
        self._retry_after = retry_after
        self._process = process
        self._closed = False
        self._file: JournalFile | None = None
        self._begin()

    def _begin(self) -> None:
        """The state of a process that has recorded nothing yet."""
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._mine: dict[int, JournalRow] = {}
        self._written: set[int] = set()
        self._owed: set[int] = set()
        self._retry_at = 0.0
        self._notices: deque[tuple[Any, ...]] = deque()
        self._forking = False
        self.problem: str | None = None

    @property
    def path(self) -> Path:
        return self._folder / _FILE_NAME

    def identity(self) -> ProcessIdentity:
        """The process that rows written now belong to."""
        self._notice_fork()
        if self._process is None:
            self._process = ProcessIdentity.current()
        return self._process

    def record(self, row: JournalRow) -> None:
        """Write the row, now or when the journal works again; raises JournalError if closed."""

        def write(file: JournalFile) -> None:
            file.add((row,))
            self._written.add(row.key)

        self._notice_fork()
        with self._lock:
            self._refuse_closed()
            self._mine[row.key] = row
            self._attempt(write, None)
        self._announce()

    def undo(self, key: int) -> None:
        """Remove a row of this process, now or when the journal works again."""
        self._notice_fork()
        with self._lock:
            self._mine.pop(key, None)
            if key not in self._written:
                return
            self._written.remove(key)
            self._owed.add(key)
            self._attempt(self._pay_back, None)
        self._announce()

    def use(self, work: Callable[[JournalFile], _T], otherwise: _T) -> _T:
        """`work`'s result, `otherwise` while the journal is off; raises JournalError if closed."""
        self._notice_fork()
        with self._lock:
            self._refuse_closed()
            result = self._attempt(work, otherwise)
        self._announce()
        return result

    def close(self) -> None:
        """Remove this process's rows of open workbooks and let go of the file."""
        self._notice_fork()
        with self._lock:
            if self._closed:
                return
            if self._file is not None:
                self._owed.update(k for k in self._written if self._mine[k].kind == "open")
                if self._owed:
                    self._attempt(self._pay_back, None)
                self._file.close()
            self._mine.clear()
            self._written.clear()
            self._closed = True
        self._announce()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise JournalError("The journal is closed; open a new one.", path=str(self.path))

    def _attempt(self, work: Callable[[JournalFile], _T], otherwise: _T) -> _T:
        """Called with the lock held; what is the journal's own fault is not raised."""
        if self.problem is not None and time.monotonic() < self._retry_at:
            return otherwise
        try:
            result = self._salvaging(work)
        except JournalError as error:
            self._turn_off(str(error))
            return otherwise
        self.problem = None
        return result

    def _salvaging(self, work: Callable[[JournalFile], _T]) -> _T:
        """`work` on the file, and on a new one if the file turns out to be damaged."""
        file = self._file_at_hand()
        try:
            return self._restoring(work, file)
        except JournalError:
            if not file.salvage():
                raise
        if file.aside is not None:
            text = (
                "The record of open workbooks was damaged; it is kept at %s, and a new one begun."
            )
            self._notices.append((text, file.aside))
        return self._restoring(work, file)

    def _restoring(self, work: Callable[[JournalFile], _T], file: JournalFile) -> _T:
        """This process's rows, if the file may be another than before, and then `work`."""
        if file.take_fresh():
            file.add(tuple(self._mine.values()))
            self._written.update(self._mine)
            self._pay_back(file)
        return work(file)

    def _pay_back(self, file: JournalFile) -> None:
        """Remove the rows whose removal was asked for, those that failed before included."""
        owed = tuple(self._owed)
        file.remove(owed)
        self._owed.difference_update(owed)

    def _file_at_hand(self) -> JournalFile:
        if self._file is None:
            if self._own_folder:
                self._refuse_network()
            self._file = self._made_file()
            self._close_before_forks()
        return self._file

    def _made_file(self) -> JournalFile:
        # Imported here: many programs record nothing, and some Pythons are built without SQLite.
        try:
            from budgetinator.resources.journal_file import JournalFile
        except ImportError as error:
            raise JournalError(
                f"Open workbooks cannot be recorded: this Python has no SQLite ({error}).",
                path=str(self.path),
            ) from error
        return JournalFile(self.path, own_folder=self._own_folder)

    def _refuse_network(self) -> None:
        kind = network_file_system(self._folder)
        if kind is not None:
            raise JournalError(
                f"The record of open workbooks cannot be kept in {self._folder}: it is a network "
                f"file system ({kind}); give a folder of this machine.",
                path=str(self._folder),
            )

    def _turn_off(self, reason: str) -> None:
        if self._file is not None:
            self._file.close()
        if self.problem is None:
            text = "%s Open workbooks are not recorded until it works again."
            self._notices.append((text, reason))
        self.problem = reason
        self._retry_at = time.monotonic() + self._retry_after

    def _announce(self) -> None:
        """Called without the lock: a log handler is somebody else's code."""
        while self._notices:
            try:
                notice = self._notices.popleft()
            except IndexError:
                return
            _log.warning(*notice)

    def _notice_fork(self) -> None:
        """A child that was forked before the first use has run none of the hooks below."""
        if self._pid != os.getpid():
            self._begin_in_child()

    def _close_before_forks(self) -> None:
        _links.add(self)
        if not _hooks and hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=_before_fork,
                after_in_parent=lambda: _after_fork("_after_fork"),
                after_in_child=lambda: _after_fork("_begin_in_child"),
            )
            _hooks.append("registered")

    def _before_fork(self) -> None:
        """Holding the lock until after the fork keeps other threads from opening again."""
        self._lock.acquire()
        self._forking = True
        if self._file is not None:
            self._file.close()

    def _after_fork(self) -> None:
        if self._forking:
            self._forking = False
            self._lock.release()

    def _begin_in_child(self) -> None:
        self._process = None
        self._begin()


def _state_folder() -> str:
    # Imported here: a journal with a folder of its own does without.
    from budgetinator.config import default_state_dir

    return str(default_state_dir())


# Python keeps its fork hooks for ever, so there is one set of them for the whole process.
_links: weakref.WeakSet[Any] = weakref.WeakSet()
_hooks: list[str] = []


# The links that the thread which forks has told of it: others can be made meanwhile.
_forking = threading.local()


def _before_fork() -> None:
    _forking.links = tuple(_links)
    for link in _forking.links:
        link._before_fork()  # noqa: SLF001


def _after_fork(method: str) -> None:
    links, _forking.links = getattr(_forking, "links", ()), ()
    for link in links:
        getattr(link, method)()
