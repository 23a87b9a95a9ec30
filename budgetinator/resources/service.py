"""The resource management service: the one place that knows who holds what.

Its methods are those of seeds 000 and 003. Tracking and releasing a resource
that is held weakly and has no more than a type and a size is written out here
in one function each, because it must cost no more than a `weakref.finalize`;
everything else goes through `tracking`, `closing` and `limits`.

All methods may be called from any thread. No callback, clean-up handler or
signal runs while a lock of the service is held.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any
from weakref import getweakrefcount

from budgetinator.errors import ComponentNotRegistered
from budgetinator.resources import observing
from budgetinator.resources.catalog import Catalog
from budgetinator.resources.components import Components
from budgetinator.resources.kinds import (
    Cleanup,
    ComponentState,
    Hold,
    ReleaseOutcome,
    ResourceType,
    Snapshot,
    TrackedResource,
    TypeLike,
)
from budgetinator.resources.ledger import Ledger
from budgetinator.resources.limits import Policy
from budgetinator.resources.longholds import LongHolds
from budgetinator.resources.managed import Managed
from budgetinator.resources.owners import Holding, Owner
from budgetinator.resources.references import Record, RichRecord
from budgetinator.resources.scope import Scope
from budgetinator.resources.signals import Signal
from budgetinator.resources.ticker import Ticker
from budgetinator.resources.tracking import Options, Tracking

__all__ = ["ResourceManagementService"]

log = logging.getLogger("budgetinator.resources")

_RELEASED, _UNKNOWN = ReleaseOutcome.RELEASED, ReleaseOutcome.UNKNOWN


class ResourceManagementService:
    """Registers components, tracks what they hold, and lets go of it.

    `tick_seconds` starts a background thread with the first component that
    books deaths and reports what is held too long even when nobody calls;
    None leaves that to the calls, or to a timer that calls `tick`.
    `held_too_long` (seconds) is the age from which a resource is reported.
    `cleanup_timeout` (seconds) bounds the wait for another thread's clean-up.

    Signals: `resource_tracked(component_id, resource_id, type)`,
    `resource_released(component_id, resource_id)`,
    `component_registered(component_id)`, `component_cleanup(component_id)`,
    `memory_threshold_exceeded(component_id, bytes)`; the component id of a
    global limit is the empty text. They are emitted in the calling thread.
    """

    def __init__(
        self,
        *,
        debug: bool = False,
        tick_seconds: float | None = None,
        held_too_long: float | None = None,
        cleanup_timeout: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.resource_tracked: Signal[str, str, str] = Signal("resource_tracked")
        self.resource_released: Signal[str, str] = Signal("resource_released")
        self.component_registered: Signal[str] = Signal("component_registered")
        self.component_cleanup: Signal[str] = Signal("component_cleanup")
        self.memory_threshold_exceeded: Signal[str, int] = Signal("memory_threshold_exceeded")
        self.ledger = ledger = Ledger(Catalog(), clock)
        self._tracking = Tracking(self, ledger, cleanup_timeout)
        self._long_holds = LongHolds(ledger, held_too_long)
        self._components = Components(self, ledger, self._tracking)
        self._ticker = Ticker(self, tick_seconds)
        self._dead = ledger.dead
        self._on_death = ledger.dead.append
        self._owners = ledger.owners
        self._serial = ledger.serial
        self._clock = clock
        self._lock = ledger.lock
        self.set_debug(debug)

    # Components

    def register_component(
        self, component: Any, component_id: str, component_type: str = "plugin"
    ) -> None:
        """Register an object, held weakly, under an id for reports.

        Registering it again logs a warning and changes nothing, as in seed
        003; after its clean-up it begins a new life. When the object is
        collected, what it still holds is closed: in the thread that registered
        it if that one calls the service again, else by the ticker.
        """
        if self._components.register(component, component_id, component_type):
            log.info("Registered component: %s (type: %s)", component_id, component_type)
            self.component_registered.emit(component_id)
            self._ticker.start()

    def unregister_component(self, component: Any) -> None:
        """Clean up with `force`, then forget; kept if something could not be closed."""
        self._components.unregister(component)

    def cleanup_component(self, component: Any, force: bool = False) -> None:
        """Take a component down: children, callbacks, then resources, last in first out.

        Everything is tried. Failures come out together in an ExceptionGroup,
        or are only logged with `force`; what failed to close stays tracked and
        the call can be repeated. An object that is not registered is no error.
        """
        self._settle()
        owner = self.ledger.owner_of(component)
        if owner is not None:
            self._tracking.closing.cleanup(owner, force=force)

    def register_cleanup(
        self, component: Any, callback: Callable[[], object], priority: int = 0
    ) -> Callable[[], None]:
        """Run `callback` when the component is cleaned up; returns the undo.

        Lower priorities run first (seed 000), equal ones last in, first out.
        A bound method is held weakly.
        """
        return self._components.register_cleanup(self.owner(component), callback, priority)

    def add_child(self, parent: Any, child: Any) -> None:
        """Make a component part of another one: it is cleaned up before that."""
        self._components.add_child(self.owner(parent), self.owner(child))

    def set_component_state(self, component: Any, state: ComponentState) -> None:
        """Note the state that a component says it is in; no effect if not registered."""
        self._components.set_state(component, state)

    def get_component_state(self, component: Any) -> ComponentState | None:
        """Its state, or None if it is not registered."""
        owner = self.ledger.owner_of(component)
        return owner.state if owner is not None else None

    # Resources

    def track_resource(  # noqa: C901 - one function, for the reason at the head of the module
        self,
        component: Any,
        resource_type: TypeLike,
        resource: Any,
        size_bytes: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        hold: Hold | None = None,
        cleanup: Cleanup | None = None,
        name: str | None = None,
        may_evict: Callable[[Any], bool] | None = None,
    ) -> str:
        """Track a resource of a registered component; returns its id.

        `cleanup` (or `cleanup_func` in the metadata, as in seed 003) is called
        with the resource when it is released, in place of what its type does.
        `hold` is "weak" where the object allows it, unless its type must
        finish (worker, thread, file handle, workbook). `resource` may be None:
        then only the size is booked. `may_evict` says whether a resource may
        be closed under the policy "evict" at this moment.

        Raises ComponentNotRegistered, ComponentDestroyed, UnknownResourceType,
        LimitExceeded.
        """
        if self._dead:
            self._settle()
        try:
            owner = self._owners[id(component)]
            holding = owner.holdings[resource_type.slot]  # type: ignore[union-attr]
            if (
                not holding.fast
                or metadata
                or hold is not None
                or cleanup is not None
                or name is not None
                or may_evict is not None
            ):
                raise KeyError
            record = Record(resource, self._on_death)
        except (KeyError, AttributeError, TypeError):
            options = Options(size_bytes, metadata, hold, cleanup, name, may_evict)
            return self._tracking.track(component, resource_type, resource, options)
        ledger = self.ledger
        now = self._clock()
        if now > ledger.until:
            ledger.tick(now)
        record.at = ledger.moment
        record.holding = holding
        record.size = size_bytes
        if not size_bytes:
            record.key = key = f"{self._serial()}"
            holding.plain[key] = record
        else:
            with self._lock:  # whoever tracks the same object next finds this record charged
                alone = size_bytes > 0 and not owner.watched and getweakrefcount(resource) == 1
                if alone:
                    owner.bytes += size_bytes
                    ledger.bytes += size_bytes
                    record.key = key = f"{self._serial()}"
                    holding.plain[key] = record
            if not alone:
                options = Options(size_bytes)
                return self._tracking.track(component, resource_type, resource, options)
        if not holding.fast:
            self.withdraw(record)
        for slot in self.resource_tracked.slots:
            try:
                slot(owner.component_id, key, holding.kind.name)
            except Exception as error:  # noqa: BLE001 - foreign code, as in Signal.emit
                self.resource_tracked.complain(error)
        return key

    def release_resource(self, component: Any, resource_id: str) -> ReleaseOutcome:
        """Close a resource and forget it; true if that is what happened.

        The outcome says whether it was unknown, failed to close (it stays
        tracked then, and the release can be tried again), or is being closed
        by another call at this moment.
        """
        try:
            owner = self._owners[id(component)]
        except KeyError:
            return _UNKNOWN
        for holding in owner.held:
            record = holding.plain.pop(resource_id, None)
            if record is not None:
                break
        else:
            return self._tracking.release(owner, resource_id)
        if record.size:
            ledger = self.ledger
            with self._lock:
                if owner.watched or ledger.shared:
                    ledger.settle_bytes(record)
                else:
                    owner.bytes -= record.size
                    ledger.bytes -= record.size
                    record.size = None
        for slot in self.resource_released.slots:
            try:
                slot(owner.component_id, resource_id)
            except Exception as error:  # noqa: BLE001 - foreign code, as in Signal.emit
                self.resource_released.complain(error)
        return _RELEASED

    def managed_resource(
        self, component: Any, resource_type: TypeLike, source: Any = None
    ) -> AbstractContextManager[Any]:
        """Track for one `with` block: `source` is the object, or the function that makes it.

        Without a source the block gets a Scope of this type, with `add(resource)`.
        """
        self.ledger.catalog.kind(resource_type)
        if source is None:
            return self.scope(component, resource_type)
        return Managed(self, component, resource_type, source)

    def scope(self, component: Any, resource_type: TypeLike = ResourceType.CUSTOM) -> Scope:
        """A `with` block whose resources are released, last in first out, at its end."""
        self.owner(component)
        return Scope(self, component, resource_type)

    def evict_idle(self) -> int:
        """Close everything that may go, oldest first; how many there were.

        That is what is expendable by its type or says so through `may_evict`,
        and is not protected.
        """
        return self._tracking.pressure.evict_all()

    def protect(self, resource_id: str) -> Callable[[], None]:
        """Keep a resource from eviction, and close it last; returns the undo."""
        return self._tracking.protect(resource_id)

    def resize_resource(self, resource_id: str, size_bytes: int) -> None:
        """Book that a resource has grown or shrunk; UnknownResource if it is not live."""
        self._tracking.resize(resource_id, size_bytes)

    def migrate_resource(self, resource_id: str, to_component: Any) -> None:
        """Hand a resource to another component; it keeps its id, size and handler."""
        self._tracking.migrate(resource_id, self.owner(to_component))

    def register_resource_type(
        self,
        name: str,
        *,
        cleanup: Cleanup | None = None,
        hold: Hold = "weak",
        expendable: bool = False,
    ) -> Callable[[], None]:
        """Add a resource type under a name that every call then takes; returns the undo.

        `expendable` resources may be evicted without being asked.
        """
        return self.ledger.catalog.register(name, cleanup=cleanup, hold=hold, expendable=expendable)

    # Limits

    def set_memory_limit(
        self,
        component_id: str,
        limit_bytes: int | None,
        *,
        low_bytes: int | None = None,
        policy: Policy = "warn",
    ) -> None:
        """Bytes that the components of this id may hold each; None takes the limit away.

        `low_bytes` is the mark at which an excursion ends, 80 % if not given.
        May be set before the component is registered.
        """
        self._tracking.pressure.limit_component(component_id, limit_bytes, low_bytes, policy)

    def set_global_memory_limit(
        self,
        limit_bytes: int | None,
        *,
        low_bytes: int | None = None,
        policy: Policy = "warn",
    ) -> None:
        """Bytes that all components together may hold; None takes the limit away."""
        self._tracking.pressure.limit_all(limit_bytes, low_bytes, policy)
        self._tracking.replan()

    def set_resource_limit(
        self,
        component_id: str,
        resource_type: TypeLike,
        count: int | None,
        *,
        policy: Policy = "refuse",
    ) -> None:
        """How many resources of a type the components of this id may hold each."""
        self._tracking.pressure.limit_count(component_id, resource_type, count, policy)

    # Questions

    def get_memory_usage(self) -> dict[str, int]:
        """Bytes by component id."""
        self._settle()
        return observing.memory_usage(self.ledger)

    def get_component_memory_usage(self, component: Any) -> int:
        """Bytes of one component; 0 if it is not registered."""
        self._settle()
        owner = self.ledger.owner_of(component)
        return owner.bytes if owner is not None else 0

    def get_resource_count(self, component: Any = None) -> dict[str, int]:
        """How many resources there are by type, of one component or of all."""
        self._settle()
        if component is None:
            return self.ledger.counts()
        owner = self.ledger.owner_of(component)
        return self.ledger.counts(owner) if owner is not None else {}

    def get_statistics(self) -> dict[str, Any]:
        """The keys of seed 003, and `memory_bytes` for all components together."""
        self._settle()
        return observing.statistics(self.ledger)

    def snapshot(self) -> Snapshot:
        """Everything that is held, seen once, frozen; the totals are those of its parts."""
        self._settle()
        return observing.snapshot(self.ledger)

    def get_resource(self, resource_id: str) -> TrackedResource | None:
        """One resource as it stands now, or None if no live one has this id."""
        record = self.ledger.find(resource_id)
        return observing.tracked_resource(self.ledger, record) if record is not None else None

    def held_too_long(self, seconds: float | None = None) -> tuple[TrackedResource, ...]:
        """What has been held for longer than the threshold (or `seconds`), oldest first."""
        self._settle()
        return self._long_holds.find(seconds)

    # Running and ending

    def died_holding(self) -> tuple[tuple[str, int], ...]:
        """The latest 100 components that were collected with live resources, and how many."""
        self._settle()
        return tuple(self._tracking.bereaved)

    @property
    def debug(self) -> bool:
        """Whether the place in the code at which each resource is tracked is noted."""
        return self._tracking.debug

    def set_debug(self, on: bool) -> None:
        """Note creation sites from now on, or no longer; costs some microseconds a resource."""
        self._tracking.set_debug(on)

    def tick(self) -> None:
        """Book deaths, close what dead components left, report what is held too long.

        The ticker thread calls this; a program with an event loop may call it
        from a timer instead.
        """
        self._tracking.tick()
        self._long_holds.report()

    def _periodic_cleanup(self) -> None:
        """Seed 003's name for `tick`."""
        self.tick()

    def _emergency_cleanup(self) -> None:
        """Clean up every component, whatever fails; called at the end of the process."""
        log.info("ResourceManagementService: emergency cleanup initiated")
        self._components.cleanup_all()
        log.info("ResourceManagementService: emergency cleanup complete")

    def close(self) -> None:
        """Clean up every component and end the ticker; may be called twice."""
        self._ticker.stop()
        self._components.close()

    # For the modules of this package

    def owner(self, component: Any) -> Owner:
        """The owner that stands for a component; ComponentNotRegistered if there is none."""
        owner = self.ledger.owner_of(component)
        if owner is None:
            raise ComponentNotRegistered(
                f"{type(component).__name__} object is not registered; call "
                "register_component first."
            )
        return owner

    def track_in(
        self,
        holding: Holding,
        resource: Any,
        *,
        size_bytes: int | None,
        cleanup: Cleanup | None,
        name: str | None,
    ) -> str:
        """Track in a scope's own holding."""
        options = Options(size_bytes, None, None, cleanup, name, None)
        return self._tracking.enter(holding, resource, options)

    def failure_of(self, resource_id: str) -> BaseException | None:
        """What the last clean-up of a resource raised, while it stays tracked."""
        record = self.ledger.find(resource_id)
        return record.failure if isinstance(record, RichRecord) else None

    def end_scope(self, holdings: list[Holding], *, plain: bool) -> list[BaseException]:
        """Release what a scope held and forget its holdings; what failed, in order.

        `plain` says that nothing in them has a size.
        """
        return self._tracking.end_scope(holdings, plain=plain)

    def announce(self, record: Record) -> None:
        """Tell the listeners that a record was entered."""
        self._tracking.tell_tracked(record)

    def withdraw(self, record: Record) -> None:
        """Undo a tracking that met a clean-up which had begun meanwhile, or accept it."""
        self._tracking.withdraw(record)

    def _settle(self) -> None:
        if self._dead or self._tracking.orphans:
            self._tracking.settle()
