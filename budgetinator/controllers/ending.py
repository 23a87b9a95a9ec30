"""How a controller ends: its workers under one deadline, then whatever else it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from budgetinator.controllers.parking import park, stuck_error
from budgetinator.errors import WorkerStuck
from budgetinator.resources import BaseResourceCoordinator, WorkerResourceCoordinator
from budgetinator.resources.worker_coordinator import Uncancelled
from budgetinator.resources.workers import stop_all

__all__ = ["release_component", "stop_workers"]

Tracked = tuple[Any, str | None]
"""A worker, and the id under which it is tracked."""


def stop_workers(
    workers: Iterable[Tracked],
    resources: BaseResourceCoordinator | None,
    component_id: str,
    seconds: float,
) -> list[WorkerStuck]:
    """Cancel these workers and those that the coordinator tracks, and wait for all together.

    Those that still run after `seconds` are parked, so that the clean-up of their
    component does not wait for them once more; an error for each.
    """
    known: dict[int, tuple[Any, str | None, Any]] = {
        id(worker): (worker, key, worker) for worker, key in workers
    }
    for tracked in _tracked_workers(resources):
        known.setdefault(id(tracked[0]), tracked)
    stuck = stop_all((asked for _worker, _key, asked in known.values()), seconds)
    errors = []
    for worker, key, asked in known.values():
        if any(asked is each for each in stuck):
            errors.append(stuck_error(worker, component_id, seconds))
            if resources is not None and key is not None and (service := _service(resources)):
                park(worker, service, key)
                if isinstance(resources, WorkerResourceCoordinator):
                    resources.give_up(key)
    return errors


def release_component(component: Any, resources: BaseResourceCoordinator | None) -> list[Exception]:
    """Clean the component up and forget it; what failed, each failure once."""
    service = _service(resources)
    try:
        if service is not None:
            service.cleanup_component(component)
            service.unregister_component(component)
        elif resources is not None:
            resources.cleanup_all()
    except ExceptionGroup as group:
        return _each_once(list(_leaves(group)))
    return []


def _each_once(failures: list[Exception]) -> list[Exception]:
    """The failures without those that came again: the service tries once more, and names them."""
    named = {(type(each), str(each)) for each in failures if _is_named(each)}
    return [each for each in failures if _is_named(each) or (type(each), str(each)) not in named]


def _is_named(failure: Exception) -> bool:
    return any(note.startswith("while closing ") for note in getattr(failure, "__notes__", ()))


def _tracked_workers(
    resources: BaseResourceCoordinator | None,
) -> Iterator[tuple[Any, str, Any]]:
    if not isinstance(resources, WorkerResourceCoordinator):
        return
    for key, told in resources.get_active_workers().items():
        tracked = resources.service.get_resource(key)
        worker = tracked.resource() if tracked is not None else None
        if worker is not None:
            yield worker, key, worker if told["cancel_on_cleanup"] else Uncancelled(worker)


def _service(resources: BaseResourceCoordinator | None) -> Any:
    """The coordinator's service; a double for tests has none."""
    return getattr(resources, "service", None)


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[Exception]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each
