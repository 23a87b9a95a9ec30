"""Whether an unloaded plugin is gone, and what keeps it alive if not."""

from __future__ import annotations

import gc
import time
import weakref
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from budgetinator.memory.holders import reference_paths

if TYPE_CHECKING:
    from budgetinator.plugins.lifecycle import PluginLifeCycle

__all__ = ["Evidence"]

SEARCH_SECONDS = 2.0
MOST_HOLDERS = 3
MOST_TOLD = 5


_WITNESS = "__budgetinator_witness__"


class _Witness:
    """Stands among a module's globals, and lives as long as any function or class of it does."""

    __slots__ = ("__weakref__",)


class Evidence:
    """Weak references to a plugin and all that must be gone with it; itself it keeps nothing."""

    def __init__(self, instance: PluginLifeCycle, made_at: str) -> None:
        self._instance = weakref.ref(instance)
        self._plugin_id = instance.plugin_id
        self._made_at = made_at
        self._parts: list[tuple[str, weakref.ref[Any]]] = []
        self._code: list[tuple[weakref.ref[ModuleType], list[tuple[str, weakref.ref[Any]]]]] = []

    def watch(self, what: str, part: Any) -> None:
        """Note a part under the name that a report calls it by."""
        try:
            self._parts.append((what, weakref.ref(part)))
        except TypeError:  # it cannot be referenced weakly, and was not worth a name then
            return

    def watch_module(self, module: ModuleType) -> None:
        """Note a module, and the code in it: a thread or handler keeps that, and no module."""
        self.watch(f"its module {module.__name__}", module)
        witness = _Witness()
        vars(module)[_WITNESS] = witness
        name = module.__name__
        marks = [(f"code of its module {name}", weakref.ref[Any](witness))]
        marks += [  # one without functions keeps nothing but itself
            (f"the class {each.__qualname__} of its module {name}", weakref.ref(each))
            for each in vars(module).values()
            if isinstance(each, type) and each.__module__ == name
        ]
        self._code.append((weakref.ref(module), marks))

    def holders(self) -> tuple[str, ...]:
        """What is still there, with the chains that hold it; nothing where all is gone.

        Where the plugin's object is alive, that explains its parts, and they are counted
        only. Collects garbage; call it in the thread that owns the things.
        """
        for _ in range(2):  # the first collection may run finalizers that set others free
            gc.collect()
            alive = self._alive()
            if self._instance() is None and not alive:
                return ()
        if self._instance() is not None:
            modules = [each for each in alive if isinstance(each[1](), ModuleType)]
            listed = [("its object", self._instance), *modules]
        else:
            listed = alive[:MOST_TOLD]
        told = self._traced(listed)
        further = len(alive) + (self._instance() is not None) - len(listed)
        return (*told, f"{further} parts of it besides") if further else told

    def _alive(self) -> list[tuple[str, weakref.ref[Any]]]:
        """The parts that are there; code only where its module and the object are gone."""
        parts = [(what, ref) for what, ref in self._parts if ref() is not None]
        if self._instance() is not None:
            return parts
        for module, marks in self._code:
            if module() is None:
                parts += [each for each in marks if each[1]() is not None][:1]
        return parts

    def abandon(self) -> None:
        """Have the object let go of what it can, if it is alive still."""
        instance = self._instance()
        if instance is not None:
            instance.abandon()

    def _traced(self, listed: list[tuple[str, weakref.ref[Any]]]) -> tuple[str, ...]:
        """A line for each of these."""
        sought = {
            f"{what} ({number})": _sought([ref()]) for number, (what, ref) in enumerate(listed)
        }
        deadline = time.monotonic() + SEARCH_SECONDS
        paths = reference_paths(sought, ignore=list(sought.values()), deadline=deadline)
        return tuple(
            f"{what}, loaded at {self._made_at}, is held by {'; '.join(found)}"
            for key, (what, _ref) in zip(sought, listed, strict=True)
            for found in [paths.get(key, ["what was not found in time"])]
        )


def _sought(found: list[Any]) -> list[Any]:
    """What to look for: the thing itself, or whoever holds it directly if it is a module.

    A module is a root of the search, which would end where it begins.
    """
    if found[0] is None:
        return []
    if not isinstance(found[0], ModuleType):
        return found
    holders = [
        each
        for each in gc.get_referrers(found[0])
        if each is not found and not isinstance(each, FrameType)
    ]
    return holders[:MOST_HOLDERS] or found
