"""The end: in order, in time, whatever began it; what is stuck is named."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtCore import QObject

from budgetinator.runtime import Runtime
from gui.shutdown import ShutDown
from tests.support.logs import ExpectLog

PRELUDE = """
import os, sys, signal, threading, time, atexit, logging
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QLabel
from budgetinator.resources import ResourceType
from gui.application import make_application
from gui.workers import QThreadTask

application = make_application()
service = application.runtime.service

def say(text):
    print(text, flush=True)

class Component:
    pass

component = Component()
service.register_component(component, "Component_1", "test")
"""

ORDER = """
atexit.register(say, "exit hook")
service.register_cleanup(component, lambda: say("component"))
application.shutdown.register(lambda: say("callback 1"))
application.shutdown.register(lambda: say("callback 2"))
application.shutdown.beginning.connect(lambda: say("beginning"))
worker = QThreadTask(lambda progress: progress.wait(60), "waiting")
worker.start()
window = QLabel("window")
window.show()
QTimer.singleShot(0, lambda: say("ready"))
"""

END = """
status = application.exec()
say(f"worker {worker.isRunning()}")
application.close()
sys.exit(status)
"""


@contextmanager
def _program(*parts: str) -> Iterator[subprocess.Popen[str]]:
    """A program of a real loop, that has said that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", "".join((PRELUDE, *parts))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


IN_ORDER = ["beginning", "callback 2", "callback 1", "component", "worker False", "exit hook"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_loop_in_order(number: signal.Signals) -> None:
    """A real signal ends the loop at once; all is taken down before the exit hooks."""
    with _program(ORDER, END) as process:
        before = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        took = time.monotonic() - before

    assert (process.returncode, out.splitlines(), err) == (128 + number, IN_ORDER, "")
    assert took < 2


def test_closing_the_last_window_ends_it_in_order() -> None:
    """Closing the last window takes everything down in the same order, and gives 0."""
    closing = "QTimer.singleShot(50, window.close)\n"
    with _program(ORDER, closing, END) as process:
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out.splitlines(), err) == (0, IN_ORDER, "")


STUCK_WORKER = """
begun = threading.Event()

def task(progress):
    begun.set()
    time.sleep(60)

worker = QThreadTask(task, "digging")
worker.start()
begun.wait()
QTimer.singleShot(0, lambda: say("ready"))
"""


def test_a_stuck_worker_is_named_and_does_not_hold_the_end() -> None:
    """A worker that does not heed its cancel is named on stderr; the process ends in time."""
    with _program(STUCK_WORKER, END) as process:
        before = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
        took = time.monotonic() - before

    assert (process.returncode, out) == (128 + signal.SIGTERM, "worker True\n")
    assert "Still runs after it was asked to stop: worker digging, made at <string>" in err
    assert "Destroyed" not in err
    assert took < 3


STUCK_CLEANUP = """
service.track_resource(
    component, ResourceType.FILE_HANDLE, object(), name="the printer", cleanup=lambda r: hang()
)

def hang():
    say("hanging")
    time.sleep(60)

worker = QThreadTask(lambda progress: None, "none")
QTimer.singleShot(0, lambda: say("ready"))
"""


def test_a_stuck_clean_up_is_named_after_two_seconds() -> None:
    """A clean-up that hangs is named with its component and resource; a second signal ends it."""
    with _program(STUCK_CLEANUP, END) as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "hanging\n"
        before = time.monotonic()
        named = process.stderr.readline()
        took = time.monotonic() - before
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=5)

    assert "component Component_1, which holds the printer" in named
    assert took < 2.5
    assert process.returncode == 128 + signal.SIGTERM


def test_signals_that_come_together_are_one() -> None:
    """SIGHUP and SIGTERM at once, as a session's end sends them, do not cut the clean-up short."""
    with _program(ORDER, END) as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        out, _err = process.communicate(timeout=20)

    assert out.splitlines() == IN_ORDER
    assert process.returncode in (128 + signal.SIGHUP, 128 + signal.SIGTERM)


BUSY = """
def busy():
    say("ready")
    while True:
        time.sleep(0.01)

QTimer.singleShot(0, busy)
worker = None
"""


def test_a_loop_that_is_stuck_ends_at_the_second_signal() -> None:
    """Where a slot does not come back the first signal is not heard, and the second one is."""
    with _program(BUSY, END) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)  # a person's second Ctrl-C; there is no event to wait for
        alive = process.poll() is None
        process.send_signal(signal.SIGINT)
        process.wait(timeout=5)

    assert (alive, process.returncode) == (True, 128 + signal.SIGINT)


class _Component:
    """Anything that owns resources."""


def test_each_step_is_tried(qapp: QObject, runtime: Runtime, expect_log: ExpectLog) -> None:
    """A callback that raises keeps neither the next nor the components from being cleaned up."""
    expect_log("A step of the shut-down failed")
    component, order = _Component(), []
    runtime.service.register_component(component, "Component_1", "test")
    runtime.service.register_cleanup(component, lambda: order.append("component"))
    ending = ShutDown(qapp, runtime, signals=False)
    ending.register(lambda: order.append("first"))
    ending.register(lambda: 1 / 0)
    undo = ending.register(lambda: order.append("undone"))
    undo()
    undo()

    ending.run()
    ending.run()
    ending.close()

    assert order == ["first", "component"]


def test_handlers_are_given_back(qapp: QObject, runtime: Runtime) -> None:
    """After close the signals' handlers and the wake-up descriptor are those of before."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    ending = ShutDown(qapp, runtime)
    during = [signal.getsignal(number) for number in numbers]

    ending.close()
    ending.close()
    descriptor = signal.set_wakeup_fd(-1)

    assert all(now != then for now, then in zip(during, before, strict=True))
    assert [signal.getsignal(number) for number in numbers] == before
    assert (descriptor, threading.active_count()) == (-1, 1)
