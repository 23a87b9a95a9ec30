"""Modules of a plugin, compiled from the bytes that were hashed.

A finder of its own stands in front of all others for as long as the plugin is loaded, and
knows the names below one package. What is not in the snapshot is not found elsewhere
either. No compiled file is read or written, so that a reload sees every change, and native
modules cannot be loaded, because their bytes could be exchanged between check and use.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from budgetinator.plugins.literals import decoded
from budgetinator.plugins.tree import SINGLE, Tree

__all__ = ["PluginFinder"]


class PluginFinder(MetaPathFinder, InspectLoader):
    """Finds and loads `package` and what is below it from one snapshot."""

    def __init__(self, package: str, tree: Tree) -> None:
        self.package = package
        self._files = tree.files
        self._root = tree.root
        self._is_folder = tree.root.is_dir()

    def install(self) -> None:
        """Stand before all other finders."""
        sys.meta_path.insert(0, self)

    def remove(self) -> list[ModuleType]:
        """Take the finder and the plugin's modules out of the interpreter; the modules."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        modules = []
        for name in self._loaded():
            module = sys.modules.pop(name)
            parent, _, child = name.rpartition(".")
            holder = sys.modules.get(parent)
            if holder is not None and getattr(holder, child, None) is module:
                delattr(holder, child)
            modules.append(module)
            linecache.cache.pop(str(getattr(module, "__file__", "")), None)
        return modules

    def _loaded(self) -> list[str]:
        return [name for name in list(sys.modules) if self._is_mine(name)]

    def _is_mine(self, fullname: str) -> bool:
        return fullname == self.package or fullname.startswith(f"{self.package}.")

    # The interface of the import system

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002  the import system's signature
        target: ModuleType | None = None,  # noqa: ARG002  the import system's signature
    ) -> ModuleSpec | None:
        """The spec of a module of this plugin; ModuleNotFoundError for one that it lacks."""
        if not self._is_mine(fullname):
            return None
        name = self._file(fullname)
        if name is None:
            raise ModuleNotFoundError(f"the plugin has no module {fullname!r}", name=fullname)
        place = self._place(name)
        spec = ModuleSpec(fullname, self, origin=str(place), is_package=self.is_package(fullname))
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(str(place.parent))
        return spec

    def create_module(self, spec: ModuleSpec) -> None:
        """Have the import system make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's own bytes."""
        code = self.get_code(module.__name__)
        exec(code, module.__dict__)  # noqa: S102  this is what an import is

    def get_code(self, fullname: str) -> Any:
        """The module compiled, by nobody's flags but its own."""
        origin = str(self._place(self._file(fullname) or SINGLE))
        return compile(self.get_source(fullname), origin, "exec", dont_inherit=True)

    def get_source(self, fullname: str) -> str:
        """The module's text; ImportError where it is no UTF-8."""
        name = self._file(fullname)
        if name is None:
            raise ImportError(f"the plugin has no module {fullname!r}", name=fullname)
        try:
            return decoded(self._files.get(name, b""))
        except ValueError as error:
            raise ImportError(f"{self._place(name)}: {error}", name=fullname) from error

    def is_package(self, fullname: str) -> bool:
        """Whether modules lie below it."""
        return self._is_folder and (self._file(fullname) or "").endswith(SINGLE)

    def _file(self, fullname: str) -> str | None:
        """The module's file in the snapshot; the package itself may have none."""
        below = fullname[len(self.package) :].lstrip(".").replace(".", "/")
        if not below:
            return SINGLE
        for name in (f"{below}/{SINGLE}", f"{below}.py"):
            if name in self._files:
                return name
        return None

    def _place(self, name: str) -> Path:
        return self._root / name if self._is_folder else self._root
