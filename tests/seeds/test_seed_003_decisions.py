"""Seed 003: what it prints and cannot work, each beside what was decided instead."""

from __future__ import annotations

import ctypes
import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from budgetinator.errors import BudgetinatorError
from budgetinator.resources import (
    ComponentState,
    ResourceManagementService,
    ResourceType,
)
from budgetinator.result import Result
from tests.seeds.workers import MILLISECONDS, MediaAnalysisWorker
from tests.support.logs import ExpectLog

Service = ResourceManagementService
GIB = 1024**3


class Component:
    """Anything that owns resources."""


class Image:
    """Anything that can be referenced weakly."""


@pytest.fixture
def component(service: Service) -> Component:
    component = Component()
    service.register_component(component, "Component_1")
    return component


def test_bytes_are_python_ints_all_the_way(
    service: Service, component: Component, expect_log: ExpectLog
) -> None:
    """`Signal(str, int)` is a C int, in which 3 GiB are negative; ours brings them whole."""
    expect_log("Component_1 exceeded memory limit")
    heard: list[int] = []
    service.set_memory_limit("Component_1", GIB)
    service.memory_threshold_exceeded.connect(lambda _component_id, size: heard.append(size))

    service.track_resource(component, ResourceType.MEMORY, bytearray(1), 3 * GIB)

    assert ctypes.c_int(3 * GIB).value == -1073741824
    assert heard == [3 * GIB]


def test_an_instances_del_is_never_called_so_a_weak_reference_tells(
    service: Service, expect_log: ExpectLog
) -> None:
    """An instance's `__del__` replaced is "never called"; ours hears of the death and closes."""
    expect_log("Component_1 was collected while it held 1 resources")
    printed: list[str] = []
    closed: list[Any] = []

    class WithDel:
        def __del__(self) -> None:
            """The class's own, which the interpreter calls."""

    component = WithDel()
    component.__del__ = lambda: printed.append("wrapped_del")  # type: ignore[method-assign]
    service.register_component(component, "Component_1")
    service.track_resource(
        component, ResourceType.MEMORY, [1], metadata={"cleanup_func": closed.append}
    )

    del component
    service.tick()

    assert printed == []
    assert closed == [[1]]


def test_components_are_found_by_identity(service: Service) -> None:
    """In a WeakKeyDictionary "unhashable dataclasses fail, equal ones merge"; here neither."""

    @dataclass
    class Unhashable:
        name: str

    @dataclass(frozen=True)
    class Equal:
        name: str

    printed: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
    one, two, unhashable = Equal("a"), Equal("a"), Unhashable("a")
    printed[one], printed[two] = "one", "two"
    with pytest.raises(TypeError, match="unhashable"):
        printed[unhashable] = "unhashable"

    for number, component in enumerate((one, two, unhashable)):
        service.register_component(component, f"Component_{number}")

    assert list(printed.values()) == ["two"]
    assert service.get_statistics()["components_registered"] == 3


def test_a_handler_that_gets_the_resource_leaves_the_component_free(
    service: Service, expect_log: ExpectLog
) -> None:
    """`cleanup(ref)` closes over its component, which then "lives for ever"."""
    expect_log("Component_1 was collected while it held 1 resources")

    def printed_callback(component: Any) -> Any:
        return lambda ref: component

    held, free, image = Component(), Component(), Image()
    for_ever = weakref.ref(image, printed_callback(held))
    service.register_component(free, "Component_1")
    service.track_resource(free, ResourceType.MEMORY, image, metadata={"cleanup_func": vars})
    references = weakref.ref(held), weakref.ref(free)

    del held, free
    gc.collect()

    assert [reference() is None for reference in references] == [False, True]
    assert for_ever() is image
    service.tick()


def test_a_cleanup_within_a_cleanup_is_done(service: Service, component: Component) -> None:
    """With one `_cleanup_in_progress`, B inside A's callback "is skipped silently"."""
    other, cleaned = Component(), []
    service.register_component(other, "Component_2")
    service.register_cleanup(other, lambda: cleaned.append("Component_2"))
    service.register_cleanup(component, lambda: service.cleanup_component(other))

    service.cleanup_component(component)

    assert cleaned == ["Component_2"]
    assert service.get_component_state(other) is ComponentState.DESTROYED


