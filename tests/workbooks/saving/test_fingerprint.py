from __future__ import annotations

import os
from pathlib import Path

import pytest

from budgetinator.errors import WorkbookNotFound, WorkbookUnreadable
from budgetinator.workbooks.saving.fingerprint import Fingerprint


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "budget.xlsx"
    path.write_bytes(b"figures")
    return path


def test_same_file(file: Path) -> None:
    """A file that nobody touched matches, with or without its content read."""
    assert Fingerprint.of(file).matches(file)
    assert Fingerprint.of(file, content=False).matches(file)


def test_touched(file: Path) -> None:
    """A touched file with the same content is the same, if the content is known."""
    known, unknown = Fingerprint.of(file), Fingerprint.of(file, content=False)
    os.utime(file, ns=(1, 1))
    assert known.matches(file)
    assert not unknown.matches(file)


def test_replaced_by_equal_copy(file: Path, tmp_path: Path) -> None:
    """A copy that took the file's place is the same when its content is."""
    before = Fingerprint.of(file)
    copy = tmp_path / "copy"
    copy.write_bytes(b"figures")
    os.replace(copy, file)
    assert Fingerprint.of(file).inode != before.inode
    assert before.matches(file)


@pytest.mark.parametrize("content", [b"Figures", b"figures and more", b""])
def test_other_content(file: Path, content: bytes) -> None:
    """Other content of the same or another length does not match."""
    before = Fingerprint.of(file)
    os.utime(file, ns=(1, 1))
    file.write_bytes(content)
    assert not before.matches(file)


def test_gone(file: Path) -> None:
    """A file that was deleted or became a folder does not match."""
    before = Fingerprint.of(file)
    file.unlink()
    assert not before.matches(file)
    file.mkdir()
    assert not before.matches(file)


def test_system_without_inodes(file: Path) -> None:
    """Where the system knows no inodes, they are not compared."""
    now = Fingerprint.of(file, content=False)
    assert Fingerprint(0, now.mtime_ns, now.size).matches(file)
    assert not Fingerprint(now.inode + 1, now.mtime_ns, now.size).matches(file)


def test_no_file(tmp_path: Path) -> None:
    """A missing file, a folder and a pipe are typed errors, and the pipe does not block."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WorkbookNotFound):
        Fingerprint.of(tmp_path / "missing")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(WorkbookUnreadable):
            Fingerprint.of(path)
