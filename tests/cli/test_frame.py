"""What all commands share: help, errors, exit codes, output that goes anywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

import budgetinator
from budgetinator import errors
from budgetinator.cli.commands import ENTRIES, root
from budgetinator.cli.exits import exit_code
from budgetinator.cli.failures import describe_error, sentence
from budgetinator.cli.output import bytes_text, visible
from tests.cli.running import COMMAND, REPOSITORY, call, environment, run
from tests.workbooks.builders import make_workbook

ANSWERS = [
    "open",
    "quick",
    "info",
    "show",
    "set",
    "recalc",
    "budget",
    "pm",
    "check",
    "diff",
    "export",
    "consolidate",
    "lossy",
    "new",
    "partner",
    "wp",
    "overview",
    "history",
    "resources",
    "mem",
    "plugins",
    "config",
    "doctor",
    "demo",
    "completion",
]


WINDOWS = {"open", "quick"}
"""Commands that show a window and print nothing."""


def test_the_commands_are_those_that_are_promised() -> None:
    """Each word, in the order in which the help lists them."""
    assert list(ENTRIES) == ANSWERS


@pytest.mark.parametrize("name", ENTRIES)
def test_every_command_has_help_options_and_keys(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """The help of a command says what it does, and what its JSON holds."""
    ended = call(capsys, name, "--help")
    assert ended.code == 0
    assert ended.out.startswith(f"Usage: budgetinator {name} ")
    assert ("--json" in ended.out) is (name not in WINDOWS)
    assert ("JSON: " in ended.out) is (name not in WINDOWS)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_command_stands_in_the_readme(name: str) -> None:
    """README.md has a row for each command."""
    text = (REPOSITORY / "README.md").read_text()
    rows = re.findall(r"^\| `budgetinator (\w+)", text, re.MULTILINE)
    assert name in rows


def test_the_help_lists_every_command_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    """`budgetinator --help` names each command and the exit codes."""
    text = " ".join(call(capsys, "--help").out.split())
    assert [name for name, entry in ENTRIES.items() if f"{name} {entry.summary}" not in text] == []
    assert "Exit codes: 0 done, 1 findings, 2 wrong call, 3 locked" in text


def test_no_words_at_all_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Asking for nothing is no wrong call."""
    ended = call(capsys)
    assert (ended.code, ended.out) == (0, call(capsys, "--help").out)


