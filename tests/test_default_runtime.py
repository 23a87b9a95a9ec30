"""The default runtime: made once, at first use; closed, made anew, and empty in a forked child."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from budgetinator import runtime
from budgetinator.resources import (
    IResourceManagementService,
    ResourceManagementService,
    ResourceType,
    get_service,
    register_service,
)
from budgetinator.runtime import Runtime, close_default_runtime, default_runtime


class Component:
    """Anything that owns resources."""


class Held:
    """Anything that can be referenced weakly."""


def _service() -> ResourceManagementService:
    found = get_service(IResourceManagementService)  # type: ignore[type-abstract]
    assert isinstance(found, ResourceManagementService)
    return found


def test_the_default_runtime_is_made_once() -> None:
    """Whoever asks gets the same one, and its parts by their names."""
    one = default_runtime()

    assert default_runtime() is one
    assert runtime.cleanup_manager is one.cleanup_manager
    assert runtime.memory_monitor is one.memory_monitor


def test_the_default_runtimes_service_is_the_registered_one() -> None:
    """Coordinators, which ask the registry, and scripts share one service."""
    one = default_runtime()

    assert _service() is one.service


def test_the_default_runtime_uses_the_service_of_the_program() -> None:
    """A service that was registered before is used, and outlives the runtime."""
    service, component, held = ResourceManagementService(), Component(), Held()
    undo = register_service(
        IResourceManagementService,  # type: ignore[type-abstract]
        service,
    )
    service.register_component(component, "Component_1")
    service.track_resource(component, ResourceType.CUSTOM, held)

    used = default_runtime().service
    close_default_runtime()

    assert used is service
    assert _service() is service
    assert service.get_resource_count(component) == {"custom": 1}
    undo()
    service.close()


def test_after_closing_a_new_one_is_made() -> None:
    """The registration goes with the closed runtime, and no part of it comes back."""
    old = default_runtime()
    manager = old.cleanup_manager
    close_default_runtime()
    with pytest.raises(ValueError, match="No service is registered"):
        _service()

    new = default_runtime()

    assert new is not old
    assert runtime.cleanup_manager is not manager
    assert _service() is new.service


def test_closing_without_a_default_runtime_is_harmless() -> None:
    """Also twice."""
    close_default_runtime()
    close_default_runtime()

    assert runtime.leftovers() == []


def test_leftovers_of_the_default_runtime() -> None:
    """What it still tracks, a line each, while it is tracked."""
    component, held = Component(), Held()
    service = default_runtime().service
    service.register_component(component, "Component_1")
    resource_id = service.track_resource(component, ResourceType.CUSTOM, held, name="budget")

    lines = runtime.leftovers()
    service.release_resource(component, resource_id)

    assert lines == ["Component_1: custom budget"]
    assert runtime.leftovers() == []


def test_threads_that_ask_at_once_get_one_runtime() -> None:
    """And each of its parts is made once, too."""
    threads = 8
    barrier = threading.Barrier(threads)

    def ask(_number: int) -> tuple[Runtime, object]:
        barrier.wait(10)
        return default_runtime(), runtime.cleanup_manager

    with ThreadPoolExecutor(threads) as executor:
        found = set(executor.map(ask, range(threads)))

    assert len(found) == 1


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As for any module, so that hasattr works."""
    with pytest.raises(AttributeError, match="no attribute 'resource_manger'"):
        _ = runtime.resource_manger


# A forked child


def _in_a_child(act: Callable[[], object]) -> str:
    """What `act` returns in a forked child, as text; the child ends at once, hooks unrun."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            answer = repr(act())
        except BaseException as error:  # noqa: BLE001 - told to the parent
            answer = repr(error)
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return answer


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_has_a_runtime_of_its_own_that_holds_nothing() -> None:
    """What the parent holds is neither listed nor closed in the child."""
    component = Component()
    closed: list[Any] = []
    parent = default_runtime()
    parent.service.register_component(component, "Component_1")
    resource_id = parent.service.track_resource(
        component, ResourceType.CUSTOM, ["x"], cleanup=closed.append
    )

    def act() -> object:
        child = default_runtime()
        answer = child is not parent, child.held(), runtime.leftovers()
        close_default_runtime()
        return (*answer, closed)

    answer = _in_a_child(act)

    assert answer == "(True, {}, [], [])"
    assert default_runtime() is parent
    parent.service.release_resource(component, resource_id)
    assert closed == [["x"]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_that_is_forked_while_a_runtime_is_made_can_make_one() -> None:
    """A lock that another thread held at the fork is free in the child."""
    holding, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with runtime._default._lock:
            holding.set()
            let_go.wait(10)

    default_runtime()
    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(10)

    def act() -> object:
        signal.alarm(10)  # ends the child if it waits for the lock
        return isinstance(default_runtime(), Runtime)

    try:
        answer = _in_a_child(act)
    finally:
        let_go.set()
        thread.join()

    assert answer == "True"
