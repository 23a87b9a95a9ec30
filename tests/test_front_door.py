"""`import budgetinator`: cheap, complete, and the same objects by every door."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import budgetinator
from budgetinator import errors

REPOSITORY = Path(__file__).parents[1]
HEAVY = ["PySide6", "openpyxl", "lxml", "python_calamine", "numpy", "msgspec", "sqlite3", "asyncio"]
OF_THE_RUNTIME = {"cleanup_manager", "excel_tracker", "memory_monitor", "resource_manager"}
HOMES = {name: home for home, names in budgetinator._NAMES.items() for name in names}


def _in_a_fresh_interpreter(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("statement", ["import budgetinator", "import budgetinator.errors"])
def test_importing_the_package_loads_nothing_heavy(statement: str) -> None:
    """A script that only imports us pays for none of our dependencies."""
    program = f"import sys; {statement}; print([m for m in sys.argv[1:] if m in sys.modules])"
    assert _in_a_fresh_interpreter(program, *HEAVY) == "[]"


def test_importing_the_package_starts_nothing() -> None:
    """No thread, no clean-up at exit and no signal handler comes with the import."""
    program = (
        "import atexit, signal, sys, threading;"
        "state = lambda: (threading.active_count(), atexit._ncallbacks(),"
        " [signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGINT)], sys.excepthook);"
        "before = state(); import budgetinator; print(state() == before)"
    )
    assert _in_a_fresh_interpreter(program) == "True"


@pytest.mark.parametrize("name", sorted(HOMES.keys() - OF_THE_RUNTIME))
def test_each_name_is_the_very_object_of_its_home(name: str) -> None:
    """The front door hands on, and makes nothing of its own."""
    assert getattr(budgetinator, name) is getattr(import_module(HOMES[name]), name)


def test_the_parts_of_the_default_runtime_are_asked_for_each_time() -> None:
    """A runtime that was closed and made anew is seen at once."""
    program = """
import sys, types
runtime = types.ModuleType("budgetinator.runtime")
runtime.__getattr__ = lambda name: [name]
sys.modules["budgetinator.runtime"] = runtime
import budgetinator
same = [getattr(budgetinator, n) is getattr(budgetinator, n) for n in sys.argv[1:]]
print(same, budgetinator.make_runtime is budgetinator.make_runtime)
"""
    assert _in_a_fresh_interpreter(program, *OF_THE_RUNTIME) == f"{[False] * 4} True"


def test_type_checkers_see_the_names_that_there_are() -> None:
    """The imports for type checkers and the table that is used are the same."""
    tree = ast.parse((REPOSITORY / "budgetinator/__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        (alias.asname, node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == set(HOMES.items())


def test_all_errors_are_at_the_front_door() -> None:
    """A script catches what it may meet without knowing where it is defined."""
    assert set(budgetinator._NAMES["budgetinator.errors"]) == set(errors.__all__)


def test_the_front_door_lists_what_it_has() -> None:
    """`__all__` and `dir` know the names before the first is used."""
    assert set(budgetinator.__all__) == {*HOMES, "__version__"}
    assert set(dir(budgetinator)) >= {*HOMES, "__version__"}


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """As for any module, so that hasattr and copy work."""
    with pytest.raises(AttributeError, match="has no attribute 'excel_contxt'"):
        _ = budgetinator.excel_contxt


def test_the_scripts_door_hands_on_the_same_objects() -> None:
    """Whatever `utils` offers is the object that `budgetinator` offers under that name."""
    program = """
import importlib, pkgutil, budgetinator
names = [m.name for m in pkgutil.iter_modules(["utils"], "utils.")]
for module in map(importlib.import_module, names):
    for name in module.__all__:
        if getattr(module, name) is not getattr(budgetinator, name):
            print(module.__name__, name)
"""
    assert _in_a_fresh_interpreter(program) == ""


def test_the_package_is_typed() -> None:
    """Type checkers of scripts use our annotations."""
    assert (REPOSITORY / "budgetinator/py.typed").is_file()
