"""Named clean-up: what a program wants to be let go at its end, by the name it gave it."""

from __future__ import annotations

import inspect
import logging
import threading
import weakref
from collections.abc import Callable
from typing import Any

from budgetinator.resources.interfaces import next_component_id
from budgetinator.resources.kinds import ReleaseOutcome, ResourceType
from budgetinator.resources.references import weakly
from budgetinator.resources.service import ResourceManagementService

__all__ = ["ResourceCleanupManager"]

log = logging.getLogger("budgetinator.resources")

_MISSING = object()


class _Entry:
    """One registered resource: what closes it, called with no argument."""

    __slots__ = ("__weakref__", "call")

    def __init__(self, call: Callable[[], object]) -> None:
        self.call = call


def _run(entry: _Entry) -> None:
    entry.call()


class ResourceCleanupManager:
    """Closes what was registered by name, and runs callbacks, at the end of the process.

    It is a component of the service, so that everything it keeps shows in
    every report. The end is `cleanup`, the service's own end, or the exit of
    the process, whichever comes first; each registration is used once.
    """

    def __init__(self, service: ResourceManagementService) -> None:
        self._service = service
        self._lock = threading.RLock()  # a finalizer may come in between and call again
        self._ids: dict[str, list[str]] = {}
        self._callbacks: dict[int, Any] = {}
        self._serial = 0
        service.register_component(self, next_component_id(type(self).__name__), "cleanup")
        service.register_cleanup(self, self._run_callbacks, priority=0)

    def add_cleanup_callback(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Run `callback` at the end, last in, first out; returns the undo.

        A bound method is held weakly: it does not keep its object alive.
        """
        with self._lock:
            self._serial += 1
            serial = self._serial
            self._callbacks[serial] = weakly(callback)
        return lambda: self._forget(serial)

    def register_resource(
        self, resource_id: str, resource_or_func: Any, cleanup_func: Any = _MISSING
    ) -> Callable[[], None]:
        """Close a resource at the end: `(id, func)` or `(id, resource, func)`.

        `func` is called with the resource if it takes an argument. An id may
        be given more than once; each registration is closed. Returns the undo.
        """
        if cleanup_func is _MISSING:
            call, resource = resource_or_func, None
        else:
            call, resource = _bound(cleanup_func, resource_or_func), resource_or_func
        if not callable(call):
            raise TypeError(f"{resource_id}: the clean-up function must be callable.")
        entry = _Entry(call)
        key = self._service.track_resource(
            self,
            ResourceType.CUSTOM,
            entry,
            metadata={"resource": type(resource).__name__} if resource is not None else None,
            hold="strong",
            cleanup=_run,
            name=resource_id,
        )
        with self._lock:
            self._ids.setdefault(resource_id, []).append(key)
        return lambda: self._drop(resource_id, key)

    def unregister_resource(self, resource_id: str) -> bool:
        """Forget a resource without closing it; whether there was one."""
        with self._lock:
            keys = self._ids.pop(resource_id, [])
        for key in keys:
            self._discard(key)
        return bool(keys)

    def cleanup_resource(self, resource_id: str) -> ReleaseOutcome:
        """Close a resource now; one that fails stays registered and can be tried again."""
        with self._lock:
            keys = list(reversed(self._ids.get(resource_id, [])))
        outcome = ReleaseOutcome.UNKNOWN
        for key in keys:
            released = self._service.release_resource(self, key)
            if outcome is not ReleaseOutcome.FAILED:
                outcome = released
            if released is not ReleaseOutcome.FAILED:
                self._drop_id(resource_id, key)
        return outcome

    def cleanup(self) -> None:
        """Run all callbacks and close all resources; failures come out in an ExceptionGroup."""
        failures = self._failures_of_callbacks()
        with self._lock:
            ids = list(reversed(self._ids))
        for resource_id in ids:
            self.cleanup_resource(resource_id)
        for resource in self._failed():
            failure = self._service.failure_of(resource)
            if isinstance(failure, Exception):
                failures.append(failure)
        if failures:
            raise ExceptionGroup("Cleaning up failed", failures)

    def _cleanup_all_resources(self) -> None:
        """Seed 004's name for `cleanup`."""
        self.cleanup()

    def get_resource_stats(self) -> dict[str, Any]:
        """`total_resources`, `registered_resources` (their ids) and `cleanup_callbacks`."""
        with self._lock:
            ids = sorted(self._ids)
            callbacks = len(self._callbacks)
        counts = self._service.get_resource_count(self)
        return {
            "total_resources": sum(counts.values()),
            "registered_resources": ids,
            "cleanup_callbacks": callbacks,
        }

    def _failed(self) -> list[str]:
        with self._lock:
            return [key for keys in self._ids.values() for key in keys]

    def _run_callbacks(self) -> None:
        failures = self._failures_of_callbacks()
        if failures:
            raise ExceptionGroup("Clean-up callbacks failed", failures)

    def _failures_of_callbacks(self) -> list[Exception]:
        with self._lock:
            callbacks = list(reversed(self._callbacks.values()))
            self._callbacks.clear()
        failures: list[Exception] = []
        for callback in callbacks:
            try:
                _call(callback)
            # Callbacks are foreign code: each one is run, and what they raise comes out together.
            except Exception as error:  # noqa: BLE001 - said above
                failures.append(error)
        return failures

    def _forget(self, serial: int) -> None:
        with self._lock:
            self._callbacks.pop(serial, None)

    def _drop(self, resource_id: str, key: str) -> None:
        if self._drop_id(resource_id, key):
            self._discard(key)

    def _drop_id(self, resource_id: str, key: str) -> bool:
        with self._lock:
            keys = self._ids.get(resource_id, [])
            if key not in keys:
                return False
            keys.remove(key)
            if not keys:
                del self._ids[resource_id]
            return True

    def _discard(self, key: str) -> None:
        resource = self._service.get_resource(key)
        entry = resource.resource() if resource is not None else None
        if entry is not None:
            entry.call = _nothing
        self._service.release_resource(self, key)


def _nothing() -> None:
    """What an unregistered entry does."""


def _bound(function: Callable[..., object], resource: Any) -> Callable[[], object]:
    try:
        inspect.signature(function).bind(resource)
    except TypeError:
        return function
    except ValueError:  # a built-in that does not tell its signature
        return lambda: function(resource)
    return lambda: function(resource)


def _call(callback: Any) -> None:
    function = callback() if isinstance(callback, weakref.WeakMethod) else callback
    if function is not None:
        function()
