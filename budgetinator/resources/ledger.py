"""Who holds what: owners, what they hold of each type, and the sums.

One lock guards every change that takes more than one step, and nothing is
called out from under it: no callback, handler or signal. Plain tracking and
releasing take no lock at all. They consist of single dictionary operations,
which the interpreter makes indivisible, and their counts are the lengths of
those dictionaries; so a monitor that polls cannot hold up anyone who works.

Components are found by identity (id -> owner, checked with `is`): equal ones
are not merged, unhashable ones are welcome.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from budgetinator.resources.catalog import Catalog, Kind
from budgetinator.resources.limits import ByteLimit
from budgetinator.resources.owners import ComponentRef, Holding, Owner
from budgetinator.resources.references import Record, RichRecord

__all__ = ["Ledger"]

MOMENT = 0.010
"""Seconds for which records share one time stamp: a stamp of its own would add 32 bytes to each."""


class Ledger:
    """The book of one service."""

    def __init__(self, catalog: Catalog, clock: Callable[[], float] = time.monotonic) -> None:
        self.lock = threading.RLock()
        self.catalog = catalog
        self.owners: dict[int, Owner] = {}
        """Address -> owner, for those whose component lives."""
        self.everyone: dict[int, Owner] = {}
        """id(owner) -> owner, with those whose component died and left resources."""
        self.dead: deque[Any] = deque()
        self._count = itertools.count(1)
        self.serial = self._count.__next__
        self.clock = clock
        self.moment = clock()
        """The time stamp that new records share."""
        self.until = self.moment + MOMENT
        """When the next stamp is due."""
        self.on_tick: Callable[[], None] | None = None
        self.bytes = 0
        self.shared = 0
        """How many records are not charged because another one of the same object is."""
        self.global_limit: ByteLimit | None = None
        self.plain = True
        """Whether plain tracking may go without the lock: nothing needs to be noted."""
        self._epoch = (datetime.now().astimezone(), self.moment)
        self._by_identity: dict[int, list[RichRecord]] = {}
        self._inherited: list[Any] = []
        self._inherited_to = 0
        """The last id that was given before the last fork."""

    def is_locked(self) -> bool:
        """Whether this thread is in the midst of a change."""
        return self.lock._is_owned()  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001

    # Owners

    def owner_of(self, component: Any) -> Owner | None:
        """The owner that stands for this very object, if it is registered."""
        owner = self.owners.get(id(component))
        return owner if owner is not None and owner.ref() is component else None

    def enter(self, owner: Owner, component: Any) -> None:
        """Book a new owner; its component is held weakly where that can be."""
        try:
            ref = ComponentRef(component, self.dead.append)
            ref.owner = owner
            owner.ref = ref
        except TypeError:
            owner.ref = lambda: component
        with self.lock:
            self.owners[owner.address] = owner
            self.everyone[id(owner)] = owner

    def inherit(self, before: Owner | None, owner: Owner) -> None:
        """Begin a component's new life with what its last one could not close."""
        if before is None:
            return
        with self.lock:
            for record in before.records():
                self.move(record, self.holding(owner, record.holding.kind))
            self.strike(before)

    def strike(self, owner: Owner) -> None:
        """Take an owner out of the book, with its place among parents and children."""
        with self.lock:
            if self.owners.get(owner.address) is owner:
                del self.owners[owner.address]
            self.everyone.pop(id(owner), None)
            if owner.parent is not None and owner in owner.parent.children:
                owner.parent.children.remove(owner)
            for child in owner.children:
                child.parent = None

    def holding(self, owner: Owner, kind: Kind) -> Holding:
        """What the owner holds of the kind; made when first asked for."""
        with self.lock:
            if kind.slot not in owner.holdings:
                owner.holdings[kind.slot] = self.add_holding(owner, kind)
            return owner.holdings[kind.slot]

    def add_holding(self, owner: Owner, kind: Kind) -> Holding:
        """A further holding of the kind (a scope has one of its own)."""
        with self.lock:
            holding = Holding(owner, kind)
            owner.held = (*owner.held, holding)
            self.refresh(owner)
            return holding

    def end_holding(self, holding: Holding) -> None:
        """Forget a scope's holding; what could not be closed goes to the owner itself."""
        with self.lock:
            owner = holding.owner
            holding.fast, holding.ended = False, True
            left = holding.records()
            if left:
                whole = self.holding(owner, holding.kind)
                for record in left:
                    if holding.pop(record.key) is not None:
                        whole.put(record)
            owner.held = tuple(other for other in owner.held if other is not holding)

    def refresh(self, owner: Owner) -> None:
        """Decide anew which of the owner's holdings may be used without the lock."""
        with self.lock:
            free = self.plain and owner.open
            owner.watched = owner.byte_limit is not None or self.global_limit is not None
            for holding in owner.held:
                kind = holding.kind
                holding.fast = free and kind.plain and kind.slot not in owner.count_limits

    def refresh_all(self) -> None:
        with self.lock:
            for owner in self.everyone.values():
                self.refresh(owner)

    # Records

    def next_key(self) -> str:
        return str(self.serial())

    def tick(self, now: float) -> None:
        """Take a new time stamp; called by whoever sees that `until` has passed."""
        self.moment = now
        self.until = now + MOMENT
        if self.on_tick is not None:
            self.on_tick()

    def stamp(self) -> float:
        """The time of now, exact to `MOMENT`."""
        now = self.clock()
        if now > self.until:
            self.tick(now)
        return self.moment

    def wall_time(self, at: float) -> datetime:
        wall, then = self._epoch
        return wall + timedelta(seconds=at - then)

    def find(self, key: str) -> Record | None:
        """The record of this id, whoever holds it."""
        with self.lock:
            for owner in self.everyone.values():
                for holding in owner.held:
                    if (record := holding.get(key)) is not None:
                        return record
        return None

    def book(self, record: Record, holding: Holding, declared: int | None) -> None:
        """Enter a record and charge its bytes, unless another one of its object is charged."""
        with self.lock:
            size = declared
            if declared:
                if isinstance(record, RichRecord):
                    record.declared = declared
                if self.is_charged(_target(record)):
                    size = 0
                    self.shared += 1
                else:
                    holding.owner.bytes += declared
                    self.bytes += declared
            record.size = size
            self._remember(record)
            holding.put(record)

    def is_charged(self, resource: Any) -> bool:
        """Whether a tracked size of this very object is charged already."""
        with self.lock:
            return any(map(self._is_charged, self._records_of(resource)))

    def _note_fall(self, owner: Owner) -> None:
        if owner.byte_limit is not None:
            owner.byte_limit.fell_to(owner.bytes)
        if self.global_limit is not None:
            self.global_limit.fell_to(self.bytes)

    def forget(self, record: Record) -> bool:
        """Take a record out, whatever the reason; False if it was out already."""
        with self.lock:
            if not self._holds(record):  # refused, and kept by a traceback only, or gone before
                return False
            record.holding.pop(record.key)
            self.settle_bytes(record)
            if isinstance(record, RichRecord):
                record.strong = None  # whoever still lists the record does not hold the resource
            return True

    def settle_bytes(self, record: Record) -> None:
        """Give the bytes of a record that was taken out back, or charge its twin with them."""
        with self.lock:
            owner = record.holding.owner
            size, record.size = record.size, None
            if size:
                owner.bytes -= size
                self.bytes -= size
            if self.shared:
                self._pass_on(record, size)
            self._unremember(record)
            self._note_fall(owner)  # not before: what passes to a twin has not fallen

    def resize(self, record: RichRecord, size: int) -> None:
        """Charge a record for another size; one whose twin is charged stays free."""
        with self.lock:
            free, was = bool(record.declared) and not record.size, record.size or 0
            record.declared = size
            if free:
                self.shared -= not size  # it asks for nothing any more
                return
            if size and not was and self.is_charged(record.target()):
                self.shared += 1
                return
            record.size = size
            record.holding.owner.bytes += size - was
            self.bytes += size - was
            if was and not size and self.shared:
                self._pass_on(record, was)
            self._note_fall(record.holding.owner)

    def move(self, record: Record, to: Holding) -> None:
        """Hand a record to another owner, with its bytes and its id."""
        with self.lock:
            source = record.holding
            if source.pop(record.key) is None:
                return
            size = record.size or 0
            source.owner.bytes -= size
            to.owner.bytes += size
            to.put(record)
            self._note_fall(source.owner)

    def settle(self) -> tuple[list[Record], list[Owner]]:
        """Book the deaths since last time: records that went, owners whose component did."""
        gone: list[Record] = []
        bereft: list[Owner] = []
        with self.lock:
            while self.dead:
                # Taken from the queue only after it is booked: whoever finds the queue empty may
                # trust that no address in `owners` is that of a component that died.
                ref = self.dead[0]
                if isinstance(ref, ComponentRef):
                    if self.owners.get(ref.owner.address) is ref.owner:
                        del self.owners[ref.owner.address]
                    bereft.append(ref.owner)
                elif self.forget(ref):
                    gone.append(ref)
                if self.dead and self.dead[0] is ref:  # a finalizer may have settled meanwhile
                    self.dead.popleft()
        return gone, bereft

    def begin_anew(self) -> None:
        """In the child of a fork: components stay, what they held is the parent's alone."""
        # The parent's other threads, one of which may have held it, do not exist here.
        self.lock._at_fork_reinit()  # type: ignore[attr-defined]  # noqa: SLF001
        self.dead.clear()
        self._by_identity = {}
        self._inherited_to = self.tracked()
        self.bytes = self.shared = 0
        for owner in self.everyone.values():
            self._inherited.append(owner.begin_anew())
            self._note_fall(owner)

    # Sums, in a time that does not depend on how many resources there are

    def tracked(self) -> int:
        """How many were tracked since the beginning: the serial, read without taking one."""
        return int(repr(self._count)[len("count(") : -1]) - 1

    def counts(self, owner: Owner | None = None) -> dict[str, int]:
        """How many of each type there are, of those of which there are any."""
        found: dict[str, int] = {}
        for one in tuple(self.everyone.values()) if owner is None else (owner,):
            for holding in one.held:
                count = len(holding.plain) + len(holding.rich)
                if count:
                    name = holding.kind.name
                    found[name] = found.get(name, 0) + count
        return found

    # One object tracked twice counts its bytes once

    def _records_of(self, target: Any) -> list[Record]:
        """The records of an object, those of other services and unfinished ones among them."""
        if target is None:
            return []
        found: list[Any] = list(self._by_identity.get(id(target), ()))
        with contextlib.suppress(TypeError):  # it cannot be referenced weakly
            found += weakref.getweakrefs(target)
        return [ref for ref in found if isinstance(ref, Record)]

    def _holds(self, record: Record) -> bool:
        # Another thread may be in the midst of making it, and sets one after the other.
        key, holding = getattr(record, "key", None), getattr(record, "holding", None)
        return key is not None and holding is not None and holding.get(key) is record

    def _is_charged(self, record: Record) -> bool:
        """Whether its bytes are in this book.

        They still are for a moment after it was taken out without the lock.
        """
        key, holding = getattr(record, "key", None), getattr(record, "holding", None)
        if key is None or holding is None or not getattr(record, "size", None):
            return False
        return int(key) > self._inherited_to and id(holding.owner) in self.everyone

    def _pass_on(self, record: Record, size: int | None) -> None:
        if isinstance(record, RichRecord) and record.declared and not size:
            self.shared -= 1
        elif size:
            for twin in self._records_of(_target(record)):
                if isinstance(twin, RichRecord) and twin.declared and not twin.size:
                    if not self._holds(twin) or id(twin.holding.owner) not in self.everyone:
                        continue
                    self.shared -= 1
                    twin.size = twin.declared
                    twin.holding.owner.bytes += twin.size
                    self.bytes += twin.size
                    return

    def _remember(self, record: Record) -> None:
        if isinstance(record, RichRecord) and record.stands_in and record.strong is not None:
            self._by_identity.setdefault(id(record.strong), []).append(record)

    def _unremember(self, record: Record) -> None:
        if isinstance(record, RichRecord) and record.stands_in and record.strong is not None:
            held = self._by_identity.get(id(record.strong), [])
            if record in held:
                held.remove(record)
            if not held:
                self._by_identity.pop(id(record.strong), None)


def _target(record: Record) -> Any:
    return record.target() if isinstance(record, RichRecord) else record()
