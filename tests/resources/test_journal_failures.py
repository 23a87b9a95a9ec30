"""Tests that a journal that is damaged or cannot be kept stops nobody, and heals when it can."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from budgetinator.errors import JournalError
from budgetinator.resources import mounts
from budgetinator.resources.journal import Journal, Sweep
from budgetinator.resources.journal_file import MIGRATIONS, JournalFile
from budgetinator.resources.mounts import network_file_system
from tests.resources.processes_of_ours import ROOT, child, heard

ExpectLog = Callable[[str], None]


def record(journal: Journal, name: str = "b") -> Callable[[], None]:
    return journal.opened(f"/budgets/{name}.xlsx", component_id=name, mode="edit")


def names(journal: Journal) -> list[str | None]:
    return [entry.component_id for entry in journal.entries()]


def test_damaged_file_is_set_aside_and_a_new_one_begun(
    tmp_path: Path, expect_log: ExpectLog
) -> None:
    """What is no database is kept beside the new journal, and the caller sees only a warning."""
    expect_log("was damaged; it is kept at .*corrupt-")
    (tmp_path / "journal.sqlite3").write_bytes(b"no database at all " * 300)

    with Journal(tmp_path) as journal:
        record(journal)
        found = names(journal)

    [aside] = tmp_path.glob("journal.sqlite3.corrupt-*")
    assert found == ["b"]
    assert aside.read_bytes() == b"no database at all " * 300


def test_rows_of_open_workbooks_move_to_the_new_file(tmp_path: Path, expect_log: ExpectLog) -> None:
    """When the file is damaged under an open journal, what its process has open is written anew."""
    expect_log("was damaged; it is kept at .*corrupt-")
    with Journal(tmp_path) as journal:
        record(journal, "before")
        scribble(journal.path)
        record(journal, "after")

        with Journal(tmp_path) as other:
            assert sorted(filter(None, names(other))) == ["after", "before"]


def scribble(database: Path) -> None:
    """Write over every page, in the main file and in the log that shadows it."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with open(database, "r+b") as file:
        size = os.fstat(file.fileno()).st_size
        file.write(b"\xa5" * size)


def test_row_that_cannot_be_read_is_damage(tmp_path: Path, expect_log: ExpectLog) -> None:
    """A sound database with rows that this program never wrote is set aside too."""
    expect_log("was damaged; it is kept at .*corrupt-")
    with Journal(tmp_path) as journal:
        record(journal)
        connection = sqlite3.connect(journal.path)
        connection.execute("UPDATE entry SET stamp = 'yesterday'")
        connection.commit()
        connection.close()

        assert names(journal) == ["b"]


def test_deleted_file_is_begun_again(tmp_path: Path) -> None:
    """When somebody deletes the folder, the next row makes it anew, with those still open."""
    with Journal(tmp_path / "state") as journal:
        record(journal, "before")
        shutil.rmtree(tmp_path / "state")
        record(journal, "after")

        with Journal(tmp_path / "state") as other:
            assert sorted(filter(None, names(other))) == ["after", "before"]


def test_folder_that_cannot_be_made_turns_the_journal_off(
    tmp_path: Path, expect_log: ExpectLog, caplog: pytest.LogCaptureFixture
) -> None:
    """Where a file stands in the folder's place, all calls go through, with one warning in all."""
    expect_log("Open workbooks are not recorded until it works again")
    (tmp_path / "state").write_bytes(b"")

    with Journal(tmp_path / "state") as journal:
        undos = [record(journal) for _ in range(3)]
        undos.append(journal.intend_save(tmp_path / "b.xlsx", tmp_path / ".b.budgetinator-tmp"))
        seen, swept, problem = journal.entries(), journal.sweep(), journal.problem
        for undo in undos:
            undo()

    assert (seen, swept) == ((), Sweep(0, 0, ()))
    assert problem is not None
    assert len(caplog.records) == 1


def test_journal_that_was_off_catches_up(tmp_path: Path, expect_log: ExpectLog) -> None:
    """Once the obstacle is gone, what is still open is written, and what was closed is not."""
    expect_log("Open workbooks are not recorded until it works again")
    obstacle = tmp_path / "state"
    obstacle.write_bytes(b"")

    with Journal(obstacle, retry_after=0) as journal:
        record(journal, "still open")
        record(journal, "closed meanwhile")()
        obstacle.unlink()

        assert names(journal) == ["still open"]
        assert journal.problem is None


def test_journal_that_is_off_waits_before_it_tries_again(
    tmp_path: Path, expect_log: ExpectLog
) -> None:
    """A save does not pay for a new attempt at each call."""
    expect_log("Open workbooks are not recorded until it works again")
    obstacle = tmp_path / "state"
    obstacle.write_bytes(b"")

    with Journal(obstacle) as journal:
        record(journal)
        obstacle.unlink()
        record(journal)

        assert journal.problem is not None
        assert not obstacle.exists()


