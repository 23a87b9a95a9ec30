"""The tests' own watchmen: a planted leftover of each kind fails its test and names its line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
CONFTEST = "from tests.conftest import pytest_configure\n"


def _run(folder: Path, body: str) -> tuple[int, str]:
    """Run `body` as tests/test_planted.py of a small project with this project's conftest."""
    tests = folder / "tests"
    tests.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    (folder / "conftest.py").write_text(CONFTEST)
    (tests / "test_planted.py").write_text(body)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rN", "-p", "no:cacheprovider", "tests"],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "PYTEST_ADDOPTS": "",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


DESCRIPTOR = """
kept = []
def test_leaves_a_file_open(tmp_path):
    kept.append(open(tmp_path / "book.xlsx", "wb"))
"""
SOCKET = """
import socket
kept = []
def test_leaves_a_socket_open():
    kept.append(socket.socket())
"""
DATABASE = """
import sqlite3
kept = []
def test_leaves_a_database_open(tmp_path):
    kept.append(sqlite3.connect(tmp_path / "journal.db"))
    kept[0].execute("create table t (c)")
"""
THREAD = """
import threading
def test_leaves_a_thread_running():
    threading.Thread(target=threading.Event().wait, name="idle", daemon=True).start()
"""
CHILD = """
import subprocess, sys
kept = []
def test_leaves_a_child_running():
    kept.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
"""
FIXTURE = """
import pytest
kept = []
@pytest.fixture
def forgetful(tmp_path):
    kept.append(open(tmp_path / "book.xlsx", "wb"))
def test_uses_a_forgetful_fixture(forgetful):
    pass
"""
WIDE_FIXTURE = """
import pytest
kept = []
@pytest.fixture(scope="module")
def forgetful(tmp_path_factory):
    kept.append(open(tmp_path_factory.mktemp("a") / "book.xlsx", "wb"))
def test_first(forgetful):
    pass
def test_last(forgetful):
    pass
"""


@pytest.mark.parametrize(
    ("body", "described", "line"),
    [
        pytest.param(DESCRIPTOR, "book.xlsx", 4, id="descriptor"),
        pytest.param(SOCKET, "socket:", 5, id="socket"),
        pytest.param(DATABASE, "journal.db", 5, id="database"),
        pytest.param(THREAD, "thread: 'idle'", 4, id="thread"),
        pytest.param(CHILD, "child process: ", 5, id="child"),
        pytest.param(FIXTURE, "book.xlsx", 6, id="fixture"),
        pytest.param(WIDE_FIXTURE, "book.xlsx", 6, id="module-fixture"),
    ],
)
def test_a_leftover_fails_its_test_and_names_the_line_that_made_it(
    tmp_path: Path, body: str, described: str, line: int
) -> None:
    """What a test leaves open, running or unread is reported with the line that made it."""
    code, output = _run(tmp_path, body)
    reported = [text for text in output.splitlines() if described in text]
    assert code == 1, output
    assert len(reported) == 1, output
    assert reported[0].endswith(f"made by tests/test_planted.py:{line}")
    assert "1 error" in output


def test_a_leftover_names_the_librarys_line_and_the_tests(tmp_path: Path) -> None:
    """A leftover made deep in the checkout is reported with both ends of the way there."""
    (tmp_path / "library.py").write_text("def opened(path):\n    return open(path, 'wb')\n")
    body = """
import library
kept = []
def test_opens(tmp_path):
    kept.append(library.opened(tmp_path / "b"))
"""
    code, output = _run(tmp_path, body)
    assert code == 1
    assert "made by library.py:2, from tests/test_planted.py:5" in output


def test_what_the_default_runtime_still_holds_fails_the_test(tmp_path: Path) -> None:
    """The sentences of `budgetinator.runtime.leftovers` are leftovers of the test."""
    body = """
import sys, types
def test_holds_a_workbook():
    runtime = types.ModuleType("budgetinator.runtime")
    runtime.leftovers = lambda: ["b.xlsx is open"]
    sys.modules["budgetinator.runtime"] = runtime
"""
    code, output = _run(tmp_path, body)
    assert code == 1
    assert "runtime: b.xlsx is open" in output


def test_the_default_runtime_is_closed_after_each_test(tmp_path: Path) -> None:
    """Its journal and threads are no leftovers, and the next test has a runtime of its own."""
    body = """
import os
import budgetinator
seen = []
def test_uses_it():
    assert budgetinator.default_runtime().journal is not None
    seen.append((budgetinator.default_runtime(), os.environ["XDG_STATE_HOME"]))
def test_uses_another():
    assert budgetinator.default_runtime() is not seen[0][0]
    assert os.environ["XDG_STATE_HOME"] != seen[0][1]
"""
    code, output = _run(tmp_path, body)
    assert code == 0, output


def test_an_unexpected_log_warning_fails_the_test_and_names_its_line(tmp_path: Path) -> None:
    """A warning in the library's log that nobody expected is a failure."""
    body = """
import logging
def test_logs():
    logging.getLogger("budgetinator.saving").warning("kept %s", "b.xlsx")
"""
    code, output = _run(tmp_path, body)
    assert code == 1
    assert "unexpected WARNING of budgetinator.saving" in output
    assert "test_planted.py:4: kept b.xlsx" in output


def test_an_expected_log_warning_that_does_not_come_fails_the_test(tmp_path: Path) -> None:
    """`expect_log` is a claim, and is checked."""
    code, output = _run(tmp_path, "def test_it(expect_log):\n    expect_log('locked by')\n")
    assert code == 1
    assert "no log warning matches 'locked by'" in output


def test_a_clean_test_passes(tmp_path: Path) -> None:
    """What was closed, joined, waited for or expected is no leftover, nor is a wider fixture."""
    body = """
import logging, subprocess, sys, threading
import pytest
@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    with open(tmp_path_factory.mktemp("a") / "book.xlsx", "wb") as file:
        yield file
def test_first(wide, tmp_path, expect_log):
    expect_log("^kept")
    logging.getLogger("budgetinator.saving").warning("kept %s", "b.xlsx")
    with open(tmp_path / "b", "wb"):
        pass
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    subprocess.run([sys.executable, "-c", ""], check=True)
def test_last(wide):
    pass
"""
    code, output = _run(tmp_path, body)
    assert code == 0, output


def test_a_test_that_failed_is_not_blamed_twice(tmp_path: Path) -> None:
    """The traceback of a failure keeps its objects alive, so they are no leftovers."""
    body = "def test_it(tmp_path):\n    file = open(tmp_path / 'b', 'wb')\n    assert file.closed\n"
    code, output = _run(tmp_path, body)
    assert code == 1
    assert "left behind" not in output
