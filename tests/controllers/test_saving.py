"""SaveController: the file, a copy, what is refused, and what would be lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from budgetinator.controllers import SaveController
from budgetinator.errors import (
    Cancelled,
    ChangedOnDisk,
    OperationRunning,
    SaveError,
    WorkbookClosed,
)
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import WorkbookHost
from tests.controllers.tasks import PROMPT, cancelled, ran
from tests.workbooks.builders import make_workbook

Service = ResourceManagementService


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_workbook(tmp_path / "budget.xlsx")


@pytest.fixture
def host(path: Path, service: Service) -> Iterator[WorkbookHost]:
    host = WorkbookHost.open(path, service=service)
    yield host
    host.force_close()


@pytest.fixture
def controller(service: Service) -> Iterator[SaveController]:
    controller = SaveController()
    yield controller
    controller.cleanup()


def value_of(path: Path, cell: str) -> Any:
    workbook = openpyxl.load_workbook(path)
    value = workbook["Budget"][cell].value
    workbook.close()
    return value


def test_a_save_writes_the_cells_that_were_set(
    controller: SaveController, host: WorkbookHost, path: Path
) -> None:
    """The result is the SaveReport, and nothing is unsaved any more."""
    host.set_cells({"Budget!B1": 1500})

    heard = ran(controller.start_save(host).value)

    assert heard.result.value.path == path
    assert value_of(path, "B1") == 1500
    assert not host.is_modified


def test_a_copy_leaves_the_file_alone(
    controller: SaveController, host: WorkbookHost, path: Path, tmp_path: Path
) -> None:
    """Also where the program has changed its folder, and names the copy without one."""
    host.set_cells({"Budget!B1": 1500})
    copy = tmp_path / "copy.xlsx"
    before = path.read_bytes()

    heard = ran(controller.start_save(host, os.path.relpath(copy)).value)

    assert heard.result.success
    assert value_of(copy, "B1") == 1500
    assert path.read_bytes() == before
    assert host.is_modified


def test_what_a_save_refuses_is_the_result(
    controller: SaveController, host: WorkbookHost, path: Path
) -> None:
    """ChangedOnDisk, for instance; `overwrite` is the answer to it."""
    host.set_cells({"Budget!B1": 1500})
    make_workbook(path, {"Budget": [("other", 1)], "More": [(1,)]})

    refused = ran(controller.start_save(host).value)
    accepted = ran(controller.start_save(host, overwrite=True).value)

    assert isinstance(refused.result.error, ChangedOnDisk)
    assert accepted.result.success


@pytest.mark.parametrize("target", ["", 7, "/nowhere/at/all/copy.xlsx"])
def test_a_target_that_cannot_be_is_refused_at_once(
    controller: SaveController, host: WorkbookHost, target: Any
) -> None:
    """No worker is made for it."""
    assert isinstance(controller.start_save(host, target).error, SaveError)


def test_losses_are_told_beforehand(controller: SaveController, host: WorkbookHost) -> None:
    """Nothing here; the result is a tuple."""
    host.set_cells({"Budget!B1": 1500})

    heard = ran(controller.start_loss_check(host).value)

    assert heard.result.value == ()
    host.force_close()


def test_a_closed_host_is_refused(controller: SaveController, host: WorkbookHost) -> None:
    """As WorkbookClosed, for both operations."""
    host.close()

    assert isinstance(controller.start_save(host).error, WorkbookClosed)
    assert isinstance(controller.start_losses(host).error, WorkbookClosed)


def test_a_save_that_is_cancelled_says_at_once_that_it_goes_on(
    controller: SaveController, service: Service, tmp_path: Path
) -> None:
    """Never cut short: the file is whole, old or new, and the host knows which."""
    path = make_workbook(
        tmp_path / "large.xlsx", {"Budget": [(number, "text") for number in range(60_000)]}
    )
    with WorkbookHost.open(path, service=service) as host:
        host.set_cells({"Budget!A1": -1})

        heard, seconds = cancelled(lambda: controller.start_save(host).value)

        host.contents(["Budget!A1"])  # answered when the save is done
        modified = host.is_modified
        host.force_close()

    assert seconds < PROMPT
    error = heard.result.error
    assert isinstance(error, Cancelled)
    assert error.goes_on
    assert value_of(path, "A1") == (0 if modified else -1)


def test_a_second_save_is_refused_while_one_runs(
    controller: SaveController, host: WorkbookHost, service: Service, tmp_path: Path
) -> None:
    """One at a time; a loss check may run beside it."""
    worker = controller.start_save(host).value
    worker.result_ready.connect(lambda _result: None)
    other = controller.start_loss_check(host)
    refusals: list[Any] = []
    worker.progress_update.connect(lambda *_: refusals.append(controller.start_save(host)))

    ran(worker)

    assert other.success
    assert isinstance(refusals[0].error, OperationRunning)
