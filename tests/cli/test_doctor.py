"""`budgetinator doctor`."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from budgetinator.cli import checks
from tests.cli.running import REPOSITORY, call, environment, names_in, run


def test_all_that_is_needed_is_here(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the tests run nothing that is needed is missing."""
    ended = call(capsys, "doctor", "--json")
    assert (ended.code, ended.document["missing"]) == (0, [])
    found = {check["name"]: check for check in ended.document["checks"]}
    assert found["Python"]["state"] == "ok"
    assert found["openpyxl"]["found"] == "3.1.5"
    assert [c["name"] for c in found.values() if c["state"] != "ok" and not c["remedy"]] == []
    assert {"settings", "state folder", "locks", "journal", "processes"} <= found.keys()


def test_its_text_is_a_table_with_a_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each check, and one at the end."""
    lines = call(capsys, "doctor").out.splitlines()
    assert lines[0].split() == ["state", "what", "found", "what", "to", "do"]
    assert lines[-1] == "Everything that is needed is here."


def test_the_libraries_are_those_of_the_project() -> None:
    """Its tables follow pyproject.toml."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[<>=;~! \[]", text)[0] for text in requirements}

    extras = project["optional-dependencies"]
    assert set(checks.DEPENDENCIES) == names(project["dependencies"])
    assert set(checks.EXTRAS) == extras.keys() - {"bench", "dev", "test"}
    for extra, modules in checks.EXTRAS.items():
        assert set(modules) == names(extras[extra])


def test_a_missing_library_is_a_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1, with the command that installs it."""

    def without_pluggy(name: str) -> object:
        return None if name == "pluggy" else find_spec(name)

    monkeypatch.setattr(checks, "find_spec", without_pluggy)
    ended = call(capsys, "doctor", "--json")
    assert (ended.code, ended.document["missing"]) == (1, ["pluggy"])
    (check,) = (c for c in ended.document["checks"] if c["name"] == "pluggy")
    assert check == {
        "name": "pluggy",
        "state": "missing",
        "found": "not installed",
        "remedy": "pip install pluggy",
    }


def test_missing_libraries_of_the_window_name_their_packages(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are noted, since only the window needs them."""
    monkeypatch.setattr(checks, "LIBRARIES", {"no-such-library": "libnosuch1", "c": "libc6"})
    ended = call(capsys, "doctor", "--json")
    (check,) = (c for c in ended.document["checks"] if c["name"] == "libraries of the window")
    assert (ended.code, check["state"]) == (0, "note")
    assert (check["found"], check["remedy"]) == (
        "without no-such-library",
        "apt-get install libnosuch1",
    )


def test_it_imports_no_widget_library() -> None:
    """Importing Qt without its system packages fails, and that is what doctor is there to tell."""
    program = (
        "import sys; from budgetinator.cli import main; main(['doctor', '--json']);"
        "widgets = ('PySide6', 'shiboken6', 'tkinter', '_tkinter');"
        "print([m for m in widgets if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_wrong_settings_are_a_finding_and_not_its_end(tmp_path: Path) -> None:
    """It looks at the rest all the same."""
    (tmp_path / "config.json").write_text('{"saving": {"verify": "maybe"}}')
    ended = run("doctor", "--json", cwd=tmp_path)
    assert (ended.code, ended.document["missing"]) == (1, ["settings"])
    assert "tkinter" in {check["name"] for check in ended.document["checks"]}


def test_a_state_folder_that_cannot_be_is_a_finding(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "state").write_text("in the way")
    (tmp_path / "config.json").write_text('{"resources": {"state_dir": "state"}}')
    ended = run("doctor", "--json", cwd=tmp_path)
    assert ended.code == 1
    assert {"state folder", "locks", "journal"} <= set(ended.document["missing"])


def test_it_leaves_nothing_behind(tmp_path: Path) -> None:
    """Its probes of folder and locks are gone."""
    state = tmp_path / "state"
    state.mkdir()
    (tmp_path / "config.json").write_text(f'{{"resources": {{"state_dir": "{state}"}}}}')
    assert run("doctor", cwd=tmp_path).code == 0
    assert [name for name in names_in(state) if not name.startswith("journal.sqlite3")] == []
