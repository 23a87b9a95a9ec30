"""OpenController: a workbook in a process of its own, its sheets, then its rows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from budgetinator.controllers import OpenController
from budgetinator.errors import (
    Cancelled,
    InvalidCellReference,
    NotAWorkbook,
    ResourceError,
    WorkbookClosed,
    WorkbookError,
    WorkbookNotFound,
    WorksheetNotFound,
)
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import HostSpare
from tests.controllers.tasks import MILLISECONDS, PROMPT, Heard, cancelled, ran
from tests.workbooks.builders import make_workbook

Service = ResourceManagementService

ROWS = [(f"line {number}", number) for number in range(1, 2001)]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return make_workbook(tmp_path / "budget.xlsx", {"Costs": ROWS, "Notes": [("a", 1)]})


@pytest.fixture
def controller(service: Service) -> Iterator[OpenController]:
    controller = OpenController()
    yield controller
    controller.cleanup()


def opened(controller: OpenController, path: Path) -> Any:
    return ran(controller.start_open(path).value).result.value


def test_opening_hands_out_the_sheets_and_then_the_host(
    controller: OpenController, book: Path
) -> None:
    """Sheets with their sizes as a partial value; the result is an open WorkbookHost."""
    heard = ran(controller.start_open(book).value)

    (sheets,) = heard.of("partial")
    host = heard.result.value
    assert [(sheet.title, sheet.rows, sheet.columns) for sheet in sheets] == [
        ("Costs", 2000, 2),
        ("Notes", 1, 2),
    ]
    assert host.is_open
    assert controller.hosts == (host,)


def test_the_controller_tracks_the_host_and_closes_it(
    controller: OpenController, book: Path, service: Service
) -> None:
    """Tracked by its coordinator under the file's name; after cleanup the process is gone."""
    host = opened(controller, book)
    tracked = service.get_resource_count(controller)

    controller.cleanup()

    assert tracked == {"custom": 1}
    assert not host.is_open
    assert not os.path.exists(f"/proc/{host.pid}")
    assert controller.hosts == ()
    assert service.get_statistics()["active_resources"] == 0


def test_a_spare_process_is_taken_where_there_is_one(service: Service, book: Path) -> None:
    """The workbook lives in the process that was warm, and the spare stays its owner's."""
    with HostSpare(service) as spare:
        spare.warm()
        waiting = spare.pid
        controller = OpenController(spare=spare)
        host = opened(controller, book)
        pid = host.pid

        controller.cleanup()
        spare_works = spare.is_warm

    assert waiting == pid
    assert spare_works


def test_several_files_can_be_open_at_once(controller: OpenController, tmp_path: Path) -> None:
    """One after the other is opened; cleanup closes them all."""
    paths = [make_workbook(tmp_path / f"{name}.xlsx") for name in "abc"]

    hosts = [opened(controller, path) for path in paths]

    assert [host.path for host in controller.hosts] == [str(path) for path in paths]
    assert all(host.is_open for host in hosts)


@pytest.mark.parametrize("path", ["missing.xlsx", "", 7, None])
def test_what_leads_to_no_file_is_a_typed_error_at_once(
    controller: OpenController, path: Any
) -> None:
    """No worker is made for it."""
    result = controller.start_open(path)

    assert isinstance(result.error, WorkbookNotFound)


def test_a_file_that_is_no_workbook_is_the_workers_error(
    controller: OpenController, tmp_path: Path
) -> None:
    """As ExcelManager tells it, and no process is left."""
    path = tmp_path / "page.xlsx"
    path.write_text("<html></html>")

    heard = ran(controller.start_open(path).value)

    assert isinstance(heard.result.error, NotAWorkbook)
    assert controller.hosts == ()


def test_a_cancelled_opening_leaves_nothing(
    controller: OpenController, tmp_path: Path, service: Service
) -> None:
    """Within 100 ms the worker has ended, and no process or resource is left of it."""
    path = make_workbook(tmp_path / "large.xlsx", {"Costs": ROWS * 5})
    heard, seconds = cancelled(lambda: controller.start_open(path).value)

    assert isinstance(heard.result.error, Cancelled)
    assert seconds < PROMPT
    assert controller.hosts == ()
    assert service.get_resource_count() == {}


def test_a_host_that_nobody_waits_for_is_closed(
    controller: OpenController, book: Path, service: Service
) -> None:
    """Cancelled at the very end, when the host is open already: it is closed again."""
    worker = controller.start_open(book).value
    worker.partial_ready.connect(lambda _sheets: worker.cancel())

    heard = ran(worker)

    assert isinstance(heard.result.error, Cancelled)
    assert controller.hosts == ()
    assert service.get_resource_count() == {}


def test_a_host_can_be_closed_alone(
    controller: OpenController, book: Path, service: Service
) -> None:
    """Closing it again, or one of somebody else, is an error."""
    host = opened(controller, book)

    closed = controller.close_host(host)

    assert closed.success
    assert not host.is_open
    assert service.get_resource_count(controller) == {}
    assert isinstance(controller.close_host(host).error, ResourceError)


