"""A plugin that is unloaded is gone, or what holds it is named."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

from budgetinator import errors
from budgetinator.plugins import PluginManager
from budgetinator.resources import ResourceManagementService
from tests.plugins.building import folder_plugin, plugin
from tests.plugins.test_manager import heard, trusted
from tests.support.logs import ExpectLog


def _components(service: ResourceManagementService) -> list[str]:
    return [each.component_id for each in service.snapshot().components]


def test_object_class_and_modules_are_gone(manager: PluginManager, folder: Path) -> None:
    """Also where the plugin's objects refer to each other in a circle."""
    folder_plugin(folder, "tallies")
    trusted(manager)
    instance: Any = manager.load_plugin("tallies").value
    instance.circle = [instance]
    kind = type(instance)
    main = sys.modules[kind.__module__]
    gone = [weakref.ref(each) for each in (instance, kind, main)]
    del instance, kind, main

    result = manager.unload_plugin("tallies")
    gc.collect()

    assert result.success
    assert [each() for each in gone] == [None, None, None]


def test_what_holds_the_object_is_named(
    manager: PluginManager, folder: Path, expect_log: ExpectLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chain from a root to it, and where it was loaded."""
    expect_log("was unloaded, but")
    monkeypatch.setattr(sys, "kept", [], raising=False)
    plugin(folder, "leaks", initialize="import sys; sys.kept.append(self)")
    trusted(manager)
    manager.load_plugin("leaks")
    said = heard(manager)

    result = manager.unload_plugin("leaks")

    assert isinstance(result.error, errors.PluginHeld)
    (holder,) = result.error.holders
    assert "is held by module sys['kept'][0]" in holder
    assert "test_unloading.py" in holder
    assert manager.get_loaded_plugins() == []
    assert [what for what, *_ in said] == ["plugin_unloading", "plugin_unloaded", "plugin_error"]


def test_what_holds_a_module_is_named(
    manager: PluginManager, folder: Path, expect_log: ExpectLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that somebody keeps keeps all of its globals."""
    expect_log("its module budgetinator_plugin_leaks, loaded at")
    monkeypatch.setattr(sys, "kept", [], raising=False)
    plugin(folder, "leaks", last="import sys; sys.kept.append(sys.modules[__name__])")
    trusted(manager)
    manager.load_plugin("leaks")

    result = manager.unload_plugin("leaks")

    assert isinstance(result.error, errors.PluginHeld)
    assert "is held by module sys['kept'] → list" in result.error.holders[0]


def test_a_failing_cleanup_is_told_and_leaves_nothing_registered(
    manager: PluginManager,
    folder: Path,
    service: ResourceManagementService,
    expect_log: ExpectLog,
) -> None:
    """The error has what failed and where; the plugin can be loaded again."""
    expect_log(r"was unloaded, but its clean-up failed \(OSError: busy")
    plugin(folder, "tallies", cleanup="raise OSError('busy')")
    trusted(manager)
    manager.load_plugin("tallies")
    components = _components(service)

    result = manager.unload_plugin("tallies")

    assert isinstance(result.error, errors.PluginFailed)
    assert "tallies.py" in str(result.error)
    assert components == ["PluginManager", "tallies"]
    assert _components(service) == ["PluginManager"]
    assert manager.load_plugin("tallies").success
    expect_log("was unloaded, but")


def test_a_resource_that_cannot_be_closed_passes_to_the_manager(
    manager: PluginManager,
    folder: Path,
    service: ResourceManagementService,
    expect_log: ExpectLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It stays listed with its failure, and can be closed later; the plugin is gone."""
    expect_log("could not be closed: busy")
    expect_log("its clean-up failed")
    attempts: list[Any] = []

    def close(resource: Any) -> None:
        attempts.append(resource)
        if len(attempts) == 1:
            raise OSError("busy")

    monkeypatch.setattr(sys, "closing", close, raising=False)
    track = "import sys; self.track_resource('custom', [1], 7, {'cleanup_func': sys.closing})"
    plugin(folder, "tallies", initialize=track)
    trusted(manager)
    manager.load_plugin("tallies")

    manager.unload_plugin("tallies")
    (component,) = service.snapshot().components
    (left,) = component.resources.values()
    released = service.release_resource(manager, left.resource_id)

    assert (component.component_id, left.size_bytes) == ("PluginManager", 7)
    assert "busy" in (left.failure or "")
    assert bool(released) is True


def test_dependants_that_fail_do_not_keep_the_rest(
    manager: PluginManager, folder: Path, expect_log: ExpectLog
) -> None:
    """All are taken down; each error is told."""
    expect_log("its clean-up failed")
    plugin(folder, "a", requires=("b",), cleanup="1 / 0")
    plugin(folder, "b")
    trusted(manager)
    manager.load_plugin("a")
    said = heard(manager)

    result = manager.unload_plugin("b", dependants=True)

    assert result.success
    assert manager.get_loaded_plugins() == []
    assert [each[:2] for each in said if each[0] == "plugin_error"] == [("plugin_error", "a")]


def test_loading_and_unloading_many_times_leaves_nothing(
    manager: PluginManager, folder: Path, service: ResourceManagementService
) -> None:
    """No module, finder, component or class more than before."""
    folder_plugin(folder, "tallies")
    trusted(manager)
    manager.load_plugin("tallies")
    manager.unload_plugin("tallies")
    before = (len(sys.modules), len(sys.meta_path), _components(service), len(gc.get_objects()))

    for _ in range(30):
        assert manager.load_plugin("tallies").success
        assert manager.unload_plugin("tallies").success

    after = (len(sys.modules), len(sys.meta_path), _components(service), len(gc.get_objects()))
    assert after[:3] == before[:3]
    assert after[3] - before[3] < 30


@pytest.mark.parametrize(
    ("first", "initialize", "holder"),
    [
        (
            "import threading\ndef work(): threading.let_go.wait(60)",
            "threading.Thread(target=work, name='kept').start()",
            "Thread._target",
        ),
        (
            "import logging, sys\nclass Kept(logging.Handler):\n    pass",
            "sys.kept.append(Kept())",
            "the class Kept of its module",
        ),
        ("import sys\ndef tick(): pass", "sys.kept.append(tick)", "sys['kept'][0]"),
    ],
)
def test_code_that_stays_behind_is_named(
    manager: PluginManager,
    folder: Path,
    expect_log: ExpectLog,
    monkeypatch: pytest.MonkeyPatch,
    first: str,
    initialize: str,
    holder: str,
) -> None:
    """A thread, a handler, a function: they keep their module's globals and not the module."""
    expect_log("of its module budgetinator_plugin_leaks, loaded at")
    let_go = threading.Event()
    monkeypatch.setattr(sys, "kept", [], raising=False)
    monkeypatch.setattr(threading, "let_go", let_go, raising=False)
    plugin(folder, "leaks", first=first, initialize=initialize)
    trusted(manager)
    manager.load_plugin("leaks")

    result = manager.unload_plugin("leaks")
    let_go.set()
    for thread in threading.enumerate():
        if thread.name == "kept":
            thread.join(10)

    assert isinstance(result.error, errors.PluginHeld)
    assert holder in result.error.holders[0]


def test_whoever_is_told_may_unload_it(manager: PluginManager, folder: Path) -> None:
    """It is unloaded once, and both calls say so."""
    plugin(folder, "tallies")
    trusted(manager)
    manager.load_plugin("tallies")
    inner: list[bool] = []

    def unload(plugin_id: str) -> None:
        manager.plugin_unloading.disconnect(unload)
        inner.append(manager.unload_plugin(plugin_id).success)

    manager.plugin_unloading.connect(unload)

    assert manager.unload_plugin("tallies").success
    assert inner == [True]
    assert manager.get_loaded_plugins() == []
