"""A child process of our own: started without multiprocessing, ended within a deadline.

Why not multiprocessing: its children import the caller's script anew, which a script
without `if __name__ == "__main__"` answers by starting over, and its helper process for
semaphores outlives them (docs/decisions/0040).
"""

from __future__ import annotations

import contextlib
import logging
import marshal
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from budgetinator.workbooks.host import child
from budgetinator.workbooks.host.frames import FrameReader, FrameWriter
from budgetinator.workbooks.host.messages import Boot, Role

__all__ = ["ChildProcess", "boot_frame", "child_command"]

_PACKAGE = Path(__file__).resolve().parents[2]
_SERVE = "budgetinator.workbooks.host.serving:serve"
_LAST_WORDS = 2_000
# A child that has closed its pipes is at its end; what is left of it takes no time.
_GRACE = 1.0


class ChildProcess:
    """A process that serves requests over its pipes; owns it, the pipes and its error output.

    It runs in a session of its own, so that a Ctrl-C in the terminal is the program's to
    answer, and ends by itself when this process does. Starting returns at once.
    """

    def __init__(self, role: Role) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by `release`
        try:
            self._popen = subprocess.Popen(  # noqa: S603  this interpreter, our own script
                child_command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                start_new_session=True,
            )
        except BaseException:
            self._errors.close()
            raise
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        with self._popen.stdin as requests, self._popen.stdout as answers:
            self.requests = FrameWriter(os.dup(requests.fileno()))
            self.answers = FrameReader(os.dup(answers.fileno()))
        level = logging.getLogger("budgetinator").getEffectiveLevel()
        boot = boot_frame(_SERVE, role, level, os.getpid(), looks_as_parent=role == "function")
        with contextlib.suppress(BrokenPipeError):  # its end is seen by whoever asks it
            self.requests.write(boot)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs; a child that has ended is waited for by asking."""
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._popen.poll()

    @property
    def private_bytes(self) -> int:
        """The memory that its end gives back: what it shares with no file; 0 after it."""
        return _private_bytes(self.pid) if self.is_alive else 0

    def last_words(self) -> str:
        """The end of what it wrote to its error output, to be asked before `release`."""
        with contextlib.suppress(ValueError, OSError):
            size = os.fstat(self._errors.fileno()).st_size
            words = os.pread(self._errors.fileno(), _LAST_WORDS, max(size - _LAST_WORDS, 0))
            return words.decode(errors="replace").strip()
        return ""

    def kill(self) -> None:
        """End it at once; harmless when it has ended."""
        self._popen.kill()

    def reap(self) -> int:
        """The exit code of a child that has closed its pipes; killed if it lingers."""
        if not self._wait(_GRACE):
            self._popen.kill()
        return self._popen.wait()

    def release(self) -> None:
        """Let go of pipes and error output, once it has ended."""
        self.requests.close()
        self.answers.close()
        self._errors.close()

    def end(self, patience: float) -> None:
        """Close its pipe, wait for `patience` seconds, then kill it: where nobody reads from it."""
        if not (self.requests.close(patience) and self._wait(patience)):
            self.kill()
            self._popen.wait()
        self.release()

    def _wait(self, seconds: float) -> bool:
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def _private_bytes(pid: int) -> int:
    import psutil

    try:
        memory = psutil.Process(pid).memory_info()
    except psutil.Error:
        return 0
    return int(memory.rss) - int(getattr(memory, "shared", 0))


def child_command() -> list[str]:
    """What starts a child: this interpreter, isolated, with the first lines as its script."""
    utf8 = f"utf8={int(sys.flags.utf8_mode)}"
    return [sys.executable, "-I", "-X", utf8, child.__file__]


def boot_frame(where: str, *arguments: str | int, looks_as_parent: bool) -> bytes:
    """The first frame for a child that goes on with a function: `package.module:function`."""
    module, _, function = where.partition(":")
    package, path = str(_PACKAGE), list(sys.path)
    return marshal.dumps(tuple(Boot(module, function, arguments, package, path, looks_as_parent)))
