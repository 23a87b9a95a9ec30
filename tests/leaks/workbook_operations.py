"""Every way to open, edit, save and close a workbook."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping

from budgetinator import (
    ExcelManager,
    ExcelResourceTracker,
    ResourceManager,
    UnsavedChangesWarning,
    describe,
    excel_context,
    memory_monitored_context,
    memory_safe_bulk_context,
    read_only_excel_context,
    safe_excel_context,
    write_excel_context,
)
from tests.leaks.ground import Ground, Operation, refused

__all__ = ["OPERATIONS"]


def touch_in_excel_context(ground: Ground) -> None:
    with excel_context(ground.budget, service=ground.runtime.surroundings) as workbook:
        assert workbook["Budget"]["A1"].value == "Travel"


def edit_in_excel_context(ground: Ground) -> None:
    with excel_context(ground.budget, save=True, service=ground.runtime.surroundings) as workbook:
        workbook["Budget"]["B1"] = next(ground.numbers)


def rebuild_in_excel_context(ground: Ground) -> None:
    with excel_context(ground.budget, save=True, service=ground.runtime.surroundings) as workbook:
        sheet = workbook.create_sheet("More")
        sheet["A1"] = next(ground.numbers)
        workbook.remove(sheet)
        workbook["Budget"].column_dimensions["A"].width = 10 + next(ground.numbers) % 7


def leave_changes_behind(ground: Ground) -> None:
    with (
        refused(UnsavedChangesWarning),
        excel_context(ground.budget, service=ground.runtime.surroundings) as workbook,
    ):
        workbook["Budget"]["B1"] = next(ground.numbers)


def leave_by_an_exception(ground: Ground) -> None:
    with (
        refused(ZeroDivisionError),
        excel_context(ground.budget, save=True, service=ground.runtime.surroundings) as workbook,
    ):
        workbook["Budget"]["B1"] = next(ground.numbers)
        raise ZeroDivisionError


def edit_in_safe_excel_context(ground: Ground) -> None:
    with safe_excel_context(
        ground.budget, save=True, service=ground.runtime.surroundings
    ) as workbook:
        workbook["Budget"]["B1"] = next(ground.numbers)


def read_in_read_only_context(ground: Ground) -> None:
    with read_only_excel_context(ground.budget, service=ground.runtime.surroundings) as workbook:
        for sheet in workbook.worksheets:
            assert list(sheet.iter_rows(values_only=True))


def make_in_write_excel_context(ground: Ground) -> None:
    ground.missing.unlink(missing_ok=True)
    with write_excel_context(ground.missing, service=ground.runtime.surroundings) as workbook:
        workbook.worksheets[0]["A1"] = next(ground.numbers)
    ground.missing.unlink()


def walk_in_bulk_context(ground: Ground) -> None:
    with memory_safe_bulk_context(
        ground.others, max_open=1, service=ground.runtime.surroundings
    ) as workbooks:
        for workbook in workbooks.values():
            assert workbook["Budget"]["A1"].value == "Travel"


def save_in_bulk_context(ground: Ground) -> None:
    with memory_safe_bulk_context(
        ground.others[:2], save=True, service=ground.runtime.surroundings
    ) as workbooks:
        for workbook in workbooks.values():
            workbook["Budget"]["B1"] = next(ground.numbers)


def open_in_memory_monitored_context(ground: Ground) -> None:
    monitor = ground.runtime.memory_monitor
    with memory_monitored_context(
        "open", file_path=ground.budget, monitor=monitor, service=ground.runtime.surroundings
    ):
        pass


def manage(ground: Ground) -> ExcelManager:
    return ExcelManager(ground.budget, service=ground.runtime.surroundings)


def ask_a_manager(ground: Ground) -> None:
    with manage(ground) as manager:
        assert manager.sheet_names == ["Budget", "Notes"]
        manager.get_memory_usage()
        manager.get_memory_info()
        manager.get_file_info()
        assert manager.get_sheet_by_name("Budget").title == "Budget"


def never_open_what_a_manager_could(ground: Ground) -> None:
    manage(ground).close()


def drop_a_manager(ground: Ground) -> None:
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        manage(ground).workbook["Budget"]["A1"].value  # noqa: B018 - read and let go of
        ground.runtime.service.tick()


def stream_values(ground: Ground) -> None:
    with manage(ground) as manager:
        assert len(list(manager.values("Budget"))) == 2
        manager.get_all_data()


def set_cells_and_save(ground: Ground) -> None:
    with manage(ground) as manager:
        manager.set_cells({"Budget!B1": next(ground.numbers), "Notes!A2": "more"})
        manager.save()


def set_cells_and_discard(ground: Ground) -> None:
    manager = manage(ground)
    manager.set_cells({"Budget!B1": next(ground.numbers)})
    manager.force_close()


def save_under_another_name(ground: Ground) -> None:
    with manage(ground) as manager:
        manager.workbook["Budget"]["B1"] = next(ground.numbers)
        manager.save(ground.folder / "copy.xlsx")
        manager.reload()


def save_as_openpyxl_does(ground: Ground) -> None:
    with manage(ground) as manager:
        manager.workbook["Budget"]["B1"] = next(ground.numbers)
        manager.workbook.save(str(ground.budget))


def save_twice(ground: Ground) -> None:
    with manage(ground) as manager:
        for _ in range(2):
            manager.workbook["Budget"]["B1"] = next(ground.numbers)
            manager.save()


def create_and_remove_sheets(ground: Ground) -> None:
    with manage(ground) as manager:
        manager.create_sheet("More")
        manager.remove_sheet("More")
        manager.save()


def create_a_workbook(ground: Ground) -> None:
    path = ground.folder / f"new{next(ground.numbers)}.xlsx"
    with ExcelManager.create(path, service=ground.runtime.surroundings) as manager:
        manager.active_sheet["A1"] = 1
        manager.save()
    path.unlink()


def evict_and_open_again(ground: Ground) -> None:
    with manage(ground) as manager:
        manager.workbook  # noqa: B018 - opened, and let go of
        assert ground.runtime.close_idle() == 1
        assert manager.workbook["Budget"]["A1"].value == "Travel"


def ask_what_would_be_lost(ground: Ground) -> None:
    with manage(ground) as manager:
        manager.workbook["Budget"]["B1"] = next(ground.numbers)
        manager.lossy()
        manager.reload()


def describe_a_file(ground: Ground) -> None:
    describe(ground.budget)


def share_a_manager(ground: Ground) -> None:
    pool: ResourceManager = ground.runtime.resource_manager
    with pool.get_manager(ground.budget) as first, pool.get_manager(ground.budget) as second:
        assert first.workbook is second.workbook


def forget_a_lease(ground: Ground) -> None:
    pool: ResourceManager = ground.runtime.resource_manager
    pool.get_manager(ground.budget).workbook["Budget"]
    pool.cleanup_all()


def release_by_path(ground: Ground) -> None:
    pool: ResourceManager = ground.runtime.resource_manager
    pool.get_manager(ground.budget)
    assert pool.release_manager(ground.budget)
    pool.cleanup_all()
    pool.get_resource_stats()


def track_with_the_tracker(ground: Ground) -> None:
    tracker: ExcelResourceTracker = ground.runtime.excel_tracker
    with manage(ground) as manager:
        tracker.track_workbook(ground.budget, manager.workbook)
        tracker.untrack_workbook(ground.budget)
    tracker.track_file(ground.text)
    tracker.untrack_file(ground.text)
    temporary = ground.folder / "temporary.xlsx"
    shutil.copy(ground.budget, temporary)
    tracker.track_temp_file(temporary)
    assert tracker.cleanup_temp_files() == 1


def stream_with_the_tracker(ground: Ground) -> None:
    tracker: ExcelResourceTracker = ground.runtime.excel_tracker
    operation = tracker.start_streaming_operation("rows", total=10)
    tracker.update_streaming_progress(operation, 5)
    tracker.get_stats()
    tracker.finish_streaming_operation(operation)


OPERATIONS: Mapping[str, Operation] = {
    "excel_context, a sheet touched": touch_in_excel_context,
    "excel_context, a cell changed and saved": edit_in_excel_context,
    "excel_context, sheets and widths changed and saved": rebuild_in_excel_context,
    "excel_context, left with unsaved changes": leave_changes_behind,
    "excel_context, left by an exception": leave_by_an_exception,
    "safe_excel_context, a cell changed and saved": edit_in_safe_excel_context,
    "read_only_excel_context, all rows read": read_in_read_only_context,
    "write_excel_context, a new file": make_in_write_excel_context,
    "memory_safe_bulk_context, three files, one open at once": walk_in_bulk_context,
    "memory_safe_bulk_context, two files saved": save_in_bulk_context,
    "memory_monitored_context, a file opened": open_in_memory_monitored_context,
    "ExcelManager, asked everything": ask_a_manager,
    "ExcelManager, never opened": never_open_what_a_manager_could,
    "ExcelManager, dropped without being closed": drop_a_manager,
    "ExcelManager, values streamed": stream_values,
    "ExcelManager, set_cells and save": set_cells_and_save,
    "ExcelManager, set_cells and force_close": set_cells_and_discard,
    "ExcelManager, saved under another name and reloaded": save_under_another_name,
    "ExcelManager, saved by openpyxl's own method": save_as_openpyxl_does,
    "ExcelManager, saved twice": save_twice,
    "ExcelManager, sheets created and removed": create_and_remove_sheets,
    "ExcelManager, a new workbook": create_a_workbook,
    "ExcelManager, evicted and opened again": evict_and_open_again,
    "ExcelManager, asked what would be lost": ask_what_would_be_lost,
    "describe": describe_a_file,
    "pool, one manager shared by two leases": share_a_manager,
    "pool, a lease forgotten": forget_a_lease,
    "pool, released by path": release_by_path,
    "tracker, a workbook, a file and a temporary file": track_with_the_tracker,
    "tracker, a streaming operation": stream_with_the_tracker,
}
