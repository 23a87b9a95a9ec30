from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import openpyxl
import pytest

from budgetinator.errors import (
    BudgetinatorError,
    ChangedOnDisk,
    LimitExceeded,
    UnsavedChangesWarning,
    WorkbookClosed,
    WorkbookNotFound,
    WorksheetNotFound,
    WrongThread,
)
from budgetinator.resources import ResourceManagementService, ResourceType
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.manager.conftest import Manage
from tests.workbooks.manager.making import descriptors_on, make_budget


def in_thread(call: object) -> object:
    """What the call returns or raises in a thread of its own."""
    found: list[object] = []

    def run() -> None:
        try:
            found.append(call())  # type: ignore[operator]
        except BudgetinatorError as error:
            found.append(error)

    thread = threading.Thread(target=run, name="other")
    thread.start()
    thread.join()
    return found[0]


def test_nothing_is_read_before_it_is_needed(manage: Manage, folder: Path) -> None:
    """A manager of a missing file can be made, and says so at its first use."""
    manager = manage(folder / "missing.xlsx")
    assert not manager.is_open
    with pytest.raises(WorkbookNotFound) as caught:
        _ = manager.workbook
    assert caught.value.path == str(folder / "missing.xlsx")


def test_the_sheets_are_told_without_openpyxl(budget: Path) -> None:
    """The names of the sheets are read without importing openpyxl."""
    code = (
        "import sys\n"
        "from budgetinator.resources import ResourceManagementService\n"
        "from budgetinator.workbooks import ExcelManager\n"
        f"manager = ExcelManager({str(budget)!r}, service=ResourceManagementService())\n"
        "print(manager.sheet_names, manager.is_open, 'openpyxl' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['Plan', 'Notes'] False False"


def test_an_open_workbook_is_a_tracked_resource(
    manage: Manage, budget: Path, service: ResourceManagementService
) -> None:
    """A loaded workbook is one WORKBOOK of a component, with a size; closing gives it back."""
    manager = manage(budget)
    _ = manager.workbook
    (component,) = service.snapshot().components
    (resource,) = component.resources.values()
    assert resource.resource_type is ResourceType.WORKBOOK
    assert component.component_id.startswith("ExcelManager_")
    assert (resource.size_bytes or 0) >= budget.stat().st_size
    manager.close()
    assert service.get_statistics()["components_registered"] == 0
    assert service.get_statistics()["active_resources"] == 0


@pytest.mark.parametrize("read_only", [False, True])
def test_closing_leaves_no_descriptor(manage: Manage, budget: Path, *, read_only: bool) -> None:
    """A closed manager has no file open, in either mode."""
    manager = manage(budget, read_only=read_only)
    _ = manager.active_sheet["A1"].value
    manager.close()
    assert descriptors_on(budget.parent) == []


def test_after_close_every_use_raises(manage: Manage, budget: Path) -> None:
    """A closed manager raises WorkbookClosed, and so does the workbook that it gave out."""
    manager = manage(budget)
    workbook = manager.workbook
    manager.close()
    manager.close()
    for use in (
        lambda: manager.workbook,
        lambda: manager.sheet_names,
        manager.save,
        lambda: manager.set_cells({"A1": 1}),
        lambda: manager.values("Plan"),
        lambda: workbook.active,
    ):
        with pytest.raises(WorkbookClosed):
            use()


def test_closing_with_changes_warns(manage: Manage, budget: Path) -> None:
    """Closing a changed workbook warns at the line of whoever closes it; a forced one does not."""
    manager = manage(budget)
    manager.active_sheet["A1"] = "changed"
    with pytest.warns(UnsavedChangesWarning, match=r"budget\.xlsx") as caught:
        manager.close()
    assert caught[0].filename == __file__
    forced = manage(budget)
    forced.active_sheet["A1"] = "changed"
    forced.force_close()


def test_a_forgotten_manager_gives_its_workbook_back(
    surroundings: Surroundings, budget: Path, expect_log: object
) -> None:
    """One that is collected unclosed warns where it was opened, and its workbook is closed."""
    expect_log("was collected while it held")  # type: ignore[operator]
    manager = ExcelManager(budget, service=surroundings)
    workbook = manager.workbook
    with pytest.warns(ResourceWarning, match=r"test_opening\.py:\d+ in test_a_forgotten"):
        del manager
    surroundings.service.tick()
    assert surroundings.service.get_statistics()["active_resources"] == 0
    with pytest.raises(WorkbookClosed):
        _ = workbook.active


def test_another_thread_is_refused(manage: Manage, budget: Path) -> None:
    """A workbook belongs to the thread that opened it; others may ask about it and close it."""
    manager = manage(budget)
    _ = manager.workbook
    assert isinstance(in_thread(lambda: manager.workbook), WrongThread)
    assert isinstance(in_thread(manager.save), WrongThread)
    assert isinstance(in_thread(lambda: manager.set_cells({"A1": 1})), WrongThread)
    assert in_thread(lambda: manager.get_memory_usage()["is_open"]) is True
    in_thread(manager.force_close)
    assert not manager.is_open


def test_a_workbook_can_be_handed_over(manage: Manage, budget: Path) -> None:
    """After `hand_over` the next thread that uses it owns it, and a dead owner is none."""
    manager = manage(budget)
    first = manager.workbook
    manager.hand_over()
    assert in_thread(lambda: manager.workbook) is first
    assert manager.workbook is first


def test_sheets_are_found_as_excel_finds_them(manage: Manage, budget: Path) -> None:
    """Sheet names compare without case, and a missing one names those that there are."""
    manager = manage(budget)
    assert manager.sheet_exists("plan")
    assert not manager.sheet_exists("Plans")
    assert manager.get_sheet_by_name("NOTES").title == "Notes"
    with pytest.raises(WorksheetNotFound) as caught:
        manager.get_sheet_by_name("Plans")
    assert caught.value.available == ("Plan", "Notes")


def test_what_is_told_of_file_and_memory(manage: Manage, budget: Path) -> None:
    """The dictionaries have seed 004's keys, and the file's real size."""
    manager = manage(budget)
    assert manager.get_memory_usage()["workbook_memory_mb"] == 0
    _ = manager.workbook
    usage = manager.get_memory_usage()
    assert usage["process_memory_mb"] > usage["workbook_memory_mb"] > 0
    assert (usage["file_path"], usage["is_open"]) == (str(budget), True)
    assert manager.get_memory_info()["file_size_mb"] == budget.stat().st_size / 1024**2
    info = manager.get_file_info()
    assert (info["size_bytes"], info["sheet_names"]) == (budget.stat().st_size, ["Plan", "Notes"])


def test_a_relative_path_keeps_its_meaning(
    manage: Manage, budget: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path means the file that it meant when the manager was made."""
    monkeypatch.chdir(budget.parent)
    manager = manage(budget.name)
    assert manager.file_path == "budget.xlsx"
    monkeypatch.chdir(tmp_path)
    manager.set_cells({"Plan!A1": "here"})
    manager.save()
    assert manager.file_path == str(budget)
    assert openpyxl.load_workbook(budget)["Plan"]["A1"].value == "here"
    assert os.listdir(tmp_path / "budgets") == ["budget.xlsx"]


def test_the_service_can_close_it(
    manage: Manage, budget: Path, service: ResourceManagementService
) -> None:
    """Cleaning the component up closes the workbook, and its manager with it."""
    manager = manage(budget)
    _ = manager.workbook
    service.cleanup_component(manager)
    assert not manager.is_open
    with pytest.raises(WorkbookClosed):
        _ = manager.workbook


@pytest.mark.parametrize("read_only", [False, True])
def test_a_refused_opening_leaves_nothing(
    manage: Manage, budget: Path, service: ResourceManagementService, *, read_only: bool
) -> None:
    """Where the service refuses the memory, nothing stays open, and a later try succeeds."""
    service.set_global_memory_limit(1000, policy="refuse")
    manager = manage(budget, read_only=read_only)
    with pytest.raises(LimitExceeded):
        _ = manager.workbook
    assert not manager.is_open
    assert descriptors_on(budget.parent) == []
    assert service.get_statistics()["active_resources"] == 0
    service.set_global_memory_limit(None)
    assert manager.active_sheet.title == "Plan"


class TestEviction:
    """Memory pressure: a limit with the policy "evict" that one workbook fits in, not two."""

    @pytest.fixture
    def second(self, budget: Path, service: ResourceManagementService) -> Path:
        service.set_global_memory_limit(300 * 1024, low_bytes=0, policy="evict")
        return make_budget(budget.parent / "second.xlsx")

    @pytest.fixture(autouse=True)
    def _expected(self, expect_log: object) -> None:
        expect_log("exceeded memory limit")  # type: ignore[operator]

    def test_an_idle_clean_workbook_goes(self, manage: Manage, budget: Path, second: Path) -> None:
        """It is closed, and opened again when it is next used."""
        first, other = manage(budget), manage(second)
        assert first.active_sheet["A1"].value == "Item"
        _ = other.workbook
        assert (first.is_open, other.is_open) == (False, True)
        assert first.active_sheet["A1"].value == "Item"

    def test_one_with_changes_stays(self, manage: Manage, budget: Path, second: Path) -> None:
        """What holds changes is never closed, loaded or not."""
        first, other = manage(budget), manage(second)
        first.active_sheet["A1"] = "changed"
        _ = other.workbook
        assert first.is_open
        assert first.active_sheet["A1"].value == "changed"

    def test_one_in_use_stays(self, manage: Manage, budget: Path, second: Path) -> None:
        """What somebody holds stays, be it the workbook, a sheet or a single cell."""
        first, other = manage(budget), manage(second)
        for hold in (
            lambda: first.workbook,
            lambda: first.active_sheet,
            lambda: first.active_sheet["A1"],
            lambda: first.active_sheet.column_dimensions,
        ):
            held = hold()
            _ = other.workbook
            assert first.is_open
            other.reload()
            del held

    def test_another_threads_workbook_stays(
        self, manage: Manage, budget: Path, second: Path
    ) -> None:
        """A workbook in a living thread's hands is not taken from it."""
        first, other = manage(budget), manage(second)
        assert first.active_sheet["A1"].value == "Item"
        in_thread(lambda: other.workbook)
        assert first.is_open

    def test_a_file_changed_meanwhile_is_told(
        self, manage: Manage, budget: Path, second: Path
    ) -> None:
        """Reopening notices that the file is another one now, and `reload` takes it."""
        first, other = manage(budget), manage(second)
        assert first.active_sheet["A1"].value == "Item"
        _ = other.workbook
        assert not first.is_open
        book = openpyxl.load_workbook(budget)
        book["Plan"]["A1"] = "other"
        book.save(budget)
        with pytest.raises(ChangedOnDisk):
            _ = first.workbook
        first.reload()
        assert first.active_sheet["A1"].value == "other"
