"""The plugin manager of seed 003: finds, loads, unloads and reloads plugins."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from budgetinator.config import default_state_dir
from budgetinator.errors import (
    PluginError,
    PluginFailed,
    PluginHeld,
    PluginHung,
    PluginNotFound,
    PluginNotTrusted,
    PluginOff,
    PluginRefused,
    PluginRequired,
)
from budgetinator.memory.readings import resident_bytes
from budgetinator.plugins.discovery import PluginProblem, described_in, discover
from budgetinator.plugins.info import PluginInfo
from budgetinator.plugins.lifecycle import PluginLifeCycle, registered_service
from budgetinator.plugins.loading import dismantle, load, stripped
from budgetinator.plugins.marks import LoadingMarks
from budgetinator.plugins.order import dependants_of, starting_order
from budgetinator.plugins.store import TrustStore
from budgetinator.plugins.tree import Tree
from budgetinator.plugins.trusting import Trusting, Verification
from budgetinator.plugins.workbench import Workbench
from budgetinator.resources import ResourceManagementService, Signal
from budgetinator.resources.sites import creation_site
from budgetinator.result import Result

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["PluginManager", "default_plugin_folder"]

log = logging.getLogger("budgetinator.plugins")

Answer = TypeVar("Answer")


class PluginManager:
    """Knows the plugins, and has each live only as long as it is loaded.

    All methods are called in one thread: the GUI thread where plugins have widgets. No
    lock is held while a plugin's code runs, and none runs before `load_plugin`.

    `service` is by default the registered one. `state_dir` keeps the record of trust; `folders` are
    searched for plugins, by default the user's own. `deadline` (seconds) is what a plugin
    may take to be imported, and again to start. Not `enabled`, it loads nothing.

    Signals, in the calling thread: `plugin_loaded(id)`; `plugin_unloading(id)`, at which
    whoever shows the plugin lets go of it; `plugin_unloaded(id)`; `plugin_error(id, text)`.
    """

    def __init__(
        self,
        service: ResourceManagementService | None = None,
        *,
        state_dir: Path | None = None,
        folders: Iterable[str | os.PathLike[str]] | None = None,
        enabled: bool = True,
        deadline: float = 10.0,
        entry_points: bool = True,
    ) -> None:
        self.plugin_loaded: Signal[str] = Signal("plugin_loaded")
        self.plugin_unloading: Signal[str] = Signal("plugin_unloading")
        self.plugin_unloaded: Signal[str] = Signal("plugin_unloaded")
        self.plugin_error: Signal[str, str] = Signal("plugin_error")
        self.enabled = enabled
        self.problems: tuple[PluginProblem, ...] = ()
        """What the last discovery found and could not use."""
        folder = (state_dir if state_dir is not None else default_state_dir()) / "plugins"
        self._trusting = Trusting(TrustStore(folder))
        self._marks = LoadingMarks(folder / "loading")
        self._deadline = deadline
        self._entry_points = entry_points
        self._plugins: dict[str, PluginInfo] = {}
        self._loaded: list[PluginInfo] = []
        self._busy: set[str] = set()
        self._workbench: Workbench | None = None
        self._plugin_paths: list[Path] = []
        for each in folders if folders is not None else [default_plugin_folder()]:
            self.add_plugin_path(each)
        self._service = service if service is not None else registered_service()
        if self._service is not None:
            self._service.register_component(self, "PluginManager", "system")
            self._service.register_cleanup(self, self.cleanup)

    # Finding

    def add_plugin_path(self, path: str | os.PathLike[str]) -> None:
        """Search this folder as well, from the next discovery on; it need not exist yet.

        One that belongs to another user, or that everybody may write, is told as a problem
        then, and nothing in it is looked at.
        """
        place = Path(os.path.realpath(Path(path).expanduser()))
        if place not in self._plugin_paths:
            self._plugin_paths.append(place)
            log.info("Added plugin path: %s", place)

    def discover_plugins(self) -> list[PluginInfo]:
        """Look for plugins, running none of their code; what is odd stands in `problems`.

        Plugins during whose loading a process died are switched off here.
        """
        entries: Iterator[EntryPoint] = iter(())
        if self._entry_points:
            from budgetinator.plugins.entrypoints import installed

            entries = installed()
        found = discover(self._plugin_paths, entries)
        problems = list(found.problems)
        for plugin_id in [key for key, info in self._plugins.items() if not info.is_loaded]:
            if plugin_id not in found.manifests:
                del self._plugins[plugin_id]
        for plugin_id, manifest in found.manifests.items():
            info = self._plugins.setdefault(plugin_id, PluginInfo(manifest))
            if not info.is_loaded:
                info.manifest = manifest
        problems += self._refresh_trust()
        self.problems = tuple(problems)
        log.info("Discovered %d plugins", len(found.manifests))
        return [self._plugins[plugin_id] for plugin_id in found.manifests]

    def _refresh_trust(self) -> list[PluginProblem]:
        """Say of each plugin whether it is trusted and on; what is wrong with the record."""
        store = self._trusting.store
        try:
            for mark in self._marks.dead():
                reason = f"the program ended while it was being loaded ({mark.at})"
                store.switch_off(mark.plugin_id, Path(mark.path), reason)
                log.warning("Plugin %s is off: %s", mark.plugin_id, reason)
            records = store.records()
        except PluginRefused as error:
            records = {}
            problems = [PluginProblem(store.path, error.reason or str(error))]
        else:
            problems = []
        for info in self._plugins.values():
            if not info.is_loaded:
                info.problem = None
                self._trusting.refresh(info, records.get((info.plugin_id, str(info.file_path))))
        return problems

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """All that are known, in the order in which they were found."""
        return tuple(self._plugins.values())

    def find(self, plugin_id: str) -> PluginInfo | None:
        """A known plugin by its id."""
        return self._plugins.get(plugin_id)

    def get_loaded_plugins(self) -> list[PluginInfo]:
        """Those that are loaded, in the order of loading."""
        return list(self._loaded)

    def get_plugin(self, plugin_id: str) -> PluginLifeCycle | None:
        """The object of a loaded plugin."""
        info = self._plugins.get(plugin_id)
        return info.instance if info is not None else None

    # Trust

    def trust(self, plugin_id: str, digest: str | None = None) -> str:
        """Let the plugin run, as its files are now, and switch it on; their SHA-256.

        `digest` is what the user was shown: PluginChanged if the files are others by now.
        Raises PluginNotFound, and PluginRefused for files that no plugin may have.
        """
        return self._trusting.trust(self._known(plugin_id), digest)

    def untrust(self, plugin_id: str) -> bool:
        """Let it run no more; whether it was trusted. One that is loaded stays loaded."""
        return self._trusting.untrust(self._known(plugin_id))

    def verify(self, plugin_id: str) -> Verification:
        """Compare the plugin's files with those that were trusted."""
        return self._trusting.verify(self._known(plugin_id))

    # Loading

    def load_plugin(self, plugin_id: str) -> Result[PluginLifeCycle]:
        """Load and initialize a plugin, and before it those that it requires.

        Of one that is loaded, its object. Nothing that is not trusted, or is off, is loaded.
        """
        return self._told(plugin_id, lambda: self._load(plugin_id))

    def load_trusted(self) -> dict[str, Result[PluginLifeCycle]]:
        """Load every known plugin that is trusted and on; the outcome of each by its id."""
        wanted = [info.plugin_id for info in self.plugins if info.trusted and info.off is None]
        return {plugin_id: self.load_plugin(plugin_id) for plugin_id in wanted}

    def unload_plugin(self, plugin_id: str, *, dependants: bool = False) -> Result[None]:
        """Unload a plugin, and say what keeps any of it alive.

        While others that are loaded need it, that is refused, or they are unloaded before
        it with `dependants`. After an error of its clean-up, or of what holds it, it is
        unloaded nevertheless.
        """
        return self._told(plugin_id, lambda: self._unload(plugin_id, dependants))

    def reload_plugin(self, plugin_id: str) -> Result[PluginLifeCycle]:
        """Unload it with those that need it, read its files anew, and load them all again."""
        dependants = dependants_of(self._loaded, plugin_id)
        unloaded = self.unload_plugin(plugin_id, dependants=True)
        if unloaded.is_error:
            return Result.error(unloaded.error or "")
        self.discover_plugins()
        loaded = self.load_plugin(plugin_id)
        if loaded.success:
            for info in dependants:
                self.load_plugin(info.plugin_id)
        return loaded

    def cleanup(self) -> None:
        """Unload all, the latest first; what fails is told by `plugin_error` and the log."""
        for info in reversed(self.get_loaded_plugins()):
            self.unload_plugin(info.plugin_id, dependants=True)

    def close(self) -> None:
        """Unload all and take leave of the service; may be called twice."""
        self.cleanup()
        if self._service is not None:
            self._service.unregister_component(self)

    @property
    def workbench(self) -> Workbench | None:
        """What the program lends its plugins."""
        return self._workbench

    @workbench.setter
    def workbench(self, workbench: Workbench | None) -> None:
        self._workbench = workbench
        for info in self._loaded:
            if info.instance is not None:
                info.instance.workbench = workbench

    # How it is done

    def _known(self, plugin_id: str) -> PluginInfo:
        info = self._plugins.get(plugin_id)
        if info is None:
            raise PluginNotFound(f"Plugin {plugin_id} not found.", plugin_id=plugin_id)
        return info

    def _told(self, plugin_id: str, act: Callable[[], Answer]) -> Result[Answer]:
        """The outcome as a Result; an error is noted and told as well."""
        try:
            return Result.success(act())
        except PluginError as error:
            failure = stripped(error)
        info = self._plugins.get(plugin_id)
        if info is not None:
            info.problem = str(failure)
        refused = (PluginNotFound, PluginNotTrusted, PluginOff, PluginRequired)
        log.log(logging.INFO if isinstance(failure, refused) else logging.ERROR, "%s", failure)
        self.plugin_error.emit(plugin_id, str(failure))
        return Result.error(failure)

    def _load(self, plugin_id: str) -> PluginLifeCycle:
        info = self._known(plugin_id)
        if info.instance is not None:
            return info.instance
        for needed in starting_order(self._plugins, plugin_id):
            if self._plugins[needed].is_loaded:
                continue
            try:
                self._load_one(self._plugins[needed])
            except PluginError as error:
                if needed == plugin_id:
                    raise
                raise PluginRequired(
                    f"The plugin {plugin_id} needs {needed}, which cannot be loaded: {error}",
                    plugin_id=plugin_id,
                    plugins=(needed,),
                ) from None
        assert info.instance is not None
        return info.instance

    def _load_one(self, info: PluginInfo) -> None:
        if not self.enabled:
            raise PluginOff(
                f"The plugin {info.plugin_id} is not loaded: plugins are switched off.",
                plugin_id=info.plugin_id,
                reason="plugins are switched off",
            )
        if info.plugin_id in self._busy:
            raise PluginError(
                f"The plugin {info.plugin_id} is being loaded at this moment.",
                plugin_id=info.plugin_id,
            )
        self._busy.add(info.plugin_id)
        try:
            self._bring_up(info)
        finally:
            self._busy.discard(info.plugin_id)
        self._loaded.append(info)
        info.problem = None
        log.info("Loaded plugin: %s", info.plugin_id)
        self.plugin_loaded.emit(info.plugin_id)

    def _bring_up(self, info: PluginInfo) -> None:
        tree = self._trusting.tree(info)
        self._trusting.require(info, tree)
        _refuse_described_otherwise(info, tree)
        self._displace(info)
        before, began = resident_bytes(), time.perf_counter()
        try:
            with self._marks.loading(info.plugin_id, info.file_path):
                info.loaded = load(
                    info.manifest,
                    tree,
                    deadline=self._deadline,
                    made_at=creation_site(),
                    service=self._service,
                    workbench=self._workbench,
                )
        except PluginHung as error:
            self._trusting.store.switch_off(info.plugin_id, info.file_path, str(error))
            info.off = str(error)
            raise
        info.start_seconds = time.perf_counter() - began
        info.loading_bytes = max(0, resident_bytes() - before)

    def _displace(self, info: PluginInfo) -> None:
        """Make room for the plugin's modules; refuse where another part of the program has them."""
        package = info.manifest.package
        taken = [n for n in list(sys.modules) if n == package or n.startswith(f"{package}.")]
        if taken and info.source != "shipped":
            raise PluginRefused(
                f"The plugin {info.plugin_id} cannot be loaded: its package {package} is in use "
                "by this program already.",
                plugin_id=info.plugin_id,
                path=str(info.file_path),
                reason=f"the package {package} is in use",
            )
        for name in taken:
            del sys.modules[name]

    def _unload(self, plugin_id: str, dependants: bool) -> None:
        info = self._known(plugin_id)
        if not info.is_loaded:
            return
        others = dependants_of(self._loaded, plugin_id)
        if others and not dependants:
            names = tuple(each.plugin_id for each in others)
            raise PluginRequired(
                f"The plugin {plugin_id} is needed by {', '.join(names)}; unload "
                f"{'them' if len(names) > 1 else 'it'} first.",
                plugin_id=plugin_id,
                plugins=names,
            )
        for other in reversed(others):
            self._told(other.plugin_id, lambda other=other: self._unload_one(other))  # type: ignore[misc]
        self._unload_one(info)

    def _unload_one(self, info: PluginInfo) -> None:
        plugin_id = info.plugin_id
        self.plugin_unloading.emit(plugin_id)
        loaded, info.loaded = info.loaded, None
        if loaded is None:
            return  # whoever was told has unloaded it
        self._loaded.remove(info)
        info.start_seconds, info.loading_bytes, info.problem = None, 0, None
        evidence, failures = dismantle(loaded, heir=self)
        holders = evidence.holders()
        evidence.abandon()
        log.info("Unloaded plugin: %s", plugin_id)
        self.plugin_unloaded.emit(plugin_id)
        for failure in failures:
            if isinstance(failure, KeyboardInterrupt):
                raise failure
        self._complain(info, failures, holders)

    def _complain(
        self, info: PluginInfo, failures: tuple[BaseException, ...], holders: tuple[str, ...]
    ) -> None:
        """Raise for what went wrong while the plugin was unloaded."""
        told = [f"its clean-up failed ({'; '.join(_described(f) for f in failures)})"]
        parts = [*(told if failures else []), *holders]
        if not parts:
            return
        kind = PluginHeld if holders else PluginFailed
        error = kind(
            f"The plugin {info.plugin_id} was unloaded, but {'; '.join(parts)}.",
            plugin_id=info.plugin_id,
            path=str(info.file_path),
        )
        if isinstance(error, PluginHeld):
            error.holders = holders
        raise error


def _refuse_described_otherwise(info: PluginInfo, tree: Tree) -> None:
    """Refuse files that were trusted beside a description that is none of them."""
    if info.source != "shipped" and described_in(tree, info.manifest) != info.manifest:
        raise PluginRefused(
            f"The plugin {info.plugin_id} describes itself otherwise than when it was found; look "
            "for plugins again and load it then.",
            plugin_id=info.plugin_id,
            path=str(info.file_path),
            reason="its description has changed since it was found",
        )


def default_plugin_folder() -> Path:
    """The user's own folder of plugins, beside the settings; it may not exist."""
    from platformdirs import user_config_path

    return user_config_path("budgetinator", appauthor=False) / "plugins"


def _described(failure: BaseException) -> str:
    notes = getattr(failure, "__notes__", ())
    return ", ".join([f"{type(failure).__name__}: {failure}", *notes])
