"""Plugins that raise, exit, hang, crash or leave half of themselves: contained and named."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from budgetinator import errors
from budgetinator.plugins import PluginManager
from budgetinator.plugins import deadlines as deadlines_module
from budgetinator.plugins.deadlines import called_within
from budgetinator.resources import ResourceManagementService
from budgetinator.resources.processes import ProcessIdentity
from tests.plugins.building import plugin
from tests.plugins.test_manager import heard, trusted
from tests.support.logs import ExpectLog

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def hurried(
    folder: Path, state: Path, service: ResourceManagementService
) -> Iterator[PluginManager]:
    """A manager with little patience."""
    manager = PluginManager(
        service, state_dir=state, folders=[folder], deadline=0.3, entry_points=False
    )
    yield manager
    manager.close()


def _nothing_left(service: ResourceManagementService) -> bool:
    left = [each.component_id for each in service.snapshot().components]
    modules = [name for name in sys.modules if name.startswith("budgetinator_plugin_")]
    finders = [each for each in sys.meta_path if type(each).__name__ == "PluginFinder"]
    return (left, modules, finders) == (["PluginManager"], [], [])


RAISED = "Plugin bad failed"
REFUSED = "The plugin bad .* cannot be loaded"


@pytest.mark.parametrize(
    ("lines", "said", "logged"),
    [
        ({"last": "1 / 0"}, "ZeroDivisionError: division by zero at .*bad.py:", RAISED),
        ({"last": "import sys; sys.exit(0)"}, r"it raised sys\.exit\(0\)", RAISED),
        ({"last": "raise SystemExit"}, r"it raised sys\.exit\(None\)", RAISED),
        ({"last": "raise GeneratorExit"}, "it raised GeneratorExit", RAISED),
        ({"last": "import not_there"}, "No module named 'not_there'", RAISED),
        ({"last": "from . import other"}, "no known parent package", RAISED),
        ({"last": "class E(BaseException):\n    __str__ = 1\nraise E"}, "raised E at", RAISED),
        ({"last": "Other = type('Other', (Tallies,), {})"}, "found: Tallies, Other", REFUSED),
        ({"last": "del Tallies"}, "found: none", REFUSED),
        ({"initialize": "1 / 0"}, "ZeroDivisionError", RAISED),
        ({"initialize": "import sys; sys.exit(3)"}, r"sys\.exit\(3\)", RAISED),
        (
            {"initialize": "return False"},
            r"initialize\(\) did not return True",
            "Failed to initialize plugin bad",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_plugin_that_fails_is_contained(
    manager: PluginManager,
    folder: Path,
    service: ResourceManagementService,
    expect_log: ExpectLog,
    lines: dict[str, str],
    said: str,
    logged: str,
) -> None:
    """The result names it and the place, a signal tells of it, and nothing of it is left."""
    expect_log(REFUSED)
    expect_log(logged)
    plugin(folder, "bad", **lines)
    trusted(manager)
    told = heard(manager)

    result = manager.load_plugin("bad")

    assert isinstance(result.error, errors.PluginFailed)
    with pytest.raises(errors.PluginFailed, match=said):
        _ = result.value
    assert told == [("plugin_error", "bad", str(result.error))]
    assert _nothing_left(service)


@pytest.mark.parametrize(
    ("main", "entry", "said"),
    [
        ("def f(:\n", "main:Bad", "SyntaxError"),
        ("# \xe4\n", "main:Bad", "not UTF-8"),
        ("Bad = 1\n", "main:Bad", "Bad in budgetinator_plugin_bad.main is no plugin class"),
        ("", "other:Bad", "the plugin has no module 'budgetinator_plugin_bad.other'"),
    ],
)
def test_an_entry_that_leads_nowhere_is_named(
    manager: PluginManager,
    folder: Path,
    service: ResourceManagementService,
    expect_log: ExpectLog,
    main: str,
    entry: str,
    said: str,
) -> None:
    """A module that cannot be read, or is not there, and what is no plugin class."""
    expect_log("cannot be loaded|Plugin bad failed")
    (folder / "bad").mkdir()
    (folder / "bad" / "plugin.toml").write_text(f'entry = "{entry}"')
    (folder / "bad" / "main.py").write_text(main, encoding="latin-1")
    trusted(manager)

    with pytest.raises(errors.PluginFailed, match=said):
        _ = manager.load_plugin("bad").value

    assert _nothing_left(service)


def test_what_a_plugin_began_with_is_cleaned_up_when_it_fails(
    manager: PluginManager,
    folder: Path,
    service: ResourceManagementService,
    expect_log: ExpectLog,
    tmp_path: Path,
) -> None:
    """A file that its `__init__` opened is closed, although there is no object to ask."""
    expect_log("cannot be loaded: it raised RuntimeError: half made")
    expect_log("Plugin half failed")
    path = plugin(folder, "half")
    path.write_text(
        path.read_text().replace(
            "        self.log = []\n",
            "        self.log = []\n        import sys\n"
            "        sys.opened = open(sys.opened, 'w')\n"
            "        self.track_resource(ResourceType.FILE_HANDLE, sys.opened)\n"
            "        raise RuntimeError('half made')\n",
        )
    )
    sys.opened = str(tmp_path / "opened.txt")  # type: ignore[attr-defined]
    trusted(manager)

    manager.load_plugin("half")

    opened = sys.__dict__.pop("opened")
    assert opened.closed
    assert _nothing_left(service)


def test_an_interrupt_while_loading_is_no_failure_of_the_plugin(
    manager: PluginManager, folder: Path, service: ResourceManagementService
) -> None:
    """Ctrl+C ends the loading, is raised on, and switches nothing off."""
    plugin(folder, "slow", initialize="raise KeyboardInterrupt")
    trusted(manager)
    with pytest.raises(KeyboardInterrupt):
        manager.load_plugin("slow")
    (info,) = manager.discover_plugins()
    assert info.off is None
    assert _nothing_left(service)


@pytest.mark.parametrize("where", ["last", "initialize"])
def test_a_plugin_that_loops_is_interrupted_and_switched_off(
    hurried: PluginManager,
    folder: Path,
    service: ResourceManagementService,
    expect_log: ExpectLog,
    where: str,
) -> None:
    """An exception ends Python code that does not end, in the import and in its object."""
    expect_log("did not end")
    if where == "initialize":
        expect_log("it is interrupted as soon as it runs Python code")
    loop = "while True: pass" if where == "last" else "\n        while True: pass"
    plugin(folder, "loops", **{where: loop})
    trusted(hurried)
    began = time.monotonic()

    result = hurried.load_plugin("loops")

    info = hurried.find("loops")
    assert isinstance(result.error, errors.PluginHung)
    assert time.monotonic() - began < 3
    assert info is not None
    assert "did not end" in (info.off or "")
    assert isinstance(hurried.load_plugin("loops").error, errors.PluginOff)
    assert _nothing_left(service)


@pytest.mark.leftovers_expected("thread")
def test_a_plugin_that_blocks_is_left_behind_and_named(
    hurried: PluginManager,
    folder: Path,
    expect_log: ExpectLog,
    monkeypatch: pytest.MonkeyPatch,
    service: ResourceManagementService,
) -> None:
    """A thread in a system call cannot be ended: the error names it, and the program goes on."""
    expect_log("cannot be ended and still runs")
    monkeypatch.setattr(deadlines_module, "GRACE_SECONDS", 0.2)
    gate = threading.Event()
    monkeypatch.setattr(sys, "gate", gate, raising=False)
    plugin(folder, "blocks", last="import sys; sys.gate.wait(30)")
    trusted(hurried)

    result = hurried.load_plugin("blocks")
    running = [each for each in threading.enumerate() if each.name == "loading plugin blocks"]
    gate.set()
    running[0].join(10)

    assert isinstance(result.error, errors.PluginHung)
    assert result.error.thread == "loading plugin blocks"
    assert not running[0].is_alive()
    assert _nothing_left(service)


def test_trust_switches_a_plugin_on_again(
    hurried: PluginManager, folder: Path, expect_log: ExpectLog
) -> None:
    """The user decides; it stays off until then, for every later start."""
    expect_log("did not end")
    path = plugin(folder, "loops", last="while True: pass")
    trusted(hurried)
    hurried.load_plugin("loops")
    path.write_text(path.read_text().replace("while True: pass", ""))

    hurried.discover_plugins()
    refused = hurried.load_plugin("loops")
    hurried.trust("loops")
    result = hurried.load_plugin("loops")

    assert isinstance(refused.error, errors.PluginOff)
    assert result.success


@pytest.mark.parametrize(
    ("deadly", "ending"),
    [
        ("import os; os._exit(0)", 0),
        ("import os; os._exit(7)", 7),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
        ("import os; os.abort()", -signal.SIGABRT),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_the_plugin_that_was_loading_when_the_process_died_is_off(
    folder: Path, state: Path, expect_log: ExpectLog, deadly: str, ending: int
) -> None:
    """The next start names it and does not load it; the others are loaded."""
    expect_log("Plugin deadly is off: the program ended while it was being loaded")
    plugin(folder, "deadly", last=deadly)
    plugin(folder, "tallies")
    done = subprocess.run(
        [sys.executable, "-m", "tests.plugins.dying", folder, state, "deadly"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONFAULTHANDLER": ""},
        capture_output=True,
        check=False,
        timeout=60,
    )
    manager = PluginManager(state_dir=state, folders=[folder], entry_points=False)

    found = {info.plugin_id: info for info in manager.discover_plugins()}
    off = found["deadly"].off
    assert off is not None  # else the next lines would end this process as well
    manager.trust("tallies")
    refused = manager.load_plugin("deadly")
    others = [key for key, result in manager.load_trusted().items() if result.success]
    manager.close()

    assert done.returncode == ending
    assert "the program ended while it was being loaded" in off
    assert isinstance(refused.error, errors.PluginOff)
    assert others == ["tallies"]


def test_a_plugin_that_another_process_loads_now_stays_on(folder: Path, state: Path) -> None:
    """Two windows start at the same time; a mark counts only when its process is gone."""
    plugin(folder, "slow", last="import sys; print('loading', flush=True); sys.stdin.read()")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.plugins.dying", folder, state, "slow"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    manager = PluginManager(state_dir=state, folders=[folder], entry_points=False)

    (info,) = manager.discover_plugins()
    off = info.off
    out, _ = process.communicate("", timeout=30)
    manager.close()

    assert off is None
    assert out == "None\n"
    assert list((state / "plugins" / "loading").iterdir()) == []


@pytest.mark.parametrize(
    "mark",
    [
        '{"plugin_id": "tall',
        '{"plugin_id": "tallies", "path": 7, "at": "", "process": %s}',
        '{"plugin_id": ["tallies"], "path": "", "at": "", "process": %s}',
        '{"plugin_id": "tallies", "path": "", "at": "", "process": %p}',
        '{"plugin_id": "tallies", "path": "", "at": "", "process": "pid"}',
    ],
)
def test_a_damaged_mark_blames_nobody(
    manager: PluginManager, folder: Path, state: Path, mark: str
) -> None:
    """It is removed."""
    plugin(folder, "tallies")
    marks = state / "plugins" / "loading"
    marks.mkdir(parents=True)
    gone = json.dumps(asdict(replace(ProcessIdentity.current(), pid=2**22 + 1)))
    odd = gone.replace(f'"pid": {2**22 + 1}', '"pid": null')
    (marks / "1-1.json").write_text(mark.replace("%s", gone).replace("%p", odd))

    (info,) = manager.discover_plugins()

    assert info.off is None
    assert list(marks.iterdir()) == []


def test_a_call_that_ends_in_time_is_left_alone() -> None:
    """Its value comes back, its exceptions too, and no watching thread is left."""
    assert called_within(5, lambda: 42, plugin_id="a", doing="starting") == 42
    with pytest.raises(ZeroDivisionError):
        called_within(5, lambda: 1 // 0, plugin_id="a", doing="starting")
    assert not [each for each in threading.enumerate() if each.name == "plugin deadline"]


def test_a_deadline_never_strikes_after_the_call(expect_log: ExpectLog) -> None:
    """Calls that end just as their time is over either hang or not, and nothing comes later."""
    expect_log("has been starting for")
    outcomes = []
    for number in range(60):
        until = time.perf_counter() + 0.01 + number * 3e-4

        def spin(until: float = until) -> None:
            while time.perf_counter() < until:
                pass

        try:
            called_within(0.01, spin, plugin_id="a", doing="starting")
            outcomes.append("ended")
        except errors.PluginHung:
            outcomes.append("hung")
    end = time.perf_counter() + 0.05
    while time.perf_counter() < end:
        pass
    assert len(outcomes) == 60
