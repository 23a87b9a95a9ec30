"""Tests of what a sweep keeps of a killed save, and of putting it in its place."""

from __future__ import annotations

import errno
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from budgetinator.errors import ChangedOnDisk, JournalError, SaveError
from budgetinator.resources.journal import TEMP_SUFFIX, Journal, Recoverable, Sweep
from budgetinator.resources.processes import ProcessIdentity

HERE = ProcessIdentity.current()
DEAD = replace(HERE, start_ticks=HERE.start_ticks - 1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "state") as journal:
        yield journal


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return workbook(tmp_path / "budget.xlsx", "old figures", modified=1_000)


def workbook(path: Path, content: str, *, modified: int | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("xl/workbook.xml", content * 50)
    if modified is not None:
        os.utime(path, (modified, modified))
    return path


def content_of(path: Path) -> str:
    with zipfile.ZipFile(path) as package:
        return package.read("xl/workbook.xml").decode()[: len("new figures")]


def announce(journal: Journal, target: Path, temp: Path, backup: Path | None = None) -> None:
    """Leave the row of a save whose process was killed."""
    with Journal(journal.path.parent, process=DEAD) as killed:
        killed.intend_save(target, temp, backup)


def kill_save(journal: Journal, target: Path, content: str = "new figures") -> Path:
    """Leave what a save leaves that is killed just before its temp takes the target's place."""
    temp = target.with_name(f".{target.name}.1{TEMP_SUFFIX}")
    announce(journal, target, temp)
    workbook(temp, content)
    temp.chmod(0o600)
    return temp


def only(swept: Sweep) -> Recoverable:
    [found] = swept.recoverable
    return found


def test_complete_newer_temp_is_kept_and_reported(journal: Journal, target: Path) -> None:
    """A temp whose CRCs are right and that is newer than the target waits, sweep after sweep."""
    temp = kill_save(journal, target)

    first, second = journal.sweep(), journal.sweep()

    found = only(first)
    assert first == second
    assert (first.removed_rows, first.deleted_temps) == (0, 0)
    assert (found.target, found.source, found.temp) == (target, temp, temp)
    assert (found.size_bytes, found.target_changed) == (temp.stat().st_size, False)
    assert len(journal.entries()) == 1


def damage(temp: Path) -> None:
    data = bytearray(temp.read_bytes())
    data[len(data) // 3] ^= 0xFF
    temp.write_bytes(data)


def truncate(temp: Path) -> None:
    os.truncate(temp, temp.stat().st_size - 10)


def age(temp: Path) -> None:
    os.utime(temp, (500, 500))


def empty(temp: Path) -> None:
    temp.unlink()
    with zipfile.ZipFile(temp, "w"):
        pass


@pytest.mark.parametrize("spoil", [damage, truncate, age, empty])
def test_temp_that_is_broken_or_older_is_deleted(
    journal: Journal, target: Path, spoil: object
) -> None:
    """A wrong CRC, a missing end, an older time or no content: nothing to recover, so it goes."""
    temp = kill_save(journal, target)
    assert callable(spoil)
    spoil(temp)

    swept = journal.sweep()

    assert swept == Sweep(removed_rows=1, deleted_temps=1, recoverable=())
    assert not temp.exists()
    assert content_of(target) == "old figures"


@pytest.mark.parametrize(
    "name", [f"elsewhere/.b{TEMP_SUFFIX}", "notes.txt", f".folder{TEMP_SUFFIX}/"]
)
def test_file_that_is_no_temp_of_ours_is_never_deleted(
    journal: Journal, target: Path, name: str
) -> None:
    """Outside of the target's folder, without our suffix or no regular file: only the row goes."""
    temp = target.parent / name
    temp.parent.mkdir(exist_ok=True)
    announce(journal, target, temp)
    temp.mkdir() if name.endswith("/") else temp.write_bytes(b"not a workbook")

    swept = journal.sweep()

    assert swept == Sweep(removed_rows=1, deleted_temps=0, recoverable=())
    assert temp.exists()


def test_link_under_a_temps_name_is_not_followed(journal: Journal, target: Path) -> None:
    """A symbolic link is not what a save makes; neither it nor what it points to goes."""
    temp = target.with_name(f".l{TEMP_SUFFIX}")
    announce(journal, target, temp)
    temp.symlink_to(target)

    swept = journal.sweep()

    assert swept == Sweep(removed_rows=1, deleted_temps=0, recoverable=())
    assert temp.is_symlink()
    assert target.exists()


def test_recovered_workbook_takes_the_targets_place(journal: Journal, target: Path) -> None:
    """The new figures stand under the old name with the old mode, and temp and row are gone."""
    target.chmod(0o640)
    temp = kill_save(journal, target)

    place = journal.recover(only(journal.sweep()))

    assert place == target
    assert content_of(target) == "new figures"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert not temp.exists()
    assert journal.entries() == ()


def test_recovering_elsewhere_leaves_the_target(
    journal: Journal, target: Path, tmp_path: Path
) -> None:
    """A copy goes to the other folder and the target keeps the old figures."""
    (tmp_path / "other").mkdir()
    temp = kill_save(journal, target)

    place = journal.recover(only(journal.sweep()), tmp_path / "other" / "copy.xlsx")

    assert content_of(place) == "new figures"
    assert content_of(target) == "old figures"
    assert not temp.exists()
    assert list((tmp_path / "other").iterdir()) == [place]
    assert journal.entries() == ()


def test_changed_target_is_overwritten_only_when_asked(journal: Journal, target: Path) -> None:
    """A target that changed after the save began is refused until the caller says so."""
    temp = kill_save(journal, target)
    workbook(target, "other figures", modified=2_000)
    found = only(journal.sweep())

    with pytest.raises(ChangedOnDisk, match="changed after") as refused:
        journal.recover(found)
    kept = temp.exists(), len(journal.entries())
    journal.recover(found, overwrite=True)

    assert refused.value.path == str(target)
    assert found.target_changed
    assert kept == (True, 1)
    assert content_of(target) == "new figures"


def test_existing_file_elsewhere_is_not_overwritten(journal: Journal, target: Path) -> None:
    """Recovering to a name that is taken is refused, and nothing is lost or left."""
    taken = target.with_name("taken.xlsx")
    taken.write_bytes(b"mine")
    temp = kill_save(journal, target)

    with pytest.raises(SaveError, match="exists"):
        journal.recover(only(journal.sweep()), taken)

    assert taken.read_bytes() == b"mine"
    assert temp.exists()
    assert sorted(path.name for path in target.parent.glob(f"*{TEMP_SUFFIX}")) == [temp.name]


def test_folder_that_is_gone_leaves_the_temp_where_it_was(journal: Journal, target: Path) -> None:
    """When the system refuses the copy, the error carries its number, and all is as before."""
    temp = kill_save(journal, target)

    with pytest.raises(SaveError) as refused:
        journal.recover(only(journal.sweep()), target.parent / "missing" / "copy.xlsx")

    assert refused.value.errno == errno.ENOENT
    assert temp.exists()
    assert len(journal.entries()) == 1


def test_failed_copy_leaves_nothing_behind(
    journal: Journal, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the copy cannot take its name, it goes again, and the temp is as it was."""
    (tmp_path / "other").mkdir()
    temp = kill_save(journal, target)
    found = only(journal.sweep())

    def fail(source: Path, destination: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "replace", fail)

    with pytest.raises(SaveError) as refused:
        journal.recover(found, tmp_path / "other" / "copy.xlsx")

    assert refused.value.errno == errno.EIO
    assert list((tmp_path / "other").iterdir()) == []
    assert temp.exists()
    assert len(journal.entries()) == 1


def test_recovering_twice_says_that_it_is_gone(journal: Journal, target: Path) -> None:
    """The second of two that recover the same find gets an error, not an empty workbook."""
    kill_save(journal, target)
    found = only(journal.sweep())
    journal.recover(found)

    with pytest.raises(JournalError, match="no longer"):
        journal.recover(found, overwrite=True)

    assert content_of(target) == "new figures"


def test_discarding_deletes_temp_and_row(journal: Journal, target: Path) -> None:
    """What the user does not want is gone for good, and the target stays."""
    temp = kill_save(journal, target)

    journal.discard(only(journal.sweep()))

    assert not temp.exists()
    assert journal.entries() == ()
    assert content_of(target) == "old figures"


def test_backup_is_offered_when_a_save_in_place_broke_the_target(
    journal: Journal, target: Path
) -> None:
    """A hard link whose rewriting was killed gets its old content back, and stays one file."""
    backup = workbook(target.with_name("budget.bak"), "old figures", modified=900)
    other_name = target.with_name("same.xlsx")
    os.link(target, other_name)
    announce(journal, target, target.with_name(f".b{TEMP_SUFFIX}"), backup)
    os.truncate(target, 60)

    found = only(journal.sweep())
    journal.recover(found, overwrite=True)

    assert (found.source, found.target_changed) == (backup, True)
    assert content_of(other_name) == "old figures"
    assert target.samefile(other_name)
    assert backup.exists()
    assert journal.entries() == ()


def test_older_temp_is_kept_when_the_target_is_broken(journal: Journal, target: Path) -> None:
    """A complete temp counts more than a target that its save left half written in place."""
    temp = kill_save(journal, target)
    age(temp)
    os.truncate(target, 60)

    assert only(journal.sweep()).source == temp
