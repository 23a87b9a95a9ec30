"""The end of the window: in order, within two seconds, or what is stuck is named.

`aboutToQuit` begins it, whether the last window was closed, somebody called
`quit`, or a signal came. Everything is taken down on the GUI thread, before the
interpreter's exit hooks, while Qt still stands:

1. `beginning`: what must be kept is written now;
2. all workers are asked to stop and waited for until one deadline;
3. callbacks, last in, first out;
4. the components of the service, and the runtime where it is ours;
5. what is queued is delivered, and what was to be deleted later is deleted.

A thread watches meanwhile; see `watchdog`. Each step is tried whatever the one
before it did.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSocketNotifier, Signal

from budgetinator.resources import ComponentState, ResourceType
from budgetinator.resources.observing import snapshot
from budgetinator.resources.workers import stop_all, worker_name
from budgetinator.runtime import Runtime
from gui.mailbox import require_gui_thread
from gui.unixsignals import SignalSocket
from gui.watchdog import Watchdog
from gui.workers import PARK, QThreadTask, described

__all__ = ["ShutDown"]

log = logging.getLogger("budgetinator.gui")

DEADLINE = 2.0
"""Seconds after which what is stuck is named."""
PATIENCE = 8.0
"""Further seconds after which the process ends without it."""
WORKERS_SHARE = 0.5
"""Of the deadline, for all workers together."""


class ShutDown(QObject):
    """Takes everything down when the application is about to quit.

    With `signals` it listens to SIGTERM, SIGHUP and SIGINT from now until
    `close`, and must be made on the main thread. `close_runtime` is called last.
    """

    beginning = Signal()

    def __init__(
        self,
        application: QCoreApplication,
        runtime: Runtime,
        *,
        deadline: float = DEADLINE,
        patience: float = PATIENCE,
        signals: bool = True,
        close_runtime: Callable[[], object] | None = None,
    ) -> None:
        require_gui_thread("The shut-down is prepared")
        super().__init__()
        self._application = application
        self._runtime = runtime
        self._deadline = deadline
        self._patience = patience
        self._close_runtime = close_runtime
        self._callbacks: dict[object, Callable[[], object]] = {}
        self._begun = False
        self._closed = False
        self._signals = SignalSocket() if signals else None
        self._notifier: QSocketNotifier | None = None
        if self._signals is not None:
            self._notifier = QSocketNotifier(
                self._signals.fileno(), QSocketNotifier.Type.Read, self
            )
            self._notifier.activated.connect(self._on_signal)
        self.status: int | None = None
        """128 + n after signal n."""
        self.stuck: tuple[str, ...] = ()
        """What was named as stuck."""
        application.aboutToQuit.connect(self.run)
        PARK.watch_exit()

    def register(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` before the components are cleaned up; returns the undo."""
        key = object()
        self._callbacks[key] = callback

        def undo() -> None:
            self._callbacks.pop(key, None)

        return undo

    def run(self) -> None:
        """Take everything down, once; on the GUI thread. Failures are logged."""
        if self._begun:
            return
        self._begun = True
        watchdog = self._watchdog()
        watchdog.start()
        try:
            for step in (
                self.beginning.emit,
                self._stop_workers,
                self._call_back,
                self._clean_components,
                self._close_runtime or _nothing,
                _deliver_what_is_queued,
            ):
                _try(step)
        finally:
            watchdog.stop()
            self.stuck = (*self.stuck, *watchdog.named)

    def close(self) -> None:
        """Run if that has not been done, and restore the signals' handlers; once is enough."""
        if self._closed:
            return
        self._closed = True
        self.run()
        self._application.aboutToQuit.disconnect(self.run)
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier = None
        if self._signals is not None:
            self._signals.close()
            self._signals = None

    def _on_signal(self, *_arguments: object) -> None:
        numbers = self._signals.take() if self._signals is not None else []
        if not numbers:
            return
        log.info("Signal %d: the window is closed", numbers[0])
        self.status = PARK.exit_status = 128 + numbers[0]
        self._application.exit(self.status)

    def _watchdog(self) -> Watchdog:
        return Watchdog(
            self._what_is_stuck,
            deadline=self._deadline,
            patience=self._patience,
            status=self.status or 1,
            signals=self._signals,
        )

    def _stop_workers(self) -> None:
        workers: list[Any] = list(PARK.running())
        for resource in self._runtime.service.snapshot().resources():
            if resource.resource_type is ResourceType.WORKER:
                worker = resource.resource()
                if worker is not None and not any(worker is other for other in workers):
                    workers.append(worker)
        stuck = stop_all(workers, self._deadline * WORKERS_SHARE)
        for worker in stuck:
            if isinstance(worker, QThreadTask):
                worker.give_up()
        names = [f"worker {_named(worker)}" for worker in stuck]
        self.stuck = tuple(names)
        for name in names:
            log.error("Still runs after it was asked to stop: %s", name)

    def _call_back(self) -> None:
        callbacks, self._callbacks = self._callbacks, {}
        for callback in reversed(callbacks.values()):
            _try(callback)

    def _clean_components(self) -> None:
        self._runtime.service._emergency_cleanup()  # noqa: SLF001 - seed 003's name for it

    def _what_is_stuck(self) -> list[str]:
        """From the watchdog's thread: nothing here may call out or wait."""
        named = [f"worker {_named(worker)}" for worker in PARK.running()]
        for component in snapshot(self._runtime.service.ledger).components:
            if component.state is not ComponentState.CLEANING:
                continue
            held = ", ".join(
                r.name or str(r.resource_type.value) for r in component.resources.values()
            )
            named.append(f"component {component.component_id}, which holds {held or 'nothing'}")
        return named


def _named(worker: Any) -> str:
    return described(worker) if isinstance(worker, QThreadTask) else worker_name(worker)


def _nothing() -> None:
    """There is no runtime of ours to close."""


def _deliver_what_is_queued() -> None:
    QCoreApplication.sendPostedEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _try(step: Callable[[], object]) -> None:
    try:
        step()
    # Whatever one step raises, the next are still to be taken.
    except Exception:
        log.exception("A step of the shut-down failed")
