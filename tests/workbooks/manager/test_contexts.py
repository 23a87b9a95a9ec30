from __future__ import annotations

import gc
import os
import threading
from pathlib import Path
from typing import Any

import filelock
import openpyxl
import pytest

import budgetinator.workbooks as door
from budgetinator.errors import (
    InvalidCellValue,
    SaveError,
    UnsavedChangesWarning,
    WorkbookBusy,
    WorkbookClosed,
    WorkbookNotFound,
    WorkbookRefused,
    WouldLose,
)
from budgetinator.memory import MemoryMonitor
from budgetinator.workbooks import (
    excel_context,
    excel_safe_context,
    memory_monitored_context,
    memory_safe_bulk_context,
    memory_safe_bulk_operation,
    read_only_excel_context,
    safe_excel_context,
    write_excel_context,
)
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.manager.making import add_table, descriptors_on, parts_of


def value_in(path: Path, address: str = "B2") -> object:
    return openpyxl.load_workbook(path)["Plan"][address].value


def test_the_older_names_are_the_same_objects() -> None:
    """The aliases are the functions themselves, and the door names everything."""
    assert excel_safe_context is safe_excel_context
    assert memory_safe_bulk_operation is memory_safe_bulk_context
    assert all(getattr(door, name) is not None for name in door.__all__)
    with pytest.raises(AttributeError):
        _ = door.nothing


def test_it_saves_on_a_clean_exit(budget: Path, surroundings: Surroundings) -> None:
    """With `save` the changes are in the file, and nothing is held any more."""
    with excel_context(budget, save=True, service=surroundings) as workbook:
        workbook["Plan"]["B2"] = 7
    assert value_in(budget) == 7
    assert descriptors_on(budget.parent) == []
    with pytest.raises(WorkbookClosed):
        _ = workbook.active


def test_it_never_saves_after_an_exception(budget: Path, surroundings: Surroundings) -> None:
    """The exception comes out, the file is as it was, and nobody warns."""
    before = budget.read_bytes()
    with (
        pytest.raises(ZeroDivisionError),
        excel_context(budget, save=True, service=surroundings) as workbook,
    ):
        workbook["Plan"]["B2"] = 1 / 0
    assert budget.read_bytes() == before


def test_it_warns_of_unsaved_changes_at_the_callers_line(
    budget: Path, surroundings: Surroundings
) -> None:
    """Seed 004 edits without saving: that warns, at the `with`, and saves nothing."""
    before = budget.read_bytes()
    with (
        pytest.warns(UnsavedChangesWarning) as caught,
        excel_context(budget, service=surroundings) as wb,
    ):
        wb.active["A1"] = "Data"
    assert (len(caught), caught[0].filename) == (1, __file__)
    code = test_it_warns_of_unsaved_changes_at_the_callers_line.__code__
    assert code.co_firstlineno < caught[0].lineno < code.co_firstlineno + 10
    assert budget.read_bytes() == before


def test_reading_and_saving_by_oneself_do_not_warn(
    budget: Path, surroundings: Surroundings
) -> None:
    """Nothing was lost, so nothing is said; openpyxl's own `save` counts, to a copy too."""
    with excel_context(budget, service=surroundings) as workbook:
        assert workbook["Plan"]["B2"].value == 100.5
    for name in ("budget.xlsx", "copy.xlsx"):
        with excel_context(budget, service=surroundings) as workbook:
            workbook["Plan"]["B2"] = name
            workbook.save(budget.parent / name)
        assert value_in(budget.parent / name) == name


def test_it_works_as_a_decorator(budget: Path, surroundings: Surroundings) -> None:
    """Each call of the function has the workbook open and closes it."""

    @excel_context(budget, save=True, service=surroundings)
    def hold() -> int:
        return surroundings.service.get_resource_count()["workbook"]

    assert (hold(), hold()) == (1, 1)


def test_a_save_that_would_lose_fails_and_closes(budget: Path, surroundings: Surroundings) -> None:
    """WouldLose comes out of the block, or not at all with `allow_loss`."""
    before = add_table(budget).read_bytes()
    with (
        pytest.raises(WouldLose),
        excel_context(budget, save=True, service=surroundings) as workbook,
    ):
        workbook["Costs"]["A1"] = "Thing"
    assert budget.read_bytes() == before
    with excel_context(budget, save=True, allow_loss=True, service=surroundings) as workbook:
        workbook["Plan"]["B2"] = 7
        workbook["Costs"]["A1"] = "Thing"
    assert value_in(budget) == 7


def test_an_unwritable_cell_fails_and_closes(budget: Path, surroundings: Surroundings) -> None:
    """The error names the cell, and the file is as it was."""
    with (
        pytest.raises(InvalidCellValue),
        excel_context(budget, save=True, service=surroundings) as workbook,
    ):
        workbook["Plan"]["B2"] = float("inf")
    assert value_in(budget) == 100.5


def test_reading_only_gives_results(budget: Path, surroundings: Surroundings) -> None:
    """A read-only workbook streams values, or formulas, and cannot be saved."""
    with read_only_excel_context(budget, service=surroundings) as workbook:
        assert workbook.read_only
        assert workbook["Plan"]["C3"].value is None
    with read_only_excel_context(budget, data_only=False, service=surroundings) as workbook:
        assert workbook["Plan"]["C3"].value == "=B2+B3"


def test_writing_makes_a_file(folder: Path, surroundings: Surroundings) -> None:
    """A missing file is made at a clean exit, and only then; an existing one is changed."""
    path = folder / "new.xlsx"
    with pytest.raises(ZeroDivisionError), write_excel_context(path, service=surroundings):
        _ = 1 / 0
    assert os.listdir(folder) == []
    with write_excel_context(path, service=surroundings) as workbook:
        workbook.active.title = "Plan"
        workbook.active["B2"] = 1
    with write_excel_context(path, service=surroundings) as workbook:
        workbook["Plan"]["B3"] = 2
    assert (value_in(path, "B2"), value_in(path, "B3")) == (1, 2)


