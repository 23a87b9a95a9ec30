"""Events when the resident size of the process passes a high or a low watermark."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from budgetinator.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pressure", "PressureEvent", "Watermarks"]

log = logging.getLogger("budgetinator.memory")


@dataclass(frozen=True, slots=True)
class Watermarks:
    """Bytes of resident memory: pressure begins at `high` and ends below `low`.

    Raises ConfigError unless 0 < low <= high.
    """

    high: int
    low: int

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high:
            raise ConfigError(
                f"the low watermark is {self.low} bytes and the high one {self.high};"
                " the low one must be above 0 and not above the high one",
                key="pressure",
                expected="0 < low <= high",
            )


@dataclass(frozen=True, slots=True)
class PressureEvent:
    """`level` "high" as an excursion begins, "low" as it ends; bytes."""

    level: Literal["high", "low"]
    rss: int
    watermark: int


class Pressure:
    """Turns sizes into events: one "high" and one "low" an excursion, however long it lasts.

    `observe` is called by one thread at a time, which also runs the callbacks.
    """

    def __init__(self, watermarks: Watermarks) -> None:
        self.watermarks = watermarks
        self.high = False
        self._callbacks: dict[int, Callable[[PressureEvent], object]] = {}
        self._serial = 0

    def connect(self, callback: Callable[[PressureEvent], object]) -> Callable[[], None]:
        """Call `callback` with each event; returns the undo, harmless when used twice."""
        self._serial += 1
        serial = self._serial
        callbacks = self._callbacks
        callbacks[serial] = callback

        def undo() -> None:
            callbacks.pop(serial, None)

        return undo

    def clear(self) -> None:
        """Forget all callbacks."""
        self._callbacks.clear()

    def observe(self, rss: int) -> PressureEvent | None:
        """Take note of a size; an event is handed to every callback, although one raises."""
        event = self._event(rss)
        if event is not None:
            for callback in tuple(self._callbacks.values()):
                try:
                    callback(event)
                except Exception:  # foreign code: the others must still be told
                    log.exception("a callback for memory pressure failed")
        return event

    def _event(self, rss: int) -> PressureEvent | None:
        marks = self.watermarks
        if not self.high and rss >= marks.high:
            self.high = True
            return PressureEvent("high", rss, marks.high)
        if self.high and rss < marks.low:
            self.high = False
            return PressureEvent("low", rss, marks.low)
        return None
