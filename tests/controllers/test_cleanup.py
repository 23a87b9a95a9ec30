"""Cleanup of a controller: everything ends, and what does not is kept apart and named."""

from __future__ import annotations

import contextlib
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from budgetinator.controllers import BaseController, ProcessTask, WorkerController
from budgetinator.errors import Cancelled, ComponentDestroyed, WorkerStuck
from budgetinator.resources import (
    BaseResourceCoordinator,
    MockResourceCoordinator,
    ResourceManagementService,
    ResourceType,
    ThreadWorker,
)
from budgetinator.testing import leak_check
from tests.controllers import tasks
from tests.controllers.tasks import MILLISECONDS, Heard, deaf_task, ran, started
from tests.support.logs import ExpectLog
from tests.support.probes import children, descriptors

Service = ResourceManagementService
SHORT = 0.05


class SomeController(WorkerController):
    """Starts whatever it is given."""


@pytest.mark.parametrize("task", [tasks.until_cancelled, tasks.deaf])
def test_cleanup_ends_what_runs(service: Service, task: Any) -> None:
    """A process that hears no cancel is ended too; nothing is tracked, nobody is registered."""
    controller = SomeController(make_worker=ProcessTask)
    worker = controller.start_worker(task, "work").value
    heard = started(worker)

    controller.cleanup()

    assert not worker.isRunning()
    assert isinstance(heard.result.error, Cancelled)
    assert service.snapshot().components == ()
    assert service.get_statistics()["active_resources"] == 0


def test_cleanup_of_a_worker_that_was_never_started(service: Service) -> None:
    """It is no longer tracked; started afterwards, it says Cancelled."""
    controller = SomeController()
    worker = controller.start_worker(tasks.doubled, "work").value

    controller.cleanup()

    assert service.get_statistics()["active_resources"] == 0
    assert isinstance(ran(worker).result.error, Cancelled)


def test_cleaning_up_twice_is_harmless(service: Service) -> None:
    """The second time there is nothing to do."""
    controller = SomeController()
    started(controller.start_worker(tasks.until_cancelled, "work").value)

    controller.cleanup()
    controller.cleanup()

    assert service.snapshot().components == ()


def test_after_cleanup_nothing_can_be_started(service: Service) -> None:
    """ComponentDestroyed is the result, with the id of the controller."""
    controller = SomeController()
    controller.cleanup()

    refused = controller.start_worker(tasks.doubled, "work")

    assert isinstance(refused.error, ComponentDestroyed)
    assert refused.error.component_id == controller.component_id
    assert controller.cancel_current_operation().success


def test_cleanup_from_another_thread(service: Service) -> None:
    """Any thread may end a controller."""
    controller = SomeController()
    worker = controller.start_worker(tasks.until_cancelled, "work").value
    started(worker)

    thread = threading.Thread(target=controller.cleanup)
    thread.start()
    thread.join(tasks.SECONDS)

    assert not worker.isRunning()
    assert service.snapshot().components == ()


def test_a_second_cleanup_waits_for_the_first(service: Service, expect_log: ExpectLog) -> None:
    """Whoever returns from `cleanup` finds everything let go."""
    expect_log("still runs 0.3 s after it was asked to stop")
    controller = SomeController(deadline=0.3)
    seen: list[int] = []
    with deaf_task() as task:
        worker = controller.start_worker(task, "deaf").value
        worker.start()
        task.began.wait(tasks.SECONDS)
        first = threading.Thread(target=lambda: _refused(controller))
        first.start()
        while controller.start_worker(tasks.doubled, "other", mode="together").success:
            time.sleep(0.001)  # until the first one has begun

        controller.cleanup()
        seen.append(sum(c.component_id == controller.component_id for c in _components(service)))
        first.join(tasks.SECONDS)
    worker.wait(MILLISECONDS)

    assert seen == [0]


def test_cleanup_from_a_listener_of_the_worker(service: Service) -> None:
    """In the worker's own thread it does not wait for itself, and nobody is taken to be stuck."""
    controller = SomeController()
    worker = controller.start_worker(tasks.doubled, "work").value
    worker.result_ready.connect(lambda _result: controller.cleanup())

    began = time.perf_counter()
    ran(worker)

    assert time.perf_counter() - began < 1
    assert service.get_statistics()["active_resources"] == 0


# What does not end


def test_a_stuck_worker_is_parked_and_named_with_the_line_that_made_it(
    service: Service, expect_log: ExpectLog
) -> None:
    """The error and the log name worker, controller and place; the rest is let go."""
    expect_log(r"Worker deaf_\d+ of SomeController_\d+ still runs 0.05 s .*test_cleanup.py")
    controller = SomeController(deadline=SHORT)
    closed: list[object] = []
    controller.resources.track_resource("a file", cleanup_handler=closed.append)
    with deaf_task() as task:
        worker = controller.start_worker(task, "deaf").value
        worker.start()
        task.began.wait(tasks.SECONDS)

        failures = _refused(controller)
        parked = _components(service)
    worker.wait(MILLISECONDS)

    (stuck,) = failures
    assert isinstance(stuck, WorkerStuck)
    assert stuck.workers == (worker.name,)
    assert stuck.created_at == (worker.created_at,)
    assert closed == ["a file"]
    assert [c.component_id.startswith("ParkedWorker_") for c in parked] == [True]
    assert [r.name for c in parked for r in c.resources.values()] == [worker.name]
    assert service.snapshot().components == ()
    assert service.get_statistics()["active_resources"] == 0


