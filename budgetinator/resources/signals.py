"""A signal: who wants to know is called, in the thread that emits, in order.

psygnal was measured first (docs/decisions): two emits to one listener cost more
than tracking and releasing together may. This one keeps its names.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from types import MethodType
from typing import Any, Generic, TypeVarTuple, cast

__all__ = ["Signal"]

Arguments = TypeVarTuple("Arguments")
log = logging.getLogger("budgetinator.resources")


class WeakSlot:
    """A bound method as a slot: does not keep its object alive, and goes with it."""

    __slots__ = ("function", "ref", "signal")

    def __init__(self, method: MethodType, signal: Signal[*tuple[Any, ...]]) -> None:
        self.ref = weakref.ref(method.__self__)
        self.function = method.__func__
        self.signal = signal

    def __call__(self, *arguments: Any) -> None:
        owner = self.ref()
        if owner is None:
            self.signal.remove(self)
        else:
            self.function(owner, *arguments)

    def same(self, other: object) -> bool:
        return (
            isinstance(other, WeakSlot)
            and other.function is self.function
            and other.ref() is self.ref()
        )


class Signal(Generic[*Arguments]):
    """Connect, disconnect and emit; bytes are Python ints all the way.

    A bound method is held weakly and disconnects itself with its object. A
    slot that raises is logged and does not keep the next from being called.
    """

    __slots__ = ("_lock", "name", "slots")

    def __init__(self, name: str) -> None:
        self.name = name
        self.slots: tuple[Callable[[*Arguments], object], ...] = ()
        self._lock = threading.RLock()

    def connect(self, slot: Callable[[*Arguments], object]) -> Callable[[], None]:
        """Call `slot` at each emit; returns what undoes it, harmless when used twice."""
        if not callable(slot):
            raise TypeError(f"{self.name}: a slot must be callable, not {slot!r}")
        entry = self._entry(slot)
        self._change(lambda slots: (*slots, cast("Any", entry)))
        return lambda: self.remove(entry)

    def disconnect(self, slot: Callable[[*Arguments], object] | None = None) -> None:
        """Forget `slot`, or all slots; one that is not connected is no error."""
        if slot is None:
            self._change(lambda _slots: ())
            return
        wanted = self._entry(slot)
        for entry in self.slots:
            if entry == wanted or (isinstance(wanted, WeakSlot) and wanted.same(entry)):
                self.remove(entry)

    def emit(self, *arguments: *Arguments) -> None:
        """Call every slot with `arguments`, outside of every lock of ours."""
        for slot in self.slots:
            try:
                slot(*arguments)
            # A listener is foreign code: what it raises must not undo the operation it hears of.
            except Exception as error:  # noqa: BLE001 - said above
                self.complain(error)

    def complain(self, error: Exception) -> None:
        """Log what a slot raised."""
        log.error("A listener of %s failed", self.name, exc_info=error)

    def remove(self, entry: Callable[..., object]) -> None:
        """Forget one entry of `slots`."""
        self._change(lambda slots: tuple(slot for slot in slots if slot is not entry))

    def _change(self, change: Callable[[Any], Any]) -> None:
        with self._lock:
            while True:
                before = self.slots
                after = change(before)
                if self.slots is before:  # else a finalizer came in between, in this thread
                    self.slots = after
                    return

    def __len__(self) -> int:
        return len(self.slots)

    def __bool__(self) -> bool:
        return True

    def _entry(self, slot: Callable[..., object]) -> Callable[..., object]:
        if isinstance(slot, MethodType):
            try:
                return WeakSlot(slot, self)
            except TypeError:  # its object cannot be referenced weakly
                return slot
        return slot
