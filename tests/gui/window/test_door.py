"""`budgetinator open` as a program: its window, its signals, and machines that cannot show one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

PATIENCE = 30.0


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", **more}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "budgetinator", "open", *map(str, arguments)]


@pytest.fixture
def program(sample: Path) -> Iterator[subprocess.Popen[str]]:
    """The window with the sample open, in a process of its own."""
    started = subprocess.Popen(
        command(sample), env=environment(), stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: len(workbook_processes(started.pid)) >= 1, started)
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.wait()
        assert started.stderr is not None
        started.stderr.close()


def wait_until(condition: object, started: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert started.poll() is None, started.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.05)


def workbook_processes(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_window_and_its_processes(
    program: subprocess.Popen[str], number: signal.Signals
) -> None:
    """It exits with 128 and the signal's number, and no process of a workbook is left."""
    time.sleep(1)
    children = workbook_processes(program.pid)
    program.send_signal(number)
    _, said = program.communicate(timeout=PATIENCE)
    assert program.returncode == 128 + number
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []


def test_killed_the_window_takes_its_processes_along(program: subprocess.Popen[str]) -> None:
    """After kill -9 of the window the processes of its workbooks end by themselves."""
    time.sleep(0.5)
    children = workbook_processes(program.pid)
    program.kill()
    program.communicate()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def lacking(tmp_path: Path, line: str) -> str:
    """A folder in which `import PySide6` fails as it does on a machine without it."""
    package = tmp_path / "lacking" / "PySide6"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(line)
    return str(package.parent)


def run(tmp_path: Path, line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(),
        env=environment(PYTHONPATH=lacking(tmp_path, line)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_pyside6_it_says_what_to_install(tmp_path: Path) -> None:
    """One line with the command that helps, exit code 4, no traceback."""
    done = run(tmp_path, "raise ModuleNotFoundError('No module', name='PySide6')")
    assert done.returncode == 4
    assert "PySide6, which is not installed" in done.stderr
    assert "pip install 'budgetinator[gui]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_system_library_it_names_the_packages(tmp_path: Path) -> None:
    """What a loader misses is named with the packages that bring it."""
    missing = "libEGL.so.1: cannot open shared object file: No such file or directory"
    done = run(tmp_path, f"raise ImportError({missing!r})")
    assert done.returncode == 4
    assert "libEGL.so.1" in done.stderr
    assert "apt-get install" in done.stderr
    assert "libegl1" in done.stderr


def test_without_a_display_it_says_so(sample: Path) -> None:
    """Qt would end the process; this says what is missing and exits with 4."""
    env = {
        name: value
        for name, value in environment().items()
        if name not in {"QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"}
    }
    done = subprocess.run(
        command(sample), env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 4
    assert "display" in done.stderr
