"""ResourceManager: each workbook opened once, however many ask for it."""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from budgetinator.errors import ChangedOnDisk
from budgetinator.workbooks.leases import SharedManager, WorkbookLease
from budgetinator.workbooks.location import Location
from budgetinator.workbooks.manager import ExcelManager
from budgetinator.workbooks.opened import Mode
from budgetinator.workbooks.surroundings import Surroundings, surroundings_of

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService

__all__ = ["ResourceManager", "ResourceStats"]

log = logging.getLogger("budgetinator.workbooks")

MB = 1024 * 1024


class ResourceStats(TypedDict):
    """Of `get_resource_stats`: workbooks that are open, managers that are kept, their files.

    `hits` counts the leases on a manager that was there already, `misses` the others.
    """

    total_resources: int
    active_managers: int
    active_files: list[str]
    memory_mb: float
    hits: int
    misses: int


class _Key(NamedTuple):
    path: str
    mode: Mode


class ResourceManager:
    """Shared managers by file: `get_manager` lends one out, opened once for all who ask.

    A file is known by its real path, so that a relative path, a link and the full path
    share one manager, and two names of one inode (hard links) do not. A clean manager
    whose file was changed by somebody else is replaced by a fresh one at the next
    `get_manager`. A manager that nobody has a lease on is kept for the next one; of
    those that hold no changes, at most `max_idle`. All methods may be called from any
    thread; callbacks run outside of the lock.
    """

    def __init__(
        self,
        surroundings: Surroundings | ResourceManagementService | None = None,
        *,
        max_idle: int = 4,
    ) -> None:
        self._given = surroundings
        self._max_idle = max_idle
        self._lock = threading.RLock()
        self._shared: OrderedDict[_Key, SharedManager] = OrderedDict()
        self._callbacks: dict[int, Callable[[], object]] = {}
        self._serial = 0
        self._hits = self._misses = 0

    def get_manager(
        self,
        file_path: str | os.PathLike[str],
        *,
        read_only: bool = False,
        data_only: bool = False,
        password: str | None = None,
    ) -> WorkbookLease:
        """A lease on the file's manager; the file is opened when it is first used.

        Raises ChangedOnDisk if the manager holds changes and the file was changed by
        somebody else since: save a copy of them, or `release_manager` and start over.
        """
        location = Location(file_path)
        mode = Mode(read_only, data_only)
        while True:
            key = self._key(location, mode)
            lease, found = self._lend(key, location, password)
            if not found:
                return lease
            try:
                if _is_current(lease.manager):
                    self._count(hit=True)
                    return lease
            except BaseException:
                lease.release()
                raise
            with self._lock:
                shared = self._shared.get(key)
                if shared is not None and shared.manager is lease.manager:
                    del self._shared[key]
            lease.release()

    def release_manager(self, file_path: str | os.PathLike[str]) -> bool:
        """Give the calling thread's lease on the file back, and close it if nobody has another.

        True if it was closed. Changes that were not saved are dropped with an
        UnsavedChangesWarning.
        """
        location = Location(file_path)
        closed = False
        for key in self._keys_of(location):
            with self._lock:
                shared = self._shared.get(key)
                lease = shared.mine() if shared is not None else None
            if lease is not None:
                lease.release()
            closed |= self._close_if_idle(key)
        return closed

    def cleanup_all(self) -> None:
        """Run the callbacks, last in, first out, and close every manager, leases or not.

        Everything is tried; failures come out in one ExceptionGroup. Changes that were
        not saved are dropped with an UnsavedChangesWarning.
        """
        with self._lock:
            callbacks = list(reversed(self._callbacks.values()))
            shared = list(reversed(self._shared.values()))
            self._callbacks.clear()
            self._shared.clear()
        failures: list[Exception] = []
        for call in (*callbacks, *(each.manager.close for each in shared)):
            try:
                call()
            # Callbacks are foreign code: each one is run, and what they raise comes out together.
            except Exception as error:  # noqa: BLE001 - said above
                failures.append(error)
        if failures:
            raise ExceptionGroup("Not every shared workbook could be let go", failures)

    close = cleanup_all

    def register_cleanup_callback(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Run `callback` at the next `cleanup_all`; returns the undo."""
        with self._lock:
            self._serial += 1
            serial = self._serial
            self._callbacks[serial] = callback

        def undo() -> None:
            with self._lock:
                self._callbacks.pop(serial, None)

        return undo

    def get_resource_stats(self) -> ResourceStats:
        """What is shared now, and how often a manager could be used again."""
        with self._lock:
            managers = [shared.manager for shared in self._shared.values()]
            hits, misses = self._hits, self._misses
        usages = [manager.get_memory_usage() for manager in managers]
        return ResourceStats(
            total_resources=sum(usage["is_open"] for usage in usages),
            active_managers=len(managers),
            active_files=[usage["file_path"] for usage in usages],
            memory_mb=sum(usage["workbook_memory_mb"] for usage in usages),
            hits=hits,
            misses=misses,
        )

    def __enter__(self) -> ResourceManager:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.cleanup_all()

    # Inside

    def _lend(
        self, key: _Key, location: Location, password: str | None
    ) -> tuple[WorkbookLease, bool]:
        with self._lock:
            self._settle()
            shared = self._shared.get(key)
            found = shared is not None
            if shared is None:
                manager = ExcelManager(
                    location.absolute,
                    read_only=key.mode.read_only,
                    data_only=key.mode.data_only,
                    password=password,
                    service=self._surroundings,
                )
                shared = self._shared[key] = SharedManager(manager)
                self._misses += 1
            self._shared.move_to_end(key)
            return shared.lend(self._take_back), found

    def _count(self, *, hit: bool) -> None:
        with self._lock:
            self._hits += hit

    @property
    def _surroundings(self) -> Surroundings:
        if not isinstance(self._given, Surroundings):
            self._given = surroundings_of(self._given)
        return self._given

    def _take_back(self, shared: SharedManager, lease_id: int) -> None:
        """For leases: the last one of a manager that was replaced closes it."""
        with self._lock:
            shared.forget(lease_id)
            kept = any(each is shared for each in self._shared.values())
            leave = not kept and not shared.is_lent
            surplus = self._surplus() if kept else []
        if leave:
            shared.manager.close()
        for key in surplus:
            self._close_if_idle(key, only_clean=True)

    def _surplus(self) -> list[_Key]:
        idle = [key for key, shared in self._shared.items() if not shared.is_lent]
        return idle[: max(0, len(idle) - self._max_idle)]

    def _close_if_idle(self, key: _Key, *, only_clean: bool = False) -> bool:
        with self._lock:
            self._settle()
            shared = self._shared.get(key)
            if shared is None or shared.is_lent:
                return False
            if only_clean and shared.manager.is_modified:
                shared.manager.custody.ownership.give_up()
                return False
            del self._shared[key]
        shared.manager.close()
        return True

    def _settle(self) -> None:
        for shared in self._shared.values():
            shared.settle()

    def _keys_of(self, location: Location) -> list[_Key]:
        with self._lock:
            path = self._key(location, Mode()).path
            return [key for key in self._shared if key.path == path]

    def _key(self, location: Location, mode: Mode) -> _Key:
        """By the real path; a file system that ignores case gives two spellings of it one key."""
        real = os.path.realpath(location.absolute)
        with self._lock:
            alike = {key.path for key in self._shared if key.path.casefold() == real.casefold()}
        if real not in alike:
            real = next((path for path in alike if _is_same_name(path, real)), real)
        return _Key(real, mode)


def _is_same_name(path: str, other: str) -> bool:
    """Whether two paths that differ in case only are one entry of one folder."""
    try:
        return os.path.samefile(path, other) and os.stat(path).st_nlink == 1
    except OSError:
        return False


def _is_current(manager: ExcelManager) -> bool:
    """Whether the manager can be lent again; ChangedOnDisk if its changes stand in the way.

    A workbook in another thread's hands cannot be asked for changes; that thread will be
    told at its save.
    """
    custody = manager.custody
    if manager.is_closed:
        return False
    fingerprint = custody.fingerprint
    if fingerprint is None or fingerprint.matches(custody.location.absolute):
        return True
    opened = custody.current
    if opened is not None and custody.ownership.is_mine and opened.is_changed:
        raise ChangedOnDisk(
            f"{custody.location} was changed by another program, and the shared manager holds "
            "changes of its own; save a copy of them, or release it and start over.",
            path=custody.location.path,
        )
    return False
