"""Pools: objects that are lent, taken back, and closed in time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from budgetinator.errors import LimitExceeded, PoolClosed, PoolExhausted
from budgetinator.resources import ResourceManagementService, ResourcePool, ResourceType
from tests.resources.things import PATIENCE, in_thread


class Connection:
    """What is pooled: numbered, and it notes what happened to it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.resets = 0
        self.closed = 0
        self.good = True

    def close(self) -> None:
        self.closed += 1


class Factory:
    def __init__(self) -> None:
        self.made: list[Connection] = []

    def __call__(self) -> Connection:
        self.made.append(Connection(len(self.made)))
        return self.made[-1]

    @property
    def closed(self) -> list[int]:
        return [connection.number for connection in self.made if connection.closed]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


Pool = ResourcePool[Connection]


@pytest.fixture
def factory() -> Factory:
    return Factory()


@pytest.fixture
def make(
    service: ResourceManagementService, factory: Factory
) -> Callable[..., ResourcePool[Connection]]:
    def make(**more: Any) -> ResourcePool[Connection]:
        return ResourcePool(factory, service=service, close=Connection.close, **more)

    return make


def test_an_object_is_lent_again(
    service: ResourceManagementService, make: Callable[..., Pool], factory: Factory
) -> None:
    """One at a time needs one object, which is reset between leases and closed at the end."""

    def reset(connection: Connection) -> None:
        connection.resets += 1

    with make(reset=reset) as pool:
        for _ in range(3):
            with pool.lease() as connection:
                assert connection is factory.made[0]
                assert pool.get_statistics() == {"size": 1, "idle": 0, "leased": 1}
                assert service.get_resource_count() == {"custom": 1}
        assert pool.get_statistics() == {"size": 1, "idle": 1, "leased": 0}
    assert (connection.resets, connection.closed, len(factory.made)) == (3, 1, 1)
    assert service.get_resource_count() == {}


def test_a_lease_is_given_back_once(make: Callable[..., Pool]) -> None:
    """Giving back twice is harmless, and what was given back cannot be used."""
    pool = make()
    lease = pool.lease()
    lease.release()
    lease.release()
    assert pool.get_statistics() == {"size": 1, "idle": 1, "leased": 0}
    with pytest.raises(PoolClosed, match="given back"):
        _ = lease.resource
    pool.close()


def test_no_more_than_max_idle_wait(make: Callable[..., Pool], factory: Factory) -> None:
    """What comes back beyond that is closed."""
    pool = make(max_idle=1)
    leases = [pool.lease() for _ in range(3)]
    for lease in leases:
        lease.release()
    assert (pool.get_statistics(), factory.closed) == ({"size": 1, "idle": 1, "leased": 0}, [1, 2])
    pool.close()
    assert factory.closed == [0, 1, 2]


def test_max_size_is_waited_for_and_has_an_end(make: Callable[..., Pool]) -> None:
    """With all lent, PoolExhausted comes after the time that was given."""
    pool = make(max_size=1)
    lease = pool.lease()
    with pytest.raises(PoolExhausted, match="All 1 objects"):
        pool.lease(timeout=0.02)
    lease.release()
    pool.lease(timeout=0).release()
    pool.close()


def test_waiting_threads_get_what_comes_back(make: Callable[..., Pool], factory: Factory) -> None:
    """Eight threads share two objects, never more at once, and all get their turn."""
    pool = make(max_size=2)
    together = [0, 0]
    lock = threading.Lock()

    def use() -> None:
        for _ in range(50):
            with pool.lease(timeout=PATIENCE):
                with lock:
                    together[0] += 1
                    together[1] = max(together)
                with lock:
                    together[0] -= 1

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together[1] <= 2
    assert pool.get_statistics()["leased"] == 0
    pool.close()
    assert factory.closed == [connection.number for connection in factory.made]


def test_a_broken_object_makes_room_for_a_waiting_thread(
    make: Callable[..., Pool], factory: Factory
) -> None:
    """What is given back broken is closed, and a new one is made for who waits."""
    pool = make(max_size=1)
    lease = pool.lease()
    got: list[int] = []
    waiting = threading.Event()

    def wait() -> None:
        waiting.set()
        with pool.lease(timeout=PATIENCE) as connection:
            got.append(connection.number)

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait(PATIENCE)
    lease.release(broken=True)
    thread.join(PATIENCE)
    assert (got, factory.closed) == ([1], [0])
    pool.close()


def test_closing_ends_the_waiting(make: Callable[..., Pool], factory: Factory) -> None:
    """Who waits gets PoolClosed; what is lent is closed when it comes back."""
    pool = make(max_size=1)
    lease = pool.lease()
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            pool.lease(timeout=PATIENCE)
        except PoolClosed as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while not pool._changed._waiters:  # type: ignore[attr-defined]
        assert thread.is_alive()
    pool.close()
    thread.join(PATIENCE)
    assert (len(caught), factory.closed) == (1, [])
    lease.release()
    assert (factory.closed, pool.get_statistics()["size"]) == ([0], 0)
    with pytest.raises(PoolClosed):
        pool.lease()
    pool.close()


