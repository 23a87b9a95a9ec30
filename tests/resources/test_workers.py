"""Workers: named, timed, cancelled, waited for, held until they end, never terminated."""

from __future__ import annotations

import gc
import logging
import re
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from budgetinator.errors import WorkerStuck
from budgetinator.resources import (
    BaseResourceCoordinator,
    FutureWorker,
    ReleaseOutcome,
    ResourceManagementService,
    ResourceType,
    Signal,
    ThreadWorker,
    Worker,
    WorkerResourceCoordinator,
)
from tests.resources.things import PATIENCE, Component


class Loader:
    """A worker in the manner of a QThread: a thread, and the methods that a QThread has."""

    def __init__(self, name: str, *, obeys: bool = True) -> None:
        self.name = name
        self.finished: Signal[()] = Signal("finished")
        self.asked: list[str] = []
        self.over = threading.Event()
        self._obeys = obeys
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def isRunning(self) -> bool:  # noqa: N802 - QThread's name
        return self._thread.is_alive()

    def isFinished(self) -> bool:  # noqa: N802 - QThread's name
        return self._thread.ident is not None and not self._thread.is_alive()

    def cancel(self) -> None:
        self._ask("cancel")

    def requestInterruption(self) -> None:  # noqa: N802 - QThread's name
        self._ask("requestInterruption")

    def quit(self) -> None:
        self._ask("quit")

    def terminate(self) -> None:
        pytest.fail("a worker is never terminated")

    def wait(self, msecs: int, /) -> bool:
        self._thread.join(msecs / 1000)
        return not self._thread.is_alive()

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self._obeys:
            self.over.set()

    def _run(self) -> None:
        self.over.wait(PATIENCE)
        self.finished.emit()


@pytest.fixture
def loaders() -> Iterator[list[Loader]]:
    """Loaders that are ended after the test, whatever became of them."""
    made: list[Loader] = []
    yield made
    for loader in made:
        loader.over.set()
        loader.wait(10_000)


@pytest.fixture
def coordinator(
    service: ResourceManagementService, component: Component
) -> WorkerResourceCoordinator:
    bound = WorkerResourceCoordinator("workers", service)
    owner = BoundTo(bound)
    bound.bind_to_component(owner)
    bound.owner = owner  # type: ignore[attr-defined]
    return bound


class BoundTo(Component):
    """A controller that owns its coordinator."""

    def __init__(self, resources: Any) -> None:
        self.resources = resources


def started(loaders: list[Loader], name: str, *, obeys: bool = True) -> Loader:
    loader = Loader(name, obeys=obeys)
    loaders.append(loader)
    loader.start()
    return loader


def until(condition: Any) -> None:
    """Wait for another thread to have come so far."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come so far"
        time.sleep(0.001)


def test_a_qthread_like_is_a_worker_as_it_is() -> None:
    """The protocol asks for no more than a QThread has."""
    assert isinstance(Loader("one"), Worker)
    assert isinstance(ThreadWorker(threading.Thread()), Worker)
    assert isinstance(FutureWorker(Future()), Worker)


def test_a_worker_is_let_go_when_it_has_finished(
    service: ResourceManagementService,
    coordinator: WorkerResourceCoordinator,
    loaders: list[Loader],
) -> None:
    """It is tracked by name while it runs, and released by itself when it says it is done."""
    loader = started(loaders, "loading")
    key = coordinator.track_worker(loader)
    (shown,) = coordinator.get_active_workers().values()
    assert (shown["name"], shown["is_running"], shown["auto_release"]) == ("loading", True, True)
    assert shown["runtime_seconds"] >= 0
    loader.over.set()
    loader.wait(10_000)
    assert service.get_resource(key) is None
    assert coordinator.get_statistics() == {"total_tracked": 0, "active_workers": 0, "workers": {}}
    assert loader.asked == []


def test_the_log_tells_the_life_of_a_worker(
    service: ResourceManagementService,
    coordinator: WorkerResourceCoordinator,
    loaders: list[Loader],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The lines are those of seed 000's appendix."""
    with caplog.at_level(logging.DEBUG, "budgetinator.resources"):
        service.set_debug(False)  # looks at the log level
        owner = Component()
        service.register_component(owner, "MediaAnalysisController_7", "controller")
        loader = started(loaders, "media_analysis_090600")
        coordinator.track_worker(loader)
        loader.over.set()
        loader.wait(10_000)
        service.cleanup_component(owner)
    service.set_debug(False)
    expected = (
        r"Registered component: MediaAnalysisController_7 \(type: controller\)",
        r"Tracked resource \d+ for workers",
        r"Tracking worker media_analysis_090600",
        r"Worker media_analysis_090600 finished after \d+\.\d\ds",
        r"Released resource \d+ for workers",
        r"Component cleanup complete: MediaAnalysisController_7",
    )
    lines = iter(caplog.messages)
    for pattern in expected:
        assert any(re.fullmatch(pattern, line) for line in lines), pattern


