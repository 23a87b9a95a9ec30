"""Tests of recording open workbooks and saves, by many threads and processes, and of sweeping."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import platformdirs
import pytest

from budgetinator.errors import JournalError
from budgetinator.resources.journal import TEMP_SUFFIX, Journal, Sweep
from budgetinator.resources.processes import ProcessIdentity
from tests.resources.processes_of_ours import child, heard, kill_savers, tell

HERE = ProcessIdentity.current()
DEAD = replace(HERE, start_ticks=HERE.start_ticks - 1)
ELSEWHERE = replace(HERE, host="other-host")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def journal(state: Path) -> Iterator[Journal]:
    with Journal(state) as journal:
        yield journal


def leave_rows(state: Path, process: ProcessIdentity, target: Path) -> Path:
    """Rows as a process leaves them that is killed in a save; returns its unfinished temp."""
    temp = target.with_name(f".{target.name}.{process.host}{TEMP_SUFFIX}")
    journal = Journal(state, process=process)
    journal.opened(target, component_id="Gone_1", mode="edit")
    journal.intend_save(target, temp)
    temp.write_bytes(b"half of a workbook")
    journal._link._file.close()  # type: ignore[union-attr]
    return temp


def test_open_workbook_stands_in_the_journal_until_undone(journal: Journal, tmp_path: Path) -> None:
    """What is recorded comes back as it was given, and goes with the undo, called twice or not."""
    (tmp_path / "link.xlsx").symlink_to(tmp_path / "budget.xlsx")

    undo = journal.opened(
        tmp_path / "link.xlsx", component_id="Editor_1", mode="edit", size_bytes=2**40
    )
    [entry] = journal.entries()
    undo()
    undo()

    assert (entry.kind, entry.path, entry.mode) == ("open", tmp_path / "budget.xlsx", "edit")
    assert (entry.size_bytes, entry.component_id) == (2**40, "Editor_1")
    assert (entry.host, entry.pid, entry.alive) == (HERE.host, os.getpid(), True)
    assert abs(datetime.now(UTC) - entry.opened_at) < timedelta(minutes=1)
    assert journal.entries() == ()


def test_save_is_seen_by_others_before_its_temp_is_made(
    journal: Journal, state: Path, tmp_path: Path
) -> None:
    """When `intend_save` returns, another connection reads the row."""
    temp, backup = tmp_path / f".b{TEMP_SUFFIX}", tmp_path / "b.bak"

    undo = journal.intend_save(tmp_path / "b.xlsx", temp, backup)
    with Journal(state) as other:
        [entry] = other.entries()
    undo()

    assert (entry.kind, entry.path) == ("save", tmp_path / "b.xlsx")
    assert (entry.temp, entry.backup) == (temp, backup)
    assert journal.entries() == ()


def test_file_name_that_is_no_text_is_kept(journal: Journal) -> None:
    """A file name is bytes; those that are not valid text come back as they were."""
    path = os.fsdecode(b"/budgets/\xff\xfe.xlsx")

    undo = journal.opened(path, component_id="\ud800", mode="read")
    [entry] = journal.entries()
    undo()

    assert (os.fspath(entry.path), entry.component_id) == (path, "\\ud800")


def test_nothing_is_made_before_the_first_use(state: Path) -> None:
    """Making a journal makes no folder and no file, and closing an unused one neither."""
    Journal(state).close()

    assert not state.exists()


def test_folder_and_file_are_the_users_own(journal: Journal, state: Path) -> None:
    """Other users may neither list the folder nor read any of the files."""
    journal.opened("/b.xlsx", component_id="C", mode="edit")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()}

    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {name: mode & 0o077 for name, mode in modes.items()} == dict.fromkeys(modes, 0)
    assert modes["journal.sqlite3"] == 0o600


def test_default_folder_is_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's state folder is used by default, and tightened if it was there before."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = Path(platformdirs.user_state_dir("budgetinator"))
    folder.mkdir(mode=0o755, parents=True)

    with Journal() as journal:
        journal.opened("/b.xlsx", component_id="C", mode="edit")

    assert journal.path == folder / "journal.sqlite3"
    assert journal.path.exists()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_closed_journal_refuses_to_record(state: Path) -> None:
    """After `close`, twice or not, recording raises and an undo is harmless."""
    journal = Journal(state)
    undo = journal.opened("/b.xlsx", component_id="C", mode="edit")
    journal.close()
    journal.close()

    undo()

    with pytest.raises(JournalError, match="closed"):
        journal.opened("/b.xlsx", component_id="C", mode="edit")
    with pytest.raises(JournalError, match="closed"):
        journal.entries()


def test_close_takes_open_rows_and_leaves_saves(state: Path, tmp_path: Path) -> None:
    """A save's temp may outlive a journal closed in its midst, so its row does too."""
    journal = Journal(state)
    journal.opened("/b.xlsx", component_id="C", mode="edit")
    journal.intend_save(tmp_path / "b.xlsx", tmp_path / f".b{TEMP_SUFFIX}")
    journal.close()

    with Journal(state) as other:
        kinds = [entry.kind for entry in other.entries()]

    assert kinds == ["save"]


