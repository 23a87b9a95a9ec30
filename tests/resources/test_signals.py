"""Signals: connect, disconnect, emit."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from budgetinator.resources import ResourceManagementService, ResourceType, Signal
from tests.resources.things import Component, Thing


class Listener:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def hear(self, *arguments: Any) -> None:
        self.heard.append(arguments)


def test_slots_are_called_in_order_with_what_was_emitted() -> None:
    """Each slot gets the arguments, the first connected first."""
    signal: Signal[str, int] = Signal("test")
    heard: list[Any] = []
    signal.connect(lambda *arguments: heard.append((1, *arguments)))
    signal.connect(lambda *arguments: heard.append((2, *arguments)))
    signal.emit("a", 2**40)
    assert heard == [(1, "a", 2**40), (2, "a", 2**40)]


def test_a_bound_method_does_not_keep_its_object() -> None:
    """A listener that goes is disconnected at the next emit."""
    signal: Signal[int] = Signal("test")
    listener = Listener()
    signal.connect(listener.hear)
    signal.emit(1)
    heard = listener.heard
    del listener
    signal.emit(2)
    assert (heard, len(signal)) == ([(1,)], 0)


def test_disconnecting() -> None:
    """By slot, by the undo, or all at once; what is not connected is no error."""
    signal: Signal[()] = Signal("test")
    listener, other = Listener(), Listener()
    signal.connect(listener.hear)
    undo = signal.connect(other.hear)
    signal.disconnect(listener.hear)
    signal.disconnect(listener.hear)
    signal.emit()
    undo()
    undo()
    signal.emit()
    signal.connect(listener.hear)
    signal.disconnect()
    signal.emit()
    assert (listener.heard, other.heard, len(signal)) == ([], [()], 0)
    assert bool(signal)


def test_a_slot_that_raises_is_logged_and_the_next_is_called(
    service: ResourceManagementService, component: Component, expect_log: Any
) -> None:
    """A failing listener undoes neither the tracking nor the release it hears of."""
    expect_log("A listener of resource_tracked failed")
    expect_log("A listener of resource_released failed")
    heard: list[Any] = []
    for signal in (service.resource_tracked, service.resource_released):
        signal.connect(lambda *_: 1 // 0)
        signal.connect(lambda *arguments: heard.append(arguments))
    thing = Thing()
    key = service.track_resource(component, ResourceType.MEMORY, thing)
    assert service.release_resource(component, key)
    assert heard == [("component", key, "memory"), ("component", key)]


def test_what_is_not_callable_cannot_be_a_slot() -> None:
    """It is a TypeError that names the signal."""
    with pytest.raises(TypeError, match="test: a slot must be callable"):
        Signal("test").connect(7)  # type: ignore[arg-type]


def test_a_slot_may_disconnect_itself() -> None:
    """The others hear of the same emit all the same."""
    signal: Signal[()] = Signal("test")
    heard: list[str] = []

    def once() -> None:
        heard.append("once")
        signal.disconnect(once)

    signal.connect(once)
    signal.connect(lambda: heard.append("always"))
    signal.emit()
    signal.emit()
    assert heard == ["once", "always", "always"]


def test_a_finalizer_that_disconnects_within_a_change() -> None:
    """A finalizer that comes in while slots change does not hang, and no change is lost."""
    signal: Signal[()] = Signal("test")
    undos = [signal.connect(lambda: None) for _ in range(50)]

    class Knot:
        def __init__(self, undo: Any) -> None:
            self.itself, self.undo = self, undo

        def __del__(self) -> None:
            self.undo()

    knots = [Knot(undo) for undo in undos]
    added = 0
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        while knots:
            knots.pop()
            signal.connect(lambda: None)
            added += 1
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert len(signal) == added == 50
