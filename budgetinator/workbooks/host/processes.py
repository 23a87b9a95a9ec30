"""Processes of our own as an Executor: each job's process can die without the others' jobs.

`concurrent.futures.ProcessPoolExecutor` gives up all that is submitted once one of its
processes is killed, and cannot say which job did that.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any, NamedTuple

from budgetinator.config import Settings
from budgetinator.errors import Cancelled, HostDied, WorkbookClosed
from budgetinator.workbooks.host.knowledge import ended_by
from budgetinator.workbooks.host.line import Line
from budgetinator.workbooks.host.portable import Portable
from budgetinator.workbooks.host.process import ChildProcess
from budgetinator.workbooks.host.running import FunctionOrder

__all__ = ["NotPrepared", "WorkbookProcesses"]

log = logging.getLogger("budgetinator.workbooks")

_CUTTABLE = frozenset({"prepare", "run"})


class NotPrepared(Exception):
    """The function cannot be called in another process; the cause says why."""


class _Job(NamedTuple):
    future: Future[Any]
    path: Any


class _Peer:
    """What the end of one of the processes means for the path that it works on."""

    def __init__(self) -> None:
        self.path: Any = None

    def note(self, _news: object) -> None:
        """There is none."""

    def closed_error(self) -> WorkbookClosed:
        return WorkbookClosed(f"The work on {self.path} was ended.", path=str(self.path))

    def death_error(self, exit_code: int, last_words: str) -> HostDied:
        error = HostDied(
            f"The process that worked on {self.path} {ended_by(exit_code)}; the file is as it "
            "was last saved.",
            path=str(self.path),
            exit_code=exit_code,
        )
        if last_words:
            error.add_note(f"Its last words: {last_words}")
        return error

    def died(self, error: Exception) -> None:
        log.info("%s", error)


class WorkbookProcesses(Executor):
    """Calls one function in up to `workers` processes, each with a thread that waits for it.

    Processes are started when there is work for them, and anew after a death.
    """

    def __init__(self, function: Portable, settings: Settings, workers: int) -> None:
        self._order = FunctionOrder(
            function.data, function.main, settings, _working_folder(), list(sys.argv)
        )
        self._patience = settings.resources.worker_deadline_seconds
        self._workers = workers
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lines: set[Line] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._is_shut = False
        self._is_cut = False

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that run."""
        with self._lock:
            return tuple(line.process.pid for line in self._lines if line.is_open)

    @property
    def private_bytes(self) -> int:
        """The memory of all of them."""
        with self._lock:
            lines = tuple(self._lines)
        return sum(line.process.private_bytes for line in lines)

    def submit(self, function: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        """Have it called with the one argument; `function` is the one given at the start."""
        del function
        future: Future[Any] = Future()
        with self._lock:
            if self._is_shut:
                raise RuntimeError("the processes were shut down")
            self._jobs.put(_Job(future, *args))
            if len(self._threads) < self._workers:
                number = len(self._threads) + 1
                thread = threading.Thread(
                    target=self._work, name=f"workbook process {number}", daemon=True
                )
                self._threads.append(thread)
                thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes after their jobs, or with `cancel_futures` at once."""
        with self._lock:
            self._is_shut = True
            self._is_cut = self._is_cut or cancel_futures
            threads, lines = tuple(self._threads), tuple(self._lines)
        if cancel_futures:
            for line in lines:
                line.cancel(_CUTTABLE)
        self.let_go()
        if wait:
            for thread in threads:
                thread.join()

    def cut(self) -> None:
        """Have every job under way and to come end as cancelled; returns at once."""
        with self._lock:
            self._is_cut = True
            lines = tuple(self._lines)
        for line in lines:
            line.cancel(_CUTTABLE)

    def let_go(self) -> None:
        """Have the threads end when no jobs are left; takes no lock."""
        for _ in range(self._workers):
            self._jobs.put(None)

    def _work(self) -> None:
        peer, line = _Peer(), None
        try:
            while (job := self._jobs.get()) is not None:
                if self._is_cut:
                    job.future.cancel()
                if job.future.set_running_or_notify_cancel():
                    peer.path = job.path
                    line = self._do(job, line, peer)
        finally:
            if line is not None:
                self._end(line)

    def _do(self, job: _Job, line: Line | None, peer: _Peer) -> Line | None:
        try:
            if line is None or not line.is_open:
                line = self._start(peer, line)
                self._prepare(line)
            value = line.call("run", job.path)
        # It is the job's outcome, whatever it is, and told to whoever waits for that.
        except BaseException as error:  # noqa: BLE001 - said above
            job.future.set_exception(error)
        else:
            job.future.set_result(value)
        return line

    def _start(self, peer: _Peer, before: Line | None) -> Line:
        if before is not None:
            self._end(before)
        line = Line(ChildProcess("function"), peer)
        with self._lock:
            self._lines.add(line)
        return line

    def _prepare(self, line: Line) -> None:
        try:
            line.call("prepare", self._order)
        except Cancelled:
            line.process.kill()  # nothing of the function has begun
            raise
        except HostDied:
            raise
        except Exception as error:
            raise NotPrepared from error

    def _end(self, line: Line) -> None:
        if not line.end(self._patience):
            log.warning(
                "The process %d did not end within %g s and was killed",
                line.process.pid,
                self._patience,
            )
        with self._lock:
            self._lines.discard(line)


def _working_folder() -> str | None:
    with contextlib.suppress(FileNotFoundError):
        return os.getcwd()
    return None
