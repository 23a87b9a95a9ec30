"""Long requests that nobody wants any more: told within 100 ms, and the host goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from budgetinator.errors import Cancelled
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager, WorkbookHost
from tests.workbooks.builders import make_workbook
from tests.workbooks.hosts.conftest import OpenHost
from tests.workbooks.hosts.waiting import until

WITHIN = 0.1


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A single cell in the last row: a million empty rows before it."""
    path = make_workbook(tmp_path / "endless.xlsx", {"Data": [(1,)]})
    from openpyxl import load_workbook

    workbook = load_workbook(path)
    workbook["Data"]["A1048576"] = "last"
    workbook.save(path)
    workbook.close()
    return path


def spin(_manager: ExcelManager, begun: Path) -> None:
    begun.touch()
    while True:
        pass


def wait(_manager: ExcelManager, begun: Path) -> None:
    begun.touch()
    time.sleep(60)


class _Waiting:
    """A thread that makes a request; when it got Cancelled."""

    def __init__(self, request: Callable[[], object]) -> None:
        self.cancelled_at = 0.0
        self._request = request
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with pytest.raises(Cancelled):
            self._request()
        self.cancelled_at = time.monotonic()

    def seconds_after(self, moment: float) -> float:
        self._thread.join(10)
        assert self.cancelled_at
        return self.cancelled_at - moment


@pytest.mark.parametrize("function", [spin, wait])
def test_a_function_is_cut_short(
    open_host: OpenHost, book: Path, function: Callable[[ExcelManager, Path], None]
) -> None:
    """Whether it computes or waits; the next request is served at once."""
    host = open_host(book)
    begun = book.with_suffix(".begun")
    waiting = _Waiting(lambda: host.inspect(function, begun))
    until(begun.exists)
    began = time.monotonic()
    host.cancel()
    assert waiting.seconds_after(began) < WITHIN
    assert host.contents(["A1"]) == {"A1": "Travel"}
    assert time.monotonic() - began < 1


def test_a_question_that_is_asked_meanwhile(open_host: OpenHost, book: Path) -> None:
    """`cancelled` is asked while the request waits."""
    host = open_host(book)
    is_cancelled = threading.Event()
    begun = book.with_suffix(".begun")
    waiting = _Waiting(lambda: host.inspect(wait, begun, cancelled=is_cancelled.is_set))
    until(begun.exists)
    began = time.monotonic()
    is_cancelled.set()
    assert waiting.seconds_after(began) < WITHIN
    assert host.contents(["A1"]) == {"A1": "Travel"}


def test_rows_far_below_are_abandoned(open_host: OpenHost, endless: Path) -> None:
    """By another thread's close, while the reader waits for them."""
    host = open_host(endless)
    rows = host.rows("Data", 1_048_576)
    waiting = _Waiting(lambda: next(rows))
    until(lambda: len(host._line._waiting) == 1)
    began = time.monotonic()
    rows.close()
    assert waiting.seconds_after(began) < WITHIN
    with pytest.raises(StopIteration):
        next(rows)
    assert host.contents(["A1"]) == {"A1": 1}


def test_a_short_request_does_not_wait_for_rows(open_host: OpenHost, endless: Path) -> None:
    """It gets in between; the rows come in the end."""
    host = open_host(endless)
    rows = host.rows("Data", 1_048_576)
    began = time.monotonic()
    host.contents(["A1"])
    assert time.monotonic() - began < 0.5
    assert next(rows).rows == (("last",),)
    rows.close()


def test_a_reading_that_was_closed_is_at_its_end(open_host: OpenHost, large: Path) -> None:
    """In the thread that takes it; twice is harmless."""
    with open_host(large).rows("Data") as rows:
        next(rows)
    rows.close()
    assert list(rows) == []


def test_a_cancelled_opening_leaves_no_process(
    service: ResourceManagementService, book: Path
) -> None:
    """Nothing is tracked either."""
    with pytest.raises(Cancelled):
        WorkbookHost.open(book, service=service, cancelled=lambda: True)
    assert service.snapshot().active_resources == 0


def test_requests_behind_a_cancelled_one_are_served(open_host: OpenHost, book: Path) -> None:
    """Only what was asked with the same question is taken back."""
    host = open_host(book)
    is_cancelled = threading.Event()
    begun = book.with_suffix(".begun")
    first = _Waiting(lambda: host.inspect(wait, begun, cancelled=is_cancelled.is_set))
    second = _Waiting(lambda: host.contents(["A1"], cancelled=is_cancelled.is_set))
    until(lambda: len(host._line._waiting) == 2)
    found: list[object] = []
    third = threading.Thread(target=lambda: found.append(host.set_cells({"A1": "new"})))
    third.start()
    is_cancelled.set()
    first.seconds_after(0)
    second.seconds_after(0)
    third.join(5)
    assert found == [{"A1": "Travel"}]
