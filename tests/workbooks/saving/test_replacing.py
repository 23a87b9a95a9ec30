from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from budgetinator.errors import ChangedOnDisk, SaveError, TargetReadOnly
from budgetinator.workbooks.saving.fingerprint import Fingerprint
from tests.workbooks.saving.conftest import Place
from tests.workbooks.saving.recording import archive, generation_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="extended attributes are Linux's here")


def test_overwrites(place: Place) -> None:
    """A save replaces the file, says what it now is, and leaves nothing else."""
    saved = place.save(2)
    assert place.generation() == 2
    assert saved.path == place.target
    assert saved.bytes_written == place.target.stat().st_size
    assert saved.fingerprint == Fingerprint.of(place.target)
    assert saved.backup is None
    assert place.left_over() == []


def test_new_file(place: Place) -> None:
    """A new file gets the permissions that the umask leaves, not those of the temporary file."""
    before = os.umask(0o027)
    try:
        saved = place.save(3, place.folder / "new.xlsx")
    finally:
        os.umask(before)
    assert stat.S_IMODE(saved.path.stat().st_mode) == 0o640
    assert place.left_over() == ["new.xlsx"]


def test_journal_row_comes_first(place: Place) -> None:
    """The row is there before the temporary file and done after it is gone."""
    place.save(2)
    assert [(row["made"], row["done"]) for row in place.journal.rows()] == [
        (False, False),
        (False, True),
    ] * 2


def test_symbolic_link(place: Place) -> None:
    """A link stays a link, and the file behind it is saved."""
    elsewhere = place.folder / "elsewhere"
    elsewhere.mkdir()
    link = elsewhere / "link.xlsx"
    link.symlink_to(Path("..") / "budget.xlsx")
    saved = place.save(2, link)
    assert link.is_symlink()
    assert saved.path == place.target
    assert place.generation() == 2
    assert os.listdir(elsewhere) == ["link.xlsx"]


def test_dangling_link(place: Place) -> None:
    """A link to a file that is not there yet makes that file."""
    link = place.folder / "link.xlsx"
    link.symlink_to("later.xlsx")
    place.save(4, link)
    assert link.is_symlink()
    assert generation_of(place.folder / "later.xlsx") == 4


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_mode_stays(place: Place, mode: int) -> None:
    """The permissions of the file stay as they were."""
    place.target.chmod(mode)
    place.save(2)
    assert stat.S_IMODE(place.target.stat().st_mode) == mode


@linux
def test_extended_attributes_stay(place: Place) -> None:
    """Extended attributes are carried over to the new file."""
    try:
        os.setxattr(place.target, "user.origin", b"finance")
    except OSError as error:
        pytest.skip(f"no extended attributes on this file system: {error}")
    place.save(2)
    assert os.getxattr(place.target, "user.origin") == b"finance"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")
def test_owner_stays(place: Place) -> None:
    """Root saves another user's file without making it root's."""
    os.chown(place.target, 12345, 54321)
    place.save(2)
    status = place.target.stat()
    assert (status.st_uid, status.st_gid) == (12345, 54321)


def test_hard_links_are_refused(place: Place) -> None:
    """A file with two names is refused before anything is written, with the reason."""
    os.link(place.target, place.folder / "other name.xlsx")
    with pytest.raises(SaveError, match="hard links") as caught:
        place.save(2)
    assert caught.value.path == str(place.target)
    assert place.generation() == 1
    assert place.left_over() == ["other name.xlsx"]


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_file_is_refused(place: Place, kind: str) -> None:
    """A folder, a pipe and a device are refused at once."""
    path = place.folder / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path = Path(os.devnull)
    before = path.stat().st_mode
    with pytest.raises(SaveError, match=r"is a folder|not a regular file"):
        place.save(2, path)
    assert path.stat().st_mode == before


def test_read_only_file(place: Place) -> None:
    """A read-only file stays as it is, for root too."""
    place.target.chmod(0o444)
    with pytest.raises(TargetReadOnly, match="read-only"):
        place.save(2)
    assert place.generation() == 1
    assert place.left_over() == []


def test_read_only_folder(place: Place) -> None:
    """A folder without write permission is refused, for root too."""
    place.folder.chmod(0o555)
    try:
        with pytest.raises(TargetReadOnly, match="folder"):
            place.save(2)
    finally:
        place.folder.chmod(0o755)
    assert place.left_over() == []


def test_missing_folder(place: Place) -> None:
    """A target in a folder that does not exist is refused, naming the folder."""
    with pytest.raises(SaveError, match="there is no folder"):
        place.save(2, place.folder / "nowhere" / "budget.xlsx")


def test_impossible_names(place: Place) -> None:
    """A name that is too long, and one with a null character, are SaveErrors."""
    for name in ("x" * 300 + ".xlsx", "a\0b.xlsx"):
        with pytest.raises(SaveError):
            place.save(2, place.folder / name)
    assert place.left_over() == []


def test_changed_on_disk(place: Place) -> None:
    """A file that another program saved since is not overwritten, not even late."""
    opened = Fingerprint.of(place.target)

    def write_while_another_saves(stream: object) -> None:
        archive(2)(stream)
        place.target.write_bytes(b"another program's figures")

    with pytest.raises(ChangedOnDisk) as caught:
        place.save(2, expected=opened, write=write_while_another_saves)
    assert caught.value.path == str(place.target)
    assert place.target.read_bytes() == b"another program's figures"
    with pytest.raises(ChangedOnDisk):
        place.save(2, expected=opened, write=lambda stream: pytest.fail("written in vain"))
    assert place.left_over() == []


def test_deleted_since(place: Place) -> None:
    """A file that was deleted since it was opened is not silently brought back."""
    opened = Fingerprint.of(place.target)
    place.target.unlink()
    with pytest.raises(ChangedOnDisk):
        place.save(2, expected=opened)
    assert os.listdir(place.folder) == []


def test_touched_is_not_changed(place: Place) -> None:
    """A file that was only touched is saved over."""
    opened = Fingerprint.of(place.target)
    os.utime(place.target)
    place.save(2, expected=opened)
    assert place.generation() == 2


def test_new_file_that_appears(place: Place) -> None:
    """A file that appears where none was is not overwritten."""
    path = place.folder / "new.xlsx"

    def write_while_it_appears(stream: object) -> None:
        archive(2)(stream)
        path.write_bytes(b"theirs")

    with pytest.raises(ChangedOnDisk):
        place.save(2, path, write=write_while_it_appears)
    assert path.read_bytes() == b"theirs"


def test_backup(place: Place) -> None:
    """The old file is copied with its permissions, over an older backup."""
    backup = place.folder / "budget.bak"
    place.target.chmod(0o640)
    for generation in (2, 3):
        saved = place.save(generation, backup=backup)
        assert saved.backup == backup
        assert generation_of(backup) == generation - 1
        assert stat.S_IMODE(backup.stat().st_mode) == 0o640
    assert place.generation() == 3
    assert place.left_over() == ["budget.bak"]


def test_backup_of_nothing(place: Place) -> None:
    """A new file has no backup."""
    saved = place.save(2, place.folder / "new.xlsx", backup=place.folder / "new.bak")
    assert saved.backup is None
    assert place.left_over() == ["new.xlsx"]


@pytest.mark.parametrize("name", ["budget.xlsx", "nowhere/budget.bak", "."])
def test_impossible_backup(place: Place, name: str) -> None:
    """Without a place for the backup nothing is saved."""
    with pytest.raises(SaveError):
        place.save(2, backup=place.folder / name)
    assert place.generation() == 1
    assert place.left_over() == []
