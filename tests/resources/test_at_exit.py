"""The end of the process: whatever its manner, what is open is closed."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

PREAMBLE = """
import sys, threading
from budgetinator.resources import (
    ResourceCleanupManager, ResourceManagementService, ResourcePool, ResourceType)

class C: pass
service = ResourceManagementService()
components = [C(), C()]
for number, c in enumerate(components):
    service.register_component(c, str(number))

def says(text):
    return lambda *_: print(text, flush=True)
"""


def run(body: str) -> tuple[list[str], str, int]:
    """What a script prints line by line, what it says on stderr, and how it ends."""
    code = PREAMBLE + textwrap.dedent(body)
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return done.stdout.split("\n")[:-1], done.stderr, done.returncode


ENDS = {
    "return": ("pass", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "exception": ("raise RuntimeError('uncaught')", 1),
    "exit in a thread": ("t = threading.Thread(target=sys.exit); t.start(); t.join()", 0),
    "interrupt": ("import signal; signal.raise_signal(signal.SIGINT)", -2),
}


@pytest.mark.parametrize("end", ENDS)
def test_handlers_and_callbacks_run(end: str) -> None:
    """At every end that runs Python to its end, the youngest component first."""
    statement, expected = ENDS[end]
    lines, _errors, code = run(
        f"""
        service.track_resource(components[0], "custom", [1], cleanup=says("first"))
        service.track_resource(components[1], "custom", [2], cleanup=says("second"))
        service.register_cleanup(components[0], says("callback"))
        {statement}
        """
    )
    assert (lines, code) == (["second", "callback", "first"], expected)


@pytest.mark.parametrize("error", ["ValueError('no')", "SystemExit(5)", "KeyboardInterrupt"])
def test_after_an_exception_in_one_handler_the_others_run(error: str) -> None:
    """A handler or callback that raises, whatever it raises, ends nothing else."""
    lines, _errors, _code = run(
        f"""
        def fail(*_):
            raise {error}
        service.track_resource(components[0], "custom", [1], cleanup=says("a"))
        service.track_resource(components[0], "custom", [2], cleanup=fail)
        service.track_resource(components[0], "custom", [3], cleanup=says("b"))
        service.register_cleanup(components[1], fail)
        service.register_cleanup(components[1], says("c"), priority=1)
        sys.exit()
        """
    )
    assert lines == ["c", "b", "a"]


def test_one_component_that_is_stuck_does_not_hold_up_the_others() -> None:
    """What another thread is cleaning up comes last, and its name is in the log."""
    lines, errors, code = run(
        """
        service._tracking.closing._timeout = 0.2
        begun = threading.Event()
        service.register_cleanup(components[1], lambda: (begun.set(), threading.Event().wait()))
        service.track_resource(components[0], "custom", [1], cleanup=says("closed"))
        threading.Thread(
            target=service.cleanup_component, args=(components[1],), daemon=True, name="stuck"
        ).start()
        begun.wait()
        """
    )
    assert (lines, code) == (["closed"], 0)
    assert "1 is being cleaned up by thread stuck, which has not ended within 0.2 s" in errors


def test_a_cleanup_manager_runs_at_exit() -> None:
    """Callbacks and resources of a ResourceCleanupManager, the failing ones among them."""
    lines, _errors, code = run(
        """
        manager = ResourceCleanupManager(service)
        manager.add_cleanup_callback(says("callback"))
        manager.add_cleanup_callback(lambda: 1 // 0)
        manager.register_resource("first", says("first"))
        manager.register_resource("failing", lambda: 1 // 0)
        manager.register_resource("last", C(), says("last"))
        undo = manager.register_resource("undone", says("undone"))
        undo()
        sys.exit(4)
        """
    )
    assert (lines, code) == (["callback", "last", "first"], 4)


def test_a_pool_is_closed_at_exit() -> None:
    """What is idle and what is lent are closed."""
    lines, _errors, code = run(
        """
        numbers = iter("ab")
        pool = ResourcePool(lambda: [next(numbers)], service=service, close=lambda one: print(*one))
        first, second = pool.lease(), pool.lease()
        first.release()
        """
    )
    assert (lines, code) == (["b", "a"], 0)


def test_what_is_registered_after_close_is_closed_at_exit_too() -> None:
    """Closing a service is no end of its duty."""
    lines, _errors, _code = run(
        """
        service.close()
        service.register_component(components[0], "again")
        service.track_resource(components[0], "custom", [1], cleanup=says("closed"))
        """
    )
    assert lines == ["closed"]


def test_what_was_closed_is_not_closed_again() -> None:
    """After a clean-up there is nothing left to do at exit."""
    lines, errors, code = run(
        """
        service.track_resource(components[0], "custom", [1], cleanup=says("once"))
        service.cleanup_component(components[0])
        """
    )
    assert (lines, errors, code) == (["once"], "", 0)


def test_the_ticker_does_not_keep_the_process_alive() -> None:
    """A service with a ticker that nobody closed ends with the program."""
    lines, errors, code = run(
        """
        ticking = ResourceManagementService(tick_seconds=0.01)
        ticking.register_component(components[0], "ticking")
        ticking.track_resource(components[0], "custom", [1], cleanup=says("closed"))
        """
    )
    assert (lines, errors, code) == (["closed"], "", 0)
