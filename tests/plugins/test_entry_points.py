"""Plugins of installed distributions: located and read without being imported."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from budgetinator import errors
from budgetinator.plugins import PluginManager
from budgetinator.resources import ResourceManagementService
from tests.plugins.building import CLASS
from tests.plugins.test_manager import trusted

BODY = CLASS.format(id="tallies", initialize="self.rate = RATE", cleanup="pass")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, at the front of the search path."""
    path = tmp_path / "site-packages"
    path.mkdir()
    monkeypatch.syspath_prepend(str(path))
    return path


@pytest.fixture
def installed(
    site: Path, state: Path, service: ResourceManagementService
) -> Iterator[PluginManager]:
    """A manager of what is installed, without the user's folder."""
    manager = PluginManager(service, state_dir=state, folders=[], deadline=20.0)
    yield manager
    manager.close()


def install(site: Path, name: str, *entries: str) -> None:
    """What an installer leaves of a distribution besides its packages."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = "\n".join(entries)
    (info / "entry_points.txt").write_text(f"[budgetinator.plugins]\n{lines}\n")


def package(site: Path) -> Path:
    """A package with a plugin in a module of it, which imports by its full name."""
    path = site / "counting_house"
    (path / "parts").mkdir(parents=True)
    (path / "__init__.py").write_text("RATE = 3\n")
    (path / "parts" / "__init__.py").write_text("")
    (path / "parts" / "tallies.py").write_text(
        'PLUGIN_METADATA = {"name": "Tallies", "version": "3.1"}\n'
        f"from counting_house import RATE\n{BODY}"
    )
    install(site, "counting_house", "tallies = counting_house.parts.tallies:Tallies")
    return path


def test_an_entry_point_is_found_and_nothing_is_imported(
    site: Path, installed: PluginManager
) -> None:
    """Its id is the entry point's name, the rest stands in the file; no `__init__` is run."""
    path = package(site)

    found = {info.plugin_id: info for info in installed.discover_plugins()}

    tallies = found["tallies"]
    assert (tallies.name, tallies.version, tallies.source) == ("Tallies", "3.1", "entry point")
    assert (tallies.file_path, tallies.trusted) == (path, False)
    assert not [name for name in sys.modules if name.startswith("counting_house")]


def test_it_is_loaded_from_the_bytes_that_were_trusted(
    site: Path, installed: PluginManager
) -> None:
    """The whole package is its tree: a change of its `__init__` asks again."""
    path = package(site)
    installed.discover_plugins()
    refused = installed.load_plugin("tallies")
    installed.trust("tallies")

    loaded: Any = installed.load_plugin("tallies").value
    rate, origin = loaded.rate, sys.modules["counting_house"].__spec__
    del loaded
    unloaded = installed.unload_plugin("tallies")
    (path / "__init__.py").write_text("RATE = 4\n")
    changed = installed.load_plugin("tallies")

    assert isinstance(refused.error, errors.PluginNotTrusted)
    assert (rate, type(origin.loader).__name__ if origin else None) == (3, "PluginFinder")
    assert unloaded.success
    assert not [name for name in sys.modules if name.startswith("counting_house")]
    assert isinstance(changed.error, errors.PluginChanged)


def test_a_package_that_the_program_uses_already_is_not_run_again(
    site: Path,
    installed: PluginManager,
    expect_log: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two copies of one module would not know each other's classes."""
    expect_log("is in use by this program already")
    package(site)
    trusted_here = {info.plugin_id for info in installed.discover_plugins()}
    installed.trust("tallies")
    monkeypatch.setitem(sys.modules, "counting_house", sys.modules[__name__])

    result = installed.load_plugin("tallies")

    assert "tallies" in trusted_here
    assert isinstance(result.error, errors.PluginRefused)


def test_a_module_of_one_file_is_its_own_tree(site: Path, installed: PluginManager) -> None:
    """Without a class in the entry point its only plugin class is meant."""
    (site / "tally_stick.py").write_text(f"RATE = 5\n{BODY}")
    install(site, "tally-stick", "tallies = tally_stick")
    installed.discover_plugins()
    installed.trust("tallies")

    loaded: Any = installed.load_plugin("tallies").value

    info = installed.find("tallies")
    assert info is not None
    assert (loaded.rate, info.file_path) == (5, site / "tally_stick.py")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("tallies = not_installed_at_all:Tallies", "there is no module not_installed_at_all"),
        ("tallies = counting_house.other:Tallies", "there is no module counting_house.other"),
        ("tallies = math:Tallies", "is no Python file|there is no module"),
        ("Tallies! = counting_house.parts.tallies", "is no id"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_a_problem(
    site: Path, installed: PluginManager, entry: str, reason: str
) -> None:
    """It is told with its value, and the others are found."""
    path = package(site)
    (path.parent / "counting_house-1.0.dist-info" / "entry_points.txt").write_text(
        f"[budgetinator.plugins]\n{entry}\n"
    )

    found = installed.discover_plugins()

    (problem,) = installed.problems
    assert str(problem.path) == entry.partition(" = ")[2]
    assert re.search(reason, problem.reason)
    assert "tallies" not in {info.plugin_id for info in found}


def test_a_stranger_that_calls_itself_ours_is_not_trusted(
    site: Path, installed: PluginManager
) -> None:
    """Shipped is what lies where this program lies, whatever a distribution is named."""
    package(site)
    (site / "counting_house-1.0.dist-info").rename(site / "budgetinator-9.0.dist-info")
    metadata = site / "budgetinator-9.0.dist-info" / "METADATA"
    metadata.write_text("Metadata-Version: 2.1\nName: budgetinator\nVersion: 9.0\n")

    found = {info.plugin_id: info for info in installed.discover_plugins()}

    assert (found["tallies"].source, found["tallies"].trusted) == ("entry point", False)


def test_what_the_user_installs_cannot_take_the_place_of_what_is_shipped(
    site: Path, folder: Path, state: Path
) -> None:
    """Of two with one id ours comes first, and the other one is told."""
    package(site)
    install(site, "impostor", "example_plugin = counting_house.parts.tallies:Tallies")
    manager = PluginManager(state_dir=state, folders=[folder])

    found = {info.plugin_id: info for info in manager.discover_plugins()}
    manager.close()

    assert found["example_plugin"].source == "shipped"
    assert [each.plugin_id for each in manager.problems] == ["example_plugin"]


def test_shipped_plugins_are_found_and_trusted(state: Path) -> None:
    """All three, with the installation; finding them imports no part of the window."""
    manager = PluginManager(state_dir=state, folders=[])
    before = {name for name in sys.modules if name.split(".")[0] in ("gui", "PySide6")}

    found = manager.discover_plugins()
    verified = {info.plugin_id: manager.verify(info.plugin_id).status for info in found}
    manager.close()

    after = {name for name in sys.modules if name.split(".")[0] in ("gui", "PySide6")}
    assert verified == {
        "currency": "shipped",
        "example_plugin": "shipped",
        "partner_csv": "shipped",
    }
    assert manager.problems == ()
    assert after == before


def test_a_shipped_plugin_can_be_switched_off(state: Path, tmp_path: Path) -> None:
    """After it took the program down, it is off like any other, until it is trusted again."""
    manager = PluginManager(state_dir=state, folders=[tmp_path])
    trusted(manager)
    info = manager.find("currency")
    assert info is not None
    manager._trusting.store.switch_off("currency", info.file_path, "it hung")
    manager.discover_plugins()
    off = manager.load_plugin("currency").error
    manager.trust("currency")
    manager.close()
    assert isinstance(off, errors.PluginOff)
    assert (info.trusted, info.off) == (True, None)
