"""The coordinator of workers: named, timed, cancelled, waited for, never killed."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from budgetinator.resources.coordinators import BaseResourceCoordinator
from budgetinator.resources.kinds import ReleaseOutcome, ResourceType
from budgetinator.resources.workers import (
    DEADLINE,
    as_worker,
    is_running,
    stop_all,
    stop_worker,
    worker_name,
)

__all__ = ["WorkerResourceCoordinator", "watch_worker"]

log = logging.getLogger("budgetinator.resources")


class Ending:
    """How one worker is let go: stopped, unless it has finished by itself.

    It is the worker's clean-up handler, and refers to neither worker nor
    coordinator.
    """

    __slots__ = ("_unsaid", "ask", "had_its_time", "seconds", "stopped")

    def __init__(self, *, ask: bool, seconds: float) -> None:
        self.ask = ask
        self.seconds = seconds
        self.stopped = False
        """Whether it was asked and waited for already."""
        self.had_its_time = False
        """Whether it was stuck just now: the next one who tries does not wait for it."""
        self._unsaid = [True]

    @property
    def finished(self) -> bool:
        return not self._unsaid

    def note_finished(self) -> bool:
        """Whether this is the first to say so: a worker may end while it begins to be watched."""
        try:
            return self._unsaid.pop()
        except IndexError:
            return False

    def __call__(self, worker: Any) -> None:
        if self.finished or self.stopped or not is_running(worker):
            return
        seconds, self.had_its_time = 0.0 if self.had_its_time else self.seconds, False
        if self.ask:
            stop_worker(worker, seconds)
        else:
            _wait_only(worker, seconds)


def _wait_only(worker: Any, seconds: float) -> None:
    stop_worker(Uncancelled(worker), seconds)


class Uncancelled:
    """A worker that is asked to leave its event loop and is waited for, but not cancelled."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self.name = worker_name(worker)

    def isRunning(self) -> bool:  # noqa: N802 - QThread's name
        return is_running(self._worker)

    def quit(self) -> None:
        method = getattr(self._worker, "quit", None)
        if method is not None:
            method()

    def wait(self, msecs: int, /) -> bool:
        return bool(self._worker.wait(msecs))


@dataclass(slots=True)
class Watched:
    """What is known of one tracked worker."""

    name: str
    ending: Ending
    auto_release: bool
    cancel_on_cleanup: bool
    seconds: float
    started: float = field(default_factory=time.monotonic)


def watch_worker(
    coordinator: BaseResourceCoordinator,
    worker: Any,
    name: str | None,
    *,
    cancel_on_cleanup: bool = True,
    auto_release: bool = True,
    seconds: float = DEADLINE,
) -> str:
    """Track a worker and, with `auto_release`, let go of it as soon as it has finished."""
    adapted = as_worker(worker)
    label = name or worker_name(adapted)
    ending = Ending(ask=cancel_on_cleanup, seconds=seconds)
    resource_id = coordinator.track_resource(
        adapted, ResourceType.WORKER, name=label, cleanup_handler=ending
    )
    watched = Watched(label, ending, auto_release, cancel_on_cleanup, seconds)
    if isinstance(coordinator, WorkerResourceCoordinator):
        coordinator.note(resource_id, watched)
    log.info("Tracking worker %s", label)
    finished = getattr(adapted, "finished", None)
    if finished is not None:
        hear = partial(_on_finished, weakref.ref(coordinator), resource_id, watched)
        finished.connect(hear)
        is_finished = getattr(adapted, "isFinished", None)
        if is_finished is not None and is_finished():  # before anybody listened
            hear()
    return resource_id


def _on_finished(
    ref: weakref.ref[BaseResourceCoordinator],
    resource_id: str,
    watched: Watched,
    *_arguments: object,
) -> None:
    if not watched.ending.note_finished():
        return
    log.info("Worker %s finished after %.2fs", watched.name, time.monotonic() - watched.started)
    coordinator = ref()
    if coordinator is None:
        return
    if isinstance(coordinator, WorkerResourceCoordinator):
        coordinator.ended(resource_id)
    if watched.auto_release and coordinator.release(resource_id):
        log.info("Released resource %s for %s", resource_id, coordinator.component_id)


