"""Plugins: found without running them, trusted by hash, loaded and gone again when unloaded."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.plugins.adapting import PluginResourceAdapter as PluginResourceAdapter
    from budgetinator.plugins.decorators import cleanup_on_error as cleanup_on_error
    from budgetinator.plugins.decorators import track_resource as track_resource
    from budgetinator.plugins.decorators import with_managed_resource as with_managed_resource
    from budgetinator.plugins.discovery import PluginProblem as PluginProblem
    from budgetinator.plugins.info import PluginInfo as PluginInfo
    from budgetinator.plugins.lifecycle import Plugin as Plugin
    from budgetinator.plugins.lifecycle import PluginLifeCycle as PluginLifeCycle
    from budgetinator.plugins.manager import PluginManager as PluginManager
    from budgetinator.plugins.manager import default_plugin_folder as default_plugin_folder
    from budgetinator.plugins.manifest import API_VERSION as API_VERSION
    from budgetinator.plugins.migration import ResourceMigrationHelper as ResourceMigrationHelper
    from budgetinator.plugins.trusting import Verification as Verification
    from budgetinator.plugins.versions import Requirement as Requirement
    from budgetinator.plugins.workbench import BorrowedWorkbook as BorrowedWorkbook
    from budgetinator.plugins.workbench import Workbench as Workbench

_NAMES = {
    "adapting": ("PluginResourceAdapter",),
    "decorators": ("cleanup_on_error", "track_resource", "with_managed_resource"),
    "discovery": ("PluginProblem",),
    "info": ("PluginInfo",),
    "lifecycle": ("Plugin", "PluginLifeCycle"),
    "manager": ("PluginManager", "default_plugin_folder"),
    "manifest": ("API_VERSION",),
    "migration": ("ResourceMigrationHelper",),
    "trusting": ("Verification",),
    "versions": ("Requirement",),
    "workbench": ("BorrowedWorkbook", "Workbench"),
}
_HOMES = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}

__all__ = [
    "API_VERSION",
    "BorrowedWorkbook",
    "Plugin",
    "PluginInfo",
    "PluginLifeCycle",
    "PluginManager",
    "PluginProblem",
    "PluginResourceAdapter",
    "Requirement",
    "ResourceMigrationHelper",
    "Verification",
    "Workbench",
    "cleanup_on_error",
    "default_plugin_folder",
    "track_resource",
    "with_managed_resource",
]


def __getattr__(name: str) -> object:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
