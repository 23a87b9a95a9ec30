"""Settings: where each comes from, and what each may be.

Later sources win, key by key: the defaults below, the user's own `config.json`,
the `config.json` of the working directory, three environment variables, and
arguments. A value that is wrong is never passed over: it raises `ConfigError`
with its source, its key and what was expected.

Any program may keep a `config.json` in the working directory. One in which no
key is ours, nor looks like one of ours misspelt, is left alone and listed in
`Loaded.ignored` (docs/decisions/0004).
"""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta

from budgetinator.errors import ConfigError

__all__ = [
    "Loaded",
    "MemoryManagement",
    "OpeningBounds",
    "PluginOptions",
    "ResourceOptions",
    "SavingOptions",
    "Settings",
    "default_state_dir",
    "load_settings",
]

YEAR = 31_536_000  # seconds: beyond it a wait overflows somewhere, and infinity is no time

Switch = Annotated[bool, Meta(description="true or false")]
Count = Annotated[int, Meta(ge=1, description="a whole number, 1 or more")]
Megabytes = Annotated[int, Meta(ge=1, description="a whole number of megabytes, 1 or more")]
Kilobytes = Annotated[int, Meta(ge=0, description="a whole number of kilobytes, 0 or more")]
Level = Annotated[
    Annotated[int, Meta(ge=0, le=9)] | Literal["auto"],
    Meta(description='"auto" or a whole number from 0 to 9'),
]
StaleValues = Annotated[Literal["mark", "remove"], Meta(description='"mark" or "remove"')]
Seconds = Annotated[float, Meta(gt=0, le=YEAR, description="seconds, above 0 and at most a year")]
Patience = Annotated[float, Meta(ge=0, le=YEAR, description="seconds, 0 to at most a year")]
MaybeSeconds = Annotated[
    Annotated[float, Meta(gt=0, le=YEAR)] | None,
    Meta(description="seconds, above 0 and at most a year, or null"),
]
MaybeFolder = Annotated[
    Annotated[str, Meta(min_length=1)] | None, Meta(description="the path of a folder, or null")
]

FILE_NAME = "config.json"


class MemoryManagement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When idle workbooks are let go, and how much is recorded about each."""

    debug_mode: Switch = False
    memory_threshold_mb: Megabytes = 100
    auto_cleanup: Switch = True
    cleanup_interval_seconds: Seconds = 300.0


class OpeningBounds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file may cost before it is refused.

    `max_ratio` is the compression of one part, and counts only beyond `ratio_floor_kb`.
    """

    max_file_mb: Megabytes = 100
    max_part_mb: Megabytes = 512
    max_total_mb: Megabytes = 1024
    max_ratio: Count = 100
    ratio_floor_kb: Kilobytes = 100
    max_cells: Count = 2_000_000
    max_merged_cells: Count = 100_000
    max_sheets: Count = 1_000
    max_members: Count = 20_000


class SavingOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a workbook is written.

    `compression_level` is deflate's; "auto" takes 1 for parts of 4 MB and more, where time
    counts more than size, 4 from 32 KB on, and 6 for smaller ones. `stale_values` says what
    becomes of the results of formulas that an edit has made old: "mark" marks the workbook
    as one to be recalculated; "remove" also takes away those that depend on what changed,
    for programs that do not know the mark, at the cost of reading all formulas.
    """

    verify: Switch = True
    backup: Switch = False
    compression_level: Level = "auto"
    stale_values: StaleValues = "mark"
    lock_timeout_seconds: Patience = 10.0


class ResourceOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long things may be held, and where the record of open workbooks is kept."""

    held_too_long_seconds: MaybeSeconds = None
    worker_deadline_seconds: Patience = 5.0
    cleanup_timeout_seconds: Patience = 30.0
    journal: Switch = True
    state_dir: MaybeFolder = None


class PluginOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether plugins are loaded at all, and how long each may take to be.

    The names are long because another program's `config.json` may have a section of this name.
    """

    loading_enabled: Switch = True
    loading_deadline_seconds: Seconds = 10.0


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of one runtime; `Settings()` is the defaults."""

    memory_management: MemoryManagement = msgspec.field(default_factory=MemoryManagement)
    opening: OpeningBounds = msgspec.field(default_factory=OpeningBounds)
    saving: SavingOptions = msgspec.field(default_factory=SavingOptions)
    resources: ResourceOptions = msgspec.field(default_factory=ResourceOptions)
    plugins: PluginOptions = msgspec.field(default_factory=PluginOptions)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and for each dotted key where its value came from.

    An origin is "default", a file's path, "environment NAME" or "argument".
    `ignored` are the files of other programs that were found and left alone.
    """

    settings: Settings
    origins: Mapping[str, str]
    ignored: tuple[str, ...] = ()


_SECTIONS = {
    section: get_type_hints(struct, include_extras=True)
    for section, struct in get_type_hints(Settings).items()
}
_TYPES: dict[str, Any] = {
    f"{section}.{field}": kind
    for section, fields in _SECTIONS.items()
    for field, kind in fields.items()
}
ENVIRONMENT = {
    "MEMORY_DEBUG": "memory_management.debug_mode",
    "MEMORY_THRESHOLD": "memory_management.memory_threshold_mb",
    "AUTO_CLEANUP": "memory_management.auto_cleanup",
}
_WORDS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


Source = tuple[str, str, object]


def default_state_dir() -> Path:
    """The user's own folder for locks and the journal; it may not exist yet."""
    from platformdirs import user_state_path

    return user_state_path("budgetinator", appauthor=False)


