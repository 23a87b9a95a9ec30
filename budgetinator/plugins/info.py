"""One known plugin, as the manager shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from budgetinator.resources import ComponentState

if TYPE_CHECKING:
    from budgetinator.plugins.lifecycle import PluginLifeCycle
    from budgetinator.plugins.loading import Loaded
    from budgetinator.plugins.manifest import Manifest, PluginSource
    from budgetinator.plugins.versions import Requirement

__all__ = ["PluginInfo"]


@dataclass(slots=True, eq=False)
class PluginInfo:
    """A plugin with the fields of seed 003, and what the manager knows besides.

    There is one for each plugin as long as the manager knows it. It shows the present and
    is changed by the manager alone, so that holding one keeps no unloaded plugin alive.
    """

    manifest: Manifest
    trusted: bool = False
    digest: str | None = None
    """SHA-256 of its files when they were last read."""
    off: str | None = None
    """Why it is switched off."""
    problem: str | None = None
    """What went wrong with it last."""
    start_seconds: float | None = None
    loading_bytes: int = 0
    """What the process grew by while it was loaded."""
    loaded: Loaded | None = None

    @property
    def plugin_id(self) -> str:
        return self.manifest.plugin_id

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def version(self) -> str:
        return self.manifest.version

    @property
    def author(self) -> str:
        return self.manifest.author

    @property
    def description(self) -> str:
        return self.manifest.description

    @property
    def requires(self) -> tuple[Requirement, ...]:
        return self.manifest.requires

    @property
    def source(self) -> PluginSource:
        return self.manifest.origin.source

    @property
    def file_path(self) -> Path:
        """The file or folder that holds all of its code."""
        return self.manifest.origin.root

    @property
    def manifest_path(self) -> Path:
        return self.manifest.origin.manifest_path

    @property
    def is_loaded(self) -> bool:
        return self.loaded is not None

    @property
    def plugin_class(self) -> type[PluginLifeCycle] | None:
        """Its class, None until it is loaded: finding a plugin runs none of it."""
        return type(self.loaded.instance) if self.loaded is not None else None

    @property
    def instance(self) -> PluginLifeCycle | None:
        return self.loaded.instance if self.loaded is not None else None

    @property
    def state(self) -> ComponentState | None:
        """Where in its life it is, None while it is not loaded."""
        return self.loaded.instance.state if self.loaded is not None else None

    @property
    def memory_bytes(self) -> int:
        """What loading it cost and what it tracks now; 0 while it is not loaded."""
        if self.loaded is None:
            return 0
        return self.loading_bytes + self.loaded.instance.get_memory_usage()
