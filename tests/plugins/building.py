"""Plugins as files, for tests that look for them and load them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CLASS", "folder_plugin", "plugin"]

CLASS = """
from budgetinator.plugins import Plugin
from budgetinator.resources import ResourceType


class Tallies(Plugin):
    def __init__(self):
        super().__init__("{id}", "test")
        self.log = []

    def initialize(self):
        {initialize}
        return True

    def _cleanup_resources(self):
        {cleanup}
        self.log.append("cleaned")
"""


def plugin(
    folder: Path,
    plugin_id: str,
    *,
    version: str = "1.0.0",
    requires: tuple[str, ...] = (),
    first: str = "",
    initialize: str = "pass",
    cleanup: str = "pass",
    last: str = "",
) -> Path:
    """A plugin of one file; `first` and `last` are lines of the module."""
    metadata = {"id": plugin_id, "version": version, "requires": list(requires)}
    body = CLASS.format(id=plugin_id, initialize=initialize, cleanup=cleanup)
    path = folder / f"{plugin_id}.py"
    path.write_text(f"PLUGIN_METADATA = {metadata!r}\n{first}\n{body}\n{last}\n")
    return path


def folder_plugin(folder: Path, plugin_id: str, entry: str = "main:Tallies") -> Path:
    """A plugin of a folder with a manifest and a module `helper` beside `main`."""
    path = folder / plugin_id
    path.mkdir()
    (path / "plugin.toml").write_text(
        f'id = "{plugin_id}"\nname = "Tallies"\nversion = "2.1"\nauthor = "A. Author"\n'
        f'description = "Counts."\nentry = "{entry}"\napi = 1\nrequires = []\n'
    )
    helper = "from .helper import ANSWER"
    body = CLASS.format(id=plugin_id, initialize="self.answer = ANSWER", cleanup="pass")
    (path / "main.py").write_text(f"{helper}\n{body}")
    (path / "helper.py").write_text("ANSWER = 42\n")
    return path
