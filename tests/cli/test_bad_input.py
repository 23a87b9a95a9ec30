"""Every bad input: one line with the path and the reason, an exit code, nothing left behind."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import call, names_in, run
from tests.workbooks.builders import make_workbook, ole_file, truncate

Maker = Callable[[Path], object]
COMMANDS = {
    "info": ["info"],
    "show": ["show"],
    "set": ["set", "A1=1"],
    "lossy": ["lossy"],
}


def _absent(path: Path) -> None:
    """No file at all."""


def _encrypted(path: Path) -> None:
    ole_file(path, ["EncryptionInfo", "EncryptedPackage"])


BAD: dict[str, tuple[Maker, int, str, str]] = {
    "no-file": (_absent, 2, "WorkbookNotFound", "There is no file"),
    "folder": (Path.mkdir, 2, "NotAWorkbook", "a folder"),
    "pipe": (os.mkfifo, 4, "NotAWorkbook", "a named pipe"),
    "device": (lambda path: path.symlink_to("/dev/zero"), 4, "NotAWorkbook", "a device"),
    "empty": (lambda path: path.write_bytes(b""), 4, "NotAWorkbook", "an empty file"),
    "truncated": (
        lambda path: truncate(make_workbook(path), 2000),
        4,
        "WorkbookDamaged",
        "cut short",
    ),
    "encrypted": (_encrypted, 4, "WorkbookEncrypted", "encrypted"),
    "old": (lambda path: ole_file(path, ["Workbook"]), 4, "NotAWorkbook", "(.xls)"),
    "csv": (lambda path: path.write_text("a,b\n1,2\n"), 4, "NotAWorkbook", "(CSV)"),
    "html": (lambda path: path.write_text("<html><table>"), 4, "NotAWorkbook", "(HTML)"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, command: str
) -> None:
    """No command hangs on it, shows a traceback, or leaves anything beside it."""
    make, code, name, reason = BAD[kind]
    path = tmp_path / "folder" / "bad.xlsx"
    path.parent.mkdir()
    make(path)
    there = names_in(path.parent)
    before = path.read_bytes() if path.is_file() else None
    verb, *further = COMMANDS[command]
    words = (verb, path, *further, "--json")
    ended = run(*words) if kind == "pipe" else call(capsys, *words)
    assert (ended.code, ended.document["error"]["exit_code"]) == (code, code)
    assert ended.document["error"]["type"] == name
    assert ended.document["error"]["path"] == str(path)
    assert ended.line.startswith("budgetinator: ")
    assert str(path) in ended.line
    assert reason in ended.line
    assert names_in(path.parent) == there
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["show", "Nope"], "WorksheetNotFound"),
        (["show", "Nope!A1"], "WorksheetNotFound"),
        (["show", "Budget!A0"], "InvalidCellReference"),
        (["show", "Budget!A1:XFE9"], "InvalidCellReference"),
        (["show", "'Budget!A1"], "InvalidCellReference"),
        (["set", "Nope!A1=1"], "WorksheetNotFound"),
        (["set", "A1:B2=1"], "InvalidCellReference"),
        (["set", "A1=12,5"], "InvalidCellValue"),
    ],
)
def test_a_missing_sheet_or_cell_is_a_wrong_call(
    tmp_path: Path, words: list[str], name: str
) -> None:
    """Exit code 2, and the file as it was."""
    path = make_workbook(tmp_path / "plan.xlsx")
    before = path.read_bytes()
    ended = run(words[0], path, *words[1:], "--json")
    assert (ended.code, ended.document["error"]["type"]) == (2, name)
    assert ended.line.startswith("budgetinator: ")
    assert (path.read_bytes(), names_in(tmp_path)) == (before, ["plan.xlsx"])


def test_a_read_only_file_is_refused(tmp_path: Path) -> None:
    """A file without the permission to write stays as it is, also for the superuser."""
    path = make_workbook(tmp_path / "plan.xlsx")
    path.chmod(0o444)
    before = path.read_bytes()
    ended = run("set", path, "A1=1", "--json")
    assert (ended.code, ended.document["error"]["type"]) == (4, "TargetReadOnly")
    assert str(path) in ended.line
    assert (path.read_bytes(), names_in(tmp_path)) == (before, ["plan.xlsx"])


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """A save that does not fit is a SaveError, and its temporary file is gone."""
    rows = [(n, os.urandom(40).hex()) for n in range(3000)]
    path = make_workbook(tmp_path / "plan.xlsx", {"Budget": rows})
    before = path.read_bytes()
    assert len(before) > 100_000

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    ended = run("set", path, "B1=1", "--json", prepare=limit)
    assert (ended.code, ended.document["error"]["type"]) == (4, "SaveError")
    assert str(path) in ended.line
    assert "as it was" in ended.line
    assert (path.read_bytes(), names_in(tmp_path)) == (before, ["plan.xlsx"])
