"""`budgetinator config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from budgetinator.config import load_settings
from tests.cli.running import call


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_setting_is_listed_with_its_source(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Default, file and environment are told apart."""
    (folder / "config.json").write_text('{"opening": {"max_cells": 5000}}')
    monkeypatch.setenv("MEMORY_THRESHOLD", "250")
    document = call(capsys, "config", "--json").document
    settings = {s["key"]: (s["value"], s["source"]) for s in document["settings"]}
    assert list(settings) == list(load_settings().origins)
    assert settings["opening.max_cells"] == (5000, str(folder / "config.json"))
    assert settings["memory_management.memory_threshold_mb"] == (
        250,
        "environment MEMORY_THRESHOLD",
    )
    assert settings["saving.verify"] == (True, "default")
    assert settings["resources.state_dir"] == (None, "default")


def test_one_key_or_one_section_is_shown(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """A key is a setting or the name of a section."""
    assert call(capsys, "config", "saving.verify").out.splitlines()[1].split() == [
        "saving.verify",
        "true",
        "default",
    ]
    settings = call(capsys, "config", "saving", "--json").document["settings"]
    assert {setting["key"].partition(".")[0] for setting in settings} == {"saving"}


def test_an_unknown_key_names_the_nearest(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Exit code 2."""
    ended = call(capsys, "config", "opening.max_cell")
    assert ended.code == 2
    assert ended.line.endswith("opening.max_cell is no setting; expected opening.max_cells.")


def test_a_wrong_setting_names_file_key_and_expectation(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """Every command that needs the settings ends with it."""
    path = folder / "config.json"
    path.write_text(json.dumps({"opening": {"max_cells": "many"}}))
    for words in (["config"], ["show", "x.xlsx"], ["resources"]):
        ended = call(capsys, *words, "--json")
        assert ended.code == 2
        error = ended.document["error"]
        assert (error["type"], error["source"]) == ("ConfigError", str(path))
        assert (error["key"], error["expected"]) == (
            "opening.max_cells",
            "a whole number, 1 or more",
        )


def test_another_program_s_file_is_left_alone_and_said(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """A config.json with nothing of ours in it is no error."""
    (folder / "config.json").write_text('{"compilerOptions": {"strict": true}}')
    ended = call(capsys, "config", "saving.verify")
    assert ended.code == 0
    assert ended.out.splitlines()[-1] == (
        f"left alone, as another program's: {folder / 'config.json'}"
    )
