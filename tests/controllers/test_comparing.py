"""CompareController: two files, or a file and what is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from budgetinator.budgets import compare_workbooks
from budgetinator.controllers import CompareController
from budgetinator.errors import BudgetError, Cancelled, WorkbookNotFound
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import WorkbookHost
from tests.controllers.tasks import PROMPT, cancelled, ran
from tests.workbooks.builders import make_workbook

Service = ResourceManagementService


@pytest.fixture
def controller(service: Service) -> Iterator[CompareController]:
    controller = CompareController()
    yield controller
    controller.cleanup()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return make_workbook(tmp_path / "old.xlsx")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return make_workbook(tmp_path / "new.xlsx", {"Budget": [("Travel", 1300), ("Total", "=B1")]})


def test_two_files_are_compared(controller: CompareController, old: Path, new: Path) -> None:
    """The result is the VersionComparison that `compare_workbooks` makes."""
    heard = ran(controller.start_compare(old, new).value)

    comparison = heard.result.value
    assert comparison == compare_workbooks(str(old), str(new))
    assert [(str(each.after_at), each.before, each.after) for each in comparison.cells] == [
        ("Budget!B1", 1200, 1300)
    ]


def test_an_open_workbook_is_compared_as_it_stands(
    controller: CompareController, old: Path, new: Path, service: Service
) -> None:
    """On either side; the cell that was set is compared and not the file's."""
    with WorkbookHost.open(old, service=service) as host:
        host.set_cells({"Budget!B1": 1250})

        before = ran(controller.start_compare(host, new).value).result.value
        after = ran(controller.start_compare(new, host).value).result.value
        host.force_close()

    assert [(each.before, each.after) for each in before.cells] == [(1250, 1300)]
    assert [(each.before, each.after) for each in after.cells] == [(1300, 1250)]


def test_an_unchanged_open_workbook_is_its_file(
    controller: CompareController, old: Path, new: Path, service: Service
) -> None:
    """So two open ones can be compared, as long as one of them is saved."""
    with (
        WorkbookHost.open(old, service=service) as one,
        WorkbookHost.open(new, service=service) as other,
    ):
        plain = ran(controller.start_compare(one, other).value).result.value
        one.set_cells({"Budget!B1": 1})
        changed = ran(controller.start_compare(one, other).value).result.value
        other.set_cells({"Budget!B1": 2})
        refused = controller.start_compare(one, other)
        one.force_close()
        other.force_close()

    assert [each.before for each in plain.cells] == [1200]
    assert [each.before for each in changed.cells] == [1]
    assert isinstance(refused.error, BudgetError)


def test_a_comparison_is_cancelled_at_once(controller: CompareController, tmp_path: Path) -> None:
    """Within 100 ms, in the midst of a sheet."""
    rows = [(number, "text") for number in range(20_000)]
    one = make_workbook(tmp_path / "one.xlsx", {"Sheet": rows})
    other = make_workbook(tmp_path / "other.xlsx", {"Sheet": rows[::-1]})
    heard, seconds = cancelled(lambda: controller.start_compare(one, other).value)

    assert isinstance(heard.result.error, Cancelled)
    assert seconds < PROMPT


def test_a_file_that_is_not_there_is_refused_at_once(
    controller: CompareController, old: Path
) -> None:
    """On either side."""
    first = controller.start_compare(old, "missing.xlsx")
    second = controller.start_compare("missing.xlsx", old)

    assert isinstance(first.error, WorkbookNotFound)
    assert isinstance(second.error, WorkbookNotFound)
