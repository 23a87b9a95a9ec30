"""A simple model of the service: who holds what, in lists and sums, with no cleverness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from budgetinator.resources import ComponentState
from tests.resources.things import Component

__all__ = ["Model", "ModelComponent", "ModelRecord", "Tracked"]


class Thing:
    """A resource that can be referenced weakly."""


@dataclass(eq=False)
class Tracked:
    """One object that is tracked, once or more, always with the same size."""

    size: int
    weak: bool
    held: Any = None
    """The object as long as the test itself holds it."""

    def make(self) -> Any:
        self.held = Thing() if self.weak else bytearray(1)
        return self.held


@dataclass(eq=False)
class ModelRecord:
    key: str
    what: Tracked
    kind: str
    size: int | None
    strong: bool
    fails: list[bool] = field(default_factory=list)
    """Not empty while its handler raises; the handler shares this list."""


@dataclass(eq=False)
class ModelComponent:
    name: str
    alive: Component | None
    state: ComponentState = ComponentState.LOADED
    records: list[ModelRecord] = field(default_factory=list)
    parent: ModelComponent | None = None
    children: list[ModelComponent] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.state is not ComponentState.DESTROYED


class Model:
    """Components by name; what each operation leaves of them."""

    def __init__(self) -> None:
        self.components: list[ModelComponent] = []
        self.tracked = 0
        self.cleaning = 0

    def records(self) -> Iterator[ModelRecord]:
        for component in self.components:
            yield from component.records

    def owner(self, record: ModelRecord) -> ModelComponent:
        return next(one for one in self.components if record in one.records)

    def register(self, name: str, component: Component) -> ModelComponent:
        """A new component, or a new life of one that was cleaned up."""
        known = next((one for one in self.components if one.alive is component), None)
        new = ModelComponent(name, component)
        if known is not None:
            new.records = known.records
            self._strike(known)
        self.components.append(new)
        return new

    def clean(self, component: ModelComponent) -> bool:
        """Whether everything could be closed."""
        self.cleaning += 1
        cleaned = [self.clean(child) for child in component.children]
        clean = all(cleaned)
        component.state = ComponentState.DESTROYED
        for record in reversed(tuple(component.records)):
            if record in component.records:  # else its object has gone with another record
                clean = self.close(record) and clean
        self.cleaning -= 1
        for one in tuple(self.components):
            if one.alive is None and not self.cleaning:
                self.forget(one)
        return clean

    def forget(self, component: ModelComponent) -> None:
        if not component.records:
            self._strike(component)

    def bury(self, component: ModelComponent) -> bool:
        """The component has died; whether everything could be closed."""
        component.alive = None
        return self.clean(component)

    def close(self, record: ModelRecord) -> bool:
        if record.fails:
            return False
        self.drop(record)
        return True

    def drop(self, record: ModelRecord) -> None:
        self.owner(record).records.remove(record)
        self.let_die(record.what)

    def let_die(self, what: Tracked) -> None:
        """An object that neither the test nor a record holds is gone from all of its records."""
        mine = [record for record in self.records() if record.what is what]
        if what.held is None and not any(record.strong for record in mine):
            for record in mine:
                owner = self.owner(record)
                owner.records.remove(record)
                if owner.alive is None and not self.cleaning:
                    self.forget(owner)

    # Sums

    def counts(self, components: Iterable[ModelComponent]) -> dict[str, int]:
        found: dict[str, int] = {}
        for component in components:
            for record in component.records:
                found[record.kind] = found.get(record.kind, 0) + 1
        return found

    def is_charged(self, what: Tracked) -> bool:
        return any(record.what is what and record.size for record in self.records())

    def bytes(self) -> int:
        charged = {record.what for record in self.records() if record.size}
        return sum(what.size for what in charged)

    def bounds(self, component: ModelComponent) -> tuple[int, int]:
        """At least what only this component tracks, at most everything that it tracks."""
        mine = {record.what for record in component.records if record.size}
        others = {
            record.what
            for record in self.records()
            if record.size and record not in component.records
        }
        return sum(w.size for w in mine - others), sum(w.size for w in mine)

    def shared(self) -> int:
        sized = [record for record in self.records() if record.size]
        return len(sized) - len({record.what for record in sized})

    def _strike(self, component: ModelComponent) -> None:
        self.components.remove(component)
        if component.parent is not None:
            component.parent.children.remove(component)
        for child in component.children:
            child.parent = None
