"""A command that is started to be measured: it lives no longer than the measurement."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Any, Self

import click

__all__ = ["StartedCommand"]

INTERRUPT_SECONDS = 2.0
TERMINATE_SECONDS = 5.0


class StartedCommand:
    """A child process with this program's stdin; leaving the block ends it if it still runs.

    `stdout` and `stderr` are as for Popen. A command that cannot be found or started is
    a wrong call.
    """

    def __init__(self, words: Sequence[str], *, stdout: Any = None, stderr: Any = None) -> None:
        self.words = tuple(words)
        try:
            self._child = subprocess.Popen(words, stdout=stdout, stderr=stderr)  # noqa: S603  asked
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise click.UsageError(f"{words[0]} cannot be started: {reason}") from error
        self.pid = self._child.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def streams(self) -> list[IO[bytes]]:
        """Those of its outputs that are pipes to this program."""
        return [pipe for pipe in (self._child.stdout, self._child.stderr) if pipe is not None]

    @property
    def code(self) -> int | None:
        """What it ended with, 128 and the number after a signal; None while it runs."""
        code = self._child.poll()
        return code if code is None or code >= 0 else 128 - code

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end at most so long; whether it has ended."""
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """Interrupt it, then terminate, then kill it, as far as it needs that. Twice is harmless.

        Ctrl-C on a terminal has reached it already, and it may be cleaning up.
        """
        try:
            if self._child.poll() is None and not self.wait(0.2):
                self._signal("SIGINT")
                if not self.wait(INTERRUPT_SECONDS):
                    self._child.terminate()
                    if not self.wait(TERMINATE_SECONDS):
                        self._child.kill()
                        self._child.wait()
        except BaseException:
            self._child.kill()
            self._child.wait()
            raise

    def _signal(self, name: str) -> None:
        if sys.platform == "win32":
            self._child.terminate()
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, getattr(signal, name))
