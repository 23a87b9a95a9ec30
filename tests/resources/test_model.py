"""Any order of operations leaves the service as a simple model says."""

from __future__ import annotations

import gc
import logging
import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from budgetinator.errors import ComponentDestroyed, LimitExceeded
from budgetinator.resources import ReleaseOutcome, ResourceManagementService
from tests.resources.model import Model, ModelComponent, ModelRecord, Tracked
from tests.resources.things import Component

DEEP = os.environ.get("BUDGETINATOR_DEEP") == "1"
KINDS = ("memory", "custom", "thumbnail")
NAMES = ("a", "b", "c", "d")
SIZES = st.sampled_from((0, 0, 1, 5, 10))


class Machine(RuleBasedStateMachine):
    """Does to a service what it does to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.service = ResourceManagementService()
        self.model = Model()
        self.things: list[Tracked] = []
        self.failed = False
        self.byte_limits: dict[str, int] = {}
        self.count_limits: dict[tuple[str, str], int] = {}
        self.told: Counter[str] = Counter()
        self.service.resource_tracked.connect(self._hear_tracked)
        self.service.resource_released.connect(self._hear_released)

    def _hear_tracked(self, _component_id: str, key: str, _kind: str) -> None:
        self.told[key] += 1

    def _hear_released(self, _component_id: str, key: str) -> None:
        self.told[key] -= 1

    def teardown(self) -> None:
        for record in self.model.records():
            record.fails.clear()
        self.service.close()
        assert self.service.get_statistics()["active_resources"] == 0
        assert self.service.get_statistics()["memory_bytes"] == 0
        assert (self.service.ledger.shared, self.service.ledger._by_identity) == (0, {})

    def _collect(self) -> None:
        if self.failed:  # the frames of a group of failures refer to all that they saw
            gc.collect()

    # Choosing

    def living(self) -> list[ModelComponent]:
        return [one for one in self.model.components if one.alive is not None]

    def one(self, data: st.DataObject, found: list[Any]) -> Any:
        return found[data.draw(st.integers(0, len(found) - 1))]

    def has_component(self) -> bool:
        return bool(self.living())

    def has_record(self) -> bool:
        return any(component.records for component in self.living())

    # Components

    @rule(name=st.sampled_from(NAMES))
    def register(self, name: str) -> None:
        if len(self.living()) < 4:
            component = Component()
            self.service.register_component(component, name)
            self.model.register(name, component)

    @precondition(has_component)
    @rule(data=st.data())
    def register_again(self, data: st.DataObject) -> None:
        found = self.one(data, self.living())
        if not found.open:
            self.service.register_component(found.alive, found.name)
            self.model.register(found.name, found.alive)

    @precondition(has_component)
    @rule(data=st.data())
    def add_child(self, data: st.DataObject) -> None:
        parent, child = self.one(data, self.living()), self.one(data, self.living())
        chain = [parent]
        while chain[-1].parent is not None:
            chain.append(chain[-1].parent)
        expected = None
        if not parent.open:
            expected = ComponentDestroyed
        elif child in chain:
            expected = ValueError
        if expected is not None:
            with pytest.raises(expected):
                self.service.add_child(parent.alive, child.alive)
            return
        self.service.add_child(parent.alive, child.alive)
        if child.parent is not None:
            child.parent.children.remove(child)
        child.parent = parent
        parent.children.append(child)

    @precondition(has_component)
    @rule(data=st.data(), force=st.booleans())
    def clean_up(self, data: st.DataObject, force: bool) -> None:
        found = self.one(data, self.living())
        clean = self.model.clean(found)
        self.failed = self.failed or not clean
        if clean or force:
            self.service.cleanup_component(found.alive, force=force)
        else:
            with pytest.raises(ExceptionGroup):
                self.service.cleanup_component(found.alive)

    @precondition(has_component)
    @rule(data=st.data())
    def unregister(self, data: st.DataObject) -> None:
        found = self.one(data, self.living())
        self.service.unregister_component(found.alive)
        self.failed = not self.model.clean(found) or self.failed
        self.model.forget(found)

    @precondition(has_component)
    @rule(data=st.data())
    def drop_component(self, data: st.DataObject) -> None:
        self.failed = not self.model.bury(self.one(data, self.living())) or self.failed
        self._collect()

    # Resources

    @precondition(has_component)
    @rule(
        data=st.data(),
        size=SIZES,
        weak=st.booleans(),
        hold=st.sampled_from((None, "weak", "strong")),
        fails=st.booleans(),
        rich=st.booleans(),
    )
    def track(
        self, data: st.DataObject, size: int, weak: bool, hold: Any, fails: bool, rich: bool
    ) -> None:
        what = Tracked(size, weak)
        what.make()
        self.things.append(what)
        self._track(data, what, hold, fails=fails and rich, rich=rich)

    @precondition(lambda self: self.has_component() and self.things)
    @rule(data=st.data(), hold=st.sampled_from((None, "strong")), rich=st.booleans())
    def track_the_same(self, data: st.DataObject, hold: Any, rich: bool) -> None:
        self._track(data, self.one(data, self.things), hold, fails=False, rich=rich)

    def _track(
        self, data: st.DataObject, what: Tracked, hold: Any, *, fails: bool, rich: bool
    ) -> None:
        owner: ModelComponent = self.one(data, self.living())
        kind: str = data.draw(st.sampled_from(KINDS))
        size = what.size if data.draw(st.integers(0, 3)) else None
        failing = [True] if fails else []
        more: dict[str, Any] = {"hold": hold} if hold is not None else {}
        if rich:
            more["cleanup"] = self._handler(failing)
        arguments = (owner.alive, kind, what.held, size)
        expected = self._refusal(owner, kind, what, size)
        if expected is not None:
            with pytest.raises(expected):
                self.service.track_resource(*arguments, **more)
            return
        key = self.service.track_resource(*arguments, **more)
        strong = hold == "strong" or not what.weak
        owner.records.append(ModelRecord(key, what, kind, size, strong, failing))
        self.model.tracked += 1

    def _handler(self, failing: list[bool]) -> Any:
        done: list[bool] = []

        def close(_resource: Any) -> None:
            if failing or done:  # nothing is closed a second time
                raise OSError("busy")
            done.append(True)

        return close

    def _refusal(
        self, owner: ModelComponent, kind: str, what: Tracked, size: int | None
    ) -> type[Exception] | None:
        if not owner.open:
            return ComponentDestroyed
        more = 0 if self.model.is_charged(what) else size or 0
        usage = self.service.get_component_memory_usage(owner.alive)
        if usage + more > self.byte_limits.get(owner.name, usage + more):
            return LimitExceeded
        count = sum(record.kind == kind for record in owner.records)
        if count >= self.count_limits.get((owner.name, kind), count + 1):
            return LimitExceeded
        return None

    @precondition(has_record)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        record = self._record(data)
        owner = self.model.owner(record)
        outcome = self.service.release_resource(owner.alive, record.key)
        closed = self.model.close(record)
        assert outcome is (ReleaseOutcome.RELEASED if closed else ReleaseOutcome.FAILED)

    @precondition(has_record)
    @rule(data=st.data())
    def let_the_handler_work(self, data: st.DataObject) -> None:
        self._record(data).fails.clear()

    @precondition(lambda self: self.things)
    @rule(data=st.data())
    def drop_object(self, data: st.DataObject) -> None:
        what = self.one(data, self.things)
        self.things.remove(what)
        what.held = None
        self._collect()
        self.model.let_die(what)

    @precondition(has_record)
    @rule(data=st.data())
    def migrate(self, data: st.DataObject) -> None:
        record, to = self._record(data), self.one(data, self.living())
        owner = self.model.owner(record)
        size = self.service.ledger.find(record.key).size or 0  # what it is charged with
        expected = None
        if not to.open:
            expected = ComponentDestroyed
        elif owner is not to:
            usage = self.service.get_component_memory_usage(to.alive)
            count = sum(one.kind == record.kind for one in to.records)
            too_big = usage + size > self.byte_limits.get(to.name, usage + size)
            too_many = count >= self.count_limits.get((to.name, record.kind), count + 1)
            expected = LimitExceeded if too_big or too_many else None
        if expected is not None:
            with pytest.raises(expected):
                self.service.migrate_resource(record.key, to.alive)
            return
        self.service.migrate_resource(record.key, to.alive)
        owner.records.remove(record)
        to.records.append(record)
        to.records.sort(key=lambda one: int(one.key))

    @precondition(has_record)
    @rule(data=st.data(), undo=st.booleans())
    def protect(self, data: st.DataObject, undo: bool) -> None:
        take_back = self.service.protect(self._record(data).key)
        if undo:
            take_back()

    @precondition(has_component)
    @rule(data=st.data(), sizes=st.lists(SIZES, max_size=4), early=st.booleans())
    def scope(self, data: st.DataObject, sizes: list[int], early: bool) -> None:
        owner = self.one(data, self.living())
        kind = data.draw(st.sampled_from(KINDS))
        added: list[Tracked] = []
        with self.service.scope(owner.alive, kind) as scope:
            for size in sizes:
                what = Tracked(size, weak=size != 5)
                expected = self._refusal(owner, kind, what, size)
                if expected is not None:
                    with pytest.raises(expected):
                        scope.add(what.make(), size_bytes=size or None)
                    break
                scope.add(what.make(), size_bytes=size or None)
                self.model.tracked += 1
                key = str(self.service.ledger.tracked())
                owner.records.append(ModelRecord(key, what, kind, size, not what.weak))
                added.append(what)
            self.agrees()
            if early and added:
                record = next(one for one in owner.records if one.what is added[-1])
                assert self.service.release_resource(owner.alive, record.key)
                self.model.close(record)
                self.agrees()
        for record in tuple(self.model.records()):
            if record.what in added:
                self.model.close(record)

    def _record(self, data: st.DataObject) -> ModelRecord:
        found: ModelRecord = self.one(
            data, [record for one in self.living() for record in one.records]
        )
        return found

    # Limits

    @rule(name=st.sampled_from(NAMES), limit=st.sampled_from((None, 0, 5, 20)))
    def limit_bytes(self, name: str, limit: int | None) -> None:
        self.service.set_memory_limit(name, limit, policy="refuse")
        self.byte_limits.pop(name, None)
        if limit is not None:
            self.byte_limits[name] = limit

    @rule(name=st.sampled_from(NAMES), kind=st.sampled_from(KINDS), count=st.integers(0, 4))
    def limit_count(self, name: str, kind: str, count: int) -> None:
        limit = None if count == 4 else count
        self.service.set_resource_limit(name, kind, limit)
        self.count_limits.pop((name, kind), None)
        if limit is not None:
            self.count_limits[name, kind] = limit

    @rule()
    def tick(self) -> None:
        self.service.tick()

    # What must hold

    @invariant()
    def agrees(self) -> None:
        statistics = self.service.get_statistics()
        components = self.model.components
        active = sum(1 for _record in self.model.records())
        assert statistics["components_registered"] == len(components)
        assert statistics["active_resources"] == active
        assert statistics["resource_counts"] == self.model.counts(components)
        assert statistics["memory_bytes"] == self.model.bytes()
        assert sum(statistics["memory_usage"].values()) == self.model.bytes()
        tracked = statistics["total_resources_tracked"]
        assert (tracked, statistics["total_resources_released"]) == (
            self.model.tracked,
            tracked - active,
        )
        assert self.service.ledger.shared == self.model.shared()
        assert {key for key, open_ in self.told.items() if open_} == {
            record.key for record in self.model.records()
        }
        for component in self.living():
            self._component_agrees(component)

    def _component_agrees(self, component: ModelComponent) -> None:
        alive = component.alive
        assert self.service.get_component_state(alive) is component.state
        assert self.service.get_resource_count(alive) == self.model.counts([component])
        low, high = self.model.bounds(component)
        assert low <= self.service.get_component_memory_usage(alive) <= high

    @invariant()
    def shows_the_same(self) -> None:
        shown = {
            (component.component_id, *component.resources)
            for component in self.service.snapshot().components
        }
        assert shown == {
            (one.name, *(record.key for record in one.records)) for one in self.model.components
        }


def test_any_order_of_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register, track, release, die, clean up, migrate, protect, limit: the model is right."""
    monkeypatch.setattr(logging.getLogger("budgetinator.resources"), "disabled", True)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=1000 if DEEP else 100,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            print_blob=True,
        ),
    )