def test_without_auto_release_it_stays(
    coordinator: WorkerResourceCoordinator, loaders: list[Loader]
) -> None:
    """A finished worker stays tracked until it is released, and is not asked to stop then."""
    loader = started(loaders, "loading")
    key = coordinator.track_worker(loader, auto_release=False)
    loader.over.set()
    loader.wait(10_000)
    assert list(coordinator.get_active_workers()) == [key]
    assert coordinator.release(key) is ReleaseOutcome.RELEASED
    assert loader.asked == []


def test_a_worker_that_nobody_holds_is_held_until_it_finished(
    service: ResourceManagementService, coordinator: WorkerResourceCoordinator
) -> None:
    """Dropping every reference to a running worker does not end its life."""
    loader = Loader("loading")
    over, ref = loader.over, weakref.ref(loader)
    loader.start()
    thread = loader._thread
    coordinator.track_worker(loader)
    del loader
    gc.collect()
    assert ref() is not None
    assert service.get_resource_count() == {"worker": 1}
    over.set()
    thread.join(PATIENCE)
    until(lambda: not service.get_resource_count())
    coordinator.get_active_workers()  # lets go of what has ended
    del thread
    gc.collect()
    assert ref() is None


def test_one_that_says_finished_is_held_until_its_thread_is_over(
    coordinator: WorkerResourceCoordinator,
) -> None:
    """`finished` is emitted while the thread still runs: only then may the object go."""
    leave, said = threading.Event(), threading.Event()
    loader = Loader("slow to leave")

    def run_and_linger(run: Any) -> None:
        run()
        del run
        said.set()
        leave.wait(PATIENCE)

    loader._thread = threading.Thread(target=run_and_linger, args=(loader._run,))
    coordinator.track_worker(loader)
    loader.start()
    thread, ref = loader._thread, weakref.ref(loader)
    loader.over.set()
    said.wait(PATIENCE)
    del loader
    coordinator.get_active_workers()
    gc.collect()
    assert coordinator.get_resource_count() == 0
    assert ref() is not None
    leave.set()
    thread.join()
    del thread


def test_cancelling_asks_in_every_way_and_waits(
    coordinator: WorkerResourceCoordinator, loaders: list[Loader]
) -> None:
    """cancel, requestInterruption, quit, in this order; True when all have ended."""
    workers = [started(loaders, name) for name in "abc"]
    for loader in workers:
        coordinator.track_worker(loader)
    assert coordinator.cancel_all_workers(timeout_ms=10_000)
    assert {tuple(loader.asked[:3]) for loader in workers} == {
        ("cancel", "requestInterruption", "quit")
    }
    assert coordinator.get_active_workers() == {}


def test_a_stuck_worker_is_parked_named_and_never_terminated(
    service: ResourceManagementService,
    coordinator: WorkerResourceCoordinator,
    loaders: list[Loader],
    expect_log: Any,
) -> None:
    """It stays tracked, the log names it, the others go, and it can be released later."""
    expect_log("Worker stubborn of workers still runs 0.05 s after it was asked to stop")
    stubborn = started(loaders, "stubborn", obeys=False)
    key = coordinator.track_worker(stubborn)
    coordinator.track_worker(started(loaders, "obedient"))
    assert not coordinator.cancel_all_workers(timeout_ms=50)
    assert [one["name"] for one in coordinator.get_active_workers().values()] == ["stubborn"]
    resource = service.get_resource(key)
    assert resource is not None
    assert resource.resource() is stubborn
    stubborn.over.set()
    assert coordinator.cancel_all_workers()
    assert service.get_resource_count() == {}


def test_the_deadline_is_shared(
    coordinator: WorkerResourceCoordinator, loaders: list[Loader], expect_log: Any
) -> None:
    """Five workers that do not obey take one deadline, by either way of stopping them all."""
    expect_log("still runs")
    expect_log("could not be closed")
    for name in "abcde":
        coordinator.track_worker(
            started(loaders, name, obeys=False), cancel_on_cleanup=name != "e", deadline=0.3
        )
    begin = time.monotonic()
    coordinator.cancel_all_workers(timeout_ms=300)
    with pytest.raises(ExceptionGroup) as caught:
        coordinator.cleanup_all()
    took = time.monotonic() - begin
    assert 0.6 <= took < 1.2
    assert {type(error) for error in caught.value.exceptions} == {WorkerStuck}
    assert sorted(name for e in caught.value.exceptions for name in e.workers) == list("abcde")  # type: ignore[attr-defined]
    for loader in loaders:
        loader.over.set()
        loader.wait(10_000)
    coordinator.cleanup_all()
    assert coordinator.get_resource_count() == 0


def test_a_worker_that_is_not_cancelled_is_waited_for(
    coordinator: WorkerResourceCoordinator, loaders: list[Loader]
) -> None:
    """With cancel_on_cleanup=False it may finish its work; only its event loop is left."""
    loader = started(loaders, "writing", obeys=False)
    coordinator.track_worker(loader, cancel_on_cleanup=False, deadline=PATIENCE)
    threading.Timer(0.05, loader.over.set).start()
    coordinator.cleanup_all()
    assert (set(loader.asked), loader.isRunning()) == ({"quit"}, False)


