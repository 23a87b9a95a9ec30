"""The child's loop: requests in the order in which they come, chunks of rows in between.

The main thread owns the workbook and does everything; a second one reads the pipe, so
that a cancelled request is known while another one is served. What can be cut short is
cut short as Ctrl-C would do it: by a signal, whose handler raises in the main thread.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, Protocol

from budgetinator.errors import (
    BudgetinatorError,
    Cancelled,
    TaskFailed,
    TaskNotPicklable,
)
from budgetinator.workbooks.host.frames import FrameReader, FrameWriter, decoded, encoded
from budgetinator.workbooks.host.messages import (
    Answer,
    Cancel,
    Chunk,
    Failure,
    Grant,
    LogLine,
    News,
    Request,
    Role,
)

__all__ = ["READ_AHEAD", "Served", "serve", "watch_parent"]

READ_AHEAD = 2
# After the parent's end: what cannot be cut short, a save, may take so many seconds.
_LAST_SECONDS = 60.0


class Served(Protocol):
    """What a child does for its parent."""

    interruptible: frozenset[str]
    """The requests that may be cut short."""

    def answer(self, name: str, arguments: tuple[Any, ...]) -> Any: ...

    def stream(self, name: str, arguments: tuple[Any, ...]) -> Iterator[Any] | None:
        """The chunks of a request that has some, None among them where nothing is ready yet."""
        ...

    def news(self) -> Any:
        """What the parent is to know before the answer that comes next; None for nothing."""
        ...

    def prepare(self) -> None:
        """Called first where no request waits yet."""
        ...

    def close(self) -> None: ...


class _Interrupted(BaseException):
    """The request under way was cancelled; no `except Exception` may stop that."""


class _Stream:
    def __init__(self, chunks: Iterator[Any]) -> None:
        self.chunks = chunks
        self.credit = READ_AHEAD


def serve(reading: int, writing: int, role: Role, log_level: int, parent: int) -> None:
    """Serve until the parent closes its pipe or is gone; never returns."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serving = _Serving(FrameReader(reading), FrameWriter(writing), _make(role))
    serving.forward_logs(log_level)
    is_idle = not select.select([reading], [], [], 0)[0]
    threading.Thread(target=serving.listen, args=(parent,), daemon=True).start()
    serving.run(is_idle=is_idle)
    os._exit(0)  # nothing that could be lost is left, and taking a large heap apart takes its time


def _make(role: Role) -> Served:
    if role == "workbook":
        from budgetinator.workbooks.host.hosted import HostedWorkbook

        return HostedWorkbook()
    from budgetinator.workbooks.host.running import FunctionRunner

    return FunctionRunner()


