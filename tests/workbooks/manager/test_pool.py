from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openpyxl
import pytest

from budgetinator.errors import (
    ChangedOnDisk,
    UnsavedChangesWarning,
    WorkbookClosed,
    WorkbookNotFound,
    WrongThread,
)
from budgetinator.workbooks import ResourceManager
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.manager.making import make_budget


@pytest.fixture
def pool(surroundings: Surroundings) -> Iterator[ResourceManager]:
    with ResourceManager(surroundings, max_idle=2) as pool:
        yield pool


def change_elsewhere(path: Path, value: object) -> None:
    book = openpyxl.load_workbook(path)
    book["Plan"]["A1"] = value
    book.save(path)


def test_one_manager_for_all_who_ask(pool: ResourceManager, budget: Path) -> None:
    """Two leases share one manager and one workbook; the last one back leaves it for the next."""
    one, two = pool.get_manager(budget), pool.get_manager(budget)
    assert one.manager is two.manager
    assert one.workbook is two.workbook
    one.release()
    one.release()
    assert two.active_sheet.title == "Plan"
    two.release()
    with pool.get_manager(budget) as three:
        assert three.is_open
    stats = pool.get_resource_stats()
    assert (stats["hits"], stats["misses"], stats["total_resources"]) == (2, 1, 1)
    assert (stats["active_managers"], stats["active_files"]) == (1, [str(budget)])
    assert stats["memory_mb"] > 0


def test_simultaneous_callers_share_one_opening(pool: ResourceManager, budget: Path) -> None:
    """Eight threads that ask at once get the same manager."""
    barrier = threading.Barrier(8)

    def ask() -> object:
        barrier.wait()
        with pool.get_manager(budget) as lease:
            return lease.manager

    with ThreadPoolExecutor(8) as threads:
        managers = {id(future.result()) for future in [threads.submit(ask) for _ in range(8)]}
    assert len(managers) == 1
    assert pool.get_resource_stats()["misses"] == 1


def test_a_given_back_lease_raises(pool: ResourceManager, budget: Path) -> None:
    """After its release a lease cannot be used; the others can."""
    lease, other = pool.get_manager(budget), pool.get_manager(budget)
    lease.close()
    with pytest.raises(WorkbookClosed):
        _ = lease.workbook
    assert lease.is_released
    assert other.active_sheet.title == "Plan"


