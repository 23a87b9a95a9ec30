"""The door of the package: complete, and cheap to go through."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import budgetinator
from budgetinator import controllers

ROOT = Path(__file__).parents[2]
HEAVY = ["openpyxl", "PySide6", "sqlite3", "numpy", "python_calamine"]


@pytest.mark.parametrize("name", controllers.__all__)
def test_each_name_has_one_home(name: str) -> None:
    """The door hands on the object of the module that defines it."""
    home = sys.modules[controllers._HOMES[name]] if hasattr(controllers, name) else None

    assert getattr(controllers, name) is getattr(home, name)


def test_the_library_hands_on_the_controllers() -> None:
    """The same objects, one step further up."""
    names = [name for name in budgetinator.__all__ if name.endswith("Controller")]

    assert len(names) == 9
    assert all(getattr(budgetinator, name) is getattr(controllers, name) for name in names)


@pytest.mark.parametrize(
    "statement",
    [
        "import budgetinator.controllers",
        "from budgetinator.controllers import BaseController, ThreadTask, ProcessTask",
        "from budgetinator.controllers import OpenController; OpenController().cleanup()",
        "import budgetinator.controllers as door; [getattr(door, n) for n in door.__all__]",
    ],
)
def test_no_name_loads_openpyxl(statement: str) -> None:
    """Not before a workbook is read, and then in the workbook's process."""
    program = f"{statement}; import sys; print([m for m in sys.argv[1:] if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program, *HEAVY],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="no attribute 'NoController'"):
        controllers.NoController  # noqa: B018
