"""One process made ahead, so that opening a workbook does not wait for an interpreter."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from budgetinator.resources import BaseResourceCoordinator, ResourceType, next_component_id
from budgetinator.workbooks.host.process import ChildProcess
from budgetinator.workbooks.surroundings import surroundings_of

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService
    from budgetinator.workbooks.surroundings import Surroundings

__all__ = ["HostSpare"]


class _Waiting:
    """A process that waits to be taken, or to be ended: whichever comes first."""

    def __init__(self, process: ChildProcess) -> None:
        self._process: ChildProcess | None = process
        self._lock = threading.Lock()
        self.pid = process.pid

    @property
    def is_alive(self) -> bool:
        process = self._process
        return process is not None and process.is_alive

    def take(self) -> ChildProcess | None:
        with self._lock:
            process, self._process = self._process, None
        return process

    def end(self) -> None:
        process = self.take()
        if process is not None:
            process.end(0)  # it holds nothing, and may be importing for a while yet


class HostSpare:
    """A process that has imported what a workbook needs, and waits for one.

    Nothing is started before `warm`. It is a tracked resource, ended by `close`, with its
    service, or by itself when this process is gone. All methods from any thread.
    """

    def __init__(self, service: ResourceManagementService | Surroundings | None = None) -> None:
        self._lock = threading.Lock()
        self._waiting: _Waiting | None = None
        self._resource_id = ""
        self._is_closed = False
        name = next_component_id(type(self).__name__)
        self._coordinator = BaseResourceCoordinator(name, surroundings_of(service).service)
        self._coordinator.bind_to_component(self)

    @property
    def is_warm(self) -> bool:
        """Whether a process waits; it may still be importing."""
        return self.pid is not None

    @property
    def pid(self) -> int | None:
        """The process that waits, if there is one."""
        waiting = self._waiting
        return waiting.pid if waiting is not None and waiting.is_alive else None

    def warm(self) -> None:
        """Start a process if none waits; returns at once. Nothing after `close`."""
        if self.is_warm:
            return
        self._discard()  # one that died while it waited
        with self._lock:
            if self._is_closed or self._waiting is not None:
                return
            process = ChildProcess("workbook")
            self._waiting = waiting = _Waiting(process)
        # Nothing is told to listeners under the lock; whoever takes it meanwhile ends it himself.
        resource_id = self._coordinator.track_resource(
            waiting,
            ResourceType.CUSTOM,
            name="spare workbook process",
            cleanup_handler=_Waiting.end,
            size_bytes=process.private_bytes,
            hold="strong",
        )
        with self._lock:
            is_current = self._waiting is waiting
            if is_current:
                self._resource_id = resource_id
        if not is_current:
            self._coordinator.release(resource_id)

    def take(self) -> ChildProcess:
        """The process that waits, or one that is started now; the caller ends it."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
            resource_id, self._resource_id = self._resource_id, ""
        process = waiting.take() if waiting is not None else None
        if resource_id:
            self._coordinator.release(resource_id)
        if process is not None and process.is_alive:
            return process
        if process is not None:
            process.end(0)
        return ChildProcess("workbook")

    def _discard(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, None
            resource_id, self._resource_id = self._resource_id, ""
        if waiting is not None:
            waiting.end()
        if resource_id:
            self._coordinator.release(resource_id)

    def close(self) -> None:
        """End the process that waits; twice is harmless."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            waiting, self._waiting = self._waiting, None
        self._coordinator.service.unregister_component(self)
        if waiting is not None:
            waiting.end()

    def __enter__(self) -> Self:
        self.warm()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
