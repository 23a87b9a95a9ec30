"""What a watched command writes on the terminal, shown above the view instead of in it."""

from __future__ import annotations

import queue
import threading
from typing import IO

from budgetinator.cli.mem.started import StartedCommand
from budgetinator.cli.mem.views import View

__all__ = ["Relay"]


class Relay:
    """A thread for each pipe of the command reads its lines; `show` hands them to the view."""

    def __init__(self, command: StartedCommand) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in command.streams
        ]
        for thread in self._threads:
            thread.start()

    def show(self, view: View) -> None:
        """Show what has come so far."""
        while not self._lines.empty():
            view.tell(self._lines.get())

    def finish(self, view: View, seconds: float = 1.0) -> None:
        """Show the rest, when the command has ended; a process below it may still hold a pipe."""
        for thread in self._threads:
            thread.join(seconds)
        self.show(view)

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._lines.put(line.decode("utf-8", "replace").rstrip("\r\n"))
