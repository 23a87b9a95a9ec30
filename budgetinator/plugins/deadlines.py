"""How long a plugin may take, and what can be done when it does not end.

Modules are imported in a thread of their own, while the caller waits for so long and no
longer. A thread cannot be killed: an exception raised in it from outside ends it as soon
as it runs Python again, which a loop does at once and a blocking system call never. What
is left then is to name the thread, leave it behind as a daemon that keeps no process from
ending, and switch the plugin off.

Objects are made in the caller's own thread, because widgets belong there. The same
exception is raised in that thread when the time is over; where it does not run Python,
the log says which plugin holds it up. Rejected: SIGALRM, which belongs to the program and
not to its library.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

from budgetinator.errors import PluginHung

__all__ = ["called_within", "imported_within"]

log = logging.getLogger("budgetinator.plugins")

GRACE_SECONDS = 1.0

Answer = TypeVar("Answer")


class Overdue(BaseException):
    """Raised in the thread that a plugin holds up."""


def imported_within(seconds: float, name: str, plugin_id: str) -> ModuleType:
    """Import a module in a thread of its own; raises what it raises, and PluginHung."""
    outcome: list[ModuleType | BaseException] = []

    def run() -> None:
        try:
            outcome.append(importlib.import_module(name))
        # Whatever a plugin raises, sys.exit among it, is brought to the caller.
        except BaseException as error:  # noqa: BLE001 - said above
            outcome.append(error)

    thread = threading.Thread(target=run, name=f"loading plugin {plugin_id}", daemon=True)
    thread.start()
    try:
        thread.join(seconds)
    finally:
        if thread.is_alive():
            _interrupt(thread.ident)
            thread.join(GRACE_SECONDS)
    if thread.is_alive():
        raise _hung(plugin_id, f"importing {name}", seconds, thread.name)
    found = outcome.pop()
    if isinstance(found, Overdue):
        raise _hung(plugin_id, f"importing {name}", seconds, None)
    if isinstance(found, BaseException):
        raise found
    return found


def called_within(
    seconds: float, call: Callable[[], Answer], *, plugin_id: str, doing: str
) -> Answer:
    """Call in this thread; raises what it raises, and PluginHung where it can be interrupted."""
    watch = _Watch(seconds, f"Plugin {plugin_id} has been {doing} for {seconds:g} s")
    try:
        try:
            watch.begin()
            return call()
        finally:
            watch.end()
    except Overdue:
        watch.end()  # it may have come before the first one had done its work
    # Raised out here, where the frames that the other came through are let go.
    raise _hung(plugin_id, doing, seconds, None)


class _Watch:
    """Raises Overdue in the thread that began it, once each second from the deadline on."""

    def __init__(self, seconds: float, message: str) -> None:
        self._seconds = seconds
        self._message = message
        self._watched = threading.get_ident()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._fired = False
        self._thread = threading.Thread(target=self._run, name="plugin deadline", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """No exception comes after this; one that is on its way is taken back."""
        with self._lock:
            self._over.set()
            if self._fired:
                _interrupt(self._watched, None)
        self._thread.join()

    def _run(self) -> None:
        if self._over.wait(self._seconds):
            return
        log.error("%s; it is interrupted as soon as it runs Python code", self._message)
        while True:
            with self._lock:
                if self._over.is_set():
                    return
                self._fired = True
                _interrupt(self._watched)
            if self._over.wait(GRACE_SECONDS):
                return


def _interrupt(thread: int | None, exception: type[BaseException] | None = Overdue) -> None:
    """Have the thread raise `exception` at its next step; None takes back what is on its way."""
    raised: Any = None if exception is None else ctypes.py_object(exception)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread or 0), raised)


def _hung(plugin_id: str, doing: str, seconds: float, thread: str | None) -> PluginHung:
    still = f"; its thread {thread!r} cannot be ended and still runs" if thread else ""
    return PluginHung(
        f"The plugin {plugin_id} did not end {doing} within {seconds:g} s{still}.",
        plugin_id=plugin_id,
        thread=thread,
    )