def test_what_is_too_old_is_not_lent(make: Callable[..., Pool], factory: Factory) -> None:
    """Older than max_age is closed: when trimmed, when lent, and when it comes back."""
    clock = Clock()
    pool = make(max_age=10.0, clock=clock)
    pool.lease().release()
    clock.now = 10.0
    assert pool.trim() == 0
    clock.now = 10.5
    assert (pool.trim(), factory.closed) == (1, [0])
    pool.lease().release()
    clock.now = 21.0
    lease = pool.lease()
    assert (lease.resource.number, factory.closed) == (2, [0, 1])
    clock.now = 40.0
    lease.release()
    assert (factory.closed, pool.get_statistics()["size"]) == ([0, 1, 2], 0)
    pool.close()


@pytest.mark.parametrize("answer", [False, OSError("gone")])
def test_what_does_not_answer_its_ping_is_replaced(
    make: Callable[..., Pool], factory: Factory, answer: Any
) -> None:
    """A ping that says no or raises closes the object, and a new one is lent."""

    def ping(connection: Connection) -> bool:
        if connection.good:
            return True
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    pool = make(ping=ping)
    pool.lease().release()
    factory.made[0].good = False
    with pool.lease() as connection:
        assert (connection.number, factory.closed) == (1, [0])
    pool.close()


def test_what_cannot_be_reset_is_closed(make: Callable[..., Pool], factory: Factory) -> None:
    """A reset that raises is no error of who gives back."""

    def reset(_connection: Connection) -> None:
        raise OSError("gone")

    pool = make(reset=reset)
    pool.lease().release()
    assert (factory.closed, pool.get_statistics()) == ([0], {"size": 0, "idle": 0, "leased": 0})
    pool.close()


@pytest.mark.parametrize("where", ["reset", "ping"])
def test_an_interrupt_loses_no_object(
    make: Callable[..., Pool], factory: Factory, where: str
) -> None:
    """Ctrl-C in a reset or ping closes the object and keeps the pool's size right."""

    def interrupted(_connection: Connection) -> bool:
        if first:
            first.clear()
            raise KeyboardInterrupt
        return True

    first: list[bool] = [True]
    pool = make(max_size=1, **{where: interrupted})
    lease = pool.lease()
    if where == "ping":
        lease.release()
    with pytest.raises(KeyboardInterrupt):
        lease.release() if where == "reset" else pool.lease()
    assert (factory.closed, pool.get_statistics()["size"]) == ([0], 0)
    pool.lease(timeout=0).release()
    pool.close()


def test_a_factory_that_raises_leaves_its_place_free(
    service: ResourceManagementService,
) -> None:
    """The error comes out, and the next lease may try again."""
    fails = [True]

    def factory() -> Connection:
        if fails:
            raise OSError("no route")
        return Connection(0)

    pool = ResourcePool(factory, service=service, max_size=1)
    with pytest.raises(OSError, match="no route"):
        pool.lease(timeout=0)
    fails.clear()
    pool.lease(timeout=0).release()
    pool.close()


def test_what_cannot_be_tracked_is_closed_again(
    service: ResourceManagementService, make: Callable[..., Pool], factory: Factory
) -> None:
    """A limit that refuses a pooled object does not leave it open."""
    pool = make(name="limited")
    (info,) = service.snapshot().components
    service.set_resource_limit(info.component_id, ResourceType.CUSTOM, 0)
    with pytest.raises(LimitExceeded):
        pool.lease()
    assert (factory.closed, pool.get_statistics()["size"]) == ([0], 0)
    pool.close()


def test_closing_tries_everything(service: ResourceManagementService, expect_log: Any) -> None:
    """One that cannot be closed does not keep the others open; it stays tracked, FAILED."""
    expect_log("could not be closed: busy")
    closed: list[int] = []
    numbers = iter(range(3))
    fails = [1]

    def close(number: list[int]) -> None:
        if number[0] in fails:
            raise OSError("busy")
        closed.append(number[0])

    pool = ResourcePool(lambda: [next(numbers)], service=service, close=close)
    for lease in [pool.lease() for _ in range(3)]:
        lease.release()
    with pytest.raises(ExceptionGroup) as caught:
        pool.close()
    assert ([str(e) for e in caught.value.exceptions], closed) == (["busy"], [2, 0])
    fails.clear()


def test_the_service_takes_a_pool_down(
    service: ResourceManagementService, make: Callable[..., Pool], factory: Factory
) -> None:
    """After the clean-up of its component nothing that was closed is ever lent."""
    pool = make()
    idle, lent = pool.lease(), pool.lease()
    idle.release()
    service.cleanup_component(pool)
    assert [connection.closed for connection in factory.made] == [1, 1]
    with pytest.raises(PoolClosed):
        pool.lease()
    lent.release()
    assert [connection.closed for connection in factory.made] == [1, 1]


def test_a_pool_that_is_dropped_closes_what_it_made(
    service: ResourceManagementService, make: Callable[..., Pool], factory: Factory, expect_log: Any
) -> None:
    """Its objects are the service's to close, as those of any component that dies."""
    expect_log("was collected while it held 1 resources")
    pool = make()
    pool.lease().release()
    del pool
    service.tick()
    assert (factory.closed, service.get_resource_count()) == ([0], {})


def test_statistics_do_not_wait_for_a_slow_factory(service: ResourceManagementService) -> None:
    """While one thread makes an object, others ask and lend."""
    seen: list[Any] = []

    def factory() -> list[int]:
        seen.append(in_thread(pool.get_statistics))
        return [1]

    pool = ResourcePool(factory, service=service)
    pool.lease().release()
    assert seen == [{"size": 1, "idle": 0, "leased": 1}]
    pool.close()
