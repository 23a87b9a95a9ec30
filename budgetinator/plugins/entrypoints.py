"""Plugins of installed distributions, found without importing any of them.

The entry point names a module. Where its file lies follows from the search path: the
finders that every import of this process uses are asked for the outermost package, and
the folders of each package for the next one. No `__init__` is run.

What our own distribution brings is "shipped", and its code is as trusted as the program's.
Everything else is trusted by the user, and then the whole outermost package is the
plugin's tree, because its `__init__` runs as well.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from budgetinator.errors import PluginRefused
from budgetinator.plugins.manifest import Origin

__all__ = ["GROUP", "installed", "origin_of"]

log = logging.getLogger("budgetinator.plugins")

GROUP = "budgetinator.plugins"
OURS = "budgetinator"
_HERE = Path(__file__).resolve().parents[2]


def installed() -> Iterator[EntryPoint]:
    """The entry points of plugins, ours first, then by name."""
    found = {(each.name, each.value): each for each in entry_points(group=GROUP)}
    return iter(sorted(found.values(), key=lambda each: (not _is_ours(each), each.name)))


def origin_of(entry: EntryPoint) -> Origin:
    """Where the entry point's plugin lies; PluginRefused where that cannot be told."""
    try:
        levels = list(_levels(entry.module))
    # Finders are other people's code; whatever theirs makes of a name, ours goes on.
    except Exception as error:
        raise _refused(entry, f"its module cannot be located ({error})") from error
    if len(levels) < entry.module.count(".") + 1 or levels[-1].origin is None:
        raise _refused(entry, f"there is no module {entry.module}")
    file = Path(str(levels[-1].origin))
    if file.suffix != ".py":
        raise _refused(entry, f"{file} is no Python file")
    ours = _is_ours(entry) and file.resolve().is_relative_to(_HERE)
    outermost = levels[-1] if ours else next(each for each in levels if each.origin is not None)
    top = Path(str(outermost.origin))
    root = top.parent if outermost.submodule_search_locations is not None else top
    below = entry.module.removeprefix(outermost.name).lstrip(".")
    return Origin(
        source="shipped" if ours else "entry point",
        root=root,
        manifest_path=file,
        package=outermost.name,
        entry=f"{below}:{entry.attr}" if entry.attr else below,
    )


def _levels(module: str) -> Iterator[ModuleSpec]:
    """The specs of a module's packages from the outermost to itself, as far as there are any."""
    names = module.split(".")
    spec = importlib.util.find_spec(names[0])
    for depth in range(1, len(names) + 1):
        if spec is None:
            return
        yield spec
        if depth < len(names):
            places: Iterable[str] = spec.submodule_search_locations or ()
            spec = PathFinder.find_spec(".".join(names[: depth + 1]), list(places))


def _is_ours(entry: EntryPoint) -> bool:
    return entry.dist is not None and entry.dist.name.lower() == OURS


def _refused(entry: EntryPoint, reason: str) -> PluginRefused:
    name = f"{entry.name} = {entry.value}"
    return PluginRefused(
        f"The entry point {name} cannot be used: {reason}.", path=name, reason=reason
    )
