"""What a controller has under way: which worker, started how, and who may begin beside it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from budgetinator.errors import ComponentDestroyed, OperationRunning

__all__ = ["Mode", "Operation", "Operations"]

Mode = Literal["alone", "in turn", "together"]
"""Beside which operations of the same controller one may run.

`alone`: no other one that is alone. `in turn`: any number are taken, and they run in
the order in which they were asked for. `together`: any number at once.
"""


@dataclass(slots=True, weakref_slot=True, eq=False)
class Operation:
    """One worker of a controller; without the worker while that is made."""

    name: str
    mode: Mode
    worker: Any = None
    resource_id: str | None = None
    cancelled: bool = False
    settled: bool = False

    def listener(self) -> Callable[[object], None]:
        """What hears the result, after which its worker stands in nobody's way.

        Not a bound method: PySide calls one that is queued also after its object is gone.
        """
        return partial(_note_result, weakref.ref(self))

    @property
    def is_running(self) -> bool:
        """Whether its worker runs, also if it only has to come to its end."""
        return self.worker is not None and bool(self.worker.isRunning())

    @property
    def is_under_way(self) -> bool:
        """Whether it was neither cancelled nor has a result; also before it is started."""
        cancelled = self.cancelled or bool(getattr(self.worker, "is_cancelled", False))
        return not (cancelled or self.settled)

    @property
    def is_over(self) -> bool:
        return not (self.is_under_way or self.is_running)


def _note_result(ref: weakref.ref[Operation], _result: object) -> None:
    operation = ref()
    if operation is not None:
        operation.settled = True


class Operations:
    """Those of one controller, in the order in which they were asked for.

    The lock is held while workers are asked whether they run, and for nothing else.
    """

    def __init__(self, component_id: str) -> None:
        self._component_id = component_id
        self._lock = threading.Lock()
        self._all: list[Operation] = []
        self._ended = False

    def __iter__(self) -> Iterator[Operation]:
        return iter(tuple(self._all))

    def begin(self, name: str, mode: Mode) -> tuple[Operation, list[Operation]]:
        """A new operation, and those that were never started and make way for it.

        Raises OperationRunning, and ComponentDestroyed after the end.
        """
        with self._lock:
            self._refuse_after_end()
            self._all = [each for each in self._all if not each.is_over]
            rivals = [each for each in self._all if mode == each.mode == "alone"]
            rivals = [each for each in rivals if each.is_under_way]
            if running := next((r for r in rivals if r.worker is None or r.is_running), None):
                raise OperationRunning(
                    f"{running.name} of {self._component_id} still runs; wait for it, or cancel it "
                    f"before {name} is started.",
                    task=running.name,
                )
            operation = Operation(name, mode)
            self._all.append(operation)
        return operation, rivals

    def fill(self, operation: Operation, worker: Any, resource_id: str | None) -> None:
        """Give an operation its worker; ComponentDestroyed if the end came in between."""
        with self._lock:
            self._refuse_after_end()
            operation.worker, operation.resource_id = worker, resource_id

    def drop(self, operation: Operation) -> None:
        """Forget an operation that did not come about."""
        with self._lock:
            self._all = [each for each in self._all if each is not operation]

    def end(self) -> list[Operation]:
        """Take no more; all that there were."""
        with self._lock:
            self._ended = True
            ended, self._all = self._all, []
        return ended

    def _refuse_after_end(self) -> None:
        if self._ended:
            raise ComponentDestroyed(
                f"{self._component_id} was cleaned up; make another one.",
                component_id=self._component_id,
            )