def test_the_components_cleanup_stops_its_workers(
    service: ResourceManagementService,
    coordinator: WorkerResourceCoordinator,
    loaders: list[Loader],
    expect_log: Any,
) -> None:
    """A stuck one comes out in the group, stays FAILED, and a second clean-up succeeds."""
    expect_log("could not be closed: Worker stuck still runs")
    stuck = started(loaders, "stuck", obeys=False)
    coordinator.track_worker(stuck, deadline=0.05)
    coordinator.track_worker(started(loaders, "fine"), deadline=0.05)
    owner = coordinator.owner  # type: ignore[attr-defined]
    with pytest.raises(ExceptionGroup):
        service.cleanup_component(owner)
    assert service.get_resource_count(owner) == {"worker": 1}
    stuck.over.set()
    service.cleanup_component(owner)
    assert service.get_resource_count(owner) == {}


# Threads and futures


@pytest.mark.parametrize("when", ["before", "while", "after"])
def test_a_thread_may_be_tracked_at_any_time(
    service: ResourceManagementService, coordinator: WorkerResourceCoordinator, when: str
) -> None:
    """Not started, running or ended: it is released when it has finished, and told once."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait, args=(PATIENCE,), name="reading")
    if when != "before":
        thread.start()
    if when == "after":
        over.set()
        thread.join()
    coordinator.track_worker(thread)
    if when == "before":
        assert service.get_resource_count() == {"worker": 1}
        thread.start()
    over.set()
    thread.join(PATIENCE)
    until(lambda: not service.get_resource_count())
    assert coordinator.get_active_workers() == {}


@pytest.mark.parametrize("kind", [BaseResourceCoordinator, WorkerResourceCoordinator])
def test_a_future_is_released_when_it_is_done(
    service: ResourceManagementService, kind: type[BaseResourceCoordinator]
) -> None:
    """Also one that was done before it was tracked; by the base coordinator as well."""
    component = Component()
    coordinator = kind("futures", service).bind_to_component(component)
    go = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        running, waiting = executor.submit(go.wait, PATIENCE), executor.submit(int)
        coordinator.track_worker(running)
        coordinator.track_worker(FutureWorker(waiting, "second"))
        assert service.get_resource_count(component) == {"worker": 2}
        go.set()
    until(lambda: not service.get_resource_count())
    coordinator.track_worker(running)
    assert service.get_resource_count() == {}


def test_a_future_that_has_not_begun_is_cancelled(
    coordinator: WorkerResourceCoordinator,
) -> None:
    """Releasing it cancels it, and that it says so then does no harm."""
    future: Future[None] = Future()
    key = coordinator.track_worker(future, deadline=60.0)
    begin = time.monotonic()
    assert coordinator.release(key) is ReleaseOutcome.RELEASED
    assert (future.cancelled(), time.monotonic() - begin < 5.0) == (True, True)
    assert coordinator.get_active_workers() == {}


def test_a_thread_is_told_to_stop_by_its_event(coordinator: WorkerResourceCoordinator) -> None:
    """An Event is set and a function is called; the same wait ends both."""
    stops = [threading.Event(), threading.Event()]
    threads = [threading.Thread(target=stop.wait, args=(PATIENCE,)) for stop in stops]
    cancels: tuple[Any, ...] = (stops[0], stops[1].set)
    for thread, cancel in zip(threads, cancels, strict=True):
        coordinator.track_worker(ThreadWorker(thread, cancel))
        thread.start()
    assert coordinator.cancel_all_workers(timeout_ms=10_000)
    assert [thread.is_alive() for thread in threads] == [False, False]


def test_a_watched_thread_is_no_reference_cycle() -> None:
    """A thread that has run goes with its last reference, without the collector."""
    thread = threading.Thread(target=int)
    worker = ThreadWorker(thread)
    worker.start()
    assert worker.wait(10_000)
    ref = weakref.ref(thread)
    gc.disable()
    try:
        del thread, worker
        assert ref() is None
    finally:
        gc.enable()


def test_a_thread_tracked_without_a_coordinator_is_waited_for(
    service: ResourceManagementService, component: Component
) -> None:
    """The service itself waits for it, and starts no thread to do so."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait, args=(PATIENCE,))
    thread.start()
    key = service.track_resource(component, ResourceType.THREAD, thread)
    threading.Timer(0.05, over.set).start()
    assert service.release_resource(component, key) is ReleaseOutcome.RELEASED
    assert not thread.is_alive()
    assert not any(one.name.startswith("watch") for one in threading.enumerate())


def test_a_worker_that_is_false_is_a_worker(coordinator: WorkerResourceCoordinator) -> None:
    """A worker with a length of nought is cancelled like any other."""

    class Queue(Loader):
        def __len__(self) -> int:
            return 0

    queue = Queue("queue")
    queue.start()
    coordinator.track_worker(queue)
    assert coordinator.cancel_all_workers(timeout_ms=10_000)
    assert queue.asked[:1] == ["cancel"]
