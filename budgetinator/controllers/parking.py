"""Where a worker stays that did not end in time: tracked, named, and held until it ends.

Its controller is gone by then, and what the controller held is released. So the
worker is handed to a component of its own, which lives as long as the worker:
the worker's `finished` holds it. That is the one listener that is held by what
it listens to on purpose; it refers to the service and an id, and not to the worker.
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from budgetinator.errors import ResourceError, WorkerStuck
from budgetinator.resources import ResourceManagementService, next_component_id
from budgetinator.resources.workers import worker_name

__all__ = ["park", "stuck_error"]

log = logging.getLogger("budgetinator.controllers")


class ParkedWorker:
    """The component that holds one stuck worker."""

    def __init__(self, service: ResourceManagementService, resource_id: str) -> None:
        self._service = service
        self._resource_id = resource_id

    def take_over(self) -> None:
        """Become the worker's component; ResourceError if it has ended meanwhile."""
        component_id = next_component_id(type(self).__name__)
        self._service.register_component(self, component_id, "worker")
        self._service.migrate_resource(self._resource_id, self)

    def let_go(self, *_arguments: object) -> None:
        """Release the worker, which has ended, and go with it; harmless when repeated."""
        self._service.release_resource(self, self._resource_id)
        self._service.unregister_component(self)


def park(worker: Any, service: ResourceManagementService, resource_id: str) -> None:
    """Hold a stuck worker until it ends, apart from the component that started it."""
    parked = ParkedWorker(service, resource_id)
    try:
        parked.take_over()
    except ResourceError:  # it has ended in the meantime
        parked.let_go()
        return
    worker.finished.connect(_letting_go(parked))
    is_finished = getattr(worker, "isFinished", None)
    if is_finished is not None and is_finished():  # before anybody listened
        parked.let_go()


def stuck_error(worker: Any, component_id: str, seconds: float) -> WorkerStuck:
    """The error that names a stuck worker and the line that made it, which is logged as well."""
    name, site = worker_name(worker), str(getattr(worker, "created_at", "an unknown place"))
    message = (
        f"Worker {name} of {component_id} still runs {seconds:g} s after it was asked to stop; "
        f"it was made at {site}, and is held until it ends."
    )
    log.warning("%s", message)
    return WorkerStuck(message, workers=(name,), created_at=(site,), component_id=component_id)


def _letting_go(parked: ParkedWorker) -> Any:
    # Not the bound method itself: signals hold those weakly, and nobody else holds this one.
    def let_go(*_arguments: object) -> None:
        with contextlib.suppress(ResourceError):  # the service was closed before it ended
            parked.let_go()

    return let_go
