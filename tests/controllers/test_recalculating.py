"""RecalculationController: LibreOffice computes a file, or what is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from budgetinator.controllers import RecalculationController
from budgetinator.errors import (
    Cancelled,
    RecalculationFailed,
    SaveError,
    WorkbookClosed,
    WorkbookNotFound,
)
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager, WorkbookHost
from tests.controllers.tasks import PROMPT, cancelled, ran
from tests.workbooks.builders import make_workbook
from tests.workbooks.recalculation.programs import needs_libreoffice

Service = ResourceManagementService


@pytest.fixture
def controller(service: Service) -> Iterator[RecalculationController]:
    controller = RecalculationController()
    yield controller
    controller.cleanup()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_workbook(tmp_path / "budget.xlsx")


def total_in(path: Path) -> object:
    with ExcelManager(path) as manager:
        return list(manager.values("Budget"))[1][1]


@needs_libreoffice
def test_a_file_is_recalculated(controller: RecalculationController, path: Path) -> None:
    """The formula of the total has its result afterwards, and no process is left."""
    heard = ran(controller.start_recalculation(path).value)

    report = heard.result.value
    assert (report.cells, report.left) == (1, ())
    assert total_in(path) == 1200


@needs_libreoffice
def test_an_open_workbook_is_recalculated(
    controller: RecalculationController, path: Path, service: Service
) -> None:
    """Its values are the new ones; unsaved cells are to be saved first."""
    with WorkbookHost.open(path, service=service) as host:
        host.set_cells({"Budget!B1": 7})
        unsaved = ran(controller.start_recalculation(host).value)
        host.save()

        heard = ran(controller.start_recalculation(host).value)

        rows = [row for chunk in host.rows("Budget") for row in chunk.rows]

    assert isinstance(unsaved.result.error, SaveError)
    assert heard.result.success
    assert rows == [("Travel", 7), ("Total", 7)]


@needs_libreoffice
def test_a_cancel_ends_the_computing_and_leaves_the_file(
    controller: RecalculationController, path: Path
) -> None:
    """Within 100 ms; the file is byte for byte what it was."""
    before = path.read_bytes()
    heard, seconds = cancelled(lambda: controller.start_recalculation(path).value)

    assert isinstance(heard.result.error, Cancelled)
    assert seconds < PROMPT
    assert path.read_bytes() == before


def test_what_cannot_be_recalculated_is_refused_at_once(
    controller: RecalculationController, path: Path, service: Service
) -> None:
    """No file, a closed host, no time."""
    host = WorkbookHost.open(path, service=service)
    host.close()

    missing = controller.start_recalculation("missing.xlsx")
    closed = controller.start_recalculation(host)
    no_time = controller.start_recalculation(path, timeout=0)

    assert isinstance(missing.error, WorkbookNotFound)
    assert isinstance(closed.error, WorkbookClosed)
    assert isinstance(no_time.error, RecalculationFailed)