@pytest.mark.parametrize(
    ("name", "kind"), [("new.xltx", b"template.main"), ("new.xlsx", b"sheet.main")]
)
def test_a_new_file_is_of_the_kind_that_its_name_tells(
    folder: Path, surroundings: Surroundings, name: str, kind: bytes
) -> None:
    """A template is made as one."""
    with write_excel_context(folder / name, service=surroundings):
        pass
    assert kind in parts_of(folder / name)["[Content_Types].xml"]


@pytest.mark.parametrize("name", ["new.xlsm", "new.xls", "new.ods"])
def test_a_kind_that_cannot_be_made_is_refused_at_once(
    folder: Path, surroundings: Surroundings, name: str
) -> None:
    """Before any work is done, and no file appears."""
    with (
        pytest.raises(SaveError, match=r"\.xlsx"),
        write_excel_context(folder / name, service=surroundings),
    ):
        pass
    assert os.listdir(folder) == []


class TestSafe:
    """The context that tries again and keeps the old file."""

    def test_the_old_file_is_kept(self, budget: Path, surroundings: Surroundings) -> None:
        """A save leaves the file as it was beside the new one."""
        before = budget.read_bytes()
        with safe_excel_context(budget, save=True, service=surroundings) as workbook:
            workbook["Plan"]["B2"] = 7
        assert value_in(budget) == 7
        assert budget.with_name("budget.backup.xlsx").read_bytes() == before

    def test_a_busy_file_is_tried_again(
        self, budget: Path, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A save that finds another one under way waits for its end."""
        monkeypatch.setattr(filelock.FileLock, "acquire", self.busy_at_first())
        with safe_excel_context(
            budget, save=True, backup=False, delay=0, service=surroundings
        ) as workbook:
            workbook["Plan"]["B2"] = 7
        assert value_in(budget) == 7

    def test_a_file_that_stays_busy_fails(
        self, budget: Path, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After the last try the error comes out."""
        monkeypatch.setattr(filelock.FileLock, "acquire", self.busy_at_first(99))
        with (
            pytest.raises(WorkbookBusy),
            safe_excel_context(
                budget, save=True, retries=2, delay=0, service=surroundings
            ) as workbook,
        ):
            workbook["Plan"]["B2"] = 7
        assert value_in(budget) == 100.5

    def test_what_cannot_pass_is_not_tried_again(
        self, folder: Path, surroundings: Surroundings
    ) -> None:
        """A missing file is told at once."""
        with (
            pytest.raises(WorkbookNotFound),
            safe_excel_context(folder / "no.xlsx", delay=99, service=surroundings),
        ):
            pass

    def test_too_little_memory_is_a_workbook_error(
        self, budget: Path, surroundings: Surroundings
    ) -> None:
        """A service that refuses the memory is told in the same family of errors."""
        surroundings.service.set_global_memory_limit(1, policy="refuse")
        with pytest.raises(WorkbookRefused), safe_excel_context(budget, service=surroundings):
            pass

    @staticmethod
    def busy_at_first(times: int = 2) -> object:
        acquire, left = filelock.FileLock.acquire, iter(range(times))

        def acquire_later(lock: filelock.FileLock, *args: object, **options: object) -> object:
            if next(left, None) is not None:
                raise filelock.Timeout(lock.lock_file)
            return acquire(lock, *args, **options)

        return acquire_later


def test_an_operation_is_measured(budget: Path, surroundings: Surroundings) -> None:
    """The block is an operation of the monitor, with a workbook open if a file was named."""
    with MemoryMonitor() as monitor:
        with memory_monitored_context("alone", monitor=monitor) as span:
            assert span is not None
        with memory_monitored_context(
            "with a file", file_path=budget, monitor=monitor, save=True, service=surroundings
        ) as workbook:
            workbook["Plan"]["B2"] = 7
        assert [monitor.get_profile(name)["calls"] for name in ("alone", "with a file")] == [1, 1]
    assert value_in(budget) == 7


@pytest.mark.parametrize("context", [excel_context, read_only_excel_context])
def test_nothing_grows(budget: Path, surroundings: Surroundings, context: Any) -> None:
    """Opening and closing again and again keeps no object and no descriptor."""

    def cycles(count: int) -> tuple[int, int]:
        for number in range(count):
            with context(budget, service=surroundings) as workbook:
                assert workbook["Plan"]["A1"].value == "Item"
            if context is excel_context:
                with excel_context(budget, save=True, service=surroundings) as workbook:
                    workbook["Plan"]["B2"] = number
        gc.collect()
        return len(gc.get_objects()), len(os.listdir("/proc/self/fd"))

    before, after = cycles(5), cycles(20)
    assert after[1] == before[1]
    assert after[0] - before[0] < 20


def test_two_threads_use_two_contexts(budget: Path, surroundings: Surroundings) -> None:
    """Each context has a workbook of its own; the later save of the two is refused."""
    opened, saved = threading.Event(), threading.Event()
    found: list[object] = []

    def other() -> None:
        try:
            with excel_context(budget, save=True, service=surroundings) as workbook:
                workbook["Plan"]["B3"] = 1
                opened.set()
                saved.wait()
        except SaveError as error:
            found.append(type(error).__name__)

    thread = threading.Thread(target=other)
    thread.start()
    opened.wait()
    with excel_context(budget, save=True, service=surroundings) as workbook:
        workbook["Plan"]["B2"] = 7
    saved.set()
    thread.join()
    assert found == ["ChangedOnDisk"]
    assert value_in(budget) == 7
