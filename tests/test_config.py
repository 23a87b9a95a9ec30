"""Settings: which source wins, where each value came from, and what a wrong one is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from budgetinator.config import Loaded, Settings, load_settings
from budgetinator.errors import ConfigError

REPOSITORY = Path(__file__).parents[1]
THRESHOLD = "memory_management.memory_threshold_mb"
DEBUG = "memory_management.debug_mode"


@dataclass(frozen=True)
class Places:
    """The two folders that may hold a `config.json`."""

    users: Path
    working: Path

    def load(self, environ: dict[str, str] | None = None, **overrides: object) -> Loaded:
        dotted = {name.replace("__", "."): value for name, value in overrides.items()}
        return load_settings(
            cwd=self.working, environ=environ or {}, user_dir=self.users, overrides=dotted
        )


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path / "users", tmp_path / "working")
    made.users.mkdir()
    made.working.mkdir()
    return made


def _put(folder: Path, content: object) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(content))
    return path


def _threshold(value: object) -> dict[str, object]:
    return {"memory_management": {"memory_threshold_mb": value}}


def test_without_any_source_everything_is_the_default(places: Places) -> None:
    """Absent files are fine, and every key has an origin."""
    loaded = places.load()
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}
    assert loaded.origins.keys() >= {THRESHOLD, "opening.max_cells", "saving.verify"}


def test_later_sources_win_one_after_the_other(places: Places) -> None:
    """Defaults < user's file < working directory's file < environment < argument."""
    seen = [places.load()]
    users = _put(places.users, _threshold(1))
    seen.append(places.load())
    working = _put(places.working, _threshold(2))
    seen.append(places.load())
    seen.append(places.load({"MEMORY_THRESHOLD": "3"}))
    seen.append(places.load({"MEMORY_THRESHOLD": "3"}, memory_management__memory_threshold_mb=4))
    found = [
        (loaded.settings.memory_management.memory_threshold_mb, loaded.origins[THRESHOLD])
        for loaded in seen
    ]
    assert found == [
        (100, "default"),
        (1, str(users)),
        (2, str(working)),
        (3, "environment MEMORY_THRESHOLD"),
        (4, "argument"),
    ]


def test_sources_are_merged_key_by_key(places: Places) -> None:
    """A file that sets one key of a section leaves the others to the earlier sources."""
    _put(places.users, {"saving": {"backup": True, "compression_level": 1}})
    _put(places.working, {"saving": {"compression_level": 9}})
    saving = places.load().settings.saving
    assert (saving.backup, saving.compression_level, saving.verify) == (True, 9, True)


def test_the_printed_file_of_the_documents_is_read(places: Places) -> None:
    """The `config.json` that the memory documentation prints means what it says."""
    printed = {
        "debug_mode": True,
        "memory_threshold_mb": 100,
        "auto_cleanup": True,
        "cleanup_interval_seconds": 300,
    }
    _put(places.working, {"memory_management": printed})
    assert msgspec.to_builtins(places.load().settings.memory_management) == printed


def test_the_repositorys_file_shows_every_key_with_its_default() -> None:
    """`config.json` at the root is the list of the settings."""
    shown = json.loads((REPOSITORY / "config.json").read_text())
    assert shown == msgspec.to_builtins(Settings())


@pytest.mark.parametrize("word", ["1", "true", "YES", "on"])
def test_the_environment_says_yes_in_many_words(places: Places, word: str) -> None:
    """1, true, yes and on, in any case."""
    assert places.load({"MEMORY_DEBUG": word}).settings.memory_management.debug_mode is True


@pytest.mark.parametrize("word", ["0", "False", "no", " off "])
def test_the_environment_says_no_in_many_words(places: Places, word: str) -> None:
    """0, false, no and off, in any case."""
    assert places.load({"AUTO_CLEANUP": word}).settings.memory_management.auto_cleanup is False


def test_an_empty_variable_is_as_good_as_none(places: Places) -> None:
    """`MEMORY_DEBUG= program` is how a shell switches a variable off."""
    assert places.load({"MEMORY_DEBUG": ""}).origins[DEBUG] == "default"


@pytest.mark.parametrize(
    ("variable", "text", "key", "expected"),
    [
        ("MEMORY_DEBUG", "maybe", DEBUG, "true or false"),
        ("MEMORY_THRESHOLD", "lots", THRESHOLD, "a whole number of megabytes, 1 or more"),
        ("MEMORY_THRESHOLD", "-1", THRESHOLD, "a whole number of megabytes, 1 or more"),
        ("MEMORY_THRESHOLD", "1.5", THRESHOLD, "a whole number of megabytes, 1 or more"),
    ],
)
def test_a_wrong_variable_is_told_with_its_name(
    places: Places, variable: str, text: str, key: str, expected: str
) -> None:
    """The error names the variable, the key, the value and what was expected."""
    with pytest.raises(ConfigError) as caught:
        places.load({variable: text})
    error = caught.value
    assert (error.source, error.key, error.expected) == (f"environment {variable}", key, expected)
    assert text in str(error)


@pytest.mark.parametrize(
    ("section", "name", "value", "expected"),
    [
        ("memory_management", "debug_mode", "true", "true or false"),
        ("memory_management", "debug_mode", 1, "true or false"),
        ("memory_management", "memory_threshold_mb", True, "a whole number of megabytes"),
        ("memory_management", "memory_threshold_mb", "100", "a whole number of megabytes"),
        ("memory_management", "memory_threshold_mb", 0, "a whole number of megabytes"),
        ("memory_management", "cleanup_interval_seconds", 0, "seconds, above 0"),
        ("opening", "max_cells", None, "a whole number, 1 or more"),
        ("saving", "compression_level", 10, '"auto" or a whole number from 0 to 9'),
        ("saving", "stale_values", "keep", '"mark" or "remove"'),
        ("saving", "lock_timeout_seconds", -1, "seconds, 0 to at most a year"),
        ("saving", "lock_timeout_seconds", 1e300, "seconds, 0 to at most a year"),
        ("resources", "held_too_long_seconds", 0, "or null"),
        ("resources", "state_dir", "", "the path of a folder, or null"),
    ],
)
def test_a_wrong_value_in_a_file_is_told_with_file_and_key(
    places: Places, section: str, name: str, value: object, expected: str
) -> None:
    """The error names the file, the key and what was expected."""
    path = _put(places.working, {section: {name: value}})
    with pytest.raises(ConfigError) as caught:
        places.load()
    assert (caught.value.source, caught.value.key) == (str(path), f"{section}.{name}")
    assert expected in (caught.value.expected or "")
    assert str(path) in str(caught.value)


def test_an_unknown_key_is_told_with_the_one_that_was_meant(places: Places) -> None:
    """A misspelt key is no setting, and the near one is named."""
    _put(places.users, {"saving": {"compresion_level": 3}})
    with pytest.raises(ConfigError) as caught:
        places.load()
    assert caught.value.key == "saving.compresion_level"
    assert caught.value.expected == "saving.compression_level"


def test_an_unknown_section_is_told_with_those_that_there_are(places: Places) -> None:
    """Sections are checked as keys are."""
    _put(places.users, {"database": {"host": "db"}})
    with pytest.raises(ConfigError) as caught:
        places.load()
    assert caught.value.key == "database"
    assert caught.value.expected == "one of memory_management, opening, saving, resources, plugins"


@pytest.mark.parametrize("content", [[1, 2], {"saving": 5}])
def test_what_is_not_an_object_is_told(places: Places, content: object) -> None:
    """The file and each section in it are objects."""
    _put(places.users, content)
    with pytest.raises(ConfigError, match="expected an object with settings by name"):
        places.load()


def test_an_unknown_argument_is_refused(places: Places) -> None:
    """Arguments are checked as files are."""
    with pytest.raises(ConfigError) as caught:
        places.load(memory_management__debug=True)
    assert (caught.value.source, caught.value.key) == ("argument", "memory_management.debug")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b'{"saving": {"verify": true,}}', "not valid JSON"),
        (b"", "not valid JSON"),
        (b'{"saving": {"verify": tr\xfce}}', "not valid JSON"),
    ],
)
def test_bad_json_is_told_with_its_file(places: Places, data: bytes, problem: str) -> None:
    """A comma too many, an empty file and another encoding are the user's to mend."""
    path = places.users / "config.json"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=problem) as caught:
        places.load()
    assert caught.value.source == str(path)


