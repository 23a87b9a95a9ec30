"""Seed 004: exceptions and the common leaks, each example as it is printed."""

from __future__ import annotations

import gc
import logging
import weakref
from pathlib import Path

import pytest

from budgetinator.runtime import default_runtime
from tests.seeds.printed import run_printed
from tests.support.logs import ExpectLog
from utils.excel_manager import ExcelManager, excel_context

logger = logging.getLogger("printed")


def test_exceptions_are_told_and_nothing_stays_open(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With the file nothing is logged; without it the printed handler says which is missing."""
    block = """
# Good - exception-safe
try:
    with excel_context("file.xlsx") as wb:
        # Process file
        pass
except Exception as e:
    logger.error(f"Error processing file: {e}")
    # Context manager ensures cleanup

# Avoid - manual cleanup on exception
excel = None
try:
    excel = ExcelManager("file.xlsx")
    # Process file
except Exception as e:
    logger.error(f"Error: {e}")
finally:
    if excel:
        excel.close()
"""
    names = {"ExcelManager": ExcelManager, "excel_context": excel_context, "logger": logger}

    with_file = run_printed(block, **names)
    told_before = list(caplog.messages)
    (folder / "file.xlsx").unlink()
    run_printed(block, **names)

    assert told_before == []
    assert [text.split(":")[0] for text in caplog.messages] == ["Error processing file"]
    assert "file.xlsx" in caplog.messages[0]
    assert with_file["excel"].is_closed


def test_a_manager_that_was_never_used_holds_nothing(folder: Path) -> None:
    """The printed leak is none yet: a workbook is opened at first use."""
    names = run_printed(
        """
# Leak
excel = ExcelManager("file.xlsx")
# Missing excel.close()

# Fix
with excel_context("file.xlsx") as wb:
    # Use workbook
    pass
""",
        ExcelManager=ExcelManager,
        excel_context=excel_context,
    )

    assert not names["excel"].is_open


def test_an_unclosed_workbook_is_closed_with_a_warning(folder: Path, expect_log: ExpectLog) -> None:
    """The leak, once the workbook was used: collected, told with its line, and closed."""
    expect_log("was collected while it held 1 resources; they are closed now")
    excel = ExcelManager("file.xlsx")
    sheets = excel.workbook.sheetnames
    held_before = default_runtime().held()

    with pytest.warns(ResourceWarning, match=r"file\.xlsx, opened at .*test_seed_004_leaks"):
        del excel
    default_runtime().service.tick()

    assert sheets == ["Budget"]
    assert len(held_before) == 1
    assert default_runtime().held() == {}


def test_a_circle_is_collected_and_a_weak_reference_makes_none(folder: Path) -> None:
    """The printed circle goes with the collector, the printed fix without it."""
    leak, _, fix = (
        """
# Leak
class DataProcessor:
    def __init__(self, excel):
        self.excel = excel
        excel.processor = self  # Circular reference

# Fix
import weakref
class DataProcessor:
    def __init__(self, excel):
        self.excel = weakref.ref(excel)
"""
    ).partition("# Fix")
    circle = run_printed(leak)["DataProcessor"](ExcelManager("file.xlsx"))
    fixed = run_printed(fix)["DataProcessor"](excel := ExcelManager("file.xlsx"))
    of_circle, of_fixed = weakref.ref(circle), weakref.ref(fixed)
    gc.disable()
    try:
        del circle, fixed
        before = of_circle() is None, of_fixed() is None
    finally:
        gc.enable()
    gc.collect()

    assert before == (False, True)
    assert of_circle() is None
    excel.close()


def test_large_data_may_be_kept_or_passed_on_file_by_file(folder: Path) -> None:
    """`get_all_data` keeps all rows of all sheets; the printed fix keeps the results alone."""
    names = run_printed(
        """
# Leak
data = []
for file in files:
    excel = ExcelManager(file)
    data.extend(excel.get_all_data())  # Keeps all in memory

# Fix
def process_file(file):
    with excel_context(file) as wb:
        return process_data(wb)

results = [process_file(f) for f in files]
""",
        ExcelManager=ExcelManager,
        excel_context=excel_context,
        files=["file1.xlsx", "file2.xlsx"],
        process_data=lambda wb: wb["Budget"].max_row,
    )

    assert [(name, len(rows)) for name, rows in names["data"]] == [("Budget", 2), ("Budget", 2)]
    assert names["results"] == [2, 2]


def test_handlers_are_retrofitted(folder: Path) -> None:
    """Printed, the last `with` has no body; given one, neither handler leaves anything open."""
    block = """
# Before
class OldHandler:
    def process_file(self, file_path):
        excel = ExcelManager(file_path)
        # Process file
        # Missing cleanup

# After
class NewHandler:
    def process_file(self, file_path):
        with excel_context(file_path) as wb:
            # Process file
            # Automatic cleanup
"""
    body = "            sheets = wb.sheetnames"

    with pytest.raises(IndentationError):
        run_printed(block)
    names = run_printed(f"{block}\n{body}", ExcelManager=ExcelManager, excel_context=excel_context)
    names["OldHandler"]().process_file("file.xlsx")
    names["NewHandler"]().process_file("file.xlsx")

    assert default_runtime().held() == {}
