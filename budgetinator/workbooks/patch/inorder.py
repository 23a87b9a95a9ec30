"""The same call made in several threads, whose results come in the order of the questions.

`concurrent.futures` does the same and more; its import alone takes 10 ms, which is a
third of the time of a second save.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Generic, Self, TypeVar

__all__ = ["InOrder"]

Asked = TypeVar("Asked")
Given = TypeVar("Given")


class InOrder(Generic[Asked, Given]):
    """Threads that make one call for each item; they end with the `with` statement.

    Used from one thread. Worth it for calls that let go of the interpreter, as those of
    zlib do. The items take turns at the threads, so that the results need no sorting.
    """

    def __init__(self, call: Callable[[Asked], Given], threads: int, name: str) -> None:
        self.waiting = 0
        self._call = call
        self.ended = False
        self._asked = [SimpleQueue[tuple[Asked] | None]() for _ in range(threads)]
        self._given = [SimpleQueue[Given | _Failure]() for _ in range(threads)]
        self._put = self._taken = 0
        self._threads = [
            Thread(target=self._work, args=(place,), name=f"{name}-{place}", daemon=True)
            for place in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the threads; what still waits is dropped, and what is under way awaited."""
        self.ended = True
        for queue in self._asked:
            queue.put(None)
        for thread in self._threads:
            thread.join()

    def put(self, item: Asked) -> None:
        """Have the call made for this item too."""
        self._asked[self._put % len(self._threads)].put((item,))
        self._put += 1
        self.waiting += 1

    def take(self) -> Given:
        """The result for the earliest item that is waiting; raises what its call raised."""
        given = self._given[self._taken % len(self._threads)].get()
        self._taken += 1
        self.waiting -= 1
        if isinstance(given, _Failure):
            raise given.error
        return given

    def _work(self, place: int) -> None:
        asked, given = self._asked[place], self._given[place]
        while (item := asked.get()) is not None:
            if not self.ended:
                given.put(self._answer(item[0]))

    def _answer(self, item: Asked) -> Given | _Failure:
        try:
            return self._call(item)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            return _Failure(error)


class _Failure:
    """What a call raised."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error
