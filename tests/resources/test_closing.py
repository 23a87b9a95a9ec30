"""Order, failures and repetition of clean-ups; clean-ups within and beside each other."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from typing import Any

import pytest

from budgetinator.errors import CleanupTimeout, ResourceError
from budgetinator.resources import (
    ComponentState,
    ReleaseOutcome,
    ResourceManagementService,
    ResourceType,
)
from tests.resources.things import PATIENCE, Closable, Component, Thing


class Stubborn:
    """A handler that raises until it is told to give in."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error: BaseException | None = error or OSError("still busy")
        self.calls = 0

    def __call__(self, *_resource: object) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error


def test_lower_priorities_run_first_and_ties_last_in_first_out(
    service: ResourceManagementService, component: Component
) -> None:
    """The order is that of seed 000; 003's opposite one is not built."""
    ran: list[str] = []
    for name, priority in (("b1", 5), ("c", 10), ("b2", 5), ("a", -1), ("b3", 5)):
        service.register_cleanup(component, lambda name=name: ran.append(name), priority)
    service.cleanup_component(component)
    assert ran == ["a", "b3", "b2", "b1", "c"]


def test_children_then_callbacks_then_resources_last_in_first_out(
    service: ResourceManagementService, component: Component
) -> None:
    """The whole order of a component's clean-up."""
    order: list[str] = []
    children = [Component(), Component()]
    for number, child in enumerate(children):
        service.register_component(child, f"child {number}")
        service.add_child(component, child)
        service.register_cleanup(child, lambda number=number: order.append(f"child {number}"))
    files = [Closable(name, order) for name in ("first", "second", "third")]
    for file in files:
        service.track_resource(component, ResourceType.FILE_HANDLE, file)
    service.register_cleanup(component, lambda: order.append("callback"))
    service.cleanup_component(component)
    assert order == ["child 1", "child 0", "callback", "third", "second", "first"]


def test_a_callback_is_undone_by_what_registering_returned(
    service: ResourceManagementService, component: Component
) -> None:
    """The undo takes one callback away, and is harmless when used twice."""
    ran: list[str] = []
    undo = service.register_cleanup(component, lambda: ran.append("undone"))
    service.register_cleanup(component, lambda: ran.append("kept"))
    undo()
    undo()
    service.cleanup_component(component)
    assert ran == ["kept"]


def test_a_bound_method_of_the_component_does_not_keep_it_alive(
    service: ResourceManagementService, expect_log: Any
) -> None:
    """A component whose own method is its callback, handler and predicate is still collected."""
    expect_log("owner was collected while it held 1 resources")

    class Owner(Component):
        def close(self, *_resource: object) -> None:
            """Never runs: the object is gone."""

        def agrees(self, _resource: object) -> bool:
            return False

    owner = Owner()
    service.register_component(owner, "owner")
    service.register_cleanup(owner, owner.close)
    service.resource_released.connect(owner.close)
    service.track_resource(
        owner, "memory", thing := Thing(), cleanup=owner.close, may_evict=owner.agrees
    )
    ref = weakref.ref(owner)
    del owner
    assert ref() is None
    assert (service.get_resource_count(), type(thing)) == ({}, Thing)


