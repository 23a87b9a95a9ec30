"""One function over many files: outcomes as they come, failures as values."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

from budgetinator import map_workbooks
from budgetinator.config import SavingOptions, Settings
from budgetinator.errors import Cancelled, TaskNotPicklable, WorkbookNotFound
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import MappedWorkbook, MapProgress, Surroundings
from tests.support.probes import children
from tests.workbooks import mapped
from tests.workbooks.builders import make_workbook


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Eight workbooks whose A1 holds their numbers, from 0."""
    return [
        make_workbook(tmp_path / f"{number}.xlsx", {"Data": [(number,)]}) for number in range(8)
    ]


@pytest.fixture
def service() -> Iterator[ResourceManagementService]:
    service = ResourceManagementService()
    yield service
    service.close()


def test_each_file_has_an_outcome(files: list[Path]) -> None:
    """With the path as it was given, the value, and how long it took."""
    outcomes = list(map_workbooks(mapped.first_number, files))
    assert {outcome.path: outcome.value for outcome in outcomes} == {
        path: number for number, path in enumerate(files)
    }
    assert all(outcome.success and outcome.seconds > 0 for outcome in outcomes)


def test_a_failure_is_a_value(files: list[Path], tmp_path: Path) -> None:
    """With its path and the function's own error; the others go on."""
    text = make_workbook(tmp_path / "text.xlsx", {"Data": [("text",)]})
    missing = tmp_path / "missing.xlsx"
    found = {
        outcome.path: outcome
        for outcome in map_workbooks(mapped.first_number, [text, missing, *files], workers=2)
    }
    assert isinstance(found[text].error, ValueError)
    assert str(found[text].error) == "text.xlsx holds no number"
    assert isinstance(found[missing].error, WorkbookNotFound)
    assert not found[missing].success
    with pytest.raises(WorkbookNotFound):
        found[missing].unwrap()
    assert [found[path].unwrap() for path in files] == list(range(8))


def test_an_outcome_cannot_be_changed() -> None:
    """It is a value."""
    outcome: MappedWorkbook[str, int] = MappedWorkbook("a.xlsx", 1, None, 0.5)
    with pytest.raises(FrozenInstanceError):
        outcome.value = 2  # type: ignore[misc]


def test_the_processes_are_others_and_gone_afterwards(
    files: list[Path], service: ResourceManagementService
) -> None:
    """At most as many as were asked for; they are tracked while they run."""
    with map_workbooks(mapped.pid, files, workers=2, service=service) as outcomes:
        pids = {next(outcomes).value}
        (resource,) = service.snapshot().resources()
        assert resource.name == "processes of map_workbooks"
        pids |= {outcome.value for outcome in outcomes}
    assert 1 <= len(pids) <= 2
    assert os.getpid() not in pids
    assert service.snapshot().active_resources == 0
    assert children() == {}


def test_paths_may_be_endless(files: list[Path]) -> None:
    """No more are taken than are submitted and not yet delivered."""
    taken = itertools.count()
    paths = (files[next(taken) % 8] for _ in itertools.count())
    with map_workbooks(mapped.pid, paths, workers=2, ahead=3) as outcomes:
        for _ in range(10):
            next(outcomes)
        assert next(taken) <= 10 + 3


def test_progress_is_told_after_each_file(files: list[Path]) -> None:
    """In the iterating thread; the total where the paths can be counted."""
    told: list[MapProgress] = []
    threads: set[int] = set()

    def note(progress: MapProgress) -> None:
        told.append(progress)
        threads.add(threading.get_ident())

    list(map_workbooks(mapped.first_number, files, progress=note))
    assert [progress.done for progress in told] == list(range(1, 9))
    assert {(progress.failed, progress.total) for progress in told} == {(0, 8)}
    assert {progress.path for progress in told} == set(files)
    assert threads == {threading.get_ident()}
    told.clear()
    list(map_workbooks(mapped.first_number, iter([Path("missing.xlsx")]), progress=note))
    assert told == [MapProgress(1, 1, None, Path("missing.xlsx"))]


def test_the_settings_go_with_the_function(
    files: list[Path], service: ResourceManagementService
) -> None:
    """The default runtime of the other process works with them."""
    settings = Settings(saving=SavingOptions(compression_level=3))
    surroundings = Surroundings(service, settings)
    for options in ({"settings": settings}, {"service": surroundings}):
        (outcome,) = map_workbooks(mapped.compression_level, files[:1], **options)  # type: ignore[arg-type]
        assert outcome.value == 3


def test_functions_with_what_they_hold(files: list[Path]) -> None:
    """Objects that can be called and partial functions, as far as they can be pickled."""
    for function in (mapped.Adding(100), partial(_added, 100)):
        values = {outcome.value for outcome in map_workbooks(function, files)}
        assert values == set(range(100, 108))


def _added(number: int, path: Path) -> int:
    return mapped.first_number(path) + number


def test_a_function_that_cannot_be_sent_is_refused(files: list[Path]) -> None:
    """Before any process is started or any path taken."""

    def inner(path: Path) -> int:
        return len(path.name)

    taken = iter(files)
    for function in (lambda path: path, inner, partial(_added, threading.Lock())):
        with pytest.raises(TaskNotPicklable, match="top level of a module"):
            map_workbooks(function, taken)  # type: ignore[arg-type]
        with (
            ProcessPoolExecutor(1, get_context("spawn")) as executor,
            pytest.raises(TaskNotPicklable),
        ):
            map_workbooks(function, taken, executor=executor)  # type: ignore[arg-type]
    assert next(taken) == files[0]


def test_a_value_that_cannot_be_sent_fails_its_file(files: list[Path]) -> None:
    """By name, like any other failure."""
    (outcome,) = map_workbooks(mapped.answer_with_a_lock, files[:1])
    assert isinstance(outcome.error, TaskNotPicklable)


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_any_executor_will_do(files: list[Path], kind: str) -> None:
    """It is left to its owner."""
    executor = (
        ThreadPoolExecutor(2)
        if kind == "threads"
        else ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    )
    with executor:
        for _ in range(2):
            outcomes = map_workbooks(mapped.first_number, files, executor=executor)
            assert {outcome.value for outcome in outcomes} == set(range(8))


def test_paths_that_fail_end_the_iteration(files: list[Path]) -> None:
    """The error is the caller's own; the processes are gone."""

    def paths() -> Iterator[Path]:
        yield files[0]
        raise RuntimeError("no more paths")

    with pytest.raises(RuntimeError, match="no more paths"):
        list(map_workbooks(mapped.first_number, paths(), workers=1))
    assert children() == {}


def test_what_is_left_early_is_ended(files: list[Path]) -> None:
    """By close, or at the latest when it is forgotten, with a complaint."""
    outcomes = map_workbooks(mapped.first_number, files, workers=1)
    next(outcomes)
    outcomes.close()
    assert list(outcomes) == []
    assert children() == {}


def test_numbers_below_one_are_refused(files: list[Path]) -> None:
    """At once."""
    with pytest.raises(ValueError, match="1 or more"):
        map_workbooks(mapped.first_number, files, ahead=0)


def test_no_paths_no_process() -> None:
    """Nothing is started for nothing."""
    assert list(map_workbooks(mapped.first_number, [])) == []


def test_after_a_cancel_the_iteration_raises(files: list[Path]) -> None:
    """So that nobody takes what has come for all there is."""
    outcomes = map_workbooks(mapped.first_number, files)
    next(outcomes)
    outcomes.cancel()
    with outcomes, pytest.raises(Cancelled):
        list(outcomes)