def test_unsaved_changes_are_warned_of_unless_they_are_discarded(
    controller: OpenController, tmp_path: Path
) -> None:
    """`discard=True` is for a user who was asked."""
    paths = [make_workbook(tmp_path / f"{name}.xlsx") for name in "ab"]
    first, second = (opened(controller, path) for path in paths)
    for host in (first, second):
        host.set_cells({"Budget!B1": 5})

    controller.close_host(first, discard=True)
    with pytest.warns(UserWarning, match="b.xlsx"):
        controller.close_host(second)

    assert controller.hosts == ()


def test_a_host_handed_to_the_caller_outlives_the_controller(
    controller: OpenController, book: Path
) -> None:
    """Whoever takes it closes it."""
    host = opened(controller, book)

    given = controller.hand_over(host)
    controller.cleanup()

    assert given.success
    assert host.is_open
    host.close()


def test_a_host_migrates_to_another_component(
    controller: OpenController, book: Path, service: Service
) -> None:
    """It is closed with that one, and not with the controller that opened it."""

    class Tab:
        pass

    tab = Tab()
    service.register_component(tab, "Tab_1", "tab")
    host = opened(controller, book)

    given = controller.hand_over(host, tab)
    controller.cleanup()
    open_after_controller = host.is_open
    service.cleanup_component(tab)

    assert given.success
    assert open_after_controller
    assert not host.is_open


def test_without_a_service_a_controller_closes_its_hosts_itself(book: Path) -> None:
    """`resources` is None, and cleanup ends the process all the same."""
    controller = OpenController()
    host = opened(controller, book)

    controller.cleanup()

    assert controller.resources is None
    assert not host.is_open


# Rows


def test_rows_come_as_chunks(controller: OpenController, book: Path) -> None:
    """Partial values are the chunks in order, the result the number of rows."""
    host = opened(controller, book)

    heard = ran(controller.start_reading(host, "Costs", chunk=500).value)

    chunks = heard.of("partial")
    assert heard.result.value == 2000
    assert [row for chunk in chunks for row in chunk.rows] == ROWS
    assert [chunk.first_row for chunk in chunks][:2] == [1, 501]
    assert heard.of("progress")[-1] == (100, "Costs")


def test_some_rows_can_be_read_alone(controller: OpenController, book: Path) -> None:
    """From a row on, as many as asked for; fewer at the end of the sheet."""
    host = opened(controller, book)

    middle = ran(controller.start_rows(host, "costs", 1001, 3).value)
    end = ran(controller.start_reading(host, "Costs", 1999, 10).value)

    assert [row for chunk in middle.of("partial") for row in chunk.rows] == ROWS[1000:1003]
    assert (middle.result.value, end.result.value) == (3, 2)


def test_several_readings_run_at_once(controller: OpenController, book: Path) -> None:
    """One for the screen, others for what is beside it."""
    host = opened(controller, book)
    workers = [controller.start_reading(host, "Costs", 1 + 100 * n, 100).value for n in range(5)]
    heard = [Heard(worker) for worker in workers]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.wait(MILLISECONDS)

    read = [[row for chunk in each.of("partial") for row in chunk.rows] for each in heard]
    assert read == [ROWS[100 * n : 100 * n + 100] for n in range(5)]


def test_a_reading_is_cancelled_at_once(controller: OpenController, book: Path) -> None:
    """A listener that takes its time does not keep the others from being dropped."""
    host = opened(controller, book)

    def slowly_shown() -> Any:
        worker = controller.start_reading(host, "Costs", chunk=10).value
        worker.partial_ready.connect(lambda _chunk: time.sleep(0.01))
        return worker

    heard, seconds = cancelled(slowly_shown)

    assert seconds < PROMPT
    assert isinstance(heard.result.error, Cancelled)
    assert len(heard.of("partial")) < 200
    assert host.is_open


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("Nowhere",), WorksheetNotFound),
        (("Costs", 0), InvalidCellReference),
        (("Costs", 1, -1), InvalidCellReference),
    ],
)
def test_rows_that_there_cannot_be_are_refused(
    controller: OpenController, book: Path, arguments: Any, error: type[Exception]
) -> None:
    """The typed error is the result, and no worker is made."""
    host = opened(controller, book)

    result = controller.start_reading(host, *arguments)

    assert isinstance(result.error, error)


def test_a_closed_host_and_what_is_none_are_refused(controller: OpenController, book: Path) -> None:
    """WorkbookClosed names the file; a path is no host."""
    host = opened(controller, book)
    controller.close_host(host)

    closed = controller.start_reading(host, "Costs")
    path = controller.start_reading(str(book), "Costs")  # type: ignore[arg-type]

    assert isinstance(closed.error, WorkbookClosed)
    assert closed.error.path == str(book)
    assert isinstance(path.error, WorkbookError)
