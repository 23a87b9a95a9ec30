"""Resource pooling (seed 000's list): expensive objects are lent, taken back and lent again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar

from budgetinator.errors import PoolClosed, PoolExhausted
from budgetinator.resources.closing import raise_all
from budgetinator.resources.interfaces import next_component_id
from budgetinator.resources.kinds import ResourceType, TypeLike
from budgetinator.resources.service import ResourceManagementService

__all__ = ["Lease", "ResourcePool"]

log = logging.getLogger("budgetinator.resources")

Resource = TypeVar("Resource")


@dataclass(slots=True)
class _Pooled(Generic[Resource]):
    resource: Resource
    resource_id: str
    made_at: float


class Lease(Generic[Resource]):
    """The right to use one pooled object until it is given back, once."""

    def __init__(self, pool: ResourcePool[Resource], pooled: _Pooled[Resource]) -> None:
        self._pool = pool
        self._held = [pooled]

    @property
    def resource(self) -> Resource:
        """The object; PoolClosed once the lease was given back."""
        for pooled in self._held:
            return pooled.resource
        raise PoolClosed("This lease was given back; ask the pool for another one.")

    def release(self, *, broken: bool = False) -> None:
        """Give the object back, or have it closed if it is broken; harmless when used twice."""
        try:
            pooled = self._held.pop()  # one step, so that two threads do not give it back twice
        except IndexError:
            return
        self._pool.take_back(pooled, broken=broken)

    def __enter__(self) -> Resource:
        return self.resource

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.release()


class ResourcePool(Generic[Resource]):
    """Objects that are expensive to make, lent out one at a time.

    `reset(object)` makes a returned object ready for the next lease, and
    `ping(object)` says before a lease whether an idle one is still good; an
    object for which either fails is closed. At most `max_idle` wait for a
    lease, none older than `max_age` seconds; at most `max_size` exist at all,
    and `lease(timeout)` waits for one to come back. `close(object)` lets one
    go; by default it is what the resource type does.

    All methods may be called from any thread. The functions given are called
    outside of every lock.
    """

    def __init__(
        self,
        factory: Callable[[], Resource],
        *,
        service: ResourceManagementService,
        reset: Callable[[Resource], object] | None = None,
        ping: Callable[[Resource], bool] | None = None,
        close: Callable[[Resource], object] | None = None,
        max_idle: int = 4,
        max_size: int | None = None,
        max_age: float | None = None,
        resource_type: TypeLike = ResourceType.CUSTOM,
        name: str = "ResourcePool",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._factory = factory
        self._service = service
        self._reset = reset
        self._ping = ping
        self._close = close
        self._max_idle = max_idle
        self._max_size = max_size
        self._max_age = max_age
        self._type = resource_type
        self._clock = clock
        self._idle: list[_Pooled[Resource]] = []
        self._size = 0
        self._closed = False
        self._changed = threading.Condition()
        service.register_component(self, next_component_id(name), "pool")
        service.register_cleanup(self, self._end)

    def lease(self, timeout: float | None = None) -> Lease[Resource]:
        """Lend an idle object that is still good, or a new one.

        Waits up to `timeout` seconds (None: without end) while `max_size`
        objects are lent; PoolExhausted then, PoolClosed after `close`.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            pooled = self._reserve(deadline)
            if pooled is None:
                return Lease(self, self._make())
            good = False
            try:
                good = self._good(pooled)
            finally:
                if not good:
                    self._discard(pooled)
            if good:
                return Lease(self, pooled)

    def close(self) -> None:
        """Close what is idle now, and what is lent as soon as it comes back.

        Everything is tried; what failed to close comes out in an ExceptionGroup.
        """
        failures: list[BaseException] = []
        for pooled in self._shut():
            self._discard(pooled)
            failure = self._service.failure_of(pooled.resource_id)
            if failure is not None:
                failures.append(failure)
        if failures:
            raise_all("A pool could not be closed", failures)

    def trim(self) -> int:
        """Close the idle objects that are too old; how many there were."""
        now = self._clock()
        with self._changed:
            old = [pooled for pooled in self._idle if self._too_old(pooled, now)]
            self._idle = [pooled for pooled in self._idle if not self._too_old(pooled, now)]
        for pooled in old:
            self._discard(pooled)
        return len(old)

    def get_statistics(self) -> dict[str, int]:
        """`size`, `idle` and `leased`."""
        with self._changed:
            return {
                "size": self._size,
                "idle": len(self._idle),
                "leased": self._size - len(self._idle),
            }

    def __enter__(self) -> ResourcePool[Resource]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _shut(self) -> list[_Pooled[Resource]]:
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._changed.notify_all()
        idle.reverse()
        return idle

    def _end(self) -> None:
        # The service takes the pool down, and closes itself what the pool made.
        self._shut()

    def _reserve(self, deadline: float | None) -> _Pooled[Resource] | None:
        with self._changed:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not self._changed.wait_for(self._available, left):
                raise PoolExhausted(
                    f"All {self._max_size} objects of the pool are lent and none came back in time."
                )
            if self._closed:
                raise PoolClosed("The pool is closed.")
            if self._idle:
                return self._idle.pop()
            self._size += 1
            return None

    def _available(self) -> bool:
        if self._closed or self._idle:
            return True
        return self._max_size is None or self._size < self._max_size

    def _make(self) -> _Pooled[Resource]:
        try:
            made_at = self._clock()
            resource = self._factory()
            resource_id = self._track(resource)
        except BaseException:
            self._shrink()
            raise
        return _Pooled(resource, resource_id, made_at)

    def _track(self, resource: Resource) -> str:
        try:
            return self._service.track_resource(
                self, self._type, resource, hold="strong", cleanup=self._close
            )
        except BaseException:
            close = self._close or self._service.ledger.catalog.kind(self._type).cleanup
            if close is not None:
                close(resource)
            raise

    def _good(self, pooled: _Pooled[Resource]) -> bool:
        if self._too_old(pooled, self._clock()):
            return False
        try:
            return self._ping is None or bool(self._ping(pooled.resource))
        # A ping that raises is an answer: the object is no good.
        except Exception:
            log.debug("A pooled object did not answer its ping", exc_info=True)
            return False

    def _too_old(self, pooled: _Pooled[Resource], now: float) -> bool:
        return self._max_age is not None and now - pooled.made_at > self._max_age

    def take_back(self, pooled: _Pooled[Resource], *, broken: bool) -> None:
        """For leases: keep the object for the next one, or close it."""
        ready = False
        try:
            ready = not broken and self._is_reset(pooled)
        finally:
            if not self._keep(pooled, ready=ready):
                self._discard(pooled)

    def _is_reset(self, pooled: _Pooled[Resource]) -> bool:
        if self._too_old(pooled, self._clock()):
            return False
        try:
            if self._reset is not None:
                self._reset(pooled.resource)
            return True
        # A reset that raises is an answer: the object cannot be lent again.
        except Exception:
            log.debug("A pooled object could not be reset", exc_info=True)
            return False

    def _keep(self, pooled: _Pooled[Resource], *, ready: bool) -> bool:
        with self._changed:
            keep = ready and not self._closed and len(self._idle) < self._max_idle
            if keep:
                self._idle.append(pooled)
                self._changed.notify()
        return keep

    def _discard(self, pooled: _Pooled[Resource]) -> None:
        try:
            self._service.release_resource(self, pooled.resource_id)
        finally:
            self._shrink()

    def _shrink(self) -> None:
        with self._changed:
            self._size -= 1
            self._changed.notify()
