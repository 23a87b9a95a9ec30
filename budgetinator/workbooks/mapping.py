"""One function over many workbook files, in several processes or on several machines."""

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Event, Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from budgetinator.errors import Cancelled
from budgetinator.resources import BaseResourceCoordinator, ResourceType, next_component_id
from budgetinator.workbooks.host.portable import portable
from budgetinator.workbooks.host.processes import NotPrepared, WorkbookProcesses
from budgetinator.workbooks.host.running import Timed, call_timed, use_settings
from budgetinator.workbooks.surroundings import surroundings_of

if TYPE_CHECKING:
    from budgetinator.config import Settings
    from budgetinator.resources import ResourceManagementService
    from budgetinator.workbooks.surroundings import Surroundings

__all__ = ["MapProgress", "MappedWorkbook", "MappedWorkbooks", "map_workbooks"]

Path = TypeVar("Path")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MappedWorkbook(Generic[Path, T]):
    """What came of one file: the function's value, or why there is none.

    `path` is the one that was given; `seconds` is how long the function took where it ran,
    0 where it failed. `error` is what it raised, HostDied if its process ended.
    """

    path: Path
    value: T | None
    error: BaseException | None
    seconds: float

    @property
    def success(self) -> bool:
        """Whether there is a value."""
        return self.error is None

    def unwrap(self) -> T:
        """The value; raises the error if there is one."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class MapProgress:
    """After each file; `total` is None where the paths cannot be counted beforehand."""

    done: int
    failed: int
    total: int | None
    path: Any


class MappedWorkbooks(Iterator[MappedWorkbook[Path, T]]):
    """The outcomes as they come; made by `map_workbooks`, taken in one thread at a time.

    At its end, by `close` and by the end of `with`, processes of its own are ended. An
    executor that was given is left to its owner.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        submit: Callable[[Path], Future[Timed]],
        processes: WorkbookProcesses | None,
        *,
        ahead: int,
        progress: Callable[[MapProgress], object] | None,
        service: ResourceManagementService,
    ) -> None:
        self._total = len(paths) if isinstance(paths, Sized) else None
        self._paths = iter(paths)
        self._submit = submit
        self._processes = processes
        self._ahead = ahead
        self._progress = progress
        self._in_flight: dict[Future[Timed], Path] = {}
        self._finished: SimpleQueue[Future[Timed] | None] = SimpleQueue()
        self._done = self._failed = 0
        self._is_exhausted = self._is_cancelled = self._is_closed = False
        self._lock = Lock()
        self._has_ended = Event()
        self._coordinator: BaseResourceCoordinator | None = None
        if processes is not None:
            self._track(processes, service)

    def _track(self, processes: WorkbookProcesses, service: ResourceManagementService) -> None:
        name = next_component_id(type(self).__name__)
        self._coordinator = BaseResourceCoordinator(name, service).bind_to_component(self)
        self._coordinator.track_resource(
            processes,
            ResourceType.CUSTOM,
            name="processes of map_workbooks",
            cleanup_handler=_shut_down,
            hold="strong",
        )

    @property
    def is_cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._is_cancelled

    def __next__(self) -> MappedWorkbook[Path, T]:
        try:
            future = self._next_finished()
        except Cancelled:
            # Whoever cancelled does not wait for a process that is slow to end; `close` does.
            Thread(target=self.close, name="end of map_workbooks", daemon=True).start()
            raise
        except BaseException:
            self.close()
            raise
        path = self._in_flight.pop(future)
        outcome = self._outcome(path, future)
        self._done += 1
        self._failed += not outcome.success
        if self._progress is not None:
            self._progress(MapProgress(self._done, self._failed, self._total, path))
        return outcome

    def cancel(self) -> None:
        """Submit no more, and end what is under way; from any thread, and returns at once.

        The iteration raises Cancelled. In an executor that was given, calls that have begun
        go on, and nobody gets what comes of them.
        """
        self._is_cancelled = True
        self._finished.put(None)
        if self._processes is not None:
            self._processes.cut()

    def close(self) -> None:
        """End what is under way; twice is harmless. Returns when it has ended."""
        with self._lock:
            is_second, self._is_closed = self._is_closed, True
        if is_second:
            self._has_ended.wait()
            return
        try:
            self._end()
        finally:
            self._has_ended.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_processes", None) is not None and not self._is_closed:
            warnings.warn(
                "map_workbooks was left before its end and not closed.",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )

    # Inside

    def _end(self) -> None:
        self._finished.put(None)
        for future in tuple(self._in_flight):
            future.cancel()
        if self._processes is not None and self._coordinator is not None:
            _shut_down(self._processes)
            self._coordinator.service.unregister_component(self)

    def _next_finished(self) -> Future[Timed]:
        self._fill()
        if not self._in_flight:
            raise StopIteration
        future = self._finished.get()
        if self._is_cancelled:
            raise Cancelled("The files that were left are not worked on.", task="map_workbooks")
        if future is None:
            raise StopIteration
        if isinstance(future.exception(), NotPrepared):
            failure = future.exception()
            assert failure is not None
            raise failure.__cause__ or failure
        return future

    def _fill(self) -> None:
        while (
            len(self._in_flight) < self._ahead
            and not self._is_exhausted
            and not self._is_cancelled
            and not self._is_closed
        ):
            try:
                path = next(self._paths)
            except StopIteration:
                self._is_exhausted = True
                return
            future = self._submit(path)
            self._in_flight[future] = path
            future.add_done_callback(self._finished.put)

    def _outcome(self, path: Path, future: Future[Timed]) -> MappedWorkbook[Path, T]:
        error = CancelledError() if future.cancelled() else future.exception()
        if error is not None:
            return MappedWorkbook(path, None, error, 0.0)
        timed = future.result()
        return MappedWorkbook(path, timed.value, None, timed.seconds)