def test_the_help_imports_no_command_and_nothing_heavy() -> None:
    """What `--help` needs is click alone."""
    program = (
        "import sys; from budgetinator.cli import main; main(['--help']);"
        "heavy = ('rich', 'openpyxl', 'msgspec', 'psutil', 'budgetinator.runtime');"
        "print('loaded:', [m for m in heavy if m in sys.modules],"
        " [m for m in sys.modules if m.startswith('budgetinator.cli.') and"
        f" m.rpartition('.')[2] in {list(ENTRIES)}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "loaded: [] []"


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints the name and the version."""
    ended = call(capsys, "--version")
    assert (ended.code, ended.out) == (0, f"budgetinator {budgetinator.__version__}\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shwo"], "No such command 'shwo'"),
        (["show"], "Missing argument 'FILE'"),
        (["show", "a.xlsx", "--rows", "0"], "Invalid value for '--rows'"),
        (["info", "--nonsense"], "No such option"),
        (["completion", "cmd"], "Invalid value for"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """The line says what is wrong and where to look."""
    ended = call(capsys, *words)
    assert ended.code == 2
    assert ended.line.startswith(f"budgetinator: {told}")
    assert ended.line.endswith("--help.")
    assert ended.out == ""


def test_a_wrong_call_with_json_is_an_object_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs read the error where they read the result."""
    error = call(capsys, "show", "--json").document["error"]
    assert (error["type"], error["exit_code"]) == ("WrongCall", 2)


def test_words_after_two_dashes_are_no_options(capsys: pytest.CaptureFixture[str]) -> None:
    """A file may be called --json."""
    ended = call(capsys, "info", "--", "--json")
    assert (ended.code, ended.out) == (2, "")
    assert "There is no file --json" in ended.line


CODES = {
    "ChangedOnDisk": 3,
    "WorkbookBusy": 3,
    "ConfigError": 2,
    "InvalidCellReference": 2,
    "InvalidCellValue": 2,
    "WorkbookNotFound": 2,
    "WorksheetNotFound": 2,
}


@pytest.mark.parametrize("name", sorted(set(errors.__all__) - {"UnsavedChangesWarning"}))
def test_every_error_of_the_library_has_an_exit_code(name: str) -> None:
    """Wrong calls are 2, conflicts 3, and what is refused or damaged 4."""
    assert exit_code(getattr(errors, name)("It failed.")) == CODES.get(name, 4)


@pytest.mark.parametrize(
    ("error", "code"),
    [(MemoryError(), 4), (OSError(28, "full"), 4), (ZeroDivisionError(), 70)],
)
def test_other_errors_are_refusals_or_faults(error: Exception, code: int) -> None:
    """What the system refuses is told apart from a fault of the program."""
    assert exit_code(error) == code


def test_an_error_that_names_no_file_gets_it_in_front() -> None:
    """The one line always says which file."""
    error = errors.WorkbookDamaged("Row 3 is out of place.", path="plan.xlsx", cell="A3")
    assert sentence(error) == "plan.xlsx: Row 3 is out of place."
    assert describe_error(error) == {
        "type": "WorkbookDamaged",
        "message": "plan.xlsx: Row 3 is out of place.",
        "exit_code": 4,
        "path": "plan.xlsx",
        "cell": "A3",
    }


def test_a_fault_is_one_line_and_with_debug_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody sees a traceback without having asked for it."""

    def fail(**_: object) -> int:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(import_module("budgetinator.cli.config").command, "callback", fail)
    ended = call(capsys, "config")
    assert (ended.code, "Traceback" in ended.err) == (70, False)
    assert "ZeroDivisionError: by zero" in ended.line
    asked = call(capsys, "config", "--debug")
    assert (asked.code, "Traceback" in asked.err) == (70, True)
    assert call(capsys, "--debug", "config").err == asked.err


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    """`budgetinator show FILE | head -1` ends quietly, with exit code 0."""
    path = make_workbook(tmp_path / "long.xlsx", {"Long": [(n, "x" * 50) for n in range(20_000)]})
    with subprocess.Popen(
        [*COMMAND, "show", str(path)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        assert (child.stderr.read(), child.wait(60)) == (b"", 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_output_that_cannot_be_written_is_told() -> None:
    """A full disk behind `>` is exit code 4 and one line."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "config"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr.count(b"\n")) == (4, 1)
    assert b"No space left" in done.stderr


def test_streams_that_are_closed_are_no_error(tmp_path: Path) -> None:
    """`>&- 2>&-` costs the output and nothing else."""
    path = make_workbook(tmp_path / "Budget.xlsx")

    def close() -> None:
        os.close(1)
        os.close(2)

    ended = run("set", path, "B1=7", prepare=close)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert run("show", path, "B1", "--json").document["rows"] == [{"row": 1, "cells": [7]}]


def test_a_terminal_without_unicode_gets_escapes(tmp_path: Path) -> None:
    """Text that the encoding lacks is written out, in JSON so that it can be read again."""
    path = make_workbook(tmp_path / "Plan.xlsx", {"Übersicht": [("Größe", "€ 5")]})
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    table = run("show", path, env=ascii_only)
    assert (table.code, table.err) == (0, "")
    assert r"Gr\xf6\xdfe" in table.out
    document = run("show", path, "--json", env=ascii_only).document
    assert (document["sheet"], document["rows"][0]["cells"]) == ("Übersicht", ["Größe", "€ 5"])


def test_a_file_name_that_is_no_text_is_told() -> None:
    """Linux names files in bytes; the message has them as escapes."""
    ended = run(os.fsdecode(b"info"), os.fsdecode(b"caf\xe9.xlsx"))
    assert ended.code == 2
    assert r"caf\udce9.xlsx" in ended.line


def test_nothing_in_a_file_can_steer_the_terminal() -> None:
    """Control characters and marks of direction are written out."""
    assert visible("a\x1b[31mb\nc\u202ed") == r"a\x1b[31mb\nc\u202ed"


def test_sizes_are_for_people() -> None:
    """Bytes are whole, what is larger has one digit."""
    sizes = [812, 1024, 24_883, 5 * 1024**2, 3 * 1024**4]
    assert [bytes_text(size) for size in sizes] == [
        "812 B",
        "1.0 KB",
        "24.3 KB",
        "5.0 MB",
        "3072.0 GB",
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_the_shell(
    capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    """The script calls the program back through its variable."""
    ended = call(capsys, "completion", shell)
    assert ended.code == 0
    assert "_BUDGETINATOR_COMPLETE" in ended.out
    assert call(capsys, "completion", shell, "--json").document["script"] in ended.out


def test_a_shell_that_asks_gets_the_commands() -> None:
    """Completing `budgetinator d` offers what begins with d."""
    asked = {
        "_BUDGETINATOR_COMPLETE": "bash_complete",
        "COMP_WORDS": "budgetinator d",
        "COMP_CWORD": "1",
    }
    assert run(env=asked).out.splitlines() == ["plain,diff", "plain,doctor", "plain,demo"]


def test_each_command_is_named_as_it_is_listed() -> None:
    """The module's command answers to the name in the table."""
    context = click.Context(root)
    named = [(root.get_command(context, name) or root).name for name in ENTRIES]
    assert named == list(ENTRIES)
