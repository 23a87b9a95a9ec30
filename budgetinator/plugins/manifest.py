"""What a plugin says of itself, read without running any of it.

A plugin is a folder with `plugin.toml`, or Python with a literal PLUGIN_METADATA: a single
file, or a package that has it in its `__init__.py`. Both have the same keys. Whatever is
wrong raises PluginRefused, which discovery turns into a PluginProblem.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from budgetinator.errors import PluginRefused
from budgetinator.plugins.names import ID, is_portable
from budgetinator.plugins.versions import PluginVersion, Requirement

__all__ = ["API_VERSION", "Manifest", "Origin", "PluginSource", "read_table"]

API_VERSION = 1
"""Of the interface between this library and its plugins; a plugin names the one it needs."""

PluginSource = Literal["folder", "file", "entry point", "shipped"]

_ENTRY = re.compile(
    r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?(?::(?P<name>[A-Za-z_]\w*))?", re.ASCII
)
_KEYS = frozenset({"id", "name", "version", "author", "description", "entry", "requires", "api"})
_LONGEST = {"name": 100, "author": 200, "description": 2_000}
_MOST_REQUIREMENTS = 32


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plugin was found; `root` is the file or folder that holds all of its code.

    `package` is the name of the module that `root` becomes. An entry point names the
    module and class itself, as `module:Class` below `package`.
    """

    source: PluginSource
    root: Path
    manifest_path: Path
    package: str = ""
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One plugin as it describes itself.

    `module` is relative to `origin.package`, empty for the package itself. Without
    `class_name` the module's only plugin class is meant.
    """

    plugin_id: str
    name: str
    version: str
    author: str
    description: str
    module: str
    class_name: str | None
    requires: tuple[Requirement, ...]
    origin: Origin

    @property
    def package(self) -> str:
        """The name of the module that the plugin's tree becomes."""
        return self.origin.package or f"budgetinator_plugin_{self.plugin_id}"

    @property
    def module_name(self) -> str:
        """The full name of the module with the plugin's class."""
        return f"{self.package}.{self.module}" if self.module else self.package


def read_table(table: Mapping[str, object], origin: Origin) -> Manifest:
    """The manifest that the keys make; PluginRefused says what is wrong with them."""
    try:
        return _read(table, origin)
    except ValueError as error:
        raise PluginRefused(
            f"The plugin at {origin.root} cannot be used: {error}.",
            path=str(origin.root),
            reason=str(error),
        ) from None


def _read(table: Mapping[str, object], origin: Origin) -> Manifest:
    unknown = sorted(str(key) for key in table if key not in _KEYS)
    if unknown:
        raise ValueError(f"{_shown(unknown[0])} is no key of a plugin; {', '.join(sorted(_KEYS))}")
    plugin_id = _id(table, origin)
    version = _text(table, "version", "1.0.0")
    PluginVersion.parse(version)
    if table.get("api", API_VERSION) != API_VERSION:
        raise ValueError(
            f"it asks for interface {_shown(table['api'])} of Budgetinator, and this is "
            f"{API_VERSION}"
        )
    module, class_name = _entry(table, origin)
    return Manifest(
        plugin_id=plugin_id,
        name=_text(table, "name", plugin_id),
        version=version,
        author=_text(table, "author", "Unknown"),
        description=_text(table, "description", ""),
        module=module,
        class_name=class_name,
        requires=_requirements(table.get("requires", [])),
        origin=origin,
    )


def _id(table: Mapping[str, object], origin: Origin) -> str:
    """The id, by default the name of the file or folder, as in seed 003."""
    found = table.get("id", origin.root.stem)
    if not isinstance(found, str) or ID.fullmatch(found) is None or not is_portable(found):
        raise ValueError(
            f"{_shown(found)} is no id; write small letters, digits and underscores, at most 64"
        )
    return found


def _text(table: Mapping[str, object], key: str, default: str) -> str:
    text = table.get(key, default)
    longest = _LONGEST.get(key, 40)
    if not isinstance(text, str) or len(text) > longest:
        raise ValueError(f"{key} is no text of at most {longest} characters")
    if not text.replace("\n", " ").isprintable():
        raise ValueError(f"{key} holds characters that cannot be shown")
    return text


def _entry(table: Mapping[str, object], origin: Origin) -> tuple[str, str | None]:
    """Module below the package, and class; only names, so that no path leads out of the tree."""
    text = table.get("entry", origin.entry or "")
    found = _ENTRY.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(
            f"the entry {_shown(text)} is not of the form module:Class, with modules of the plugin"
        )
    if origin.source == "file" and found["module"]:
        raise ValueError("a plugin of one file has no further modules; write its entry as :Class")
    return found["module"] or "", found["name"]


def _requirements(found: object) -> tuple[Requirement, ...]:
    if not isinstance(found, list | tuple) or len(found) > _MOST_REQUIREMENTS:
        raise ValueError(f"requires is no list of at most {_MOST_REQUIREMENTS} plugins")
    wrong = [each for each in found if not isinstance(each, str)]
    if wrong:
        raise ValueError(f"{_shown(wrong[0])} in requires is no text")
    return tuple(Requirement.parse(each) for each in found)


def _shown(value: object) -> str:
    """Any value on one short line."""
    text = ascii(value) if isinstance(value, str | int | float | None) else type(value).__name__
    return text if len(text) <= 60 else f"{text[:57]}..."
