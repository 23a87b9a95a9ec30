"""The composition root: one default runtime at a time, made at first use, closed whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from budgetinator.config import load_settings
from budgetinator.resources import (
    ResourceManagementService,
    ResourceType,
)
from budgetinator.runtime import (
    Runtime,
    cleanup_on_exception,
    default_runtime,
    force_memory_cleanup,
    force_system_cleanup,
    get_memory_usage,
    make_runtime,
)
from tests.support.logs import ExpectLog
from tests.workbooks.builders import make_workbook

MB = 1024 * 1024
Settle = Callable[..., Runtime]


class Component:
    """Anything that owns resources."""


class Held:
    """Anything that can be referenced weakly."""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Settle]:
    """Makes runtimes with these settings, a folder for their state, and closes them."""
    made: list[Runtime] = []

    def make(**settings: Any) -> Runtime:
        overrides = {key.replace("__", "."): value for key, value in settings.items()}
        loaded = load_settings(
            overrides={"resources.state_dir": str(tmp_path / "state"), **overrides}
        )
        made.append(make_runtime(loaded))
        return made[-1]

    yield make
    for one in made:
        one.close()


# A runtime of one's own


def test_each_runtime_has_its_own_service(make: Settle) -> None:
    """What one tracks, another does not see."""
    one, two, component, held = make(), make(), Component(), Held()
    one.service.register_component(component, "Component_1")
    one.service.track_resource(component, ResourceType.CUSTOM, held)

    assert one.held() == {"Component_1 custom": 1}
    assert two.held() == {}


def test_settings_are_read_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without settings, `make_runtime` loads them as `load_settings` does."""
    (tmp_path / "config.json").write_text('{"memory_management": {"memory_threshold_mb": 7}}')
    monkeypatch.chdir(tmp_path)

    with make_runtime() as made:
        threshold = made.settings.memory_management.memory_threshold_mb

    assert threshold == 7


def test_the_threshold_is_the_limit_of_all_that_is_tracked(
    make: Settle, expect_log: ExpectLog
) -> None:
    """Above `memory_threshold_mb` a runtime without automatic clean-up warns."""
    expect_log("All components together exceeded memory limit")
    made = make(memory_management__memory_threshold_mb=1, memory_management__auto_cleanup=False)
    component, heard = Component(), []
    made.service.memory_threshold_exceeded.connect(lambda *event: heard.append(event))
    made.service.register_component(component, "Component_1")

    made.service.track_resource(component, ResourceType.CUSTOM, [], MB)
    made.service.track_resource(component, ResourceType.CUSTOM, [], 1)

    assert heard == [("", MB + 1)]
    made.service.cleanup_component(component)


def test_automatic_cleanup_evicts_what_may_go(make: Settle, expect_log: ExpectLog) -> None:
    """Above the threshold the oldest expendable resource is closed; others stay."""
    expect_log("All components together exceeded memory limit")
    made = make(memory_management__memory_threshold_mb=1)
    component = Component()
    closed: list[Any] = []
    made.service.register_component(component, "Component_1")

    for number in range(2):
        made.service.track_resource(
            component, ResourceType.THUMBNAIL, [number], 600 * 1024, cleanup=closed.append
        )
    evicted = list(closed)
    made.service.cleanup_component(component)

    assert evicted == [[0]]
    assert closed == [[0], [1]]


def test_debug_mode_notes_where_a_resource_was_tracked(make: Settle) -> None:
    """`leftovers` names component, type, name and line."""
    made, component = make(memory_management__debug_mode=True), Component()
    made.service.register_component(component, "Component_1")
    resource_id = made.service.track_resource(component, ResourceType.CUSTOM, [1], name="budget")

    (line,) = made.leftovers()

    assert line.startswith("Component_1: custom budget, tracked at ")
    assert "test_runtime.py" in line
    made.service.release_resource(component, resource_id)
    assert made.leftovers() == []


def test_closing_closes_everything_that_is_held(make: Settle) -> None:
    """Registered clean-ups run, resources are closed, and twice is harmless."""
    made, component = make(), Component()
    closed: list[Any] = []
    made.cleanup_manager.register_resource("report", lambda: closed.append("report"))
    made.service.register_component(component, "Component_1")
    made.service.track_resource(component, ResourceType.CUSTOM, ["x"], cleanup=closed.append)

    made.close()
    made.close()

    assert closed == ["report", ["x"]]
    assert made.held() == {}


def test_all_is_closed_though_one_part_fails(make: Settle, expect_log: ExpectLog) -> None:
    """The failures come out together, after everything was tried."""
    expect_log("could not be closed|Clean-up of")
    made, component = make(), Component()
    closed: list[Any] = []

    def fail() -> None:
        raise OSError("stuck")

    undo = made.cleanup_manager.register_resource("stuck", fail)
    made.service.register_component(component, "Component_1")
    made.service.track_resource(component, ResourceType.CUSTOM, ["x"], cleanup=closed.append)

    with pytest.raises(ExceptionGroup) as raised:
        made.close()

    assert raised.group_contains(OSError, match="stuck")
    assert closed == [["x"]]
    undo()


