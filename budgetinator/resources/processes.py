"""Which process a record belongs to, so that a reused pid never passes for its owner.

A pid alone is reused within hours. Pid, start time in ticks since boot and the
boot's own id name one process for ever; wall-clock times do not, since setting
the clock moves them. The pid namespace tells containers that share a host name
and a home folder apart: their pids mean nothing to each other.

Whenever it cannot be told that a process is dead, it counts as alive: the cost
of that is a stale record, the cost of the opposite is somebody's open workbook.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

__all__ = ["ProcessIdentity"]

_START_TICKS = 19
"""Where the start time stands in /proc/<pid>/stat, counted after the command's name."""
_THREADS = 17


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process of one boot of one machine.

    `start_ticks` is in clock ticks since boot on Linux (proc(5), field 22 of stat) and in
    milliseconds since the epoch elsewhere, where the system keeps it fixed. `boot_id` and
    `namespace` are empty where the system has none.
    """

    pid: int
    start_ticks: int
    boot_id: str
    host: str
    namespace: str = ""

    @classmethod
    def current(cls) -> ProcessIdentity:
        """The calling process; to be asked again after a fork."""
        # Imported here: it is wanted once in a process, and not in all of them.
        import socket

        pid = os.getpid()
        try:
            started = _started(pid) or 0
        except PermissionError:
            started = 0
        return cls(pid, started, _boot_id(), socket.gethostname(), _namespace())

    def is_alive(self, seen_from: ProcessIdentity) -> bool:
        """False only when the process is surely gone, as far as `seen_from`'s process can tell.

        Processes of other hosts and other pid namespaces always count as alive.
        A killed process that its parent has not waited for counts as gone.
        """
        if self.host != seen_from.host:
            return True
        if self.boot_id != seen_from.boot_id:
            return False
        if self.namespace != seen_from.namespace:
            return True
        if self.pid <= 0:
            return False
        try:
            return _started(self.pid) == self.start_ticks
        except PermissionError:
            return True


def _boot_id() -> str:
    return _first_line("/proc/sys/kernel/random/boot_id")


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.readline().strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


if sys.platform == "linux":

    def _started(pid: int) -> int | None:
        """When the process started; None if there is no such process any more.

        Raises PermissionError where the process is there but may not be looked at.
        """
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                stat = file.read()
        except (FileNotFoundError, ProcessLookupError):
            _refuse_hidden(pid)
            return None
        fields = stat[stat.rindex(b")") + 2 :].split()
        # A leader that has ended shows Z while other threads of the process still run.
        if fields[0] in (b"Z", b"X") and int(fields[_THREADS]) <= 1:
            return None
        return int(fields[_START_TICKS])

    def _refuse_hidden(pid: int) -> None:
        """Tell a process that is gone from one that the mount option hidepid hides.

        Signalling another user's process raises the PermissionError of the caller's contract.
        """
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return
        if not os.path.exists("/proc/self/stat"):
            raise PermissionError("there is no /proc to look at the process in")

else:

    def _started(pid: int) -> int | None:
        """When the process started; None if there is no such process any more.

        Raises PermissionError where the process is there but may not be looked at.
        """
        import psutil

        try:
            return int(psutil.Process(pid).create_time() * 1000)
        except psutil.NoSuchProcess:
            return None
        except psutil.AccessDenied as error:
            raise PermissionError(str(error)) from error