def test_a_stuck_worker_does_not_keep_its_controller(
    service: Service, expect_log: ExpectLog
) -> None:
    """The controller can be collected while its worker is still stuck."""
    expect_log("still runs")
    collected = threading.Event()

    class Watched(SomeController):
        def __del__(self) -> None:
            super().__del__()
            collected.set()

    controller = Watched(deadline=SHORT)
    with deaf_task() as task:
        worker = controller.start_worker(task, "deaf").value
        worker.start()
        task.began.wait(tasks.SECONDS)
        _refused(controller)

        del controller
        gone = collected.is_set()
    worker.wait(MILLISECONDS)

    assert gone


def test_all_workers_share_one_deadline(service: Service, expect_log: ExpectLog) -> None:
    """Five that are stuck take as long as one, and each is named."""
    expect_log("still runs")
    controller = SomeController(deadline=0.2)
    with contextlib.ExitStack() as stack:
        workers = []
        for _ in range(5):
            task = stack.enter_context(deaf_task())
            workers.append(controller.start_worker(task, "deaf", mode="together").value)
            workers[-1].start()
            task.began.wait(tasks.SECONDS)

        began = time.perf_counter()
        failures = _refused(controller)
        seconds = time.perf_counter() - began
    for worker in workers:
        worker.wait(MILLISECONDS)

    assert len(failures) == 5
    assert 0.2 <= seconds < 0.6
    assert service.get_statistics()["active_resources"] == 0


def test_a_stuck_worker_without_a_service_is_named_too(expect_log: ExpectLog) -> None:
    """There is nobody to hold it but its own thread, and it is reported all the same."""
    expect_log("still runs")
    controller = SomeController(deadline=SHORT)
    with deaf_task() as task:
        worker = controller.start_worker(task, "deaf").value
        worker.start()
        task.began.wait(tasks.SECONDS)

        failures = _refused(controller)
    worker.wait(MILLISECONDS)

    assert [each.workers for each in failures] == [(worker.name,)]  # type: ignore[attr-defined]


def test_a_worker_that_a_subclass_tracked_itself_shares_the_deadline(
    service: Service, expect_log: ExpectLog
) -> None:
    """Pattern 1 of seed 000: `self.resources.track_worker(...)`, stuck, is parked as well."""
    expect_log("Worker by hand of .* still runs 0.05 s")
    controller = SomeController(deadline=SHORT)
    let_end = threading.Event()
    worker = ThreadWorker(threading.Thread(target=let_end.wait, name="by hand", daemon=True))
    controller.resources.track_worker(worker, name="by hand")
    worker.start()

    began = time.perf_counter()
    failures = _refused(controller)
    seconds = time.perf_counter() - began
    let_end.set()
    worker.wait(MILLISECONDS)

    assert [each.workers for each in failures] == [("by hand",)]  # type: ignore[attr-defined]
    assert seconds < 1
    assert service.get_statistics()["active_resources"] == 0


def test_a_failing_clean_up_is_reported_with_its_name(
    service: Service, expect_log: ExpectLog
) -> None:
    """What failed is in the group once, with a note that names the resource; the rest is closed."""
    expect_log("could not be closed: disk is gone")
    controller = SomeController()
    closed: list[object] = []

    disk_is_gone = threading.Event()
    disk_is_gone.set()

    def fail(_resource: object) -> None:
        if disk_is_gone.is_set():
            raise OSError("disk is gone")

    controller.resources.track_resource("first", cleanup_handler=closed.append, name="first")
    controller.resources.track_resource("second", cleanup_handler=fail, name="budget.xlsx")
    started(controller.start_worker(tasks.until_cancelled, "work").value)

    failures = _refused(controller)

    (failure,) = failures
    assert isinstance(failure, OSError)
    assert "budget.xlsx" in "".join(failure.__notes__)
    assert closed == ["first"]
    (left,) = _components(service)
    assert [r.name for r in left.resources.values()] == ["budget.xlsx"]
    disk_is_gone.clear()
    service.cleanup_component(controller)
    assert service.get_statistics()["active_resources"] == 0


