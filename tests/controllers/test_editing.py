"""EditController: cells set in their order, and what stood in them before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from budgetinator.controllers import EditController
from budgetinator.errors import (
    Cancelled,
    InvalidCellReference,
    InvalidCellValue,
    WorkbookClosed,
    WorkbookError,
    WorksheetNotFound,
)
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import Formula, WorkbookHost
from tests.controllers.tasks import MILLISECONDS, Heard, ran
from tests.workbooks.builders import make_workbook

Service = ResourceManagementService


@pytest.fixture
def host(tmp_path: Path, service: Service) -> Iterator[WorkbookHost]:
    path = make_workbook(tmp_path / "budget.xlsx")
    host = WorkbookHost.open(path, service=service)
    yield host
    host.force_close()


@pytest.fixture
def controller(service: Service) -> Iterator[EditController]:
    controller = EditController()
    yield controller
    controller.cleanup()


def test_an_edit_gives_back_the_old_contents(
    controller: EditController, host: WorkbookHost
) -> None:
    """Set again, they undo it: values and formulas."""
    edited = ran(
        controller.start_edit(host, {"Budget!B1": 1500, "Budget!B2": Formula("=B1*2")}).value
    )
    old = edited.result.value
    shown = ran(controller.start_contents(host, ["Budget!B1", "Budget!B2"]).value).result.value
    undone = ran(controller.start_edit(host, old).value).result.value

    assert old == {"Budget!B1": 1200, "Budget!B2": Formula("=B1")}
    assert shown == {"Budget!B1": 1500, "Budget!B2": Formula("=B1*2")}
    assert undone == shown
    assert not host.is_modified


def test_edits_are_never_refused_and_none_overtakes_another(
    controller: EditController, host: WorkbookHost
) -> None:
    """Thirty typed in a row: each finds what the one before has left."""
    workers = [controller.start_edit(host, {"Budget!B1": n}).value for n in range(30)]
    heard = [Heard(worker) for worker in workers]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.wait(MILLISECONDS)

    assert [each.result.value["Budget!B1"] for each in heard] == [1200, *range(29)]
    host.force_close()


def test_an_edit_that_waits_can_be_cancelled(
    controller: EditController, host: WorkbookHost
) -> None:
    """It is not done, and those after it are."""
    workers = [controller.start_edit(host, {"Budget!B1": n}).value for n in (1, 2, 3)]
    heard = [Heard(worker) for worker in workers]

    workers[1].cancel()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.wait(MILLISECONDS)

    assert isinstance(heard[1].result.error, Cancelled)
    assert heard[2].result.value == {"Budget!B1": 1}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, InvalidCellReference),
        ({"Budget!B0": 1}, InvalidCellReference),
        ({"Budget!": 1}, InvalidCellReference),
        ({"Nowhere!A1": 1}, WorksheetNotFound),
    ],
)
def test_cells_that_there_are_not_are_refused_at_once(
    controller: EditController, host: WorkbookHost, changes: Any, error: type[Exception]
) -> None:
    """The typed error is the result, and no worker is made."""
    result = controller.start_edit(host, changes)

    assert isinstance(result.error, error)
    assert not host.is_modified


def test_a_value_that_no_cell_can_hold_is_the_workers_error(
    controller: EditController, host: WorkbookHost
) -> None:
    """Of several cells none is set then."""
    heard = ran(controller.start_edit(host, {"Budget!A1": "x", "Budget!B1": float("nan")}).value)

    assert isinstance(heard.result.error, InvalidCellValue)
    assert not host.is_modified


def test_a_closed_host_is_refused(controller: EditController, host: WorkbookHost) -> None:
    """As is what is none at all."""
    host.close()

    assert isinstance(controller.start_edit(host, {"Budget!A1": 1}).error, WorkbookClosed)
    assert isinstance(controller.start_contents(host, ["Budget!A1"]).error, WorkbookClosed)
    assert isinstance(controller.start_edit("a path", {}).error, WorkbookError)  # type: ignore[arg-type]