def load_settings(
    *,
    cwd: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    user_dir: str | os.PathLike[str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Loaded:
    """Read every source and merge them.

    `overrides` are arguments by dotted key, `{"opening.max_cells": 5000}`. The
    others replace the working directory, the environment and the folder of the
    user's own file. Raises ConfigError for any value, key or file that is wrong.
    """
    values: dict[str, object] = {}
    origins = dict.fromkeys(_TYPES, "default")
    ignored: list[str] = []
    sources = [
        *_file_sources(_user_path(user_dir), _working_path(cwd), ignored),
        *_environment_sources(os.environ if environ is None else environ),
        *(("argument", key, value) for key, value in (overrides or {}).items()),
    ]
    for source, key, value in sources:
        values[key] = _checked(source, key, value)
        origins[key] = source
    return Loaded(_settings(values), origins, tuple(ignored))


def _user_path(user_dir: str | os.PathLike[str] | None) -> Path:
    if user_dir is not None:
        return Path(user_dir, FILE_NAME)
    from platformdirs import user_config_path

    return user_config_path("budgetinator", appauthor=False) / FILE_NAME


def _working_path(cwd: str | os.PathLike[str] | None) -> Path | None:
    if cwd is not None:
        return Path(cwd, FILE_NAME)
    try:
        return Path.cwd() / FILE_NAME
    except FileNotFoundError:  # the directory was removed under us: then it holds no file
        return None


def _file_sources(users: Path, working: Path | None, ignored: list[str]) -> Iterator[Source]:
    if (data := _bytes(users)) is not None:
        yield from _flattened(str(users), _decoded(users, data))
    if working is None or (data := _bytes(working)) is None:
        return
    if _is_strangers(data):
        ignored.append(str(working))
    else:
        yield from _flattened(str(working), _decoded(working, data))


def _environment_sources(environ: Mapping[str, str]) -> Iterator[Source]:
    for name, key in ENVIRONMENT.items():
        if text := environ.get(name, "").strip():
            yield f"environment {name}", key, _from_text(text, _TYPES[key])


def _from_text(text: str, kind: Any) -> object:
    """The value that a text stands for, or the text itself, which then fails its check."""
    if kind is Switch:
        return _WORDS.get(text.lower(), text)
    return int(text) if text.lstrip("-").isdecimal() else text


def _bytes(path: Path) -> bytes | None:
    """What the file holds, None where there is no file."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _file_error(path, "is not a regular file")
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _file_error(path, f"cannot be read ({error.strerror})") from error


def _without_waiting(path: str, flags: int) -> int:
    """Open at once even what is a pipe, which would otherwise wait for a writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _decoded(path: Path, data: bytes) -> object:
    try:
        return msgspec.json.decode(data.removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _file_error(path, f"is not valid JSON ({error})") from error


def _is_strangers(data: bytes) -> bool:
    """Whether a `config.json` is another program's: no key in it is, or nearly is, one of ours."""
    try:
        content = msgspec.json.decode(data.removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return not any(_mentions(data, *key.split(".")) for key in _TYPES)
    if not isinstance(content, dict):
        return True
    keys = [f"{section}.{name}" for section, part in content.items() for name in _names(part)]
    return "memory_management" not in content and not any(map(_nearest, keys))


def _mentions(data: bytes, *names: str) -> bool:
    return all(f'"{name}"'.encode() in data for name in names)


def _names(part: object) -> Iterable[str]:
    return part if isinstance(part, dict) else ()


def _nearest(key: str) -> str | None:
    """The key of ours that `key` is or seems to mean."""
    if key in _TYPES:
        return key
    import difflib  # needed only where something is misspelt

    return next(iter(difflib.get_close_matches(key, _TYPES, n=1, cutoff=0.8)), None)


def _flattened(source: str, content: object) -> Iterator[Source]:
    for section, part in _object(source, None, content).items():
        if section not in _SECTIONS:
            raise _unknown(source, section, f"one of {', '.join(_SECTIONS)}")
        for name, value in _object(source, section, part).items():
            yield source, f"{section}.{name}", value


def _object(source: str, key: str | None, content: object) -> dict[str, object]:
    if not isinstance(content, dict):
        raise _wrong(source, key, content, "an object with settings by name")
    return content


def _checked(source: str, key: str, value: object) -> object:
    if key not in _TYPES:
        nearest = _nearest(key)
        raise _unknown(source, key, nearest or "a key that `budgetinator config` lists")
    try:
        return msgspec.convert(value, _TYPES[key])
    except msgspec.ValidationError as error:
        meta = next(note for note in _TYPES[key].__metadata__ if note.description)
        raise _wrong(source, key, value, meta.description) from error


def _settings(values: Mapping[str, object]) -> Settings:
    tree: dict[str, dict[str, object]] = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        tree.setdefault(section, {})[name] = value
    return msgspec.convert(tree, Settings)


def _file_error(path: Path, problem: str) -> ConfigError:
    return ConfigError(
        f"The settings file {path} {problem}; correct it or move it away.",
        source=str(path),
        expected="a JSON file of settings",
    )


def _wrong(source: str, key: str | None, value: object, expected: str) -> ConfigError:
    where = f"{key} in {source}" if key else f"The content of {source}"
    return ConfigError(
        f"{where} is {value!r}; expected {expected}.", source=source, key=key, expected=expected
    )


def _unknown(source: str, key: str, expected: str) -> ConfigError:
    return ConfigError(
        f"{key} in {source} is no setting; expected {expected}.",
        source=source,
        key=key,
        expected=expected,
    )
