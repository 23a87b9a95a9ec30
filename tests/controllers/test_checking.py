"""CheckController: budgets of files, and of an open workbook as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from budgetinator.budgets import check_budget, write_sample
from budgetinator.controllers import CheckController
from budgetinator.errors import (
    BudgetError,
    Cancelled,
    NotAWorkbook,
    WorkbookClosed,
    WorkbookNotFound,
)
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import WorkbookHost
from tests.controllers.tasks import PROMPT, cancelled, ran

Service = ResourceManagementService


@pytest.fixture
def controller(service: Service) -> Iterator[CheckController]:
    controller = CheckController()
    yield controller
    controller.cleanup()


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    path = tmp_path / "sample.xlsx"
    write_sample(path)
    return path


def test_a_file_is_checked(controller: CheckController, budget: Path) -> None:
    """The result are the same Findings as those of `check_budget`, the planted errors first."""
    heard = ran(controller.start_check(budget).value)

    findings = heard.result.value
    assert findings == check_budget(budget)
    assert findings[0].severity == "error"


def test_several_files_are_told_one_by_one(
    controller: CheckController, budget: Path, tmp_path: Path
) -> None:
    """One that is no workbook is a value with its error, and the next one is checked."""
    page = tmp_path / "page.xlsx"
    page.write_text("<html></html>")

    heard = ran(controller.start_check([budget, page, budget]).value)

    checked = heard.result.value
    assert [each.path for each in checked] == [str(budget), str(page), str(budget)]
    assert [bool(each.findings) for each in checked] == [True, False, True]
    assert isinstance(checked[1].error, NotAWorkbook)
    assert [each.path for each in heard.of("partial")] == [each.path for each in checked]


def test_an_open_workbook_is_checked_as_it_stands(
    controller: CheckController, budget: Path, service: Service
) -> None:
    """A cell that was set and not saved counts; the file does not know of it."""
    with WorkbookHost.open(budget, service=service) as host:
        sheet = next(each.title for each in host.sheets if each.title.startswith("P1"))
        before = ran(controller.start_check(host).value).result.value
        host.set_cells({f"'{sheet}'!D2": None})

        after = ran(controller.start_check(host).value).result.value
        host.force_close()

    assert before == check_budget(budget)
    assert after != before
    assert any(each.sheet == sheet and each not in before for each in after)


def test_a_check_is_cancelled_at_once(controller: CheckController, budget: Path) -> None:
    """Its process is ended within 100 ms, in the midst of a file."""
    heard, seconds = cancelled(lambda: controller.start_check([budget] * 200).value)

    assert isinstance(heard.result.error, Cancelled)
    assert seconds < PROMPT


def test_a_file_alone_that_is_no_workbook_is_the_workers_error(
    controller: CheckController, tmp_path: Path
) -> None:
    """As `check_budget` raises it, with what was found instead."""
    page = tmp_path / "page.xlsx"
    page.write_text("<html></html>")

    heard = ran(controller.start_check(page).value)

    assert isinstance(heard.result.error, NotAWorkbook)


@pytest.mark.parametrize(
    ("source", "error"),
    [("missing.xlsx", WorkbookNotFound), (["missing.xlsx"], WorkbookNotFound), (7, BudgetError)],
)
def test_what_cannot_be_checked_is_refused_at_once(
    controller: CheckController, source: Any, error: type[Exception]
) -> None:
    """No worker is made for it."""
    assert isinstance(controller.start_check(source).error, error)


def test_a_closed_host_is_refused(
    controller: CheckController, budget: Path, service: Service
) -> None:
    """As WorkbookClosed."""
    host = WorkbookHost.open(budget, service=service)
    host.close()

    assert isinstance(controller.start_check(host).error, WorkbookClosed)
