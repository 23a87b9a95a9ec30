"""BaseController: made as the five documents print it, with workers tracked and named."""

from __future__ import annotations

import gc
import logging
import re
import threading
import weakref
from typing import Any

import pytest

from budgetinator.controllers import BaseController, ProcessTask, ThreadTask, WorkerController
from budgetinator.errors import (
    Cancelled,
    LimitExceeded,
    OperationRunning,
    ServiceNotRegistered,
    TaskNotPicklable,
)
from budgetinator.resources import (
    BaseResourceCoordinator,
    MockResourceCoordinator,
    ResourceManagementService,
    WorkerResourceCoordinator,
)
from tests.controllers import tasks
from tests.controllers.tasks import MILLISECONDS, Heard, deaf_task, ran, started
from tests.support.logs import ExpectLog

Service = ResourceManagementService


class SomeController(WorkerController):
    """Starts whatever it is given."""


def test_a_controller_registers_itself_under_a_serial(service: Service) -> None:
    """`ClassName_<serial>`, of the type controller, bound to its coordinator."""
    one, other = SomeController(), SomeController()

    ids = [info.component_id for info in service.snapshot().components]

    assert ids == [one.component_id, other.component_id]
    assert all(re.fullmatch(r"SomeController_\d+", each) for each in ids)
    assert isinstance(one.resources, WorkerResourceCoordinator)
    assert {info.component_type for info in service.snapshot().components} == {"controller"}


def test_a_given_service_comes_before_the_registered_one(service: Service) -> None:
    """A program with two services says which."""
    own = Service()

    controller = SomeController(service=own)

    assert controller.resources.service is own
    assert service.snapshot().components == ()


def test_a_controller_without_a_service_works_untracked() -> None:
    """`resources` is None, and the worker runs, is cancelled and waited for all the same."""
    controller = SomeController()
    first = ran(controller.start_worker(tasks.doubled, "doubling").value)
    worker = controller.start_worker(tasks.until_cancelled, "waiting").value
    second = started(worker)

    controller.cleanup()

    assert controller.resources is None
    assert first.result.value == 42
    assert isinstance(second.result.error, Cancelled)
    assert not worker.isRunning()


def test_resources_can_be_begun_late(service: Service) -> None:
    """Seed 002's `initialize_resources`, once there is a service, under the given id."""
    controller = _made_too_early()
    before = controller.resources

    controller.initialize_resources("MediaAnalysisController")
    controller.initialize_resources("another")

    assert before is None
    assert [c.component_id for c in service.snapshot().components] == ["MediaAnalysisController"]
    assert controller.resources.component_id == "MediaAnalysisController"


def _made_too_early() -> SomeController:
    """A controller that found no service when it was made."""

    class Early(SomeController):
        asked = 0

        def _create_resource_coordinator(self, component_id: str) -> BaseResourceCoordinator:
            self.asked += 1
            if self.asked == 1:
                raise ServiceNotRegistered("There is none yet.")
            return super()._create_resource_coordinator(component_id)

    return Early()


def test_beginning_late_without_a_service_changes_nothing() -> None:
    """A controller as seed 002 prints it can be made in a test that has no service."""
    controller = SomeController()

    controller.initialize_resources("SomeController")

    assert controller.resources is None
    assert controller.component_id.startswith("SomeController_")


def test_a_subclass_may_keep_its_own_current_worker(service: Service) -> None:
    """The pattern of the seeds: `self.current_worker` is set, and cleared again."""
    controller = SomeController()
    worker = ThreadTask(tasks.doubled)

    controller.current_worker = worker
    kept = controller.current_worker
    controller.current_worker = None

    assert kept is worker
    assert controller.current_worker is None


def test_the_logger_is_the_named_one_or_that_of_the_class(service: Service) -> None:
    """As printed: `logging.getLogger(logger_name or self.__class__.__name__)`."""
    named, plain = BaseController("SomeController"), BaseController()

    assert (named.logger.name, plain.logger.name) == ("SomeController", "BaseController")


def test_a_worker_is_handed_out_tracked_and_not_started(service: Service) -> None:
    """Whoever shows it connects its signals first."""
    controller = SomeController()

    worker = controller.start_worker(tasks.doubled, "analysis").value

    assert re.fullmatch(r"analysis_\d{6}", worker.name)
    assert not worker.isRunning()
    assert controller.current_worker is worker
    assert service.get_resource_count(controller) == {"worker": 1}
    controller.cleanup()


def test_a_worker_that_has_finished_is_released(service: Service) -> None:
    """Nothing is tracked any more, and the controller is idle."""
    controller = SomeController()

    heard = ran(controller.start_worker(tasks.doubled, "analysis").value)

    assert heard.result.value == 42
    assert service.get_resource_count(controller) == {}
    assert (controller.current_worker, controller.is_busy) == (None, False)


