"""Seed 004: workbooks opened, held and let go, each example as it is printed."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from budgetinator.errors import UnsavedChangesWarning
from tests.seeds.printed import run_printed
from utils import excel_manager as door
from utils.excel_manager import ExcelManager, excel_context, memory_safe_bulk_context

logger = logging.getLogger("printed")


def _first_cell(path: Path) -> object:
    with excel_context(path) as wb:
        return wb["Budget"]["A1"].value


def test_the_manager_measures_and_the_context_closes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Basic usage; what the block changed and did not save is dropped with a warning."""
    with pytest.warns(UnsavedChangesWarning, match=r"file\.xlsx was closed with changes"):
        names = run_printed("""
from utils.excel_manager import ExcelManager, excel_context

# Basic usage with memory tracking
excel = ExcelManager("file.xlsx")
memory_info = excel.get_memory_usage()
print(f"Memory usage: {memory_info['process_memory_mb']}MB")

# Force cleanup
excel.force_close()

# Context manager usage
with excel_context("file.xlsx") as wb:
    sheet = wb.active
    sheet['A1'] = "Data"
# Workbook automatically closed
""")

    assert float(capsys.readouterr().out.removeprefix("Memory usage: ").strip("MB\n")) > 1
    assert names["memory_info"]["file_path"] == "file.xlsx"
    assert names["excel"].is_closed
    assert _first_cell(folder / "file.xlsx") == "Travel"


def test_the_contexts_hand_out_one_workbook_or_many(folder: Path) -> None:
    """Single file, bulk and monitored; of the bulk each file is there once, in order."""
    names = run_printed("""
from utils.excel_manager import (
    excel_context,
    memory_safe_bulk_context,
    memory_monitored_context
)

# Single file context
with excel_context("file.xlsx") as wb:
    # Process file
    pass

# Bulk file context
files = ["file1.xlsx", "file2.xlsx", "file3.xlsx"]
with memory_safe_bulk_context(files) as workbooks:
    for file_path, wb in workbooks.items():
        # Process each file
        pass

# Memory monitored context
with memory_monitored_context("operation_name"):
    # Memory usage will be tracked
    pass
""")

    assert names["file_path"] == "file3.xlsx"
    assert _is_closed(names["wb"])


def _is_closed(workbook: object) -> bool:
    try:
        workbook.sheetnames  # type: ignore[attr-defined]  # noqa: B018
    except ValueError:
        return True
    return False


def test_shared_managers_are_lent_counted_and_released(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lease opens nothing by itself: "Active resources" are workbooks that are open."""
    names = run_printed("""
from utils.resource_cleanup import resource_manager

# Get resource manager
manager = resource_manager.get_manager("file.xlsx")

# Get resource statistics
stats = resource_manager.get_resource_stats()
print(f"Active resources: {stats['total_resources']}")

# Release specific resource
resource_manager.release_manager("file.xlsx")
""")

    assert capsys.readouterr().out == "Active resources: 0\n"
    assert names["stats"]["active_managers"] == 1
    assert names["manager"].is_released
    assert door.resource_manager.get_resource_stats()["active_managers"] == 0


def test_always_use_context_managers(folder: Path) -> None:
    """After the first way nothing is open; the second one has to be closed by hand."""
    with pytest.warns(UnsavedChangesWarning):
        names = run_printed(
            """
# Good
with excel_context("file.xlsx") as wb:
    sheet = wb.active
    sheet['A1'] = "Data"

# Avoid
excel = ExcelManager("file.xlsx")
sheet = excel.active_sheet
sheet['A1'] = "Data"
# Manual cleanup required
""",
            ExcelManager=ExcelManager,
            excel_context=excel_context,
        )

    excel = names["excel"]
    assert _is_closed(names["wb"])
    assert (excel.is_open, excel.is_modified) == (True, True)
    excel.force_close()


def test_bulk_operations_for_many_files(folder: Path) -> None:
    """The bulk context and a context for each file visit the same files."""
    visited: list[str] = []

    names = run_printed(
        """
# Good - bulk context
files = ["file1.xlsx", "file2.xlsx", "file3.xlsx"]
with memory_safe_bulk_context(files) as workbooks:
    for file_path, wb in workbooks.items():
        # Process file
        pass

# Avoid - individual contexts
for file in files:
    with excel_context(file) as wb:
        # Process file
        pass
""",
        excel_context=excel_context,
        memory_safe_bulk_context=memory_safe_bulk_context,
    )
    with memory_safe_bulk_context(names["files"]) as workbooks:
        visited += [f"{path} {wb.sheetnames[0]}" for path, wb in workbooks.items()]

    assert visited == ["file1.xlsx Budget", "file2.xlsx Budget", "file3.xlsx Budget"]
    assert _is_closed(names["wb"])


def test_batches_are_processed_one_after_the_other(folder: Path) -> None:
    """Each workbook is open while it is processed, and closed after that."""
    open_then: list[bool] = []

    names = run_printed(
        """
# Process multiple files efficiently
files = get_files_to_process()
with memory_safe_bulk_context(files) as workbooks:
    for file_path, wb in workbooks.items():
        process_workbook(wb)
""",
        get_files_to_process=lambda: sorted(folder.glob("file?.xlsx")),
        memory_safe_bulk_context=memory_safe_bulk_context,
        process_workbook=lambda wb: open_then.append(wb.sheetnames == ["Budget"]),
    )

    assert open_then == [True, True, True]
    assert _is_closed(names["wb"])


def test_a_large_file_is_read_when_its_data_are_touched(folder: Path) -> None:
    """`read_only=True` opens nothing until then, and loads no whole sheet after it."""
    excel = run_printed(
        """
# Use lazy loading for large files
excel = ExcelManager("large_file.xlsx", read_only=True)
# Only loads data when accessed
""",
        ExcelManager=ExcelManager,
    )["excel"]

    before = excel.is_open
    rows = [row[0].value for row in excel.workbook["Budget"].iter_rows()]
    excel.close()

    assert before is False
    assert rows == ["Travel", "Total"]


def test_the_resource_manager_reuses_an_instance(folder: Path) -> None:
    """Two leases on one file are two rights to one manager, by whatever spelling of its path."""
    block = """
# Use resource manager for pooling
manager = resource_manager.get_manager("file.xlsx")
# Reuses existing instance if available
"""

    first = run_printed(block, resource_manager=door.resource_manager)["manager"]
    second = run_printed(block, resource_manager=door.resource_manager)["manager"]
    other = door.resource_manager.get_manager(folder / "file.xlsx")

    assert first.manager is second.manager is other.manager
    assert first.workbook is second.workbook
    for lease in (first, second, other):
        lease.release()
    door.resource_manager.release_manager("file.xlsx")