def test_one_file_by_many_spellings(
    pool: ResourceManager, budget: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path, a link and the full path share a manager."""
    monkeypatch.chdir(budget.parent)
    link = budget.parent / "link.xlsx"
    link.symlink_to(budget)
    leases = [
        pool.get_manager(path)
        for path in (budget, "budget.xlsx", link, f"../budgets/{budget.name}")
    ]
    assert len({id(lease.manager) for lease in leases}) == 1


def test_different_files_are_never_confused(pool: ResourceManager, budget: Path) -> None:
    """Hard links, names that differ in case, and another mode have managers of their own."""
    hard, upper = budget.parent / "BUDGET.xlsx", make_budget(budget.parent / "Budget.xlsx")
    os.link(budget, hard)
    leases = [pool.get_manager(path) for path in (budget, hard, upper)]
    leases.append(pool.get_manager(budget, read_only=True))
    assert len({id(lease.manager) for lease in leases}) == 4


def test_an_inode_taken_again_is_another_file(pool: ResourceManager, folder: Path) -> None:
    """A file that is deleted and made anew under another name is not the old one."""
    first = make_budget(folder / "first.xlsx")
    lease = pool.get_manager(first)
    _ = lease.workbook
    first.unlink()
    second = make_budget(folder / "second.xlsx")
    assert pool.get_manager(second).manager is not lease.manager


def test_a_changed_file_gets_a_fresh_manager(pool: ResourceManager, budget: Path) -> None:
    """A clean manager whose file another program changed is replaced; who holds it keeps it."""
    old = pool.get_manager(budget)
    assert old.active_sheet["A1"].value == "Item"
    change_elsewhere(budget, "theirs")
    new = pool.get_manager(budget)
    assert new.active_sheet["A1"].value == "theirs"
    assert old.active_sheet["A1"].value == "Item"
    manager = old.manager
    old.release()
    assert manager.is_closed
    assert not new.manager.is_closed


def test_changes_are_not_replaced(pool: ResourceManager, budget: Path) -> None:
    """A manager with changes whose file another program changed stands in the way, and says so."""
    lease = pool.get_manager(budget)
    lease.active_sheet["A1"] = "mine"
    change_elsewhere(budget, "theirs")
    with pytest.raises(ChangedOnDisk):
        pool.get_manager(budget)
    lease.save(budget.parent / "mine.xlsx")
    lease.release()
    pool.release_manager(budget)
    assert pool.get_manager(budget).active_sheet["A1"].value == "theirs"


def test_a_lease_is_bound_to_its_thread_as_long_as_it_lasts(
    pool: ResourceManager, budget: Path
) -> None:
    """The first thread to use the workbook has it until its leases are back, then the next."""
    lease, other = pool.get_manager(budget), pool.get_manager(budget)
    _ = lease.workbook
    with ThreadPoolExecutor(1) as thread:

        def use() -> str:
            with pool.get_manager(budget) as theirs:
                return theirs.active_sheet.title

        with pytest.raises(WrongThread):
            thread.submit(use).result()
        lease.release()
        with pytest.raises(WrongThread):
            thread.submit(use).result()
        other.release()
        assert thread.submit(use).result() == "Plan"
        assert pool.get_manager(budget).active_sheet.title == "Plan"


def test_changes_stay_with_the_shared_manager(pool: ResourceManager, budget: Path) -> None:
    """What was changed and not saved is there for the next lease, and survives all idle ones."""
    with pool.get_manager(budget) as lease:
        lease.active_sheet["A1"] = "mine"
    for number in range(4):
        path = make_budget(budget.parent / f"{number}.xlsx")
        with pool.get_manager(path) as lease:
            _ = lease.workbook
    assert pool.get_resource_stats()["active_managers"] == 3
    with pool.get_manager(budget) as lease:
        assert lease.active_sheet["A1"].value == "mine"
        lease.save()


def test_a_forgotten_lease_counts_as_given_back(pool: ResourceManager, budget: Path) -> None:
    """A lease that is collected no longer keeps the manager open."""
    lease = pool.get_manager(budget)
    _ = lease.workbook
    del lease
    gc.collect()
    assert pool.release_manager(budget)
    assert pool.get_resource_stats()["active_managers"] == 0


def test_release_manager_closes_what_nobody_else_holds(pool: ResourceManager, budget: Path) -> None:
    """Seed 004's pair: with another lease outstanding it closes nothing yet."""
    mine, other = pool.get_manager(budget), pool.get_manager(budget)
    manager = mine.manager
    assert not pool.release_manager(budget)
    assert not manager.is_closed
    assert pool.release_manager(budget)
    assert manager.is_closed
    assert (mine.is_released, other.is_released) == (True, True)
    assert not pool.release_manager(budget)


def test_releasing_changes_warns(pool: ResourceManager, budget: Path) -> None:
    """Dropping unsaved changes is said, at the line that does it."""
    lease = pool.get_manager(budget)
    lease.active_sheet["A1"] = "mine"
    with pytest.warns(UnsavedChangesWarning) as caught:
        pool.release_manager(budget)
    assert caught[0].filename == __file__


def test_cleanup_runs_everything(surroundings: Surroundings, budget: Path) -> None:
    """Callbacks last in, first out, one that fails included; every manager is closed."""
    pool, calls = ResourceManager(surroundings), []
    lease = pool.get_manager(budget)
    _ = lease.workbook
    pool.register_cleanup_callback(lambda: calls.append("first"))
    pool.register_cleanup_callback(lambda: 1 / 0)
    undo = pool.register_cleanup_callback(lambda: calls.append("undone"))
    pool.register_cleanup_callback(lambda: calls.append("last"))
    undo()
    undo()
    with pytest.raises(ExceptionGroup) as caught:
        pool.cleanup_all()
    assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError]
    assert calls == ["last", "first"]
    assert lease.is_closed
    pool.cleanup_all()


def test_a_missing_file_is_told_at_its_use(pool: ResourceManager, folder: Path) -> None:
    """A lease on a file that is not there can be had; once it is there, it can be used."""
    path = folder / "later.xlsx"
    with pool.get_manager(path) as lease, pytest.raises(WorkbookNotFound):
        _ = lease.workbook
    make_budget(path)
    with pool.get_manager(path) as lease:
        assert lease.active_sheet.title == "Plan"


def test_a_closed_manager_is_replaced(pool: ResourceManager, budget: Path) -> None:
    """A manager that the service closed is not lent again."""
    lease = pool.get_manager(budget)
    _ = lease.workbook
    pool_service_closes(lease)
    assert pool.get_manager(budget).active_sheet.title == "Plan"


def pool_service_closes(lease: object) -> None:
    manager = lease.manager  # type: ignore[attr-defined]
    manager.custody.surroundings.service.cleanup_component(manager)
