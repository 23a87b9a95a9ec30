"""Slots that do not keep the object alive whose method they are."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import MethodType
from typing import Any

from PySide6.QtCore import QObject

__all__ = ["WeakSlot", "safe_slot"]


class WeakSlot:
    """Calls a bound method for as long as its object lives; any other callable as it is."""

    __slots__ = ("__weakref__", "_slot")

    def __init__(self, slot: Callable[..., object]) -> None:
        is_method = isinstance(slot, MethodType)
        self._slot: Any = weakref.WeakMethod(slot) if is_method else slot

    def __call__(self, *arguments: Any) -> None:
        slot = self._slot() if isinstance(self._slot, weakref.WeakMethod) else self._slot
        if slot is not None:
            slot(*arguments)


def safe_slot(slot: Callable[..., object]) -> Callable[..., object]:
    """The slot as it may be connected to a signal of Qt that other threads emit.

    PySide6 6.11 keeps a bare pointer to the object of a bound method that is no
    QObject: where that dies while a call is queued, the call runs on freed memory.
    """
    if isinstance(slot, MethodType) and not isinstance(slot.__self__, QObject):
        return WeakSlot(slot)
    return slot
