"""One call made in a thread while something else is done."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Generic, Self, TypeVar

__all__ = ["Beside"]

Given = TypeVar("Given")


class Beside(Generic[Given]):
    """A call that begins with the `with` statement and has ended when that ends.

    `result` waits for it and raises what it raised; what nobody asks for is dropped.
    """

    def __init__(self, call: Callable[[], Given], name: str) -> None:
        self._call = call
        self._given: list[Given] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.join()

    def result(self) -> Given:
        """What the call gave."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._given[0]

    def _run(self) -> None:
        try:
            self._given.append(self._call())
        except BaseException as error:  # noqa: BLE001 - raised again by `result`
            self._error = error
