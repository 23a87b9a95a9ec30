from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from budgetinator.errors import (
    InvalidCellValue,
    JournalError,
    SaveError,
    TargetReadOnly,
    WorkbookDamaged,
)
from tests.workbooks.saving.conftest import Place
from tests.workbooks.saving.recording import archive, temporaries

CHILD = [sys.executable, "-m", "tests.workbooks.saving.one_save"]
DISK_FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def failing_within_a_member(error: BaseException) -> Callable[[BinaryIO], None]:
    """Fails in the middle of a zip member, where closing the archive raises once more."""

    def write(stream: BinaryIO) -> None:
        file = zipfile.ZipFile(stream, "w")
        member = file.open("part", "w")
        member.write(b"x" * 1000)
        try:
            raise error
        finally:
            try:
                file.close()  # ValueError: there is still an open writing handle
            finally:
                member.close()

    return write


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt(), SystemExit(3)])
def test_interrupted(place: Place, error: BaseException) -> None:
    """Out of memory or interrupted: the file stays, and the error comes out as it is."""
    with pytest.raises(type(error)) as caught:
        place.save(2, write=failing_within_a_member(error))
    assert caught.value is error
    assert place.generation() == 1
    assert place.left_over() == []


def test_first_error_wins(place: Place) -> None:
    """The errno and cause are those of the first error, not of the archive's closing."""
    with pytest.raises(SaveError, match="disk is full") as caught:
        place.save(2, write=failing_within_a_member(DISK_FULL))
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.__cause__ is DISK_FULL
    assert place.left_over() == []


def test_swallowed_error(place: Place) -> None:
    """A writer that swallows the stream's error does not pass for a save."""

    def write(stream: BinaryIO) -> None:
        os.ftruncate(stream.fileno(), 0)
        try:
            stream.seek(-1)
        except OSError:
            stream.write(b"as if nothing had happened")

    with pytest.raises(SaveError) as caught:
        place.save(2, write=write, verify=lambda path: None)
    assert caught.value.errno == errno.EINVAL
    assert place.generation() == 1


def test_late_writer(place: Place) -> None:
    """A writer that keeps the stream cannot write to it after the save."""
    kept: list[BinaryIO] = []

    def write(stream: BinaryIO) -> None:
        archive(2)(stream)
        kept.append(stream)

    place.save(2, write=write)
    with pytest.raises(ValueError, match="already saved"):
        kept[0].write(b"too late")


def test_error_of_an_outer_handler(place: Place) -> None:
    """What the caller was handling when it saved is not taken for the cause."""
    try:
        raise KeyError("outer")
    except KeyError:
        with pytest.raises(SaveError) as caught:
            place.save(2, write=lambda stream: stream.no_such_method())
    assert isinstance(caught.value.__cause__, AttributeError)


def test_refused_value(place: Place) -> None:
    """An error of the workbook itself comes out as it is."""
    error = InvalidCellValue("A cell holds at most 32,767 characters.")
    with pytest.raises(InvalidCellValue) as caught:
        place.save(2, write=failing_within_a_member(error))
    assert caught.value is error
    assert place.left_over() == []


def test_does_not_read_back(place: Place) -> None:
    """What does not read back does not replace anything, and the user's path is named."""

    def verify(path: Path) -> None:
        raise WorkbookDamaged("The part xl/workbook.xml is cut short.", path=str(path))

    with pytest.raises(SaveError, match=r"does not read back: The part xl/workbook.xml") as caught:
        place.save(2, verify=verify)
    assert caught.value.path == str(place.target)
    assert place.generation() == 1
    assert place.left_over() == []


def failing(name: str, error: OSError, nth: int = 1) -> Callable[..., object]:
    """A stand-in for a function of `os` that fails at the nth call and works otherwise."""
    real, calls = getattr(os, name), iter(range(1, 1000))

    def call(*args: object) -> object:
        if next(calls) == nth:
            raise error
        return real(*args)

    return call