def test_a_failing_callback_does_not_end_the_cleanup(
    service: Service, component: Component
) -> None:
    """As printed "nothing else is released, stuck in CLEANING"; here all run, then one group."""
    released: list[Any] = []

    def fail() -> None:
        raise OSError("broken")

    service.register_cleanup(component, fail, priority=10)
    service.register_cleanup(component, lambda: released.append("callback"), priority=20)
    service.track_resource(
        component, ResourceType.MEMORY, [1], metadata={"cleanup_func": released.append}
    )

    with pytest.raises(ExceptionGroup) as raised:
        service.cleanup_component(component)

    assert [str(error) for error in raised.value.exceptions] == ["broken"]
    assert released == ["callback", [1]]
    assert service.get_component_state(component) is ComponentState.DESTROYED


def test_force_logs_failures_instead_of_raising(
    service: Service, component: Component, expect_log: ExpectLog
) -> None:
    """`cleanup_component(component, force=True)` goes through and the log has the failure."""
    expect_log("Clean-up of Component_1: broken")

    def fail() -> None:
        raise OSError("broken")

    service.register_cleanup(component, fail)

    service.cleanup_component(component, force=True)

    assert service.get_component_state(component) is ComponentState.DESTROYED


def test_what_failed_to_close_stays_and_can_be_tried_again(
    service: Service, component: Component, expect_log: ExpectLog
) -> None:
    """The printed service forgets it; here it "stays FAILED", and `release_resource` says so."""
    expect_log("could not be closed: busy")
    attempts: list[Any] = []

    def close_at_second_attempt(resource: Any) -> None:
        attempts.append(resource)
        if len(attempts) == 1:
            raise OSError("busy")

    resource_id = service.track_resource(
        component, ResourceType.MEMORY, [1], metadata={"cleanup_func": close_at_second_attempt}
    )

    outcomes = [service.release_resource(component, resource_id) for _ in range(3)]

    assert [outcome.value for outcome in outcomes] == ["failed", "released", "unknown"]
    assert [bool(outcome) for outcome in outcomes] == [False, True, False]


def test_the_printed_managed_resource_tracks_nothing() -> None:
    """It yields None, and what the caller binds to that name never comes back to it."""
    tracked: list[Any] = []

    @contextmanager
    def managed_resource() -> Iterator[Any]:
        resource: Any = None
        yield resource
        if resource is not None:
            tracked.append(resource)

    with managed_resource() as resource:
        resource = "test_file_handle"  # noqa: PLW2901 - as printed

    assert resource == "test_file_handle"
    assert tracked == []


def test_managed_resource_takes_a_factory_and_closes_what_it_made(
    service: Service, component: Component, tmp_path: Path
) -> None:
    """Decided: `managed_resource(c, ResourceType.FILE_HANDLE, lambda: open(p)) as f`."""
    p = tmp_path / "notes.txt"
    p.write_text("Travel")

    with service.managed_resource(component, ResourceType.FILE_HANDLE, lambda: open(p)) as f:
        counted, text = service.get_resource_count(component), f.read()

    assert (counted, text) == ({"file_handle": 1}, "Travel")
    assert f.closed
    assert service.get_resource_count(component) == {}


def test_managed_resource_with_two_arguments_is_a_scope(
    service: Service, component: Component, tmp_path: Path
) -> None:
    """Decided: it "yields a scope with `add(resource)`"; the end of the block closes all."""
    with service.managed_resource(component, ResourceType.FILE_HANDLE) as scope:
        one = scope.add((tmp_path / "one.txt").open("w"))
        two = scope.add((tmp_path / "two.txt").open("w"))
        counted = service.get_resource_count(component)

    assert counted == {"file_handle": 2}
    assert (one.closed, two.closed) == (True, True)


def test_a_worker_is_held_until_it_has_finished(service: Service, component: Component) -> None:
    """A weak reference lets a running QThread be destroyed: "a worker is held"."""
    worker: Any = MediaAnalysisWorker(until_cancelled=True)
    reference = weakref.ref(worker)
    resource_id = service.track_resource(component, ResourceType.WORKER, worker)
    thread = worker.thread
    thread.start()

    del worker, thread
    gc.collect()
    held = reference()

    assert held is not None
    service.release_resource(component, resource_id)
    assert held.wait(MILLISECONDS)


def test_a_result_is_made_and_read_by_the_same_words() -> None:
    """`Result.success(x)` called, `result.success` read: "constructors on the class, booleans
    on the instance".
    """
    loaded: Result[str] = Result.success("instance")
    failed: Result[str] = Result.error("Plugin example_plugin not found")

    assert (loaded.success, loaded.is_error, loaded.value) == (True, False, "instance")
    assert (failed.success, failed.is_error) == (False, True)
    assert failed.error == "Plugin example_plugin not found"
    with pytest.raises(BudgetinatorError, match="example_plugin not found"):
        _ = failed.value
