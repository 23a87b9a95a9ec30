"""The program's end of the pipes: requests with an answer each, from any thread.

One thread reads what the child says and hands it to who waits for it. So the child's
death is known at once, and to everybody who waits.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from budgetinator.errors import Cancelled, TaskNotPicklable
from budgetinator.workbooks.host.frames import decoded, encoded
from budgetinator.workbooks.host.messages import (
    Answer,
    Cancel,
    Chunk,
    Failure,
    Grant,
    LogLine,
    News,
    Request,
)
from budgetinator.workbooks.host.process import ChildProcess

__all__ = ["Asking", "Line", "Peer", "Stream"]

log = logging.getLogger("budgetinator.workbooks")

Box = SimpleQueue[Answer | Failure | Chunk | Exception]
Asking = Callable[[], bool]
_ASKED_EVERY = 0.03
# If one has begun when it is cancelled, the child completes it.
_NEVER_CUT_SHORT = frozenset({"save", "set_cells", "reload", "apply", "change"})


class Peer(Protocol):
    """Whom the child works for, as far as the line has to know: what its end means.

    All are called without a lock, `note` and `died` in the line's thread.
    """

    def note(self, news: Any) -> None:
        """What the child tells unasked."""
        ...

    def closed_error(self) -> Exception:
        """For a request after the end that was asked for."""
        ...

    def death_error(self, exit_code: int, last_words: str) -> Exception:
        """For a request that meets, or met, an end that nobody asked for."""
        ...

    def died(self, error: Exception) -> None:
        """Called once, after everybody who waits was told."""
        ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    name: str
    box: Box = field(default_factory=SimpleQueue)


class Line:
    """Requests to one child; owns the process and the thread that reads from it."""

    def __init__(self, process: ChildProcess, peer: Peer) -> None:
        self.process = process
        self._peer = peer
        self._lock = threading.Lock()
        self._waiting: dict[int, _Waiting] = {}
        self._last = 0
        self._closing = False
        self._exit: tuple[int, str] | None = None
        self._dropped: deque[int] = deque()
        self._reader = threading.Thread(
            target=self._read, name=f"answers of process {process.pid}", daemon=True
        )
        try:
            self._reader.start()
        except BaseException:
            process.end(0)
            raise

    @property
    def is_open(self) -> bool:
        """Whether requests can be made."""
        return not self._closing and self._exit is None

    def call(self, name: str, *arguments: Any, cancelled: Asking | None = None) -> Any:
        """The answer to a request; raises what the child raised, or what its end means.

        `cancelled` is asked while this waits; once it says so, Cancelled is raised.
        """
        number, waiting = self._ask(name, arguments)
        try:
            answer = received(waiting.box, name, cancelled)
        except BaseException:  # Cancelled, Ctrl-C: nobody waits for this any more
            self.drop(number)
            raise
        return value_of(answer)

    def stream(self, name: str, *arguments: Any, cancelled: Asking | None = None) -> Stream:
        """The chunks of a longer answer; the child begins now."""
        number, waiting = self._ask(name, arguments)
        stream = Stream(self, number, waiting.box, cancelled)
        # A stream that nobody closed: the append takes no lock, wherever it is collected.
        weakref.finalize(stream, self._dropped.append, number).atexit = False
        return stream

    def grant(self, number: int) -> None:
        """Let the child send one more chunk."""
        self._tell(Grant(number, 1))

    def drop(self, number: int) -> None:
        """Nobody waits for this request any more; one that was answered is no error."""
        with self._lock:
            known = self._waiting.pop(number, None)
        if known is not None:
            self._tell(Cancel(number))

    def cancel(self, names: Collection[str]) -> None:
        """Have whoever waits for such requests get Cancelled now."""
        with self._lock:
            found = [(n, each) for n, each in self._waiting.items() if each.name in names]
        for number, waiting in found:
            error = Cancelled(f"The request {waiting.name} was cancelled.", task=waiting.name)
            waiting.box.put(error)
            self.drop(number)

    def end(self, patience: float) -> bool:
        """End the child after what it is doing; kill it when `patience` (seconds) runs out.

        Whether it ended by itself. Who still waits gets the peer's closed error.
        """
        if threading.current_thread() is self._reader:
            self._end_elsewhere(patience)
            return True
        with self._lock:
            self._closing = True
        deadline = time.monotonic() + patience
        if self.process.requests.close(patience):
            self._reader.join(max(deadline - time.monotonic(), 0))
        if not self._reader.is_alive():
            return True
        self.process.kill()
        self._reader.join()
        return False

    # Inside

    def _end_elsewhere(self, patience: float) -> None:
        """For a listener of the log or a finalizer, in the thread that would wait for itself.

        After a death, when its owner lets go of it, there is nothing to do.
        """
        if self._exit is None:
            with self._lock:
                self._closing = True
            pid = self.process.pid
            threading.Thread(
                target=self.end, args=(patience,), name=f"end of process {pid}", daemon=True
            ).start()

    def _ask(self, name: str, arguments: tuple[Any, ...]) -> tuple[int, _Waiting]:
        self._settle()
        data = _portable(name, arguments)
        with self._lock:
            self._last += 1
            number, waiting = self._last, _Waiting(name)
            is_open = self.is_open
            if is_open:
                self._waiting[number] = waiting
        if not is_open:
            raise self._end_error()
        try:
            self._send(encoded(Request(number, name, data)))
        except BaseException:  # Ctrl-C: it may be sent, and nobody waits for it
            with self._lock:
                self._waiting.pop(number, None)
            raise
        return number, waiting

    def _tell(self, message: Grant | Cancel) -> None:
        self._send(encoded(message))

    def _send(self, data: bytes) -> None:
        # A child that has ended, or a line that was closed, answers through the reader.
        with contextlib.suppress(BrokenPipeError, ValueError):
            self.process.requests.write_whole(data)

    def _settle(self) -> None:
        while self._dropped:
            self.drop(self._dropped.popleft())

    def _end_error(self) -> Exception:
        if self._exit is None or self._closing:
            return self._peer.closed_error()
        return self._peer.death_error(*self._exit)

    def _read(self) -> None:
        try:
            while (data := self.process.answers.read()) is not None:
                self._deliver(decoded(data))
                self._settle()
        # Whatever this is, nobody could be answered any more: the child goes, and they are told.
        except Exception:
            log.exception("The answers of process %d cannot be read", self.process.pid)
            self.process.kill()
        finally:
            self._note_end()

    def _deliver(self, message: Answer | Failure | Chunk | News | LogLine) -> None:
        if isinstance(message, LogLine):
            logging.getLogger(message.logger).log(message.level, "%s", message.text)
            return
        if isinstance(message, News):
            self._peer.note(message.value)
            return
        with self._lock:
            if isinstance(message, Chunk):
                waiting = self._waiting.get(message.number)
            else:
                waiting = self._waiting.pop(message.number, None)
        if waiting is not None:
            waiting.box.put(message)

    def _note_end(self) -> None:
        exit_code = self.process.reap()
        words = self.process.last_words()
        with self._lock:
            asked_for = self._closing
            self._exit = exit_code, words
            waiting, self._waiting = self._waiting, {}
        self.process.release()
        for each in waiting.values():
            each.box.put(self._end_error())
        if not asked_for:
            self._peer.died(self._end_error())


def value_of(answer: Answer | Failure | Chunk | Exception) -> Any:
    """The value; raises what came in its place."""
    if isinstance(answer, Exception):
        raise answer
    try:
        found = decoded(answer.error if isinstance(answer, Failure) else answer.value)
    # It may be of a module that only the child could import, or break in other ways.
    except Exception as error:
        raise TaskNotPicklable(
            f"What came of it cannot be read in this process: {type(error).__name__}: {error}."
        ) from error
    if isinstance(answer, Failure):
        raise found
    return found


def _portable(name: str, arguments: tuple[Any, ...]) -> bytes:
    try:
        return encoded(arguments)
    # Any object may fail to be pickled in its own way.
    except Exception as error:
        raise TaskNotPicklable(
            f"What is given to {name} cannot be handed to another process: {error}.", task=name
        ) from error


def received(box: Box, name: str, cancelled: Asking | None) -> Answer | Failure | Chunk | Exception:
    """What comes next; Cancelled as soon as that is said instead."""
    if cancelled is None:
        return box.get()
    while not cancelled():
        with contextlib.suppress(Empty):
            return box.get(timeout=_ASKED_EVERY)
    raise Cancelled(
        f"The request {name} was cancelled.", task=name, goes_on=name in _NEVER_CUT_SHORT
    )


class Stream:
    """The chunks of one request, taken in one thread and closed in any."""

    def __init__(self, line: Line, number: int, box: Box, cancelled: Asking | None) -> None:
        self._cancelled = cancelled
        self._line = line
        self._number = number
        self._box = box
        self._lock = threading.Lock()
        self._is_done = False

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Any:
        if self._is_done:
            raise StopIteration
        try:
            message = received(self._box, "rows", self._cancelled)
        except Cancelled:
            self.close()
            raise
        if isinstance(message, Chunk):
            self._line.grant(self._number)
            return decoded(message.value)
        self._is_done = True
        value_of(message)
        raise StopIteration

    def close(self) -> None:
        """Take no more; a thread that waits in `next` gets Cancelled. Twice is harmless."""
        with self._lock:
            was_done, self._is_done = self._is_done, True
        if not was_done:
            self._box.put(Cancelled("The reading was ended.", task="rows"))
            self._line.drop(self._number)
