"""A large file is read back, synced and digested at the same time."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from pathlib import Path

import pytest

from budgetinator.errors import SaveError, WorkbookDamaged
from budgetinator.workbooks.saving.beside import Beside
from budgetinator.workbooks.saving.output import Output
from tests.workbooks.saving.conftest import Place
from tests.workbooks.saving.recording import verify

LARGE = 3  # the generation


def test_the_fingerprint_is_that_of_the_new_file(place: Place) -> None:
    """Its digest too, although it was taken while the file was read back."""
    saved = place.save(LARGE, journal=None)
    assert saved.fingerprint.sha256 == hashlib.sha256(place.target.read_bytes()).hexdigest()
    assert saved.fingerprint.matches(place.target)
    assert saved.bytes_written == place.target.stat().st_size > 1 << 20


def test_a_file_that_is_touched_meanwhile_is_looked_at_again(place: Place) -> None:
    """The fingerprint is of the time after all that happened to the file."""

    def touching(temp: Path) -> None:
        os.utime(temp, (1, 1))

    saved = place.save(LARGE, journal=None, verify=touching)
    assert saved.fingerprint.mtime_ns == place.target.stat().st_mtime_ns == 10**9
    assert saved.fingerprint.sha256 == hashlib.sha256(place.target.read_bytes()).hexdigest()


def test_nothing_is_replaced_before_all_have_succeeded(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that refuses while the file reads back well still leaves the old one."""
    verified = threading.Event()
    fsync = os.fsync

    def failing(descriptor: int) -> None:
        if threading.current_thread() is threading.main_thread():
            return fsync(descriptor)
        assert verified.wait(10)
        raise OSError(errno.EIO, "disk")

    def seen(temp: Path) -> None:
        verify(temp)
        verified.set()

    before = place.target.read_bytes()
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(SaveError, match="disk reported an error") as caught:
        place.save(LARGE, journal=None, verify=seen)
    assert caught.value.errno == errno.EIO
    assert place.target.read_bytes() == before
    assert place.left_over() == []


def test_what_does_not_read_back_is_given_up(place: Place) -> None:
    """The threads have ended by then, and the temporary file is gone."""
    before, threads = place.target.read_bytes(), threading.active_count()

    def refusing(_: Path) -> None:
        raise WorkbookDamaged("It is broken.")

    with pytest.raises(SaveError, match="does not read back"):
        place.save(LARGE, journal=None, verify=refusing)
    assert place.target.read_bytes() == before
    assert place.left_over() == []
    assert threading.active_count() == threads


def test_beside_hands_on_what_the_call_gave_or_raised() -> None:
    """What nobody asks for is dropped, and awaited all the same."""
    ended = threading.Event()

    def late() -> None:
        assert ended.wait(10)

    with Beside(late, "late"), Beside(lambda: 7, "seven") as seven, Beside(ended.set, "set"):
        assert seven.result() == seven.result() == 7
    with Beside(list[int]().pop, "failing") as failing, pytest.raises(IndexError):
        failing.result()


def _output(folder: Path) -> Output:
    return Output(os.open(folder / "new", os.O_RDWR | os.O_CREAT, 0o600))


def test_the_digest_follows_the_writer(tmp_path: Path) -> None:
    """What was flushed is taken in while more is written, by the stream or by the system."""
    output, content = _output(tmp_path), os.urandom(5 << 20)
    output.write(content[: 2 << 20])
    output.flush()
    assert os.pwrite(output.fileno(), content[2 << 20 : 4 << 20], 2 << 20) == 2 << 20
    output.seek(4 << 20)
    output.flush()
    output.write(content[4 << 20 :])
    output.flush()
    assert output.digest() == hashlib.sha256(content).hexdigest()
    output.finish()


@pytest.mark.parametrize("change", ["write", "truncate"])
def test_no_digest_is_told_of_what_was_written_again(tmp_path: Path, change: str) -> None:
    """What was taken in already and changed then is left to be read anew."""
    output = _output(tmp_path)
    output.write(os.urandom(2 << 20))
    output.flush()
    if change == "write":
        output.seek(100)
        output.write(b"header")
        output.seek(0, os.SEEK_END)
    else:
        output.truncate(1 << 20)
    output.flush()
    assert output.digest() is None
    output.finish()


def test_an_output_that_is_given_up_ends_its_digest(tmp_path: Path) -> None:
    """No thread and no descriptor stays."""
    before, threads = os.listdir("/proc/self/fd"), threading.active_count()
    output = _output(tmp_path)
    output.write(os.urandom(2 << 20))
    output.flush()
    assert threading.active_count() == threads + 1
    output.abandon(OSError(errno.EIO, "disk"))
    assert threading.active_count() == threads
    assert os.listdir("/proc/self/fd") == before