def test_a_byte_order_mark_is_no_error(places: Places) -> None:
    """Editors on Windows write one before the first brace."""
    (places.users / "config.json").write_bytes(b'\xef\xbb\xbf{"saving": {"backup": true}}')
    assert places.load().settings.saving.backup is True


def test_a_folder_of_that_name_is_told(places: Places) -> None:
    """What is there but is no file is an error, unlike what is not there."""
    (places.users / "config.json").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        places.load()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_of_that_name_does_not_hold_us_up(places: Places) -> None:
    """A pipe without a writer is refused at once instead of waited for."""
    os.mkfifo(places.users / "config.json")
    with pytest.raises(ConfigError, match="is not a regular file"):
        places.load()


@pytest.mark.parametrize(
    "content",
    [
        {"database": {"host": "db"}},
        {"resources": {"cpu": 2}, "opening": {"hours": "9-17"}},
        {"saving": "weekly"},
        ["a", "list"],
    ],
)
def test_another_programs_file_in_the_working_directory_is_left_alone(
    places: Places, content: object
) -> None:
    """A file in which nothing is ours is no error, and is reported as ignored."""
    path = _put(places.working, content)
    loaded = places.load()
    assert loaded.settings == Settings()
    assert loaded.ignored == (str(path),)


def test_another_programs_broken_file_in_the_working_directory_is_left_alone(
    places: Places,
) -> None:
    """JSON with comments is another program's as long as no key of ours is in it."""
    (places.working / "config.json").write_text('{"port": 80} // behind the proxy')
    assert places.load().ignored == (str(places.working / "config.json"),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"memory_managment": {"debug_mode": true}}', "memory_managment"),
        ('{"memory_management": 5}', "memory_management"),
        ('{"saving": {"verify": true}, "database": {}}', "database"),
        ('{"saving": {"verify": true', "not valid JSON"),
    ],
)
def test_a_mistake_in_our_own_file_is_never_taken_for_a_strangers(
    places: Places, text: str, told: str
) -> None:
    """One key of ours, or one that looks like it, makes the file ours and its mistakes errors."""
    (places.working / "config.json").write_text(text)
    with pytest.raises(ConfigError, match=told):
        places.load()


def test_settings_cannot_be_changed() -> None:
    """One runtime's settings are the same for all its parts."""
    with pytest.raises(AttributeError):
        Settings().saving.backup = True  # type: ignore[misc]


def test_a_removed_working_directory_holds_no_file(tmp_path: Path) -> None:
    """A program whose directory was deleted under it still starts."""
    gone = tmp_path / "gone"
    gone.mkdir()
    program = (
        "import os, sys; os.chdir(sys.argv[1]); os.rmdir(sys.argv[1]);"
        "from budgetinator.config import load_settings;"
        "print(load_settings(environ={}, user_dir='/nonexistent').settings.saving.verify)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(gone)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"
