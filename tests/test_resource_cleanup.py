"""What an ExcelManager holds in memory, and that it gives it back.

Seed 004 imports the test case from here, so that a program can run it beside its
own tests: `from tests.test_resource_cleanup import TestExcelManagerMemoryManagement`.
"""

# ruff: noqa: PT009, PT027 - it must run where there is no pytest

from __future__ import annotations

import gc
import os
import tempfile
import unittest
import warnings
import weakref
from pathlib import Path

from openpyxl import Workbook

from budgetinator.errors import UnsavedChangesWarning, WorkbookClosed
from budgetinator.resources import ResourceManagementService
from utils.excel_manager import ExcelManager, excel_context

ROWS, COLUMNS = 200, 20


def _make_budget(path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.create_sheet("Budget", 0)
    for row in range(ROWS):
        sheet.append([row * column for column in range(COLUMNS)])
    workbook.save(path)
    workbook.close()


def _open_descriptors(path: Path) -> int:
    """How many descriptors of this process are on the file, 0 where that cannot be seen."""
    folder = Path("/proc/self/fd")
    found = 0
    for entry in folder.iterdir() if folder.is_dir() else ():
        try:
            found += os.path.samefile(entry, path)
        except OSError:  # a descriptor of something else, or the listing's own
            continue
    return found


class TestExcelManagerMemoryManagement(unittest.TestCase):
    """The memory of one ExcelManager, with a service and a file of its own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "budget.xlsx")
        _make_budget(self.path)
        self.service = ResourceManagementService()
        self.addCleanup(self.service.close)

    def manager(self) -> ExcelManager:
        manager = ExcelManager(self.path, service=self.service)
        self.addCleanup(manager.force_close)
        return manager

    def test_nothing_is_held_before_the_first_use(self) -> None:
        """Made, a manager has opened nothing."""
        manager = self.manager()

        usage = manager.get_memory_usage()

        self.assertFalse(usage["is_open"])
        self.assertEqual(usage["workbook_memory_mb"], 0)
        self.assertEqual(self.service.get_resource_count(), {})

    def test_memory_usage_names_the_file_and_both_sizes(self) -> None:
        """The four keys of `get_memory_usage`, in MB of 1024 * 1024 bytes."""
        manager = self.manager()
        manager.active_sheet.cell(1, 1)

        usage = manager.get_memory_usage()

        self.assertEqual(
            set(usage), {"process_memory_mb", "workbook_memory_mb", "file_path", "is_open"}
        )
        self.assertEqual((usage["file_path"], usage["is_open"]), (str(self.path), True))
        self.assertGreater(usage["workbook_memory_mb"], ROWS * COLUMNS * 50 / 1024**2)
        self.assertGreater(usage["process_memory_mb"], usage["workbook_memory_mb"])

    def test_memory_info_has_the_usage_and_more(self) -> None:
        """`get_memory_info` tells what the usage has to be seen against."""
        manager = self.manager()
        manager.active_sheet.cell(1, 1)

        usage, info = manager.get_memory_usage(), manager.get_memory_info()

        self.assertLess(set(usage), set(info))
        self.assertEqual(info["workbook_memory_mb"], usage["workbook_memory_mb"])

    def test_an_open_workbook_is_a_tracked_resource_with_its_size(self) -> None:
        """The service counts it as a workbook, until it is closed."""
        manager = self.manager()
        manager.active_sheet.cell(1, 1)

        counted, held = self.service.get_resource_count(), self.service.snapshot().memory_bytes
        manager.close()

        self.assertEqual(counted, {"workbook": 1})
        self.assertGreater(held, 0)
        self.assertEqual(self.service.get_resource_count(), {})
        self.assertEqual(self.service.snapshot().memory_bytes, 0)

    def test_force_close_lets_go_whatever_was_changed(self) -> None:
        """No question, no warning, nothing saved; a second time does no harm."""
        manager = self.manager()
        manager.workbook["Budget"]["A1"] = "changed"
        before = self.path.read_bytes()

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            manager.force_close()
            manager.force_close()

        self.assertTrue(manager.is_closed)
        self.assertEqual(self.path.read_bytes(), before)
        self.assertEqual(self.service.get_resource_count(), {})

    def test_closing_with_unsaved_changes_warns(self) -> None:
        """`close` names the file whose changes are dropped."""
        manager = self.manager()
        manager.workbook["Budget"]["A1"] = "changed"

        with self.assertWarnsRegex(UnsavedChangesWarning, "budget.xlsx"):
            manager.close()

    def test_a_closed_manager_cannot_be_used(self) -> None:
        """Every use raises WorkbookClosed; the questions about memory are still answered."""
        manager = self.manager()
        manager.close()

        with self.assertRaises(WorkbookClosed):
            _ = manager.workbook
        self.assertFalse(manager.get_memory_usage()["is_open"])

    def test_a_with_block_closes_after_an_exception_too(self) -> None:
        """The exception comes out as it is, and nothing stays open."""
        with self.assertRaisesRegex(ZeroDivisionError, "mine"), self.manager() as manager:
            manager.workbook["Budget"]["A1"] = "changed"
            raise ZeroDivisionError("mine")

        self.assertTrue(manager.is_closed)
        self.assertEqual(self.service.get_resource_count(), {})

    def test_a_closed_workbook_is_collected(self) -> None:
        """Sheets and cells refer to each other: closing breaks the circles, no collector needed."""
        gc.collect()
        gc.disable()
        try:
            with excel_context(self.path, service=self.service) as workbook:
                reference = weakref.ref(workbook["Budget"])
                del workbook
            gone = reference() is None
        finally:
            gc.enable()

        self.assertTrue(gone)

    def test_the_file_is_not_kept_open(self) -> None:
        """No descriptor stays on the file after closing, in neither mode."""
        for read_only in (False, True):
            with self.subTest(read_only=read_only):
                manager = ExcelManager(self.path, read_only=read_only, service=self.service)
                sheets = manager.workbook.sheetnames
                manager.close()

                self.assertIn("Budget", sheets)
                self.assertEqual(_open_descriptors(self.path), 0)

    def test_many_cycles_keep_no_objects(self) -> None:
        """After a few rounds that fill the caches, opening and closing adds no object."""
        counts: list[int] = []

        for _ in range(12):
            with excel_context(self.path, service=self.service) as workbook:
                _ = workbook["Budget"]["A1"].value
            del workbook
            gc.collect()
            counts.append(len(gc.get_objects()))

        self.assertLess(counts[-1] - counts[4], 7 * 2)


if __name__ == "__main__":
    unittest.main()
