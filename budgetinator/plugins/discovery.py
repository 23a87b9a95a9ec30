"""What plugins there are, found by looking at files: nothing of a plugin is run.

What cannot be used is told as a PluginProblem, and the next one is looked at. There is a
bound for everything: entries of a folder, bytes of a file, seconds in all.
"""

from __future__ import annotations

import os
import stat
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from budgetinator.errors import PluginRefused
from budgetinator.plugins.literals import MOST_SOURCE_BYTES, metadata_of
from budgetinator.plugins.manifest import Manifest, Origin, read_table
from budgetinator.plugins.tree import SINGLE, Tree, read_regular, refuse_foreign

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["Discovery", "PluginProblem", "described_in", "discover"]

MANIFEST = "plugin.toml"
MOST_ENTRIES = 2_000
MOST_MANIFEST_BYTES = 64 * 1024
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class PluginProblem:
    """A file, folder or entry point that cannot be used as a plugin, and why."""

    path: Path
    reason: str
    plugin_id: str | None = None


@dataclass(slots=True)
class Discovery:
    """What was found, in the order in which it was; of two with one id the first counts."""

    manifests: dict[str, Manifest] = field(default_factory=dict)
    problems: list[PluginProblem] = field(default_factory=list)

    def look(self, path: Path, read: Callable[[], Manifest | None]) -> None:
        """Enter what `read` finds, or what is wrong with it."""
        try:
            manifest = read()
        except PluginRefused as error:
            self.problems.append(PluginProblem(path, error.reason or str(error)))
        except (OSError, ValueError) as error:
            self.problems.append(PluginProblem(path, str(getattr(error, "strerror", error))))
        else:
            if manifest is not None:
                self._enter(manifest)

    def _enter(self, manifest: Manifest) -> None:
        first = self.manifests.setdefault(manifest.plugin_id, manifest)
        if first is not manifest and first.origin.root != manifest.origin.root:
            self.problems.append(
                PluginProblem(
                    manifest.origin.root,
                    f"its id is that of {first.origin.root}, which was found first",
                    manifest.plugin_id,
                )
            )


def discover(
    folders: Sequence[Path],
    entries: Iterator[EntryPoint],
    *,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Discovery:
    """Look at the entry points first, then at each folder in the order of its names."""
    found = Discovery()
    end = clock() + seconds
    for entry in entries:
        found.look(Path(entry.value), lambda entry=entry: _of_entry_point(entry))  # type: ignore[misc]
    for folder in folders:
        try:
            places = _candidates(folder)
        except (PluginRefused, OSError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
            found.problems.append(PluginProblem(folder, str(reason or error)))
            continue
        for number, place in enumerate(places):
            if clock() > end:
                left = f"{len(places) - number} entries were not looked at: it took too long"
                found.problems.append(PluginProblem(folder, left))
                break
            found.look(place, lambda place=place: _of_place(place))  # type: ignore[misc]
    return found


def described_in(tree: Tree, manifest: Manifest) -> Manifest:
    """What a plugin that was found says of itself in this snapshot; PluginRefused as for a file.

    The manifest was read before the snapshot, and its file may have been another one then.
    """
    origin = manifest.origin
    name = SINGLE
    if origin.manifest_path != origin.root:
        name = origin.manifest_path.relative_to(origin.root).as_posix()
    source = tree.files.get(name, b"")
    try:
        found = _toml(source) if name == MANIFEST else metadata_of(source)
    except ValueError as error:
        raise PluginRefused(
            f"{origin.manifest_path} cannot be used: {error}.",
            path=str(origin.manifest_path),
            reason=str(error),
        ) from None
    if origin.source == "entry point":
        found = {"id": manifest.plugin_id, **_without_entry(found or {}, origin)}
    return read_table(found or {}, origin)


def _candidates(folder: Path) -> list[Path]:
    """What may be a plugin in a folder, by name; a folder that is not there has none."""
    try:
        status = os.lstat(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    if not stat.S_ISDIR(status.st_mode):
        raise PluginRefused("", reason="it is not a folder, or a symbolic link to one")
    refuse_foreign(folder, status)
    names: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if len(names) == MOST_ENTRIES:
                raise PluginRefused(
                    "", reason=f"it has more than {MOST_ENTRIES} entries; nothing was looked at"
                )
            names.append(entry.name)
    return [folder / name for name in sorted(names) if not name.startswith(("_", "."))]


def _of_place(path: Path) -> Manifest | None:
    """The plugin of a file or folder; None for what is none and need not be one."""
    status = os.lstat(path)
    is_python = path.suffix == ".py"
    if stat.S_ISLNK(status.st_mode):
        if is_python or path.is_dir():
            raise PluginRefused("", reason="it is a symbolic link; put the plugin itself there")
        return None
    if stat.S_ISDIR(status.st_mode):
        return _of_folder(path)
    if not is_python:
        return None
    found = metadata_of(read_regular(path, MOST_SOURCE_BYTES))
    if found is None:
        raise PluginRefused("", reason="it has no PLUGIN_METADATA")
    return read_table(found, Origin("file", path, path))


def _of_folder(path: Path) -> Manifest | None:
    file = path / MANIFEST
    if os.path.lexists(file):
        data = read_regular(file, MOST_MANIFEST_BYTES)
        return read_table(_toml(data), Origin("folder", path, file))
    file = path / "__init__.py"
    if not os.path.lexists(file):
        return None
    found = metadata_of(read_regular(file, MOST_SOURCE_BYTES))
    return None if found is None else read_table(found, Origin("folder", path, file))


def _toml(data: bytes) -> dict[str, object]:
    try:
        return tomllib.loads(data.decode())
    except RecursionError:
        raise ValueError("it is nested too deeply to be read") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it is no TOML: {error}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start}") from None


def _of_entry_point(entry: EntryPoint) -> Manifest:
    from budgetinator.plugins.entrypoints import origin_of

    origin = origin_of(entry)
    found = metadata_of(read_regular(origin.manifest_path, MOST_SOURCE_BYTES))
    return read_table({"id": entry.name, **_without_entry(found or {}, origin)}, origin)


def _without_entry(table: dict[str, object], origin: Origin) -> dict[str, object]:
    """The class that the metadata name counts where the entry point names none."""
    entry = table.get("entry")
    if not isinstance(entry, str) or ":" in (origin.entry or ""):
        return {key: value for key, value in table.items() if key != "entry"}
    module, _, name = entry.rpartition(":") if ":" in entry else (entry, "", "")
    below = ".".join(part for part in (origin.entry, module) if part)
    return {**table, "entry": f"{below}:{name}" if name else below}
