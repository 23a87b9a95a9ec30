"""Seed 004: environment variables, configuration file and the API reference."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import utils.excel_manager
import utils.resource_cleanup
from budgetinator.config import load_settings
from budgetinator.runtime import default_runtime
from utils.resource_cleanup import MemoryMonitor, ResourceCleanupManager

REPOSITORY = Path(__file__).parents[2]


def _parameters(function: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="this system has no bash")
def test_environment_variables_are_settings(tmp_path: Path) -> None:
    """The printed lines in a shell, and what a program that is started by it reads."""
    exports = """
# Enable debug mode
export MEMORY_DEBUG=1

# Set memory threshold (MB)
export MEMORY_THRESHOLD=100

# Enable automatic cleanup
export AUTO_CLEANUP=1
"""
    program = (
        "from budgetinator.config import load_settings;"
        "m = load_settings().settings.memory_management;"
        "print(m.debug_mode, m.memory_threshold_mb, m.auto_cleanup)"
    )

    done = subprocess.run(
        ["bash", "-ec", f'{exports}\n"$1" -c "$2"', "bash", sys.executable, program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["True", "100", "True"]


def test_the_configuration_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`config.json` in the working directory, as printed, and the default runtime goes by it."""
    (tmp_path / "config.json").write_text("""
{
  "memory_management": {
    "debug_mode": true,
    "memory_threshold_mb": 100,
    "auto_cleanup": true,
    "cleanup_interval_seconds": 300
  }
}
""")
    monkeypatch.chdir(tmp_path)

    memory = default_runtime().settings.memory_management

    assert (
        memory.debug_mode,
        memory.memory_threshold_mb,
        memory.auto_cleanup,
        memory.cleanup_interval_seconds,
    ) == (True, 100, True, 300)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    """The order that was decided: file < environment < arguments."""
    (tmp_path / "config.json").write_text('{"memory_management": {"memory_threshold_mb": 100}}')

    loaded = load_settings(cwd=tmp_path, environ={"MEMORY_THRESHOLD": "250"})

    assert loaded.settings.memory_management.memory_threshold_mb == 250
    assert loaded.origins["memory_management.memory_threshold_mb"] == "environment MEMORY_THRESHOLD"


@pytest.mark.parametrize("method", ["get_memory_usage", "force_close", "get_memory_info"])
def test_the_excel_managers_methods(folder: Path, method: str) -> None:
    """They take no argument; the two questions answer with a dictionary."""
    excel = utils.excel_manager.ExcelManager("file.xlsx")

    answer = getattr(excel, method)()

    assert isinstance(answer, dict) is (method != "force_close")
    assert excel.is_closed is (method == "force_close")


def test_the_cleanup_managers_methods() -> None:
    """As printed; further parameters follow."""
    assert _parameters(ResourceCleanupManager.add_cleanup_callback) == ["callback"]
    assert len(_parameters(ResourceCleanupManager.register_resource)) == 3
    assert _parameters(ResourceCleanupManager.register_resource)[0] == "resource_id"
    assert _parameters(ResourceCleanupManager._cleanup_all_resources) == []


def test_the_memory_monitors_methods() -> None:
    """As printed; both questions answer with a dictionary."""
    monitor = MemoryMonitor()

    assert _parameters(MemoryMonitor.monitor_operation) == ["operation_name"]
    assert isinstance(monitor.get_stats(), dict)
    assert isinstance(monitor.get_system_memory_info(), dict)


def test_the_context_managers_signatures() -> None:
    """The printed parameter first; the workbooks of the bulk context come as `paths`.

    Where `**kwargs` is printed the options are named, so that a misspelt one is an error.
    """
    door = utils.excel_manager

    assert _parameters(door.excel_context)[0] == "file_path"
    assert {"save", "read_only", "data_only", "password"} <= {*_parameters(door.excel_context)}
    assert _parameters(door.memory_monitored_context)[0] == "operation_name"
    assert _parameters(door.memory_safe_bulk_context)[0] == "paths"
