"""Tracking with all that can go with it: handlers, metadata, limits, debugging, deaths."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from budgetinator.errors import CleanupTimeout, ComponentNotRegistered, UnknownResource
from budgetinator.resources.closing import Closing
from budgetinator.resources.kinds import Cleanup, ReleaseOutcome, TypeLike
from budgetinator.resources.ledger import Ledger
from budgetinator.resources.owners import Holding, Owner, in_order
from budgetinator.resources.pressure import Pressure
from budgetinator.resources.references import Callback, Record, RichRecord
from budgetinator.resources.sites import creation_site

if TYPE_CHECKING:
    from budgetinator.resources.service import ResourceManagementService

__all__ = ["Options", "Tracking"]

log = logging.getLogger("budgetinator.resources")

BEREAVED = 100


class Options(NamedTuple):
    """What was said of a resource beyond its type."""

    size_bytes: int | None = None
    metadata: Mapping[str, Any] | None = None
    hold: str | None = None
    cleanup: Cleanup | None = None
    name: str | None = None
    may_evict: Callable[[Any], bool] | None = None


class Tracking:
    """The general path behind the service's two fast ones."""

    def __init__(
        self,
        service: ResourceManagementService,
        ledger: Ledger,
        cleanup_timeout: float,
    ) -> None:
        self._service = service
        self.ledger = ledger
        self.debug = False
        self.verbose = False
        self.closing = Closing(
            ledger,
            released=self.tell_released,
            begun=service.component_cleanup.emit,
            timeout=cleanup_timeout,
        )
        self.pressure = Pressure(service, ledger, self.closing)
        self.orphans: list[Owner] = []
        """Owners whose component died and whose thread has not called since."""
        self.bereaved: deque[tuple[str, int]] = deque(maxlen=BEREAVED)
        """The latest components that died with live resources, and how many each had."""
        ledger.on_tick = self._look_at_log_level

    # Tracking

    def track(
        self, component: Any, resource_type: TypeLike, resource: Any, options: Options
    ) -> str:
        owner = self._service.owner(component)
        kind = self.ledger.catalog.kind(resource_type)
        return self.enter(self.ledger.holding(owner, kind), resource, options)

    def enter(self, holding: Holding, resource: Any, options: Options) -> str:
        """Track in a given holding; the limits are asked before and told after."""
        size = options.size_bytes
        if size is not None and size < 0:
            raise ValueError(f"size_bytes counts bytes and cannot be {size}.")
        owner = holding.owner
        record = self._make(holding, resource, options)
        record.at = self.ledger.stamp()
        self.pressure.make_room(holding)
        with self.ledger.lock:
            self._require_open(holding)
            charged = bool(size) and self.ledger.is_charged(resource)
            self.pressure.refuse(holding, 0 if charged else size or 0)
            if charged and not isinstance(record, RichRecord):  # a plain one knows only its charge
                at = record.at
                record = RichRecord.of(resource, strong=False, on_death=self.ledger.dead.append)
                record.at = at
            record.key = self.ledger.next_key()
            self.ledger.book(record, holding, size)
        self.tell_tracked(record)
        self.pressure.relieve(owner, sparing=record)
        return record.key

    def withdraw(self, record: Record) -> None:
        """Take back what was tracked while a clean-up began; ComponentDestroyed if so.

        If the clean-up found the record already, it was tracked and released.
        """
        holding = record.holding
        if holding.owner.open and not holding.ended:
            return
        if self.ledger.forget(record):
            self._require_open(holding)

    def _make(self, holding: Holding, resource: Any, options: Options) -> Record:
        kind = holding.kind
        if not self._needs_more(holding, options):
            try:
                return Record(resource, self.ledger.dead.append)
            except TypeError:
                pass
        if options.hold not in (None, "weak", "strong"):
            raise ValueError(f'hold is "weak" or "strong", not {options.hold!r}.')
        strong = kind.strong if options.hold is None else options.hold == "strong"
        record = RichRecord.of(resource, strong=strong, on_death=self.ledger.dead.append)
        metadata = dict(options.metadata or {})
        handler = metadata.pop("cleanup_func", None)
        if options.cleanup is not None:
            handler = options.cleanup
        record.metadata = metadata
        record.cleanup = Callback(handler) if handler is not None else None
        record.may_evict = None if options.may_evict is None else Callback(options.may_evict)
        record.name = options.name or metadata.get("name")
        record.site = creation_site(3) if self.debug else None
        return record

    def _needs_more(self, holding: Holding, options: Options) -> bool:
        if self.debug or self.verbose or not holding.kind.plain:
            return True
        return any(option is not None for option in options[1:])

    def _require_open(self, holding: Holding) -> None:
        holding.owner.require_open()
        if holding.ended:
            raise ComponentNotRegistered("This scope has ended; open another one.")

    # Releasing

    def release(self, owner: Owner, key: str) -> ReleaseOutcome:
        """Close one of the owner's records that is not plain."""
        for holding in owner.held:
            if (record := holding.get(key)) is not None:
                return self.closing.close(record)
        return ReleaseOutcome.UNKNOWN

    def end_scope(self, holdings: list[Holding], *, plain: bool) -> list[BaseException]:
        """Close what a scope held, in one go where nobody needs to be told."""
        failures: list[BaseException] = []
        if plain and all(self._quiet(holding) for holding in holdings):
            for holding in holdings:
                holding.plain.clear()
        else:
            records = [record for holding in holdings for record in holding.records()]
            failures = self.closing.close_all(in_order(records))
        for holding in holdings:
            self.ledger.end_holding(holding)
        return failures

    def _quiet(self, holding: Holding) -> bool:
        return not (holding.rich or self.verbose or self._service.resource_released.slots)

    # By id alone

    def protect(self, key: str) -> Callable[[], None]:
        record = self._rich(key)
        record.protected = True

        def undo() -> None:
            record.protected = False

        return undo

    def resize(self, key: str, size: int) -> None:
        if size < 0:
            raise ValueError(f"size_bytes counts bytes and cannot be {size}.")
        with self.ledger.lock:
            record = self._rich(key)
            self.ledger.resize(record, size)
        self.pressure.relieve(record.holding.owner, sparing=record)

    def migrate(self, key: str, to: Owner) -> None:
        with self.ledger.lock:
            record = self._find(key)
            to.require_open()
            holding = self.ledger.holding(to, record.holding.kind)
            size = record.size or 0
            if record.holding.owner is not to:
                self.pressure.refuse(holding, size)
            self.ledger.move(record, holding)
        self.pressure.relieve(to, sparing=record)

    def _find(self, key: str) -> Record:
        record = self.ledger.find(key)
        if record is None:
            raise UnknownResource(f"No live resource has the id {key!r}.", resource_id=key)
        return record

    def _rich(self, key: str) -> RichRecord:
        with self.ledger.lock:
            record = self._find(key)
            if isinstance(record, RichRecord):
                return record
            target, holding = record(), record.holding
            if target is None or holding.pop(key) is None:  # it died, or was released just now
                raise UnknownResource(f"No live resource has the id {key!r}.", resource_id=key)
            rich = RichRecord.of(target, strong=False, on_death=self.ledger.dead.append)
            rich.key, rich.at = record.key, record.at
            rich.size = rich.declared = record.size
            record.size = None  # the charge is the other one's now, if somebody still sees this one
            holding.put(rich)
            return rich

    # Deaths

    def settle(self) -> None:
        """Book what died; close what dead components left, where this is their thread."""
        if self.ledger.is_locked():
            # A finalizer calls, in the midst of an operation of the same thread: nothing may be
            # called out now. The next operation settles.
            return
        self._settle_once()
        while self.ledger.dead:  # what was closed may have been all that held something else
            self._settle_once()

    def _settle_once(self) -> None:
        gone, bereft = self.ledger.settle()
        for record in gone:
            owner = record.holding.owner
            self.tell_released(owner.component_id, record.key)
            if owner.is_over():
                self.ledger.strike(owner)
        if bereft:
            with self.ledger.lock:
                self.orphans += bereft
        me = threading.current_thread()
        # Of one that left nothing there is nothing to close, in whatever thread: that of one made
        # in a thread of Qt never calls again, and Python takes it to be alive for ever.
        self._bury(
            lambda owner: owner.is_bare() or owner.thread is me or not owner.thread.is_alive()
        )

    def tick(self) -> None:
        """Settle, and close what waited for its thread since the last tick."""
        waiting = tuple(self.orphans)
        self.settle()
        self._bury(lambda owner: owner in waiting)
        self._look_at_log_level()

    def _bury(self, due: Callable[[Owner], bool]) -> None:
        """Close what dead components left, one after the other, each by one thread only."""
        while True:
            with self.ledger.lock:
                owner = next((orphan for orphan in self.orphans if due(orphan)), None)
                if owner is None:
                    return
                self.orphans.remove(owner)
            self._bury_one(owner)

    def _bury_one(self, owner: Owner) -> None:
        if len(owner):
            log.warning(
                "%s was collected while it held %d resources; they are closed now",
                owner.component_id,
                len(owner),
            )
            self.bereaved.append((owner.component_id, len(owner)))
        if len(owner) or owner.callbacks or owner.children:
            try:
                self.closing.cleanup(owner, force=True)
            except CleanupTimeout as error:  # it is being cleaned up, and does not end
                log.error("%s", error)  # noqa: TRY400 - the sentence says all
        if not len(owner):
            self.ledger.strike(owner)

    # Telling

    def tell_tracked(self, record: Record) -> None:
        component_id = record.holding.owner.component_id
        if self.verbose:
            log.debug("Tracked resource %s for %s", record.key, component_id)
        if self._service.resource_tracked.slots:
            self._service.resource_tracked.emit(component_id, record.key, record.holding.kind.name)

    def tell_released(self, component_id: str, key: str) -> None:
        if self.verbose:
            log.debug("Released resource %s for %s", key, component_id)
        if self._service.resource_released.slots:
            self._service.resource_released.emit(component_id, key)

    def set_debug(self, on: bool) -> None:
        self.debug = on
        self._look_at_log_level()
        self.replan()

    def replan(self) -> None:
        """Decide anew who may track without the lock."""
        self.ledger.plain = not (self.debug or self.verbose)
        self.ledger.refresh_all()

    def _look_at_log_level(self) -> None:
        verbose = log.isEnabledFor(logging.DEBUG)
        if verbose is not self.verbose:
            self.verbose = verbose
            self.replan()
