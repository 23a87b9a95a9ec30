"""BatchController: many files in processes, failures as values."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from budgetinator.controllers import BatchController
from budgetinator.errors import Cancelled, NotAWorkbook, TaskNotPicklable, WorkbookNotFound
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager
from tests.controllers.tasks import PROMPT, cancelled, ran
from tests.workbooks.builders import make_workbook

Service = ResourceManagementService


@pytest.fixture
def controller(service: Service) -> Iterator[BatchController]:
    controller = BatchController()
    yield controller
    controller.cleanup()


@pytest.fixture
def books(tmp_path: Path) -> list[Path]:
    return [
        make_workbook(tmp_path / f"partner{n}.xlsx", {"Budget": [("Travel", n)]}) for n in range(5)
    ]


def travel(path: Path) -> object:
    with ExcelManager(path) as manager:
        return next(iter(manager.values("Budget")))[1]


def forever(path: Path) -> None:
    """All but the first, by which one sees that it has begun."""
    if path.name != "quick.xlsx":
        time.sleep(60)


def test_each_file_is_a_partial_value_and_all_are_the_result(
    controller: BatchController, books: list[Path]
) -> None:
    """Outcomes come as they come; the result has them in the order of the paths."""
    heard = ran(controller.start_batch(travel, books).value)

    outcomes = heard.result.value
    assert [outcome.path for outcome in outcomes] == books
    assert [outcome.unwrap() for outcome in outcomes] == [0, 1, 2, 3, 4]
    assert sorted(outcome.path for outcome in heard.of("partial")) == books
    assert heard.of("progress")[-1][0] == 100


def test_a_file_that_fails_is_a_value_among_the_others(
    controller: BatchController, books: list[Path]
) -> None:
    """Its error is typed, and the others are done."""
    books[2].write_text("<html></html>")

    heard = ran(controller.start_batch(travel, books).value)

    outcomes = heard.result.value
    assert [outcome.success for outcome in outcomes] == [True, True, False, True, True]
    assert isinstance(outcomes[2].error, NotAWorkbook)


def test_a_cancelled_batch_ends_its_processes(
    controller: BatchController, books: list[Path], tmp_path: Path
) -> None:
    """Within 100 ms, also where the function hears nothing."""
    quick = make_workbook(tmp_path / "quick.xlsx")

    heard, seconds = cancelled(
        lambda: controller.start_batch(forever, [quick, *books], workers=1).value
    )

    assert isinstance(heard.result.error, Cancelled)
    assert seconds < PROMPT
    assert _children() == []


def test_an_executor_is_used_and_left_to_its_owner(
    controller: BatchController, books: list[Path]
) -> None:
    """Any of concurrent.futures' kind."""
    threads: set[str] = set()

    def name(path: Path) -> str:
        threads.add(threading.current_thread().name)
        return path.name

    with ThreadPoolExecutor(1, thread_name_prefix="own") as executor:
        heard = ran(controller.start_batch(name, books, executor=executor).value)
        still_works = executor.submit(os.getpid).result()

    assert [outcome.value for outcome in heard.result.value] == [path.name for path in books]
    assert threads == {"own_0"}
    assert still_works == os.getpid()


def test_what_cannot_be_handed_to_processes_is_refused_at_once(
    controller: BatchController, books: list[Path]
) -> None:
    """A lambda, and no files at all."""
    refused = controller.start_batch(lambda path: 1, books)
    nothing = controller.start_batch(travel, [])

    assert isinstance(refused.error, TaskNotPicklable)
    assert isinstance(nothing.error, WorkbookNotFound)


def _children() -> list[str]:
    pids: list[str] = []
    for task in os.listdir("/proc/self/task"):
        try:
            pids += Path(f"/proc/self/task/{task}/children").read_text().split()
        except FileNotFoundError:
            continue
    return pids
