"""A thread that calls `tick` now and then, as a net for programs that do nothing for long."""

from __future__ import annotations

import contextlib
import logging
import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.resources.service import ResourceManagementService

__all__ = ["Ticker"]

log = logging.getLogger("budgetinator.resources")


class Ticker:
    """Starts when asked, ends with its service; without an interval it does nothing.

    The thread waits at a gate. That its service is gone may be found out by the
    collector, in any thread, and whoever says so then must not take a lock: to
    open the gate is one step. An Event would take one.
    """

    def __init__(self, service: ResourceManagementService, seconds: float | None) -> None:
        self._service = weakref.ref(service, self._wake)
        self._seconds = seconds
        self._gate = _shut_gate()
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()

    def start(self) -> None:
        """Begin ticking; once is enough, and after `stop` it begins no more.

        In the child of a fork the thread is not there, and begins anew.
        """
        if self._seconds is None or self._stopped or self._ticks():
            return
        gate = _shut_gate()
        thread = threading.Thread(
            target=_run,
            args=(self._service, gate, self._seconds),
            name="budgetinator-ticker",
            daemon=True,
        )
        with self._lock:
            if not self._ticks():
                self._thread, self._gate = thread, gate
                thread.start()

    def stop(self) -> None:
        """End ticking and wait for the thread; may be called twice."""
        self._stopped = True
        self._wake()
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5.0)

    def _ticks(self) -> bool:
        thread = self._thread
        return thread is not None and (thread.is_alive() or thread.ident is None)

    def _wake(self, _ref: object = None) -> None:
        with contextlib.suppress(RuntimeError):  # it is open already
            self._gate.release()


def _shut_gate() -> threading.Lock:
    gate = threading.Lock()
    gate.acquire()
    return gate


def _run(ref: weakref.ref[ResourceManagementService], gate: threading.Lock, seconds: float) -> None:
    while not gate.acquire(timeout=seconds):
        service = ref()
        if service is None:
            return
        try:
            service.tick()
        # The net must not tear because one clean-up in it failed.
        except Exception:
            log.exception("The resource ticker met an error and goes on")
        del service
