"""In which order plugins are loaded, so that each finds what it requires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from budgetinator.errors import PluginRequired
from budgetinator.plugins.info import PluginInfo
from budgetinator.plugins.versions import Requirement

__all__ = ["dependants_of", "starting_order"]


def starting_order(plugins: Mapping[str, PluginInfo], plugin_id: str) -> tuple[str, ...]:
    """The plugin and all that it requires, each after those that it requires itself.

    Raises PluginRequired, naming the plugins, for one that is missing or of a version that
    does not fit, and for plugins that require each other in a circle.
    """
    order: list[str] = []
    path: list[str] = []

    def visit(current: str) -> None:
        if current in order:
            return
        if current in path:
            circle = (*path[path.index(current) :], current)
            raise _required(plugin_id, f"{' needs '.join(circle)}, in a circle", circle)
        path.append(current)
        for requirement in plugins[current].requires:
            _check(plugins, plugin_id, current, requirement)
            visit(requirement.plugin_id)
        path.pop()
        order.append(current)

    visit(plugin_id)
    return tuple(order)


def dependants_of(plugins: Iterable[PluginInfo], plugin_id: str) -> tuple[PluginInfo, ...]:
    """Those of `plugins` that need it, directly or through others, in the order given."""
    listed = tuple(plugins)
    needed = {plugin_id}
    grown = True
    while grown:
        more = {info.plugin_id for info in listed if _needs(info, needed)}
        grown = not more <= needed
        needed |= more
    return tuple(each for each in listed if each.plugin_id in needed - {plugin_id})


def _needs(info: PluginInfo, plugins: set[str]) -> bool:
    return any(requirement.plugin_id in plugins for requirement in info.requires)


def _check(
    plugins: Mapping[str, PluginInfo], plugin_id: str, current: str, requirement: Requirement
) -> None:
    found = plugins.get(requirement.plugin_id)
    if found is None:
        raise _required(
            plugin_id,
            f"{current} needs {requirement}, and there is no such plugin",
            (requirement.plugin_id,),
        )
    if not requirement.accepts(found.version):
        raise _required(
            plugin_id,
            f"{current} needs {requirement}, and its version here is {found.version}",
            (requirement.plugin_id,),
        )


def _required(plugin_id: str, reason: str, plugins: tuple[str, ...]) -> PluginRequired:
    return PluginRequired(
        f"The plugin {plugin_id} cannot be loaded: {reason}.", plugin_id=plugin_id, plugins=plugins
    )
