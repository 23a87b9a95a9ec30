"""After a fork the child holds nothing of what the parent opened, and can begin its own."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from budgetinator.resources import (
    ComponentState,
    ReleaseOutcome,
    ResourceManagementService,
    ResourceType,
)
from tests.resources.things import PATIENCE, Closable, Component, Thing

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def in_child(check: Callable[[], None], *, leave: Callable[[int], None] = os._exit) -> None:
    """Run a check in a forked child, which must succeed; its traceback goes to stderr."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            check()
            status = 0
        except BaseException:  # noqa: BLE001 - the child ends here, whatever happened
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            leave(status)
    _pid, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_the_child_closes_nothing_of_the_parents(
    service: ResourceManagementService, component: Component, tmp_path: Path
) -> None:
    """A clean-up in the child runs none of the parent's handlers or callbacks."""
    mark = tmp_path / "closed"
    order: list[str] = []
    thing = Thing()
    service.register_cleanup(component, lambda: mark.write_text("callback"))
    for more in ({}, {"cleanup": lambda _t: mark.write_text("handler")}):
        service.track_resource(component, ResourceType.MEMORY, thing, 10, **more)
    service.track_resource(component, ResourceType.FILE_HANDLE, Closable("file", order))
    keys = [resource.resource_id for resource in service.snapshot().resources()]

    def child() -> None:
        assert service.get_resource_count() == {}
        assert service.get_statistics()["memory_bytes"] == 0
        assert {service.release_resource(component, key) for key in keys} == {
            ReleaseOutcome.UNKNOWN
        }
        service.cleanup_component(component)
        service.close()
        assert order == []

    in_child(child)
    assert not mark.exists()
    assert service.get_resource_count(component) == {"memory": 2, "file_handle": 1}
    assert service.get_memory_usage() == {"component": 10}
    service.cleanup_component(component)
    assert (mark.read_text(), order) == ("handler", ["file"])


def test_what_dies_in_the_child_was_not_its_own(
    service: ResourceManagementService, component: Component
) -> None:
    """The deaths of inherited objects take no bytes from the child's books."""
    things = [Thing() for _ in range(4)]
    for thing in things:
        service.track_resource(component, ResourceType.MEMORY, thing, 10)
        service.track_resource(component, ResourceType.MEMORY, thing, 10, name="twin")
    told: list[str] = []
    service.resource_released.connect(lambda _component, key: told.append(key))

    del thing

    def child() -> None:
        own = Thing()
        service.track_resource(component, ResourceType.MEMORY, own, 3)
        things.clear()
        assert service.get_memory_usage() == {"component": 3}
        assert service.get_statistics()["memory_bytes"] == 3
        assert told == []

    in_child(child)
    assert service.get_memory_usage() == {"component": 40}


def test_the_lock_is_free_in_the_child(
    service: ResourceManagementService, component: Component
) -> None:
    """A thread that holds the lock at the moment of the fork does not exist in the child."""
    locked, go = threading.Event(), threading.Event()

    def hold() -> None:
        with service._lock:
            locked.set()
            go.wait(PATIENCE)

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(PATIENCE)

    def child() -> None:
        import signal

        signal.alarm(int(PATIENCE))  # a child that waits for the lock is ended
        thing = Thing()
        key = service.track_resource(component, ResourceType.MEMORY, thing, 5, name="rich")
        assert service.get_memory_usage() == {"component": 5}
        assert service.release_resource(component, key)

    in_child(child)
    go.set()
    holder.join()


def test_a_cleanup_that_ran_at_the_fork_is_over_in_the_child(
    service: ResourceManagementService, component: Component
) -> None:
    """The thread that cleans up is the parent's: the child does not wait for it."""
    begun, go = threading.Event(), threading.Event()
    service.register_cleanup(component, lambda: (begun.set(), go.wait(PATIENCE)))
    cleaner = threading.Thread(target=service.cleanup_component, args=(component,))
    cleaner.start()
    begun.wait(PATIENCE)

    def child() -> None:
        import signal

        signal.alarm(int(PATIENCE))
        service.cleanup_component(component)
        assert service.get_component_state(component) is ComponentState.DESTROYED
        service.register_component(component, "anew")
        service.close()

    in_child(child)
    go.set()
    cleaner.join()


def test_the_child_has_a_ticker_of_its_own() -> None:
    """The thread is not there after a fork, and begins with the next component."""
    service = ResourceManagementService(tick_seconds=0.01)
    service.register_component(component := Component(), "parent's")

    def child() -> None:
        told = threading.Event()
        service.resource_released.connect(lambda *_: told.set())
        own, thing = Component(), Thing()
        service.register_component(own, "child's")
        service.track_resource(own, ResourceType.MEMORY, thing)
        del thing
        assert told.wait(PATIENCE)
        service.close()

    in_child(child)
    service.close()
    assert isinstance(component, Component)


def test_a_child_that_exits_as_usual_leaves_the_parents_files_alone(tmp_path: Path) -> None:
    """Emergency clean-up at the child's exit closes what the child opened, and only that."""
    import subprocess

    code = f"""
import os, sys
from pathlib import Path
from budgetinator.resources import ResourceManagementService, ResourceType
folder = Path({str(tmp_path)!r})
class C: pass
service, c = ResourceManagementService(), C()
service.register_component(c, "c")
def note(who):
    def touch(_resource):
        where = "parent" if os.getpid() == parent else "child"
        (folder / f"{{who}} closed in {{where}}").touch()
    return touch
parent = os.getpid()
service.track_resource(c, "custom", [1], cleanup=note("parent's"))
if os.fork() == 0:
    service.track_resource(c, "custom", [2], cleanup=note("child's"))
    sys.exit()
os.wait()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "child's closed in child",
        "parent's closed in parent",
    ]
