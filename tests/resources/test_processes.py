"""Tests of telling a living process from a dead one whose pid is in use again."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from budgetinator.resources import processes
from budgetinator.resources.processes import ProcessIdentity
from tests.resources.processes_of_ours import Child, child, heard

HERE = ProcessIdentity.current()


def identity_of(process: Child) -> ProcessIdentity:
    started = processes._started(process.pid)
    assert started is not None
    return replace(HERE, pid=process.pid, start_ticks=started)


def test_current_process_is_alive() -> None:
    """The process that asks is alive, and is the same one each time."""
    assert ProcessIdentity.current().is_alive(HERE)
    assert ProcessIdentity.current() == HERE


def test_killed_process_is_dead_before_and_after_it_is_waited_for(tmp_path: Path) -> None:
    """A killed process is dead although its parent has not yet asked how it ended."""
    with child("hold", tmp_path / "state", tmp_path) as holder:
        heard(holder)
        identity = identity_of(holder)
        while_running = identity.is_alive(HERE)
        holder.kill()
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
        unwaited = identity.is_alive(HERE)
        holder.wait()
        waited = identity.is_alive(HERE)

    assert (while_running, unwaited, waited) == (True, False, False)


@pytest.mark.skipif(sys.platform != "linux", reason="a thread ends alone by a system call of Linux")
def test_process_whose_main_thread_ended_is_alive(tmp_path: Path) -> None:
    """A process is alive as long as one of its threads is, though its leader shows as ended."""
    with child("lose-leader", tmp_path) as leaderless:
        identity = identity_of(leaderless)
        heard(leaderless)
        alive = identity.is_alive(HERE)

    assert alive


def test_reused_pid_is_not_the_process() -> None:
    """The same pid with another start time is another process, and the first one is dead."""
    assert not replace(HERE, start_ticks=HERE.start_ticks - 1).is_alive(HERE)


def test_process_of_an_earlier_boot_is_dead() -> None:
    """No process outlives a boot, even if its pid and start time occur again."""
    assert not replace(HERE, boot_id="earlier").is_alive(HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [replace(HERE, pid=2**22 + 1, host="other"), replace(HERE, pid=2**22 + 1, namespace="pid:[1]")],
    ids=["host", "namespace"],
)
def test_process_that_cannot_be_looked_at_counts_as_alive(elsewhere: ProcessIdentity) -> None:
    """Of a process of another host or container nothing is known, so it is not called dead."""
    assert elsewhere.is_alive(HERE)


def test_hidden_process_counts_as_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that the system hides from this user, but that takes signals, is not dead."""

    def refuse(pid: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)

    assert replace(HERE, pid=2**22 + 1).is_alive(HERE)
