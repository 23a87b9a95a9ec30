"""Owners: a registered component as the book sees it, and what it holds of each type."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from budgetinator.errors import ComponentDestroyed
from budgetinator.resources.catalog import Kind
from budgetinator.resources.kinds import ComponentState
from budgetinator.resources.limits import ByteLimit, CountLimit
from budgetinator.resources.references import Callback, Record, RichRecord

__all__ = ["Cleaning", "ComponentRef", "Holding", "Owner", "in_order"]


class ComponentRef(weakref.ref[Any]):
    """The weak reference to a component; leads to its owner after its death."""

    __slots__ = ("owner",)

    owner: Owner


class Holding:
    """What one owner holds of one kind, or holds of it in one scope."""

    __slots__ = ("ended", "fast", "kind", "owner", "plain", "rich")

    def __init__(self, owner: Owner, kind: Kind) -> None:
        self.owner = owner
        self.kind = kind
        self.plain: dict[str, Record] = {}
        self.rich: dict[str, RichRecord] = {}
        self.fast = False
        self.ended = False
        """Whether it belonged to a scope that is over: nothing may be put here any more."""

    def __len__(self) -> int:
        return len(self.plain) + len(self.rich)

    def get(self, key: str) -> Record | None:
        return self.plain.get(key) or self.rich.get(key)

    def put(self, record: Record) -> None:
        record.holding = self
        if isinstance(record, RichRecord):
            self.rich[record.key] = record
        else:
            self.plain[record.key] = record

    def pop(self, key: str) -> Record | None:
        return self.plain.pop(key, None) or self.rich.pop(key, None)

    def records(self) -> list[Record]:
        """A copy, made in one indivisible step for each of the two dictionaries."""
        return [*self.plain.values(), *self.rich.values()]


class Cleaning:
    """One run of a component's clean-up; whoever waits for it reads its outcome here."""

    __slots__ = ("failures", "finished", "thread")

    def __init__(self) -> None:
        self.thread = threading.current_thread()
        self.finished = threading.Event()
        self.failures: tuple[BaseException, ...] = ()


class Owner:
    """A registered component: its state, what it holds, and how it is taken down."""

    __slots__ = (
        "__weakref__",
        "address",
        "byte_limit",
        "bytes",
        "callbacks",
        "children",
        "cleaning",
        "component_id",
        "component_type",
        "count_limits",
        "destroyed_at",
        "held",
        "holdings",
        "parent",
        "ref",
        "registered_at",
        "state",
        "thread",
        "watched",
    )

    def __init__(self, component: Any, component_id: str, component_type: str) -> None:
        self.address = id(component)
        self.component_id = component_id
        self.component_type = component_type
        self.state = ComponentState.LOADED
        self.ref: Callable[[], Any] = lambda: None
        self.holdings: dict[int, Holding] = {}
        self.held: tuple[Holding, ...] = ()
        self.callbacks: list[tuple[int, int, Callback]] = []
        self.bytes = 0
        self.byte_limit: ByteLimit | None = None
        self.watched = False
        self.count_limits: dict[int, CountLimit] = {}
        self.parent: Owner | None = None
        self.children: list[Owner] = []
        self.registered_at = datetime.now().astimezone()
        self.thread = threading.current_thread()
        self.cleaning: Cleaning | None = None
        self.destroyed_at: str | None = None

    @property
    def open(self) -> bool:
        return self.state not in (ComponentState.CLEANING, ComponentState.DESTROYED)

    def is_over(self) -> bool:
        """Whether it was cleaned up after its component died, and nothing is left."""
        return not self.open and not len(self) and self.ref() is None

    def is_bare(self) -> bool:
        """Whether taking it out of the book means closing nothing and calling nobody."""
        return not (len(self) or self.callbacks or self.children or self.cleaning)

    def require_open(self) -> None:
        """Raise ComponentDestroyed, with the place, once its clean-up has begun."""
        if not self.open:
            where = f", cleaned up at {self.destroyed_at}" if self.destroyed_at else ""
            raise ComponentDestroyed(
                f"{self.component_id} is {self.state.value}{where}; nothing can be added to it "
                "until it is registered again.",
                component_id=self.component_id,
                destroyed_at=self.destroyed_at,
            )

    def __len__(self) -> int:
        return sum(map(len, self.held))

    def __bool__(self) -> bool:
        return True

    def begin_anew(self) -> Any:
        """Hold nothing, as in the child of a fork; returns what must not be dropped there."""
        inherited = [(holding.plain, holding.rich) for holding in self.held], self.callbacks
        for holding in self.held:  # records that die in the child do not find themselves here
            holding.plain, holding.rich = {}, {}
        self.bytes, self.callbacks = 0, []
        if self.state is ComponentState.CLEANING:  # by a thread that does not exist in the child
            self.state, self.cleaning = ComponentState.DESTROYED, None
        return inherited

    def records(self) -> list[Record]:
        """Everything it holds, in the order of tracking."""
        return in_order(self.copies())

    def copies(self) -> list[Record]:
        """Everything it holds, holding by holding."""
        return [record for holding in self.held for record in holding.records()]


def in_order(records: Iterable[Record]) -> list[Record]:
    """In the order of tracking, which is that of the ids."""
    return sorted(records, key=lambda record: int(record.key))
