"""Openings and saves that fail: what they began must be undone."""

from __future__ import annotations

import resource
import signal
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import openpyxl
from openpyxl.worksheet.table import Table

from budgetinator import (
    ChangedOnDisk,
    ExcelManager,
    InvalidCellReference,
    InvalidCellValue,
    NotAWorkbook,
    SaveError,
    TargetReadOnly,
    ValuesOnly,
    WorkbookDamaged,
    WorkbookEncrypted,
    WorkbookNotFound,
    WorkbookRefused,
    WorksheetNotFound,
    WouldLose,
    excel_context,
    safe_excel_context,
)
from tests.leaks.ground import Ground, Operation, refused

__all__ = ["OPERATIONS"]


def open_a_missing_file(ground: Ground) -> None:
    with (
        refused(WorkbookNotFound),
        excel_context(ground.missing, service=ground.runtime.surroundings),
    ):
        pass


def open_a_damaged_file(ground: Ground) -> None:
    with (
        refused(WorkbookDamaged),
        excel_context(ground.damaged, service=ground.runtime.surroundings),
    ):
        pass


def open_a_damaged_file_safely(ground: Ground) -> None:
    with (
        refused(WorkbookDamaged),
        safe_excel_context(ground.damaged, delay=0, service=ground.runtime.surroundings),
    ):
        pass


def open_an_encrypted_file(ground: Ground) -> None:
    with (
        refused(WorkbookEncrypted),
        excel_context(ground.encrypted, service=ground.runtime.surroundings),
    ):
        pass


def open_a_text_file(ground: Ground) -> None:
    with refused(NotAWorkbook), excel_context(ground.text, service=ground.runtime.surroundings):
        pass


def open_a_folder(ground: Ground) -> None:
    with refused(NotAWorkbook), excel_context(ground.folder, service=ground.runtime.surroundings):
        pass


def open_what_is_refused(ground: Ground) -> None:
    path = ground.folder / "bomb.xlsx"
    if not path.exists():
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            with zipfile.ZipFile(ground.budget) as sound:
                for name in sound.namelist():
                    archive.writestr(name, sound.read(name))
            archive.writestr("xl/worksheets/sheet9.xml", b" " * 40_000_000)
    with refused(WorkbookRefused), excel_context(path, service=ground.runtime.surroundings):
        pass


def use_a_pool_for_a_missing_file(ground: Ground) -> None:
    with refused(WorkbookNotFound):
        ground.runtime.resource_manager.get_manager(ground.missing).workbook  # noqa: B018


def ask_for_a_missing_sheet(ground: Ground) -> None:
    with managed(ground) as manager, refused(WorksheetNotFound):
        manager.get_sheet_by_name("Nothing")


def set_what_no_cell_can_hold(ground: Ground) -> None:
    with managed(ground) as manager:
        with refused(InvalidCellValue):
            manager.set_cells({"Budget!B1": object()})  # type: ignore[dict-item]
        with refused(InvalidCellReference):
            manager.set_cells({"Budget!1B": 5})


@contextmanager
def managed(ground: Ground) -> Iterator[ExcelManager]:
    """A manager that is left with its changes thrown away."""
    manager = ExcelManager(ground.budget, service=ground.runtime.surroundings)
    try:
        yield manager
    finally:
        manager.force_close()


def save_what_would_be_lost(ground: Ground) -> None:
    """A heading of a table is written in the table's own part as well."""
    path = ground.folder / "table.xlsx"
    if not path.exists():
        book = openpyxl.load_workbook(ground.budget)
        book["Notes"].append(["of both"])
        book["Notes"].add_table(Table(displayName="Agreed", ref="A1:A2"))
        book.save(path)
    manager = ExcelManager(path, service=ground.runtime.surroundings)
    with refused(WouldLose):
        manager.set_cells({"Notes!A1": "other"})
        manager.save()
    manager.force_close()


def save_over_anothers_change(ground: Ground) -> None:
    with managed(ground) as manager:
        manager.set_cells({"Budget!B1": next(ground.numbers)})
        ground.budget.write_bytes(changed(ground))
        with refused(ChangedOnDisk):
            manager.save()


def changed(ground: Ground) -> bytes:
    """The bytes of a workbook that differs from the last one."""
    with ExcelManager(ground.others[0], service=ground.runtime.surroundings) as manager:
        manager.set_cells({"Budget!B1": next(ground.numbers)})
        manager.save()
    return ground.others[0].read_bytes()


def save_to_a_read_only_file(ground: Ground) -> None:
    with managed(ground) as manager:
        manager.set_cells({"Budget!B1": next(ground.numbers)})
        ground.budget.chmod(0o444)
        try:
            with refused(TargetReadOnly):
                manager.save()
        finally:
            ground.budget.chmod(0o644)


def save_values_only(ground: Ground) -> None:
    manager = ExcelManager(ground.budget, data_only=True, service=ground.runtime.surroundings)
    manager.workbook["Budget"]["B1"] = next(ground.numbers)
    with refused(ValuesOnly):
        manager.save()
    manager.force_close()


def patch_on_a_full_disk(ground: Ground) -> None:
    with managed(ground) as manager:
        manager.set_cells({"Budget!A9": NOISE})
        with refused(SaveError), files_limited_to(2_000):
            manager.save()


def rewrite_on_a_full_disk(ground: Ground) -> None:
    with managed(ground) as manager:
        manager.workbook["Budget"]["A9"] = NOISE
        manager.workbook["Budget"].column_dimensions["A"].width = 20
        with refused(SaveError), files_limited_to(2_000):
            manager.save()


NOISE = "".join(chr(40 + (7 * number * number) % 83) for number in range(30_000))


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """No file may become larger, as on a full disk."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


OPERATIONS: Mapping[str, Operation] = {
    "opening a file that is not there": open_a_missing_file,
    "opening a damaged file": open_a_damaged_file,
    "opening a damaged file in safe_excel_context": open_a_damaged_file_safely,
    "opening an encrypted file": open_an_encrypted_file,
    "opening a text file": open_a_text_file,
    "opening a folder": open_a_folder,
    "opening a file that is refused": open_what_is_refused,
    "a lease on a file that is not there": use_a_pool_for_a_missing_file,
    "a sheet that is not there": ask_for_a_missing_sheet,
    "a value and a reference that are refused": set_what_no_cell_can_hold,
    "a save that would lose something": save_what_would_be_lost,
    "a save over another program's change": save_over_anothers_change,
    "a save to a read-only file": save_to_a_read_only_file,
    "a save of values only": save_values_only,
    "set cells saved on a full disk": patch_on_a_full_disk,
    "a changed workbook saved on a full disk": rewrite_on_a_full_disk,
}
