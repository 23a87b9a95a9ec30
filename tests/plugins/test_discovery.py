"""Plugins are found without running any of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from budgetinator.plugins import PluginManager
from budgetinator.plugins import discovery as discovering
from budgetinator.plugins.discovery import discover
from tests.plugins.building import folder_plugin, plugin

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process found that looked into the hostile folder."""
    base = tmp_path_factory.mktemp("hostile")
    done = subprocess.run(
        [sys.executable, "-m", "tests.plugins.hostile", str(base)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_no_line_of_a_hostile_folder_is_run(report: dict[str, Any]) -> None:
    """The interpreter's own audit events show no code of it, and no process started."""
    assert report["ran"] == []
    assert report["canary"] is False


def test_the_audit_hook_sees_what_is_run(report: dict[str, Any]) -> None:
    """The same hook has an entry once a trusted plugin is loaded."""
    assert report["control"] is True
    assert [Path(name).name for name in report["ran by loading"]] == ["control.py"]


def test_a_hostile_folder_is_looked_at_in_a_bounded_time(report: dict[str, Any]) -> None:
    """A hundred thousand files, a pipe, a loop, a huge file and bombs hold nobody up."""
    assert report["seconds"] < 15


def test_what_can_be_used_of_a_hostile_folder_is_found(report: dict[str, Any]) -> None:
    """Of two with one id the first by name counts; nothing is trusted."""
    assert report["found"] == {
        "control": "control.py",
        "exits": "exits.py",
        "good": "good",
        "innocent": "innocent.py",
    }
    assert set(report["verified"].values()) == {"not trusted"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("twin.py", "its id is that of"),
        ("traverses.py", "not of the form"),
        ("calls.py", "no literal"),
        ("names.py", "no literal"),
        ("con.py", "is no id"),
        ("brackets.py", "no Python"),
        ("sums.py", "too deeply"),
        ("coded.py", "declares the coding"),
        ("bare.py", "has no PLUGIN_METADATA"),
        ("huge.py", "262144 are allowed"),
        ("pipe.py", "not a regular file"),
        ("loop", "symbolic link"),
        ("link.py", "symbolic link"),
        ("dangling.py", "symbolic link"),
        ("nested", "nested too deeply|no TOML"),
        ("garbled", "not UTF-8"),
        ("pathlike", "not of the form"),
        ("piped", "not a regular file"),
        ("crowded", "more than 2000 entries"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_reason(
    report: dict[str, Any], name: str, reason: str
) -> None:
    """Each has its problem, and none of them ends the search."""
    assert re.search(reason, report["problems"][name])


def test_a_file_and_a_folder_are_found(folder: Path, manager: PluginManager) -> None:
    """What each says of itself stands in its info; no class is known before it is loaded."""
    plugin(folder, "counts", version="1.4", requires=("tallies>=2",))
    folder_plugin(folder, "tallies")

    counts, tallies = manager.discover_plugins()

    assert (counts.plugin_id, counts.version, counts.source) == ("counts", "1.4", "file")
    assert [str(each) for each in counts.requires] == ["tallies>=2"]
    assert (tallies.name, tallies.author, tallies.source) == ("Tallies", "A. Author", "folder")
    assert tallies.manifest_path == folder / "tallies" / "plugin.toml"
    assert (tallies.plugin_class, tallies.instance, tallies.is_loaded) == (None, None, False)
    assert manager.problems == ()


def test_a_folder_that_is_not_there_has_no_plugins(manager: PluginManager, tmp_path: Path) -> None:
    """It may be made later."""
    manager.add_plugin_path(tmp_path / "later")
    assert manager.discover_plugins() == []
    assert manager.problems == ()


def test_a_folder_that_everybody_may_write_is_not_looked_at(
    folder: Path, manager: PluginManager
) -> None:
    """Somebody else could put a plugin there at any time."""
    plugin(folder, "counts")
    os.chmod(folder, 0o777)

    found = manager.discover_plugins()

    assert found == []
    assert [(each.path, each.reason) for each in manager.problems] == [
        (folder, "every user of this machine may write it; take that right away")
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_a_folder_of_another_user_is_not_looked_at(folder: Path, manager: PluginManager) -> None:
    """Its owner could change a plugin at any time."""
    plugin(folder, "counts")
    os.chown(folder, 12345, -1)

    assert manager.discover_plugins() == []
    assert "belongs to another user" in manager.problems[0].reason


def test_a_plugin_that_is_gone_is_forgotten(folder: Path, manager: PluginManager) -> None:
    """The next discovery knows what is there then, and keeps the infos of the rest."""
    plugin(folder, "counts")
    path = plugin(folder, "adds")
    manager.discover_plugins()
    counts = manager.find("counts")
    path.unlink()

    manager.discover_plugins()

    assert manager.plugins == (counts,)


def test_what_takes_too_long_is_left_and_counted(folder: Path) -> None:
    """The rest of a folder is named as not looked at."""
    for name in ("a", "b", "c"):
        plugin(folder, name)
    times = iter([0.0, 1.0, 11.0])

    found = discover([folder], iter(()), clock=lambda: next(times))

    assert list(found.manifests) == ["a"]
    assert [each.reason for each in found.problems] == [
        "2 entries were not looked at: it took too long"
    ]


def test_a_folder_with_many_entries_is_bounded(
    folder: Path, manager: PluginManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is looked at rather than some."""
    monkeypatch.setattr(discovering, "MOST_ENTRIES", 1)
    plugin(folder, "a")
    plugin(folder, "b")

    assert manager.discover_plugins() == []
    assert "more than 1 entries" in manager.problems[0].reason