def test_file_sync_fails(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that does not take the new file leaves the old one."""
    before = place.target.read_bytes()
    monkeypatch.setattr(os, "fsync", failing("fsync", OSError(errno.EIO, "disk")))
    with pytest.raises(SaveError, match="disk reported an error") as caught:
        place.save(2, journal=None)
    assert caught.value.errno == errno.EIO
    assert place.target.read_bytes() == before
    assert place.left_over() == []


def test_folder_sync_fails(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replacement that the disk does not confirm is undone: bytes, mode and time."""
    place.target.chmod(0o640)
    before, status = place.target.read_bytes(), place.target.stat()
    monkeypatch.setattr(os, "fsync", failing("fsync", OSError(errno.EIO, "disk"), nth=2))
    with pytest.raises(SaveError) as caught:
        place.save(2, journal=None)
    assert caught.value.errno == errno.EIO
    assert place.target.read_bytes() == before
    after = place.target.stat()
    assert (after.st_mode, after.st_mtime_ns) == (status.st_mode, status.st_mtime_ns)
    assert place.left_over() == []


def test_folder_sync_fails_for_a_new_file(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new file that the disk does not confirm is not left behind."""
    monkeypatch.setattr(os, "fsync", failing("fsync", OSError(errno.EIO, "disk"), nth=2))
    with pytest.raises(SaveError):
        place.save(2, place.folder / "new.xlsx", journal=None)
    assert place.left_over() == []


def test_file_system_without_folder_sync(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that cannot sync folders is no failure."""
    monkeypatch.setattr(os, "fsync", failing("fsync", OSError(errno.EINVAL, "no"), nth=2))
    place.save(2, journal=None)
    assert place.generation() == 2


def test_replace_fails(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replace that fails leaves the old file and no other."""
    monkeypatch.setattr(os, "replace", failing("replace", OSError(errno.EIO, "disk")))
    with pytest.raises(SaveError) as caught:
        place.save(2)
    assert caught.value.errno == errno.EIO
    assert place.generation() == 1
    assert place.left_over() == []


def test_replace_denied_for_a_while(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replace that is denied as long as Excel holds the file is tried again."""
    denied = failing("replace", PermissionError(errno.EACCES, "sharing violation"))
    monkeypatch.setattr(os, "replace", denied)
    place.save(2)
    assert place.generation() == 2


def test_replace_denied(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replace that stays denied names who may hold the file."""

    def denied(*paths: object) -> None:
        raise PermissionError(errno.EACCES, "sharing violation")

    monkeypatch.setattr(os, "replace", denied)
    with pytest.raises(SaveError, match="probably Excel") as caught:
        place.save(2)
    assert not isinstance(caught.value, TargetReadOnly)
    assert place.generation() == 1
    assert place.left_over() == []


def test_journal_that_fails(place: Place) -> None:
    """Without a journal row nothing is written."""

    class Broken:
        def intend_save(self, target: Path, temp: Path, backup: Path | None = None) -> None:
            raise JournalError("The journal is locked.")

    with pytest.raises(SaveError, match="journal is locked"):
        place.save(2, journal=Broken())
    assert place.generation() == 1
    assert place.left_over() == []


def test_unwritable_lock_folder(place: Place, tmp_path: Path) -> None:
    """Without a lock nothing is written, and the folder of the locks is named."""
    (tmp_path / "a file").write_bytes(b"")
    with pytest.raises(SaveError, match="lock"):
        place.save(2, lock_dir=tmp_path / "a file" / "locks")
    assert place.generation() == 1


def test_file_size_limit(place: Place) -> None:
    """A file larger than the process may write fails with EFBIG, and the old one stays."""
    args = [*CHILD, place.target, place.locks, place.journal.path, "2", "--limit", "100000"]
    done = subprocess.run(args, capture_output=True, text=True, check=False)
    assert done.stdout == f"SaveError {errno.EFBIG}\n", done.stderr
    assert done.stderr == ""
    assert place.generation() == 1
    assert place.left_over() == []


@pytest.mark.parametrize("size", [260, 300, 380, 460])
def test_full_disk(place: Place, tmp_path: Path, size: int) -> None:
    """On a disk that is full nothing is lost, left over or masked."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", f"size={size}k", "budgets", disk]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk, and not in every container")
    try:
        target = disk / "budget.xlsx"
        place.save(1, target)
        before = target.read_bytes()
        with pytest.raises(SaveError) as caught:
            place.save(2, target)
        assert caught.value.errno == errno.ENOSPC
        assert target.read_bytes() == before
        assert temporaries(disk) == []
    finally:
        subprocess.run(["umount", disk], check=True)
    assert place.left_over() == []
