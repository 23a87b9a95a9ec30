"""Which line of the checkout opened a path or a socket, or started a thread or a child.

One audit hook a process, because the interpreter never lets go of one. It looks
at a handful of events and walks the stack only for those, so that it costs a
running test nothing to speak of. Python 3.11 has no such event for a thread:
`Thread.start` is wrapped instead. Pipes have neither, and stay without a line.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

REMEMBERED = 512  # opened paths, the oldest forgotten first
_SIDE_FILES = ("-wal", "-shm", "-journal")  # SQLite keeps these beside its file


class Lines:
    """Made once a process and installed by `install`; all lookups are by what the system shows."""

    def __init__(self, root: Path) -> None:
        self._root = f"{root}{os.sep}"
        self._tests = f"{root / 'tests'}{os.sep}"
        self._own = (os.path.dirname(__file__) + os.sep, f"{root / '.venv'}{os.sep}")
        # Full from the start, so that a test that counts allocations sees no growth of ours.
        self._paths = deque((("", ""),) * REMEMBERED, maxlen=REMEMBERED)
        self._sockets: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        self._threads: WeakKeyDictionary[threading.Thread, str] = WeakKeyDictionary()
        self._children: WeakKeyDictionary[subprocess.Popen[Any], str] = WeakKeyDictionary()
        self._forks: deque[str] = deque(maxlen=4)
        self._events = {
            "open": self._opened,
            "sqlite3.connect": self._opened,
            "socket.__new__": self._made_socket,
            "subprocess.Popen": self._started_child,
            "os.fork": self._forked,
            "os.posix_spawn": self._forked,
        }

    def install(self) -> None:
        events = self._events

        def hook(event: str, args: tuple[Any, ...]) -> None:
            if event in events:
                with contextlib.suppress(OSError, TypeError):  # it would end the audited call
                    events[event](args, sys._getframe(1))

        sys.addaudithook(hook)
        self._wrap_thread_start()

    def _wrap_thread_start(self) -> None:
        start = threading.Thread.start

        def noting_start(thread: threading.Thread) -> None:
            if line := self._line(sys._getframe(1)):
                self._threads[thread] = line
            start(thread)

        threading.Thread.start = noting_start  # type: ignore[method-assign, assignment]

    def of_descriptor(self, descriptor: int, target: str) -> str | None:
        if target.startswith("socket:"):
            return {socket.fileno(): line for socket, line in self._sockets.items()}.get(descriptor)
        path = target.removesuffix(" (deleted)")
        names = (path, *(path.removesuffix(end) for end in _SIDE_FILES), os.path.dirname(path))
        by_real_path = {os.path.realpath(name): line for name, line in self._paths}
        return next((by_real_path[name] for name in names if name in by_real_path), None)

    def of_thread(self, thread: threading.Thread) -> str | None:
        return self._threads.get(thread)

    def of_child(self, pid: int) -> str | None:
        known = {child.pid: line for child, line in self._children.items()}
        return known.get(pid) or " or ".join(self._forks) or None

    def _opened(self, args: tuple[Any, ...], frame: FrameType) -> None:
        path = args[0]
        if isinstance(path, str | bytes | os.PathLike) and (line := self._line(frame)):
            self._paths.append((os.path.abspath(os.fsdecode(path).removeprefix("file:")), line))

    def _made_socket(self, args: tuple[Any, ...], frame: FrameType) -> None:
        if line := self._line(frame):
            self._sockets[args[0]] = line

    def _started_child(self, args: tuple[Any, ...], frame: FrameType) -> None:
        child = frame.f_locals.get("self")
        if isinstance(child, subprocess.Popen) and (line := self._line(frame)):
            self._children[child] = line

    def _forked(self, args: tuple[Any, ...], frame: FrameType) -> None:
        if line := self._line(frame):
            self._forks.append(line)

    def _line(self, start: FrameType) -> str | None:
        """The innermost line in the checkout, and the test's own line where that is another."""
        inner: str | None = None
        frame: FrameType | None = start
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(self._root) and not name.startswith(self._own):
                place = f"{name.removeprefix(self._root)}:{frame.f_lineno}"
                if name.startswith(self._tests):
                    return f"{inner}, from {place}" if inner else place
                inner = inner or place
            frame = frame.f_back
        return inner
