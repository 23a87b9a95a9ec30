"""The scripts' doors: every name of seed 004, the very objects, nothing made before its use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import budgetinator
from tests.workbooks.builders import make_workbook

REPOSITORY = Path(__file__).parents[2]
NAMES = {
    "utils.excel_manager": [
        "ExcelManager",
        "ResourceManager",
        "excel_context",
        "safe_excel_context",
        "excel_safe_context",
        "read_only_excel_context",
        "write_excel_context",
        "memory_safe_bulk_context",
        "memory_safe_bulk_operation",
        "memory_monitored_context",
        "resource_manager",
        "get_memory_usage",
        "force_memory_cleanup",
    ],
    "utils.resource_cleanup": [
        "ResourceCleanupManager",
        "ExcelResourceTracker",
        "MemoryMonitor",
        "cleanup_manager",
        "excel_tracker",
        "memory_monitor",
        "resource_manager",
        "safe_excel_context",
        "memory_monitored_context",
        "get_system_memory_info",
        "force_system_cleanup",
        "cleanup_on_exception",
    ],
}
ALIASES = [
    ("excel_safe_context", "safe_excel_context"),
    ("memory_safe_bulk_operation", "memory_safe_bulk_context"),
]
EVERY_NAME = [(door, name) for door, names in NAMES.items() for name in names]


def _in_a_fresh_interpreter(program: str, home: Path) -> Any:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import json\n{program}\nprint(json.dumps(answer))"],
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CONFIG_HOME": str(home / "config"),
        },
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("door", "name"), EVERY_NAME)
def test_each_name_is_the_librarys_object(door: str, name: str) -> None:
    """`from utils.… import name` gives the object that `budgetinator` gives."""
    handed_on = getattr(import_module(door), name)

    assert handed_on is getattr(budgetinator, name)


@pytest.mark.parametrize("door", NAMES)
def test_a_door_lists_what_it_hands_on(door: str) -> None:
    """`__all__` has every name that seed 004 and the documentation give."""
    assert sorted(import_module(door).__all__) == sorted(NAMES[door])


@pytest.mark.parametrize(("older", "newer"), ALIASES)
def test_older_names_are_the_same_functions(older: str, newer: str) -> None:
    """A script for the older code gets the function of today's name."""
    door = import_module("utils.excel_manager")

    assert getattr(door, older) is getattr(door, newer)


def test_both_doors_hand_on_one_resource_manager() -> None:
    """Scripts that import it from either door share their workbooks."""
    one, two = map(import_module, NAMES)

    assert one.resource_manager is two.resource_manager


def test_importing_the_doors_makes_nothing(tmp_path: Path) -> None:
    """No runtime, thread, journal or clean-up at exit before a name that needs one is used."""
    program = """
import atexit, os, sys, threading
before = atexit._ncallbacks()
import utils.excel_manager, utils.resource_cleanup
runtime = sys.modules.get("budgetinator.runtime")
answer = [
    threading.active_count(),
    atexit._ncallbacks() - before,
    "sqlite3" in sys.modules,
    runtime is None or runtime._default.peek() is None,
    os.listdir(".") + os.listdir(os.path.dirname(os.environ["XDG_STATE_HOME"])),
]
"""

    assert _in_a_fresh_interpreter(program, tmp_path) == [1, 0, False, True, []]


def test_importing_functions_and_classes_makes_no_runtime(tmp_path: Path) -> None:
    """Names that are no part of the default runtime do not make one, nor a file or a thread."""
    needless = [
        f"from {door} import {name}\n"
        for door, name in EVERY_NAME
        if name not in ("cleanup_manager", "excel_tracker", "memory_monitor", "resource_manager")
    ]
    program = f"""
import os, threading
{"".join(needless)}
from budgetinator import runtime
answer = [runtime._default.peek() is None, threading.active_count(), os.listdir(".")]
"""

    assert _in_a_fresh_interpreter(program, tmp_path) == [True, 1, []]


def test_files_of_our_own_are_made_with_the_first_workbook(tmp_path: Path) -> None:
    """Asking for the parts of the runtime writes nothing; opening a workbook begins a journal."""
    make_workbook(tmp_path / "budget.xlsx")
    program = """
import os
from utils.resource_cleanup import cleanup_manager, excel_tracker, memory_monitor, resource_manager
answer = [os.listdir(".")]
with resource_manager.get_manager("budget.xlsx") as lease:
    lease.workbook
    answer.append(sorted(os.listdir(".")))
"""

    answer = _in_a_fresh_interpreter(program, tmp_path)

    assert answer == [["budget.xlsx"], ["budget.xlsx", "state"]]


def test_an_unknown_name_is_an_import_error(tmp_path: Path) -> None:
    """As for any module."""
    answer = _in_a_fresh_interpreter(
        "try:\n"
        "    from utils.excel_manager import excel_contxt\n"
        "except ImportError as error:\n"
        "    answer = error.name",
        tmp_path,
    )

    assert answer == "utils.excel_manager"
