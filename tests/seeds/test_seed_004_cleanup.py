"""Seed 004: clean-up by name, at the end, from a window, and its tests, as printed."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.seeds.printed import run_printed
from tests.workbooks.builders import make_workbook
from utils.excel_manager import ExcelManager, excel_context
from utils.resource_cleanup import force_system_cleanup

REPOSITORY = Path(__file__).parents[2]
REGISTER = """
from utils.resource_cleanup import cleanup_manager

# Register custom cleanup
def custom_cleanup():
    print("Cleaning up custom resources")

cleanup_manager.add_cleanup_callback(custom_cleanup)

# Register resource for cleanup
excel = ExcelManager("file.xlsx")
cleanup_manager.register_resource(
    "file.xlsx",
    lambda: excel.force_close()
)
"""
WINDOW = """
from utils.resource_cleanup import cleanup_manager

class MainWindow:
    def __init__(self):
        # Register cleanup on window close
        cleanup_manager.add_cleanup_callback(self.cleanup_gui)

    def cleanup_gui(self):
        # Close all open dialogs
        for dialog in self.open_dialogs:
            dialog.close()

        # Force cleanup of Excel resources
        force_system_cleanup()
"""
LEAK_TEST = """
def test_memory_leak():
    import gc
    import psutil

    process = psutil.Process()
    initial_memory = process.memory_info().rss

    # Run your operation multiple times
    for i in range(100):
        with excel_context("test.xlsx") as wb:
            # Your operation
            pass

    # Force garbage collection
    gc.collect()

    final_memory = process.memory_info().rss
    memory_increase = final_memory - initial_memory

    # Should be minimal increase
    assert memory_increase < 10 * 1024 * 1024  # 10MB threshold
"""


def test_callbacks_and_resources_are_cleaned_up_at_the_end(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A callback and a resource by its name; each registration is used once."""
    names = run_printed(REGISTER, ExcelManager=ExcelManager)
    manager, excel = names["cleanup_manager"], names["excel"]
    sheets = excel.workbook.sheetnames

    manager._cleanup_all_resources()
    manager._cleanup_all_resources()

    assert sheets == ["Budget"]
    assert capsys.readouterr().out == "Cleaning up custom resources\n"
    assert excel.is_closed


def test_the_end_of_the_program_cleans_up_by_itself(folder: Path) -> None:
    """Nobody asks for it: at the exit of the process the callback runs, once."""
    program = f"from utils.excel_manager import ExcelManager\n{REGISTER}\nprint('end')"

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == ["end", "Cleaning up custom resources"]
    assert done.stderr == ""


def test_the_older_codes_three_arguments_work_too(folder: Path) -> None:
    """`register_resource(id, resource, func)`: the function gets the resource."""
    from utils.resource_cleanup import cleanup_manager

    excel = ExcelManager("file.xlsx")
    sheets = excel.workbook.sheetnames
    cleanup_manager.register_resource("file.xlsx", excel, ExcelManager.force_close)

    cleanup_manager.cleanup_resource("file.xlsx")

    assert sheets == ["Budget"]
    assert excel.is_closed


def test_an_applications_own_cleanup_is_registered() -> None:
    """`cleanup_temp_files` runs with the others; registering returns what undoes it."""
    from utils.resource_cleanup import cleanup_manager

    before = cleanup_manager.get_resource_stats()["cleanup_callbacks"]
    run_printed(
        """
# Register application-specific cleanup
def cleanup_temp_files():
    import shutil
    import tempfile
    temp_dir = tempfile.gettempdir()
    # Clean up temp files
    pass

cleanup_manager.add_cleanup_callback(cleanup_temp_files)
""",
        cleanup_manager=cleanup_manager,
    )
    registered = cleanup_manager.get_resource_stats()["cleanup_callbacks"]

    cleanup_manager._cleanup_all_resources()

    assert (before, registered) == (0, 1)
    assert cleanup_manager.get_resource_stats()["cleanup_callbacks"] == 0


def test_a_window_registers_its_cleanup(folder: Path) -> None:
    """`cleanup_gui` closes the dialogs; its window is held weakly and may go before."""
    closed: list[str] = []

    class Dialog:
        def close(self) -> None:
            closed.append("dialog")

    names = run_printed(WINDOW, force_system_cleanup=force_system_cleanup)
    window: Any = names["MainWindow"]()
    window.open_dialogs = [Dialog(), Dialog()]

    names["cleanup_manager"]._cleanup_all_resources()

    assert closed == ["dialog", "dialog"]


def test_a_window_that_is_gone_is_not_called() -> None:
    """The registration does not keep the window alive."""
    names = run_printed(WINDOW, force_system_cleanup=force_system_cleanup)

    window = weakref.ref(names["MainWindow"]())
    assert window() is None

    names["cleanup_manager"]._cleanup_all_resources()
    assert names["cleanup_manager"].get_resource_stats()["cleanup_callbacks"] == 0


def test_the_printed_integration_test_runs() -> None:
    """`tests.test_resource_cleanup` can be imported, and both test cases pass."""
    names = run_printed("""
import unittest
from tests.test_resource_cleanup import TestExcelManagerMemoryManagement

class TestMyIntegration(unittest.TestCase):
    def test_memory_cleanup(self):
        # Test your integration
        pass

if __name__ == '__main__':
    unittest.main()
""")
    loader, suite = unittest.TestLoader(), unittest.TestSuite()
    for case in ("TestMyIntegration", "TestExcelManagerMemoryManagement"):
        suite.addTests(loader.loadTestsFromTestCase(names[case]))

    result = unittest.TestResult()
    suite.run(result)

    assert (result.failures, result.errors) == ([], [])
    assert result.testsRun > 5


def test_the_printed_leak_test_passes(folder: Path) -> None:
    """A hundred times opened and closed: less than 10 MB more."""
    run_printed(LEAK_TEST, excel_context=excel_context)["test_memory_leak"]()


def test_the_leak_test_passes_with_work_done(folder: Path) -> None:
    """The operation may read every cell: nothing is kept of a workbook that was closed."""
    make_workbook(folder / "test.xlsx", {"Budget": [(n, n * 1.5, f"line {n}") for n in range(200)]})

    @contextmanager
    def context_with_work(path: str) -> Iterator[Any]:
        with excel_context(path) as wb:
            numbers: list[Any] = [row[0] for row in wb["Budget"].iter_rows(values_only=True)]
            assert sum(numbers) == 19_900
            yield wb

    run_printed(LEAK_TEST, excel_context=context_with_work)["test_memory_leak"]()