class _Serving:
    def __init__(self, reader: FrameReader, writer: FrameWriter, served: Served) -> None:
        self._reader = reader
        self._writer = writer
        self._served = served
        self._inbox: SimpleQueue[Request | Grant | Cancel | None] = SimpleQueue()
        self._streams: dict[int, _Stream] = {}
        self._cancelled: set[int] = set()
        self._is_over = False
        self._current = 0
        self._interruptible = False
        self._main = threading.get_ident()
        signal.signal(signal.SIGINT, self._on_interrupt)

    # The second thread

    def listen(self, parent: int) -> None:
        """Read until the pipe is closed or the parent gone, and see that the loop ends then."""
        for data in self._frames(parent):
            message = decoded(data)
            if isinstance(message, Cancel):
                self._cancelled.add(message.number)
                if message.number == self._current:
                    signal.pthread_kill(self._main, signal.SIGINT)
            self._inbox.put(message)
        self._is_over = True
        self._inbox.put(None)
        signal.pthread_kill(self._main, signal.SIGINT)
        time.sleep(_LAST_SECONDS)
        os._exit(1)

    def _frames(self, parent: int) -> Iterator[bytes]:
        with watch_parent(parent, self._reader.descriptor) as is_there:
            while is_there():
                data = self._reader.read()
                if data is None:
                    return
                yield data

    # The main thread

    def run(self, *, is_idle: bool) -> None:
        """Serve until the second thread says that it is over; idle if nothing is asked yet."""
        try:
            if is_idle:
                self._served.prepare()
            while not self._is_over:
                waits = not any(stream.credit for stream in self._streams.values())
                with contextlib.suppress(Empty):
                    self._handle(self._inbox.get(block=waits))
                    continue
                self._step()
        except BrokenPipeError:
            pass
        finally:
            self._streams.clear()
            self._served.close()

    def _handle(self, message: Request | Grant | Cancel | None) -> None:
        if isinstance(message, Request):
            self._begin(message)
        elif isinstance(message, Grant):
            if message.number in self._streams:
                self._streams[message.number].credit += message.more
        elif isinstance(message, Cancel):
            self._streams.pop(message.number, None)
            self._cancelled.discard(message.number)

    def _begin(self, request: Request) -> None:
        number, name, data = request
        if number in self._cancelled:
            return
        try:
            arguments = _arguments(name, data)
            chunks = self._served.stream(name, arguments)
            if chunks is not None:
                self._streams[number] = _Stream(chunks)
                return
            can_end = name in self._served.interruptible
            value = self._run(number, lambda: self._served.answer(name, arguments), can_end)
        # Whatever the request raises is its answer.
        except BaseException as error:  # noqa: BLE001 - said above
            self._send_failure(number, error)
        else:
            self._send_value(number, value)

    def _step(self) -> None:
        """One piece of one stream; they take turns."""
        number = next(number for number, stream in self._streams.items() if stream.credit)
        stream = self._streams.pop(number)
        try:
            chunk = self._run(number, lambda: next(stream.chunks), can_end=False)
        except StopIteration:
            self._send_value(number, None)
        except BaseException as error:  # noqa: BLE001 - it is the request's answer
            self._send_failure(number, error)
        else:
            self._streams[number] = stream
            if chunk is not None:
                stream.credit -= 1
                self._send(Chunk(number, encoded(chunk)))

    def _run(self, number: int, work: Callable[[], Any], can_end: bool) -> Any:
        self._current = number
        try:
            self._interruptible = can_end
            if self._is_cancelled():
                raise _Interrupted
            return work()
        finally:
            self._interruptible = False
            self._current = 0

    def _on_interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        if self._is_cancelled():
            self._interruptible = False
            raise _Interrupted

    def _is_cancelled(self) -> bool:
        return self._interruptible and (self._is_over or self._current in self._cancelled)

    # Sending

    def _send_value(self, number: int, value: Any) -> None:
        try:
            data = encoded(value)
        # Any object may fail to be pickled in its own way.
        except Exception as error:  # noqa: BLE001 - said above
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            self._send_failure(number, _not_portable(f"The value, of the type {kind},", error))
        else:
            self._send(Answer(number, data))

    def _send_failure(self, number: int, error: BaseException) -> None:
        if isinstance(error, _Interrupted):
            error = Cancelled("The request was cancelled.")
        self._send(Failure(number, _encoded_error(error)))

    def _send(self, message: Answer | Failure | Chunk) -> None:
        if (news := self._served.news()) is not None:
            self._writer.write(encoded(News(news)))
        self._writer.write(encoded(message))

    def forward_logs(self, level: int) -> None:
        """Have the parent's loggers say what ours would; called once."""
        logger = logging.getLogger("budgetinator")
        logger.setLevel(level)
        logger.addHandler(_Forwarding(self._log))
        logger.propagate = False

    def _log(self, line: LogLine) -> None:
        """Write a line as a whole: a signal that comes meanwhile counts afterwards."""
        if threading.get_ident() != self._main:
            self._writer.write(encoded(line))
            return
        interruptible, self._interruptible = self._interruptible, False
        self._writer.write(encoded(line))
        self._interruptible = interruptible
        if self._is_cancelled():
            self._interruptible = False
            raise _Interrupted


class _Forwarding(logging.Handler):
    def __init__(self, send: Callable[[LogLine], None]) -> None:
        super().__init__()
        self._forward = send

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._forward(LogLine(record.name, record.levelno, text))


def _arguments(name: str, data: bytes) -> tuple[Any, ...]:
    try:
        arguments: tuple[Any, ...] = decoded(data)
    # What is not found here may be missed in many ways.
    except Exception as error:
        raise _not_portable(f"What is given to {name}", error) from error
    return arguments


def _encoded_error(error: BaseException) -> bytes:
    """The error, with the place where it was raised if it is none of ours."""
    if not isinstance(error, BudgetinatorError):
        error.add_note(_traced(error).rstrip())
    try:
        data = encoded(error)
        decoded(data)  # many exceptions can be pickled, and not be made again
    # Foreign errors fail at this in their own ways.
    except Exception:  # noqa: BLE001 - said above
        kind = type(error).__qualname__
        failed = TaskFailed(
            f"{kind}: {error}",
            failure=kind,
            details=_traced(error),
        )
        return encoded(failed)
    return data


def _traced(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))


def _not_portable(what: str, error: Exception) -> TaskNotPicklable:
    return TaskNotPicklable(
        f"{what} cannot be handed to another process: {type(error).__name__}: {error}."
    )


@contextlib.contextmanager
def watch_parent(parent: int, descriptor: int) -> Iterator[Callable[[], bool]]:
    """Waits for something to read; False once the parent is gone.

    The end of the pipe tells that too, unless the parent forked and its child holds the
    other end; where the system can, the parent itself is watched.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    watched = -1
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            watched = os.pidfd_open(parent)
            poll.register(watched, select.POLLIN)

    def is_there() -> bool:
        return os.getppid() == parent and any(fd == descriptor for fd, _ in poll.poll())

    try:
        yield is_there
    finally:
        if watched >= 0:
            os.close(watched)