def test_the_factory_makes_the_workers(service: Service) -> None:
    """`make_worker` is any callable that takes a task and a name."""
    controller = SomeController(make_worker=ProcessTask)

    result = controller.start_worker(tasks.own_process, "elsewhere")

    assert isinstance(result.value, ProcessTask)
    controller.cleanup()


def test_a_worker_that_cannot_be_made_is_a_result(service: Service) -> None:
    """The typed error is handed back, and the controller is free for the next one."""
    controller = SomeController(make_worker=ProcessTask)

    refused = controller.start_worker(lambda progress: 1, "lambda")

    assert isinstance(refused.error, TaskNotPicklable)
    assert not controller.is_busy
    assert controller.start_worker(tasks.doubled, "next").success
    controller.cleanup()


def test_a_task_in_turn_whose_worker_cannot_be_made_is_forgotten(service: Service) -> None:
    """It leaves the line, and nothing holds it."""

    class Task:
        def __call__(self, _progress: object) -> None: ...

        def __reduce__(self) -> str:
            raise TypeError("not this one")

    controller = SomeController(make_worker=ProcessTask)
    task = Task()
    watching = weakref.ref(task)

    refused = controller.start_worker(task, "edit", mode="in turn")
    kind = type(refused.error)
    del task, refused
    gc.collect()

    assert kind is TaskNotPicklable
    assert watching() is None


def test_a_limit_of_workers_is_a_result(service: Service) -> None:
    """What tracking refuses is not started untracked."""
    controller = SomeController()
    service.set_resource_limit(controller.component_id, "worker", 0)

    refused = controller.start_worker(tasks.doubled, "analysis")

    assert isinstance(refused.error, LimitExceeded)
    assert not controller.is_busy


# What may run beside what


def test_a_second_operation_is_refused_while_one_runs(service: Service) -> None:
    """OperationRunning names the one that runs; afterwards the next one is taken."""
    controller = SomeController()
    worker = controller.start_worker(tasks.until_cancelled, "first").value
    started(worker)

    refused = controller.start_worker(tasks.doubled, "second")
    controller.cancel_current_operation()
    taken = controller.start_worker(tasks.doubled, "third")

    assert isinstance(refused.error, OperationRunning)
    assert refused.error.task == worker.name
    assert ran(taken.value).result.value == 42
    worker.wait(MILLISECONDS)
    controller.cleanup()


def test_the_next_operation_may_begin_where_the_result_is_heard(service: Service) -> None:
    """A listener of `result_ready` starts the next one, though the thread has not ended."""
    controller = SomeController()
    worker = controller.start_worker(tasks.doubled, "first").value
    next_ones: list[Any] = []
    worker.result_ready.connect(
        lambda _result: next_ones.append(controller.start_worker(tasks.doubled, "second"))
    )

    ran(worker)

    assert [each.success for each in next_ones] == [True]
    controller.cleanup()


def test_one_that_was_never_started_makes_way(service: Service) -> None:
    """It is cancelled and no longer tracked; started all the same, it says Cancelled."""
    controller = SomeController()
    forgotten = controller.start_worker(tasks.doubled, "forgotten").value

    second = controller.start_worker(tasks.doubled, "second").value

    assert service.get_resource_count(controller) == {"worker": 1}
    assert controller.current_worker is second
    assert isinstance(ran(forgotten).result.error, Cancelled)
    assert ran(second).result.value == 42


def test_operations_that_are_together_run_at_once(service: Service) -> None:
    """Neither waits for the other; a cancel reaches both."""
    controller = SomeController()
    workers = [
        controller.start_worker(tasks.until_cancelled, "rows", mode="together").value
        for _ in range(3)
    ]
    heard = [started(worker) for worker in workers]

    running = [worker.isRunning() for worker in workers]
    controller.cancel_current_operation()
    ended = [worker.wait(MILLISECONDS) for worker in workers]

    assert (running, ended) == ([True] * 3, [True] * 3)
    assert [type(each.result.error) for each in heard] == [Cancelled] * 3
    controller.cleanup()


def test_operations_in_turn_run_in_the_order_in_which_they_were_asked_for(
    service: Service,
) -> None:
    """However the threads are scheduled, none overtakes another and none is refused."""
    controller = SomeController()
    order: list[int] = []
    workers = [
        controller.start_worker(_noting(order, number), "edit", mode="in turn").value
        for number in range(50)
    ]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.wait(MILLISECONDS)

    assert order == list(range(50))
    controller.cleanup()


