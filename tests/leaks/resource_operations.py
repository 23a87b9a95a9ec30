"""Components, leases, scopes, coordinators, the clean-up manager, the journal."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from budgetinator import (
    BaseResourceCoordinator,
    Journal,
    LimitExceeded,
    ResourceManagementService,
    ResourcePool,
    ResourceType,
    WorkerResourceCoordinator,
    excel_context,
)
from budgetinator.config import ResourceOptions, Settings
from budgetinator.runtime import make_runtime
from tests.leaks.ground import Ground, Operation, refused

__all__ = ["OPERATIONS"]


class Tab:
    """Something that holds resources."""


class Thing:
    """A resource that can be weakly referenced."""

    def close(self) -> None:
        """Nothing more to it."""


def ignore(_: object) -> None:
    """A handler that does nothing."""


class Busy(Thing):
    """A resource that cannot be closed at first."""

    def __init__(self) -> None:
        self.asked = 0


def fail_once(busy: Busy) -> None:
    """A handler that fails the first time."""
    busy.asked += 1
    if busy.asked == 1:
        raise OSError("busy")


def service_of(ground: Ground) -> ResourceManagementService:
    return ground.runtime.service


def track_and_release(ground: Ground) -> None:
    service, tab = service_of(ground), Tab()
    service.register_component(tab, "tab", "ui")
    thing = Thing()
    key = service.track_resource(tab, ResourceType.CUSTOM, thing, size_bytes=100, cleanup=ignore)
    service.protect(key)()
    service.resize_resource(key, 200)
    service.release_resource(tab, key)
    service.unregister_component(tab)


def track_files_and_clean_up(ground: Ground) -> None:
    service, tab = service_of(ground), Tab()
    service.register_component(tab, "tab", "ui")
    for path in ground.others:
        service.track_resource(tab, ResourceType.FILE_HANDLE, path.open("rb"))
    service.register_cleanup(tab, lambda: None)
    service.cleanup_component(tab)


def clean_up_with_failures(ground: Ground) -> None:
    service, tab = service_of(ground), Tab()
    service.register_component(tab, "tab", "ui")
    service.track_resource(tab, ResourceType.CUSTOM, Busy(), cleanup=fail_once, hold="strong")
    with refused(ExceptionGroup):
        service.cleanup_component(tab)
    service.cleanup_component(tab)


def let_a_component_die(ground: Ground) -> None:
    service, tab = service_of(ground), Tab()
    service.register_component(tab, "tab", "ui")
    service.track_resource(tab, ResourceType.CUSTOM, Thing())
    service.track_resource(tab, ResourceType.CUSTOM, thing := Thing())
    del tab
    del thing
    service.tick()


def manage_a_parent_and_its_child(ground: Ground) -> None:
    service, parent, child = service_of(ground), Tab(), Tab()
    service.register_component(parent, "parent", "ui")
    service.register_component(child, "child", "ui")
    service.add_child(parent, child)
    key = service.track_resource(parent, ResourceType.CUSTOM, thing := Thing())
    service.migrate_resource(key, child)
    service.cleanup_component(parent)
    del thing


def use_a_scope(ground: Ground) -> None:
    service, tab = service_of(ground), Tab()
    service.register_component(tab, "tab", "ui")
    with service.scope(tab) as scope:
        for _ in range(3):
            scope.add(Thing())
    with service.managed_resource(tab, ResourceType.FILE_HANDLE, ground.text.open):
        pass
    service.unregister_component(tab)


def reach_a_limit(ground: Ground) -> None:
    service, tab = service_of(ground), Tab()
    service.register_component(tab, "limited", "ui")
    service.set_memory_limit("limited", 100, policy="refuse")
    with refused(LimitExceeded):
        service.track_resource(tab, ResourceType.CUSTOM, Thing(), size_bytes=200)
    service.set_memory_limit("limited", None)
    service.unregister_component(tab)


def listen_to_signals(ground: Ground) -> None:
    service, tab = service_of(ground), Tab()
    heard: list[tuple[object, ...]] = []

    def hear(*what: object) -> None:
        heard.append(what)

    service.resource_tracked.connect(hear)
    service.register_component(tab, "tab", "ui")
    service.track_resource(tab, ResourceType.CUSTOM, thing := Thing())
    service.unregister_component(tab)
    service.resource_tracked.disconnect(hear)
    assert len(heard) == 1
    del thing


def coordinate(ground: Ground) -> None:
    tab = Tab()
    coordinator = BaseResourceCoordinator("coordinated", service_of(ground))
    coordinator.bind_to_component(tab)
    key = coordinator.track_resource(Thing(), ResourceType.CUSTOM, hold="strong")
    coordinator.release(key)
    coordinator.track_resource(Thing(), ResourceType.CUSTOM, hold="strong")
    coordinator.get_statistics()
    coordinator.cleanup_all()
    service_of(ground).unregister_component(tab)


def coordinate_workers(ground: Ground) -> None:
    tab = Tab()
    coordinator = WorkerResourceCoordinator("workers", service_of(ground))
    coordinator.bind_to_component(tab)
    stop = threading.Event()
    worker = threading.Thread(target=stop.wait)
    worker.start()
    coordinator.track_worker(worker, "worker")
    stop.set()
    worker.join()
    coordinator.cancel_all_workers()
    coordinator.cleanup_all()
    service_of(ground).unregister_component(tab)


def pool_things(ground: Ground) -> None:
    with ResourcePool(Thing, service=service_of(ground), max_idle=1) as pool:
        with pool.lease() as first, pool.lease() as second:
            assert first is not second
        pool.trim()


def register_clean_ups(ground: Ground) -> None:
    manager = ground.runtime.cleanup_manager
    manager.add_cleanup_callback(lambda: None)()
    manager.register_resource("one", lambda: None)
    manager.register_resource("two", Thing(), ignore)
    manager.cleanup_resource("one")
    manager.unregister_resource("two")
    manager.get_resource_stats()


def record_in_the_journal(ground: Ground) -> None:
    with Journal(ground.folder / "state") as journal:
        forget = journal.opened(ground.budget, component_id="tab", mode="edit", size_bytes=100)
        journal.entries()
        forget()


def open_with_a_journal(ground: Ground) -> None:
    with (
        make_runtime(Settings(resources=ResourceOptions(state_dir=str(ground.folder)))) as runtime,
        excel_context(ground.budget, service=runtime.surroundings) as workbook,
    ):
        assert workbook["Budget"]["A1"].value == "Travel"


OPERATIONS: Mapping[str, Operation] = {
    "service, tracked, protected, resized and released": track_and_release,
    "service, files closed with their component": track_files_and_clean_up,
    "service, a clean-up that fails at first": clean_up_with_failures,
    "service, a component that dies after what it held": let_a_component_die,
    "service, a parent, its child, and a migration": manage_a_parent_and_its_child,
    "service, a scope and a managed resource": use_a_scope,
    "service, a limit that refuses": reach_a_limit,
    "service, a listener": listen_to_signals,
    "coordinator": coordinate,
    "coordinator of workers": coordinate_workers,
    "pool of things": pool_things,
    "clean-up manager": register_clean_ups,
    "journal": record_in_the_journal,
    "runtime, made, used with its journal, and closed": open_with_a_journal,
}