def test_a_given_service_is_left_to_its_owner() -> None:
    """Closing a runtime does not close the service that it was given."""
    service, component, held = ResourceManagementService(), Component(), Held()
    service.register_component(component, "Component_1")
    service.track_resource(component, ResourceType.CUSTOM, held)

    make_runtime(service=service).close()

    assert service.get_resource_count(component) == {"custom": 1}
    service.close()


def test_a_state_folder_may_be_named(make: Settle, tmp_path: Path) -> None:
    """Locks and journal lie in `resources.state_dir`, which is made when it is needed."""
    made = make()

    assert made.state_dir == tmp_path / "state"
    assert made.lock_dir == tmp_path / "state" / "locks"
    assert not (tmp_path / "state").exists()


def test_the_journal_can_be_switched_off(make: Settle) -> None:
    """`resources.journal: false` records nothing."""
    made = make(resources__journal=False)

    assert made.journal is None


def test_a_workbook_of_the_resource_manager_is_held_by_the_runtime(
    make: Settle, tmp_path: Path
) -> None:
    """The pool, the service and the settings are those of this runtime; closing ends it."""
    made, path = make(), make_workbook(tmp_path / "budget.xlsx")
    lease = made.resource_manager.get_manager(path)
    sheets = lease.workbook.sheetnames
    held = sum(count for name, count in made.held().items() if name.endswith(" workbook"))
    del lease

    made.close()

    assert sheets == ["Budget"]
    assert held == 1
    assert made.held() == {}


# What scripts call


def test_force_system_cleanup_reports_what_went_and_what_stays() -> None:
    """Expendable resources are closed; what may not go is listed by component and type."""
    component = Component()
    closed: list[Any] = []
    service = default_runtime().service
    service.register_component(component, "Component_1")
    service.track_resource(component, ResourceType.THUMBNAIL, ["image"], cleanup=closed.append)
    kept = service.track_resource(component, ResourceType.CUSTOM, ["kept"])

    report = force_system_cleanup()

    assert closed == [["image"]]
    assert report["released"] == {"Component_1 thumbnail": 1}
    assert report["still_held"] == {"Component_1 custom": 1}
    assert report["released_bytes"] >= 0
    assert report["collected_objects"] >= 0
    service.release_resource(component, kept)


def test_force_memory_cleanup_collects_garbage() -> None:
    """It counts the objects that were unreachable."""
    cycle: list[Any] = [[] for _ in range(100)]
    for part in cycle:
        part.append(cycle)
    del cycle, part

    assert force_memory_cleanup() >= 100


def test_get_memory_usage_is_that_of_the_process() -> None:
    """Megabytes of this process as psutil sees them, and its share of the system's in percent."""
    usage = get_memory_usage()

    resident = psutil.Process().memory_info().rss / MB
    assert usage["process_memory_mb"] == pytest.approx(resident, rel=0.05)
    assert usage["peak_memory_mb"] >= usage["process_memory_mb"] * 0.95
    assert 0 < usage["memory_percent"] < 100


def test_cleanup_on_exception_releases_and_raises_on() -> None:
    """The caller's own exception comes out; what may go is gone by then."""
    component = Component()
    closed: list[Any] = []
    service = default_runtime().service
    service.register_component(component, "Component_1")

    @cleanup_on_exception
    def import_budget(name: str) -> None:
        """Doc."""
        service.track_resource(component, ResourceType.THUMBNAIL, [name], cleanup=closed.append)
        raise KeyError(name)

    with pytest.raises(KeyError, match="budget"):
        import_budget("budget")

    assert closed == [["budget"]]
    assert (import_budget.__name__, import_budget.__doc__) == ("import_budget", "Doc.")


def test_cleanup_on_exception_leaves_a_success_alone() -> None:
    """The value is handed on, and nothing is released."""
    component, held = Component(), Held()
    service = default_runtime().service
    service.register_component(component, "Component_1")
    resource_id = service.track_resource(component, ResourceType.THUMBNAIL, held)

    value = cleanup_on_exception(lambda: 42)()

    assert value == 42
    assert service.get_resource(resource_id) is not None
    service.release_resource(component, resource_id)


def test_a_failing_cleanup_does_not_replace_the_callers_exception(expect_log: ExpectLog) -> None:
    """It is logged, and the caller's exception is the one that comes out."""
    expect_log("Clean-up after a failure failed")

    @cleanup_on_exception
    def work() -> None:
        raise KeyError("mine")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runtime, "force_cleanup", _raise_os_error)
        with pytest.raises(KeyError, match="mine"):
            work()


def _raise_os_error(_runtime: Runtime) -> dict[str, Any]:
    raise OSError("no clean-up")