def test_two_clean_ups_that_fail_alike_are_two_failures(
    service: Service, expect_log: ExpectLog
) -> None:
    """Each is named, though both say the same."""
    expect_log("could not be closed: disk is gone|Clean-up of")
    controller = SomeController()
    files = ["a.xlsx", "b.xlsx"]

    def fail(resource: object) -> None:
        if files:
            raise OSError("disk is gone")

    for name in files:
        controller.resources.track_resource(name, cleanup_handler=fail, name=name)

    failures = _refused(controller)

    notes = ["".join(failure.__notes__) for failure in failures]
    assert [[name in note for name in files] for note in notes] == [[False, True], [True, False]]
    files.clear()
    service.cleanup_component(controller)
    assert service.get_statistics()["active_resources"] == 0


def test_a_stuck_worker_holds_up_the_end_of_the_service_for_its_deadline_alone(
    service: Service, expect_log: ExpectLog
) -> None:
    """Not cleaned up, it is waited for once; parked, it has had its time."""
    expect_log("still runs|could not release everything")
    with deaf_task() as task, deaf_task() as other:
        controller, parking = SomeController(deadline=0.2), SomeController(deadline=SHORT)
        workers = [
            controller.start_worker(task, "deaf").value,
            parking.start_worker(other, "deaf").value,
        ]
        for worker in workers:
            worker.start()
        task.began.wait(tasks.SECONDS)
        _refused(parking)

        began = time.perf_counter()
        service.close()
        seconds = time.perf_counter() - began
    for worker in workers:
        worker.wait(MILLISECONDS)

    assert 0.2 <= seconds < 1
    assert service.get_statistics()["active_resources"] == 0


def test_callbacks_and_children_go_with_the_controller(service: Service) -> None:
    """What was registered with the service for it is called, children first."""
    order: list[str] = []
    controller, child = SomeController(), SomeController()
    service.add_child(controller, child)
    service.register_cleanup(child, lambda: order.append("child"))
    service.register_cleanup(controller, lambda: order.append("controller"))

    controller.cleanup()

    assert order == ["child", "controller"]


def test_a_mock_coordinator_is_cleaned_up_too() -> None:
    """Its handlers are called, as `cleanup_all` does."""

    class Controller(BaseController):
        def _create_resource_coordinator(self, component_id: str) -> BaseResourceCoordinator:
            return MockResourceCoordinator(component_id)

    controller = Controller()
    closed: list[object] = []
    controller.resources.track_resource("thing", ResourceType.CUSTOM, cleanup_handler=closed.append)

    controller.cleanup()

    assert closed == ["thing"]


def test_the_end_of_the_service_ends_a_controllers_workers(service: Service) -> None:
    """Without `cleanup`: closing the service cancels, waits and releases."""
    controller = SomeController()
    worker = controller.start_worker(tasks.until_cancelled, "work").value
    heard = started(worker)

    service.close()

    assert isinstance(heard.result.error, Cancelled)
    assert not worker.isRunning()
    controller.cleanup()


# Over and over


def _cycle(service: Service, number: int) -> None:
    controller = SomeController(service=service)
    if number % 3 == 0:
        ran(controller.start_worker(tasks.doubled, "work").value)
    elif number % 3 == 1:
        started(controller.start_worker(tasks.until_cancelled, "work").value)
    else:
        for _ in range(3):
            worker = controller.start_worker(tasks.doubled, "work", mode="in turn").value
            Heard(worker)
            worker.start()
    controller.cleanup()


def test_a_hundred_cycles_leave_nothing(service: Service) -> None:
    """Started and finished, cancelled, or cleaned up while it works: no thread, no resource."""
    for number in range(102):
        _cycle(service, number)

    assert threading.active_count() == 1
    assert service.snapshot().components == ()
    statistics = service.get_statistics()
    assert statistics["total_resources_tracked"] == statistics["total_resources_released"] == 34 * 5


def test_cycles_do_not_leak(quiet: None) -> None:
    """By the leak rule: no object, descriptor or block more with each controller."""
    service = Service()
    numbers = iter(range(10**9))

    leak_check(lambda: _cycle(service, next(numbers)), seconds=2.0)
    service.close()


def test_process_cycles_leave_neither_pipes_nor_processes(service: Service) -> None:
    """Ended by themselves or killed: the descriptors are those of before."""
    before = descriptors()

    for number in range(10):
        controller = SomeController(make_worker=ProcessTask)
        task = tasks.deaf if number % 2 else tasks.doubled
        started(controller.start_worker(task, "work").value)
        controller.cleanup()

    assert descriptors() == before
    assert children() == {}


@pytest.fixture
def quiet() -> Iterator[None]:
    """What is logged would be kept by those who record it for the tests."""
    import logging

    logging.disable()
    with warnings.catch_warnings():
        yield
    logging.disable(logging.NOTSET)


def _refused(controller: BaseController) -> tuple[Exception, ...]:
    """What a clean-up that fails says; its error is not kept."""
    try:
        controller.cleanup()
    except ExceptionGroup as group:
        return group.exceptions
    raise AssertionError("nothing failed")


def _components(service: Service) -> tuple[Any, ...]:
    return service.snapshot().components
