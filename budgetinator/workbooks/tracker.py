"""ExcelResourceTracker: what a program opened by itself, its temporary files, its progress."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from budgetinator.errors import UnknownResource
from budgetinator.memory import process_reading
from budgetinator.resources import ResourceType, next_component_id

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService

__all__ = ["ExcelResourceTracker", "MemoryAnalysis", "StreamingProgress", "TrackerStats"]

MB = 1024 * 1024


class TrackerStats(TypedDict):
    """Of `get_stats`: what is tracked now, and how many streaming operations have ended."""

    workbooks: int
    files: int
    temp_files: int
    streaming_operations: int
    finished_operations: int
    tracked_paths: list[str]


class MemoryAnalysis(TypedDict):
    """Of `get_memory_analysis`: the process, and the tracked bytes by kind and by path."""

    process_memory_mb: float
    tracked_memory_mb: float
    by_kind: dict[str, float]
    by_path: dict[str, float]


class StreamingProgress(TypedDict):
    """One streaming operation; `fraction` is None where the total is not known."""

    operation_id: str
    name: str
    done: int
    total: int | None
    fraction: float | None
    elapsed_seconds: float
    per_second: float
    finished: bool


class _Closer:
    """What is done with a tracked thing when the service lets go of it, unless it was untracked."""

    __slots__ = ("_close", "armed")

    def __init__(self, close: Callable[[Any], object]) -> None:
        self._close = close
        self.armed = True

    def __call__(self, thing: Any) -> None:
        if self.armed:
            self._close(thing)


@dataclass(slots=True)
class _Entry:
    kind: str
    path: str
    resource_id: str
    closer: _Closer
    size: int


class _Operation:
    """A streaming operation under way; what the service tracks for it."""

    __slots__ = ("__weakref__", "began", "done", "ended", "name", "total")

    def __init__(self, name: str, total: int | None, began: float) -> None:
        self.name = name
        self.total = total
        self.began = began
        self.done = 0
        self.ended: float | None = None


class ExcelResourceTracker:
    """Tracks, as a component of the service, what a program did not open through this library.

    Workbooks and file objects are held weakly and stay the program's own: untracking
    one does not close it, and one that is collected is forgotten. What is still tracked
    when the component is cleaned up, at the latest at the end of the process, is closed.
    Temporary files are those given to `track_temp_file`, and no others are ever
    deleted. All methods may be called from any thread.
    """

    def __init__(
        self, service: ResourceManagementService, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._service = service
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._operations: dict[str, _Operation] = {}
        self._finished = 0
        service.register_component(self, next_component_id(type(self).__name__), "tracker")

    # Workbooks and files

    def track_workbook(
        self, file_path: str | os.PathLike[str], workbook: Any, *, size_bytes: int | None = None
    ) -> str:
        """Track an open workbook of this file; returns the resource's id.

        Its size is that of the file unless `size_bytes` says better. Tracking another
        workbook under the same path replaces the first, which is not closed.
        """
        path = _absolute(file_path)
        size = _size_of(path) if size_bytes is None else size_bytes
        return self._enter("workbook", path, ResourceType.WORKBOOK, workbook, _close, size)

    def untrack_workbook(self, file_path: str | os.PathLike[str]) -> bool:
        """Forget the workbook of this file without closing it; whether there was one."""
        return self._leave("workbook", _absolute(file_path))

    def track_file(self, file_path: str | os.PathLike[str], file: Any = None) -> str:
        """Track a file by its path, with its open file object if there is one."""
        path = _absolute(file_path)
        held = file if file is not None else _Named(path)
        return self._enter("file", path, ResourceType.FILE_HANDLE, held, _close, _size_of(path))

    def untrack_file(self, file_path: str | os.PathLike[str]) -> bool:
        """Forget a file without closing it; whether it was tracked."""
        return self._leave("file", _absolute(file_path))

    # Temporary files

    def track_temp_file(self, file_path: str | os.PathLike[str]) -> str:
        """Delete this file at the next `cleanup_temp_files`, at the latest at the end."""
        path = _absolute(file_path)
        return self._enter("temp", path, ResourceType.CUSTOM, _Named(path), _delete, _size_of(path))

    def untrack_temp_file(self, file_path: str | os.PathLike[str]) -> bool:
        """Keep a file that was given as temporary; whether it was."""
        return self._leave("temp", _absolute(file_path))

    def cleanup_temp_files(self) -> int:
        """Delete the temporary files; how many were deleted.

        One that cannot be deleted stays tracked; the errors come in an ExceptionGroup
        after the others were deleted. One that is gone already is no error.
        """
        deleted = 0
        failures: list[Exception] = []
        for entry in self._of_kind("temp"):
            there = os.path.lexists(entry.path)
            if self._service.release_resource(self, entry.resource_id):
                deleted += there
                self._forget(entry)
            elif (failure := self._service.failure_of(entry.resource_id)) is not None:
                failures.append(_as_exception(failure))
        if failures:
            raise ExceptionGroup("Not every temporary file could be deleted", failures)
        return deleted

    # Streaming operations

    def start_streaming_operation(self, name: str, total: int | None = None) -> str:
        """Begin an operation over `total` rows or bytes, if that is known; returns its id."""
        operation = _Operation(name, total, self._clock())
        operation_id = self._service.track_resource(
            self, ResourceType.CUSTOM, operation, hold="strong", name=f"streaming {name}"
        )
        with self._lock:
            self._operations[operation_id] = operation
        return operation_id

    def update_streaming_progress(
        self, operation_id: str, done: int, total: int | None = None
    ) -> StreamingProgress:
        """Note how much is done, counted from the start; UnknownResource for one that has ended."""
        operation = self._operation(operation_id)
        operation.done = done
        operation.total = operation.total if total is None else total
        return self._progress(operation_id, operation)

    def finish_streaming_operation(self, operation_id: str) -> StreamingProgress:
        """End an operation; returns how far it came."""
        operation = self._operation(operation_id)
        operation.ended = self._clock()
        with self._lock:
            if self._operations.pop(operation_id, None) is not None:
                self._finished += 1
        self._service.release_resource(self, operation_id)
        return self._progress(operation_id, operation)

    # Questions

    def get_stats(self) -> TrackerStats:
        """What is tracked now."""
        entries = self._living()
        count = [entry.kind for entry in entries].count
        with self._lock:
            running, finished = len(self._operations), self._finished
        return TrackerStats(
            workbooks=count("workbook"),
            files=count("file"),
            temp_files=count("temp"),
            streaming_operations=running,
            finished_operations=finished,
            tracked_paths=[entry.path for entry in entries],
        )

    def get_memory_analysis(self) -> MemoryAnalysis:
        """The tracked bytes by kind and path, beside what the process has."""
        by_kind: dict[str, float] = {}
        by_path: dict[str, float] = {}
        for entry in self._living():
            by_kind[entry.kind] = by_kind.get(entry.kind, 0.0) + entry.size / MB
            by_path[entry.path] = by_path.get(entry.path, 0.0) + entry.size / MB
        return MemoryAnalysis(
            process_memory_mb=process_reading(brief=True).rss / MB,
            tracked_memory_mb=sum(by_kind.values()),
            by_kind=by_kind,
            by_path=by_path,
        )

    def close(self) -> None:
        """Close what is tracked and delete the temporary files; may be called twice."""
        self._service.unregister_component(self)

    # Inside

    def _enter(
        self,
        kind: str,
        path: str,
        resource_type: ResourceType,
        thing: Any,
        close: Callable[[Any], object],
        size: int,
    ) -> str:
        closer = _Closer(close)
        own = isinstance(thing, _Named)
        resource_id = self._service.track_resource(
            self,
            resource_type,
            thing,
            size if kind == "workbook" else None,
            {"path": path},
            hold="strong" if own else "weak",
            cleanup=closer,
            name=path,
        )
        entry = _Entry(kind, path, resource_id, closer, size)
        with self._lock:
            before = self._entries.get((kind, path))
            self._entries[kind, path] = entry
        if before is not None:
            self._untrack(before)
        return resource_id

    def _leave(self, kind: str, path: str) -> bool:
        with self._lock:
            entry = self._entries.pop((kind, path), None)
        return entry is not None and self._untrack(entry)

    def _untrack(self, entry: _Entry) -> bool:
        entry.closer.armed = False
        return bool(self._service.release_resource(self, entry.resource_id))

    def _forget(self, entry: _Entry) -> None:
        with self._lock:
            if self._entries.get((entry.kind, entry.path)) is entry:
                del self._entries[entry.kind, entry.path]

    def _of_kind(self, kind: str) -> list[_Entry]:
        return [entry for entry in self._living() if entry.kind == kind]

    def _living(self) -> list[_Entry]:
        """The entries whose resource still lives; the others are forgotten."""
        with self._lock:
            entries = list(self._entries.values())
        alive = [entry for entry in entries if self._lives(entry)]
        for entry in entries:
            if entry not in alive:
                self._forget(entry)
        return alive

    def _lives(self, entry: _Entry) -> bool:
        resource = self._service.get_resource(entry.resource_id)
        return resource is not None and resource.resource() is not None

    def _operation(self, operation_id: str) -> _Operation:
        with self._lock:
            operation = self._operations.get(operation_id)
        if operation is None:
            raise UnknownResource(
                f"No streaming operation {operation_id!r} is under way.", resource_id=operation_id
            )
        return operation

    def _progress(self, operation_id: str, operation: _Operation) -> StreamingProgress:
        until = self._clock() if operation.ended is None else operation.ended
        elapsed = until - operation.began
        return StreamingProgress(
            operation_id=operation_id,
            name=operation.name,
            done=operation.done,
            total=operation.total,
            fraction=operation.done / operation.total if operation.total else None,
            elapsed_seconds=elapsed,
            per_second=operation.done / elapsed if elapsed > 0 else 0.0,
            finished=operation.ended is not None,
        )


class _Named:
    """Stands for a file that is known by its path only."""

    __slots__ = ("__weakref__", "path")

    def __init__(self, path: str) -> None:
        self.path = path


def _absolute(file_path: str | os.PathLike[str]) -> str:
    return os.path.abspath(os.fsdecode(file_path))


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # not made yet
        return 0


def _close(thing: Any) -> None:
    close = getattr(thing, "close", None)
    if close is not None:
        close()


def _delete(file: _Named) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(file.path)


def _as_exception(failure: BaseException) -> Exception:
    return failure if isinstance(failure, Exception) else RuntimeError(str(failure))
