"""Messages over a pair of pipes: pickles, each after its length.

Only the two ends of private pipes write here, a program and the child that it started, so
a pickle is as trustworthy as the program itself. It keeps what the library's values are:
dates, errors of cells, formulas, reports, and exceptions with their attributes.
"""

from __future__ import annotations

import os
import pickle
import select
import struct
import threading
from concurrent.futures import Future
from typing import Any

__all__ = ["FrameReader", "FrameWriter", "decoded", "encoded"]

_HEAD = struct.Struct("<Q")
_PIECE = 1 << 20


def encoded(message: object) -> bytes:
    """The message as bytes; raises what pickle raises for what cannot be pickled."""
    return pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)


def decoded(data: bytes) -> Any:
    """The message that `encoded` made the bytes of."""
    return pickle.loads(data)  # noqa: S301  from the other end of a private pipe


class FrameWriter:
    """Writes whole frames to a descriptor, from any thread; owns the descriptor.

    Raises BrokenPipeError once nobody reads, and ValueError after `close`.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._closed = False

    def write(self, data: bytes) -> None:
        """Write one frame; waits while the pipe is full."""
        frame, written = _HEAD.pack(len(data)) + data, 0
        with self._lock:
            if self._closed:
                raise ValueError("the pipe was closed")
            # Nothing here that the collector counts: a finalizer might want to write as well.
            while written < len(frame):
                written += os.write(self._descriptor, frame[written : written + _PIECE])

    def write_whole(self, data: bytes) -> None:
        """The same, and whole also if the handler of a signal raises here, as Ctrl-C does.

        Handlers run in the main thread, and between two pieces they would leave half a
        frame, after which the other end understands nothing. So a frame that is more than
        the system writes at once is written by another thread.
        """
        main = threading.main_thread()
        if len(data) + _HEAD.size <= select.PIPE_BUF or threading.current_thread() is not main:
            self.write(data)
            return
        done: Future[None] = Future()
        threading.Thread(
            target=self._write_for, args=(data, done), name="writing a request", daemon=True
        ).start()
        done.result()

    def _write_for(self, data: bytes, done: Future[None]) -> None:
        try:
            self.write(data)
        except (OSError, ValueError) as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def close(self, patience: float = -1) -> bool:
        """Close the pipe, when a write under way has ended; False if that takes too long.

        `patience` is in seconds; without it there is no end to the waiting.
        """
        if not self._lock.acquire(timeout=patience):
            return False
        try:
            if not self._closed:
                self._closed = True
                os.close(self._descriptor)
        finally:
            self._lock.release()
        return True


class FrameReader:
    """Reads frames from a descriptor, in one thread; owns the descriptor."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._closed = False

    def read(self) -> bytes | None:
        """The next frame, or None when the other end is gone, also within a frame."""
        head = self._exactly(_HEAD.size)
        return None if head is None else self._exactly(_HEAD.unpack(head)[0])

    def close(self) -> None:
        """Close the pipe; closing again does nothing."""
        if not self._closed:
            self._closed = True
            os.close(self.descriptor)

    def _exactly(self, size: int) -> bytes | None:
        pieces: list[bytes] = []
        while size:
            piece = os.read(self.descriptor, min(size, _PIECE))
            if not piece:
                return None
            pieces.append(piece)
            size -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