class WorkerResourceCoordinator(BaseResourceCoordinator):
    """Tracks workers: a QThread as it is, a thread or a future through its adapter.

    A worker is held until it has finished: a QThread that is destroyed while
    it runs aborts the process.
    """

    def __init__(
        self, component_id: str, service: Any = None, component_type: str | None = None
    ) -> None:
        super().__init__(component_id, service, component_type)
        self._watched: dict[str, Watched] = {}
        self._leaving: list[Any] = []
        self._workers_lock = threading.RLock()  # a finalizer may come in between and call again

    def track_worker(
        self,
        worker: Any,
        name: str | None = None,
        cancel_on_cleanup: bool = True,
        auto_release: bool = True,
        deadline: float = DEADLINE,
    ) -> str:
        """Track a worker; returns its id.

        `cancel_on_cleanup=False` waits for it without cancelling. Without
        `auto_release` it stays tracked after it has finished. `deadline` are
        the seconds that it gets on release; after that it is kept, FAILED, and
        named, never terminated.
        """
        self._let_leave()
        return watch_worker(
            self,
            worker,
            name,
            cancel_on_cleanup=cancel_on_cleanup,
            auto_release=auto_release,
            seconds=deadline,
        )

    def cancel_all_workers(self, timeout_ms: int = 5000) -> bool:
        """Ask all, wait for all until one shared deadline, release those that ended.

        False if one still runs then; it stays tracked and is named in the log.
        """
        by_id = {
            key: worker for key in tuple(self._watched) if (worker := self._worker(key)) is not None
        }
        stuck = stop_all(by_id.values(), timeout_ms / 1000)
        for worker in stuck:
            log.warning(
                "Worker %s of %s still runs %g s after it was asked to stop; it is kept",
                worker_name(worker),
                self._component_id,
                timeout_ms / 1000,
            )
        for key, worker in by_id.items():
            if not any(worker is other for other in stuck):
                self.release(key)
        return not stuck

    def get_active_workers(self) -> dict[str, dict[str, Any]]:
        """Id -> `name`, `runtime_seconds`, `is_running`, `cancel_on_cleanup`, `auto_release`."""
        self._let_leave()
        now = time.monotonic()
        with self._workers_lock:
            watched = dict(self._watched)
        return {
            key: {
                "name": one.name,
                "runtime_seconds": now - one.started,
                "is_running": is_running(self._worker(key)),
                "cancel_on_cleanup": one.cancel_on_cleanup,
                "auto_release": one.auto_release,
            }
            for key, one in watched.items()
        }

    def get_statistics(self) -> dict[str, Any]:
        """`total_tracked`, `active_workers` and `workers` (seed 000)."""
        workers = self.get_active_workers()
        return {
            **super().get_statistics(),
            "active_workers": len(workers),
            "workers": workers,
        }

    def cleanup_all(self) -> None:
        """Cancel all workers under one shared deadline, then release everything."""
        with self._workers_lock:
            watched = tuple(self._watched.items())
        batch = [(self._asked(key, one.ending), one.ending) for key, one in watched]
        seconds = max((one.seconds for _key, one in watched), default=0.0)
        stuck = stop_all((worker for worker, _ending in batch if worker is not None), seconds)
        for worker, ending in batch:
            ending.stopped = worker is not None and all(worker is not each for each in stuck)
            ending.seconds = 0.0  # all have had their time, together
        try:
            super().cleanup_all()
        finally:
            for (worker, ending), (_key, one) in zip(batch, watched, strict=True):
                ending.seconds = one.seconds
                # The service tries it once more, at once.
                ending.had_its_time = any(worker is each for each in stuck)

    def on_resource_released(self, resource_id: str) -> None:
        with self._workers_lock:
            self._watched.pop(resource_id, None)

    def give_up(self, resource_id: str) -> None:
        """Watch a worker no longer that is stuck; the next who releases it does not wait for it."""
        with self._workers_lock:
            watched = self._watched.pop(resource_id, None)
        if watched is not None:
            watched.ending.had_its_time = True

    def note(self, resource_id: str, watched: Watched) -> None:
        """Keep what is known of a worker while it is tracked."""
        with self._workers_lock:
            self._watched[resource_id] = watched

    def ended(self, resource_id: str) -> None:
        """Hold a worker that says it has finished until its thread is really over."""
        worker = self._worker(resource_id)
        if worker is not None and is_running(worker):
            with self._workers_lock:
                self._leaving.append(worker)

    def release(self, resource_id: str) -> ReleaseOutcome:
        """Stop a worker, or close another resource, and forget it."""
        self._let_leave()
        return super().release(resource_id)

    def _asked(self, resource_id: str, ending: Ending) -> Any:
        """The worker as it is to be brought to its end, or None if it is gone."""
        worker = self._worker(resource_id)
        return worker if worker is None or ending.ask else Uncancelled(worker)

    def _worker(self, resource_id: str) -> Any:
        resource = self._service.get_resource(resource_id)
        return resource.resource() if resource is not None else None

    def _let_leave(self) -> None:
        with self._workers_lock:
            leaving, self._leaving = self._leaving, []
        still = [worker for worker in leaving if is_running(worker)]
        with self._workers_lock:
            self._leaving += still
