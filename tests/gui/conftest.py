"""Every test of the window runs offscreen, and is checked for what it left of Qt.

Where PySide6 or a system library that it needs is missing the modules here are
skipped, and the reason says what is missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"  # before Qt is imported

import pytest
from _pytest.logging import caplog_records_key

from budgetinator.config import load_settings
from budgetinator.resources import (
    IResourceManagementService,
    ResourceManagementService,
    register_service,
)
from budgetinator.runtime import Runtime, make_runtime
from tests.support.probes import descriptors

if TYPE_CHECKING:
    from gui.application import Application

HERE = Path(__file__).parent
EXPECTED = "leftovers_expected"
_failed = pytest.StashKey[bool]()


OFFSCREEN_LACKS = "This plugin does not support propagateSizeHints"
"""Said whenever a window of its own is shown offscreen."""
NEEDS_TK = {"test_quick.py"}
"""Modules that need Tk and no Qt."""


def _missing(*modules: str) -> str | None:
    try:
        for module in modules:
            import_module(module)
    except ImportError as error:
        return f"the window needs {modules[0]} and its system libraries: {error}"
    return None


MISSING = _missing("PySide6.QtWidgets")


class _Skipped(pytest.Module):
    reason = ""

    def collect(self) -> Any:
        pytest.skip(self.reason, allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> Any:
    if HERE not in module_path.parents:
        return None
    reason = _missing("tkinter", "tktooltip") if module_path.name in NEEDS_TK else MISSING
    if reason is None:
        return None
    skipped = _Skipped.from_parent(parent, path=module_path)
    skipped.reason = reason
    return skipped


@pytest.hookimpl(trylast=True)  # the plugin is registered by the conftest above
def pytest_configure(config: pytest.Config) -> None:
    """Qt's painting has a pool of threads of its own, which end after half a minute."""
    leftovers = config.pluginmanager.get_plugin("leftovers")
    if leftovers is not None:
        leftovers.probes = [
            replace(probe, take=_but_qts_own) if probe.take is descriptors else probe
            for probe in leftovers.probes
        ]


def _but_qts_own() -> dict[tuple[int, str], str]:
    """All descriptors but those by which threads of Qt are woken; nothing else here makes any."""
    return {key: text for key, text in descriptors().items() if key[1] != "anon_inode:[eventfd]"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if MISSING is not None or HERE not in item.path.parents:
            continue
        item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
        item.add_marker(pytest.mark.qt_log_ignore(OFFSCREEN_LACKS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    report = yield
    item.stash[_failed] = report.failed or item.stash.get(_failed, False)
    return report


@pytest.fixture(autouse=True)
def qt_leftovers(request: pytest.FixtureRequest) -> Iterator[None]:
    """No top-level widget, thread or timer is left; a failed test is not blamed again."""
    if MISSING is not None:
        yield
        return
    from tests.gui.qtleftovers import QtThings

    before = QtThings()
    yield
    expected = {kind for mark in request.node.iter_markers(EXPECTED) for kind in mark.args}
    if "qt" in expected or request.node.stash.get(_failed, False):
        return
    _let_go_of_what_pytest_holds(request.node)
    if left := before.new():
        pytest.fail("\n  ".join(["left behind of Qt:", *left]), pytrace=False)


def _let_go_of_what_pytest_holds(item: Any) -> None:
    """The values of fixtures that were torn down, and the frames of errors that were logged."""
    item.funcargs.clear()
    for records in item.stash.get(caplog_records_key, {}).values():
        for record in records:
            record.exc_info = None


@pytest.fixture
def runtime(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Runtime]:
    """A runtime with a state folder of its own; its service is the registered one."""
    overrides = {"resources.state_dir": str(tmp_path / "state")}
    made = make_runtime(load_settings(overrides=overrides))
    unregister = register_service(IResourceManagementService, made.service)  # type: ignore[type-abstract]
    try:
        yield made
        left = _held(made)
    finally:
        unregister()
        made.close()
    _blame(request, left)


@pytest.fixture
def service(runtime: Runtime) -> ResourceManagementService:
    return runtime.service


@pytest.fixture
def application(
    runtime: Runtime, qapp: Any, request: pytest.FixtureRequest
) -> Iterator[Application]:
    """Qt with everything installed but signal handlers; closed, and all is as before.

    What is tracked when the test ends is left over: closing would take it down.
    """
    from gui.application import make_application

    with make_application(runtime=runtime, signals=False) as made:
        yield made
        left = _held(runtime)
    _blame(request, left)


@pytest.fixture
def collect_qt() -> Callable[[], None]:
    """Called, it runs what is queued and deleted later, and collects the garbage."""
    from tests.gui.qtleftovers import collect_qt as collect

    return collect


def _blame(request: pytest.FixtureRequest, left: list[str]) -> None:
    if left and not request.node.stash.get(_failed, False):
        pytest.fail("\n  ".join(["left tracked:", *left]), pytrace=False)


def _held(runtime: Runtime) -> list[str]:
    if not runtime.leftovers():
        return []
    if MISSING is None:
        from tests.gui.qtleftovers import collect_qt as collect

        collect()
    return runtime.leftovers()