def test_full_disk_stops_no_save(tmp_path: Path) -> None:
    """When no file may grow, calls go through with one warning, and the rows follow afterwards."""
    with child("run-out-of-disk", tmp_path) as process:
        told = json.loads(heard(process))

    assert told["refused"] is not None
    assert len(told["heard"]) == 1
    assert told["rows"] == ["During"]
    assert told["now"] is None


MOUNTED = """
mount -t tmpfs -o size=64k none {folder} && {before} &&
exec {python} -c '
import logging, sys
from budgetinator.resources.journal import Journal
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
with Journal("{folder}/state") as journal:
    for _ in range(3):
        journal.opened("/b.xlsx", component_id="C", mode="edit")()
    print(len(journal.entries()), journal.problem is not None)
'
"""


@pytest.mark.skipif(
    subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode != 0
    if shutil.which("unshare")
    else True,
    reason="mounting a file system takes the right to",
)
@pytest.mark.parametrize(
    "before",
    ["head -c 80000 /dev/zero > {folder}/fill; true", "mount -o remount,ro {folder}"],
    ids=["full", "read-only"],
)
def test_full_or_closed_file_system_stops_nobody(tmp_path: Path, before: str) -> None:
    """On a full or read-only file system the calls go through, with one warning in all."""
    script = MOUNTED.format(
        folder=tmp_path, before=before.format(folder=tmp_path), python=sys.executable
    )

    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    warning, result = ran.stdout.splitlines()
    assert warning.startswith("WARNING The record of open workbooks")
    assert result == "0 True"


def test_another_programs_database_is_left_alone(tmp_path: Path, expect_log: ExpectLog) -> None:
    """A database that is not ours is neither written nor set aside."""
    expect_log("another program's database")
    connection = sqlite3.connect(tmp_path / "journal.sqlite3")
    connection.execute("CREATE TABLE theirs (x)")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    content = (tmp_path / "journal.sqlite3").read_bytes()

    with Journal(tmp_path) as journal:
        record(journal)

    assert (tmp_path / "journal.sqlite3").read_bytes() == content
    assert list(tmp_path.glob("*corrupt*")) == []


def test_file_of_a_newer_version_is_left_alone(tmp_path: Path, expect_log: ExpectLog) -> None:
    """An older program does not write to a schema that it does not know."""
    expect_log("a newer version of the program wrote it")
    newer = JournalFile(tmp_path / "journal.sqlite3", migrations=(*MIGRATIONS, ()))
    assert newer.rows() == []
    newer.close()

    with Journal(tmp_path) as journal:
        record(journal)

        assert journal.entries() == ()


def test_older_schema_is_migrated_with_its_rows(tmp_path: Path) -> None:
    """A file of an earlier version gets the statements that it lacks, and keeps its rows."""
    with Journal(tmp_path) as journal:
        record(journal)
        later = (*MIGRATIONS, ("CREATE TABLE more (x)",))
        migrated = JournalFile(journal.path, migrations=later)
        rows = migrated.rows()
        migrated.close()

    connection = sqlite3.connect(tmp_path / "journal.sqlite3")
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.close()
    assert [row.component_id for row in rows] == ["b"]
    assert (version, tables) == (2, 2)


TABLE = """\
/dev/vda / ext4 rw 0 0
/dev/vdb /home/local ext4 rw 0 0
server:/home /home nfs4 rw 0 0
//server/share /mnt/our\\040share cifs rw 0 0
me@far: /far fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/x", None),
        ("/home/me", "nfs4"),
        ("/home/local/me", None),
        ("/homestead", None),
        ("/mnt/our share/x", "cifs"),
        ("/far", "fuse.sshfs"),
    ],
)
def test_network_file_system_is_told_by_the_nearest_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, kind: str | None
) -> None:
    """The mount that a path lies on is the one with the longest path above it."""
    (tmp_path / "mounts").write_text(TABLE)
    monkeypatch.setattr(mounts, "_MOUNTS", str(tmp_path / "mounts"))

    assert network_file_system(Path(path)) == kind


def test_given_folder_on_a_network_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locks cannot be relied on there, and who names the folder can name another."""
    (tmp_path / "mounts").write_text(f"server:/x {tmp_path} nfs rw 0 0\n")
    monkeypatch.setattr(mounts, "_MOUNTS", str(tmp_path / "mounts"))

    with pytest.raises(JournalError, match=r"network file system \(nfs\)"):
        Journal(tmp_path / "state")


def test_default_folder_on_a_network_turns_the_journal_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: ExpectLog
) -> None:
    """Who has a home folder on a network works without a journal, and is told so once."""
    expect_log(r"network file system \(nfs\)")
    (tmp_path / "mounts").write_text(f"server:/x {tmp_path} nfs rw 0 0\n")
    monkeypatch.setattr(mounts, "_MOUNTS", str(tmp_path / "mounts"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    with Journal() as journal:
        record(journal)()

    assert not journal.path.exists()
