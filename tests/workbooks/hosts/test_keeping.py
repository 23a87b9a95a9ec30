"""What must not be lost, nor be told wrongly, when things come at the wrong moment."""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
import threading
import time
import warnings
from pathlib import Path

import psutil
import pytest
from openpyxl import Workbook, load_workbook

from budgetinator.errors import (
    Cancelled,
    HostDied,
    InvalidCellReference,
    TaskExited,
    WorkbookClosed,
    WorkbookNotFound,
)
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager, WorkbookHost
from budgetinator.workbooks.host.frames import FrameReader, FrameWriter
from tests.workbooks.hosts.conftest import OpenHost
from tests.workbooks.hosts.waiting import until


def test_a_cell_that_is_named_twice_is_refused(open_host: OpenHost, book: Path) -> None:
    """Also if one of its two values is the one that the file holds."""
    host = open_host(book)
    with pytest.raises(InvalidCellReference, match="given twice"):
        host.set_cells({"A1": "Travel", "Budget!A1": "Other"})
    assert not host.is_modified


def test_a_save_that_ends_with_the_host_drops_nothing(
    service: ResourceManagementService, large: Path
) -> None:
    """Closing waits for it, and does not warn of changes that were saved."""
    host = WorkbookHost.open(large, service=service)
    host.set_cells({"A1": 99})
    saved: list[str] = []
    saving = threading.Thread(target=lambda: saved.append(host.save().how))
    # Stopped, it can do nothing until the closing has begun.
    os.kill(host.pid, signal.SIGSTOP)
    saving.start()
    until(lambda: len(host._line._waiting) == 1)
    os.kill(host.pid, signal.SIGCONT)
    until(lambda: bool(saved) or any(large.parent.glob(".*")))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        host.close()
    saving.join(5)
    assert (saved, told) == (["patched"], [])


def test_reloading_a_file_that_is_gone_drops_nothing(open_host: OpenHost, book: Path) -> None:
    """The cells that were set are there when the file is back."""
    host = open_host(book)
    host.set_cells({"B1": 1300})
    away = book.rename(book.with_suffix(".away"))
    with pytest.raises(WorkbookNotFound):
        host.reload()
    away.rename(book)
    assert (host.is_modified, dict(host.unsaved)) == (True, {"Budget!B1": 1300})
    assert host.save().how == "patched"
    assert load_workbook(book)["Budget"]["B1"].value == 1300


def leave(_manager: ExcelManager) -> None:
    sys.exit(3)


def test_a_function_that_exits_does_not_end_the_program(open_host: OpenHost, book: Path) -> None:
    """It is a typed error with the code."""
    host = open_host(book)
    with pytest.raises(TaskExited) as caught:
        host.apply(leave)
    assert (caught.value.code, host.is_open) == (3, True)


def change_slowly(workbook: Workbook, begun: Path) -> None:
    """Tells when half of it is done."""
    workbook.active["A1"] = "first half"
    begun.touch()
    time.sleep(0.5)
    workbook.active["A2"] = "second half"


def test_what_changes_a_workbook_is_done_to_its_end(open_host: OpenHost, book: Path) -> None:
    """Cancelled in the middle, it says that it goes on; no half of it can be saved."""
    host = open_host(book)
    begun = book.with_suffix(".begun")
    with pytest.raises(Cancelled) as caught:
        host.change(change_slowly, begun, cancelled=begun.exists)
    assert caught.value.goes_on
    assert list(host.contents(["A1", "A2"]).values()) == ["first half", "second half"]
    assert host.is_modified
    host.force_close()


def test_a_frame_is_written_whole_whatever_a_signal_raises() -> None:
    """Ctrl-C within a large request: the next one is understood."""
    reading, writing = os.pipe()
    reader, writer = FrameReader(reading), FrameWriter(writing)
    frames: list[bytes | None] = []

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def read() -> None:
        while frames[-1:] != [None]:
            frames.append(reader.read())

    before = signal.signal(signal.SIGALRM, interrupt)
    reads = threading.Thread(target=read)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            writer.write_whole(b"x" * 1_000_000)  # nobody reads yet, so it waits
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    reads.start()
    writer.write_whole(b"next")
    writer.close()
    reads.join(5)
    reader.close()
    assert frames == [b"x" * 1_000_000, b"next", None]


class _Closing(logging.Handler):
    """Closes a host from within what it logs."""

    host: WorkbookHost | None = None

    def emit(self, _record: logging.LogRecord) -> None:
        if self.host is not None:
            self.host.close()


def say(_manager: ExcelManager) -> None:
    logging.getLogger("budgetinator.workbooks").info("said")
    threading.Event().wait(60)


def test_closed_by_a_listener_of_its_own_log_it_ends(
    service: ResourceManagementService, book: Path
) -> None:
    """Which is called in the thread that reads its answers."""
    logger = logging.getLogger("budgetinator.workbooks")
    level, handler = logger.level, _Closing()
    logging.getLogger("budgetinator").setLevel(logging.INFO)
    try:
        host = WorkbookHost.open(book, service=service)
        handler.host = host
        logger.addHandler(handler)
        with pytest.raises((Cancelled, WorkbookClosed)):
            host.apply(say)
        until(lambda: not psutil.pid_exists(host.pid))
        host._line._reader.join(5)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logging.getLogger("budgetinator").setLevel(logging.NOTSET)
    assert service.snapshot().active_resources == 0


def test_without_descriptors_no_host(service: ResourceManagementService, book: Path) -> None:
    """A typed error that says what to do."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")), limits[1]))
    try:
        with pytest.raises(HostDied, match="could be started"):
            WorkbookHost.open(book, service=service)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert service.snapshot().active_resources == 0
