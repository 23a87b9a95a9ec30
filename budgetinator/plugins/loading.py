"""One plugin brought to life from its snapshot, and taken down again.

Here is the border to foreign code: whatever a plugin raises but KeyboardInterrupt becomes
a PluginFailed that names it, without the frames of the plugin, which would keep it alive.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from budgetinator.errors import PluginError, PluginFailed
from budgetinator.plugins.deadlines import called_within, imported_within
from budgetinator.plugins.evidence import Evidence
from budgetinator.plugins.importing import PluginFinder
from budgetinator.plugins.lifecycle import PluginLifeCycle
from budgetinator.plugins.manifest import Manifest
from budgetinator.plugins.tree import Tree
from budgetinator.plugins.workbench import Workbench
from budgetinator.resources import ResourceManagementService
from budgetinator.resources.closing import remembered

__all__ = ["Loaded", "dismantle", "load", "stripped"]

log = logging.getLogger("budgetinator.plugins")


@dataclass(slots=True, eq=False)
class Loaded:
    """A plugin that lives, the finder of its modules, and where in the code it was loaded."""

    instance: PluginLifeCycle
    finder: PluginFinder
    made_at: str


def load(
    manifest: Manifest,
    tree: Tree,
    *,
    deadline: float,
    made_at: str,
    service: ResourceManagementService | None,
    workbench: Workbench | None,
) -> Loaded:
    """Import the plugin, make its object and initialize it.

    `deadline` in seconds is for the import, and again for the object. Raises PluginFailed
    and PluginHung; then the plugin has left the interpreter and the service.
    """
    finder = PluginFinder(manifest.package, tree)
    finder.install()
    try:
        module = imported_within(deadline, manifest.module_name, manifest.plugin_id)
        kind = _plugin_class(manifest, module)
        instance = _started(manifest, kind, deadline, service, workbench)
        return Loaded(instance, finder, made_at)
    # Foreign code, with sys.exit among what it may do: it is named, and the program goes on.
    except BaseException as error:  # noqa: BLE001 - said above
        failure = _contained(manifest, error)
    finder.remove()
    raise failure  # out here the plugin's own exception, and its frames with it, is gone


def _plugin_class(manifest: Manifest, module: ModuleType) -> type[PluginLifeCycle]:
    """The class that the manifest names, or the only one that the plugin defines."""
    if manifest.class_name is not None:
        found = getattr(module, manifest.class_name, None)
        if isinstance(found, type) and issubclass(found, PluginLifeCycle):
            return found
        raise _failed(manifest, f"{manifest.class_name} in {module.__name__} is no plugin class")
    own = [each for each in vars(module).values() if _is_own(each, manifest.package)]
    if len(own) != 1:
        names = ", ".join(each.__name__ for each in own) or "none"
        raise _failed(
            manifest, f"it has to define one plugin class, or name one in its entry; found: {names}"
        )
    return own[0]  # type: ignore[no-any-return]


def _is_own(found: Any, package: str) -> bool:
    """Whether it is a plugin class that the plugin defines itself, and not one it derives from."""
    if not (isinstance(found, type) and issubclass(found, PluginLifeCycle)):
        return False
    home = found.__module__
    return (home == package or home.startswith(f"{package}.")) and not found.lacks()


def _started(
    manifest: Manifest,
    kind: type[PluginLifeCycle],
    deadline: float,
    service: ResourceManagementService | None,
    workbench: Workbench | None,
) -> PluginLifeCycle:
    made: list[PluginLifeCycle] = []

    def make() -> bool:
        # In two steps, so that what its __init__ left half made can be taken down as well.
        made.append(kind.__new__(kind))
        made[0].adopt(service, workbench)
        made[0].__init__()  # type: ignore[misc]
        return made[0].start()

    try:
        if not called_within(deadline, make, plugin_id=manifest.plugin_id, doing="starting"):
            raise _failed(manifest, "its initialize() did not return True")
    except BaseException:
        for instance in made:
            _complain(manifest, _ended(instance, None))
        raise
    return made[0]


def dismantle(loaded: Loaded, *, heir: Any | None) -> tuple[Evidence, tuple[BaseException, ...]]:
    """Take a plugin down: out of what shows it, cleaned up, unregistered, modules removed.

    Everything is tried. What its resources could not be closed passes to `heir`, a
    component, and stays listed there. Afterwards `loaded` refers to nothing any more, and
    the evidence tells whether that was all; failures come without their frames.
    """
    instance = loaded.instance
    evidence = Evidence(instance, loaded.made_at)
    for part in instance.parts(loaded.finder.package):
        evidence.watch(f"its {type(part).__name__}", part)
    del loaded.instance
    failures = _ended(instance, heir)
    for module in loaded.finder.remove():
        evidence.watch_module(module)
    del loaded.finder
    return evidence, failures


def _ended(instance: PluginLifeCycle, heir: Any | None) -> tuple[BaseException, ...]:
    """End the plugin's life and its registration; what failed, without frames."""
    failures: list[BaseException] = []
    service = instance.service
    steps = [instance.deactivate, instance.take_leave, instance.cleanup]
    if service is not None:
        steps += [lambda: _bequeath(instance, service, heir)]
        steps += [lambda: service.unregister_component(instance)]
    for step in steps:
        try:
            step()
        # Every step of foreign code is tried; what fails comes out together.
        except BaseException as error:  # noqa: BLE001 - said above
            parts = error.exceptions if isinstance(error, BaseExceptionGroup) else (error,)
            failures += [remembered(part) for part in parts]
    instance.workbench = None
    return tuple(failures)


def _complain(manifest: Manifest, failures: tuple[BaseException, ...]) -> None:
    for failure in failures:
        log.error("Clean-up of plugin %s after its failure: %s", manifest.plugin_id, failure)


def _bequeath(
    instance: PluginLifeCycle, service: ResourceManagementService, heir: Any | None
) -> None:
    """Pass on what could not be closed, so that it stays tracked when the plugin is gone."""
    if heir is None or service.get_component_state(heir) is None:
        return
    for component in service.snapshot().components:
        if component.component_id == instance.plugin_id:
            for resource_id, resource in component.resources.items():
                if resource.failure is not None:
                    service.migrate_resource(resource_id, heir)


def _contained(manifest: Manifest, error: BaseException) -> BaseException:
    """What the caller gets: an error of ours, or an interrupt as it is."""
    if isinstance(error, KeyboardInterrupt):
        return error
    if isinstance(error, PluginError) and error.plugin_id == manifest.plugin_id:
        return stripped(error)
    log.error(
        "Plugin %s failed:\n%s", manifest.plugin_id, "".join(traceback.format_exception(error))
    )
    what = f"sys.exit({error.code!r})" if isinstance(error, SystemExit) else _said(error)
    place = _place(error)
    return _failed(manifest, f"it raised {what}{place}")


def stripped(error: PluginError) -> PluginError:
    """The error without what led to it, whose frames refer to the plugin."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return error


def _said(error: BaseException) -> str:
    try:
        text = str(error)
    # The text of a foreign exception is foreign code.
    except Exception:  # noqa: BLE001 - said above
        text = ""
    return f"{type(error).__name__}: {text[:500]}" if text else type(error).__name__


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _failed(manifest: Manifest, reason: str) -> PluginFailed:
    return PluginFailed(
        f"The plugin {manifest.plugin_id} ({manifest.origin.root}) cannot be loaded: {reason}.",
        plugin_id=manifest.plugin_id,
        path=str(manifest.origin.root),
    )