def map_workbooks(
    function: Callable[[Path], T],
    paths: Iterable[Path],
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    ahead: int | None = None,
    progress: Callable[[MapProgress], object] | None = None,
    service: ResourceManagementService | Surroundings | None = None,
    settings: Settings | None = None,
) -> MappedWorkbooks[Path, T]:
    """Call `function(path)` for each path, in several processes; outcomes as they come.

    A call that fails, or whose process dies, is an outcome with its path and its error, and
    the others go on. At most `ahead` paths, by default two for each worker, are submitted
    and not yet delivered, so `paths` may be endless. Without an `executor` there are
    `workers` processes, by default one for each core that may be used; the function and what
    it returns must be picklable. An `executor` is any of concurrent.futures' kind, that of a
    Dask client (`client.get_executor()`) among them. The default runtime of other processes
    works with the `settings`, by default those of the service's surroundings.

    `progress` is called in the iterating thread. Raises TaskNotPicklable before anything is
    started, and ValueError for numbers below 1.
    """
    surroundings = surroundings_of(service)
    wanted = settings or surroundings.settings
    count = workers or getattr(executor, "_max_workers", None) or usable_cores()
    ahead = 2 * count if ahead is None else ahead
    if count < 1 or ahead < 1:
        raise ValueError("workers and ahead must be 1 or more.")
    processes: WorkbookProcesses | None = None
    submit: Callable[[Path], Future[Timed]]
    if executor is None:
        processes = WorkbookProcesses(portable(function), wanted, count)
        submit = partial(processes.submit, function)
    else:
        if isinstance(executor, ProcessPoolExecutor):
            portable(function)
        call = partial(call_elsewhere, function, wanted, _this_process())
        submit = partial(executor.submit, call)
    return MappedWorkbooks(
        paths,
        submit,
        processes,
        ahead=ahead,
        progress=progress,
        service=surroundings.service,
    )


def call_elsewhere(
    function: Callable[[Any], Any], settings: Settings, caller: tuple[str, int], path: Any
) -> Timed:
    """Call it in whatever process this is, with the caller's settings where it is another."""
    if _this_process() != caller:
        use_settings(settings)
    return call_timed(function, path)


def usable_cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _this_process() -> tuple[str, int]:
    return socket.gethostname(), os.getpid()


def _shut_down(processes: WorkbookProcesses) -> None:
    processes.shutdown(cancel_futures=True)
