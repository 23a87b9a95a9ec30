"""The record of what is trusted: the user's alone, whole at any time."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from budgetinator.errors import PluginRefused
from budgetinator.plugins.store import TrustStore

REPOSITORY = Path(__file__).parents[2]
PLACE = Path("/plugins/tallies")


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "state" / "plugins")


def test_what_was_trusted_is_known_again(store: TrustStore) -> None:
    """By id and place together: the same id elsewhere is another plugin."""
    store.trust("tallies", PLACE, "ab" * 32)

    record = TrustStore(store.folder).record("tallies", PLACE)

    assert record is not None
    assert (record.sha256, record.off) == ("ab" * 32, None)
    assert store.record("tallies", Path("/elsewhere/tallies")) is None


def test_the_file_belongs_to_the_user_alone(store: TrustStore) -> None:
    """0600 in a folder of 0700, whatever the umask."""
    before = os.umask(0)
    try:
        store.trust("tallies", PLACE, "ab" * 32)
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_nothing_is_trusted_by_a_file_that_others_may_write(store: TrustStore) -> None:
    """It says so instead, and trusting anew begins a new file."""
    store.trust("tallies", PLACE, "ab" * 32)
    os.chmod(store.path, 0o666)
    with pytest.raises(PluginRefused, match="others may write it"):
        store.records()

    store.trust("counts", PLACE, "cd" * 32)

    assert [each.plugin_id for each in store.records().values()] == ["counts"]


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"",
            b"{",
            b"[]",
            b'{"format": 2, "plugins": []}',
            b'{"format": 1, "plugins": [{"x": 1}]}',
        ),
        b'{"format": 1, "plugins": [{"plugin_id": [], "path": "/plugins"}]}',
        b'{"format": 1, "plugins": [{"plugin_id": "tallies", "path": "/plugins", "sha256": 3}]}',
    ],
)
def test_a_damaged_file_trusts_nothing_and_is_kept(store: TrustStore, content: bytes) -> None:
    """The error names the file; the next trust puts it aside."""
    store.trust("tallies", PLACE, "ab" * 32)
    store.path.write_bytes(content)
    with pytest.raises(PluginRefused, match=r"trust\.json cannot be read: it is damaged"):
        store.record("tallies", PLACE)

    store.trust("counts", PLACE, "cd" * 32)

    assert store.path.with_name("trust.json.damaged").read_bytes() == content
    assert [each.plugin_id for each in store.records().values()] == ["counts"]


def test_a_link_in_place_of_the_file_is_refused(store: TrustStore, tmp_path: Path) -> None:
    """What it leads to is not the user's record."""
    store.folder.mkdir(parents=True)
    store.path.symlink_to(tmp_path / "other.json")
    with pytest.raises(PluginRefused, match="symbolic link"):
        store.records()


def test_untrust_forgets_and_says_whether_there_was_something(store: TrustStore) -> None:
    """What is switched off stays so."""
    store.trust("tallies", PLACE, "ab" * 32)
    store.switch_off("tallies", PLACE, "it hung")

    answers = [store.untrust("tallies", PLACE), store.untrust("tallies", PLACE)]

    record = store.record("tallies", PLACE)
    assert answers == [True, False]
    assert record is not None
    assert (record.sha256, record.off) == (None, "it hung")


def test_a_write_that_fails_leaves_the_old_file(
    store: TrustStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is replaced as a whole or not at all."""
    store.trust("tallies", PLACE, "ab" * 32)
    before = store.path.read_bytes()

    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(PluginRefused, match="cannot be written"):
        store.trust("counts", PLACE, "cd" * 32)
    assert store.path.read_bytes() == before


def test_processes_that_write_at_once_lose_nothing(store: TrustStore) -> None:
    """Each reads and writes under the lock of the file."""
    program = (
        "import sys; from pathlib import Path; from budgetinator.plugins.store import TrustStore\n"
        "store = TrustStore(Path(sys.argv[1]))\n"
        "for n in range(10): store.trust(f'{sys.argv[2]}{n}', Path('/p'), 'ab')\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, store.folder, name], cwd=REPOSITORY)
        for name in "abc"
    ]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    assert len(json.loads(store.path.read_bytes())["plugins"]) == 30