def test_all_callbacks_run_and_failures_come_out_together(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """The first failing callback ends nothing; one ExceptionGroup carries all that failed."""
    expect_log("could not be closed")
    ran: list[str] = []
    first, second = Stubborn(ValueError("one")), Stubborn(KeyError("two"))
    service.register_cleanup(component, first, 1)
    service.register_cleanup(component, lambda: ran.append("between"), 2)
    service.register_cleanup(component, second, 3)
    handler = Stubborn(OSError("three"))
    service.track_resource(component, "custom", thing := Thing(), cleanup=handler, name="page")
    service.track_resource(component, ResourceType.FILE_HANDLE, Closable("file", ran))
    with pytest.raises(ExceptionGroup) as caught:
        service.cleanup_component(component)
    assert [str(error) for error in caught.value.exceptions] == ["one", "'two'", "three"]
    assert "custom resource 1 'page' of component" in caught.value.exceptions[2].__notes__[0]
    assert all(error.__traceback__ is not None for error in caught.value.exceptions)
    assert ran == ["between", "file"]
    assert service.get_component_state(component) is ComponentState.DESTROYED
    handler.error = None
    assert isinstance(thing, Thing)


def test_force_logs_instead_of_raising(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """With force nothing is raised, and each failure stands in the log."""
    expect_log("Clean-up of component: still busy")
    service.register_cleanup(component, Stubborn())
    service.cleanup_component(component, force=True)
    assert service.get_component_state(component) is ComponentState.DESTROYED


def test_without_force_a_failed_callback_is_raised_and_not_logged(
    service: ResourceManagementService, component: Component
) -> None:
    """Whoever gets the error need not read it in the log as well (no log warning expected here)."""
    service.register_cleanup(component, Stubborn())
    with pytest.raises(ExceptionGroup):
        service.cleanup_component(component)


def test_what_failed_to_close_stays_and_can_be_tried_again(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """A release says FAILED, keeps bytes and count, and then RELEASED once the handler works."""
    expect_log("Resource 1 of component could not be closed: still busy")
    handler = Stubborn()
    key = service.track_resource(component, "custom", thing := Thing(), 30, cleanup=handler)
    assert service.release_resource(component, key) is ReleaseOutcome.FAILED
    assert not service.release_resource(component, key)
    shown = service.get_resource(key)
    assert shown is not None
    assert (shown.failure, service.get_memory_usage()) == ("still busy", {"component": 30})
    handler.error = None
    assert service.release_resource(component, key) is ReleaseOutcome.RELEASED
    assert service.release_resource(component, key) is ReleaseOutcome.UNKNOWN
    assert (handler.calls, service.get_memory_usage(), type(thing)) == (3, {"component": 0}, Thing)


def test_a_failed_cleanup_can_be_repeated(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """The second clean-up closes what the first could not, and calls no callback again."""
    expect_log("could not be closed")
    handler, callback = Stubborn(), Stubborn()
    service.register_cleanup(component, callback)
    service.track_resource(component, "custom", [1], 8, cleanup=handler)
    with pytest.raises(ExceptionGroup):
        service.cleanup_component(component)
    handler.error = None
    service.cleanup_component(component)
    assert (handler.calls, callback.calls) == (2, 1)
    assert service.get_statistics()["memory_bytes"] == 0


def test_a_failure_does_not_keep_the_component_alive(
    service: ResourceManagementService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a failed callback nor a failed handler holds the frames it was called from."""
    # What a log handler of the test run keeps is not what is asked here.
    monkeypatch.setattr(logging.getLogger("budgetinator.resources"), "disabled", True)
    component = Component()
    service.register_component(component, "mortal")
    service.register_cleanup(component, Stubborn())
    handler = Stubborn()
    service.track_resource(component, "custom", [1], cleanup=handler)
    with pytest.raises(ExceptionGroup):
        service.cleanup_component(component)
    ref = weakref.ref(component)
    handler.error = None
    del component
    gc.collect()
    assert ref() is None
    assert (service.get_resource_count(), handler.calls) == ({}, 2)


def test_a_failure_that_cannot_be_copied_is_remembered_by_its_text(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """An exception whose class refuses to be made again is kept as a ResourceError."""
    expect_log("could not be closed")

    class Refusing(Exception):
        def __reduce__(self) -> Any:
            raise TypeError("no copies")

    handler = Stubborn(Refusing("odd"))
    key = service.track_resource(component, "custom", [1], cleanup=handler)
    service.release_resource(component, key)
    failure = service.failure_of(key)
    assert isinstance(failure, ResourceError)
    assert str(failure) == "Refusing: odd"
    handler.error = None


def test_an_interrupt_is_raised_when_everything_was_tried(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """Ctrl-C in one handler does not leave the others undone, and is not swallowed by force."""
    for pattern in ("could not be closed", "Clean-up of"):
        expect_log(pattern)
    closed: list[str] = []
    handler = Stubborn(KeyboardInterrupt())
    service.track_resource(component, ResourceType.FILE_HANDLE, Closable("file", closed))
    service.track_resource(component, "custom", [1], cleanup=handler)
    service.register_cleanup(component, Stubborn(SystemExit(3)))
    with pytest.raises(SystemExit):
        service.cleanup_component(component, force=True)
    assert (closed, handler.calls) == (["file"], 1)
    handler.error = None


def test_cleaning_another_component_inside_a_callback(
    service: ResourceManagementService, component: Component
) -> None:
    """B is really cleaned up when A's callback asks for it, and before that returns."""
    closed: list[str] = []
    other = Component()
    service.register_component(other, "other")
    service.track_resource(other, ResourceType.FILE_HANDLE, Closable("of other", closed))

    def callback() -> None:
        service.cleanup_component(other)
        assert closed == ["of other"]
        assert service.get_component_state(other) is ComponentState.DESTROYED
        assert service.get_component_state(component) is ComponentState.CLEANING

    service.register_cleanup(component, callback)
    service.cleanup_component(component)
    assert service.get_component_state(component) is ComponentState.DESTROYED


def test_cleaning_oneself_inside_ones_callback_does_not_hang(
    service: ResourceManagementService, component: Component
) -> None:
    """A component that asks for its own clean-up within it goes on; each callback runs once."""
    ran: list[str] = []

    def callback() -> None:
        ran.append("once")
        service.cleanup_component(component)

    service.register_cleanup(component, callback)
    service.cleanup_component(component)
    service.cleanup_component(component)
    assert ran == ["once"]


def test_two_components_that_clean_each_other_end(service: ResourceManagementService) -> None:
    """A's callback cleans B and B's cleans A; neither waits for itself."""
    first, second = Component(), Component()
    ran: list[str] = []
    for one, other, name in ((first, second, "first"), (second, first, "second")):
        service.register_component(one, name)
        service.register_cleanup(
            one, lambda other=other, name=name: (ran.append(name), service.cleanup_component(other))
        )
    service.cleanup_component(first)
    assert ran == ["first", "second"]


def test_two_threads_that_clean_each_others_components_end(
    service: ResourceManagementService,
) -> None:
    """Thread 1 cleans A, whose callback cleans B, while thread 2 does the opposite."""
    components = [Component(), Component()]
    both = threading.Barrier(2, timeout=PATIENCE)

    def callback(other: Component) -> None:
        both.wait()
        service.cleanup_component(other)

    for number, component in enumerate(components):
        service.register_component(component, str(number))
        other = components[1 - number]
        service.register_cleanup(component, lambda other=other: callback(other))
    threads = [
        threading.Thread(target=service.cleanup_component, args=(component,), daemon=True)
        for component in components
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    states = {service.get_component_state(component) for component in components}
    assert ([thread.is_alive() for thread in threads], states) == (
        [False, False],
        {ComponentState.DESTROYED},
    )


def test_a_second_caller_waits_for_the_same_outcome(
    service: ResourceManagementService, component: Component
) -> None:
    """Both callers get the failures of the one clean-up, and the callback runs once."""
    begun, go = threading.Event(), threading.Event()
    calls: list[str] = []
    caught: list[BaseException] = []

    def callback() -> None:
        calls.append("called")
        begun.set()
        go.wait(PATIENCE)
        raise ValueError("for both")

    def clean() -> None:
        try:
            service.cleanup_component(component)
        except ExceptionGroup as group:
            caught.extend(group.exceptions)

    service.register_cleanup(component, callback)
    first = threading.Thread(target=clean)
    first.start()
    begun.wait(PATIENCE)
    second = threading.Thread(target=clean)
    second.start()
    while second not in service._tracking.closing._waiting:
        assert second.is_alive()
    go.set()
    first.join(PATIENCE)
    second.join(PATIENCE)
    assert (calls, [str(error) for error in caught]) == (["called"], ["for both", "for both"])
    assert caught[0] is caught[1]


def test_waiting_for_a_cleanup_that_does_not_end_has_an_end(expect_log: Any) -> None:
    """CleanupTimeout names the component and the thread; a parent's clean-up goes on without it."""
    expect_log("has not ended within 0.05 s")
    service = ResourceManagementService(cleanup_timeout=0.05)
    parent, child, other = Component(), Component(), Component()
    closed: list[str] = []
    for one, name in ((parent, "parent"), (child, "child"), (other, "other")):
        service.register_component(one, name)
        service.track_resource(one, ResourceType.FILE_HANDLE, Closable(name, closed))
    service.add_child(parent, child)
    begun, go = threading.Event(), threading.Event()
    service.register_cleanup(child, lambda: (begun.set(), go.wait(PATIENCE)))
    stuck = threading.Thread(target=service.cleanup_component, args=(child,), name="stuck one")
    stuck.start()
    begun.wait(PATIENCE)
    with pytest.raises(CleanupTimeout, match="child is being cleaned up by thread stuck one"):
        service.cleanup_component(child, force=True)
    with pytest.raises(ExceptionGroup) as caught:
        service.cleanup_component(parent)
    assert [type(error) for error in caught.value.exceptions] == [CleanupTimeout]
    service.close()
    assert closed == ["parent", "other"]
    go.set()
    stuck.join()
    assert closed == ["parent", "other", "child"]
    service.close()


def test_a_resource_that_is_being_closed_says_so(
    service: ResourceManagementService, component: Component
) -> None:
    """A release inside the resource's own handler answers CLOSING and closes nothing twice."""
    outcomes: list[ReleaseOutcome] = []
    key = service.track_resource(
        component,
        "custom",
        [1],
        cleanup=lambda _r: outcomes.append(service.release_resource(component, key)),
    )
    assert service.release_resource(component, key) is ReleaseOutcome.RELEASED
    assert outcomes == [ReleaseOutcome.CLOSING]


def test_protected_resources_are_closed_last(
    service: ResourceManagementService, component: Component
) -> None:
    """Protection puts a resource at the end of the order; the undo puts it back."""
    closed: list[str] = []
    names = ("a", "b", "c", "d")
    keys = [
        service.track_resource(component, ResourceType.FILE_HANDLE, Closable(name, closed))
        for name in names
    ]
    service.protect(keys[3])
    undo = service.protect(keys[2])
    undo()
    undo()
    service.cleanup_component(component)
    assert closed == ["c", "b", "a", "d"]


def test_what_is_tracked_by_a_handler_during_cleanup_is_refused(
    service: ResourceManagementService, component: Component
) -> None:
    """A component that is CLEANING takes nothing new, plain or with a handler."""
    refused: list[str] = []

    def callback() -> None:
        for arguments in ((Thing(),), (None, 5)):
            try:
                service.track_resource(component, ResourceType.MEMORY, *arguments)
            except ResourceError as error:
                refused.append(type(error).__name__)

    service.track_resource(component, ResourceType.MEMORY, thing := Thing())
    service.register_cleanup(component, callback)
    service.cleanup_component(component)
    assert refused == ["ComponentDestroyed", "ComponentDestroyed"]
    assert (service.get_resource_count(), type(thing)) == ({}, Thing)
