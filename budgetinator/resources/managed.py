"""One resource for one `with` block."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from budgetinator.resources.kinds import ReleaseOutcome, TypeLike

if TYPE_CHECKING:
    from budgetinator.resources.service import ResourceManagementService

__all__ = ["Managed"]


class Managed:
    """Tracks at the beginning of the block, releases at its end.

    `source` is called to make the resource if it is callable, and is the
    resource itself otherwise. If it cannot be tracked, it is closed again.
    """

    def __init__(
        self,
        service: ResourceManagementService,
        component: Any,
        resource_type: TypeLike,
        source: Any,
    ) -> None:
        self._service = service
        self._component = component
        self._type = resource_type
        self._source = source
        self._id = ""
        self._resource: Any = None

    def __enter__(self) -> Any:
        self._service.owner(self._component)
        resource = self._source() if callable(self._source) else self._source
        self._resource = resource  # the block may go without a name for it
        try:
            self._id = self._service.track_resource(self._component, self._type, resource)
        except BaseException:
            cleanup = self._service.ledger.catalog.kind(self._type).cleanup
            if cleanup is not None:
                cleanup(resource)
            raise
        return resource

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        outcome = self._service.release_resource(self._component, self._id)
        self._resource = None
        failure = self._service.failure_of(self._id)
        if outcome is ReleaseOutcome.FAILED and failure is not None:
            raise failure