def test_sweep_clears_what_a_dead_process_left(
    journal: Journal, state: Path, tmp_path: Path
) -> None:
    """A row whose pid is in use again by a process with another start time is stale."""
    temp = leave_rows(state, DEAD, tmp_path / "b.xlsx")
    alive = [entry.alive for entry in journal.entries()]
    of_living = journal.entries(alive_only=True)

    swept = journal.sweep()

    assert alive == [False, False]
    assert of_living == ()
    assert swept == Sweep(removed_rows=2, deleted_temps=1, recoverable=())
    assert not temp.exists()
    assert journal.entries() == ()


@pytest.mark.parametrize("owner", [HERE, ELSEWHERE], ids=["living", "other host"])
def test_sweep_leaves_living_processes_and_other_hosts(
    journal: Journal, state: Path, tmp_path: Path, owner: ProcessIdentity
) -> None:
    """Neither a row nor a temp of a process goes that is alive or cannot be judged from here."""
    temp = leave_rows(state, owner, tmp_path / "b.xlsx")

    swept = journal.sweep()

    assert swept == Sweep(0, 0, ())
    assert temp.exists()
    assert [entry.kind for entry in journal.entries(alive_only=True)] == ["open", "save"]


def test_sweep_leaves_a_temp_whose_name_a_living_save_has_too(
    journal: Journal, state: Path, tmp_path: Path
) -> None:
    """When a living process saves under the name that a dead one used, only the dead row goes."""
    temp = leave_rows(state, DEAD, tmp_path / "b.xlsx")
    undo = journal.intend_save(tmp_path / "b.xlsx", temp)

    swept = journal.sweep()

    assert swept == Sweep(removed_rows=2, deleted_temps=0, recoverable=())
    assert temp.exists()
    undo()


def test_sixty_kills_leave_no_stale_row_and_no_temp(journal: Journal, tmp_path: Path) -> None:
    """After 60 kills in the midst of saves a sweep clears all, and nothing of two living ones."""
    folder = tmp_path / "budgets"
    folder.mkdir()
    state = journal.path.parent
    with child("hold", state, folder) as first, child("hold", state, folder) as second:
        assert heard(first) == heard(second) == b"held\n"
        living = journal.entries()

        kill_savers(60, state, folder, batch=6, seed=1)
        stale = len(journal.entries()) - len(living)
        swept = journal.sweep()
        kept = {found.source for found in swept.recoverable}
        temps = set(folder.glob(f".*{TEMP_SUFFIX}"))
        for found in swept.recoverable:
            journal.discard(found)

        assert len(living) == 4
        assert stale >= 60
        assert swept.removed_rows + len(swept.recoverable) == stale
        assert temps - kept == {entry.temp for entry in living if entry.temp}
        assert journal.entries() == living
    assert journal.entries() == ()
    assert list(folder.glob(f".*{TEMP_SUFFIX}")) == []


def test_two_processes_writing_at_once_lose_nothing(journal: Journal) -> None:
    """Of 200 rows each that two processes write at the same time, on a new file, all are there."""
    state = journal.path.parent
    with child("record-many", state, 200) as first, child("record-many", state, 200) as second:
        writers = (first, second)
        assert [heard(writer) for writer in writers] == [b"ready\n"] * 2
        for writer in writers:
            tell(writer, b"begin\n")
        assert [heard(writer) for writer in writers] == [b"done\n"] * 2
        paths = {entry.path for entry in journal.entries(alive_only=True)}

    assert paths == {
        Path(f"/budgets/{writer.pid}-{number}.xlsx") for writer in writers for number in range(200)
    }
    assert journal.sweep() == Sweep(removed_rows=400, deleted_temps=0, recoverable=())


def test_threads_share_one_journal(journal: Journal) -> None:
    """Rows recorded in four threads are all there, and another thread's undo removes them."""
    undos: list[Callable[[], None]] = []
    together = threading.Barrier(4)

    def record() -> None:
        together.wait()
        undos.extend(
            journal.opened(f"/{number}.xlsx", component_id="T", mode="read") for number in range(50)
        )

    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorded = len(journal.entries())
    for undo in undos:
        undo()

    assert recorded == 200
    assert journal.entries() == ()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the child's descriptors in /proc")
def test_forked_child_has_a_connection_and_rows_of_its_own(state: Path) -> None:
    """A child inherits no descriptor, its undo of its parent's row is harmless, and any of its
    threads records under the child's pid.
    """
    with child("fork", state) as process:
        told = json.loads(heard(process))

    rows = [row for row in told["rows"] if row[0] != "Thread"]
    assert told["status"] == 0
    assert told["problem"] is None
    assert rows == [["Child", True, False], ["Parent", False, True]]
