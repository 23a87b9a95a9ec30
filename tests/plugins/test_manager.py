"""The plugin manager: seed 003's methods, signals and results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from budgetinator import errors
from budgetinator.plugins import PluginManager
from budgetinator.plugins import trusting as trusting_module
from budgetinator.plugins.tree import Tree, read_tree
from budgetinator.resources import ComponentState, ResourceManagementService
from tests.plugins.building import folder_plugin, plugin
from tests.support.logs import ExpectLog


def trusted(manager: PluginManager) -> None:
    """Have the manager find all plugins and trust them as they are."""
    for info in manager.discover_plugins():
        manager.trust(info.plugin_id)


def heard(manager: PluginManager) -> list[tuple[str, ...]]:
    """What the manager's signals say from now on."""
    said: list[tuple[str, ...]] = []
    for name in ("plugin_loaded", "plugin_unloading", "plugin_unloaded", "plugin_error"):
        getattr(manager, name).connect(lambda *a, name=name: said.append((name, *a)))
    return said


def test_the_manager_is_a_component(
    manager: PluginManager, service: ResourceManagementService
) -> None:
    """Under the id and type that seed 003 gives it, and without being held."""
    (component,) = service.snapshot().components
    assert (component.component_id, component.component_type) == ("PluginManager", "system")
    manager.close()
    assert service.snapshot().components == ()


def test_a_plugin_is_loaded_and_unloaded(
    manager: PluginManager, folder: Path, service: ResourceManagementService
) -> None:
    """Each step has its result, its signal and its trace in the info."""
    plugin(folder, "tallies")
    trusted(manager)
    said = heard(manager)
    info = manager.find("tallies")
    assert info is not None

    result = manager.load_plugin("tallies")
    state, loaded = info.state, manager.get_loaded_plugins()
    same = result.value is manager.get_plugin("tallies") is info.instance
    registered = [each.component_id for each in service.snapshot().components]
    seconds, cost = info.start_seconds, info.memory_bytes
    del result
    unloaded = manager.unload_plugin("tallies")

    assert (state, loaded, same) == (ComponentState.INITIALIZED, [info], True)
    assert registered == ["PluginManager", "tallies"]
    assert seconds is not None
    assert seconds > 0
    assert cost >= 0
    assert unloaded.success
    assert (info.state, info.is_loaded, manager.get_plugin("tallies")) == (None, False, None)
    assert said == [
        ("plugin_loaded", "tallies"),
        ("plugin_unloading", "tallies"),
        ("plugin_unloaded", "tallies"),
    ]


def test_loading_twice_gives_the_same_object(manager: PluginManager, folder: Path) -> None:
    """And unloading what is not loaded is no error."""
    plugin(folder, "tallies")
    trusted(manager)
    first, second = manager.load_plugin("tallies"), manager.load_plugin("tallies")
    assert first.value is second.value
    del first, second
    assert [manager.unload_plugin("tallies").success for _ in range(2)] == [True, True]


def test_an_unknown_plugin_is_an_error_of_the_result(manager: PluginManager) -> None:
    """In the words of seed 003; nothing is raised."""
    said = heard(manager)
    results = [manager.load_plugin("x"), manager.unload_plugin("x"), manager.reload_plugin("x")]
    assert [str(result.error) for result in results] == ["Plugin x not found."] * 3
    assert said == [("plugin_error", "x", "Plugin x not found.")] * 3
    with pytest.raises(errors.PluginNotFound):
        manager.trust("x")


def test_a_folder_with_modules_is_loaded(manager: PluginManager, folder: Path) -> None:
    """Its modules import each other relatively, under a name that is the plugin's own."""
    folder_plugin(folder, "tallies")
    trusted(manager)

    instance: Any = manager.load_plugin("tallies").value

    assert instance.answer == 42
    assert type(instance).__module__ == "budgetinator_plugin_tallies.main"
    assert "budgetinator_plugin_tallies.helper" in sys.modules
    del instance
    assert manager.unload_plugin("tallies").success
    assert not [name for name in sys.modules if name.startswith("budgetinator_plugin_")]


def test_nothing_runs_that_is_not_trusted(manager: PluginManager, folder: Path) -> None:
    """The error has the hash that trust would be given to."""
    plugin(folder, "tallies", first="raise RuntimeError('it ran')")
    (info,) = manager.discover_plugins()

    result = manager.load_plugin("tallies")

    assert isinstance(result.error, errors.PluginNotTrusted)
    assert result.error.digest == read_tree(folder / "tallies.py").digest
    assert "is not trusted" in (info.problem or "")
    assert info.trusted is False


def test_trust_holds_for_the_files_as_they_were(manager: PluginManager, folder: Path) -> None:
    """A change of one byte asks again; trusting anew lets it run."""
    path = folder_plugin(folder, "tallies")
    trusted(manager)
    (path / "helper.py").write_text("ANSWER = 43\n")

    refused = manager.load_plugin("tallies")
    verified = manager.verify("tallies")
    manager.trust("tallies", verified.digest)
    loaded: Any = manager.load_plugin("tallies")

    assert isinstance(refused.error, errors.PluginChanged)
    assert (verified.status, verified.trusted_digest != verified.digest) == ("changed", True)
    assert loaded.value.answer == 43