def test_an_operation_in_turn_waits_for_the_one_before(service: Service) -> None:
    """The second one begins when the first has ended, and a third can be cancelled meanwhile."""
    controller = SomeController()
    order: list[int] = []
    with deaf_task() as first:
        workers = [controller.start_worker(first, "edit", mode="in turn").value]
        workers += [
            controller.start_worker(_noting(order, number), "edit", mode="in turn").value
            for number in (2, 3, 4)
        ]
        for worker in workers:
            worker.start()
        first.began.wait(tasks.SECONDS)
        heard = Heard(workers[2])
        workers[2].cancel()
        cancelled = workers[2].wait(MILLISECONDS)
        before = list(order)
    for worker in workers:
        worker.wait(MILLISECONDS)

    assert (cancelled, before) == (True, [])
    assert isinstance(heard.result.error, Cancelled)
    assert order == [2, 4]
    controller.cleanup()


def test_an_operation_in_turn_does_not_wait_for_one_that_was_never_started(
    service: Service,
) -> None:
    """Who was forgotten in the line holds up nobody."""
    controller = SomeController()
    controller.start_worker(tasks.doubled, "forgotten", mode="in turn")
    worker = controller.start_worker(tasks.doubled, "edit", mode="in turn").value

    heard = ran(worker)

    assert heard.result.value == 42
    controller.cleanup()


def _noting(order: list[int], number: int) -> Any:
    def note(_progress: object) -> None:
        order.append(number)

    return note


# Life and death


def test_a_mock_coordinator_stands_in_for_a_service() -> None:
    """The worker is listed with its name, and nothing else is needed."""

    class Controller(BaseController):
        def _create_resource_coordinator(self, component_id: str) -> BaseResourceCoordinator:
            return MockResourceCoordinator(component_id)

    controller = Controller()
    worker = controller.start_worker(tasks.doubled, "analysis").value

    assert controller.resources.tracked_resources == [(worker, worker.name)]
    controller.cleanup()
    assert controller.resources.get_resource_count() == 0


def test_a_controller_is_collected_with_its_coordinator(service: Service) -> None:
    """Nothing that it made refers back to it, also after operations of every kind."""
    controller = SomeController()
    for mode in ("alone", "in turn", "together"):
        ran(controller.start_worker(tasks.doubled, "work", mode=mode).value)  # type: ignore[arg-type]

    del controller

    assert service.get_statistics()["components_registered"] == 0


def test_a_controller_that_is_deleted_while_it_works_complains(
    service: Service, expect_log: ExpectLog
) -> None:
    """The worker is named with its place; the service ends it, and nothing stays."""
    expect_log(r"Controller SomeController_\d+ being deleted with 1 active resources: .*test_base")
    expect_log("was collected while it held 1 resources")
    expect_log("Coordinator SomeController_.* destroyed|was collected")
    controller = SomeController()
    worker = controller.start_worker(tasks.until_cancelled, "waiting").value
    heard = started(worker)

    del controller
    gc.collect()
    service.tick()
    worker.wait(MILLISECONDS)

    assert isinstance(heard.result.error, Cancelled)
    assert service.get_statistics()["active_resources"] == 0


def test_an_idle_controller_is_deleted_without_a_word(service: Service) -> None:
    """There is nothing to complain of."""
    controller = SomeController()
    ran(controller.start_worker(tasks.doubled, "work").value)

    del controller

    assert service.get_statistics()["active_resources"] == 0


def test_two_threads_cannot_both_begin_alone(service: Service) -> None:
    """Of many that ask at the same moment one is taken, or one after the other."""
    controller = SomeController(make_worker=ThreadTask)
    barrier = threading.Barrier(8)
    results: list[Any] = []

    def ask() -> None:
        barrier.wait()
        result = controller.start_worker(tasks.until_cancelled, "race")
        if result.success:
            result.value.start()
        results.append(result)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    running = [r.value for r in results if r.success and r.value.isRunning()]
    live = [worker for worker in running if not worker.is_cancelled]
    controller.cleanup()

    assert len(live) <= 1
    assert service.get_statistics()["active_resources"] == 0


def test_the_life_of_a_worker_is_one_line_an_event(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    """Registered, tracking, finished, released, complete: in this order, each once."""
    caplog.set_level(logging.INFO, "budgetinator")
    controller = SomeController()
    ran(controller.start_worker(tasks.doubled, "analysis").value)
    controller.cleanup()

    patterns = (
        r"Registered component: SomeController_\d+ \(type: controller\)",
        r"Tracking worker analysis_\d{6}",
        r"Worker analysis_\d{6} finished after \d+\.\d\ds",
        r"Released resource \S+ for SomeController_\d+",
        r"Cleaning up component: SomeController_\d+",
        r"Component cleanup complete: SomeController_\d+",
    )
    assert [bool(re.fullmatch(p, m)) for p, m in zip(patterns, caplog.messages, strict=True)] == [
        True
    ] * 6
