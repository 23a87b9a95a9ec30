"""The QThread worker: signals on the GUI thread, one result, never destroyed running."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref
from functools import partial

import pytest
from pytestqt.qtbot import QtBot

from budgetinator.controllers import TaskWorker
from budgetinator.errors import Cancelled, TaskExited
from budgetinator.resources import ResourceManagementService, WorkerResourceCoordinator
from gui.mailbox import on_gui_thread
from gui.workers import PARK, QThreadTask
from tests.support.logs import ExpectLog


class Log:
    """What the signals of a worker brought, in order, and whether on the GUI thread."""

    def __init__(self, worker):
        self.seen = []
        self.elsewhere = 0
        worker.progress_update.connect(partial(self.note, "progress"))
        worker.partial_ready.connect(lambda value: self.note("partial", value))
        worker.result_ready.connect(partial(self.note, "result"))
        worker.finished.connect(self.finished)

    def note(self, *entry):
        self.elsewhere += not on_gui_thread()
        self.seen.append(entry)

    def finished(self):
        self.note("finished")

    @property
    def result(self):
        (found,) = [entry[1] for entry in self.seen if entry[0] == "result"]
        return found

    def is_over(self):
        return ("finished",) in self.seen


def _run(qtbot, task, name="task"):
    worker = QThreadTask(task, name)
    log = Log(worker)
    worker.start()
    qtbot.waitUntil(log.is_over)
    return log


def test_a_worker_reports_in_order_on_the_gui_thread(qtbot: QtBot) -> None:
    """Progress, parts, the result and the end arrive in order, in lambdas and partials as well."""

    def task(progress):
        progress.report(50, "half")
        progress.partial([1])
        return 2**40

    log = _run(qtbot, task)

    assert [entry[:2] for entry in log.seen if entry[0] != "result"] == [
        ("progress", 50),
        ("partial", [1]),
        ("finished",),
    ]
    assert (log.seen[2][0], log.result.value, log.elsewhere) == ("result", 2**40, 0)


def test_the_task_runs_elsewhere(qtbot: QtBot) -> None:
    """The task itself is not run on the GUI thread."""
    assert _run(qtbot, lambda progress: on_gui_thread()).result.value is False


@pytest.mark.parametrize(("raised", "kind"), [(ValueError, ValueError), (SystemExit, TaskExited)])
def test_what_a_task_raises_is_its_result(
    qtbot: QtBot, expect_log: ExpectLog, raised, kind
) -> None:
    """An exception, and sys.exit as well, becomes the one result; the program goes on."""
    if kind is ValueError:
        expect_log("failed")

    def task(progress):
        raise raised("bad")

    log = _run(qtbot, task)

    assert (type(log.result.error), log.seen[-1]) == (kind, ("finished",))


def _cancelled_after(qtbot: QtBot) -> float:
    """Seconds from the cancel of an endless task to the end of its worker."""
    begun = threading.Event()

    def task(progress):
        begun.set()
        while True:
            progress.check()
            time.sleep(0.005)

    worker = QThreadTask(task, "endless")
    log = Log(worker)
    worker.start()
    assert begun.wait(5)
    before = time.monotonic()
    worker.cancel()
    qtbot.waitUntil(log.is_over)
    assert isinstance(log.result.error, Cancelled)
    return time.monotonic() - before


def test_cancel_ends_within_100_ms(qtbot: QtBot) -> None:
    """A task that looks now and then ends with Cancelled, within 100 ms of the cancel."""
    assert min(_cancelled_after(qtbot) for _ in range(5)) < 0.1


def test_cancelled_before_its_start_it_never_runs(qtbot: QtBot) -> None:
    """A worker that is cancelled first gives Cancelled when it is started, and runs nothing."""
    called = []
    worker = QThreadTask(called.append, "never")
    log = Log(worker)
    worker.cancel()
    worker.start()
    worker.start()
    qtbot.waitUntil(log.is_over)

    assert (type(log.result.error), called) == (Cancelled, [])


def test_dropped_while_it_runs_it_is_held_until_it_has_ended(qtbot: QtBot) -> None:
    """The last reference to a running worker may be dropped; its signals still come."""
    release, seen = threading.Event(), []
    worker = QThreadTask(lambda progress: release.wait(5), "dropped")
    worker.result_ready.connect(lambda result: seen.append(result.value))
    ref = weakref.ref(worker)
    worker.start()
    del worker
    gc.collect()
    named = [one.name for one in PARK.running()]
    release.set()
    qtbot.waitUntil(lambda: bool(seen))
    qtbot.waitUntil(lambda: not PARK.running())
    gc.collect()

    assert (named, seen, ref()) == (["dropped"], [True], None)


def test_made_and_started_on_another_thread_it_still_reports_here(qtbot: QtBot) -> None:
    """A worker of another thread's making reports on the GUI thread."""
    logs = []

    def make():
        worker = QThreadTask(lambda progress: "done", "foreign")
        logs.append(Log(worker))
        worker.start()

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    qtbot.waitUntil(logs[0].is_over)

    assert (logs[0].result.value, logs[0].elsewhere) == ("done", 0)