def test_trust_in_what_was_shown_fails_for_what_it_is_now(
    manager: PluginManager, folder: Path
) -> None:
    """The user is asked about one hash, and only that one is trusted."""
    path = plugin(folder, "tallies")
    manager.discover_plugins()
    shown = manager.verify("tallies").digest
    path.write_text(path.read_text() + "\n")

    with pytest.raises(errors.PluginChanged):
        manager.trust("tallies", shown)

    assert manager.verify("tallies").status == "not trusted"


def test_what_was_hashed_is_what_is_run(
    manager: PluginManager, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is exchanged between the check and the use changes nothing."""
    path = folder_plugin(folder, "tallies")
    trusted(manager)

    def exchanging(root: Path, *, own: bool = True) -> Tree:
        tree = read_tree(root, own=own)
        for name in ("main.py", "helper.py"):
            (path / name).write_text("raise RuntimeError('exchanged')")
        return tree

    monkeypatch.setattr(trusting_module, "read_tree", exchanging)

    loaded: Any = manager.load_plugin("tallies")

    assert loaded.value.answer == 42


def test_untrusted_again_it_is_not_loaded(manager: PluginManager, folder: Path) -> None:
    """Until then it stays as it is."""
    plugin(folder, "tallies")
    trusted(manager)
    manager.load_plugin("tallies")

    answers = [manager.untrust("tallies"), manager.untrust("tallies")]
    stays = manager.get_plugin("tallies") is not None
    manager.unload_plugin("tallies")

    assert (answers, stays) == ([True, False], True)
    assert isinstance(manager.load_plugin("tallies").error, errors.PluginNotTrusted)


def test_trust_is_remembered_by_the_next_manager(
    manager: PluginManager, folder: Path, state: Path
) -> None:
    """Another start finds what was trusted, as far as it has not changed."""
    plugin(folder, "tallies")
    changing = plugin(folder, "counts")
    trusted(manager)
    changing.write_text(changing.read_text() + "\n")

    other = PluginManager(state_dir=state, folders=[folder], entry_points=False)
    found = {info.plugin_id: info.trusted for info in other.discover_plugins()}
    outcomes = {key: result.success for key, result in other.load_trusted().items()}
    other.close()

    assert found == {"counts": False, "tallies": True}
    assert outcomes == {"tallies": True}


def test_a_damaged_record_of_trust_is_a_problem(
    manager: PluginManager, folder: Path, state: Path
) -> None:
    """Then nothing is trusted, and the rest goes on."""
    plugin(folder, "tallies")
    trusted(manager)
    record = state / "plugins" / "trust.json"
    record.write_text("{")

    (info,) = manager.discover_plugins()

    assert info.trusted is False
    assert [(each.path, each.reason[:13]) for each in manager.problems] == [
        (record, "it is damaged")
    ]


def test_reload_really_reads_the_file_anew(manager: PluginManager, folder: Path) -> None:
    """Also within the second and with the same size, where a compiled file would be taken."""
    path = plugin(folder, "tallies", initialize="self.word = 'one'")
    trusted(manager)
    first: Any = manager.load_plugin("tallies").value
    before = first.word
    del first
    path.write_text(path.read_text().replace("'one'", "'two'").replace("1.0.0", "1.0.1"))

    refused = manager.reload_plugin("tallies")
    manager.trust("tallies")
    loaded: Any = manager.load_plugin("tallies")
    info = manager.find("tallies")

    assert isinstance(refused.error, errors.PluginChanged)
    assert (before, loaded.value.word) == ("one", "two")
    assert info is not None
    assert info.version == "1.0.1"


def test_reload_of_unchanged_files_gives_a_new_object(
    manager: PluginManager, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The modules are run again."""
    plugin(folder, "tallies", first="import sys; sys.runs_of_tallies += 1")
    trusted(manager)
    monkeypatch.setattr(sys, "runs_of_tallies", 0, raising=False)
    manager.load_plugin("tallies")

    result = manager.reload_plugin("tallies")

    assert result.value is manager.get_plugin("tallies")
    assert sys.runs_of_tallies == 2  # type: ignore[attr-defined]


def test_requirements_are_loaded_first(manager: PluginManager, folder: Path) -> None:
    """Each after all that it needs, and taken down in reverse."""
    plugin(folder, "a", requires=("b>=1", "c"))
    plugin(folder, "b", requires=("c>=1,<2",))
    plugin(folder, "c")
    trusted(manager)
    said = heard(manager)

    assert manager.load_plugin("a").success
    manager.cleanup()

    assert [name for what, name in said if what == "plugin_loaded"] == ["c", "b", "a"]
    assert [name for what, name in said if what == "plugin_unloaded"] == ["a", "b", "c"]


def test_a_plugin_that_others_need_is_not_unloaded_alone(
    manager: PluginManager, folder: Path
) -> None:
    """They are named, or unloaded before it where that is asked for."""
    plugin(folder, "a", requires=("b",))
    plugin(folder, "b", requires=("c",))
    plugin(folder, "c")
    trusted(manager)
    manager.load_plugin("a")

    refused = manager.unload_plugin("c")
    loaded = [info.plugin_id for info in manager.get_loaded_plugins()]
    done = manager.unload_plugin("c", dependants=True)

    assert isinstance(refused.error, errors.PluginRequired)
    assert refused.error.plugins == ("b", "a")
    assert loaded == ["c", "b", "a"]
    assert (done.success, manager.get_loaded_plugins()) == (True, [])


def test_reload_takes_those_along_that_need_it(manager: PluginManager, folder: Path) -> None:
    """They are loaded again after it."""
    plugin(folder, "a", requires=("b",))
    plugin(folder, "b")
    trusted(manager)
    manager.load_plugin("a")
    said = heard(manager)

    assert manager.reload_plugin("b").success

    assert [each for each in said if each[0] != "plugin_unloading"] == [
        ("plugin_unloaded", "a"),
        ("plugin_unloaded", "b"),
        ("plugin_loaded", "b"),
        ("plugin_loaded", "a"),
    ]


@pytest.mark.parametrize(
    ("requires", "reason"),
    [
        (("missing>=1",), "a needs missing>=1, and there is no such plugin"),
        (("b>=2",), "a needs b>=2, and its version here is 1.0.0"),
        (("c",), "a needs c needs d needs a, in a circle"),
        (("e",), "a needs e, which cannot be loaded: The plugin e .* is not trusted"),
    ],
)
def test_what_cannot_be_had_is_named(
    manager: PluginManager, folder: Path, requires: tuple[str, ...], reason: str
) -> None:
    """Missing, of another version, in a circle, or not trusted; nothing is loaded then."""
    plugin(folder, "a", requires=requires)
    plugin(folder, "b")
    plugin(folder, "c", requires=("d",))
    plugin(folder, "d", requires=("a",))
    plugin(folder, "e")
    trusted(manager)
    manager.untrust("e")

    result = manager.load_plugin("a")

    assert isinstance(result.error, errors.PluginRequired)
    with pytest.raises(errors.PluginRequired, match=reason):
        _ = result.value
    assert manager.get_loaded_plugins() == []


def test_switched_off_it_finds_and_loads_nothing(folder: Path, state: Path) -> None:
    """`--no-plugins` looks at files and runs none."""
    plugin(folder, "tallies")
    manager = PluginManager(state_dir=state, folders=[folder], enabled=False, entry_points=False)
    trusted(manager)

    results = manager.load_trusted()
    manager.close()

    assert isinstance(results["tallies"].error, errors.PluginOff)


def test_the_workbench_is_seen_by_every_plugin(manager: PluginManager, folder: Path) -> None:
    """By those that are loaded already, by those that come, and by none that has gone."""

    class Bench:
        def active(self) -> None:
            return None

        def workbooks(self) -> tuple[()]:
            return ()

    plugin(folder, "a", initialize="self.lent = self.workbench")
    plugin(folder, "b", initialize="self.lent = self.workbench")
    trusted(manager)
    first: Any = manager.load_plugin("a").value
    bench = Bench()

    manager.workbench = bench
    second: Any = manager.load_plugin("b").value

    assert (first.lent, first.workbench) == (None, bench)
    assert (second.lent, second.workbench) == (bench, bench)


def test_a_plugin_that_loads_itself_is_told_so(
    manager: PluginManager,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    expect_log: ExpectLog,
) -> None:
    """A circle at run time is an error and no recursion."""
    expect_log("is being loaded at this moment")
    monkeypatch.setattr(sys, "manager", manager, raising=False)
    plugin(folder, "a", initialize="import sys; self.told = sys.manager.load_plugin('a').error")
    trusted(manager)

    instance: Any = manager.load_plugin("a").value

    assert str(instance.told) == "The plugin a is being loaded at this moment."


def test_closing_the_service_unloads_the_plugins(folder: Path, state: Path) -> None:
    """The manager's own clean-up does it, whoever starts it."""
    service = ResourceManagementService()
    manager = PluginManager(service, state_dir=state, folders=[folder], entry_points=False)
    plugin(folder, "a")
    trusted(manager)
    manager.load_plugin("a")

    service.close()

    assert manager.get_loaded_plugins() == []


def test_a_description_that_is_not_in_the_trusted_files_is_not_followed(
    manager: PluginManager, folder: Path, expect_log: ExpectLog
) -> None:
    """The files were exchanged for the look around and put back: another class would be made."""
    expect_log("describes itself otherwise than when it was found")
    path = folder_plugin(folder, "tallies")
    (path / "other.py").write_text((path / "main.py").read_text().replace("Tallies", "Other"))
    trusted(manager)
    manifest = path / "plugin.toml"
    good = manifest.read_text()
    manifest.write_text(good.replace("main:Tallies", "other:Other"))
    manager.discover_plugins()
    manifest.write_text(good)

    result = manager.load_plugin("tallies")

    assert isinstance(result.error, errors.PluginRefused)
    assert "describes itself otherwise" in str(result.error)
    manager.discover_plugins()
    assert type(manager.load_plugin("tallies").value).__name__ == "Tallies"
