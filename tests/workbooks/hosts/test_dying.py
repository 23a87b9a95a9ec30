"""A process that is killed, or hangs; and a program that is killed while it has one."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from openpyxl import load_workbook

from budgetinator.errors import Cancelled, HostDied, WorkbookClosed
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager, Surroundings, WorkbookHost
from tests.support.logs import ExpectLog
from tests.support.probes import children, descriptors
from tests.workbooks.hosts.conftest import OpenHost
from tests.workbooks.hosts.waiting import until


def wait_long(_manager: ExcelManager) -> None:
    threading.Event().wait(60)


def hang(_manager: ExcelManager, begun: Path) -> None:
    """Deaf to signals, as code in a library may be."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    begun.touch()
    time.sleep(60)


def test_everybody_who_waits_is_told_at_once(open_host: OpenHost, large: Path) -> None:
    """A request under way, those behind it, a reading, and all that come later."""
    host = open_host(large)
    host.set_cells({"A1": 99})
    rows = host.rows("Data", chunk=1)
    next(rows)
    errors: list[HostDied] = []

    def ask(function: object) -> None:
        with pytest.raises(HostDied) as caught:
            host.apply(function)  # type: ignore[arg-type]
        errors.append(caught.value)

    threads = [threading.Thread(target=ask, args=(wait_long,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: len(host._line._waiting) == 4)
    began = time.monotonic()
    os.kill(host.pid, signal.SIGKILL)
    for thread in threads:
        thread.join(5)
    assert time.monotonic() - began < 1
    assert len(errors) == 3
    with pytest.raises(HostDied):
        list(rows)
    with pytest.raises(HostDied, match=r"ended by SIGKILL.*set since \(1\)") as caught:
        host.contents(["A1"])
    error = caught.value
    assert (error.path, error.exit_code, dict(error.unsaved)) == (str(large), -9, {"Data!A1": 99})
    again = pickle.loads(pickle.dumps(error))
    assert (again.path, again.exit_code, again.unsaved) == (str(large), -9, {"Data!A1": 99})


def test_what_was_not_saved_can_be_set_again(
    open_host: OpenHost, service: ResourceManagementService, book: Path
) -> None:
    """In a new process, from what the error carries."""
    host = open_host(book)
    host.set_cells({"B1": 1300, "C1": "=text"})
    os.kill(host.pid, signal.SIGKILL)
    with pytest.raises(HostDied) as caught:
        host.save()
    second = open_host(book)
    second.set_cells(caught.value.unsaved)
    second.save()
    sheet = load_workbook(book)["Budget"]
    assert (sheet["B1"].value, sheet["C1"].data_type) == (1300, "s")


def test_the_death_is_announced_once(
    open_host: OpenHost, service: ResourceManagementService, book: Path
) -> None:
    """By a signal, also when nobody asks anything; nothing stays tracked."""
    host = open_host(book)
    heard: list[HostDied] = []
    told = threading.Event()
    host.died.connect(lambda error: (heard.append(error), told.set()))
    os.kill(host.pid, signal.SIGKILL)
    assert told.wait(5)
    assert not host.is_open
    assert service.snapshot().active_resources == 0
    host.close()
    assert [error.exit_code for error in heard] == [-9]
    with pytest.raises(WorkbookClosed):
        host.contents(["A1"])


def test_closing_is_no_death(open_host: OpenHost, book: Path) -> None:
    """Nobody is told of an end that was asked for."""
    host = open_host(book)
    heard: list[HostDied] = []
    host.died.connect(heard.append)
    host.close()
    assert heard == []


def test_a_crash_is_told_with_its_last_words(open_host: OpenHost, book: Path) -> None:
    """What the process wrote to its error output is in a note."""
    host = open_host(book)
    with pytest.raises(HostDied) as caught:
        host.apply(abort)
    assert caught.value.exit_code == -signal.SIGABRT
    assert any("a cry" in note and "Fatal Python error" in note for note in caught.value.__notes__)


def abort(_manager: ExcelManager) -> None:
    os.write(2, b"a cry\n")
    os.abort()


@pytest.mark.parametrize("way", ["stopped", "deaf"])
def test_a_process_that_hangs_is_killed(
    service: ResourceManagementService, book: Path, expect_log: ExpectLog, way: str
) -> None:
    """After the deadline, and it is told; who waits for it gets WorkbookClosed."""
    expect_log("did not end within 0.3 s and was killed")
    host = WorkbookHost.open(book, service=service)
    outcome: list[type[BaseException]] = []
    begun = book.with_suffix(".begun")

    def ask() -> None:
        try:
            host.apply(hang, begun)
        except (WorkbookClosed, HostDied) as error:
            outcome.append(type(error))

    asking = threading.Thread(target=ask)
    asking.start()
    until(begun.exists)
    if way == "stopped":
        os.kill(host.pid, signal.SIGSTOP)
    began = time.monotonic()
    host.close(timeout=0.3)
    asking.join(5)
    assert time.monotonic() - began < 2
    assert outcome == [WorkbookClosed]
    assert not psutil.pid_exists(host.pid)


def test_closing_ends_what_is_under_way(open_host: OpenHost, book: Path) -> None:
    """It is cut short, and the process ends by itself."""
    host = open_host(book)
    outcome: list[BaseException] = []

    def ask() -> None:
        try:
            host.inspect(wait_long)
        except (Cancelled, WorkbookClosed) as error:
            outcome.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: len(host._line._waiting) == 1)
    began = time.monotonic()
    host.close()
    asking.join(5)
    assert time.monotonic() - began < 2
    assert len(outcome) == 1


def test_nothing_is_left_after_many_deaths(service: ResourceManagementService, book: Path) -> None:
    """No descriptor, thread or child for any way in which a process ends."""
    before = (set(descriptors()), threading.active_count())
    for number in range(9):
        host = WorkbookHost.open(book, service=service)
        if number % 3 == 0:
            os.kill(host.pid, signal.SIGKILL)
        elif number % 3 == 1:
            next(host.rows("Budget"))
        host.force_close()
    assert (set(descriptors()), threading.active_count()) == before
    assert children() == {}


SCRIPT = """\
import json, os, sys, time
from pathlib import Path
from budgetinator.resources import Journal, ResourceManagementService
from budgetinator.workbooks import HostSpare, Surroundings, WorkbookHost

book, folder, way = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
surroundings = Surroundings(
    ResourceManagementService(), journal=Journal(folder / "state"), lock_dir=folder / "locks"
)
spare = HostSpare(surroundings)
host = WorkbookHost.open(book, service=surroundings, spare=spare)
host.set_cells({"B1": 1300})
forked = 0
if way == "forked" and (forked := os.fork()) == 0:
    time.sleep(60)
print(json.dumps([host.pid, spare.pid, forked]), flush=True)
if way == "saving":
    while True:
        host.set_cells({"B1": 1300})
        host.save()
        host.set_cells({"B1": 1400})
        host.save()
time.sleep(60)
"""


@pytest.mark.parametrize("way", ["idle", "saving", "forked"])
def test_the_process_ends_when_the_program_is_killed(
    service: ResourceManagementService, book: Path, tmp_path: Path, way: str
) -> None:
    """The spare too, and also where a fork of the program holds its pipes; no lock stays."""
    program = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(book), str(tmp_path), way],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    host, spare, forked = json.loads(program.stdout.readline())
    if way == "saving":
        time.sleep(0.3)
    program.kill()
    program.wait()
    program.stdout.close()
    try:
        until(lambda: not any(psutil.pid_exists(pid) for pid in (host, spare)))
    finally:
        if forked:
            os.kill(forked, signal.SIGKILL)
    surroundings = Surroundings(service, lock_dir=tmp_path / "locks")
    with ExcelManager(book, service=surroundings) as manager:
        manager.set_cells({"B1": 1500})
        assert manager.save().how == "patched"
    assert load_workbook(book)["Budget"]["B1"].value == 1500
    assert [path.name for path in book.parent.glob(".*")] == []