def test_it_is_a_task_worker() -> None:
    """The class fits the protocol, and is a factory of workers as it stands."""
    worker = QThreadTask.factory(lambda progress: None, "made")

    assert isinstance(worker, TaskWorker)
    assert worker.name == "made"
    assert __file__ in worker.created_at


def test_a_coordinator_tracks_it_until_it_has_finished(
    qtbot: QtBot, service: ResourceManagementService
) -> None:
    """Tracked by a coordinator, it is released when it has finished."""

    class Owner:
        pass

    owner = Owner()
    coordinator = WorkerResourceCoordinator("Owner_1", service)
    coordinator.bind_to_component(owner)
    worker = QThreadTask(lambda progress: 1, "tracked")
    coordinator.track_worker(worker)
    before = coordinator.get_resource_count()
    worker.start()
    qtbot.waitUntil(lambda: coordinator.get_resource_count() == 0)
    service.unregister_component(owner)

    assert before == 1


def test_a_stuck_worker_is_parked_and_named(qtbot: QtBot) -> None:
    """One that does not heed its cancel is named at the deadline, and stays until it ends."""
    release, begun = threading.Event(), threading.Event()

    def task(progress):
        begun.set()
        release.wait(10)

    worker = QThreadTask(task, "stuck")
    worker.start()
    assert begun.wait(5)
    stuck = PARK.stop(0.1)
    still = worker.isRunning()
    release.set()
    qtbot.waitUntil(lambda: not PARK.running())

    assert ([one.name for one in stuck], still) == (["stuck"], True)


def test_no_thread_entry_is_left(qtbot: QtBot) -> None:
    """Threads of Qt that log, which names the thread, leave no entry in the list of threads."""

    def task(progress):
        return threading.current_thread().name

    before = threading.active_count()
    for _ in range(5):
        _run(qtbot, task)

    assert threading.active_count() == before


def test_a_thousand_workers_are_cheap_and_leave_nothing(qtbot: QtBot) -> None:
    """Made, started and done, a worker costs less than 4 ms; no end is lost, and none is left."""
    over = []
    began = time.process_time()
    for number in range(1000):
        worker = QThreadTask(lambda progress, number=number: number, "small")
        for _ in range(20):  # telling all takes a while, in which the worker is not to go
            worker.finished.connect(lambda: over.append(1))
        worker.start()
        if number % 20 == 19:
            qtbot.waitUntil(lambda number=number: len(over) == 20 * (number + 1))
    took = time.process_time() - began
    del worker
    qtbot.waitUntil(lambda: not PARK._held)

    assert len(over) == 20_000
    assert took < 4


AT_EXIT = """
import os, sys, threading, time
os.environ["QT_QPA_PLATFORM"] = "offscreen"
import logging
logging.basicConfig(level=logging.ERROR, format="%(message)s")
from PySide6.QtWidgets import QApplication
from gui.workers import QThreadTask
application = QApplication([])
begun = threading.Event()

def task(progress):
    begun.set()
    time.sleep(60)

QThreadTask(task, "sleeper").start()
begun.wait()
print("main is over")
"""


def test_a_process_ends_although_a_thread_is_stuck() -> None:
    """At the exit of the interpreter a stuck thread is named; Qt does not abort the process."""
    done = subprocess.run(
        [sys.executable, "-c", AT_EXIT], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout) == (1, "main is over\n")
    assert "Worker sleeper, made at <string>" in done.stderr
    assert "Destroyed" not in done.stderr
